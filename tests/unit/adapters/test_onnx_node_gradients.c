/* The gradient of every conformance model of the ONNX project (Debian's libonnx-testdata) that has
 * real inputs and outputs, as ONNX Runtime computes it, against central differences of the model's own
 * forward pass in a random direction. One check per real input. Nothing is skipped silently: what is
 * not checked is counted by its reason, and operators that are refused are listed by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/onnxruntime/ort_once.h"
#include "conformance.h"
#include "onnx/build.h"
#include "onnx/gradient.h"
#include "onnx/head.h"
#include "onnx/upgrade.h"

enum { PORTS = 8, LARGEST = 1 << 20 };

/* What is refused, by the operator that the message names: those without a rule, and of those with one
 * the combinations without (training_mode, bounds that depend on the data, storage by columns ...). */
static const struct refusal {
    const char *op;
    int n;
} refusals[] = {{"ai.onnx.preview.training.Gradient", 4},
                {"BatchNormalization", 14},
                {"Bernoulli", 1},
                {"Compress", 4},
                {"ConcatFromSequence", 3},
                {"ConvTranspose", 2},
                {"DequantizeLinear", 2},
                {"Det", 2},
                {"DFT", 3},
                {"Dropout", 12},
                {"DynamicQuantizeLinear", 3},
                {"GridSample", 16},
                {"GRU", 14},
                {"Loop", 3},
                {"LSTM", 17},
                {"MaxPool", 1},
                {"MaxUnpool", 2},
                {"MelWeightMatrix", 2},
                {"NegativeLogLikelihoodLoss", 77},
                {"Pad", 1},
                {"Resize", 2},
                {"RNN", 14},
                {"RoiAlign", 4},
                {"Scan", 4},
                {"ScatterND", 2},
                {"SequenceAt", 6},
                {"SoftmaxCrossEntropyLoss", 50},
                {"STFT", 3},
                {"Unique", 5}};

typedef struct tally {
    int models, inputs, checked, refused, constant, old, open, foreign, alien, shapes, wrong;
    int by_operator[ASSAY_COUNT(refusals)];
} tally;

/* One model with one input to be differentiated, the others fixed at their stored values. */
typedef struct job {
    assay_onnx_graph *graph;
    assay_onnx_value *input;
    assay_onnx_value *gradient[1];
    assay_onnx_value *outputs[PORTS]; /* weighted at random, so that sums do not hide anything */
    int32_t n_outputs;
    const float *x;
    size_t size;
    assay_buffer packed;
} job;

/* Uniform in -1..1, the same on every run. */
static double draw(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (double)(*state >> 11) / (double)(UINT64_C(1) << 52) - 1.0;
}

/* Inputs get their stored values; false when one has none or is not a tensor. */
static bool bind_inputs(job *j, int32_t chosen, const char *folder)
{
    assay_onnx_graph *graph = j->graph;
    for (int32_t i = 0; i < graph->n_inputs; i++) {
        char path[1200];
        size_t size = 0;
        const assay_onnx_data *data = NULL;
        assay_onnx_value *value = graph->inputs[i];
        (void)snprintf(path, sizeof path, "%.1000s/test_data_set_0/input_%d.pb", folder, i);
        uint8_t *bytes = value->type != ASSAY_ONNX_UNKNOWN ? conformance_read(&size, path) : NULL;
        if (bytes == NULL || assay_onnx_read_data(&data, graph, bytes, size, NULL) != ASSAY_OK ||
            data->type != value->type || data->bytes == NULL) {
            free(bytes);
            return false;
        }
        free(bytes);
        value->rank = data->rank;
        for (int32_t d = 0; d < data->rank; d++) {
            value->shape[d] = data->shape[d];
        }
        if (i == chosen) {
            j->input = value;
            j->x = data->bytes;
            j->size = (size_t)data->count;
        } else {
            value->constant = data;
            value->initialiser = true;
            value->input = false;
        }
    }
    graph->inputs[0] = j->input;
    graph->n_inputs = 1;
    return true;
}

/* Real outputs times random weights. */
static assay_status weigh(job *j, assay_error *err)
{
    assay_onnx_build b = {.graph = j->graph, .err = err};
    uint64_t state = 11;
    for (int32_t i = 0; i < j->graph->n_outputs && j->n_outputs < PORTS; i++) {
        assay_onnx_value *out = j->graph->outputs[i];
        if (out->type != ASSAY_ONNX_FLOAT || !assay_onnx_is_static(out)) {
            continue;
        }
        int64_t n = assay_onnx_count(out);
        double *weights = assay_arena_alloc(j->graph->arena, (size_t)n + 1, sizeof *weights);
        assert_non_null(weights);
        for (int64_t k = 0; k < n; k++) {
            weights[k] = draw(&state);
        }
        j->outputs[j->n_outputs++] = onnx_2(
            &b, "Mul", out, onnx_reals(&b, ASSAY_ONNX_FLOAT, weights, out->rank, out->shape));
    }
    return b.status;
}

static assay_status build(job *j, assay_error *err)
{
    assay_onnx_value *ports[PORTS + 1];
    const assay_onnx_gradient_request request = {.outputs = j->outputs,
                                                 .n_outputs = j->n_outputs,
                                                 .wanted = &j->input,
                                                 .n_wanted = 1,
                                                 .steps = ASSAY_ONNX_STEPS_STOP};
    ASSAY_TRY(assay_onnx_gradient(j->gradient, NULL, j->graph, &request, err));
    /* A copy under a name of its own: it may be the input or one of the weights itself. */
    assay_onnx_build b = {.graph = j->graph, .err = err};
    ports[0] = onnx_1(&b, "Identity", j->gradient[0]);
    memcpy(ports + 1, j->outputs, (size_t)j->n_outputs * sizeof *ports);
    ASSAY_TRY(b.status);
    j->gradient[0] = ports[0];
    ASSAY_TRY(assay_onnx_set_outputs(j->graph, ports, j->n_outputs + 1, err));
    assay_onnx_prune(j->graph);
    return assay_onnx_write(&j->packed, j->graph, err);
}

/* The gradient at x + h d, and the weighted sum of the outputs there. */
static assay_status run(float *gradient, double *sum, const job *j, const float *direction,
                        double h, assay_error *err)
{
    float *out[PORTS + 1] = {gradient};
    size_t counts[PORTS + 1] = {j->size};
    const char *names[PORTS + 1] = {j->gradient[0]->name};
    const char *in_name = j->input->name;
    assay_tensor in = {.type = ASSAY_DTYPE_F32, .rank = j->input->rank};
    float *x = malloc((j->size + 1) * sizeof *x);
    assert_non_null(x);
    memcpy(in.shape, j->input->shape, sizeof in.shape);
    for (size_t i = 0; i < j->size; i++) {
        x[i] = j->x[i] + (float)h * direction[i];
    }
    in.data = x;
    for (int32_t i = 0; i < j->n_outputs; i++) {
        counts[i + 1] = (size_t)assay_onnx_count(j->outputs[i]);
        out[i + 1] = calloc(counts[i + 1] + 1, sizeof(float));
        names[i + 1] = j->outputs[i]->name;
    }
    assay_status status = assay_ort_run_once(out, counts, names, j->n_outputs + 1, j->packed.data,
                                             j->packed.size, &in_name, &in, 1, err);
    *sum = 0.0;
    for (int32_t i = 0; i < j->n_outputs; i++) {
        for (size_t k = 0; k < counts[i + 1]; k++) {
            *sum += (double)out[i + 1][k];
        }
        free(out[i + 1]);
    }
    free(x);
    return status;
}

/* At kinks the slope must lie between those on both sides. Values are single precision: what rounding
 * does to a difference is allowed for. */
static bool agrees(double slope, const double sum[3], double h, double size)
{
    double left = (sum[1] - sum[0]) / h;
    double right = (sum[2] - sum[1]) / h;
    double noise = 4e-6 * (1.0 + size) / h;
    double tolerance = noise + 1e-3 * (fabs(slope) + 1.0) + 0.5 * h * (1.0 + fabs(slope));
    double low = fmin(left, right) - tolerance;
    double high = fmax(left, right) + tolerance;
    return (slope >= low && slope <= high) || fabs(slope - 0.5 * (left + right)) <= tolerance;
}

typedef enum outcome { NOT_RUN = 1, SHAPES, AGREES, DIFFERS } outcome;

/* The slope along the direction at x + shift d2, compared with differences at several steps. */
static outcome compare(const job *at, float *scratch[3], const char *folder)
{
    static const double steps[] = {1e-2, 1e-3, 1e-1, 1e-4};
    assay_error err = {0};
    double sum[3] = {0};
    double slope = 0.0;
    bool moved = false;
    if (run(scratch[0], &sum[1], at, scratch[2], 0.0, &err) != ASSAY_OK) {
        print_message("ONNX Runtime: %s: %.200s\n", folder, err.message);
        return NOT_RUN;
    }
    for (size_t i = 0; i < at->size; i++) {
        slope += (double)scratch[0][i] * (double)scratch[2][i];
    }
    for (size_t k = 0; k < ASSAY_COUNT(steps); k++) {
        if (run(scratch[1], &sum[0], at, scratch[2], -steps[k], &err) == ASSAY_OK &&
            run(scratch[1], &sum[2], at, scratch[2], steps[k], &err) == ASSAY_OK) {
            moved = true;
            if (agrees(slope, sum, steps[k], fabs(sum[1]))) {
                return AGREES;
            }
        }
    }
    if (moved) {
        print_message("%s, input %s: slope %g, around it %.9g %.9g %.9g\n", folder, at->input->name,
                      slope, sum[0], sum[1], sum[2]);
    }
    return moved ? DIFFERS : SHAPES;
}

/* At the stored input, and where that is on a jump (whole numbers for Sign), a little beside it. */
static outcome check_slope(const job *j, const char *folder)
{
    float *scratch[4] = {NULL};
    uint64_t state = 5;
    job beside = *j;
    for (int i = 0; i < 4; i++) {
        scratch[i] = calloc(j->size + 1, sizeof(float));
        assert_non_null(scratch[i]);
    }
    for (size_t i = 0; i < j->size; i++) {
        scratch[2][i] = (float)draw(&state);
        scratch[3][i] = j->x[i] + 0.37F * (float)draw(&state);
    }
    outcome found = compare(j, scratch, folder);
    if (found == DIFFERS) {
        beside.x = scratch[3];
        found = compare(&beside, scratch, folder);
    }
    for (int i = 0; i < 4; i++) {
        free(scratch[i]);
    }
    return found;
}

static bool is_real(const assay_onnx_value *value)
{
    return value->type == ASSAY_ONNX_FLOAT;
}

/* "Op" of "node Op \"name\": ..." */
static void note_refusal(tally *all, const char *message, const char *folder)
{
    const char *node = strstr(message, "node ");
    char op[64] = "";
    bool listed = false;
    if (node == NULL || sscanf(node, "node %60[A-Za-z0-9.]", op) != 1) {
        fail_msg("%s is refused without naming a node: %s", folder, message);
    }
    for (size_t i = 0; i < ASSAY_COUNT(refusals); i++) {
        bool same = strcmp(refusals[i].op, op) == 0;
        all->by_operator[i] += same;
        listed = listed || same;
    }
    if (!listed) {
        fail_msg("%s: refused: %s", folder, message);
    }
    all->refused++;
}

/* The second input of CastLike gives its type only. ONNX Runtime 1.29 ends the program on such a graph
 * when the first is a constant. */
static bool is_type_only(const job *j)
{
    for (int32_t i = 0; i < j->graph->n_nodes; i++) {
        const assay_onnx_node *node = j->graph->nodes[i];
        if (assay_onnx_is(node, "CastLike") && assay_onnx_in(node, 1) == j->input) {
            return true;
        }
    }
    return false;
}

/* False when there is no such input. */
static bool check_input(tally *all, const uint8_t *bytes, size_t size, int32_t chosen,
                        const char *folder)
{
    assay_error err = {0};
    job j = {.n_outputs = 0};
    assay_buffer_init(&j.packed, 0);
    assert_int_equal(assay_onnx_read(&j.graph, bytes, size, NULL, NULL, &err), ASSAY_OK);
    if (chosen >= j.graph->n_inputs) {
        assay_onnx_graph_free(j.graph);
        return false;
    }
    if (!is_real(j.graph->inputs[chosen])) {
        assay_onnx_graph_free(j.graph);
        return true;
    }
    all->inputs++;
    if (j.graph->opset < ASSAY_ONNX_OPSET_LEAST) {
        all->old++;
    } else if (!bind_inputs(&j, chosen, folder)) {
        all->alien++;
    } else if (is_type_only(&j)) {
        all->constant++;
    } else if (assay_onnx_upgrade(j.graph, &err) != ASSAY_OK || weigh(&j, &err) != ASSAY_OK) {
        note_refusal(all, err.message, folder);
    } else if (j.n_outputs == 0 || j.size == 0 || j.size > LARGEST) {
        bool real = false;
        for (int32_t i = 0; i < j.graph->n_outputs; i++) {
            real = real || is_real(j.graph->outputs[i]);
        }
        all->open += real && j.size > 0;
        all->constant += !real || j.size == 0;
        if (real && j.size > 0) {
            print_message("shape open: %s\n", folder + sizeof conformance_root);
        }
    } else if (build(&j, &err) != ASSAY_OK) {
        note_refusal(all, err.message, folder);
    } else {
        outcome found = check_slope(&j, folder);
        all->foreign += found == NOT_RUN;
        all->shapes += found == SHAPES;
        all->checked += found == AGREES;
        all->wrong += found == DIFFERS;
    }
    assay_buffer_dispose(&j.packed);
    assay_onnx_graph_free(j.graph);
    return true;
}

static void check_model(void *to, const char *folder)
{
    tally *all = to;
    char path[1200];
    size_t size = 0;
    (void)snprintf(path, sizeof path, "%.1000s/model.onnx", folder);
    uint8_t *bytes = conformance_read(&size, path);
    all->models += bytes != NULL;
    for (int32_t i = 0; bytes != NULL && check_input(all, bytes, size, i, folder); i++) {
    }
    free(bytes);
}

static void test_gradients(void **state)
{
    (void)state;
    static tally all;
    conformance_each(&all, check_model);
    print_message(
        "%d models, %d real inputs: %d gradients as measured, %d not; refused by name %d; "
        "no real output %d; decide a shape %d; shape decided by the data %d; not run by ONNX "
        "Runtime %d; inputs that are no tensors %d; older than opset 7: %d\n",
        all.models, all.inputs, all.checked, all.wrong, all.refused, all.constant, all.shapes,
        all.open, all.foreign, all.alien, all.old);
    for (size_t i = 0; i < ASSAY_COUNT(refusals); i++) {
        if (all.by_operator[i] != refusals[i].n) {
            fail_msg("%s: %d refused, expected %d", refusals[i].op, all.by_operator[i],
                     refusals[i].n);
        }
    }
    assert_int_equal(all.wrong, 0);
    assert_int_equal(all.inputs, all.checked + all.refused + all.constant + all.shapes + all.open +
                                     all.foreign + all.alien + all.old);
    assert_true(all.checked > 650 && all.foreign < 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gradients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
