/**
 * @file describe.h
 * Everything that is derived from the descriptors: one JSON document, help for people, reference
 * pages, the parameter schemas of plans.
 */
#ifndef ASSAY_CORE_DESCRIBE_H
#define ASSAY_CORE_DESCRIBE_H

#include "base/json_write.h"
#include "core/op.h"

/** {"assay": version, "operations": [...]}; kind 0 = all kinds, name NULL = all names. */
ASSAY_NODISCARD assay_status assay_describe_json(assay_buffer *out, const assay_registry *registry,
                                                 assay_op_kind kind, const char *name,
                                                 assay_error *err);
/** A list (kind, name, summary) or, for one operation, its whole help text for a terminal. */
ASSAY_NODISCARD assay_status assay_describe_text(assay_buffer *out, const assay_registry *registry,
                                                 assay_op_kind kind, const char *name,
                                                 assay_error *err);
/** Markdown reference page of one kind. */
ASSAY_NODISCARD assay_status assay_describe_markdown(assay_buffer *out,
                                                     const assay_registry *registry,
                                                     assay_op_kind kind, assay_error *err);
/** JSON Schema (2020-12) object for the parameters of one operation, as a value. */
void assay_describe_schema(assay_json *json, const assay_op *op);

#endif
