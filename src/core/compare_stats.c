/* Tests of the hypothesis that all models are equally good. */
#include <math.h>
#include <string.h>

#include "core/compare_internal.h"
#include "stats/rank_tests.h"

enum { FEWEST_GROUPS = 5 };

static assay_status add_omnibus(assay_comparison *out, const assay_omnibus *test, assay_error *err)
{
    assay_omnibus *list = assay_comparison_grow(out->arena, out->omnibus, out->n_omnibus,
                                                &out->capacity_omnibus, sizeof *list);
    if (list == NULL) {
        return assay_fail_memory(err);
    }
    out->omnibus = list;
    list[out->n_omnibus++] = *test;
    return ASSAY_OK;
}

assay_status assay_compare_cochran(assay_comparison *out, const uint8_t *table, int64_t n,
                                   int32_t n_models, int32_t context, const char *metric,
                                   assay_error *err)
{
    assay_omnibus test = {.context = context,
                          .metric = metric,
                          .test = "cochran_q",
                          .n = n,
                          .df = (double)n_models - 1.0,
                          .critical = NAN,
                          .iman_davenport = NAN,
                          .n_models = n_models};
    ASSAY_TRY(assay_cochran_q(&test.statistic, &test.p, table, n, n_models, err));
    return add_omnibus(out, &test, err);
}

/* The groups that all models have a value for. */
static int64_t whole_groups(double *out, const double *values, int64_t groups, int32_t n_models)
{
    int64_t n = 0;
    for (int64_t g = 0; g < groups; g++) {
        const double *group = values + g * n_models;
        bool whole = true;
        for (int32_t m = 0; m < n_models; m++) {
            whole = whole && !isnan(group[m]);
        }
        if (whole) {
            memcpy(out + n * n_models, group, (size_t)n_models * sizeof *out);
            n++;
        }
    }
    return n;
}

static assay_status wilcoxon(assay_comparison *out, assay_omnibus *test, const double *values,
                             int64_t n, assay_error *err)
{
    assay_wilcoxon_result w;
    double *differences = assay_arena_alloc(out->arena, (size_t)n, sizeof *differences);
    if (differences == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        differences[i] = values[2 * i + 1] - values[2 * i];
    }
    ASSAY_TRY(assay_wilcoxon(&w, differences, n, ASSAY_ZEROS_PRATT, n <= ASSAY_WILCOXON_EXACT_MOST,
                             true, err));
    test->test = w.exact ? "wilcoxon_exact" : "wilcoxon";
    test->statistic = w.plus;
    test->df = NAN;
    test->p = w.two_sided;
    return add_omnibus(out, test, err);
}

static assay_status friedman(assay_comparison *out, assay_omnibus *test, const double *values,
                             int64_t n, int32_t k, assay_direction direction, double level,
                             assay_error *err)
{
    assay_friedman result;
    double *ranks = assay_arena_alloc(out->arena, (size_t)k, sizeof *ranks);
    double *pairs = assay_arena_alloc(out->arena, (size_t)k, (size_t)k * sizeof *pairs);
    if (ranks == NULL || pairs == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_friedman_test(&result, ranks, values, n, k, err));
    ASSAY_TRY(assay_nemenyi(pairs, ranks, n, k, err));
    ASSAY_TRY(assay_nemenyi_critical(&test->critical, n, k, 1.0 - level, err));
    for (int32_t j = 0; j < k && direction != ASSAY_LOWER_IS_BETTER; j++) {
        ranks[j] = (double)k + 1.0 - ranks[j]; /* 1 = best */
    }
    test->test = "friedman";
    test->statistic = result.chi_square;
    test->df = (double)k - 1.0;
    test->p = result.p;
    test->iman_davenport = result.f_p;
    test->mean_ranks = ranks;
    test->nemenyi = pairs;
    return add_omnibus(out, test, err);
}

assay_status assay_compare_groups(assay_comparison *out, const double *values, int64_t groups,
                                  int32_t n_models, int32_t context, const assay_measure *measure,
                                  assay_direction direction, double level, assay_error *err)
{
    double *whole =
        assay_arena_alloc(out->arena, (size_t)groups + 1, (size_t)n_models * sizeof *whole);
    if (whole == NULL) {
        return assay_fail_memory(err);
    }
    int64_t n = whole_groups(whole, values, groups, n_models);
    if (n < FEWEST_GROUPS || n_models < 2) {
        return ASSAY_OK;
    }
    assay_omnibus test = {.context = context,
                          .metric = measure->metric,
                          .average = measure->average,
                          .n = n,
                          .critical = NAN,
                          .iman_davenport = NAN,
                          .n_models = n_models};
    return n_models == 2 ? wilcoxon(out, &test, whole, n, err)
                         : friedman(out, &test, whole, n, n_models, direction, level, err);
}
