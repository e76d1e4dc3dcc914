#include "core/op.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_write.h"
#include "base/text.h"

static const char *const kind_names[] = {NULL,           "metric", "interval",
                                         "perturbation", "attack", "decoder"};
_Static_assert(ASSAY_COUNT(kind_names) == ASSAY_OP_KINDS + 1, "one name per kind");

const char *assay_task_name(assay_task task)
{
    switch (task) {
    case ASSAY_TASK_CLASSIFICATION:
        return "classification";
    case ASSAY_TASK_REGRESSION:
        return "regression";
    case ASSAY_TASK_DETECTION:
        return "detection";
    case ASSAY_TASK_MULTILABEL:
        return "multilabel";
    case ASSAY_TASK_SEGMENTATION:
        return "segmentation";
    case ASSAY_TASKS:
        break;
    }
    return "unknown";
}

bool assay_task_is_whole(assay_task task)
{
    return task == ASSAY_TASK_DETECTION || task == ASSAY_TASK_SEGMENTATION;
}

const char *assay_op_kind_name(assay_op_kind kind)
{
    return kind >= 1 && kind <= ASSAY_OP_KINDS ? kind_names[kind] : "unknown";
}

bool assay_op_kind_parse(assay_op_kind *out, const char *name)
{
    for (int kind = 1; kind <= ASSAY_OP_KINDS; kind++) {
        if (assay_text_equal(kind_names[kind], name)) {
            *out = (assay_op_kind)kind;
            return true;
        }
    }
    return false;
}

const assay_op *assay_registry_find(const assay_registry *registry, assay_op_kind kind,
                                    const char *name)
{
    for (size_t i = 0; i < registry->n; i++) {
        if (registry->ops[i]->kind == kind && assay_text_equal(registry->ops[i]->name, name)) {
            return registry->ops[i];
        }
    }
    return NULL;
}

assay_status assay_registry_get(const assay_op **out, const assay_registry *registry,
                                assay_op_kind kind, const char *name, assay_error *err)
{
    enum { MOST = 512 };
    const char *names[MOST];
    size_t n = 0;

    *out = assay_registry_find(registry, kind, name);
    if (*out) {
        return ASSAY_OK;
    }
    for (size_t i = 0; i < registry->n && n < MOST; i++) {
        if (registry->ops[i]->kind == kind) {
            names[n++] = registry->ops[i]->name;
        }
    }
    const char *nearest = assay_text_nearest(name, names, n);
    return assay_fail(err, ASSAY_EINVAL,
                      "there is no %s called '%s'%s%s%s; `assay describe %s` lists all",
                      assay_op_kind_name(kind), name, nearest ? ": did you mean '" : "",
                      nearest ? nearest : "", nearest ? "'?" : "", assay_op_kind_name(kind));
}

static void *field(const assay_args *args, const assay_param *param)
{
    return (char *)args->params + param->offset;
}

static void store(const assay_args *args, const assay_param *param, double value)
{
    switch (param->type) {
    case ASSAY_PARAM_INT:
        *(int64_t *)field(args, param) = (int64_t)value;
        break;
    case ASSAY_PARAM_REAL:
        *(double *)field(args, param) = value;
        break;
    case ASSAY_PARAM_BOOL:
        *(bool *)field(args, param) = value != 0.0;
        break;
    case ASSAY_PARAM_CHOICE:
        *(int32_t *)field(args, param) = (int32_t)value;
        break;
    case ASSAY_PARAM_MATRIX: /* empty */
    case ASSAY_PARAM_WORD:
        break;
    }
}

static double load(const assay_args *args, const assay_param *param)
{
    switch (param->type) {
    case ASSAY_PARAM_INT:
        return (double)*(const int64_t *)field(args, param);
    case ASSAY_PARAM_REAL:
        return *(const double *)field(args, param);
    case ASSAY_PARAM_BOOL:
        return *(const bool *)field(args, param) ? 1.0 : 0.0;
    case ASSAY_PARAM_CHOICE:
        return (double)*(const int32_t *)field(args, param);
    case ASSAY_PARAM_MATRIX:
    case ASSAY_PARAM_WORD:
        return param->otherwise; /* it is not a number */
    }
    return 0.0;
}

assay_status assay_args_new(assay_args **out, const assay_op *op, assay_error *err)
{
    *out = NULL;
    assay_args *args = assay_alloc(1, sizeof *args);
    void *params = assay_alloc(1, op->params_size ? op->params_size : 1);
    if (!args || !params) {
        assay_free(args);
        assay_free(params);
        return assay_fail_memory(err);
    }
    args->op = op;
    args->params = params;
    for (size_t i = 0; i < op->n_params; i++) {
        store(args, &op->params[i], op->params[i].otherwise);
    }
    *out = args;
    return ASSAY_OK;
}

bool assay_args_same(const assay_args *a, const assay_args *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return a->op == b->op && memcmp(a->params, b->params, a->op->params_size) == 0;
}

assay_status assay_args_copy(assay_args **out, const assay_args *args, assay_error *err)
{
    ASSAY_TRY(assay_args_new(out, args->op, err));
    memcpy((*out)->params, args->params, args->op->params_size);
    (*out)->set = args->set;
    return ASSAY_OK;
}

static const assay_param *find_param(const assay_op *op, const char *name, assay_error *err)
{
    const char *names[32];
    size_t n = 0;

    for (size_t i = 0; i < op->n_params; i++) {
        if (assay_text_equal(op->params[i].name, name)) {
            return &op->params[i];
        }
        if (n < ASSAY_COUNT(names)) {
            names[n++] = op->params[i].name;
        }
    }
    const char *nearest = assay_text_nearest(name, names, n);
    if (op->n_params == 0) {
        assay_fail(err, ASSAY_EINVAL, "%s has no parameters, '%s' was given", op->name, name);
    } else {
        assay_fail(err, ASSAY_EINVAL,
                   "%s has no parameter '%s'%s%s%s; `assay describe %s %s` lists them", op->name,
                   name, nearest ? ": did you mean '" : "", nearest ? nearest : "",
                   nearest ? "'?" : "", assay_op_kind_name(op->kind), op->name);
    }
    return NULL;
}

static assay_status fail_choice(const assay_op *op, const assay_param *param, const char *text,
                                assay_error *err)
{
    char list[512] = "";
    size_t used = 0;

    for (size_t i = 0; param->choices[i]; i++) {
        size_t length = strlen(param->choices[i]);
        if (used + length + 3 > sizeof list) {
            break;
        }
        if (i > 0) {
            memcpy(list + used, ", ", 2);
            used += 2;
        }
        memcpy(list + used, param->choices[i], length + 1);
        used += length;
    }
    return assay_fail(err, ASSAY_EINVAL, "%s: parameter %s is '%s', expected one of: %s", op->name,
                      param->name, text, list);
}

static assay_status parse_value(double *out, const assay_op *op, const assay_param *param,
                                const char *text, assay_error *err)
{
    int64_t whole = 0;

    switch (param->type) {
    case ASSAY_PARAM_INT:
        if (!assay_text_to_i64(&whole, text)) {
            return assay_fail(err, ASSAY_EINVAL,
                              "%s: parameter %s is '%s', expected a whole number", op->name,
                              param->name, text);
        }
        *out = (double)whole;
        break;
    case ASSAY_PARAM_REAL:
        if (!assay_text_to_real(out, text)) {
            return assay_fail(err, ASSAY_EINVAL, "%s: parameter %s is '%s', expected a number",
                              op->name, param->name, text);
        }
        break;
    case ASSAY_PARAM_BOOL:
        if (assay_text_equal(text, "true") || assay_text_equal(text, "yes") ||
            assay_text_equal(text, "1")) {
            *out = 1.0;
        } else if (assay_text_equal(text, "false") || assay_text_equal(text, "no") ||
                   assay_text_equal(text, "0")) {
            *out = 0.0;
        } else {
            return assay_fail(err, ASSAY_EINVAL, "%s: parameter %s is '%s', expected true or false",
                              op->name, param->name, text);
        }
        break;
    case ASSAY_PARAM_CHOICE:
        for (int32_t i = 0; param->choices[i]; i++) {
            if (assay_text_equal(param->choices[i], text)) {
                *out = (double)i;
                return ASSAY_OK;
            }
        }
        return fail_choice(op, param, text, err);
    case ASSAY_PARAM_MATRIX:
    case ASSAY_PARAM_WORD:
        break;
    }
    return ASSAY_OK;
}

static assay_status fail_matrix(const assay_op *op, const assay_param *param, const char *text,
                                const char *what, assay_error *err)
{
    return assay_fail(err, ASSAY_EINVAL,
                      "%s: parameter %s is '%.100s': %s; expected rows of numbers, as "
                      "'0 1; 20 0'",
                      op->name, param->name, text, what);
}

/* A number from *at on, behind blanks; *end is behind it. False when there is none. */
static bool next_number(double *out, const char **end, const char *at)
{
    char word[64];
    size_t length = strcspn(at, " \t;");
    if (length == 0 || length >= sizeof word) {
        return false;
    }
    memcpy(word, at, length);
    word[length] = '\0';
    *end = at + length;
    return assay_text_to_real(out, word);
}

static assay_status parse_matrix(assay_matrix *out, const assay_op *op, const assay_param *param,
                                 const char *text, assay_error *err)
{
    int32_t n = 0;
    int32_t in_row = 0;
    const char *at = text + strspn(text, " \t");
    memset(out, 0, sizeof *out);
    while (*at != '\0') {
        double value = 0.0;
        if (*at == ';') {
            out->columns = out->rows == 0 ? in_row : out->columns;
            if (in_row == 0 || in_row != out->columns) {
                return fail_matrix(op, param, text, "its rows are not of the same length", err);
            }
            out->rows++;
            in_row = 0;
            at++;
        } else if (!next_number(&value, &at, at) || value < param->low || value > param->high) {
            return fail_matrix(op, param, text, "it holds what is no number of the allowed range",
                               err);
        } else if (n == ASSAY_MATRIX_MOST) {
            return fail_matrix(op, param, text, "it has over 1024 numbers", err);
        } else {
            out->value[n++] = value;
            in_row++;
        }
        at += strspn(at, " \t");
    }
    out->columns = out->rows == 0 ? in_row : out->columns;
    out->rows += in_row > 0;
    if (in_row > 0 && in_row != out->columns) {
        return fail_matrix(op, param, text, "its rows are not of the same length", err);
    }
    return ASSAY_OK;
}

assay_status assay_args_copy_into(const assay_args **out, assay_arena *arena,
                                  const assay_args *args, assay_error *err)
{
    assay_args *copy = assay_arena_alloc(arena, 1, sizeof *copy);
    void *params = assay_arena_alloc(arena, args->op->params_size + 1, 1);
    *out = NULL;
    if (copy == NULL || params == NULL) {
        return assay_fail_memory(err);
    }
    *copy = (assay_args){.op = args->op, .params = params, .set = args->set};
    if (args->op->params_size > 0) {
        memcpy(params, args->params, args->op->params_size);
    }
    *out = copy;
    return ASSAY_OK;
}

static assay_status set_word(assay_args *args, const assay_param *param, const char *text,
                             assay_error *err)
{
    assay_word word = {{0}};
    size_t size = strlen(text);
    bool plain = size < sizeof word.text;
    for (size_t i = 0; i < size && plain; i++) {
        plain = (unsigned char)text[i] > ' ' && text[i] != '"' && text[i] != '\\';
    }
    if (!plain) {
        return assay_fail(err, ASSAY_EINVAL,
                          "%s: parameter %s is '%.60s', expected a word of less than %d characters "
                          "without blanks and quotes",
                          args->op->name, param->name, text, ASSAY_WORD_MOST);
    }
    memcpy(word.text, text, size);
    memcpy(field(args, param), &word, sizeof word);
    args->set |= 1u << (uint32_t)(param - args->op->params);
    return ASSAY_OK;
}

assay_status assay_args_set(assay_args *args, const char *name, const char *text, assay_error *err)
{
    const assay_param *param = find_param(args->op, name, err);
    double value = 0.0;

    if (!param) {
        return ASSAY_EINVAL;
    }
    if (param->type == ASSAY_PARAM_MATRIX) {
        assay_matrix matrix;
        ASSAY_TRY(parse_matrix(&matrix, args->op, param, text, err));
        memcpy(field(args, param), &matrix, sizeof matrix);
        args->set |= 1u << (uint32_t)(param - args->op->params);
        return ASSAY_OK;
    }
    if (param->type == ASSAY_PARAM_WORD) {
        return set_word(args, param, text, err);
    }
    ASSAY_TRY(parse_value(&value, args->op, param, text, err));
    if (param->type != ASSAY_PARAM_CHOICE && (value < param->low || value > param->high)) {
        char low[32];
        char high[32];
        assay_format_real(low, param->low);
        assay_format_real(high, param->high);
        return assay_fail(err, ASSAY_EINVAL, "%s: parameter %s is %s, expected %s to %s%s%s",
                          args->op->name, param->name, text, low, high, param->unit[0] ? " " : "",
                          param->unit);
    }
    store(args, param, value);
    args->set |= 1u << (uint32_t)(param - args->op->params);
    return ASSAY_OK;
}

bool assay_args_get(double *out, const assay_args *args, const char *name)
{
    for (size_t i = 0; i < args->op->n_params; i++) {
        if (assay_text_equal(args->op->params[i].name, name)) {
            *out = load(args, &args->op->params[i]);
            return true;
        }
    }
    return false;
}

static void put_matrix(assay_buffer *out, const assay_matrix *matrix, const char *quote)
{
    char text[32];
    assay_buffer_puts(out, quote);
    for (int32_t i = 0; i < matrix->rows * matrix->columns; i++) {
        bool starts = i % matrix->columns == 0;
        assay_format_real(text, matrix->value[i]);
        assay_buffer_printf(out, "%s%s", i == 0 ? "" : (starts ? "; " : " "), text);
    }
    assay_buffer_puts(out, quote);
}

static void put_value(assay_buffer *out, const assay_args *args, const assay_param *param,
                      bool quoted)
{
    double value = load(args, param);
    char text[32];

    switch (param->type) {
    case ASSAY_PARAM_CHOICE:
        assay_buffer_printf(out, quoted ? "\"%s\"" : "%s", param->choices[(int32_t)value]);
        break;
    case ASSAY_PARAM_BOOL:
        assay_buffer_puts(out, value != 0.0 ? "true" : "false");
        break;
    case ASSAY_PARAM_INT:
        assay_buffer_printf(out, "%" PRId64, (int64_t)value);
        break;
    case ASSAY_PARAM_REAL:
        assay_format_real(text, value);
        assay_buffer_puts(out, text);
        break;
    case ASSAY_PARAM_MATRIX:
        put_matrix(out, field(args, param), quoted ? "\"" : "");
        break;
    case ASSAY_PARAM_WORD:
        assay_buffer_printf(out, quoted ? "\"%s\"" : "%s",
                            ((const assay_word *)field(args, param))->text);
        break;
    }
}

assay_status assay_args_text(assay_buffer *out, const assay_args *args, assay_error *err)
{
    assay_buffer_puts(out, args->op->name);
    for (size_t i = 0; i < args->op->n_params; i++) {
        assay_buffer_printf(out, "%c%s=", i == 0 ? '(' : ',', args->op->params[i].name);
        put_value(out, args, &args->op->params[i], false);
    }
    if (args->op->n_params > 0) {
        assay_buffer_putc(out, ')');
    }
    return assay_buffer_status(out, err);
}

assay_status assay_args_json(assay_buffer *out, const assay_args *args, assay_error *err)
{
    assay_buffer_putc(out, '{');
    for (size_t i = 0; i < args->op->n_params; i++) {
        assay_buffer_printf(out, "%s\"%s\":", i == 0 ? "" : ",", args->op->params[i].name);
        put_value(out, args, &args->op->params[i], true);
    }
    assay_buffer_putc(out, '}');
    return assay_buffer_status(out, err);
}

void assay_args_free(assay_args *args)
{
    if (args) {
        assay_free(args->params);
        assay_free(args);
    }
}

static bool is_identifier(const char *text)
{
    if (!text || !(text[0] >= 'a' && text[0] <= 'z')) {
        return false;
    }
    for (const char *c = text; *c; c++) {
        if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_')) {
            return false;
        }
    }
    return true;
}

static assay_status check_param(const assay_op *op, const assay_param *param, assay_error *err)
{
    double high = param->high;

    if (!is_identifier(param->name) || !param->doc || !param->doc[0] || !param->unit) {
        return assay_fail(err, ASSAY_EINTERNAL, "%s: a parameter lacks its name, unit or doc",
                          op->name);
    }
    if (param->type == ASSAY_PARAM_CHOICE) {
        int32_t n = 0;
        while (param->choices && param->choices[n]) {
            n++;
        }
        high = (double)n - 1.0;
    }
    if (!(param->low <= param->otherwise && param->otherwise <= high)) {
        return assay_fail(err, ASSAY_EINTERNAL, "%s: the default of %s is outside its bounds",
                          op->name, param->name);
    }
    if (param->offset >= op->params_size) {
        return assay_fail(err, ASSAY_EINTERNAL, "%s: %s lies outside the parameter struct",
                          op->name, param->name);
    }
    return ASSAY_OK;
}

assay_status assay_op_check(const assay_op *op, assay_error *err)
{
    const char *const texts[] = {op->title, op->summary, op->description, op->citation, op->since};
    int shapes = (op->metric != NULL) + (op->interval != NULL) + (op->perturbation != NULL) +
                 (op->attack != NULL) + (op->decoder != NULL);
    bool described = op->kind == ASSAY_OP_METRIC && assay_task_is_whole(op->task);

    if (!is_identifier(op->name)) {
        return assay_fail(err, ASSAY_EINTERNAL, "an operation's name is not lower_snake_case");
    }
    for (size_t i = 0; i < ASSAY_COUNT(texts); i++) {
        if (!texts[i] || !texts[i][0]) {
            return assay_fail(err, ASSAY_EINTERNAL,
                              "%s lacks a title, summary, description, citation or version",
                              op->name);
        }
    }
    if (op->revision < 1 || shapes != (described ? 0 : 1) ||
        (op->kind == ASSAY_OP_METRIC && !described) != (op->metric != NULL) ||
        (op->kind == ASSAY_OP_INTERVAL) != (op->interval != NULL) ||
        (op->kind == ASSAY_OP_ATTACK) != (op->attack != NULL) ||
        (op->kind == ASSAY_OP_DECODER) != (op->decoder != NULL)) {
        return assay_fail(err, ASSAY_EINTERNAL, "%s: revision or implementation is wrong",
                          op->name);
    }
    if (!op->examples || !op->examples[0] || op->n_params > 32) {
        return assay_fail(err, ASSAY_EINTERNAL, "%s lacks an example, or has over 32 parameters",
                          op->name);
    }
    for (size_t i = 0; i < op->n_params; i++) {
        ASSAY_TRY(check_param(op, &op->params[i], err));
    }
    return ASSAY_OK;
}
