/* Test plans and model descriptions, with the real registry of operations. */
#include "ops/op_table.h"
#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_plan *plan = NULL;
    assay_arena *arena = NULL;
    assay_model_spec spec = {0};
    assay_error err;

    if (assay_plan_parse(&plan, (const char *)data, size, "plan.yaml", assay_ops(), &err) ==
        ASSAY_OK) {
        assay_plan_free(plan);
    }
    if (assay_arena_new(&arena, (size_t)64 << 20, &err) == ASSAY_OK) {
        (void)!assay_model_spec_parse(&spec, (const char *)data, size, "model.yaml", assay_ops(),
                                      arena, &err);
        assay_arena_free(arena);
    }
    return 0;
}
