#include "codec/npy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/npy_header.h"

enum { TRANSPOSE_TILE = 32 };

typedef struct memory_source {
    const uint8_t *bytes;
} memory_source;

static assay_status memory_fill(void *context, void *to, size_t size, assay_error *err)
{
    (void)err;
    if (size > 0) {
        memcpy(to, ((const memory_source *)context)->bytes, size);
    }
    return ASSAY_OK;
}

/* One tile of out[i][j] = in[j][i]; `i` runs along the first axis (next to each other in `in`), `j`
 * along the last axis (next to each other in `out`). Inlined per element size. */
static inline void tile_copy(char *out, size_t out_stride, const char *in, size_t in_stride,
                             size_t rows, size_t columns, size_t size)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            memcpy(out + i * out_stride + j * size, in + j * in_stride + i * size, size);
        }
    }
}

static void tile_copy_any(char *out, size_t out_stride, const char *in, size_t in_stride,
                          size_t rows, size_t columns, size_t size)
{
    switch (size) {
    case 1:
        tile_copy(out, out_stride, in, in_stride, rows, columns, 1);
        break;
    case 2:
        tile_copy(out, out_stride, in, in_stride, rows, columns, 2);
        break;
    case 4:
        tile_copy(out, out_stride, in, in_stride, rows, columns, 4);
        break;
    default:
        tile_copy(out, out_stride, in, in_stride, rows, columns, 8);
        break;
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The first and the last axis change places in memory; the axes between are walked one index at a
 * time. Tiles keep both sides in the cache. Rank is at least 2 and no extent is zero. */
static void fortran_to_c(char *out, const char *in, const assay_tensor *tensor, size_t size)
{
    size_t rank = (size_t)tensor->rank;
    size_t out_stride[ASSAY_TENSOR_RANK] = {0};
    size_t in_stride[ASSAY_TENSOR_RANK] = {0};
    size_t index[ASSAY_TENSOR_RANK] = {0};
    size_t step = size;
    for (size_t a = 0; a < rank; a++) {
        in_stride[a] = step;
        step *= (size_t)tensor->shape[a];
    }
    step = size;
    for (size_t a = rank; a-- > 0;) {
        out_stride[a] = step;
        step *= (size_t)tensor->shape[a];
    }
    size_t rows = (size_t)tensor->shape[0];
    size_t columns = (size_t)tensor->shape[rank - 1];
    for (bool more = true; more;) {
        size_t out_base = 0;
        size_t in_base = 0;
        for (size_t a = 1; a + 1 < rank; a++) {
            out_base += index[a] * out_stride[a];
            in_base += index[a] * in_stride[a];
        }
        for (size_t i = 0; i < rows; i += TRANSPOSE_TILE) {
            for (size_t j = 0; j < columns; j += TRANSPOSE_TILE) {
                tile_copy_any(out + out_base + i * out_stride[0] + j * size, out_stride[0],
                              in + in_base + j * in_stride[rank - 1] + i * size,
                              in_stride[rank - 1], least(TRANSPOSE_TILE, rows - i),
                              least(TRANSPOSE_TILE, columns - j), size);
            }
        }
        more = false;
        for (size_t a = rank - 1; a-- > 1 && !more;) {
            index[a]++;
            more = index[a] < (size_t)tensor->shape[a];
            if (!more) {
                index[a] = 0;
            }
        }
    }
}

static void swap_bytes(void *data, size_t bytes, size_t size)
{
    uint8_t *at = data;
    uint8_t *end = at + bytes;
    if (size == 2) {
        for (; at < end; at += 2) {
            uint16_t v;
            memcpy(&v, at, sizeof(v));
            v = __builtin_bswap16(v);
            memcpy(at, &v, sizeof(v));
        }
    } else if (size == 4) {
        for (; at < end; at += 4) {
            uint32_t v;
            memcpy(&v, at, sizeof(v));
            v = __builtin_bswap32(v);
            memcpy(at, &v, sizeof(v));
        }
    } else if (size == 8) {
        for (; at < end; at += 8) {
            uint64_t v;
            memcpy(&v, at, sizeof(v));
            v = __builtin_bswap64(v);
            memcpy(at, &v, sizeof(v));
        }
    }
}

assay_status assay_npy_load(assay_tensor *out, const assay_npy_header *header, assay_npy_fill fill,
                            void *context, assay_error *err)
{
    assay_status status = ASSAY_OK;
    size_t bytes = header->data_bytes;
    size_t size = assay_dtype_size(header->tensor.type);
    bool transpose = header->fortran && header->tensor.rank > 1 && bytes > 0;
    void *stored = NULL;
    assay_tensor made = header->tensor;
    memset(out, 0, sizeof(*out));
    made.data = assay_alloc_raw(bytes, 1);
    stored = transpose ? assay_alloc_raw(bytes, 1) : made.data;
    if (made.data == NULL || stored == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(fill(context, stored, bytes, err), done);
    if (transpose) {
        fortran_to_c(made.data, stored, &made, size);
    }
    if (header->swapped) {
        swap_bytes(made.data, bytes, size);
    }
    if (made.type == ASSAY_DTYPE_BOOL) {
        uint8_t *truth = made.data;
        for (size_t i = 0; i < bytes; i++) {
            truth[i] = truth[i] != 0;
        }
    }
    *out = made;
    made.data = NULL;
done:
    if (transpose) {
        assay_free(stored);
    }
    if (status != ASSAY_OK) {
        assay_free(made.data);
    }
    return status;
}

assay_status assay_npy_read(assay_tensor *out, const uint8_t *bytes, size_t size, size_t max_bytes,
                            assay_error *err)
{
    memset(out, 0, sizeof(*out));
    size_t offset = 0;
    assay_npy_header header;
    ASSAY_TRY(assay_npy_data_offset(&offset, bytes, size, err));
    if (size < offset) {
        return assay_fail(err, ASSAY_EFORMAT, "npy: the file ends inside its header");
    }
    ASSAY_TRY(assay_npy_header_read(&header, bytes, offset, err));
    ASSAY_TRY(assay_npy_check_size(&header, size - offset, max_bytes, err));
    memory_source source = {bytes + offset};
    return assay_npy_load(out, &header, memory_fill, &source, err);
}

static const char *descr_of(assay_dtype type)
{
    switch (type) {
    case ASSAY_DTYPE_U8:
        return "u1";
    case ASSAY_DTYPE_I8:
        return "i1";
    case ASSAY_DTYPE_U16:
        return "u2";
    case ASSAY_DTYPE_I16:
        return "i2";
    case ASSAY_DTYPE_U32:
        return "u4";
    case ASSAY_DTYPE_I32:
        return "i4";
    case ASSAY_DTYPE_U64:
        return "u8";
    case ASSAY_DTYPE_I64:
        return "i8";
    case ASSAY_DTYPE_F16:
        return "f2";
    case ASSAY_DTYPE_F32:
        return "f4";
    case ASSAY_DTYPE_F64:
        return "f8";
    case ASSAY_DTYPE_BOOL:
        return "b1";
    }
    return NULL;
}

/* Format 1.0 with the spaces that NumPy 2 leaves for the first extent to grow, so that the bytes
 * are those of numpy.save. */
static assay_status write_header(assay_buffer *out, const assay_tensor *tensor, assay_error *err)
{
    const uint16_t probe = 1;
    char order = *(const uint8_t *)&probe == 1 ? '<' : '>';
    const char *descr = descr_of(tensor->type);
    char text[512];
    assay_buffer shape;
    if (descr == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "npy: unknown element type %d", (int)tensor->type);
    }
    assay_buffer_init(&shape, sizeof(text));
    for (int32_t i = 0; i < tensor->rank; i++) {
        assay_buffer_printf(&shape, "%s%" PRId64, i > 0 ? ", " : "", tensor->shape[i]);
    }
    int grow = 0;
    if (tensor->rank > 0) {
        char first[24];
        grow = 21 - snprintf(first, sizeof(first), "%" PRId64, tensor->shape[0]);
    }
    int length = snprintf(
        text, sizeof(text), "{'descr': '%c%s', 'fortran_order': False, 'shape': (%s%s), }%*s",
        assay_dtype_size(tensor->type) == 1 ? '|' : order, descr,
        shape.data != NULL ? shape.data : "", tensor->rank == 1 ? "," : "", grow, "");
    assay_status status = assay_buffer_status(&shape, err);
    assay_buffer_dispose(&shape);
    ASSAY_TRY(status);
    if (length < 0 || (size_t)length >= sizeof(text)) {
        return assay_fail(err, ASSAY_EINTERNAL, "npy: the header does not fit");
    }
    size_t begin = 10;
    size_t whole = (begin + (size_t)length + 1 + 63) / 64 * 64;
    const uint8_t preamble[] = {0x93,
                                'N',
                                'U',
                                'M',
                                'P',
                                'Y',
                                1,
                                0,
                                (uint8_t)((whole - begin) & 255),
                                (uint8_t)((whole - begin) >> 8)};
    assay_buffer_append(out, preamble, sizeof(preamble));
    assay_buffer_append(out, text, (size_t)length);
    for (size_t i = begin + (size_t)length + 1; i < whole; i++) {
        assay_buffer_putc(out, ' ');
    }
    assay_buffer_putc(out, '\n');
    return assay_buffer_status(out, err);
}

assay_status assay_npy_write(assay_buffer *out, const assay_tensor *tensor, assay_error *err)
{
    int64_t count = assay_tensor_count(tensor);
    size_t size = tensor != NULL ? assay_dtype_size(tensor->type) : 0;
    if (count < 0 || size == 0 || (uint64_t)count > (uint64_t)PTRDIFF_MAX / size) {
        return assay_fail(err, ASSAY_EINVAL, "npy: the array to write has no valid shape and type");
    }
    ASSAY_TRY(write_header(out, tensor, err));
    if (count > 0) {
        assay_buffer_append(out, tensor->data, (size_t)count * size);
    }
    return assay_buffer_status(out, err);
}
