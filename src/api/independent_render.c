/* Two independent samples as JSON and as a table. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "api/independent.h"
#include "assay/version.h"
#include "base/text.h"

static const char estimand[] = "Values speak of the two samples; intervals, tests and posterior "
                               "probabilities speak of the two "
                               "populations that the samples are independent random samples of. "
                               "The samples are of different data: what "
                               "differs between the data is part of the difference.";

static void put_value(assay_json *json, const char *key, const assay_sample_value *v)
{
    assay_json_key(json, key);
    assay_json_begin_object(json);
    assay_json_put_real(json, "value", v->value);
    assay_json_put_real(json, "low", v->low);
    assay_json_put_real(json, "high", v->high);
    assay_json_put_int(json, "n", v->n);
    assay_json_put_text(json, "method", v->method);
    assay_json_end_object(json);
}

static void put_ends(assay_json *json, const char *key, const double *value, assay_ends ends,
                     const char *method)
{
    assay_json_key(json, key);
    assay_json_begin_object(json);
    if (value) {
        assay_json_put_real(json, "value", *value);
    }
    assay_json_put_real(json, "low", ends.low);
    assay_json_put_real(json, "high", ends.high);
    if (method) {
        assay_json_put_text(json, "method", method);
    }
    assay_json_end_object(json);
}

static void put_counted(assay_json *json, const assay_two_samples *t)
{
    put_ends(json, "newcombe", NULL, t->newcombe, NULL);
    put_ends(json, "agresti_caffo", NULL, t->agresti_caffo, NULL);
    put_ends(json, "ratio", &t->ratio, t->ratio_ends, "miettinen_nurminen");
    assay_json_key(json, "odds_ratio");
    assay_json_begin_object(json);
    assay_json_put_real(json, "value", t->odds.sample);
    assay_json_put_real(json, "conditional", t->odds.conditional);
    assay_json_put_real(json, "low", t->odds.low);
    assay_json_put_real(json, "high", t->odds.high);
    assay_json_put_text(json, "method", t->odds.exact ? "exact, given the margins" : "woolf");
    assay_json_end_object(json);
    assay_json_key(json, "tests");
    assay_json_begin_object(json);
    assay_json_put_real(json, "score", t->p);
    assay_json_put_real(json, "fisher", t->fisher.two_sided);
    assay_json_put_real(json, "fisher_mid_p", t->mid.two_sided);
    if (t->has_boschloo) {
        assay_json_put_real(json, "boschloo", t->boschloo.two_sided);
    }
    assay_json_end_object(json);
}

static void put_closeness(assay_json *json, const char *key, const assay_closeness_of_two *c,
                          double level)
{
    if (!c->verdict) {
        return;
    }
    assay_json_key(json, key);
    assay_json_begin_object(json);
    assay_json_put_real(json, "margin", c->margin);
    assay_json_put_real(json, "confidence", level);
    assay_json_put_real(json, "p", c->p);
    assay_json_put_real(json, "bound_low", c->low);
    assay_json_put_real(json, "bound_high", c->high);
    assay_json_put_text(json, "test", c->test);
    assay_json_put_text(json, "verdict", c->verdict);
    assay_json_end_object(json);
}

static void put_comparison(assay_json *json, const assay_independent_job *j,
                           const assay_two_samples *t)
{
    assay_json_begin_object(json);
    assay_json_put_text(json, "a", j->names[0]);
    assay_json_put_text(json, "b", j->names[1]);
    assay_json_put_text(json, "metric", t->measure ? t->measure->metric : "rate");
    if (t->measure && t->measure->params) {
        assay_json_key(json, "params");
        assay_json_raw(json, t->measure->params);
    }
    if (t->measure && t->measure->average) {
        assay_json_put_text(json, "average", t->measure->average);
    }
    if (t->measure && t->measure->class_name) {
        assay_json_put_text(json, "class", t->measure->class_name);
    }
    put_value(json, "in_a", &t->in[0]);
    put_value(json, "in_b", &t->in[1]);
    assay_json_put_text(json, "outcome", t->reason ? "undefined" : "value");
    if (t->reason) {
        assay_json_put_text(json, "reason", t->reason);
        assay_json_end_object(json);
        return;
    }
    put_ends(json, "difference", &t->difference, t->ends, t->method);
    assay_json_put_real(json, "level", j->level);
    assay_json_put_real(json, "p", t->p);
    assay_json_put_real(json, "p_adjusted", t->p_adjusted);
    if (t->counted) {
        put_counted(json, t);
    }
    put_closeness(json, "noninferiority", &t->noninferiority, j->level);
    put_closeness(json, "equivalence", &t->equivalence, j->level);
    if (t->posterior) {
        assay_json_key(json, "posterior");
        assay_json_begin_object(json);
        assay_json_put_real(json, "rope", j->request->rope);
        assay_json_put_real(json, "b_worse", t->rope.below);
        assay_json_put_real(json, "equivalent", t->rope.inside);
        assay_json_put_real(json, "b_better", t->rope.above);
        assay_json_put_text(json, "method", t->posterior);
        assay_json_end_object(json);
    }
    assay_json_end_object(json);
}

assay_status assay_independent_json(char **out, const assay_independent_job *j, assay_error *err)
{
    assay_buffer text;
    assay_json json;
    assay_buffer_init(&text, 0);
    assay_json_init(&json, &text, 1);
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "assay", ASSAY_VERSION);
    assay_json_put_int(&json, "schema", 1);
    assay_json_key(&json, "run");
    assay_json_begin_object(&json);
    assay_json_put_int(&json, "seed", (int64_t)(j->request->seed ? j->request->seed : 1));
    assay_json_put_real(&json, "level", j->level);
    assay_json_put_text(&json, "adjusted", "holm");
    assay_json_put_text(&json, "estimand", estimand);
    assay_json_end_object(&json);
    assay_json_key(&json, "samples");
    assay_json_begin_array(&json);
    for (int k = 0; k < 2; k++) {
        assay_json_begin_object(&json);
        assay_json_put_text(&json, "name", j->names[k]);
        if (j->digest[k]) {
            assay_json_put_text(&json, "path", j->request->samples[k]);
            assay_json_put_text(&json, "digest", j->digest[k]);
        }
        assay_json_put_int(&json, "n", j->rows[k]);
        assay_json_end_object(&json);
    }
    assay_json_end_array(&json);
    assay_json_key(&json, "independent");
    assay_json_begin_array(&json);
    for (int64_t i = 0; i < j->n; i++) {
        put_comparison(&json, j, &j->list[i]);
    }
    assay_json_end_array(&json);
    assay_json_end_object(&json);
    assay_buffer_putc(&text, '\n');
    return assay_text_take(out, &text, err);
}

/* ---- for a terminal ---- */

static const char *number(char out[32], double value)
{
    if (isnan(value)) {
        return "-";
    }
    if (isinf(value)) {
        return value > 0.0 ? "infinite" : "-infinite";
    }
    assay_format_real(out, fabs(value) < 1e4 ? round(value * 1e5) / 1e5 + 0.0 : value);
    return out;
}

static void line(assay_buffer *out, const char *what, const double *value, assay_ends ends,
                 const char *how)
{
    char a[32], b[32], c[32];
    assay_buffer_printf(out, "  %-18s %10s  %10s to %-10s  %s\n", what,
                        value ? number(a, *value) : "", number(b, ends.low), number(c, ends.high),
                        how);
}

static void put_margin(assay_buffer *out, const assay_closeness_of_two *c, bool both, double level)
{
    char a[32], b[32], p[32];
    if (!c->verdict) {
        return;
    }
    const char *words = c->verdict[0] == 'n'   ? "shown: not worse by more than"
                        : c->verdict[0] == 'w' ? "shown: worse by more than"
                        : c->verdict[0] == 'e' ? "shown: they differ by less than"
                        : c->verdict[0] == 'd' ? "shown: they differ by more than"
                                               : "not decided for";
    assay_buffer_printf(out, "  %-18s %s %g: the second is better by %s to %s (%g %% %s), p %s\n",
                        both ? "equivalence" : "not worse", words, c->margin, number(a, c->low),
                        number(b, c->high), 100.0 * level, "one-sided each", number(p, c->p));
}

static void put_block(assay_buffer *out, const assay_independent_job *j, const assay_two_samples *t)
{
    char a[32], b[32], c[32], d[32];
    const assay_measure *m = t->measure;
    assay_buffer_printf(out, "\n%s%s%s\n", m ? m->metric : "rate",
                        m && (m->class_name || m->average) ? " " : "",
                        m && m->class_name ? m->class_name
                        : m && m->average  ? m->average
                                           : "");
    for (int k = 0; k < 2; k++) {
        line(out, k == 0 ? "first" : "second", &t->in[k].value,
             (assay_ends){t->in[k].low, t->in[k].high}, t->in[k].method);
    }
    if (t->reason) {
        assay_buffer_printf(out, "  not compared: %s\n", t->reason);
        return;
    }
    line(out, "difference", &t->difference, t->ends, t->method);
    if (t->counted) {
        line(out, "", NULL, t->newcombe, "newcombe");
        line(out, "", NULL, t->agresti_caffo, "agresti_caffo");
        line(out, "ratio", &t->ratio, t->ratio_ends, "miettinen_nurminen");
        line(out, "odds ratio", &t->odds.sample, (assay_ends){t->odds.low, t->odds.high},
             t->odds.exact ? "exact, given the margins" : "woolf");
        assay_buffer_printf(out, "  %-18s score %s, Fisher %s, Fisher mid-P %s, Boschloo %s\n",
                            "p, no difference", number(a, t->p), number(b, t->fisher.two_sided),
                            number(c, t->mid.two_sided),
                            t->has_boschloo ? number(d, t->boschloo.two_sided) : "-");
    } else {
        assay_buffer_printf(out, "  %-18s %s\n", "p, no difference", number(a, t->p));
    }
    if (j->n > 1) {
        assay_buffer_printf(out, "  %-18s %s\n", "p, adjusted (Holm)", number(a, t->p_adjusted));
    }
    put_margin(out, &t->noninferiority, false, j->level);
    put_margin(out, &t->equivalence, true, j->level);
    if (t->posterior) {
        assay_buffer_printf(
            out,
            "  %-18s second worse by more than %g: %s; practically equal: %s; better: "
            "%s (%s)\n",
            "posterior", j->request->rope, number(a, t->rope.below), number(b, t->rope.inside),
            number(c, t->rope.above), t->posterior);
    }
}

assay_status assay_independent_table(char **out, const assay_independent_job *j, assay_error *err)
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_buffer_printf(&text, "first: %s (n = %" PRId64 ")\nsecond: %s (n = %" PRId64 ")\n",
                        j->names[0], j->rows[0], j->names[1], j->rows[1]);
    for (int64_t i = 0; i < j->n; i++) {
        put_block(&text, j, &j->list[i]);
    }
    assay_buffer_printf(
        &text,
        "\nDifferences and ratios are of the second to the first; intervals at %g %%, "
        "two-sided.\n%s\n",
        100.0 * j->level, estimand);
    return assay_text_take(out, &text, err);
}
