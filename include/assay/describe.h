/** @file describe.h  What this build can do, in words and as JSON. */
#ifndef ASSAY_DESCRIBE_H
#define ASSAY_DESCRIBE_H

#include "assay/text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum assay_describe_format {
    ASSAY_DESCRIBE_TEXT = 1,       /**< for a terminal */
    ASSAY_DESCRIBE_JSON = 2,       /**< every descriptor, the source of everything generated */
    ASSAY_DESCRIBE_MARKDOWN = 3,   /**< reference page of one kind (kind must be given) */
    ASSAY_DESCRIBE_PLAN_SCHEMA = 4 /**< JSON Schema of test plans; kind and name are ignored */
} assay_describe_format;

/**
 * kind: "metric", "interval", "perturbation", "attack", or NULL for all; name: one operation, or NULL.
 * ASSAY_EINVAL when there is no such kind or name (the message has the nearest). The caller frees
 * *out with assay_text_free.
 */
ASSAY_API ASSAY_NODISCARD assay_status assay_describe(char **out, const char *kind,
                                                      const char *name,
                                                      assay_describe_format format,
                                                      assay_error *err);

#ifdef __cplusplus
}
#endif

#endif
