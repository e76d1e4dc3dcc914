#include "adapters/onnxruntime/ort_kernel.h"

#include <string.h>

#include "base/alloc.h"

OrtStatus *assay_ort_kernel_input(assay_ort_kernel_tensor *out, const OrtApi *api,
                                  OrtKernelContext *context, size_t index)
{
    const OrtValue *value = NULL;
    OrtTensorTypeAndShapeInfo *info = NULL;
    OrtValue *mutable = NULL;
    void *data = NULL;
    size_t rank = 0;
    *out = (assay_ort_kernel_tensor){.data = NULL};
    ASSAY_ORT_PASS(api->KernelContext_GetInput(context, index, &value));
    memcpy(&mutable, &value, sizeof mutable); /* only read */
    ASSAY_ORT_PASS(api->GetTensorMutableData(mutable, &data));
    out->data = data;
    ASSAY_ORT_PASS(api->GetTensorTypeAndShape(value, &info));
    OrtStatus *status = api->GetDimensionsCount(info, &rank);
    if (status == NULL && rank == ASSAY_ORT_KERNEL_RANK) {
        status = api->GetDimensions(info, out->shape, rank);
    }
    if (status == NULL) {
        status = api->GetTensorShapeElementCount(info, &out->count);
    }
    api->ReleaseTensorTypeAndShapeInfo(info);
    return status;
}

OrtStatus *assay_ort_kernel_mask(const uint8_t **out, const OrtApi *api, OrtKernelContext *context,
                                 size_t index, size_t count)
{
    assay_ort_kernel_tensor mask;
    size_t inputs = 0;
    *out = NULL;
    ASSAY_ORT_PASS(api->KernelContext_GetInputCount(context, &inputs));
    if (inputs <= index) {
        return NULL;
    }
    ASSAY_ORT_PASS(assay_ort_kernel_input(&mask, api, context, index));
    if (mask.count != assay_ort_kernel_words(count)) {
        return api->CreateStatus(ORT_FAIL, "a mask of another size");
    }
    *out = (const uint8_t *)mask.data;
    return NULL;
}

OrtStatus *assay_ort_kernel_output(float **out, const OrtApi *api, OrtKernelContext *context,
                                   const int64_t *shape, size_t rank)
{
    OrtValue *made = NULL;
    void *data = NULL;
    ASSAY_ORT_PASS(api->KernelContext_GetOutput(context, 0, shape, rank, &made));
    ASSAY_ORT_PASS(api->GetTensorMutableData(made, &data));
    *out = data;
    return NULL;
}

const char *assay_ort_kernel_provider(const OrtCustomOp *self)
{
    (void)self;
    return NULL; /* the processor */
}

ONNXTensorElementDataType assay_ort_kernel_type(const OrtCustomOp *self, size_t index)
{
    (void)self;
    (void)index;
    return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
}

size_t assay_ort_kernel_one(const OrtCustomOp *self)
{
    (void)self;
    return 1;
}

OrtCustomOpInputOutputCharacteristic assay_ort_kernel_required(const OrtCustomOp *self,
                                                               size_t index)
{
    (void)self;
    (void)index;
    return INPUT_OUTPUT_REQUIRED;
}

OrtMemType assay_ort_kernel_memory(const OrtCustomOp *self, size_t index)
{
    (void)self;
    (void)index;
    return OrtMemTypeDefault;
}

int assay_ort_kernel_version(const OrtCustomOp *self)
{
    (void)self;
    return 1;
}

size_t assay_ort_kernel_in_place(int **inputs, int **outputs)
{
    *inputs = assay_alloc(1, sizeof **inputs);
    *outputs = assay_alloc(1, sizeof **outputs);
    return *inputs != NULL && *outputs != NULL ? 1 : 0; /* zeros: of the first to the first */
}

void assay_ort_kernel_in_place_free(int *inputs, int *outputs)
{
    assay_free(inputs);
    assay_free(outputs);
}

assay_status assay_ort_kernel_become(assay_onnx_node *node, const assay_onnx_graph *graph,
                                     const char *op, const char *attribute, const int64_t *numbers,
                                     size_t n, assay_error *err)
{
    assay_onnx_attribute *made = assay_arena_alloc(graph->arena, 1, sizeof *made);
    int64_t *list = assay_arena_alloc(graph->arena, n, sizeof *list);
    if (made == NULL || list == NULL) {
        return assay_fail_memory(err);
    }
    memcpy(list, numbers, n * sizeof *list);
    *made =
        (assay_onnx_attribute){.name = attribute, .type = ASSAY_ONNX_A_INTS, .ints = list, .n = n};
    node->op = op;
    node->domain = ASSAY_ORT_KERNELS;
    node->attributes = made;
    node->n_attributes = 1;
    return ASSAY_OK;
}

assay_status assay_ort_kernel_declare(assay_onnx_graph *graph, assay_error *err)
{
    size_t n = (size_t)graph->n_domains;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(graph->domains[i].domain, ASSAY_ORT_KERNELS) == 0) {
            return ASSAY_OK;
        }
    }
    assay_onnx_opset *domains = assay_arena_alloc(graph->arena, n + 1, sizeof *domains);
    if (domains == NULL) {
        return assay_fail_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        domains[i] = graph->domains[i];
    }
    domains[n] = (assay_onnx_opset){ASSAY_ORT_KERNELS, 1};
    graph->domains = domains;
    graph->n_domains++;
    return ASSAY_OK;
}
