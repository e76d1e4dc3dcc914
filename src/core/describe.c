#include "core/describe.h"

#include <inttypes.h>
#include <string.h>

#include "assay/version.h"
#include "base/text.h"
#include "core/attack.h"
#include "core/perturbation.h"

static const char *type_name(assay_param_type type)
{
    switch (type) {
    case ASSAY_PARAM_INT:
        return "integer";
    case ASSAY_PARAM_REAL:
        return "number";
    case ASSAY_PARAM_BOOL:
        return "boolean";
    case ASSAY_PARAM_CHOICE:
        return "choice";
    case ASSAY_PARAM_MATRIX:
        return "matrix";
    case ASSAY_PARAM_WORD:
        return "word";
    }
    return "unknown";
}

static const char *direction_name(assay_direction direction)
{
    switch (direction) {
    case ASSAY_NO_DIRECTION:
        return "none";
    case ASSAY_HIGHER_IS_BETTER:
        return "higher_is_better";
    case ASSAY_LOWER_IS_BETTER:
        return "lower_is_better";
    }
    return "unknown";
}

static void put_default(assay_json *json, const char *key, const assay_param *param)
{
    switch (param->type) {
    case ASSAY_PARAM_INT:
        assay_json_put_int(json, key, (int64_t)param->otherwise);
        break;
    case ASSAY_PARAM_REAL:
        assay_json_put_real(json, key, param->otherwise);
        break;
    case ASSAY_PARAM_BOOL:
        assay_json_put_bool(json, key, param->otherwise != 0.0);
        break;
    case ASSAY_PARAM_CHOICE:
        assay_json_put_text(json, key, param->choices[(int32_t)param->otherwise]);
        break;
    case ASSAY_PARAM_MATRIX:
    case ASSAY_PARAM_WORD:
        assay_json_put_text(json, key, "");
        break;
    }
}

static void put_choices(assay_json *json, const char *key, const assay_param *param)
{
    assay_json_key(json, key);
    assay_json_begin_array(json);
    for (size_t i = 0; param->choices[i]; i++) {
        assay_json_text(json, param->choices[i]);
    }
    assay_json_end_array(json);
}

static void put_param(assay_json *json, const assay_param *param)
{
    assay_json_begin_object(json);
    assay_json_put_text(json, "name", param->name);
    assay_json_put_text(json, "type", type_name(param->type));
    put_default(json, "default", param);
    if (param->type == ASSAY_PARAM_CHOICE) {
        put_choices(json, "choices", param);
    } else if (param->type != ASSAY_PARAM_BOOL && param->type != ASSAY_PARAM_WORD) {
        assay_json_put_real(json, "minimum", param->low);
        assay_json_put_real(json, "maximum", param->high);
    }
    assay_json_put_text(json, "unit", param->unit);
    assay_json_put_text(json, "doc", param->doc);
    assay_json_end_object(json);
}

static const struct {
    uint32_t bit;
    const char *name;
    const char *words;
} needs[] = {{ASSAY_NEEDS_LABEL, "label", "predicted class"},
             {ASSAY_NEEDS_CONFIDENCE, "confidence", "probabilities"},
             {ASSAY_NEEDS_P_TARGET, "p_target", "probabilities"},
             {ASSAY_NEEDS_RANK, "rank", "scores"},
             {ASSAY_NEEDS_SCORES, "scores", "scores of every class"},
             {ASSAY_NEEDS_GROUPS, "groups", "the group of each row"},
             {ASSAY_NEEDS_QUANTILES, "quantiles", "predicted quantiles"},
             {ASSAY_NEEDS_SIGMA, "sigma", "the standard deviation of each prediction"},
             {ASSAY_NEEDS_MEMBERS, "members", "the members of an ensemble"}};

static void put_attack(assay_json *json, const assay_attack *attack)
{
    assay_json_put_text(json, "access", assay_attack_access_name(attack->access));
    assay_json_key(json, "norms");
    assay_json_begin_array(json);
    for (int norm = 0; norm < ASSAY_NORMS; norm++) {
        if (attack->norms & 1u << norm) {
            assay_json_text(json, assay_norm_name((assay_norm)norm));
        }
    }
    assay_json_end_array(json);
    assay_json_put_bool(json, "targeted", (attack->traits & ASSAY_ATTACK_TARGETED) != 0);
    assay_json_put_bool(json, "minimum", (attack->traits & ASSAY_ATTACK_MINIMUM) != 0);
    assay_json_put_bool(json, "control", (attack->traits & ASSAY_ATTACK_CONTROL) != 0);
}

/** What an attacker has to know, and in which norms, in one sentence. */
static void put_attack_words(assay_buffer *out, const assay_attack *attack)
{
    assay_buffer_printf(out, "Needs the model's %s. ", assay_attack_access_name(attack->access));
    if (attack->norms == 0) {
        assay_buffer_puts(out, "Bounded by its parameters, not by a norm.");
    } else {
        assay_buffer_puts(out, "Norms:");
        const char *before = " ";
        for (int norm = 0; norm < ASSAY_NORMS; norm++) {
            if (attack->norms & 1u << norm) {
                assay_buffer_printf(out, "%s%s", before, assay_norm_name((assay_norm)norm));
                before = ", ";
            }
        }
        assay_buffer_puts(out, attack->traits & ASSAY_ATTACK_MINIMUM
                                   ? ". Looks for the smallest change, so one run gives every eps."
                                   : ". Stays within eps.");
    }
    assay_buffer_puts(out, attack->traits & ASSAY_ATTACK_TARGETED ? " Can aim at a class.\n"
                                                                  : " Untargeted only.\n");
}

static void put_operation(assay_json *json, const assay_op *op)
{
    assay_json_begin_object(json);
    assay_json_put_text(json, "kind", assay_op_kind_name(op->kind));
    assay_json_put_text(json, "name", op->name);
    assay_json_put_text(json, "title", op->title);
    assay_json_put_int(json, "revision", op->revision);
    assay_json_put_text(json, "since", op->since);
    assay_json_put_text(json, "summary", op->summary);
    assay_json_put_text(json, "description", op->description);
    assay_json_put_text(json, "citation", op->citation);
    assay_json_put_text(json, "direction", direction_name(op->direction));
    if (op->kind == ASSAY_OP_METRIC) {
        assay_json_put_text(json, "task", assay_task_name(op->task));
        if (op->multilabel) {
            assay_json_put_bool(json, "multilabel", true);
        }
    }
    assay_json_key(json, "needs");
    assay_json_begin_array(json);
    for (size_t i = 0; i < ASSAY_COUNT(needs); i++) {
        if (op->needs & needs[i].bit) {
            assay_json_text(json, needs[i].name);
        }
    }
    assay_json_end_array(json);
    assay_json_key(json, "params");
    assay_json_begin_array(json);
    for (size_t i = 0; i < op->n_params; i++) {
        put_param(json, &op->params[i]);
    }
    assay_json_end_array(json);
    if (op->perturbation) {
        assay_json_put_text(json, "severity_param", op->perturbation->severity_param);
        assay_json_key(json, "severities");
        assay_json_begin_array(json);
        for (int i = 0; i < 5; i++) {
            assay_json_real(json, op->perturbation->severities[i]);
        }
        assay_json_end_array(json);
    }
    if (op->attack) {
        put_attack(json, op->attack);
    }
    assay_json_key(json, "examples");
    assay_json_begin_array(json);
    for (size_t i = 0; op->examples[i]; i++) {
        assay_json_text(json, op->examples[i]);
    }
    assay_json_end_array(json);
    assay_json_end_object(json);
}

static bool chosen(const assay_op *op, assay_op_kind kind, const char *name)
{
    return (kind == 0 || op->kind == kind) && (!name || assay_text_equal(op->name, name));
}

assay_status assay_describe_json(assay_buffer *out, const assay_registry *registry,
                                 assay_op_kind kind, const char *name, assay_error *err)
{
    assay_json json;
    const assay_op *op = NULL;

    if (name) {
        ASSAY_TRY(assay_registry_get(&op, registry, kind, name, err));
    }
    assay_json_init(&json, out, 2);
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "assay", ASSAY_VERSION);
    assay_json_key(&json, "operations");
    assay_json_begin_array(&json);
    for (size_t i = 0; i < registry->n; i++) {
        if (chosen(registry->ops[i], kind, name)) {
            put_operation(&json, registry->ops[i]);
        }
    }
    assay_json_end_array(&json);
    assay_json_end_object(&json);
    assay_buffer_putc(out, '\n');
    return assay_buffer_status(out, err);
}

/** The allowed values in words: "1 to 1000", "a, b or c". */
static void put_range(assay_buffer *out, const assay_param *param)
{
    char low[32];
    char high[32];

    switch (param->type) {
    case ASSAY_PARAM_BOOL:
        assay_buffer_puts(out, "true or false");
        break;
    case ASSAY_PARAM_CHOICE:
        for (size_t i = 0; param->choices[i]; i++) {
            const char *before = i == 0 ? "" : param->choices[i + 1] ? ", " : " or ";
            assay_buffer_printf(out, "%s%s", before, param->choices[i]);
        }
        break;
    case ASSAY_PARAM_INT:
    case ASSAY_PARAM_REAL:
        assay_format_real(low, param->low);
        assay_format_real(high, param->high);
        assay_buffer_printf(out, "%s to %s%s%s", low, high, param->unit[0] ? " " : "", param->unit);
        break;
    case ASSAY_PARAM_MATRIX:
        assay_format_real(low, param->low);
        assay_format_real(high, param->high);
        assay_buffer_printf(out, "rows of numbers from %s to %s%s%s, as 0 1; 20 0", low, high,
                            param->unit[0] ? " " : "", param->unit);
        break;
    case ASSAY_PARAM_WORD:
        assay_buffer_puts(out, "a word");
        break;
    }
}

static void put_default_text(assay_buffer *out, const assay_param *param)
{
    char text[32];

    if (param->type == ASSAY_PARAM_CHOICE) {
        assay_buffer_puts(out, param->choices[(int32_t)param->otherwise]);
    } else if (param->type == ASSAY_PARAM_BOOL) {
        assay_buffer_puts(out, param->otherwise != 0.0 ? "true" : "false");
    } else if (param->type == ASSAY_PARAM_MATRIX || param->type == ASSAY_PARAM_WORD) {
        assay_buffer_puts(out, "none");
    } else {
        assay_format_real(text, param->otherwise);
        assay_buffer_puts(out, text);
    }
}

/** Words of a text folded at `width` columns with an indent. */
static void put_folded(assay_buffer *out, const char *text, int indent, int width)
{
    int column = 0;

    for (const char *word = text; *word;) {
        size_t gap = strspn(word, " ");
        size_t length = strcspn(word + gap, " \n");
        if (column > 0 && column + 1 + (int)length > width) {
            assay_buffer_putc(out, '\n');
            column = 0;
        }
        if (column == 0) {
            assay_buffer_printf(out, "%*s", indent, "");
            column = indent;
        } else {
            assay_buffer_putc(out, ' ');
            column++;
        }
        assay_buffer_append(out, word + gap, length);
        column += (int)length;
        word += gap + length;
        while (*word == '\n') {
            assay_buffer_putc(out, '\n');
            column = 0;
            word++;
        }
    }
    if (column > 0) {
        assay_buffer_putc(out, '\n');
    }
}

static void put_severities(assay_buffer *out, const assay_op *op)
{
    char text[32];

    for (int i = 0; i < 5; i++) {
        assay_format_real(text, op->perturbation->severities[i]);
        assay_buffer_printf(out, "%s%s", i ? ", " : "", text);
    }
}

static void put_help(assay_buffer *out, const assay_op *op)
{
    assay_buffer_printf(out, "%s %s: %s\n\n", assay_op_kind_name(op->kind), op->name, op->title);
    put_folded(out, op->summary, 2, 90);
    assay_buffer_putc(out, '\n');
    put_folded(out, op->description, 2, 90);
    if (op->n_params > 0) {
        assay_buffer_puts(out, "\nParameters\n");
    }
    for (size_t i = 0; i < op->n_params; i++) {
        assay_buffer_printf(out, "  %s (", op->params[i].name);
        put_range(out, &op->params[i]);
        assay_buffer_puts(out, "; default ");
        put_default_text(out, &op->params[i]);
        assay_buffer_puts(out, ")\n");
        put_folded(out, op->params[i].doc, 6, 90);
    }
    if (op->perturbation) {
        assay_buffer_printf(out, "\nSeverity 1 to 5 sets %s to ", op->perturbation->severity_param);
        put_severities(out, op);
        assay_buffer_putc(out, '\n');
    }
    if (op->attack) {
        assay_buffer_puts(out, "\n  ");
        put_attack_words(out, op->attack);
    }
    assay_buffer_puts(out, "\nExamples\n");
    for (size_t i = 0; op->examples[i]; i++) {
        assay_buffer_printf(out, "  %s\n", op->examples[i]);
    }
    assay_buffer_puts(out, "\nSource\n");
    put_folded(out, op->citation, 2, 90);
}

assay_status assay_describe_text(assay_buffer *out, const assay_registry *registry,
                                 assay_op_kind kind, const char *name, assay_error *err)
{
    const assay_op *op = NULL;

    if (name) {
        ASSAY_TRY(assay_registry_get(&op, registry, kind, name, err));
        put_help(out, op);
        return assay_buffer_status(out, err);
    }
    for (size_t i = 0; i < registry->n; i++) {
        op = registry->ops[i];
        if (chosen(op, kind, NULL)) {
            assay_buffer_printf(out, "%-13s %-28s %s\n", assay_op_kind_name(op->kind), op->name,
                                op->summary);
        }
    }
    assay_buffer_puts(out, "\n`assay describe KIND NAME` explains one; --json gives everything.\n");
    return assay_buffer_status(out, err);
}

static void put_markdown(assay_buffer *out, const assay_op *op)
{
    assay_buffer_printf(out, "\n## %s\n\n**%s.** %s\n\n%s\n", op->name, op->title, op->summary,
                        op->description);
    if (op->n_params > 0) {
        assay_buffer_puts(out,
                          "\n| parameter | allowed | default | meaning |\n|---|---|---|---|\n");
    }
    for (size_t i = 0; i < op->n_params; i++) {
        assay_buffer_printf(out, "| `%s` | ", op->params[i].name);
        put_range(out, &op->params[i]);
        assay_buffer_puts(out, " | ");
        put_default_text(out, &op->params[i]);
        assay_buffer_printf(out, " | %s |\n", op->params[i].doc);
    }
    if (op->perturbation) {
        assay_buffer_printf(out, "\nSeverity 1 to 5 sets `%s` to ",
                            op->perturbation->severity_param);
        put_severities(out, op);
        assay_buffer_puts(out, ".\n");
    }
    if (op->attack) {
        assay_buffer_putc(out, '\n');
        put_attack_words(out, op->attack);
    }
    if (op->multilabel) {
        assay_buffer_printf(out, "\nFor classification and multilabel.\n");
    }
    if (op->kind == ASSAY_OP_METRIC && op->task != ASSAY_TASK_CLASSIFICATION) {
        assay_buffer_printf(out, "\nFor %s.\n", assay_task_name(op->task));
    }
    if (op->needs) {
        const char *last = "";
        assay_buffer_puts(out, "\nNeeds: ");
        for (size_t i = 0; i < ASSAY_COUNT(needs); i++) {
            if ((op->needs & needs[i].bit) && strcmp(last, needs[i].words) != 0) {
                assay_buffer_printf(out, "%s%s", last[0] ? ", " : "", needs[i].words);
                last = needs[i].words;
            }
        }
        assay_buffer_puts(out, ".\n");
    }
    assay_buffer_puts(out, "\n```sh\n");
    for (size_t i = 0; op->examples[i]; i++) {
        assay_buffer_printf(out, "%s\n", op->examples[i]);
    }
    assay_buffer_printf(out, "```\n\nSource: %s\n\nSince %s, revision %" PRId32 ".\n", op->citation,
                        op->since, op->revision);
}

assay_status assay_describe_markdown(assay_buffer *out, const assay_registry *registry,
                                     assay_op_kind kind, assay_error *err)
{
    const char *name = assay_op_kind_name(kind);

    assay_buffer_printf(out,
                        "<!-- Generated from the operations' descriptors by `make generate`. -->\n"
                        "# %c%ss\n\n| name | what it is |\n|---|---|\n",
                        name[0] - 'a' + 'A', name + 1);
    for (size_t i = 0; i < registry->n; i++) {
        if (registry->ops[i]->kind == kind) {
            assay_buffer_printf(out, "| [%s](#%s) | %s |\n", registry->ops[i]->name,
                                registry->ops[i]->name, registry->ops[i]->summary);
        }
    }
    for (size_t i = 0; i < registry->n; i++) {
        if (registry->ops[i]->kind == kind) {
            put_markdown(out, registry->ops[i]);
        }
    }
    return assay_buffer_status(out, err);
}

void assay_describe_schema(assay_json *json, const assay_op *op)
{
    assay_json_begin_object(json);
    assay_json_put_text(json, "type", "object");
    assay_json_put_text(json, "description", op->summary);
    assay_json_put_bool(json, "additionalProperties", false);
    assay_json_key(json, "properties");
    assay_json_begin_object(json);
    for (size_t i = 0; i < op->n_params; i++) {
        const assay_param *param = &op->params[i];
        assay_json_key(json, param->name);
        assay_json_begin_object(json);
        if (param->type == ASSAY_PARAM_CHOICE) {
            put_choices(json, "enum", param);
        } else if (param->type == ASSAY_PARAM_MATRIX) {
            assay_json_put_text(json, "type", "string");
        } else if (param->type == ASSAY_PARAM_WORD) {
            assay_json_key(json, "type");
            assay_json_raw(json, "[\"string\",\"number\"]");
        } else {
            assay_json_put_text(json, "type", type_name(param->type));
        }
        if (param->type == ASSAY_PARAM_INT || param->type == ASSAY_PARAM_REAL) {
            assay_json_put_real(json, "minimum", param->low);
            assay_json_put_real(json, "maximum", param->high);
        }
        put_default(json, "default", param);
        assay_json_put_text(json, "description", param->doc);
        assay_json_end_object(json);
    }
    assay_json_end_object(json);
    assay_json_end_object(json);
}
