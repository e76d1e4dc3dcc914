#include "codec/npy.h"

#include <string.h>

#include "base/alloc.h"
#include "base/checked_int.h"

typedef struct dtype_info {
    const char *name;
    size_t size;
} dtype_info;

static const dtype_info DTYPES[] = {
    [ASSAY_DTYPE_U8] = {"uint8", 1},    [ASSAY_DTYPE_I8] = {"int8", 1},
    [ASSAY_DTYPE_U16] = {"uint16", 2},  [ASSAY_DTYPE_I16] = {"int16", 2},
    [ASSAY_DTYPE_U32] = {"uint32", 4},  [ASSAY_DTYPE_I32] = {"int32", 4},
    [ASSAY_DTYPE_U64] = {"uint64", 8},  [ASSAY_DTYPE_I64] = {"int64", 8},
    [ASSAY_DTYPE_F16] = {"float16", 2}, [ASSAY_DTYPE_F32] = {"float32", 4},
    [ASSAY_DTYPE_F64] = {"float64", 8}, [ASSAY_DTYPE_BOOL] = {"bool", 1},
};

static const dtype_info *dtype_find(assay_dtype type)
{
    size_t index = (size_t)type;
    if (index == 0 || index >= ASSAY_COUNT(DTYPES)) {
        return NULL;
    }
    return &DTYPES[index];
}

size_t assay_dtype_size(assay_dtype type)
{
    const dtype_info *info = dtype_find(type);
    return info != NULL ? info->size : 0;
}

const char *assay_dtype_name(assay_dtype type)
{
    const dtype_info *info = dtype_find(type);
    return info != NULL ? info->name : "unknown";
}

int64_t assay_tensor_count(const assay_tensor *tensor)
{
    if (tensor == NULL || tensor->rank < 0 || tensor->rank > ASSAY_TENSOR_RANK) {
        return -1;
    }
    /* The product of the extents that are not zero must fit too: strides are computed from it, and
     * the answer must not depend on where the zero stands. */
    int64_t product = 1;
    bool empty = false;
    for (int32_t i = 0; i < tensor->rank; i++) {
        int64_t extent = tensor->shape[i];
        if (extent < 0) {
            return -1;
        }
        if (extent == 0) {
            empty = true;
        } else if (!assay_i64_mul(&product, product, extent)) {
            return -1;
        }
    }
    return empty ? 0 : product;
}

assay_status assay_tensor_new(assay_tensor *out, assay_dtype type, int32_t rank,
                              const int64_t *shape, assay_error *err)
{
    memset(out, 0, sizeof(*out));
    size_t size = assay_dtype_size(type);
    if (size == 0) {
        return assay_fail(err, ASSAY_EINVAL, "array: unknown element type %d", (int)type);
    }
    if (rank < 0 || rank > ASSAY_TENSOR_RANK) {
        return assay_fail(err, ASSAY_EINVAL, "array: %d dimensions; 0 to %d are possible",
                          (int)rank, (int)ASSAY_TENSOR_RANK);
    }
    assay_tensor made = {.type = type, .rank = rank};
    for (int32_t i = 0; i < rank; i++) {
        made.shape[i] = shape[i];
    }
    int64_t count = assay_tensor_count(&made);
    if (count < 0) {
        return assay_fail(err, ASSAY_EINVAL,
                          "array: the shape has a negative extent or too many elements");
    }
    made.data = assay_alloc((size_t)count, size);
    if (made.data == NULL) {
        return assay_fail_memory(err);
    }
    *out = made;
    return ASSAY_OK;
}

void assay_tensor_dispose(assay_tensor *tensor)
{
    if (tensor != NULL) {
        assay_free(tensor->data);
        memset(tensor, 0, sizeof(*tensor));
    }
}

float assay_half_to_float(uint16_t half)
{
    uint32_t sign = ((uint32_t)half & 0x8000U) << 16;
    uint32_t exponent = ((uint32_t)half >> 10) & 0x1FU;
    uint32_t fraction = (uint32_t)half & 0x3FFU;
    uint32_t bits;
    if (exponent == 0x1FU) {
        bits = sign | 0x7F800000U | (fraction << 13);
    } else if (exponent != 0) {
        bits = sign | ((exponent + 112U) << 23) | (fraction << 13);
    } else if (fraction == 0) {
        bits = sign;
    } else {
        /* A subnormal half is a normal float: shift until the hidden bit appears. */
        uint32_t shift = 0;
        while ((fraction & 0x400U) == 0) {
            fraction <<= 1;
            shift++;
        }
        bits = sign | ((113U - shift) << 23) | ((fraction & 0x3FFU) << 13);
    }
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* `value` without its lowest `shift` bits, rounded to nearest, ties to even. */
static uint32_t shift_round_even(uint32_t value, uint32_t shift)
{
    uint32_t kept = value >> shift;
    uint32_t rest = value & ((1U << shift) - 1U);
    uint32_t tie = 1U << (shift - 1U);
    if (rest > tie || (rest == tie && (kept & 1U) != 0)) {
        kept++;
    }
    return kept;
}

uint16_t assay_float_to_half(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    uint32_t sign = (bits >> 16) & 0x8000U;
    uint32_t exponent = (bits >> 23) & 0xFFU;
    uint32_t fraction = bits & 0x7FFFFFU;
    uint32_t half;
    if (exponent == 0xFFU) {
        /* A NaN stays a NaN (quiet) even when its payload lies in the bits that are lost. */
        half = fraction == 0 ? 0x7C00U : 0x7E00U | (fraction >> 13);
    } else if (exponent >= 113U) {
        /* A carry out of the fraction moves into the exponent, up to infinity. */
        half =
            exponent > 142U ? 0x7C00U : shift_round_even(((exponent - 112U) << 23) | fraction, 13);
    } else if (exponent >= 102U) {
        half = shift_round_even(fraction | 0x800000U, 126U - exponent);
    } else {
        half = 0;
    }
    return (uint16_t)(sign | half);
}
