#include "ops/op_table.h"

#define ASSAY_OP(kind, name) extern const assay_op assay_op_##kind##_##name;
#include "ops/op_table.def"
#undef ASSAY_OP

#define ASSAY_OP(kind, name) &assay_op_##kind##_##name,
static const assay_op *const table[] = {
#include "ops/op_table.def"
    NULL};
#undef ASSAY_OP

static const assay_registry registry = {table, sizeof table / sizeof table[0] - 1};

const assay_registry *assay_ops(void)
{
    return &registry;
}
