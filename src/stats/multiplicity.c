#include "stats/multiplicity.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "stats/check.h"

static const char *const names[] = {[ASSAY_ADJUST_NONE] = "none",
                                    [ASSAY_ADJUST_BONFERRONI] = "bonferroni",
                                    [ASSAY_ADJUST_SIDAK] = "sidak",
                                    [ASSAY_ADJUST_HOLM] = "holm",
                                    [ASSAY_ADJUST_HOLM_SIDAK] = "holm_sidak",
                                    [ASSAY_ADJUST_HOCHBERG] = "hochberg",
                                    [ASSAY_ADJUST_BENJAMINI_HOCHBERG] = "bh",
                                    [ASSAY_ADJUST_BENJAMINI_YEKUTIELI] = "by",
                                    [ASSAY_ADJUST_FIXED_SEQUENCE] = "fixed_sequence",
                                    [ASSAY_ADJUST_MAX_T] = "max_t",
                                    [ASSAY_ADJUST_E_BH] = "e_bh"};

const char *assay_adjustment_name(assay_adjustment method)
{
    return names[method];
}

bool assay_adjustment_find(assay_adjustment *out, const char *name)
{
    for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (assay_adjustment)i;
            return true;
        }
    }
    return false;
}

bool assay_adjustment_is_familywise(assay_adjustment method)
{
    return method == ASSAY_ADJUST_BONFERRONI || method == ASSAY_ADJUST_SIDAK ||
           method == ASSAY_ADJUST_HOLM || method == ASSAY_ADJUST_HOLM_SIDAK ||
           method == ASSAY_ADJUST_HOCHBERG || method == ASSAY_ADJUST_FIXED_SEQUENCE ||
           method == ASSAY_ADJUST_MAX_T;
}

static assay_status check_p(const double *p, int64_t m, assay_error *err)
{
    ASSAY_TRY(assay_check_least("multiplicity", "the number of hypotheses", m, 1, err));
    for (int64_t i = 0; i < m; i++) {
        if (!(p[i] >= 0.0 && p[i] <= 1.0)) {
            return assay_fail(err, ASSAY_EINVAL,
                              "multiplicity: p-value %" PRId64 " is %g and must be in [0, 1]",
                              i + 1, p[i]);
        }
    }
    return ASSAY_OK;
}

/* 1 - (1 - p)^n without cancellation */
static double sidak(double p, double n)
{
    return p < 1.0 ? -expm1(n * log1p(-p)) : 1.0;
}

static double harmonic(int64_t m)
{
    double sum = 0.0;
    for (int64_t i = m; i >= 1; i--) {
        sum += 1.0 / (double)i;
    }
    return sum;
}

/* From the smallest p-value up, never falling. */
static void step_down(double *adjusted, const double *p, const int64_t *order, int64_t m,
                      bool with_sidak)
{
    double largest = 0.0;
    for (int64_t i = 0; i < m; i++) {
        double left = (double)(m - i);
        double value = with_sidak ? sidak(p[order[i]], left) : left * p[order[i]];
        largest = fmin(1.0, fmax(largest, value));
        adjusted[order[i]] = largest;
    }
}

/* From the largest p-value down, never rising. */
static void step_up(double *adjusted, const double *p, const int64_t *order, int64_t m,
                    assay_adjustment method)
{
    double smallest = 1.0;
    double factor = method == ASSAY_ADJUST_BENJAMINI_YEKUTIELI ? harmonic(m) : 1.0;
    for (int64_t i = m - 1; i >= 0; i--) {
        double times = method == ASSAY_ADJUST_HOCHBERG ? (double)(m - i)
                                                       : factor * (double)m / (double)(i + 1);
        smallest = fmin(smallest, times * p[order[i]]);
        adjusted[order[i]] = smallest;
    }
}

assay_status assay_adjust(double *adjusted, const double *p, int64_t m, assay_adjustment method,
                          assay_error *err)
{
    if (method == ASSAY_ADJUST_FIXED_SEQUENCE) {
        return assay_fixed_sequence(adjusted, p, m, err);
    }
    ASSAY_TRY(check_p(p, m, err));
    int64_t *order = assay_alloc_raw((size_t)m, sizeof *order);
    if (order == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = assay_sort_order(order, p, m, 0, err);
    if (status != ASSAY_OK) {
        goto done;
    }
    switch (method) {
    case ASSAY_ADJUST_NONE:
    case ASSAY_ADJUST_BONFERRONI:
    case ASSAY_ADJUST_SIDAK:
        for (int64_t i = 0; i < m; i++) {
            adjusted[i] = method == ASSAY_ADJUST_NONE    ? p[i]
                          : method == ASSAY_ADJUST_SIDAK ? sidak(p[i], (double)m)
                                                         : fmin(1.0, (double)m * p[i]);
        }
        break;
    case ASSAY_ADJUST_HOLM:
    case ASSAY_ADJUST_HOLM_SIDAK:
        step_down(adjusted, p, order, m, method == ASSAY_ADJUST_HOLM_SIDAK);
        break;
    case ASSAY_ADJUST_HOCHBERG:
    case ASSAY_ADJUST_BENJAMINI_HOCHBERG:
    case ASSAY_ADJUST_BENJAMINI_YEKUTIELI:
        step_up(adjusted, p, order, m, method);
        break;
    case ASSAY_ADJUST_FIXED_SEQUENCE:
    case ASSAY_ADJUST_MAX_T:
    default:
        status = assay_fail(err, ASSAY_EINVAL, "multiplicity: unknown method %d", (int)method);
        break;
    }
done:
    assay_free(order);
    return status;
}

assay_status assay_fixed_sequence(double *adjusted, const double *p, int64_t m, assay_error *err)
{
    ASSAY_TRY(check_p(p, m, err));
    double largest = 0.0;
    for (int64_t i = 0; i < m; i++) {
        largest = fmax(largest, p[i]);
        adjusted[i] = largest;
    }
    return ASSAY_OK;
}

/* counts[i] += does the largest statistic among the hypotheses from the i-th largest observed one on
 * reach the i-th? In a single step the largest of all is asked instead. */
static void count_replicate(int64_t *counts, const double *observed, const double *null,
                            const int64_t *order, int64_t m, bool down)
{
    double largest = -INFINITY;
    for (int64_t i = m - 1; i >= 0; i--) {
        largest = fmax(largest, null[order[i]]);
        counts[i] += down && largest >= observed[order[i]];
    }
    for (int64_t i = 0; i < m && !down; i++) {
        counts[i] += largest >= observed[order[i]];
    }
}

assay_status assay_max_t(double *adjusted, const double *observed, const double *null,
                         int64_t replicates, int64_t m, bool down, assay_error *err)
{
    ASSAY_TRY(assay_check_least("max-T", "the number of hypotheses", m, 1, err));
    ASSAY_TRY(assay_check_least("max-T", "the number of replicates", replicates, 1, err));
    ASSAY_TRY(assay_check_finite("max-T", observed, m, err));
    ASSAY_TRY(assay_check_finite("max-T", null, replicates * m, err));
    int64_t *order = assay_alloc_raw((size_t)m, sizeof *order);
    int64_t *counts = assay_alloc((size_t)m, sizeof *counts);
    assay_status status = ASSAY_OK;
    if (order == NULL || counts == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_sort_order(order, observed, m, 1, err), done);
    for (int64_t r = 0; r < replicates; r++) {
        count_replicate(counts, observed, null + r * m, order, m, down);
    }
    double largest = 0.0;
    for (int64_t i = 0; i < m; i++) {
        largest = fmax(largest, (1.0 + (double)counts[i]) / (1.0 + (double)replicates));
        adjusted[order[i]] = largest;
    }
done:
    assay_free(order);
    assay_free(counts);
    return status;
}

assay_status assay_e_benjamini_hochberg(double *adjusted, const double *e, int64_t m,
                                        assay_error *err)
{
    ASSAY_TRY(assay_check_least("e-BH", "the number of hypotheses", m, 1, err));
    for (int64_t i = 0; i < m; i++) {
        if (!(e[i] >= 0.0)) {
            return assay_fail(err, ASSAY_EINVAL,
                              "e-BH: e-value %" PRId64 " is %g, must be 0 or more", i + 1, e[i]);
        }
    }
    int64_t *order = assay_alloc_raw((size_t)m, sizeof *order);
    if (order == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = assay_sort_order(order, e, m, 1, err);
    double smallest = 1.0;
    for (int64_t i = m - 1; status == ASSAY_OK && i >= 0; i--) {
        double value = e[order[i]] > 0.0 ? (double)m / ((double)(i + 1) * e[order[i]]) : 1.0;
        smallest = fmin(smallest, value);
        adjusted[order[i]] = smallest;
    }
    assay_free(order);
    return status;
}
