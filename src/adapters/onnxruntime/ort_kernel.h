/**
 * @file ort_kernel.h
 * What kernels of our own have in common: float32 tensors in, one out, on the processor.
 */
#ifndef ASSAY_ADAPTERS_ONNXRUNTIME_KERNEL_H
#define ASSAY_ADAPTERS_ONNXRUNTIME_KERNEL_H

#include "adapters/onnxruntime/ort_library.h"
#include "onnx/graph.h"

#define ASSAY_ORT_KERNELS "assay" /* their domain */

enum {
    ASSAY_ORT_KERNEL_RANK = 4,
    ASSAY_ORT_KERNEL_IN_PLACE = 18 /* the version of the interface that knows of it */
};

typedef struct assay_ort_kernel_tensor {
    int64_t shape[ASSAY_ORT_KERNEL_RANK]; /* of tensors with so many dimensions */
    size_t count;
    float *data;
} assay_ort_kernel_tensor;

/** Input `index` of a run; only to be read. */
OrtStatus *assay_ort_kernel_input(assay_ort_kernel_tensor *out, const OrtApi *api,
                                  OrtKernelContext *context, size_t index);
/** A mask of n bits is a tensor of so many numbers of 32. */
static inline size_t assay_ort_kernel_words(size_t n)
{
    return (n + 31) / 32;
}

/** Input `index` if the kernel has so many: a bit for each of `count` numbers (ASSAY_ORT_MASK). *out NULL =
 *  it has not. */
OrtStatus *assay_ort_kernel_mask(const uint8_t **out, const OrtApi *api, OrtKernelContext *context,
                                 size_t index, size_t count);
/** Room for the output. */
OrtStatus *assay_ort_kernel_output(float **out, const OrtApi *api, OrtKernelContext *context,
                                   const int64_t *shape, size_t rank);

/* What every one of them answers. */
const char *assay_ort_kernel_provider(const OrtCustomOp *self);
ONNXTensorElementDataType assay_ort_kernel_type(const OrtCustomOp *self, size_t index);
size_t assay_ort_kernel_one(const OrtCustomOp *self);
OrtCustomOpInputOutputCharacteristic assay_ort_kernel_required(const OrtCustomOp *self,
                                                               size_t index);
OrtMemType assay_ort_kernel_memory(const OrtCustomOp *self, size_t index);
int assay_ort_kernel_version(const OrtCustomOp *self);
size_t assay_ort_kernel_in_place(int **inputs, int **outputs);
void assay_ort_kernel_in_place_free(int *inputs, int *outputs);

/** An operator: the functions of OrtCustomOp that differ. What `create` makes is freed by assay_free. */
#define ASSAY_ORT_OPERATOR(name, inputs, create, compute)                                          \
    {                                                                                              \
        .version = ASSAY_ORT_API, ASSAY_ORT_FUNCTIONS(name, inputs, create, compute)               \
    }
/** The result may lie where the first input did, if nobody needs that any more: since version 1.18. */
#define ASSAY_ORT_OPERATOR_IN_PLACE(name, inputs, create, compute)                                 \
    {                                                                                              \
        .version = ASSAY_ORT_KERNEL_IN_PLACE, ASSAY_ORT_FUNCTIONS(name, inputs, create, compute),  \
        .GetMayInplace = assay_ort_kernel_in_place,                                                \
        .ReleaseMayInplace = assay_ort_kernel_in_place_free                                        \
    }
#define ASSAY_ORT_FUNCTIONS(name, inputs, create, compute)                                         \
    .GetName = (name), .GetExecutionProviderType = assay_ort_kernel_provider,                      \
    .GetInputType = assay_ort_kernel_type, .GetInputTypeCount = (inputs),                          \
    .GetOutputType = assay_ort_kernel_type, .GetOutputTypeCount = assay_ort_kernel_one,            \
    .KernelDestroy = assay_free, .GetInputCharacteristic = assay_ort_kernel_required,              \
    .GetOutputCharacteristic = assay_ort_kernel_required,                                          \
    .GetInputMemoryType = assay_ort_kernel_memory, .CreateKernelV2 = (create),                     \
    .KernelComputeV2 = (compute), .GetStartVersion = assay_ort_kernel_version,                     \
    .GetEndVersion = assay_ort_kernel_version

/** Functions of the interface return a status on failure: stop there. */
#define ASSAY_ORT_PASS(call)                                                                       \
    do {                                                                                           \
        OrtStatus *failed = (call);                                                                \
        if (failed != NULL) {                                                                      \
            return failed;                                                                         \
        }                                                                                          \
    } while (0)

/** The node becomes the kernel: one list of whole numbers as its only attribute. */
ASSAY_NODISCARD assay_status assay_ort_kernel_become(assay_onnx_node *node,
                                                     const assay_onnx_graph *graph, const char *op,
                                                     const char *attribute, const int64_t *numbers,
                                                     size_t n, assay_error *err);
/** Says in the graph that nodes of our own may come; once is enough. */
ASSAY_NODISCARD assay_status assay_ort_kernel_declare(assay_onnx_graph *graph, assay_error *err);

#endif
