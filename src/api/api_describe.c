#include "assay/describe.h"

#include "api/context.h"
#include "base/text.h"
#include "core/describe.h"
#include "ops/op_table.h"
#include "plan/plan.h"

static assay_status parse_kind(assay_op_kind *out, const char *text, assay_error *err)
{
    const char *names[ASSAY_OP_KINDS];

    if (assay_op_kind_parse(out, text)) {
        return ASSAY_OK;
    }
    for (int kind = 1; kind <= ASSAY_OP_KINDS; kind++) {
        names[kind - 1] = assay_op_kind_name((assay_op_kind)kind);
    }
    const char *nearest = assay_text_nearest(text, names, ASSAY_OP_KINDS);
    return assay_fail(err, ASSAY_EINVAL,
                      "there are no operations of kind '%s'%s%s%s; kinds are metric, interval, "
                      "perturbation, attack",
                      text, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                      nearest ? "'?" : "");
}

assay_status assay_describe(char **out, const char *kind, const char *name,
                            assay_describe_format format, assay_error *err)
{
    assay_buffer buffer;
    assay_op_kind wanted = 0;
    assay_status status = ASSAY_OK;

    *out = NULL;
    assay_buffer_init(&buffer, 0);
    if (kind) {
        ASSAY_TRY(parse_kind(&wanted, kind, err));
    }
    switch (format) {
    case ASSAY_DESCRIBE_TEXT:
        status = assay_describe_text(&buffer, assay_ops(), wanted, name, err);
        break;
    case ASSAY_DESCRIBE_JSON:
        status = assay_describe_json(&buffer, assay_ops(), wanted, name, err);
        break;
    case ASSAY_DESCRIBE_MARKDOWN:
        status = wanted ? assay_describe_markdown(&buffer, assay_ops(), wanted, err)
                        : assay_fail(err, ASSAY_EINVAL, "a reference page needs a kind");
        break;
    case ASSAY_DESCRIBE_PLAN_SCHEMA:
        status = assay_plan_schema(&buffer, assay_ops(), err);
        break;
    }
    if (status != ASSAY_OK) {
        assay_buffer_dispose(&buffer);
        return status;
    }
    return assay_text_take(out, &buffer, err);
}
