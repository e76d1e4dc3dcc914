#include "ops/shared/group_mean.h"

#include <inttypes.h>
#include <math.h>

#include "stats/mean_gaps.h"

size_t assay_group_moments_size(const void *params, int32_t cells)
{
    (void)params;
    return (size_t)cells * sizeof(assay_group_moment);
}

assay_status assay_group_moments_block(void *state, const assay_mean_kind *kind,
                                       const assay_rows *rows)
{
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        if (weight > 0.0) {
            assay_group_moment *m = (assay_group_moment *)state + rows->group[i];
            double off = kind->term(rows, i) - m->mean;
            m->n += weight;
            m->mean += off * (weight / m->n);
            m->squares += weight * off * (off - off * (weight / m->n));
        }
    }
    return ASSAY_OK;
}

void assay_group_moments_merge(void *into, const void *from, const void *params, int32_t cells)
{
    (void)params;
    assay_group_moment *to = into;
    const assay_group_moment *other = from;
    for (int32_t g = 0; g < cells; g++) {
        if (other[g].n > 0.0) {
            double n = to[g].n + other[g].n;
            double off = other[g].mean - to[g].mean;
            to[g].mean += off * (other[g].n / n);
            to[g].squares += other[g].squares + off * off * (to[g].n * (other[g].n / n));
            to[g].n = n;
        }
    }
}

/* The groups that take part. */
typedef struct evidence {
    assay_mean_form form;
    int32_t n;
    assay_sample *groups;
    int32_t *index; /* which they are */
    int64_t left_out;
    const char *names[3];
} evidence;

static assay_status bounds(double *low, double *high, const void *from, double alpha_low,
                           double alpha_high, assay_error *err)
{
    const evidence *e = from;
    switch (e->form) {
    case ASSAY_MEAN_DIFFERENCE:
        return assay_mean_difference(low, high, e->groups, e->n, alpha_low, alpha_high, err);
    case ASSAY_MEAN_RATIO:
        return assay_mean_ratio(low, high, e->groups, e->n, alpha_low, alpha_high, err);
    case ASSAY_MEAN_HIGHEST:
        return assay_highest_mean(low, high, e->groups, e->n, alpha_low, alpha_high, err);
    case ASSAY_MEAN_FARTHEST:
        break;
    }
    return assay_farthest_mean(low, high, e->groups, e->n, alpha_low, alpha_high, err);
}

static assay_status gather(evidence **out, const assay_group_moment *moments,
                           const assay_mean_kind *kind, const assay_mean_params *params,
                           const assay_rows *shape, assay_arena *arena, assay_error *err)
{
    int32_t groups = shape->groups->n;
    evidence *e = assay_arena_alloc(arena, 1, sizeof *e);
    *out = e;
    if (e == NULL) {
        return assay_fail_memory(err);
    }
    e->form = kind->form;
    e->groups = assay_arena_alloc(arena, (size_t)groups, sizeof *e->groups);
    e->index = assay_arena_alloc(arena, (size_t)groups, sizeof *e->index);
    if (e->groups == NULL || e->index == NULL) {
        return assay_fail_memory(err);
    }
    for (int32_t g = 0; g < groups; g++) {
        double n = moments[g].n;
        if (n > 0.0 && n >= (double)params->least * shape->mean_weight) {
            e->index[e->n] = g;
            e->groups[e->n++] = (assay_sample){n, moments[g].mean, moments[g].squares / (n - 1.0)};
        } else {
            if (e->left_out < 3) {
                e->names[e->left_out] = shape->groups->names[g];
            }
            e->left_out++;
        }
    }
    return ASSAY_OK;
}

static const char *left_out_text(const evidence *e, const assay_mean_params *params,
                                 assay_arena *arena)
{
    return assay_arena_printf(arena, "fewer than %" PRId64 " rows, so left out: %s%s%s%s%s%s",
                              params->least, e->names[0], e->left_out > 1 ? ", " : "",
                              e->left_out > 1 ? e->names[1] : "", e->left_out > 2 ? ", " : "",
                              e->left_out > 2 ? e->names[2] : "", e->left_out > 3 ? ", ..." : "");
}

/* The value, and the group that makes it; `*lowest` is the other one of a pair, or -1. */
static double value_of(int32_t *highest, int32_t *lowest, const evidence *e)
{
    bool away = e->form == ASSAY_MEAN_FARTHEST;
    *highest = 0;
    *lowest = 0;
    for (int32_t g = 1; g < e->n; g++) {
        double mean = away ? fabs(e->groups[g].mean) : e->groups[g].mean;
        double most = away ? fabs(e->groups[*highest].mean) : e->groups[*highest].mean;
        *highest = mean > most ? g : *highest;
        *lowest = e->groups[g].mean < e->groups[*lowest].mean ? g : *lowest;
    }
    double high = e->groups[*highest].mean;
    double low = e->groups[*lowest].mean;
    switch (e->form) {
    case ASSAY_MEAN_DIFFERENCE:
        return high - low;
    case ASSAY_MEAN_RATIO:
        return high > 0.0 ? low / high : NAN;
    case ASSAY_MEAN_HIGHEST:
        return high;
    case ASSAY_MEAN_FARTHEST:
        break;
    }
    return fabs(high);
}

static assay_status remark(assay_measure *measure, const evidence *e, int32_t highest,
                           int32_t lowest, const assay_mean_params *params, const assay_rows *shape,
                           assay_arena *arena, assay_error *err)
{
    const char *const *names = shape->groups->names;
    bool pair = e->form == ASSAY_MEAN_DIFFERENCE || e->form == ASSAY_MEAN_RATIO;
    const char *left_out = e->left_out > 0 ? left_out_text(e, params, arena) : "";
    if (left_out == NULL) {
        return assay_fail_memory(err);
    }
    measure->reason = assay_arena_printf(
        arena, "%s: %s%s%s%s%s", pair || e->form == ASSAY_MEAN_HIGHEST ? "highest" : "farthest",
        names[e->index[highest]], pair ? ", lowest: " : "", pair ? names[e->index[lowest]] : "",
        e->left_out > 0 ? "; " : "", left_out);
    return measure->reason != NULL ? ASSAY_OK : assay_fail_memory(err);
}

assay_status assay_group_mean_finish(assay_result *out, const void *state,
                                     const assay_mean_kind *kind, const assay_mean_params *params,
                                     const assay_rows *shape, assay_error *err)
{
    assay_measure *measure = NULL;
    evidence *e = NULL;
    const assay_group_moment *moments = state;
    int32_t highest = 0;
    int32_t lowest = 0;
    double rows = 0.0;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    ASSAY_TRY(gather(&e, moments, kind, params, shape, out->arena, err));
    for (int32_t g = 0; g < shape->groups->n; g++) {
        rows += moments[g].n;
    }
    for (int32_t g = 0; g < e->n; g++) {
        measure->weight += e->groups[g].n;
    }
    bool pair = kind->form == ASSAY_MEAN_DIFFERENCE || kind->form == ASSAY_MEAN_RATIO;
    if (rows == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    if (e->n < (pair ? 2 : 1)) {
        measure->outcome = ASSAY_OUTCOME_TOO_FEW;
        measure->value = NAN;
        measure->reason =
            e->left_out > 0 ? left_out_text(e, params, out->arena) : "all rows are in one group";
        return measure->reason != NULL ? ASSAY_OK : assay_fail_memory(err);
    }
    measure->value = value_of(&highest, &lowest, e);
    bool finite = isfinite(measure->value);
    for (int32_t g = 0; g < e->n; g++) {
        finite = finite && isfinite(e->groups[g].mean);
    }
    if (!finite) {
        assay_measure_undefine(measure, kind->form == ASSAY_MEAN_RATIO
                                            ? "the mean is 0 in every group, or a value too large"
                                            : "a value is too large");
        return ASSAY_OK;
    }
    bool steady =
        true; /* Student's interval needs a variance in each group, ratios positive means */
    for (int32_t g = 0; g < e->n; g++) {
        steady = steady && isfinite(e->groups[g].variance) && e->groups[g].n >= 2.0 &&
                 (kind->form != ASSAY_MEAN_RATIO || e->groups[g].mean > 0.0);
    }
    if (kind->form == ASSAY_MEAN_DIFFERENCE) {
        measure->distance = ASSAY_DISTANCE_PLAIN; /* when it is resampled: a norm of the means */
    } else {
        measure->no_interval = ASSAY_GAP_NO_INTERVAL;
    }
    if (steady) {
        measure->evidence = e;
        measure->bounds = bounds;
        measure->bounds_name = pair ? "welch, simultaneous over all pairs of groups"
                                    : "student, simultaneous over all groups";
    }
    return remark(measure, e, highest, lowest, params, shape, out->arena, err);
}
