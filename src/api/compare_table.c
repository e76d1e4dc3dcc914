/* The comparison for a terminal, and the list of flips as CSV. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/compare.h"
#include "base/text.h"

/** Six decimals are plenty for reading; the JSON has every digit. */
static void put_number(assay_buffer *out, double value, int width)
{
    char text[32] = "-";

    if (isinf(value)) {
        snprintf(text, sizeof text, "%s", value > 0.0 ? "inf" : "-inf");
    } else if (!isnan(value)) {
        assay_format_real(text, round(value * 1e6) / 1e6);
    }
    assay_buffer_printf(out, " %*s", width, text);
}

/** Small p-values by their order of magnitude. */
static void put_p(assay_buffer *out, double p)
{
    if (p > 0.0 && p < 1e-4) {
        assay_buffer_printf(out, " %9.1e", p);
    } else if (isnan(p)) {
        assay_buffer_printf(out, " %9s", "-");
    } else {
        assay_buffer_printf(out, " %9.4f", p);
    }
}

static void put_name(assay_buffer *out, const assay_measure *m)
{
    char name[128], which[64];

    assay_text_printable(which, sizeof which,
                         m->class_name ? m->class_name
                         : m->average  ? m->average
                                       : "");
    snprintf(name, sizeof name, "%s%s%s", m->metric, which[0] ? " " : "", which);
    assay_buffer_printf(out, "  %-32s", name);
}

/** In whole percent: P(b worse) / P(practically equal) / P(b better). */
static void put_posterior(assay_buffer *out, const assay_compare_job *job,
                          const assay_difference *d)
{
    assay_closeness c;

    if (job->request->has_rope &&
        assay_difference_closeness(&c, d, job->request->rope, NULL) == ASSAY_OK &&
        !isnan(c.close)) {
        assay_buffer_printf(out, "; P(worse/equal/better) %.0f/%.0f/%.0f %%", 100.0 * c.worse,
                            100.0 * c.close, 100.0 * c.better);
    }
}

static void put_verdict(assay_buffer *out, const assay_compare_job *job, const assay_difference *d)
{
    int winner = assay_difference_winner(d, 1.0 - job->level);
    char name[64];

    assay_text_printable(name, sizeof name,
                         winner > 0   ? job->names[d->b]
                         : winner < 0 ? job->names[d->a]
                                      : "not shown");
    assay_buffer_printf(out, "  %s", name);
    if (job->request->has_equivalence && d->op->direction != ASSAY_NO_DIRECTION) {
        int judged = assay_difference_equivalent(d, job->request->equivalence, job->level);
        assay_buffer_puts(out, judged > 0   ? "; equivalent"
                               : judged < 0 ? "; not equivalent"
                                            : "; equivalence undecided");
    }
    put_posterior(out, job, d);
    if (job->request->has_margin && d->op->direction != ASSAY_NO_DIRECTION) {
        int judged = assay_difference_noninferior(d, job->request->margin);
        assay_buffer_puts(out, judged > 0   ? "; within the margin"
                               : judged < 0 ? "; worse than the margin"
                                            : "; margin undecided");
    }
}

static void put_difference(assay_buffer *out, const assay_compare_job *job,
                           const assay_difference *d)
{
    put_name(out, d->in_a);
    if (d->outcome == ASSAY_OUTCOME_UNDEFINED) {
        assay_buffer_printf(out, " not compared: %s\n", d->reason ? d->reason : "");
        return;
    }
    put_number(out, d->in_a->value, 10);
    put_number(out, d->in_b->value, 10);
    put_number(out, d->difference, 10);
    put_number(out, d->low, 10);
    put_number(out, d->high, 10);
    put_p(out, d->p);
    put_p(out, d->p_adjusted);
    if (d->outcome == ASSAY_OUTCOME_TOO_FEW) {
        assay_buffer_printf(out, "  %s", d->reason ? d->reason : "too few");
    } else {
        put_verdict(out, job, d);
    }
    assay_buffer_putc(out, '\n');
}

static void put_flips(assay_buffer *out, const assay_compare_job *job, const assay_difference *d)
{
    const assay_flip_counts *f = &d->flips;
    char a[64], b[64];

    assay_text_printable(a, sizeof a, job->names[d->a]);
    assay_text_printable(b, sizeof b, job->names[d->b]);
    assay_buffer_printf(out,
                        "  both right %" PRId64 ", only %s %" PRId64 ", only %s %" PRId64
                        ", both wrong %" PRId64 "\n",
                        f->both, a, f->only_a, b, f->only_b, f->neither);
}

/** Differences are in the order context, pair, metric. */
static void put_blocks(assay_buffer *out, const assay_compare_job *job)
{
    const assay_comparison *c = &job->comparison;

    for (int64_t i = 0; i < c->n_differences; i++) {
        const assay_difference *d = &c->differences[i];
        const assay_difference *before = i > 0 ? d - 1 : NULL;
        if (!before || before->context != d->context || before->a != d->a || before->b != d->b) {
            char a[64], b[64], where[160];
            assay_text_printable(a, sizeof a, job->names[d->a]);
            assay_text_printable(b, sizeof b, job->names[d->b]);
            assay_text_printable(where, sizeof where, job->contexts[d->context].name);
            assay_buffer_printf(out, "\n%s (%" PRId64 " rows): %s and %s\n", where, d->n, a, b);
            assay_buffer_printf(out, "  %-32s %10.10s %10.10s %10s %10s %10s %9s %9s  %s\n",
                                "metric", a, b, "difference", "low", "high", "p", "adjusted",
                                "better");
        }
        put_difference(out, job, d);
        const assay_difference *after = i + 1 < c->n_differences ? d + 1 : NULL;
        if (!after || after->context != d->context || after->a != d->a || after->b != d->b) {
            const assay_difference *k = d;
            while (k > c->differences && !k->has_flips && k[-1].context == d->context &&
                   k[-1].a == d->a && k[-1].b == d->b) {
                k--;
            }
            if (k->has_flips && k->context == d->context && k->a == d->a && k->b == d->b) {
                put_flips(out, job, k);
            }
        }
    }
}

/** Mean ranks, and which pairs Nemenyi's test tells apart. */
static void put_ranks(assay_buffer *out, const assay_compare_job *job, const assay_omnibus *o)
{
    int64_t apart = 0;

    assay_buffer_puts(out, "    mean rank, 1 = best:");
    for (int32_t k = 0; k < o->n_models; k++) {
        assay_buffer_printf(out, "%s %s %.2f", k == 0 ? "" : ",", job->names[k], o->mean_ranks[k]);
    }
    assay_buffer_printf(out, "; apart from a difference of %.2f on (Nemenyi):", o->critical);
    for (int32_t a = 0; a < o->n_models; a++) {
        for (int32_t b = a + 1; b < o->n_models; b++) {
            double p = o->nemenyi[a * o->n_models + b];
            if (p <= 1.0 - job->level) {
                assay_buffer_printf(out, "%s %s and %s, p", apart++ == 0 ? "" : ";", job->names[a],
                                    job->names[b]);
                put_p(out, p);
            }
        }
    }
    assay_buffer_puts(out, apart == 0 ? " none\n" : "\n");
}

static void put_omnibus(assay_buffer *out, const assay_compare_job *job)
{
    if (job->request->weights) {
        assay_buffer_printf(out, "\n%s.\n", assay_compare_weights_note);
    }
    const assay_comparison *c = &job->comparison;

    for (int64_t i = 0; i < c->n_omnibus; i++) {
        const assay_omnibus *o = &c->omnibus[i];
        bool cochran = strcmp(o->test, "cochran_q") == 0;
        char name[64];
        if (i == 0) {
            assay_buffer_puts(out, job->n_models > 2
                                       ? "\nAll models at once (hypothesis: all are equally good)\n"
                                       : "\nOver the groups (hypothesis: both are equally good)\n");
        }
        (void)snprintf(name, sizeof name, "%s%s%s", o->metric, o->average ? ", " : "",
                       o->average ? o->average : "");
        assay_buffer_printf(out, "  %-32s %s", name,
                            cochran         ? "Cochran's Q"
                            : o->mean_ranks ? "Friedman's chi-square"
                                            : "Wilcoxon's signed ranks, W+");
        put_number(out, o->statistic, 1);
        if (!isnan(o->df)) {
            assay_buffer_printf(out, ", %g degrees of freedom", o->df);
        }
        assay_buffer_puts(out, ", p");
        put_p(out, o->p);
        assay_buffer_printf(out, " (%s, %" PRId64 " %s)\n", job->contexts[o->context].name, o->n,
                            cochran ? "rows" : "groups");
        if (o->mean_ranks) {
            put_ranks(out, job, o);
        }
    }
}

/* A row that says "not shown" and beyond its margin. */
static bool has_both(const assay_compare_job *job)
{
    const assay_comparison *c = &job->comparison;
    const assay_compare_request *r = job->request;
    for (int64_t i = 0; i < c->n_differences; i++) {
        const assay_difference *d = &c->differences[i];
        bool judged = d->outcome == ASSAY_OUTCOME_VALUE && d->op->direction != ASSAY_NO_DIRECTION &&
                      assay_difference_winner(d, 1.0 - job->level) == 0;
        if (judged && ((r->has_margin && assay_difference_noninferior(d, r->margin) < 0) ||
                       (r->has_equivalence &&
                        assay_difference_equivalent(d, r->equivalence, job->level) < 0))) {
            return true;
        }
    }
    return false;
}

static void put_summary(assay_buffer *out, const assay_compare_job *job)
{
    const assay_comparison *c = &job->comparison;
    const char *adjust = assay_adjustment_name(job->adjust);
    int64_t tests = 0, wins[ASSAY_COMPARE_MODELS] = {0};
    double floor_p = 1.0 / (1.0 + (double)job->permutations);

    for (int64_t i = 0; i < c->n_differences; i++) {
        const assay_difference *d = &c->differences[i];
        int winner = assay_difference_winner(d, 1.0 - job->level);
        tests += !isnan(d->p);
        wins[d->a] += winner < 0;
        wins[d->b] += winner > 0;
    }
    assay_buffer_printf(out, "\nShown to be better, in %" PRId64 " tests at %g %% (adjusted: %s):",
                        tests, 100.0 * job->level, adjust);
    for (int32_t k = 0; k < job->n_models; k++) {
        char name[64];
        assay_text_printable(name, sizeof name, job->names[k]);
        assay_buffer_printf(out, "%s %s %" PRId64, k ? "," : "", name, wins[k]);
    }
    assay_buffer_puts(out, "\n");
    if (job->permutations > 0 && strcmp(adjust, "none") != 0 &&
        floor_p * (double)tests > 1.0 - job->level) {
        assay_buffer_printf(out,
                            "With %" PRId64 " permutations and %" PRId64
                            " tests a permutation test alone can hardly show anything; raise "
                            "--permutations.\n",
                            job->permutations, tests);
    }
    if (has_both(job)) {
        assay_buffer_puts(
            out, "Margins are judged one by one, from a one-sided bound, and without the "
                 "correction for all tests: that is why a row can be \"not shown\" and yet "
                 "beyond its margin.\n");
    }
    assay_buffer_printf(out,
                        "difference: later minus earlier model, with its paired %g %% interval. "
                        "%s --json FILE has methods, effect sizes and the list of flips.\n",
                        100.0 * job->level,
                        assay_estimand(job->request->cluster, job->request->weights, NULL));
}

assay_status assay_compare_table(char **out, const assay_compare_job *job, assay_error *err)
{
    assay_buffer text;

    assay_buffer_init(&text, 0);
    for (int32_t k = 0; k < job->n_models; k++) {
        char name[64];
        assay_text_printable(name, sizeof name, job->names[k]);
        assay_buffer_printf(&text, "%s: %s, %" PRId64 " rows", name, job->request->files[k],
                            job->read[k]);
        if (job->models[k]->skipped > 0) {
            assay_buffer_printf(&text, ", %" PRId64 " bad rows left out", job->models[k]->skipped);
        }
        assay_buffer_putc(&text, '\n');
    }
    assay_buffer_printf(&text, "Rows matched by %s", job->alignment.by_id ? "id" : "their order");
    if (job->alignment.left_out + job->alignment.extra > 0) {
        assay_buffer_printf(&text,
                            "; left out: %" PRId64 " of the first that not all have, %" PRId64
                            " that the first lacks",
                            job->alignment.left_out, job->alignment.extra);
    }
    if (job->request->cluster) {
        assay_buffer_printf(&text, "; %" PRId64 " clusters (%s)", job->n_units,
                            job->request->cluster);
    }
    if (job->request->weights) {
        assay_buffer_printf(&text, "; weighted by %s", job->request->weights);
    }
    assay_buffer_putc(&text, '\n');
    put_blocks(&text, job);
    put_omnibus(&text, job);
    put_summary(&text, job);
    return assay_text_take(out, &text, err);
}

/* ---- CSV ---- */

/** A field of RFC 4180. */
static void put_field(assay_buffer *out, const char *text, char end)
{
    if (!strpbrk(text, ",\"\r\n")) {
        assay_buffer_puts(out, text);
    } else {
        assay_buffer_putc(out, '"');
        for (const char *c = text; *c; c++) {
            assay_buffer_puts(out, *c == '"' ? "\"" : "");
            assay_buffer_putc(out, *c);
        }
        assay_buffer_putc(out, '"');
    }
    assay_buffer_putc(out, end);
}

assay_status assay_compare_flips(char **out, const assay_compare_job *job, assay_error *err)
{
    const assay_predictions *first = job->models[0];
    assay_buffer text;

    assay_buffer_init(&text, 0);
    assay_buffer_puts(&text, "a,b,row,id,target,label_a,label_b,right\n");
    for (int32_t a = 0; a < job->n_models; a++) {
        for (int32_t b = a + 1; b < job->n_models; b++) {
            const int32_t *in_a = job->models[a]->label, *in_b = job->models[b]->label;
            for (int64_t i = 0; i < first->n; i++) {
                int32_t target = first->target[i];
                if (!job->contexts[0].mask[i] || (in_a[i] == target) == (in_b[i] == target)) {
                    continue;
                }
                put_field(&text, job->names[a], ',');
                put_field(&text, job->names[b], ',');
                assay_buffer_printf(&text, "%" PRId64 ",", assay_predictions_row(first, i));
                put_field(&text, first->ids ? first->ids[i] : "", ',');
                put_field(&text, first->class_names[target], ',');
                put_field(&text, first->class_names[in_a[i]], ',');
                put_field(&text, first->class_names[in_b[i]], ',');
                put_field(&text, in_a[i] == target ? job->names[a] : job->names[b], '\n');
            }
        }
    }
    return assay_text_take(out, &text, err);
}
