#include <inttypes.h>
#include <math.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/sort.h"
#include "core/detection_measure.h"
#include "stats/intervals.h"

enum { FEWEST_UNITS = 10 };

static assay_status sort_values(double *values, int64_t n, assay_error *err)
{
    int64_t *order = assay_alloc_raw((size_t)n, sizeof *order);
    double *copy = assay_alloc_raw((size_t)n, sizeof *copy);
    assay_status status = ASSAY_OK;
    if (order == NULL || copy == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_sort_order(order, values, n, 0, err), done);
    for (int64_t i = 0; i < n; i++) {
        copy[i] = values[order[i]];
    }
    for (int64_t i = 0; i < n; i++) {
        values[i] = copy[i];
    }
done:
    assay_free(order);
    assay_free(copy);
    return status;
}

/* Quantile of Student's t at a normal score, to the second order in 1 / df (Cornish and Fisher). */
static double student(double z, double df)
{
    double z3 = z * z * z;
    return z + (z3 + z) / (4.0 * df) + (5.0 * z3 * z * z + 16.0 * z3 + 3.0 * z) / (96.0 * df * df);
}

/* Where estimate -+ t * standard error reaches farther than the replicates, it takes their place: then
 * every quantile of them is the farther end of both, and the estimate lies between the ends. */
static void reach_out(double *sorted, int64_t n, double estimate, const assay_interval_rule *rule)
{
    double mean = 0.0;
    double square = 0.0;
    for (int64_t i = 0; i < n; i++) {
        mean += sorted[i] / (double)n;
    }
    for (int64_t i = 0; i < n; i++) {
        square += (sorted[i] - mean) * (sorted[i] - mean);
    }
    double error = sqrt(square / (double)(n - 1));
    for (int64_t i = 0; i < n; i++) {
        double z = assay_normal_inverse(((double)i + 0.5) / (double)n);
        double t = estimate + student(z, (double)(rule->units - 1)) * error;
        sorted[i] = z < 0.0 ? fmin(sorted[i], t) : fmax(sorted[i], t);
        sorted[i] = fmin(fmax(sorted[i], rule->least), rule->most);
    }
}

/* Resampled AP is too high on average, since copies of one image agree. The basic interval takes that
 * bias off, where a percentile interval would double it; over many classes the bias is too large for a
 * bias-corrected percentile, whose tails then lie beyond all replicates. With few images, or few objects
 * of a class, it is too narrow; so it is at least as wide as Student's t says. */
bool assay_interval_resamples(const assay_interval_rule *rule)
{
    return rule->replicates > 0 && rule->units >= FEWEST_UNITS;
}

assay_status assay_replicate_bounds(assay_measure *measure, const double *values, int64_t stride,
                                    const assay_interval_rule *rule, assay_arena *arena,
                                    assay_error *err)
{
    assay_measure *m = measure;
    const char *unit = rule->clustered ? "clusters" : "images";
    int64_t n = 0;
    m->level = rule->level;
    m->method = "none";
    if (m->outcome != ASSAY_OUTCOME_VALUE || rule->replicates == 0) {
        return ASSAY_OK;
    }
    if (rule->units < FEWEST_UNITS) {
        m->method = rule->clustered ? "none: fewer than 10 clusters" : "none: fewer than 10 images";
        return ASSAY_OK;
    }
    double *reflected = assay_arena_alloc(arena, (size_t)rule->replicates, sizeof *reflected);
    if (reflected == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t r = 0; values != NULL && r < rule->replicates; r++) {
        double value = values[r * stride];
        if (!isnan(value)) {
            reflected[n++] = 2.0 * m->value - value;
        }
    }
    ASSAY_TRY(sort_values(reflected, n, err));
    if (n == 0 || reflected[0] == reflected[n - 1]) {
        m->method = "none: all replicates are equal";
        return ASSAY_OK;
    }
    reach_out(reflected, n, m->value, rule);
    double alpha = (1.0 - rule->level) / 2.0;
    assay_status status =
        assay_percentile_interval(&m->low, &m->high, reflected, n, alpha, alpha, NULL);
    if (status == ASSAY_EUNSUPPORTED) {
        m->low = m->high = NAN;
        m->method = "none: too few replicates have a value for this level";
        return ASSAY_OK;
    }
    ASSAY_TRY(status);
    m->replicates = reflected;
    m->n_replicates = n;
    m->method = n == rule->replicates
                    ? assay_arena_printf(
                          arena, "bootstrap_basic_or_t over %s, %" PRId64 " replicates", unit, n)
                    : assay_arena_printf(arena,
                                         "bootstrap_basic_or_t over %s, %" PRId64 " of %" PRId64
                                         " replicates have a value",
                                         unit, n, rule->replicates);
    return m->method != NULL ? ASSAY_OK : assay_fail_memory(err);
}
