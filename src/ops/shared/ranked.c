#include "ops/shared/ranked.h"

#include <math.h>

#include "ops/shared/confusion.h"

size_t assay_class_values_size(const void *params, int32_t classes)
{
    (void)params;
    return ((size_t)classes + 1) * sizeof(assay_class_value);
}

assay_class_value *assay_class_value_start(void *state, const assay_ranking *ranking, bool both)
{
    assay_class_value *to =
        (assay_class_value *)state + (ranking->pairs ? ranking->classes : ranking->class_index);
    to->n = ranking->positives + ranking->negatives;
    to->positives = ranking->positives;
    to->variance = NAN;
    to->undefined = to->n == 0.0                        ? "there are no rows"
                    : ranking->positives == 0.0         ? "the class does not occur in the truth"
                    : both && ranking->negatives == 0.0 ? "every row belongs to the class"
                                                        : NULL;
    return to->undefined == NULL ? to : NULL;
}

static assay_status finish_micro(assay_result *out, const assay_class_value *value,
                                 const assay_class_value *first, assay_error *err)
{
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->average = "micro";
    measure->weight = first->n;
    measure->value = value->value;
    if (first->n == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
    } else if (value->undefined != NULL) {
        assay_measure_undefine(measure, value->positives > 0.0 ? "every class is true in every row"
                                                               : "no class is true in any row");
    }
    return ASSAY_OK;
}

static assay_status finish_average(assay_result *out, const assay_class_value *values,
                                   const assay_rows *shape, bool macro, assay_error *err)
{
    const char *names[3] = {0};
    int64_t left_out = 0;
    double total = 0.0;
    assay_sum sum = {0};
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->average = macro ? "macro" : "weighted";
    measure->weight = values[0].n;
    for (int32_t c = 0; c < shape->classes; c++) {
        double weight = macro ? 1.0 : values[c].positives;
        if (values[c].undefined == NULL) {
            total += weight;
            assay_sum_add(&sum, weight * values[c].value);
        } else {
            if (left_out < 3) {
                names[left_out] = shape->class_names[c];
            }
            left_out++;
        }
    }
    if (values[0].n == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
    } else if (!(total > 0.0)) {
        assay_measure_undefine(measure, "no class has a value");
    } else {
        measure->value = assay_sum_value(&sum) / total;
    }
    if (left_out > 0 && total > 0.0) {
        measure->reason = assay_left_out_note(out->arena, left_out, names);
        if (measure->reason == NULL) {
            return assay_fail_memory(err);
        }
    }
    return ASSAY_OK;
}

assay_status assay_class_values_finish(assay_result *out, const void *state, const void *params,
                                       const assay_rows *shape, assay_error *err)
{
    (void)params;
    const assay_class_value *values = state;
    ASSAY_TRY(finish_average(out, values, shape, true, err));
    ASSAY_TRY(finish_average(out, values, shape, false, err));
    for (int32_t c = 0; c < shape->classes; c++) {
        assay_measure *measure = NULL;
        ASSAY_TRY(assay_result_new_measure(&measure, out, err));
        measure->class_name = shape->class_names[c];
        measure->weight = values[c].n;
        measure->value = values[c].value;
        measure->variance = values[c].variance;
        if (values[c].n == 0.0) {
            assay_measure_undefine(measure, "there are no rows");
        } else if (values[c].undefined != NULL) {
            assay_measure_undefine(measure, values[c].undefined);
        }
    }
    return ASSAY_OK;
}

assay_status assay_class_micro_finish(assay_result *out, const void *state, const void *params,
                                      const assay_rows *shape, assay_error *err)
{
    const assay_class_value *values = state;
    if (shape->multilabel) {
        ASSAY_TRY(finish_micro(out, &values[shape->classes], values, err));
    }
    return assay_class_values_finish(out, state, params, shape, err);
}

int64_t assay_curve_points(int32_t classes)
{
    enum { MOST = 1000, LEAST = 50, TOTAL = 10000 };
    int64_t each = TOTAL / classes;
    return each > MOST ? MOST : (each < LEAST ? LEAST : each);
}

int assay_ranked_optimum(const void *params)
{
    (void)params;
    return 1;
}
