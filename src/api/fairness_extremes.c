/* The worst and the best group by every metric, as JSON and as a table. */
#include <math.h>
#include <stdio.h>

#include "api/fairness.h"
#include "base/text.h"

static void put_ends(assay_json *json, const char *key, double value, assay_ends ends)
{
    assay_json_key(json, key);
    assay_json_begin_object(json);
    assay_json_put_real(json, "value", value);
    assay_json_put_real(json, "low", ends.low);
    assay_json_put_real(json, "high", ends.high);
    assay_json_end_object(json);
}

static void put_group(assay_json *json, const char *key, const char *group, double value,
                      assay_ends ends)
{
    assay_json_key(json, key);
    assay_json_begin_object(json);
    assay_json_put_text(json, "group", group);
    assay_json_put_real(json, "value", value);
    assay_json_put_real(json, "low", ends.low);
    assay_json_put_real(json, "high", ends.high);
    assay_json_end_object(json);
}

static const char *worst_of(const assay_fairness_extremes *e)
{
    return e->direction == ASSAY_HIGHER_IS_BETTER  ? "lowest"
           : e->direction == ASSAY_LOWER_IS_BETTER ? "highest"
                                                   : NULL;
}

static void put_extreme(assay_json *json, const assay_fairness *f, const assay_fairness_extremes *e)
{
    const assay_measure *m = e->measure;
    assay_json_begin_object(json);
    assay_json_put_text(json, "metric", m->metric);
    if (m->params) {
        assay_json_key(json, "params");
        assay_json_raw(json, m->params);
    }
    if (m->average) {
        assay_json_put_text(json, "average", m->average);
    }
    if (m->class_name) {
        assay_json_put_text(json, "class", m->class_name);
    }
    assay_json_put_int(json, "groups", e->groups);
    if (e->outcome == ASSAY_OUTCOME_VALUE) {
        const assay_group_extremes *x = &e->found;
        put_group(json, "highest", f->groups->names[e->highest], e->highest_value, x->highest_ends);
        put_group(json, "lowest", f->groups->names[e->lowest], e->lowest_value, x->lowest_ends);
        if (worst_of(e)) {
            assay_json_put_text(json, "worst", worst_of(e));
        }
        put_ends(json, "difference", x->difference, x->difference_ends);
        put_ends(json, "ratio", x->ratio, x->ratio_ends);
        assay_json_put_real(json, "p_adjusted", x->p_adjusted);
    }
    assay_json_put_real(json, "level", m->level);
    assay_json_put_text(json, "method",
                        e->found.scores
                            ? "miettinen_nurminen, simultaneous over all pairs of groups"
                            : "mover, simultaneous over all pairs of groups");
    assay_json_put_text(json, "outcome", assay_outcome_name(e->outcome));
    if (e->reason) {
        assay_json_put_text(json, "reason", e->reason);
    }
    assay_json_end_object(json);
}

void assay_fairness_extremes_json(assay_json *json, const assay_fairness *f)
{
    assay_json_key(json, "extremes");
    assay_json_begin_array(json);
    for (int64_t i = 0; i < f->n_extremes; i++) {
        put_extreme(json, f, &f->extremes[i]);
    }
    assay_json_end_array(json);
}

/* "0.81 (0.7 to 0.9)" */
static void put_number(assay_buffer *out, double value, assay_ends ends)
{
    char text[3][32] = {"-", "-", "-"}, all[112];
    const double numbers[3] = {value, ends.low, ends.high};
    for (int i = 0; i < 3; i++) {
        if (isfinite(numbers[i])) {
            assay_format_real(text[i], round(numbers[i] * 1e4) / 1e4 + 0.0);
        }
    }
    if (isnan(ends.low)) {
        (void)snprintf(all, sizeof all, "%s", text[0]);
    } else {
        (void)snprintf(all, sizeof all, "%s (%s to %s)", text[0], text[1], text[2]);
    }
    assay_buffer_printf(out, " %-26s", all);
}

static void put_row(assay_buffer *out, const assay_fairness *f, const assay_fairness_extremes *e)
{
    const assay_group_extremes *x = &e->found;
    const assay_measure *m = e->measure;
    bool high = e->direction == ASSAY_LOWER_IS_BETTER;
    char which[64], p[32] = "-", names[2][64];
    assay_text_printable(which, sizeof which,
                         m->class_name ? m->class_name
                         : m->average  ? m->average
                                       : "");
    assay_buffer_printf(out, "%-31s %-14s", m->metric, which);
    if (e->outcome != ASSAY_OUTCOME_VALUE) {
        assay_buffer_printf(out, " too few: %s\n", e->reason ? e->reason : "");
        return;
    }
    put_number(out, high ? e->highest_value : e->lowest_value,
               high ? x->highest_ends : x->lowest_ends);
    put_number(out, x->difference, x->difference_ends);
    put_number(out, x->ratio, x->ratio_ends);
    if (isfinite(x->p_adjusted)) {
        assay_format_real(p, round(x->p_adjusted * 1e4) / 1e4);
    }
    assay_text_printable(names[0], sizeof names[0], f->groups->names[e->lowest]);
    assay_text_printable(names[1], sizeof names[1], f->groups->names[e->highest]);
    assay_buffer_printf(out, " %6s  %s: %s; %s: %s%s%s\n", p,
                        e->direction == ASSAY_NO_DIRECTION ? "lowest" : "worst",
                        names[high ? 1 : 0],
                        e->direction == ASSAY_NO_DIRECTION ? "highest" : "best",
                        names[high ? 0 : 1], e->reason ? "; " : "", e->reason ? e->reason : "");
}

void assay_fairness_extremes_table(assay_buffer *out, const assay_fairness *f)
{
    if (f->n_extremes == 0) {
        return;
    }
    assay_buffer_printf(out, "\n%-31s %-14s %-26s %-26s %-26s %6s  %s\n", "extremes of the groups",
                        "class", "worst (interval)", "difference (interval)", "ratio (interval)",
                        "p adj.", "which");
    for (int64_t i = 0; i < f->n_extremes; i++) {
        put_row(out, f, &f->extremes[i]);
    }
}
