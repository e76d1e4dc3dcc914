/* onnx_gradient [-w] [-s] IN.onnx OUT.onnx [input=2,3,8,8 ...]: adds the gradient of the sum of all
 * outputs with respect to every real input (-w: initialisers too; -s: stop at steps). The outputs are
 * the model's own and then the gradients, called grad_NAME. What went wrong is one line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/filesystem/file.h"
#include "adapters/onnxruntime/onnx_source.h"
#include "onnx/build.h"
#include "onnx/gradient.h"
#include "onnx/head.h"
#include "onnx/upgrade.h"

typedef struct job {
    assay_onnx_source source;
    assay_onnx_value **wanted, **ports;
    int32_t n_wanted;
    bool weights;
    assay_onnx_steps steps;
} job;

static assay_status pin(job *j, const char *text, assay_error *err)
{
    const char *at = strchr(text, '=');
    int64_t shape[ASSAY_ONNX_RANK];
    int32_t rank = 0;
    char name[256];
    if (at == NULL || at - text > 255) {
        return assay_fail(err, ASSAY_EINVAL, "%s: expected name=1,3,8,8", text);
    }
    (void)snprintf(name, sizeof name, "%.*s", (int)(at - text), text);
    while (at != NULL && rank < ASSAY_ONNX_RANK) {
        shape[rank++] = strtoll(at + 1, NULL, 10);
        at = strchr(at + 1, ',');
    }
    assay_onnx_value *value = assay_onnx_find(j->source.graph, name);
    return value == NULL ? assay_fail(err, ASSAY_EINVAL, "no input %s", name)
                         : assay_onnx_pin(value, rank, shape, err);
}

static assay_status choose(job *j, assay_error *err)
{
    assay_onnx_graph *graph = j->source.graph;
    j->wanted =
        assay_arena_alloc(graph->arena, (size_t)graph->n_values + 1, sizeof(assay_onnx_value *));
    j->ports = assay_arena_alloc(graph->arena, (size_t)graph->n_values * 2 + 1,
                                 sizeof(assay_onnx_value *));
    if (j->wanted == NULL || j->ports == NULL) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < graph->n_values; i++) {
        assay_onnx_value *value = graph->values[i];
        bool chosen = value->input || (j->weights && value->initialiser);
        if (chosen && assay_onnx_type_is_float(value->type)) {
            j->wanted[j->n_wanted++] = value;
        }
    }
    return ASSAY_OK;
}

static assay_status differentiate(job *j, assay_error *err)
{
    assay_onnx_graph *graph = j->source.graph;
    int32_t n = graph->n_outputs;
    assay_onnx_names steps = {0};
    ASSAY_TRY(assay_onnx_upgrade(graph, err));
    ASSAY_TRY(choose(j, err));
    const assay_onnx_gradient_request request = {.outputs = graph->outputs,
                                                 .n_outputs = n,
                                                 .wanted = j->wanted,
                                                 .n_wanted = j->n_wanted,
                                                 .steps = j->steps};
    assay_onnx_build b = {.graph = graph, .err = err};
    for (int32_t i = 0; i < n; i++) {
        j->ports[i] = graph->outputs[i];
    }
    ASSAY_TRY(assay_onnx_gradient(j->ports + n, &steps, graph, &request, err));
    for (int32_t i = 0; i < steps.n; i++) {
        printf("by policy: %s\n", steps.items[i]);
    }
    for (int32_t i = 0; i < j->n_wanted; i++) {
        const char *name = assay_arena_printf(graph->arena, "grad_%s", j->wanted[i]->name);
        assay_onnx_value *copy = NULL;
        ASSAY_TRY(assay_onnx_value_add(&copy, graph, name, err));
        assay_onnx_value *identity = onnx_1(&b, "Identity", j->ports[n + i]);
        ASSAY_TRY(b.status);
        identity->node->out[0] = copy;
        copy->node = identity->node;
        copy->type = identity->type;
        copy->rank = identity->rank;
        memcpy(copy->shape, identity->shape, sizeof copy->shape);
        j->ports[n + i] = copy;
    }
    ASSAY_TRY(assay_onnx_set_outputs(graph, j->ports, n + j->n_wanted, err));
    assay_onnx_prune(graph);
    return ASSAY_OK;
}

static assay_status run(job *j, int argc, char **argv, assay_error *err)
{
    assay_buffer packed;
    assay_buffer_init(&packed, 0);
    ASSAY_TRY(assay_onnx_source_open(&j->source, argv[0], err));
    for (int i = 2; i < argc; i++) {
        ASSAY_TRY(pin(j, argv[i], err));
    }
    ASSAY_TRY(differentiate(j, err));
    assay_status status = assay_onnx_write(&packed, j->source.graph, err);
    if (status == ASSAY_OK) {
        status = assay_file_write(argv[1], packed.data, packed.size, err);
    }
    assay_buffer_dispose(&packed);
    return status;
}

int main(int argc, char **argv)
{
    job j = {.steps = ASSAY_ONNX_STEPS_STRAIGHT};
    assay_error err = {0};
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        j.weights = j.weights || strcmp(argv[at], "-w") == 0;
        j.steps = strcmp(argv[at], "-s") == 0 ? ASSAY_ONNX_STEPS_STOP : j.steps;
    }
    if (argc - at < 2) {
        fprintf(stderr, "usage: onnx_gradient [-w] [-s] IN.onnx OUT.onnx [input=2,3,8,8 ...]\n");
        return 64;
    }
    assay_status status = run(&j, argc - at, argv + at, &err);
    assay_onnx_source_close(&j.source);
    if (status != ASSAY_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    return 0;
}
