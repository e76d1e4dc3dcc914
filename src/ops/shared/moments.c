#include "ops/shared/moments.h"

#include <math.h>

#include "ops/shared/confusion.h"

size_t assay_moments_size(const void *params, int32_t classes)
{
    (void)params;
    (void)classes;
    return sizeof(assay_moments);
}

static void add(assay_moment *to, double value, double weight, double total)
{
    if (weight == total) {
        to->first = value;
    }
    double gap = value - to->first - to->mean;
    to->mean += gap * (weight / total);
    to->squares += weight * gap * (value - to->first - to->mean);
}

assay_status assay_moments_block(void *to, const void *params, const assay_rows *rows,
                                 assay_arena *scratch, assay_error *err)
{
    (void)params;
    (void)scratch;
    (void)err;
    assay_moments *s = to;
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        if (weight > 0.0) {
            s->n += weight;
            add(&s->truth, rows->truth[i], weight, s->n);
            add(&s->error, rows->truth[i] - rows->value[i], weight, s->n);
            double gap = weight == s->n ? 0.0 : rows->value[i] - s->value.first - s->value.mean;
            add(&s->value, rows->value[i], weight, s->n);
            s->products += weight * gap * (rows->truth[i] - s->truth.first - s->truth.mean);
        }
    }
    return ASSAY_OK;
}

static double distance(const assay_moment *into, const assay_moment *from)
{
    return (from->first - into->first) + (from->mean - into->mean);
}

static void join(assay_moment *into, const assay_moment *from, double n, double other)
{
    if (n == 0.0) {
        *into = *from;
        return;
    }
    double gap = distance(into, from);
    into->squares += from->squares + gap * gap * (n * other / (n + other));
    into->mean += gap * (other / (n + other));
}

void assay_moments_merge(void *into, const void *from, const void *params, int32_t classes)
{
    (void)params;
    (void)classes;
    assay_moments *s = into;
    const assay_moments *other = from;
    if (other->n > 0.0) {
        s->products += other->products;
        if (s->n > 0.0) {
            s->products += distance(&s->truth, &other->truth) * distance(&s->value, &other->value) *
                           (s->n * other->n / (s->n + other->n));
        }
        join(&s->truth, &other->truth, s->n, other->n);
        join(&s->value, &other->value, s->n, other->n);
        join(&s->error, &other->error, s->n, other->n);
        s->n += other->n;
    }
}

assay_status assay_moments_start(assay_measure **out, assay_result *result,
                                 const assay_moments *state, assay_error *err)
{
    assay_measure *measure = NULL;
    *out = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, result, err));
    measure->weight = state->n;
    if (state->n == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
    } else if (!(state->truth.squares > 0.0)) {
        assay_measure_undefine(measure, "all true values are equal");
    } else {
        *out = measure;
    }
    return ASSAY_OK;
}

void assay_moments_end(assay_measure *measure)
{
    if (!isfinite(measure->value)) {
        assay_measure_undefine(measure, "the values are too large");
    }
}
