/* Tests of the hypothesis that three or more models are equally good. */
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
                          .df = (double)n_models - 1.0};
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

assay_status assay_compare_groups(assay_comparison *out, const double *values, int64_t groups,
                                  int32_t n_models, int32_t context, const char *metric,
                                  assay_error *err)
{
    assay_friedman friedman;
    double *whole =
        assay_arena_alloc(out->arena, (size_t)groups + 1, (size_t)n_models * sizeof *whole);
    double *ranks = assay_arena_alloc(out->arena, (size_t)n_models, sizeof *ranks);
    if (whole == NULL || ranks == NULL) {
        return assay_fail_memory(err);
    }
    int64_t n = whole_groups(whole, values, groups, n_models);
    if (n < FEWEST_GROUPS || n_models < 3) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_friedman_test(&friedman, ranks, whole, n, n_models, err));
    const assay_omnibus test = {.context = context,
                                .metric = metric,
                                .test = "friedman",
                                .n = n,
                                .statistic = friedman.chi_square,
                                .df = (double)n_models - 1.0,
                                .p = friedman.p};
    return add_omnibus(out, &test, err);
}
