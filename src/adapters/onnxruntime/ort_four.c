/* The four phases of a stride of 2 put side by side, in blocks of channels, masked on the way. */
#include <string.h>

#include "adapters/onnxruntime/ort_kernel.h"
#include "adapters/onnxruntime/ort_layout.h"
#include "base/alloc.h"

enum { FOUR = 4, STEP = 2, NUMBERS = ASSAY_ORT_INTERLEAVE_BLOCK + 1, LANES = 8 };

typedef int32_t words __attribute__((vector_size(LANES * sizeof(int32_t))));

typedef struct four {
    const OrtApi *api;
    int64_t block;
    bool wide; /* the processor has AVX2 */
} four;

static OrtStatus *create(const OrtCustomOp *self, const OrtApi *api, const OrtKernelInfo *info,
                         void **out)
{
    int64_t numbers[NUMBERS] = {0};
    size_t n = NUMBERS;
    (void)self;
    ASSAY_ORT_PASS(
        api->KernelInfoGetAttributeArray_int64(info, ASSAY_ORT_INTERLEAVE_NUMBERS, numbers, &n));
    four *made = assay_alloc(1, sizeof *made);
    if (made == NULL) {
        return api->CreateStatus(ORT_FAIL, "out of memory");
    }
    *made = (four){.api = api, .block = numbers[ASSAY_ORT_INTERLEAVE_BLOCK]};
#ifdef __x86_64__
    made->wide = __builtin_cpu_supports("avx2") != 0;
#endif
    *out = made;
    return NULL;
}

/* Two rows of n blocks become one of 2 n; the mask is that of the row. */
__attribute__((always_inline)) static inline void
weave(float *to, const float *a, const float *b, const uint8_t *mask, int64_t n, int64_t block)
{
    const words which = {1, 2, 4, 8, 16, 32, 64, 128};
    const words none = {0};
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = 0; k < STEP * block; k += LANES) {
            words at;
            memcpy(&at, (k < block ? a + k : b + k - block) + i * block, sizeof at);
            if (mask != NULL) {
                at &= ((none + (int32_t)mask[(i * STEP * block + k) / LANES]) & which) == which;
            }
            memcpy(to + i * STEP * block + k, &at, sizeof at);
        }
    }
}

/* `rows` rows of each phase, over all images and blocks. */
__attribute__((always_inline)) static inline void weave_all(float *y, const float *const x[FOUR],
                                                            const uint8_t *mask, int64_t rows,
                                                            int64_t width, int64_t block)
{
    const int64_t out = STEP * width * block;
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t down = 0; down < STEP; down++) {
            const int64_t at = (row * STEP + down) * out;
            const float *a = x[down * STEP] + row * width * block;
            const float *b = x[down * STEP + 1] + row * width * block;
            const uint8_t *bits = mask != NULL ? mask + at / LANES : NULL;
            if (block == 2 * LANES) {
                weave(y + at, a, b, bits, width, 2 * LANES);
            } else {
                weave(y + at, a, b, bits, width, block);
            }
        }
    }
}

static void weave_plain(float *y, const float *const x[FOUR], const uint8_t *mask, int64_t rows,
                        int64_t width, int64_t block)
{
    weave_all(y, x, mask, rows, width, block);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void weave_wide(float *y, const float *const x[FOUR],
                                                       const uint8_t *mask, int64_t rows,
                                                       int64_t width, int64_t block)
{
    weave_all(y, x, mask, rows, width, block);
}
#else
#define weave_wide weave_plain
#endif

static OrtStatus *compute(void *self, OrtKernelContext *context)
{
    const four *p = self;
    assay_ort_kernel_tensor x[FOUR];
    const uint8_t *mask = NULL;
    const float *data[FOUR];
    float *y = NULL;
    for (size_t i = 0; i < FOUR; i++) {
        ASSAY_ORT_PASS(assay_ort_kernel_input(&x[i], p->api, context, i));
        data[i] = x[i].data;
        if (memcmp(x[i].shape, x[0].shape, sizeof x[i].shape) != 0 || p->block < LANES ||
            p->block % LANES != 0 || x[i].shape[1] % p->block != 0) {
            return p->api->CreateStatus(ORT_FAIL, "phases of other maps");
        }
    }
    ASSAY_ORT_PASS(assay_ort_kernel_mask(&mask, p->api, context, FOUR, x[0].count * FOUR));
    const int64_t *in = x[0].shape;
    const int64_t shape[4] = {in[0], in[1], in[2] * STEP, in[3] * STEP};
    ASSAY_ORT_PASS(assay_ort_kernel_output(&y, p->api, context, shape, 4));
    (p->wide ? weave_wide : weave_plain)(y, data, mask, in[0] * (in[1] / p->block) * in[2], in[3],
                                         p->block);
    return NULL;
}

static const char *name(const OrtCustomOp *self)
{
    (void)self;
    return ASSAY_ORT_INTERLEAVE_FOUR;
}

static const char *gated_name(const OrtCustomOp *self)
{
    (void)self;
    return ASSAY_ORT_INTERLEAVE_FOUR_GATED;
}

static size_t inputs(const OrtCustomOp *self)
{
    (void)self;
    return FOUR;
}

static size_t gated_inputs(const OrtCustomOp *self)
{
    (void)self;
    return FOUR + 1;
}

const OrtCustomOp *assay_ort_four_operator(void)
{
    static const OrtCustomOp op = ASSAY_ORT_OPERATOR(name, inputs, create, compute);
    return &op;
}

const OrtCustomOp *assay_ort_four_gated_operator(void)
{
    static const OrtCustomOp op = ASSAY_ORT_OPERATOR(gated_name, gated_inputs, create, compute);
    return &op;
}
