#include "adapters/onnxruntime/ort_blocked.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/onnxruntime/ort_kernel.h"
#include "adapters/onnxruntime/ort_layout.h"
#include "adapters/onnxruntime/ort_once.h"
#include "adapters/onnxruntime/ort_picture.h"
#include "adapters/onnxruntime/ort_pool.h"
#include "adapters/onnxruntime/ort_session.h"
#include "base/alloc.h"
#include "onnx/head.h"

#define NCHWC "com.microsoft.nchwc"

/* Above that the second copy of the weights costs more than the layout brings. */
enum { MOST_BYTES = 1 << 29 };

static bool is_blocked_op(const assay_onnx_node *node, const char *op)
{
    return node != NULL && strcmp(node->domain, NCHWC) == 0 && strcmp(node->op, op) == 0;
}

static bool is_kernel(const assay_onnx_node *node, const char *op)
{
    return strcmp(node->domain, ASSAY_ORT_KERNELS) == 0 && strcmp(node->op, op) == 0;
}

/* ---- how many channels ---------------------------------------------------------------------- */

enum { CHANNELS = 16, WIDTH = 3 };

static assay_status reorder_graph(assay_onnx_graph **out, assay_error *err)
{
    static const assay_onnx_opset domain = {NCHWC, 1};
    const int64_t shape[4] = {1, CHANNELS, 1, WIDTH};
    assay_onnx_node *node = NULL;
    assay_onnx_value *x = NULL;
    assay_onnx_value *y = NULL;
    ASSAY_TRY(assay_onnx_graph_new(out, err));
    (*out)->opset = ASSAY_ONNX_OPSET_COMMON;
    (*out)->ir_version = 8;
    (*out)->domains = assay_arena_alloc((*out)->arena, 1, sizeof domain);
    if ((*out)->domains == NULL) {
        return assay_fail_memory(err);
    }
    (*out)->domains[0] = domain;
    (*out)->n_domains = 1;
    ASSAY_TRY(assay_onnx_add_input(&x, *out, "x", ASSAY_ONNX_FLOAT, 4, shape, err));
    ASSAY_TRY(assay_onnx_node_add(&node, *out, "ReorderInput", 1, 1, err));
    ASSAY_TRY(assay_onnx_value_add(&y, *out, "y", err));
    node->domain = NCHWC;
    node->in[0] = x;
    node->out[0] = y;
    y->node = node;
    y->type = ASSAY_ONNX_FLOAT;
    y->rank = 4;
    memcpy(y->shape, shape, sizeof shape);
    return assay_onnx_set_outputs(*out, &y, 1, err);
}

static assay_status reorder(float *out, float *in, assay_error *err)
{
    static const char *const x = "x";
    static const char *const y = "y";
    const size_t count = (size_t)CHANNELS * WIDTH;
    assay_status status = ASSAY_OK;
    assay_onnx_graph *graph = NULL;
    assay_buffer packed;
    const assay_tensor tensor = {
        .type = ASSAY_DTYPE_F32, .rank = 4, .shape = {1, CHANNELS, 1, WIDTH}, .data = in};
    assay_buffer_init(&packed, 0);
    ASSAY_GOTO(reorder_graph(&graph, err), done);
    ASSAY_GOTO(assay_onnx_write(&packed, graph, err), done);
    status = assay_ort_run_once(&out, &count, &y, 1, packed.data, packed.size, &x, &tensor, 1, err);
done:
    assay_buffer_dispose(&packed);
    assay_onnx_graph_free(graph);
    return status;
}

/* Asked of the runtime by trial: it is said nowhere else, and depends on the processor. */
int64_t assay_ort_block_size(void)
{
    float x[CHANNELS * WIDTH];
    float y[CHANNELS * WIDTH];
    for (int i = 0; i < CHANNELS * WIDTH; i++) {
        x[i] = (float)i;
    }
    if (reorder(y, x, NULL) != ASSAY_OK) {
        return 0;
    }
    for (int64_t block = ASSAY_ORT_BLOCK_LEAST; block <= CHANNELS; block *= 2) {
        bool fits = true;
        for (int64_t c = 0; c < CHANNELS; c++) {
            for (int64_t w = 0; w < WIDTH; w++) {
                int64_t at = (c / block * WIDTH + w) * block + c % block;
                fits = fits && (int64_t)y[at] == c * WIDTH + w;
            }
        }
        if (fits) {
            return block;
        }
    }
    return 0;
}

/* ---- in the graph --------------------------------------------------------------------------- */

typedef struct work {
    assay_onnx_graph *graph;
    int64_t block;
    int32_t changed;
} work;

/* The blocked map that a value was put into the usual order from; NULL if it was not, or if its
 * channels are no whole blocks for each of `parts`. */
static assay_onnx_value *blocked_source(const work *w, const assay_onnx_value *x, int64_t parts)
{
    const assay_onnx_node *node = x != NULL ? x->node : NULL;
    if (!is_blocked_op(node, "ReorderOutput") ||
        assay_onnx_attribute_int(node, "channels_last", 0) != 0 ||
        assay_onnx_attribute_int(node, "channels", 1) % (w->block * parts) != 0) {
        return NULL;
    }
    return node->in[0];
}

static int32_t uses(const work *w, const assay_onnx_value *x)
{
    int32_t n = x->output ? 1 : 0;
    for (int32_t i = 0; i < w->graph->n_nodes; i++) {
        const assay_onnx_node *node = w->graph->nodes[i];
        for (int32_t k = 0; k < node->n_in; k++) {
            n += node->in[k] == x;
        }
        for (int32_t k = 0; k < node->n_captures; k++) {
            n += node->captures[k] == x;
        }
    }
    return n;
}

static assay_onnx_node *only_user(const work *w, const assay_onnx_value *x)
{
    assay_onnx_node *found = NULL;
    for (int32_t i = 0; i < w->graph->n_nodes; i++) {
        for (int32_t k = 0; k < w->graph->nodes[i]->n_in; k++) {
            found = w->graph->nodes[i]->in[k] == x ? w->graph->nodes[i] : found;
        }
    }
    return uses(w, x) == 1 ? found : NULL;
}

static void use_instead(const work *w, const assay_onnx_value *old, assay_onnx_value *new)
{
    for (int32_t i = 0; i < w->graph->n_nodes; i++) {
        for (int32_t k = 0; k < w->graph->nodes[i]->n_in; k++) {
            assay_onnx_value **in = &w->graph->nodes[i]->in[k];
            *in = *in == old ? new : *in;
        }
    }
}

/* The value that brings a kernel's result into the layout: by way of a Reshape that changes nothing.
 * NULL if anything else uses it. */
static assay_onnx_value *blocked_result(const work *w, const assay_onnx_value *y)
{
    const assay_onnx_node *shape = only_user(w, y);
    if (shape == NULL || !assay_onnx_is(shape, "Reshape") || shape->in[0] != y) {
        return NULL;
    }
    const assay_onnx_node *into = only_user(w, shape->out[0]);
    return is_blocked_op(into, "ReorderInput") &&
                   assay_onnx_attribute_int(into, "channels_last", 0) == 0
               ? into->out[0]
               : NULL;
}

/* The kernel that takes a kernel's result to the picture's channels; NULL if anything else uses it. */
static assay_onnx_node *picture_after(const work *w, const assay_onnx_value *y)
{
    const assay_onnx_node *shape = only_user(w, y);
    if (shape == NULL || !assay_onnx_is(shape, "Reshape") || shape->in[0] != y) {
        return NULL;
    }
    assay_onnx_node *picture = only_user(w, shape->out[0]);
    return picture != NULL && is_kernel(picture, ASSAY_ORT_PICTURE) &&
                   picture->in[0] == shape->out[0]
               ? picture
               : NULL;
}

/* A convolution channel by channel with ones, which onnx_blocked writes to have the map in the
 * layout; the runtime may have put an addition into it. */
static bool changes_nothing(const assay_onnx_node *node)
{
    const assay_onnx_value *weights = assay_onnx_in(node, 1);
    const assay_onnx_data *data = weights != NULL ? weights->constant : NULL;
    if (!is_blocked_op(node, "Conv") || assay_onnx_in(node, 2) != NULL || data == NULL ||
        data->bytes == NULL || data->type != ASSAY_ONNX_FLOAT || data->rank != 4 ||
        assay_onnx_attribute_find(node, "activation") != NULL ||
        assay_onnx_attribute_int(node, "group", 1) != data->count) {
        return false;
    }
    for (int64_t i = 0; i < data->count; i++) {
        float one = 0.0F;
        memcpy(&one, (const char *)data->bytes + (size_t)i * sizeof one, sizeof one);
        if (one != 1.0F) {
            return false;
        }
    }
    return true;
}

/* From here on the kernel's own result is the blocked map. */
static void take_place(work *w, assay_onnx_node *node, const assay_onnx_value *old)
{
    assay_onnx_value *y = node->out[0];
    use_instead(w, y, NULL); /* of the Reshape, which goes */
    use_instead(w, old, y);
    for (int32_t i = 0; i < w->graph->n_nodes; i++) {
        const assay_onnx_node *user = w->graph->nodes[i];
        if (assay_onnx_in(user, 0) == y && assay_onnx_in(user, 3) == NULL &&
            changes_nothing(user) && !user->out[0]->output) {
            use_instead(w, user->out[0], y);
        }
    }
    w->changed++;
}

/* Where the result is only added to another map, it is added there in place of the convolution. */
static void put_onto(const work *w, const assay_onnx_node *node)
{
    assay_onnx_node *sum = only_user(w, node->out[0]);
    const int64_t *numbers = NULL;
    (void)assay_onnx_attribute_ints(&numbers, node, ASSAY_ORT_INTERLEAVE_NUMBERS);
    if (sum == NULL || assay_onnx_in(sum, 0) != node->out[0] || assay_onnx_in(sum, 3) == NULL ||
        !changes_nothing(sum) || numbers[ASSAY_ORT_INTERLEAVE_GIVEN] != 1) {
        return;
    }
    sum->in[0] = sum->in[3];
    sum->in[1] = node->in[0];
    sum->n_in = 2;
    sum->op = ASSAY_ORT_INTERLEAVE_ONTO;
    sum->domain = ASSAY_ORT_KERNELS;
    sum->attributes = node->attributes;
    sum->n_attributes = node->n_attributes;
}

static assay_status set_number(const work *w, const assay_onnx_node *node, const char *attribute,
                               int32_t at, assay_error *err)
{
    for (int32_t i = 0; i < node->n_attributes; i++) {
        assay_onnx_attribute *list = &node->attributes[i];
        if (strcmp(list->name, attribute) == 0 && list->n > (size_t)at) {
            int64_t *numbers = assay_arena_alloc(w->graph->arena, list->n, sizeof *numbers);
            if (numbers == NULL) {
                return assay_fail_memory(err);
            }
            memcpy(numbers, list->ints, list->n * sizeof *numbers);
            numbers[at] = w->block;
            list->ints = numbers;
            list->proto = NULL;
        }
    }
    return ASSAY_OK;
}

static assay_status put_interleave(work *w, assay_onnx_node *node, assay_error *err)
{
    const int64_t *numbers = NULL;
    if (assay_onnx_attribute_ints(&numbers, node, ASSAY_ORT_INTERLEAVE_NUMBERS) <=
        ASSAY_ORT_INTERLEAVE_BLOCK) {
        return ASSAY_OK;
    }
    assay_onnx_value *x = blocked_source(w, node->in[0], numbers[ASSAY_ORT_INTERLEAVE_GIVEN]);
    const assay_onnx_value *result = blocked_result(w, node->out[0]);
    if (x == NULL || result == NULL) {
        return ASSAY_OK;
    }
    ASSAY_TRY(set_number(w, node, ASSAY_ORT_INTERLEAVE_NUMBERS, ASSAY_ORT_INTERLEAVE_BLOCK, err));
    node->in[0] = x;
    take_place(w, node, result);
    put_onto(w, node);
    return ASSAY_OK;
}

static assay_status put_pool(work *w, assay_onnx_node *node, assay_error *err)
{
    const assay_onnx_node *flat = node->in[2]->node;
    assay_onnx_value *x = blocked_source(w, node->in[0], 1);
    assay_onnx_value *y = blocked_source(w, node->in[1], 1);
    assay_onnx_value *dy =
        flat != NULL && assay_onnx_is(flat, "Reshape") ? blocked_source(w, flat->in[0], 1) : NULL;
    const assay_onnx_value *result = blocked_result(w, node->out[0]);
    assay_onnx_node *picture = picture_after(w, node->out[0]);
    if (x == NULL || y == NULL || dy == NULL || (result == NULL && picture == NULL)) {
        return ASSAY_OK;
    }
    ASSAY_TRY(set_number(w, node, ASSAY_ORT_POOL_NUMBERS, ASSAY_ORT_POOL_BLOCK, err));
    node->in[0] = x;
    node->in[1] = y;
    node->in[2] = dy;
    if (picture == NULL) {
        take_place(w, node, result);
        return ASSAY_OK;
    }
    picture->in[0] = node->out[0];
    w->changed += 2;
    return set_number(w, picture, ASSAY_ORT_PICTURE_NUMBERS, ASSAY_ORT_PICTURE_BLOCK, err);
}

/* The phases are taken from where they are instead of being put one behind the other first. */
static void put_four(const work *w, assay_onnx_node *node)
{
    enum { FOUR = 4 };
    const assay_onnx_node *joined = node->in[0]->node;
    const int64_t *numbers = NULL;
    (void)assay_onnx_attribute_ints(&numbers, node, ASSAY_ORT_INTERLEAVE_NUMBERS);
    if (numbers[ASSAY_ORT_INTERLEAVE_BLOCK] == 0 || numbers[0] != 2 ||
        numbers[ASSAY_ORT_INTERLEAVE_GIVEN] != FOUR || joined == NULL ||
        !assay_onnx_is(joined, "Concat") || joined->n_in != FOUR || uses(w, joined->out[0]) != 1 ||
        assay_onnx_attribute_int(joined, "axis", 0) != 1) {
        return;
    }
    node->in = joined->in;
    node->n_in = FOUR;
    node->op = ASSAY_ORT_INTERLEAVE_FOUR;
}

static assay_status put_picture(work *w, assay_onnx_node *node, assay_error *err)
{
    assay_onnx_value *x = blocked_source(w, node->in[0], 1);
    if (x == NULL) {
        return ASSAY_OK;
    }
    ASSAY_TRY(set_number(w, node, ASSAY_ORT_PICTURE_NUMBERS, ASSAY_ORT_PICTURE_BLOCK, err));
    node->in[0] = x;
    w->changed++;
    return ASSAY_OK;
}

/* A kernel that masks as it goes, in the place of a mask before or after it. */
static assay_status put_last(const work *w, assay_onnx_node *node, const char *op,
                             assay_onnx_value *mask, assay_error *err)
{
    assay_onnx_value **in =
        assay_arena_alloc(w->graph->arena, (size_t)node->n_in + 1, sizeof(assay_onnx_value *));
    if (in == NULL) {
        return assay_fail_memory(err);
    }
    memcpy(in, node->in, (size_t)node->n_in * sizeof(assay_onnx_value *));
    in[node->n_in++] = mask;
    node->in = in;
    node->op = op;
    return ASSAY_OK;
}

/* Of the kernels that have their place: what stands right before or after one is done by it. */
static assay_status join(const work *w, assay_error *err)
{
    for (int32_t i = 0; i < w->graph->n_nodes; i++) {
        assay_onnx_node *node = w->graph->nodes[i];
        if (is_kernel(node, ASSAY_ORT_INTERLEAVE)) {
            put_four(w, node);
        }
        assay_onnx_node *before = node->n_in > 0 && node->in[0] != NULL ? node->in[0]->node : NULL;
        if (before == NULL || uses(w, node->in[0]) != 1) {
            continue;
        }
        if (is_kernel(node, ASSAY_ORT_GATE) && is_kernel(before, ASSAY_ORT_INTERLEAVE_FOUR)) {
            assay_onnx_value *mask = node->in[1];
            node->in = before->in;
            node->n_in = before->n_in;
            node->attributes = before->attributes;
            node->n_attributes = before->n_attributes;
            ASSAY_TRY(put_last(w, node, ASSAY_ORT_INTERLEAVE_FOUR_GATED, mask, err));
        } else if (is_kernel(node, ASSAY_ORT_PICTURE) && is_kernel(before, ASSAY_ORT_GATE)) {
            node->in[0] = before->in[0];
            ASSAY_TRY(put_last(w, node, ASSAY_ORT_PICTURE_GATED, before->in[1], err));
        }
    }
    return ASSAY_OK;
}

static void put_gate(work *w, assay_onnx_node *node)
{
    for (int32_t k = 0; assay_onnx_is(node, "Mul") && k < 2; k++) {
        assay_onnx_node *mask = node->in[k]->node;
        if (mask == NULL || !assay_ort_is_gate(mask) || mask->in[0]->node == NULL ||
            strcmp(mask->in[0]->node->domain, NCHWC) != 0 || uses(w, node->in[k]) != 1) {
            continue;
        }
        assay_onnx_value *bits = node->in[k];
        node->in[0] = node->in[1 - k];
        node->in[1] = bits;
        node->op = ASSAY_ORT_GATE;
        node->domain = ASSAY_ORT_KERNELS;
        node->n_attributes = 0;
        mask->op = ASSAY_ORT_MASK;
        mask->domain = ASSAY_ORT_KERNELS;
        w->changed++;
    }
}

/* node->mark of those that the first output, the gradient, needs. */
static void mark_needed(const assay_onnx_graph *graph)
{
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        graph->nodes[i]->mark = 0;
    }
    if (graph->n_outputs > 0 && graph->outputs[0]->node != NULL) {
        graph->outputs[0]->node->mark = 1;
    }
    for (int32_t i = graph->n_nodes; i-- > 0;) {
        const assay_onnx_node *node = graph->nodes[i];
        for (int32_t k = 0; node->mark != 0 && k < node->n_in; k++) {
            if (node->in[k] != NULL && node->in[k]->node != NULL) {
                node->in[k]->node->mark = 1;
            }
        }
    }
}

/* The runtime goes back from the outputs and visits what stands last first. So the gradient stands
 * last, and a mask after what it is multiplied with: then masks are made right after their maps,
 * which are in the cache and after that perhaps not needed any more. */
static assay_status masks_early(assay_onnx_graph *graph, assay_error *err)
{
    int32_t n = 0;
    assay_onnx_node **nodes =
        assay_arena_alloc(graph->arena, (size_t)graph->n_nodes + 1, sizeof(assay_onnx_node *));
    if (nodes == NULL) {
        return assay_fail_memory(err);
    }
    mark_needed(graph);
    int32_t last = graph->n_nodes;
    while (last > 0 && graph->nodes[last - 1]->mark == 0) {
        last--;
    }
    assay_onnx_node *gradient = last > 0 ? graph->nodes[last - 1] : NULL;
    for (int32_t i = last; i < graph->n_nodes; i++) {
        for (int32_t k = 0; k < graph->nodes[i]->n_in; k++) {
            const assay_onnx_value *x = graph->nodes[i]->in[k];
            gradient = x != NULL && x->node == gradient ? NULL : gradient; /* others build on it */
        }
    }
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        assay_onnx_node *node = graph->nodes[i];
        if (node == gradient || is_kernel(node, ASSAY_ORT_MASK)) {
            continue;
        }
        assay_onnx_node *mask = node->n_in > 1 && node->in[node->n_in - 1] != NULL
                                    ? node->in[node->n_in - 1]->node
                                    : NULL;
        if (mask != NULL && is_kernel(mask, ASSAY_ORT_MASK)) {
            nodes[n++] = mask;
        }
        nodes[n++] = node;
    }
    if (gradient != NULL) {
        nodes[n++] = gradient;
    }
    memcpy(graph->nodes, nodes, (size_t)n * sizeof(assay_onnx_node *));
    return ASSAY_OK;
}

assay_status assay_ort_blocked_rewrite(int32_t *changed, assay_onnx_graph *graph, int64_t block,
                                       bool gates, assay_error *err)
{
    work w = {.graph = graph, .block = block};
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        assay_onnx_node *node = graph->nodes[i];
        if (is_kernel(node, ASSAY_ORT_INTERLEAVE)) {
            ASSAY_TRY(put_interleave(&w, node, err));
        } else if (is_kernel(node, ASSAY_ORT_POOL)) {
            ASSAY_TRY(put_pool(&w, node, err));
        } else if (is_kernel(node, ASSAY_ORT_PICTURE)) {
            ASSAY_TRY(put_picture(&w, node, err));
        } else if (gates) {
            put_gate(&w, node);
        }
    }
    *changed = w.changed;
    if (w.changed == 0) {
        return ASSAY_OK;
    }
    assay_onnx_prune(graph);
    ASSAY_TRY(join(&w, err));
    assay_onnx_prune(graph);
    ASSAY_TRY(masks_early(graph, err));
    return assay_ort_kernel_declare(graph, err);
}

/* ---- the session ---------------------------------------------------------------------------- */

static bool has_maps(const assay_onnx_graph *graph)
{
    bool found = false;
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        found = found || assay_onnx_is(graph->nodes[i], "Conv");
    }
    return found;
}

/* What the runtime left in the file, with our kernels on it. */
static assay_status reopen(assay_ort_session *out, int32_t *changed, int file, bool gates,
                           int64_t block, assay_error *err)
{
    assay_status status = ASSAY_OK;
    struct stat found;
    assay_onnx_graph *graph = NULL;
    assay_buffer packed;
    if (fstat(file, &found) != 0 || found.st_size <= 0) {
        return assay_fail(err, ASSAY_EIO, "the runtime left no graph");
    }
    void *bytes = mmap(NULL, (size_t)found.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED) {
        return assay_fail_memory(err);
    }
    status = assay_onnx_read(&graph, bytes, (size_t)found.st_size, NULL, NULL, err);
    (void)munmap(bytes, (size_t)found.st_size);
    assay_buffer_init(&packed, (size_t)2 << 30);
    if (status == ASSAY_OK) {
        status = assay_ort_blocked_rewrite(changed, graph, block, gates, err);
    }
    if (status == ASSAY_OK && *changed == 0) {
        status = assay_fail(err, ASSAY_EUNSUPPORTED, "no blocked maps meet a kernel");
    }
    if (status == ASSAY_OK) {
        status = assay_onnx_write(&packed, graph, err);
    }
    assay_onnx_graph_free(graph);
    if (status == ASSAY_OK) {
        status = assay_ort_session_open_finished(out, packed.data, packed.size, err);
    }
    assay_buffer_dispose(&packed);
    return status;
}

assay_status assay_ort_blocked_open(assay_ort_session *out, int32_t *changed,
                                    const assay_onnx_graph *graph, assay_error *err)
{
    int32_t n = 0;
    assay_status status = ASSAY_OK;
    assay_ort_session blocked;
    assay_buffer packed;
    char place[64];
    int file = -1;
    assay_buffer_init(&packed, (size_t)2 << 30);
    ASSAY_GOTO(assay_onnx_write(&packed, graph, err), done);
    int64_t block = has_maps(graph) && packed.size <= MOST_BYTES ? assay_ort_block_size() : 0;
    if (block > 0) {
        file = memfd_create("assay", MFD_CLOEXEC);
    }
    if (file < 0) {
        status = assay_ort_session_open_bytes(out, packed.data, packed.size, err);
        goto done;
    }
    (void)snprintf(place, sizeof place, "/proc/self/fd/%d", file);
    if (assay_ort_session_open_saving(out, packed.data, packed.size, place, NULL) != ASSAY_OK) {
        status = assay_ort_session_open_bytes(out, packed.data, packed.size, err);
        goto done;
    }
    assay_buffer_dispose(&packed);
    if (reopen(&blocked, &n, file, assay_ort_gates_agree(graph), block, NULL) == ASSAY_OK) {
        assay_ort_session_close(out);
        *out = blocked;
    } else {
        n = 0;
    }
done:
    if (changed != NULL) {
        *changed = n;
    }
    if (file >= 0) {
        (void)close(file);
    }
    assay_buffer_dispose(&packed);
    return status;
}
