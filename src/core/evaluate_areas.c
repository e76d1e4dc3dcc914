/* Areas under the ROC curve and differences of two models' areas: variances by DeLong's placements
 * instead of resampling. */
#include <inttypes.h>
#include <math.h>

#include "base/alloc.h"
#include "core/evaluate_internal.h"
#include "core/interval.h"
#include "stats/delong.h"

enum { AVERAGES = 2 }; /* measures before those of the classes: macro, weighted */

/* ---- variances ---- */

typedef struct areas {
    const assay_predictions *models[2];
    int n_models;
    const int64_t *rows, *cluster; /* NULL = all, independent */
    int64_t n, clusters;
    double *scores[2], *places, *influence; /* n; n_models x n; AVERAGES x n */
    uint8_t *positive;
    bool averages; /* wanted */
} areas;

static void fetch_class(areas *a, int32_t c, double *positives)
{
    *positives = 0.0;
    for (int64_t i = 0; i < a->n; i++) {
        int64_t row = a->rows != NULL ? a->rows[i] : i;
        a->positive[i] = a->models[0]->target[row] == c;
        *positives += a->positive[i];
        for (int m = 0; m < a->n_models; m++) {
            const assay_predictions *p = a->models[m];
            int64_t at = row * p->classes + c;
            a->scores[m][i] = p->scores_f32 != NULL ? (double)p->scores_f32[at] : p->scores_f64[at];
        }
    }
}

/* What each row adds to the averages (of the second model minus the first), to first order, with the
 * shares of the classes taken as they are. Of independent rows the sum of squares is DeLong's covariance,
 * whose sides each have m - 1 degrees of freedom. */
static void add_influence(areas *a, const double *auc, double positives, double macro)
{
    double n = (double)a->n;
    for (int64_t i = 0; i < a->n; i++) {
        double side = a->positive[i] != 0 ? positives : n - positives;
        double unit = a->cluster != NULL ? side : sqrt(side * (side - 1.0));
        double own = (a->places[i] - auc[0]) / unit;
        if (a->n_models == 2) {
            own = (a->places[a->n + i] - auc[1]) / unit - own;
        }
        a->influence[i] += own * macro;
        a->influence[a->n + i] += own * positives / n;
    }
}

/* The sum of the squares of the influences, of clusters times C / (C - 1). */
static assay_status sum_influence(double *variance, const areas *a, int average, assay_error *err)
{
    const double *influence = a->influence + average * a->n;
    int64_t clusters = a->cluster != NULL ? a->clusters : a->n;
    double *sums = assay_alloc((size_t)clusters + 1, sizeof *sums);
    assay_sum total = {0};
    if (sums == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < a->n; i++) {
        sums[a->cluster != NULL ? a->cluster[i] : i] += influence[i];
    }
    for (int64_t c = 0; c < clusters; c++) {
        assay_sum_add(&total, sums[c] * sums[c]);
    }
    *variance = assay_sum_value(&total);
    if (a->cluster != NULL) {
        *variance *= (double)clusters / (double)(clusters - 1);
    }
    assay_free(sums);
    return ASSAY_OK;
}

/* variance[AVERAGES + classes]; NaN where there are too few rows of a class, or scores are infinite. */
static assay_status area_variances(double *variance, areas *a, assay_error *err)
{
    int32_t classes = a->models[0]->classes;
    bool whole = true;
    int64_t defined = 0;
    for (int32_t c = 0; c < classes; c++) {
        double positives = 0.0;
        fetch_class(a, c, &positives);
        defined += positives > 0.0 && positives < (double)a->n;
    }
    for (int32_t c = 0; c < classes; c++) {
        double auc[2], covariance[4], positives = 0.0;
        assay_error refusal;
        fetch_class(a, c, &positives);
        variance[AVERAGES + c] = NAN;
        if (!(positives > 0.0 && positives < (double)a->n)) {
            continue;
        }
        assay_status status =
            assay_delong_full(auc, covariance, a->places, (const double *const *)a->scores,
                              a->n_models, a->positive, a->cluster, a->clusters, a->n, &refusal);
        if (status == ASSAY_EINVAL) {
            whole = false;
            continue;
        }
        if (status != ASSAY_OK) {
            return assay_fail(err, status, "%s", refusal.message);
        }
        variance[AVERAGES + c] =
            a->n_models == 1 ? covariance[0] : covariance[0] + covariance[3] - 2.0 * covariance[1];
        variance[AVERAGES + c] = fmax(variance[AVERAGES + c], 0.0);
        add_influence(a, auc, positives, 1.0 / (double)defined);
    }
    for (int k = 0; k < AVERAGES; k++) {
        variance[k] = NAN;
        if (whole && a->averages && a->n > 1) {
            ASSAY_TRY(sum_influence(&variance[k], a, k, err));
        }
    }
    return ASSAY_OK;
}

static assay_status with_space(double *variance, areas *a, assay_error *err)
{
    assay_status status = ASSAY_OK;
    size_t n = (size_t)a->n + 1;
    a->places = assay_alloc_raw(n, (size_t)a->n_models * sizeof(double));
    a->influence = assay_alloc(n, AVERAGES * sizeof(double));
    a->positive = assay_alloc_raw(n, 1);
    for (int m = 0; m < a->n_models; m++) {
        a->scores[m] = assay_alloc_raw(n, sizeof(double));
    }
    if (a->places == NULL || a->influence == NULL || a->positive == NULL || a->scores[0] == NULL ||
        a->scores[a->n_models - 1] == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    status = area_variances(variance, a, err);
done:
    assay_free(a->places);
    assay_free(a->influence);
    assay_free(a->positive);
    assay_free(a->scores[0]);
    assay_free(a->scores[1]);
    return status;
}

assay_status assay_area_differences(double *variance, const assay_predictions *first,
                                    const assay_predictions *second, const int64_t *rows, int64_t n,
                                    const int64_t *cluster, int64_t clusters, assay_error *err)
{
    areas a = {.models = {first, second},
               .n_models = 2,
               .rows = rows,
               .cluster = cluster,
               .n = n,
               .clusters = clusters,
               .averages = true};
    return with_space(variance, &a, err);
}

/* ---- intervals ---- */

typedef struct area {
    double value, variance;
    int64_t pairs;              /* disjoint ones, of perfect order; else 0 */
    double share;               /* of the error probability that each of them takes */
    const assay_args *interval; /* NULL = on the logit scale */
} area;

static assay_status area_bounds(double *low, double *high, const void *evidence, double alpha_low,
                                double alpha_high, assay_error *err)
{
    const area *a = evidence;
    if (a->pairs > 0) {
        *low = a->value >= 1.0 && alpha_low > 0.0
                   ? assay_perfect_area_bound(a->pairs, alpha_low * a->share)
                   : (double)(a->value >= 1.0 && alpha_low > 0.0);
        *high = a->value <= 0.0 && alpha_high > 0.0
                    ? 1.0 - assay_perfect_area_bound(a->pairs, alpha_high * a->share)
                    : 1.0;
        return ASSAY_OK;
    }
    if (a->interval == NULL) {
        return assay_auc_interval(low, high, a->value, a->variance, 1, alpha_low, alpha_high, err);
    }
    return a->interval->op->interval->area(low, high, a->value, a->variance, alpha_low, alpha_high,
                                           a->interval->params, err);
}

/* The smaller class counts; of clusters, those that hold it, and each is used once. */
static int64_t disjoint_pairs(const assay_evaluation *e, int32_t c, uint8_t *seen)
{
    int64_t count[2] = {0, 0}, clusters = e->cluster != NULL ? e->clusters : e->n;
    for (int64_t k = 0; k < clusters; k++) {
        seen[k] = 0;
    }
    for (int64_t i = 0; i < e->n; i++) {
        int side = e->predictions->target[assay_selected_row(e, i)] == c;
        int64_t at = e->cluster != NULL ? e->cluster[i] : i;
        count[side] += (seen[at] & (1U << side)) == 0;
        seen[at] = (uint8_t)(seen[at] | 1U << side);
    }
    int64_t fewest = count[0] < count[1] ? count[0] : count[1];
    return fewest < clusters / 2 ? fewest : clusters / 2;
}

static assay_status perfect_pairs(int64_t *pairs, const assay_evaluation *e, int64_t measure,
                                  assay_error *err)
{
    int32_t classes = e->predictions->classes;
    uint8_t *seen = assay_alloc((size_t)e->n + 1, 1);
    *pairs = INT64_MAX;
    if (seen == NULL) {
        return assay_fail_memory(err);
    }
    for (int32_t c = 0; c < classes; c++) {
        if (measure < AVERAGES || measure - AVERAGES == c) {
            int64_t found = disjoint_pairs(e, c, seen);
            *pairs = found > 0 && found < *pairs ? found : *pairs;
        }
    }
    assay_free(seen);
    return ASSAY_OK;
}

static assay_status put_bounds(assay_measure *m, const assay_evaluation *e, int64_t index,
                               const assay_args *interval, const char *name, assay_arena *arena,
                               assay_error *err)
{
    area *a = assay_arena_alloc(arena, 1, sizeof *a);
    int32_t classes = e->predictions->classes;
    if (a == NULL) {
        return assay_fail_memory(err);
    }
    *a = (area){.value = m->value, .variance = m->variance, .interval = interval};
    m->evidence = a;
    m->bounds = area_bounds;
    m->bounds_name = interval == NULL ? "delong, logit scale" : name;
    if (m->variance == 0.0 && (m->value >= 1.0 || m->value <= 0.0)) {
        ASSAY_TRY(perfect_pairs(&a->pairs, e, index, err));
        a->share = index < AVERAGES && classes > 2 ? 1.0 / (double)classes : 1.0;
        m->bounds_name = assay_arena_printf(
            arena, "exact, %" PRId64 " disjoint pairs, all in the same order", a->pairs);
    } else if (m->clusters > 0) {
        m->bounds_name =
            assay_arena_printf(arena, "%s, %" PRId64 " clusters", m->bounds_name, m->clusters);
    }
    return m->bounds_name != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static assay_status find_variances(assay_measure *measures, const assay_evaluation *e,
                                   assay_error *err)
{
    int32_t classes = e->predictions->classes;
    bool same = classes == 2 && measures[AVERAGES].value == measures[AVERAGES + 1].value;
    bool known = e->units == NULL && same && measures[AVERAGES].outcome == ASSAY_OUTCOME_VALUE;
    if (!known) {
        areas a = {.models = {e->predictions, NULL},
                   .n_models = 1,
                   .rows = e->rows,
                   .cluster = e->cluster,
                   .n = e->n,
                   .clusters = e->clusters,
                   .averages = !same};
        double *variance = assay_alloc((size_t)classes + AVERAGES, sizeof *variance);
        if (variance == NULL) {
            return assay_fail_memory(err);
        }
        assay_status status = with_space(variance, &a, err);
        for (int32_t k = 0; k < classes + AVERAGES; k++) {
            measures[k].variance = variance[k];
        }
        assay_free(variance);
        ASSAY_TRY(status);
    }
    for (int k = 0; k < AVERAGES && same; k++) {
        measures[k].variance = measures[AVERAGES + 1].variance;
    }
    return ASSAY_OK;
}

assay_status assay_evaluate_areas(assay_result *out, const assay_evaluation *e,
                                  const assay_args *interval, const char *name, assay_error *err)
{
    for (size_t j = 0; j < e->n_jobs; j++) {
        const assay_job *job = &e->jobs[j];
        assay_measure *measures = &out->measures[job->first_measure];
        bool resampled = interval != NULL && interval->op->interval->area == NULL;
        if (job->unmet != NULL || job->metric->area == NULL || !job->metric->area(job->params) ||
            e->predictions->task == ASSAY_TASK_MULTILABEL || /* the pairs of a row hang together */
            e->weights != NULL || e->resample != ASSAY_RESAMPLE_POISSON || e->n == 0) {
            continue;
        }
        if (!resampled) {
            ASSAY_TRY(find_variances(measures, e, err));
        }
        for (int64_t m = 0; m < job->n_measures; m++) {
            measures[m].interval = resampled ? interval : NULL;
            if (!resampled && measures[m].outcome == ASSAY_OUTCOME_VALUE &&
                !isnan(measures[m].variance)) {
                ASSAY_TRY(put_bounds(&measures[m], e, m, interval, name, out->arena, err));
            }
        }
    }
    return ASSAY_OK;
}
