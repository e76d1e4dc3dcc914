/* The values of small constants, as far as shapes are computed from them. Whole numbers are computed
 * as 64-bit integers, real ones in double precision and rounded to their type. */
#include <math.h>
#include <string.h>

#include "onnx/infer_internal.h"

enum { MOST = 4096 };

typedef struct number {
    int64_t i;
    double f;
} number;

static bool is_real(int32_t type)
{
    return type == ASSAY_ONNX_FLOAT || type == ASSAY_ONNX_DOUBLE;
}

static bool handled(int32_t type)
{
    return is_real(type) || type == ASSAY_ONNX_INT64 || type == ASSAY_ONNX_INT32 ||
           type == ASSAY_ONNX_BOOL || type == ASSAY_ONNX_UINT8;
}

static number load(const assay_onnx_data *data, int64_t at)
{
    const char *bytes = data->bytes;
    number out = {0, 0.0};
    float single = 0.0F;
    int32_t small = 0;
    switch (data->type) {
    case ASSAY_ONNX_FLOAT:
        memcpy(&single, bytes + at * 4, 4);
        out.f = (double)single;
        break;
    case ASSAY_ONNX_DOUBLE:
        memcpy(&out.f, bytes + at * 8, 8);
        break;
    case ASSAY_ONNX_INT64:
        memcpy(&out.i, bytes + at * 8, 8);
        break;
    case ASSAY_ONNX_INT32:
        memcpy(&small, bytes + at * 4, 4);
        out.i = small;
        break;
    default:
        out.i = (uint8_t)bytes[at];
        break;
    }
    return out;
}

bool onnx_constant_number(double *out, const assay_onnx_value *value)
{
    const assay_onnx_data *data = value != NULL ? value->constant : NULL;
    if (data == NULL || data->bytes == NULL || data->count != 1 || !handled(data->type)) {
        return false;
    }
    number found = load(data, 0);
    *out = is_real(data->type) ? found.f : (double)found.i;
    return true;
}

static void store(char *bytes, int32_t type, int64_t at, number value)
{
    float single = (float)value.f;
    int32_t small = (int32_t)value.i;
    switch (type) {
    case ASSAY_ONNX_FLOAT:
        memcpy(bytes + at * 4, &single, 4);
        break;
    case ASSAY_ONNX_DOUBLE:
        memcpy(bytes + at * 8, &value.f, 8);
        break;
    case ASSAY_ONNX_INT64:
        memcpy(bytes + at * 8, &value.i, 8);
        break;
    case ASSAY_ONNX_INT32:
        memcpy(bytes + at * 4, &small, 4);
        break;
    default:
        bytes[at] = (char)value.i;
        break;
    }
}

static bool is_one_of(const char *op, const char *const *list)
{
    while (*list != NULL && strcmp(op, *list) != 0) {
        list++;
    }
    return *list != NULL;
}

/* a mod b with the sign of b, as Python has it */
static int64_t modulo(int64_t a, int64_t b)
{
    int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/* Add, Sub, Mul, Div, Mod on whole numbers; false on overflow. */
static bool compute_whole(int64_t *out, const char *op, int64_t a, int64_t b)
{
    bool divides = b != 0 && !(a == INT64_MIN && b == -1);
    switch (op[0] == 'M' ? op[1] : op[0]) {
    case 'A':
        return !__builtin_add_overflow(a, b, out);
    case 'S':
        return !__builtin_sub_overflow(a, b, out);
    case 'u':
        return !__builtin_mul_overflow(a, b, out);
    case 'D':
        *out = divides ? a / b : 0;
        return divides;
    default:
        *out = divides ? modulo(a, b) : 0;
        return divides;
    }
}

static bool compute_real(double *out, const char *op, double a, double b)
{
    switch (op[0] == 'M' ? op[1] : op[0]) {
    case 'A':
        *out = a + b;
        return true;
    case 'S':
        *out = a - b;
        return true;
    case 'u':
        *out = a * b;
        return true;
    case 'D':
        *out = a / b;
        return true;
    default:
        return false;
    }
}

/* Comparisons and logic; -1 when it is neither. */
static int compare(const char *op, bool real, const number *x)
{
    int order =
        real ? (x[0].f > x[1].f) - (x[0].f < x[1].f) : (x[0].i > x[1].i) - (x[0].i < x[1].i);
    bool a = x[0].i != 0;
    bool b = x[1].i != 0;
    const struct {
        const char *op;
        bool holds;
    } answers[] = {{"Equal", order == 0},
                   {"Greater", order > 0},
                   {"GreaterOrEqual", order >= 0},
                   {"Less", order < 0},
                   {"LessOrEqual", order <= 0},
                   {"And", a && b},
                   {"Or", a || b},
                   {"Not", !a}};
    if (real && (isnan(x[0].f) || isnan(x[1].f))) {
        return -1;
    }
    for (size_t i = 0; i < ASSAY_COUNT(answers); i++) {
        if (strcmp(op, answers[i].op) == 0) {
            return answers[i].holds;
        }
    }
    return -1;
}

static bool compute_one(number *out, const char *op, const number *x)
{
    if (strcmp(op, "Floor") == 0) {
        out->f = floor(x->f);
    } else if (strcmp(op, "Ceil") == 0) {
        out->f = ceil(x->f);
    } else if (strcmp(op, "Sqrt") == 0) {
        out->f = sqrt(x->f);
    } else if (strcmp(op, "Neg") == 0) {
        out->i = x->i != INT64_MIN ? -x->i : 0;
        out->f = -x->f;
        return x->i != INT64_MIN;
    } else {
        return false;
    }
    return true;
}

/* Everything that is not copied about: the result from the operands. False = not known here. */
static bool compute(number *out, const char *op, bool real, const number *x)
{
    static const char *const arithmetic[] = {"Add", "Sub", "Mul", "Div", "Mod", NULL};
    if (is_one_of(op, arithmetic)) {
        return real ? compute_real(&out->f, op, x[0].f, x[1].f)
                    : compute_whole(&out->i, op, x[0].i, x[1].i);
    }
    if (strcmp(op, "Max") == 0 || strcmp(op, "Min") == 0) {
        bool first = (real ? x[0].f > x[1].f : x[0].i > x[1].i) == (op[1] == 'a');
        *out = x[first ? 0 : 1];
        return true;
    }
    if (strcmp(op, "Where") == 0) {
        *out = x[x[0].i != 0 ? 1 : 2];
        return true;
    }
    int holds = compare(op, real, x);
    if (holds >= 0) {
        out->i = holds;
        return true;
    }
    return compute_one(out, op, x);
}

/* Position in an operand of the element at `at` of the output, numpy's broadcasting undone. */
static int64_t position(const assay_onnx_value *out, const assay_onnx_data *in, int64_t at)
{
    int64_t found = 0;
    int64_t stride = 1;
    for (int32_t d = out->rank; d-- > 0;) {
        int64_t here = at % out->shape[d];
        int32_t k = d - (out->rank - in->rank);
        at /= out->shape[d];
        if (k >= 0) {
            found += in->shape[k] == 1 ? 0 : here * stride;
            stride *= in->shape[k];
        }
    }
    return found;
}

static bool fold_elementwise(char *bytes, const assay_onnx_node *node, int64_t count)
{
    const assay_onnx_value *out = node->out[0];
    bool where = strcmp(node->op, "Where") == 0;
    bool real = is_real(where && node->n_in > 1 && node->in[1] != NULL ? node->in[1]->type
                                                                       : node->in[0]->type);
    if (where ? node->n_in != 3 : node->n_in > 2) {
        return false;
    }
    for (int32_t k = 0; k < node->n_in; k++) {
        if (node->in[k] == NULL) {
            return false;
        }
    }
    for (int64_t i = 0; i < count; i++) {
        number x[3] = {{0, 0.0}};
        number result = {0, 0.0};
        for (int32_t k = 0; k < node->n_in; k++) {
            const assay_onnx_data *in = node->in[k]->constant;
            x[k] = load(in, position(out, in, i));
        }
        if (!compute(&result, node->op, real, x)) {
            return false;
        }
        store(bytes, out->type, i, result);
    }
    return true;
}

static bool fold_cast(char *bytes, const assay_onnx_node *node, int64_t count)
{
    const assay_onnx_data *in = node->in[0]->constant;
    bool from = is_real(in->type);
    bool to = is_real(node->out[0]->type);
    for (int64_t i = 0; i < count; i++) {
        number value = load(in, i);
        if (from && !to) {
            if (!(fabs(value.f) < 9e18)) {
                return false;
            }
            value.i = node->out[0]->type == ASSAY_ONNX_BOOL ? value.f != 0.0 : (int64_t)value.f;
        } else if (!from && to) {
            value.f = (double)value.i;
        } else if (node->out[0]->type == ASSAY_ONNX_BOOL) {
            value.i = value.i != 0;
        }
        store(bytes, node->out[0]->type, i, value);
    }
    return true;
}

static bool fold_concat(char *bytes, const assay_onnx_node *node)
{
    const assay_onnx_value *out = node->out[0];
    int32_t axis = onnx_axis(assay_onnx_attribute_int(node, "axis", 0), out->rank);
    int64_t before = 1;
    int64_t at = 0;
    for (int32_t d = 0; d < axis; d++) {
        before *= out->shape[d];
    }
    for (int64_t o = 0; o < before; o++) {
        for (int32_t k = 0; k < node->n_in; k++) {
            const assay_onnx_data *in = node->in[k]->constant;
            int64_t run = before > 0 ? in->count / before : 0;
            for (int64_t i = 0; i < run; i++) {
                store(bytes, out->type, at++, load(in, o * run + i));
            }
        }
    }
    return true;
}

static bool fold_gather(char *bytes, const assay_onnx_node *node)
{
    const assay_onnx_data *in = node->in[0]->constant;
    const assay_onnx_value *at_value = assay_onnx_in(node, 1);
    if (at_value == NULL) {
        return false;
    }
    const assay_onnx_data *index = at_value->constant;
    int32_t axis = onnx_axis(assay_onnx_attribute_int(node, "axis", 0), in->rank);
    int64_t before = 1;
    int64_t after = 1;
    int64_t at = 0;
    for (int32_t d = 0; d < in->rank; d++) {
        before *= d < axis ? in->shape[d] : 1;
        after *= d > axis ? in->shape[d] : 1;
    }
    int64_t size = axis >= 0 ? in->shape[axis] : 0;
    for (int64_t o = 0; o < before; o++) {
        for (int64_t k = 0; k < index->count; k++) {
            int64_t chosen = load(index, k).i;
            chosen = chosen < 0 ? chosen + size : chosen;
            if (chosen < 0 || chosen >= size) {
                return false;
            }
            for (int64_t i = 0; i < after; i++) {
                store(bytes, in->type, at++, load(in, (o * size + chosen) * after + i));
            }
        }
    }
    return true;
}

static bool fold_shape(char *bytes, const assay_onnx_node *node, int64_t count)
{
    const assay_onnx_value *x = node->in[0];
    int64_t from = assay_onnx_attribute_int(node, "start", 0);
    from = from < 0 ? from + x->rank : from;
    from = from < 0 ? 0 : from;
    if (strcmp(node->op, "Size") == 0) {
        store(bytes, ASSAY_ONNX_INT64, 0, (number){assay_onnx_count(x), 0.0});
        return assay_onnx_is_static(x);
    }
    for (int64_t i = 0; i < count; i++) {
        if (x->shape[from + i] < 0) {
            return false;
        }
        store(bytes, ASSAY_ONNX_INT64, i, (number){x->shape[from + i], 0.0});
    }
    return true;
}

static bool fold_fill(char *bytes, const assay_onnx_node *node, int64_t count)
{
    const assay_onnx_attribute *value = assay_onnx_attribute_find(node, "value");
    const assay_onnx_data *data = value != NULL ? value->tensor : NULL;
    number what = {0, 0.0};
    if (data != NULL && data->bytes != NULL && data->count == 1 && handled(data->type)) {
        what = load(data, 0);
    }
    for (int64_t i = 0; i < count; i++) {
        store(bytes, node->out[0]->type, i, what);
    }
    return true;
}

static bool fold_range(char *bytes, const assay_onnx_node *node, int64_t count)
{
    int64_t from = 0;
    int64_t step = 0;
    if (is_real(node->out[0]->type) ||
        assay_onnx_constant_ints(&from, 1, assay_onnx_in(node, 0)) != 1 ||
        assay_onnx_constant_ints(&step, 1, assay_onnx_in(node, 2)) != 1) {
        return false;
    }
    for (int64_t i = 0; i < count; i++) {
        store(bytes, node->out[0]->type, i, (number){from + i * step, 0.0});
    }
    return true;
}

static bool fold_reduce(char *bytes, const assay_onnx_node *node, int64_t count)
{
    const assay_onnx_data *in = node->in[0]->constant;
    bool prod = strcmp(node->op, "ReduceProd") == 0;
    bool least = strcmp(node->op, "ReduceMin") == 0;
    bool most = strcmp(node->op, "ReduceMax") == 0;
    number sum = {prod, prod ? 1.0 : 0.0};
    if (count != 1 || in->count < 1) {
        return false;
    }
    sum = least || most ? load(in, 0) : sum;
    for (int64_t i = 0; i < in->count; i++) {
        number x = load(in, i);
        if (least || most) {
            bool better = is_real(in->type) ? (x.f < sum.f) == least : (x.i < sum.i) == least;
            sum = better ? x : sum;
        } else if (prod ? __builtin_mul_overflow(sum.i, x.i, &sum.i)
                        : __builtin_add_overflow(sum.i, x.i, &sum.i)) {
            return false;
        }
        sum.f = prod ? sum.f * x.f : least || most ? sum.f : sum.f + x.f;
    }
    store(bytes, node->out[0]->type, 0, sum);
    return true;
}

static bool fold_into(char *bytes, const assay_onnx_node *node, int64_t count)
{
    static const char *const copies[] = {"Identity",  "Reshape", "Squeeze",
                                         "Unsqueeze", "Flatten", NULL};
    static const char *const reduces[] = {"ReduceProd", "ReduceSum", "ReduceMin", "ReduceMax",
                                          NULL};
    static const struct {
        const char *op;
        bool (*fn)(char *, const assay_onnx_node *, int64_t);
    } others[] = {{"Cast", fold_cast},
                  {"Slice", onnx_fold_slice},
                  {"Transpose", onnx_fold_transpose},
                  {"Expand", onnx_fold_expand},
                  {"ConstantOfShape", fold_fill},
                  {"Range", fold_range},
                  {"Shape", fold_shape},
                  {"Size", fold_shape}};
    if (is_one_of(node->op, copies)) {
        const assay_onnx_data *in = node->in[0]->constant;
        bool fits = in->count == count && in->type == node->out[0]->type;
        memcpy(bytes, in->bytes, fits ? in->size : 0);
        return fits;
    }
    if (is_one_of(node->op, reduces)) {
        return fold_reduce(bytes, node, count);
    }
    for (size_t i = 0; i < ASSAY_COUNT(others); i++) {
        if (strcmp(node->op, others[i].op) == 0) {
            return others[i].fn(bytes, node, count);
        }
    }
    if (strcmp(node->op, "Concat") == 0) {
        return fold_concat(bytes, node);
    }
    return strcmp(node->op, "Gather") == 0 ? fold_gather(bytes, node)
                                           : fold_elementwise(bytes, node, count);
}

assay_status onnx_fold(assay_onnx_graph *graph, assay_onnx_node *node, assay_error *err)
{
    assay_onnx_value *out = assay_onnx_out(node, 0);
    bool of_shape = strcmp(node->op, "Shape") == 0 || strcmp(node->op, "Size") == 0;
    if (out == NULL || node->n_out != 1 || strcmp(node->op, "Constant") == 0) {
        return ASSAY_OK;
    }
    out->constant = NULL;
    int64_t count = assay_onnx_count(out);
    if (count < 0 || count > MOST || !handled(out->type)) {
        return ASSAY_OK;
    }
    for (int32_t i = 0; i < node->n_in && !of_shape; i++) {
        const assay_onnx_data *in = node->in[i] != NULL ? node->in[i]->constant : NULL;
        bool fine = node->in[i] == NULL ||
                    (in != NULL && in->bytes != NULL && in->count <= MOST && handled(in->type));
        if (!fine) {
            return ASSAY_OK;
        }
    }
    size_t width = assay_onnx_type_size(out->type);
    assay_onnx_data *data = assay_arena_alloc(graph->arena, 1, sizeof *data);
    char *bytes = assay_arena_alloc(graph->arena, (size_t)count + 1, width);
    int64_t *shape = assay_arena_alloc(graph->arena, ASSAY_ONNX_RANK, sizeof *shape);
    if (data == NULL || bytes == NULL || shape == NULL) {
        return assay_fail_memory(err);
    }
    if (!fold_into(bytes, node, count)) {
        return ASSAY_OK;
    }
    memcpy(shape, out->shape, sizeof out->shape);
    *data = (assay_onnx_data){.type = out->type,
                              .rank = out->rank,
                              .shape = shape,
                              .count = count,
                              .bytes = bytes,
                              .size = (size_t)count * width};
    out->constant = data;
    return ASSAY_OK;
}
