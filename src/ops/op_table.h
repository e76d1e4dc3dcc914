/** @file op_table.h  All operations that this build knows. */
#ifndef ASSAY_OPS_OP_TABLE_H
#define ASSAY_OPS_OP_TABLE_H

#include "core/op.h"

/** The registry: generated from op_table.def, static, sorted by kind and name. */
const assay_registry *assay_ops(void);

#endif
