#include <string.h>

#include "api/run.h"
#include "base/alloc.h"
#include "ops/op_table.h"

static assay_status set_one(assay_args *args, char *pair, assay_error *err)
{
    char *equal = strchr(pair, '=');

    if (!equal) {
        return assay_fail(err, ASSAY_EINVAL, "%s: '%s' is not parameter=value", args->op->name,
                          pair);
    }
    *equal = '\0';
    return assay_args_set(args, pair, equal + 1, err);
}

assay_status assay_args_parse(assay_args **out, assay_op_kind kind, const char *text,
                              assay_error *err)
{
    assay_status status = ASSAY_OK;
    const assay_op *op = NULL;
    assay_args *args = NULL;
    char *copy = assay_strdup(text);

    *out = NULL;
    if (!copy) {
        return assay_fail_memory(err);
    }
    char *colon = strchr(copy, ':');
    if (colon) {
        *colon = '\0';
    }
    ASSAY_GOTO(assay_registry_get(&op, assay_ops(), kind, copy, err), done);
    ASSAY_GOTO(assay_args_new(&args, op, err), done);
    for (char *pair = colon ? colon + 1 : NULL; pair;) {
        char *comma = strchr(pair, ',');
        if (comma) {
            *comma = '\0';
        }
        ASSAY_GOTO(set_one(args, pair, err), done);
        pair = comma ? comma + 1 : NULL;
    }
    *out = args;
    args = NULL;
done:
    assay_args_free(args);
    assay_free(copy);
    return status;
}
