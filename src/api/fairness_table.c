#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/fairness.h"
#include "base/text.h"

/** Four decimals are plenty for reading; the JSON has every digit. */
static void put_number(assay_buffer *out, double value, int width)
{
    char text[32] = "-";

    if (isfinite(value)) {
        assay_format_real(text, round(value * 1e4) / 1e4 + 0.0);
    }
    assay_buffer_printf(out, " %*s", width, text);
}

static void put_name(assay_buffer *out, const char *name, int width)
{
    char text[64];

    assay_text_printable(text, sizeof text, name);
    assay_buffer_printf(out, "%-*s", width, text);
}

static void put_measure(assay_buffer *out, const assay_measure *m, const char *first)
{
    put_name(out, first, 31);
    assay_buffer_puts(out, " ");
    put_name(out, m->class_name ? m->class_name : m->average ? m->average : "", 14);
    if (m->outcome != ASSAY_OUTCOME_VALUE) {
        assay_buffer_printf(out, "%9s  %s\n",
                            m->outcome == ASSAY_OUTCOME_TOO_FEW ? "too few" : "undefined",
                            m->reason ? m->reason : "");
        return;
    }
    put_number(out, m->value, 8);
    put_number(out, m->low, 8);
    put_number(out, m->high, 8);
    assay_buffer_printf(out, " %8" PRId64 "  %s\n", m->n, m->group || !m->reason ? "" : m->reason);
}

static void put_gaps(assay_buffer *out, const assay_fairness *f)
{
    if (f->gaps.n_measures == 0) {
        return;
    }
    assay_buffer_printf(out, "\n%-31s %-14s %8s %8s %8s %8s  %s\n", "between groups", "class",
                        "value", "low", "high", "n", "which");
    for (int64_t i = 0; i < f->gaps.n_measures; i++) {
        put_measure(out, &f->gaps.measures[i], f->gaps.measures[i].metric);
    }
}

static void put_within(assay_buffer *out, const assay_fairness *f)
{
    for (int32_t g = 0; g < f->groups->n; g++) {
        char name[128];
        assay_text_printable(name, sizeof name, f->groups->names[g]);
        assay_buffer_printf(out, "\n%s (%" PRId64 " %s)\n", name, f->rows[g],
                            f->rows[g] == 1 ? "row" : "rows");
        for (int64_t i = 0; i < f->within.n_measures; i++) {
            if (f->within.measures[i].group == f->groups->names[g]) {
                put_measure(out, &f->within.measures[i], f->within.measures[i].metric);
            }
        }
    }
}

static int longest_name(const assay_groups *groups)
{
    size_t longest = 16;
    for (int32_t g = 0; g < groups->n; g++) {
        size_t length = strlen(groups->names[g]);
        longest = length > longest ? length : longest;
    }
    return longest < 60 ? (int)longest : 60;
}

static void put_comparisons(assay_buffer *out, const assay_fairness *f)
{
    if (f->not_compared) {
        assay_buffer_printf(out, "\ngroups are not compared with the rest: %s\n", f->not_compared);
    }
    if (f->n_comparisons == 0) {
        return;
    }
    int width = longest_name(f->groups);
    assay_buffer_printf(out, "\n%-20s %-14s %-*s %10s %8s %8s %8s %8s\n", "against the rest",
                        "class", width, "group", "difference", "low", "high", "ratio", "p adj.");
    for (int64_t i = 0; i < f->n_comparisons; i++) {
        const assay_group_comparison *c = &f->comparisons[i];
        if (f->groups->n == 2 && c->group == 1) {
            continue; /* the first one's mirror image */
        }
        put_name(out, c->rate, 20);
        assay_buffer_puts(out, " ");
        put_name(out, c->class_name ? c->class_name : "", 14);
        assay_buffer_puts(out, " ");
        put_name(out, f->groups->names[c->group], width);
        if (c->outcome != ASSAY_OUTCOME_VALUE) {
            assay_buffer_printf(out, " %10s  %s\n", "too few", c->reason);
            continue;
        }
        put_number(out, c->difference, 10);
        put_number(out, c->difference_low, 8);
        put_number(out, c->difference_high, 8);
        put_number(out, c->ratio, 8);
        put_number(out, c->p_adjusted, 8);
        assay_buffer_puts(out, "\n");
    }
}

void assay_fairness_table(assay_buffer *out, const assay_fairness *f,
                          const assay_fairness_place *place)
{
    assay_buffer_printf(out, "\n%d groups", f->groups->n);
    if (place->positive) {
        char positive[64];
        assay_text_printable(positive, sizeof positive, place->positive);
        assay_buffer_printf(out, ", positive class %s", positive);
    }
    assay_buffer_printf(out, ", at least %" PRId64 " %s each\n", f->least,
                        f->least == 1 ? "row" : "rows");
    put_gaps(out, f);
    assay_fairness_extremes_table(out, f);
    put_within(out, f);
    put_comparisons(out, f);
    assay_buffer_puts(
        out, f->groups->n > 2 ? "\np adj.: two-sided p-value of no difference from all other rows, "
                                "corrected for the number of groups (Holm)\n"
                              : "\np adj.: two-sided p-value of no difference\n");
}
