#include "ops/shared/test_values.h"

#include "ops/shared/confusion.h"

assay_status assay_test_values_finish(assay_result *out, const void *state, const void *params,
                                      const assay_rows *shape, assay_error *err)
{
    (void)params;
    const assay_class_value *values = state;
    for (int32_t c = 0; c < shape->classes; c++) {
        assay_measure *measure = NULL;
        ASSAY_TRY(assay_result_new_measure(&measure, out, err));
        measure->class_name = shape->class_names[c];
        measure->weight = values[c].n;
        measure->value = values[c].value;
        measure->no_interval = "none: the result of a test has no interval";
        if (values[c].n == 0.0) {
            assay_measure_undefine(measure, "there are no rows");
        } else if (values[c].undefined != NULL) {
            assay_measure_undefine(measure, values[c].undefined);
        }
    }
    return ASSAY_OK;
}
