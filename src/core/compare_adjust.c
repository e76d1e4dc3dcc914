/* Many tests at once: adjusted p-values, as in R's p.adjust. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "core/compare.h"

/** Step-down (Holm 1979): the largest so far, from the smallest p-value on. */
static void step_down(double *p, const int64_t *order, int64_t n)
{
    double least = 0.0;

    for (int64_t i = 0; i < n; i++) {
        least = fmax(least, fmin(1.0, p[order[i]] * (double)(n - i)));
        p[order[i]] = least;
    }
}

/** Step-up, from the largest p-value on: Hochberg (1988) with the number of those at least as large,
 *  Benjamini and Hochberg (1995), Benjamini and Yekutieli (2001) with n / rank. */
static void step_up(double *p, const int64_t *order, int64_t n, bool hochberg, double factor)
{
    double most = 1.0;

    for (int64_t i = n - 1; i >= 0; i--) {
        double times = hochberg ? (double)(n - i) : factor * (double)n / (double)(i + 1);
        most = fmin(most, p[order[i]] * times);
        p[order[i]] = most;
    }
}

static void adjust(double *p, const int64_t *order, int64_t n, const char *how)
{
    double harmonic = 0.0;

    if (strcmp(how, "holm") == 0) {
        step_down(p, order, n);
    } else if (strcmp(how, "hochberg") == 0) {
        step_up(p, order, n, true, 1.0);
    } else if (strcmp(how, "bh") == 0) {
        step_up(p, order, n, false, 1.0);
    } else if (strcmp(how, "by") == 0) {
        for (int64_t i = n; i > 0; i--) {
            harmonic += 1.0 / (double)i;
        }
        step_up(p, order, n, false, harmonic);
    } else if (strcmp(how, "bonferroni") == 0) {
        for (int64_t i = 0; i < n; i++) {
            p[i] = fmin(1.0, p[i] * (double)n);
        }
    }
}

assay_status assay_comparison_adjust(assay_comparison *comparison, const char *how,
                                     assay_error *err)
{
    assay_status status = ASSAY_OK;
    size_t most = (size_t)comparison->n_differences + 1;
    double *p = assay_alloc(most, sizeof *p);
    int64_t *order = assay_alloc(most, sizeof *order);
    int64_t n = 0, k = 0;

    if (!p || !order) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < comparison->n_differences; i++) {
        if (!isnan(comparison->differences[i].p)) {
            p[n++] = comparison->differences[i].p;
        }
    }
    ASSAY_GOTO(assay_sort_order(order, p, n, 0, err), done);
    adjust(p, order, n, how);
    for (int64_t i = 0; i < comparison->n_differences; i++) {
        assay_difference *d = &comparison->differences[i];
        d->p_adjusted = isnan(d->p) ? NAN : p[k++];
    }
done:
    assay_free(p);
    assay_free(order);
    return status;
}
