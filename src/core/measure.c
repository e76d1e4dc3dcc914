#include "core/measure.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

const char *assay_outcome_name(assay_outcome outcome)
{
    switch (outcome) {
    case ASSAY_OUTCOME_VALUE:
        return "value";
    case ASSAY_OUTCOME_UNDEFINED:
        return "undefined";
    case ASSAY_OUTCOME_TOO_FEW:
        return "too_few";
    }
    return "unknown";
}

void assay_result_init(assay_result *result, assay_arena *arena)
{
    memset(result, 0, sizeof *result);
    result->arena = arena;
}

/** A list in an arena grows by copying; what it leaves behind goes with the arena. */
static void *grow(assay_result *result, void *list, int64_t n, int64_t *capacity, size_t size)
{
    if (n < *capacity) {
        return list;
    }
    int64_t wanted = *capacity ? *capacity * 2 : 32;
    void *larger = assay_arena_alloc(result->arena, (size_t)wanted, size);
    if (larger) {
        if (n > 0) {
            memcpy(larger, list, (size_t)n * size);
        }
        *capacity = wanted;
    }
    return larger;
}

assay_measure *assay_result_measure(assay_result *result)
{
    assay_measure *list = grow(result, result->measures, result->n_measures,
                               &result->capacity_measures, sizeof *list);
    if (!list) {
        return NULL;
    }
    result->measures = list;
    assay_measure *measure = &list[result->n_measures++];
    memset(measure, 0, sizeof *measure);
    measure->unit = "";
    measure->outcome = ASSAY_OUTCOME_VALUE;
    measure->low = NAN;
    measure->high = NAN;
    measure->successes = -1;
    measure->hits = -1.0;
    measure->variance = NAN;
    measure->design_effect = NAN;
    return measure;
}

assay_status assay_result_curve(assay_result *result, const char *name, const char *const *columns,
                                int32_t n_columns, const double *values, int64_t n_rows,
                                assay_error *err)
{
    assay_curve *list =
        grow(result, result->curves, result->n_curves, &result->capacity_curves, sizeof *list);
    if (!list) {
        return assay_fail_memory(err);
    }
    result->curves = list;
    double *copy = NULL;
    if (n_rows > 0) {
        copy = assay_arena_alloc(result->arena, (size_t)n_rows * (size_t)n_columns, sizeof *copy);
        if (!copy) {
            return assay_fail_memory(err);
        }
        memcpy(copy, values, (size_t)n_rows * (size_t)n_columns * sizeof *copy);
    }
    assay_curve *curve = &list[result->n_curves++];
    memset(curve, 0, sizeof *curve);
    curve->name = name;
    curve->columns = columns;
    curve->n_columns = n_columns;
    curve->n_rows = n_rows;
    curve->values = copy;
    return ASSAY_OK;
}

const char *assay_measure_excludes(const assay_measure *measure)
{
    double slack = 1e-12 * fmax(1.0, fabs(measure->value));
    if (measure->outcome != ASSAY_OUTCOME_VALUE || isnan(measure->value)) {
        return NULL;
    }
    if (measure->low > measure->value + slack) {
        return "the interval lies above the value: resampled data give higher values than the data "
               "themselves, so what is estimated is likely lower than the value, not within the "
               "interval; use another interval (assay describe interval) or more rows";
    }
    if (measure->high < measure->value - slack) {
        return "the interval lies below the value: it takes off a bias of the value that is larger "
               "than the value's uncertainty, so what is estimated is likely lower; or resampled "
               "data "
               "give lower values than the data themselves";
    }
    return NULL;
}

const char *assay_measure_caution(const assay_measure *measure)
{
    const char *excludes = assay_measure_excludes(measure);
    bool value = measure->outcome != ASSAY_OUTCOME_UNDEFINED;
    bool interval = measure->outcome == ASSAY_OUTCOME_VALUE && !isnan(measure->low);
    if (value && measure->warning != NULL) {
        return measure->warning;
    }
    return excludes != NULL || !interval ? excludes : measure->doubt;
}

void assay_measure_json(assay_json *json, const assay_measure *measure)
{
    bool has_value = measure->outcome != ASSAY_OUTCOME_UNDEFINED;

    assay_json_put_text(json, "metric", measure->metric);
    if (measure->params) {
        assay_json_key(json, "params");
        assay_json_raw(json, measure->params);
    }
    if (measure->average) {
        assay_json_put_text(json, "average", measure->average);
    }
    if (measure->class_name) {
        assay_json_put_text(json, "class", measure->class_name);
    }
    if (measure->group) {
        assay_json_put_text(json, "group", measure->group);
    }
    assay_json_put_real(json, "value", has_value ? measure->value : NAN);
    assay_json_put_real(json, "low", has_value ? measure->low : NAN);
    assay_json_put_real(json, "high", has_value ? measure->high : NAN);
    assay_json_put_real(json, "level", measure->level);
    assay_json_put_int(json, "n", measure->n);
    if (measure->weighted) {
        assay_json_put_real(json, "weight", measure->weight);
        assay_json_put_real(json, "n_effective", measure->effective);
    }
    if (measure->clusters > 0) {
        assay_json_put_int(json, "clusters", measure->clusters);
        if (!isnan(measure->design_effect)) {
            assay_json_put_real(json, "design_effect", measure->design_effect);
        }
    }
    assay_json_put_text(json, "method", measure->method);
    assay_json_put_text(json, "outcome", assay_outcome_name(measure->outcome));
    if (measure->reason) {
        assay_json_put_text(json, "reason", measure->reason);
    }
    if (assay_measure_caution(measure)) {
        assay_json_put_text(json, "caution", assay_measure_caution(measure));
    }
    if (measure->unit && measure->unit[0]) {
        assay_json_put_text(json, "unit", measure->unit);
    }
}

void assay_curve_json(assay_json *json, const assay_curve *curve)
{
    assay_json_put_text(json, "curve", curve->name);
    if (curve->params) {
        assay_json_key(json, "params");
        assay_json_raw(json, curve->params);
    }
    assay_json_key(json, "columns");
    assay_json_begin_array(json);
    for (int32_t c = 0; c < curve->n_columns; c++) {
        assay_json_text(json, curve->columns[c]);
    }
    assay_json_end_array(json);
    assay_json_key(json, "rows");
    assay_json_begin_array(json);
    for (int64_t r = 0; r < curve->n_rows; r++) {
        assay_json_begin_array(json);
        for (int32_t c = 0; c < curve->n_columns; c++) {
            assay_json_real(json, curve->values[r * curve->n_columns + c]);
        }
        assay_json_end_array(json);
    }
    assay_json_end_array(json);
}
