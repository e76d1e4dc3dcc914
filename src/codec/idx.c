#include "codec/idx.h"

#include <inttypes.h>
#include <string.h>

#include "base/checked_int.h"
#include "codec/inflate.h"
#include "codec/npy_header.h"

enum { IDX_MAGIC = 4, IDX_EXTENT = 4, IDX_HEADER = IDX_MAGIC + IDX_EXTENT * ASSAY_TENSOR_RANK };

/* Either the plain bytes or a gzip stream of them. */
typedef struct idx_source {
    assay_inflate *gzip;
    const uint8_t *bytes;
    size_t left;
} idx_source;

static assay_status idx_take(void *context, void *to, size_t size, assay_error *err)
{
    idx_source *source = context;
    if (source->gzip != NULL) {
        assay_status status = assay_inflate_read(to, size, source->gzip, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "idx");
        }
        return status;
    }
    if (source->left < size) {
        return assay_fail(err, ASSAY_EFORMAT, "idx: the file is truncated");
    }
    if (size > 0) {
        memcpy(to, source->bytes, size);
    }
    source->bytes += size;
    source->left -= size;
    return ASSAY_OK;
}

static assay_status idx_finish(idx_source *source, assay_error *err)
{
    if (source->gzip != NULL) {
        assay_status status = assay_inflate_finish(source->gzip, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "idx");
        }
        return status;
    }
    if (source->left > 0) {
        return assay_fail(err, ASSAY_EFORMAT, "idx: %zu bytes follow the array", source->left);
    }
    return ASSAY_OK;
}

static assay_dtype idx_type(uint8_t code)
{
    switch (code) {
    case 0x08:
        return ASSAY_DTYPE_U8;
    case 0x09:
        return ASSAY_DTYPE_I8;
    case 0x0B:
        return ASSAY_DTYPE_I16;
    case 0x0C:
        return ASSAY_DTYPE_I32;
    case 0x0D:
        return ASSAY_DTYPE_F32;
    default:
        return ASSAY_DTYPE_F64;
    }
}

static assay_status idx_header(assay_npy_header *out, idx_source *source, assay_error *err)
{
    uint8_t raw[IDX_HEADER] = {0};
    assay_npy_header made = {0};
    memset(out, 0, sizeof(*out));
    ASSAY_TRY(idx_take(source, raw, IDX_MAGIC, err));
    if (raw[0] != 0 || raw[1] != 0) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "idx: not an IDX file (it begins with 0x%02x%02x, not "
                          "with two zero bytes)",
                          raw[0], raw[1]);
    }
    if (raw[2] < 0x08 || raw[2] > 0x0E || raw[2] == 0x0A) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "idx: unknown element type 0x%02x; the format knows 08, 09, 0b, 0c, 0d "
                          "and 0e",
                          raw[2]);
    }
    if (raw[3] < 1 || raw[3] > ASSAY_TENSOR_RANK) {
        return assay_fail(err, ASSAY_EUNSUPPORTED, "idx: %d dimensions; 1 to %d can be read",
                          (int)raw[3], (int)ASSAY_TENSOR_RANK);
    }
    const uint16_t probe = 1;
    made.tensor.type = idx_type(raw[2]);
    made.tensor.rank = raw[3];
    made.swapped = *(const uint8_t *)&probe == 1;
    ASSAY_TRY(idx_take(source, raw + IDX_MAGIC, (size_t)raw[3] * IDX_EXTENT, err));
    for (int32_t i = 0; i < made.tensor.rank; i++) {
        const uint8_t *at = raw + IDX_MAGIC + (size_t)i * IDX_EXTENT;
        made.tensor.shape[i] =
            (int64_t)at[0] << 24 | (int64_t)at[1] << 16 | (int64_t)at[2] << 8 | (int64_t)at[3];
    }
    int64_t count = assay_tensor_count(&made.tensor);
    if (count < 0 ||
        !assay_size_mul(&made.data_bytes, (size_t)count, assay_dtype_size(made.tensor.type))) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "idx: the extents in the header have more elements than can be counted");
    }
    *out = made;
    return ASSAY_OK;
}

assay_status assay_idx_read(assay_tensor *out, const uint8_t *bytes, size_t size, size_t max_bytes,
                            assay_error *err)
{
    assay_status status = ASSAY_OK;
    idx_source source = {NULL, bytes, size};
    assay_npy_header header;
    uint64_t limit = max_bytes != 0 ? max_bytes : UINT64_C(8) << 30;
    bool gzip = size >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;
    memset(out, 0, sizeof(*out));
    if (gzip) {
        ASSAY_GOTO(assay_inflate_new(&source.gzip, ASSAY_INFLATE_GZIP, bytes, size, err), done);
    }
    ASSAY_GOTO(idx_header(&header, &source, err), done);
    /* Before memory is taken: can the rest of the file hold what the header announces? */
    size_t most = gzip ? assay_inflate_bound(size) : source.left;
    if (header.data_bytes > most) {
        status = assay_fail(err, ASSAY_EFORMAT,
                            "idx: the header announces %zu bytes of data, the file holds %s%zu; it "
                            "is truncated",
                            header.data_bytes, gzip ? "at most " : "", most);
        goto done;
    }
    if (header.data_bytes > limit) {
        status =
            assay_fail(err, ASSAY_ELIMIT, "idx: the array takes %zu bytes, the limit is %" PRIu64,
                       header.data_bytes, limit);
        goto done;
    }
    ASSAY_GOTO(assay_npy_load(out, &header, idx_take, &source, err), done);
    ASSAY_GOTO(idx_finish(&source, err), done);
done:
    assay_inflate_free(source.gzip);
    if (status != ASSAY_OK) {
        assay_tensor_dispose(out);
    }
    return status;
}
