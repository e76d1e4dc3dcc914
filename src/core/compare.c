#include "core/compare.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/sort.h"
#include "core/compare_internal.h"
#include "core/metric.h"
#include "stats/clustered.h"
#include "stats/continuous.h"
#include "stats/delong.h"
#include "stats/effect.h"
#include "stats/normal.h"
#include "stats/paired.h"

void assay_comparison_init(assay_comparison *out, assay_arena *arena)
{
    memset(out, 0, sizeof *out);
    out->arena = arena;
}

void *assay_comparison_grow(assay_arena *arena, void *list, int64_t n, int64_t *capacity,
                            size_t size)
{
    if (n < *capacity) {
        return list;
    }
    int64_t wanted = *capacity > 0 ? *capacity * 2 : 32;
    void *larger = assay_arena_alloc(arena, (size_t)wanted, size);
    if (larger != NULL) {
        if (n > 0) {
            memcpy(larger, list, (size_t)n * size);
        }
        *capacity = wanted;
    }
    return larger;
}

/* NULL when memory is out. */
static assay_difference *new_difference(assay_comparison *comparison)
{
    assay_difference *list =
        assay_comparison_grow(comparison->arena, comparison->differences, comparison->n_differences,
                              &comparison->capacity_differences, sizeof *list);
    if (list == NULL) {
        return NULL;
    }
    comparison->differences = list;
    assay_difference *made = &list[comparison->n_differences++];
    memset(made, 0, sizeof *made);
    made->outcome = ASSAY_OUTCOME_VALUE;
    made->difference = made->low = made->high = NAN;
    made->bound_low = made->bound_high = made->p = made->p_adjusted = NAN;
    made->probability_better = made->cohens_h = made->odds_ratio = made->se = made->df = NAN;
    made->method = made->test = "none";
    return made;
}

/* ---- measures that belong together ---- */

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_measure(const assay_measure *a, const assay_measure *b)
{
    return strcmp(a->metric, b->metric) == 0 && same_text(a->params, b->params) &&
           same_text(a->average, b->average) && same_text(a->class_name, b->class_name);
}

/* The lists have the same order, so the partner is nearly always the next one. */
const assay_measure *assay_measure_partner(const assay_result *in, int64_t *next,
                                           const assay_measure *wanted)
{
    for (int64_t k = 0; k < in->n_measures; k++) {
        int64_t at = (*next + k) % in->n_measures;
        if (same_measure(&in->measures[at], wanted)) {
            *next = at + 1;
            return &in->measures[at];
        }
    }
    return NULL;
}

static const assay_op *op_of(const comparing *c, const assay_measure *measure)
{
    for (size_t j = 0; j < c->n_metrics; j++) {
        if (strcmp(c->metrics[j]->op->name, measure->metric) == 0) {
            return c->metrics[j]->op;
        }
    }
    return NULL;
}

/* ---- the right rows ---- */

static bool right(const assay_predictions *p, int64_t i)
{
    return p->label[i] == p->target[i];
}

static assay_flip_counts count_flips(const comparing *c, int32_t a, int32_t b)
{
    assay_flip_counts counts = {0};
    for (int64_t i = 0; i < c->n; i++) {
        if (!(assay_comparing_weight(c, i) > 0.0)) {
            continue;
        }
        bool in_a = right(c->models[a], c->rows[i]), in_b = right(c->models[b], c->rows[i]);
        counts.both += in_a && in_b;
        counts.only_a += in_a && !in_b;
        counts.only_b += !in_a && in_b;
        counts.neither += !in_a && !in_b;
    }
    return counts;
}

static void put_proportion_effects(assay_difference *d)
{
    const assay_flip_counts *f = &d->flips;
    d->cohens_h = assay_cohen_h(d->in_b->value, d->in_a->value);
    if (f->only_a + f->only_b > 0) {
        d->odds_ratio = f->only_a > 0 ? (double)f->only_b / (double)f->only_a : INFINITY;
    }
}

/* In the Poisson bootstrap the sum of the weights of m rows is Poisson(m), so the discordant rows are
 * all that a replicate takes. */
static void put_flip_odds(assay_difference *d, const comparing *c)
{
    const assay_evaluate_options *options = &c->options->evaluate;
    int64_t replicates = options->replicates == 0 ? 1000 : options->replicates;
    int64_t above = 0, level = 0;
    for (int64_t r = 0; r < replicates; r++) {
        assay_rng rng =
            assay_rng_stream(options->seed, assay_rng_operation("bootstrap/flips"), (uint64_t)r);
        int64_t in_a = assay_rng_poisson(&rng, (double)d->flips.only_a);
        int64_t in_b = assay_rng_poisson(&rng, (double)d->flips.only_b);
        above += in_b > in_a;
        level += in_b == in_a;
    }
    if (replicates > 0 && c->n >= ASSAY_COMPARE_FEWEST_UNITS) {
        d->probability_better = ((double)above + 0.5 * (double)level) / (double)replicates;
    }
}

/* Rows are independent: exact in the discordant rows. */
static assay_status compare_right_rows(assay_difference *d, const comparing *c, assay_error *err)
{
    const assay_flip_counts *f = &d->flips;
    double alpha = 1.0 - c->level;
    assay_mcnemar test;
    d->difference = (double)(f->only_b - f->only_a) / (double)d->n;
    ASSAY_TRY(
        assay_tango(&d->low, &d->high, f->only_b, f->only_a, d->n, alpha / 2.0, alpha / 2.0, err));
    ASSAY_TRY(
        assay_tango(&d->bound_low, &d->bound_high, f->only_b, f->only_a, d->n, alpha, alpha, err));
    ASSAY_TRY(assay_mcnemar_test(&test, f->only_a, f->only_b, err));
    put_flip_odds(d, c);
    d->method = "tango";
    d->test = c->options->exact ? "mcnemar_exact" : "mcnemar_mid_p";
    d->p = c->options->exact ? test.exact : test.mid_p;
    return ASSAY_OK;
}

/* ---- dependent rows: the clusters' differences ---- */

static assay_status compare_clusters(assay_difference *d, const comparing *c, assay_error *err)
{
    assay_status status = ASSAY_OK;
    double *both = assay_alloc((size_t)c->clusters, 2 * sizeof *both);
    assay_cluster_estimate estimate;
    if (both == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < c->n; i++) {
        int64_t row = c->rows[i], at = c->cluster[i];
        both[at] += (double)right(c->models[d->b], row) - (double)right(c->models[d->a], row);
        both[c->clusters + at] += 1.0;
    }
    ASSAY_GOTO(assay_cluster_ratio(&estimate, both, both + c->clusters, c->clusters, err), done);
    double alpha = 1.0 - c->level, df = (double)(c->clusters - 1);
    d->difference = estimate.value;
    ASSAY_GOTO(assay_cluster_interval(&d->low, &d->high, &estimate, alpha / 2.0, alpha / 2.0, err),
               done);
    ASSAY_GOTO(assay_cluster_interval(&d->bound_low, &d->bound_high, &estimate, alpha, alpha, err),
               done);
    d->se = estimate.se;
    d->df = df;
    d->p = estimate.se > 0.0       ? 2.0 * assay_t_sf(fabs(estimate.value) / estimate.se, df)
           : estimate.value == 0.0 ? 1.0
                                   : 0.0;
    d->probability_better = estimate.se > 0.0 ? assay_t_cdf(estimate.value / estimate.se, df) : 0.5;
    d->method = assay_arena_printf(c->arena, "cluster_robust, %" PRId64 " clusters", c->clusters);
    d->test = "cluster_robust t";
    status = d->method != NULL ? ASSAY_OK : assay_fail_memory(err);
done:
    assay_free(both);
    return status;
}

/* ---- areas under the ROC curve ---- */

static const assay_args *args_of(const comparing *c, const assay_measure *measure)
{
    for (size_t j = 0; j < c->n_metrics; j++) {
        const assay_metric *metric = c->metrics[j]->op->metric;
        if (strcmp(c->metrics[j]->op->name, measure->metric) == 0 && metric->area != NULL &&
            metric->area(c->metrics[j]->params)) {
            return c->metrics[j];
        }
    }
    return NULL;
}

/* DeLong's covariance; *done stays false where it says nothing. The variances of a pair of models are
 * computed once for all measures. */
static assay_status compare_areas(bool *done, assay_difference *d, comparing *c, assay_error *err)
{
    const assay_predictions *first = c->models[d->a], *second = c->models[d->b];
    int32_t classes = first->classes, at = 0;
    *done = false;
    if (isnan(d->in_a->variance) || isnan(d->in_b->variance) || args_of(c, d->in_a) == NULL) {
        return ASSAY_OK;
    }
    if (c->area_variance == NULL) {
        c->area_variance =
            assay_arena_alloc(c->arena, (size_t)classes + 2, sizeof *c->area_variance);
        c->area_a = -1;
    }
    if (c->area_variance == NULL) {
        return assay_fail_memory(err);
    }
    if (c->area_a != d->a || c->area_b != d->b) {
        ASSAY_TRY(assay_area_differences(c->area_variance, first, second, c->rows, c->n, c->cluster,
                                         c->clusters, err));
        c->area_a = d->a;
        c->area_b = d->b;
    }
    if (d->in_a->average != NULL) {
        at = strcmp(d->in_a->average, "weighted") == 0;
    } else {
        while (at < classes && strcmp(first->class_names[at], d->in_a->class_name) != 0) {
            at++;
        }
        at += 2;
    }
    double variance = at < classes + 2 ? c->area_variance[at] : NAN;
    if (isnan(variance) || (variance <= 0.0 && d->difference != 0.0)) {
        return ASSAY_OK;
    }
    double alpha = 1.0 - c->level, se = sqrt(variance);
    double inside = assay_normal_quantile_upper(alpha / 2.0) * se;
    double one = assay_normal_quantile_upper(alpha) * se;
    d->low = fmax(-1.0, d->difference - inside);
    d->high = fmin(1.0, d->difference + inside);
    d->bound_low = fmax(-1.0, d->difference - one);
    d->bound_high = fmin(1.0, d->difference + one);
    d->se = se;
    d->df = INFINITY;
    d->p = assay_difference_p(d->difference, variance);
    d->probability_better = se > 0.0 ? assay_normal_cdf(d->difference / se) : 0.5;
    d->method = c->cluster != NULL ? "delong of clusters, paired" : "delong, paired";
    d->test = "delong";
    *done = true;
    return ASSAY_OK;
}

/* ---- one pair of models ---- */

static const char *obstacle(const comparing *c, const assay_measure *a, const assay_measure *b)
{
    if (a->outcome == ASSAY_OUTCOME_UNDEFINED) {
        return a->reason != NULL ? a->reason : "the first model has no value";
    }
    if (b == NULL || b->outcome == ASSAY_OUTCOME_UNDEFINED) {
        return b != NULL && b->reason != NULL ? b->reason : "the second model has no value";
    }
    return c->n == 0 ? "there are no rows" : NULL;
}

static assay_status compare_measure(assay_comparison *out, comparing *c, int32_t a, int32_t b,
                                    const assay_measure *in_a, const assay_measure *in_b,
                                    assay_error *err)
{
    const assay_op *op = op_of(c, in_a);
    const char *why = obstacle(c, in_a, in_b);
    if (op == NULL) {
        return assay_fail(err, ASSAY_EINTERNAL, "%s: a measure of an unknown metric", in_a->metric);
    }
    assay_difference *d = new_difference(out);
    if (d == NULL) {
        return assay_fail_memory(err);
    }
    d->a = a;
    d->b = b;
    d->context = c->context;
    d->op = op;
    d->in_a = in_a;
    d->in_b = in_b != NULL ? in_b : in_a;
    d->n = c->n;
    d->reason = why;
    if (why != NULL || in_b == NULL) {
        d->outcome = ASSAY_OUTCOME_UNDEFINED;
        return ASSAY_OK;
    }
    d->difference = in_b->value - in_a->value + 0.0;
    bool rows = d->op->metric->right_rows != 0;
    if (rows) {
        d->has_flips = true;
        d->flips = count_flips(c, a, b);
        put_proportion_effects(d);
    }
    bool exact = rows && c->options->evaluate.units == NULL && c->weights == NULL;
    bool done = false;
    if (exact) {
        ASSAY_TRY(compare_right_rows(d, c, err));
        return ASSAY_OK;
    }
    if (c->few_units) {
        d->outcome = ASSAY_OUTCOME_TOO_FEW;
        d->reason = "fewer than 10 clusters: neither interval nor test can be trusted";
        return ASSAY_OK;
    }
    if (rows && c->weights == NULL) {
        return compare_clusters(d, c, err);
    }
    if (rows) {
        ASSAY_TRY(assay_compare_weighted(d, c, err));
        return c->cluster == NULL && d->outcome == ASSAY_OUTCOME_VALUE
                   ? assay_compare_draws(d, c, false, err)
                   : ASSAY_OK;
    }
    ASSAY_TRY(compare_areas(&done, d, c, err));
    return done ? ASSAY_OK : assay_compare_draws(d, c, true, err);
}

/* Micro-averages of counts are the accuracy once more, and would cost multiplicity. */
static bool is_wanted(const comparing *c, const assay_measure *measure)
{
    if (measure->average != NULL && strcmp(measure->average, "micro") == 0) {
        const assay_op *op = op_of(c, measure);
        bool same = op != NULL && op->metric->cells == ASSAY_CELLS_CONFUSION;
        for (size_t j = 0; same && j < c->n_metrics; j++) {
            if (c->metrics[j]->op->metric->right_rows) {
                return false;
            }
        }
    }
    return c->options->per_class || measure->class_name == NULL;
}

static assay_status compare_pair(assay_comparison *out, comparing *c, const assay_result *results,
                                 int32_t a, int32_t b, assay_error *err)
{
    int64_t first = out->n_differences, next = 0;
    for (int64_t m = 0; m < results[a].n_measures; m++) {
        const assay_measure *in_a = &results[a].measures[m];
        if (is_wanted(c, in_a)) {
            const assay_measure *in_b = assay_measure_partner(&results[b], &next, in_a);
            ASSAY_TRY(compare_measure(out, c, a, b, in_a, in_b, err));
        }
    }
    return assay_compare_permute(&out->differences[first], out->n_differences - first, c, a, b,
                                 err);
}

/* ---- all models ---- */

static assay_status select_rows(comparing *c, const uint8_t *mask, assay_error *err)
{
    int64_t total = c->models[0]->n;
    c->rows = assay_arena_alloc(c->arena, (size_t)total + 1, sizeof *c->rows);
    if (c->rows == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < total; i++) {
        if ((mask == NULL || mask[i] != 0) && (c->weights == NULL || c->weights[i] > 0.0)) {
            c->rows[c->n++] = i;
        }
    }
    const int64_t *units = c->options->evaluate.units;
    if (units == NULL) {
        return ASSAY_OK;
    }
    int64_t *keys = assay_arena_alloc(c->arena, (size_t)c->n + 1, sizeof *keys);
    int64_t *order = assay_arena_alloc(c->arena, (size_t)c->n + 1, sizeof *order);
    c->cluster = assay_arena_alloc(c->arena, (size_t)c->n + 1, sizeof *c->cluster);
    if (keys == NULL || order == NULL || c->cluster == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < c->n; i++) {
        keys[i] = units[c->rows[i]];
    }
    ASSAY_TRY(assay_sort_order_i64(order, keys, c->n, err));
    for (int64_t i = 0; i < c->n; i++) {
        c->clusters += i == 0 || keys[order[i]] != keys[order[i - 1]];
        c->cluster[order[i]] = c->clusters - 1;
    }
    c->few_units = c->clusters < ASSAY_COMPARE_FEWEST_UNITS;
    return ASSAY_OK;
}

/* Cochran's Q over the rows, when right rows are among the metrics. */
static assay_status compare_all(assay_comparison *out, const comparing *c, assay_error *err)
{
    const assay_op *rows = NULL;
    for (size_t j = 0; j < c->n_metrics && rows == NULL; j++) {
        rows = c->metrics[j]->op->metric->right_rows ? c->metrics[j]->op : NULL;
    }
    /* Cochran's Q takes every row for as much as every other one, and for independent */
    if (rows == NULL || c->n_models < 3 || c->n == 0 || c->options->evaluate.units != NULL ||
        c->weights != NULL) {
        return ASSAY_OK;
    }
    uint8_t *table = assay_arena_alloc(c->arena, (size_t)c->n, (size_t)c->n_models);
    if (table == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < c->n; i++) {
        for (int32_t k = 0; k < c->n_models; k++) {
            table[i * c->n_models + k] = right(c->models[k], c->rows[i]);
        }
    }
    return assay_compare_cochran(out, table, c->n, c->n_models, c->context, rows->name, err);
}

assay_status assay_compare_models(assay_comparison *out, assay_result *results,
                                  assay_predictions *const *models, int32_t n_models,
                                  const uint8_t *mask, int32_t context,
                                  const assay_args *const *metrics, size_t n_metrics,
                                  const assay_compare_options *options, assay_error *err)
{
    assay_evaluate_options evaluate = options->evaluate;
    comparing c = {.models = models,
                   .n_models = n_models,
                   .context = context,
                   .metrics = metrics,
                   .n_metrics = n_metrics,
                   .options = options,
                   .weights = models[0]->weights,
                   .level = evaluate.level > 0.0 ? evaluate.level : 0.95,
                   .arena = out->arena};
    evaluate.paired = 1;
    evaluate.resample = ASSAY_RESAMPLE_POISSON;
    ASSAY_TRY(select_rows(&c, mask, err));
    if (c.few_units) {
        evaluate.replicates = -1;
    }
    for (int32_t k = 0; k < n_models; k++) {
        ASSAY_TRY(assay_evaluate(&results[k], models[k], mask, metrics, n_metrics, &evaluate, err));
    }
    for (int32_t a = 0; a < n_models; a++) {
        for (int32_t b = a + 1; b < n_models; b++) {
            ASSAY_TRY(compare_pair(out, &c, results, a, b, err));
        }
    }
    return compare_all(out, &c, err);
}

int assay_difference_noninferior(const assay_difference *difference, double margin)
{
    bool lower = difference->op->direction == ASSAY_LOWER_IS_BETTER;
    /* how much worse b may at least and at most be */
    double least = lower ? difference->bound_low : -difference->bound_high;
    double most = lower ? difference->bound_high : -difference->bound_low;
    if (difference->outcome != ASSAY_OUTCOME_VALUE ||
        difference->op->direction == ASSAY_NO_DIRECTION) {
        return 0;
    }
    return most < margin ? 1 : least > margin ? -1 : 0;
}

int assay_difference_winner(const assay_difference *difference, double alpha)
{
    if (!(difference->p_adjusted <= alpha) || difference->difference == 0.0 ||
        difference->op->direction == ASSAY_NO_DIRECTION) {
        return 0;
    }
    bool lower = difference->op->direction == ASSAY_LOWER_IS_BETTER;
    return (difference->difference > 0.0) != lower ? 1 : -1;
}
