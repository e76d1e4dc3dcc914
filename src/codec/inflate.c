#include "codec/inflate.h"

#include <stdbool.h>

#include <zlib.h>

#include "base/alloc.h"
#include "base/checked_int.h"

enum { INFLATE_CHUNK = 1 << 30, INFLATE_RATIO = 1032 };

struct assay_inflate {
    z_stream z;
    assay_inflate_kind kind;
    const uint8_t *next;
    size_t left; /* input not yet handed to zlib */
    bool ended;
    bool ready; /* zlib's own state exists */
};

static voidpf inflate_alloc(voidpf opaque, uInt items, uInt size)
{
    (void)opaque;
    return assay_alloc_raw(items, size);
}

static void inflate_release(voidpf opaque, voidpf address)
{
    (void)opaque;
    assay_free(address);
}

assay_status assay_inflate_new(assay_inflate **out, assay_inflate_kind kind, const uint8_t *bytes,
                               size_t size, assay_error *err)
{
    *out = NULL;
    assay_inflate *made = assay_alloc(1, sizeof(*made));
    if (made == NULL) {
        return assay_fail_memory(err);
    }
    made->kind = kind;
    made->next = bytes;
    made->left = size;
    made->z.zalloc = inflate_alloc;
    made->z.zfree = inflate_release;
    int window = kind == ASSAY_INFLATE_RAW ? -MAX_WBITS : MAX_WBITS + 16;
    if (inflateInit2(&made->z, window) != Z_OK) {
        assay_inflate_free(made);
        return assay_fail_memory(err);
    }
    made->ready = true;
    *out = made;
    return ASSAY_OK;
}

static void inflate_feed(assay_inflate *reader)
{
    if (reader->z.avail_in == 0 && reader->left > 0) {
        size_t chunk = reader->left < INFLATE_CHUNK ? reader->left : INFLATE_CHUNK;
        reader->z.next_in = (z_const Bytef *)reader->next;
        reader->z.avail_in = (uInt)chunk;
        reader->next += chunk;
        reader->left -= chunk;
    }
}

/* After the end of a gzip member: go on with the next one if there is more input. */
static assay_status inflate_next_member(assay_inflate *reader, assay_error *err)
{
    inflate_feed(reader);
    if (reader->z.avail_in == 0) {
        reader->ended = true;
        return ASSAY_OK;
    }
    if (reader->kind != ASSAY_INFLATE_GZIP) {
        return assay_fail(err, ASSAY_EFORMAT, "bytes follow the end of the compressed data");
    }
    if (inflateReset(&reader->z) != Z_OK) {
        return assay_fail(err, ASSAY_EINTERNAL, "the decompressor could not be reset");
    }
    return ASSAY_OK;
}

/* Inflate until `size` bytes are there or the stream ended; *got tells how many came. */
static assay_status inflate_some(size_t *got, assay_inflate *reader, uint8_t *out, size_t size,
                                 assay_error *err)
{
    z_stream *z = &reader->z;
    *got = 0;
    while (*got < size && !reader->ended) {
        inflate_feed(reader);
        size_t room = size - *got < INFLATE_CHUNK ? size - *got : INFLATE_CHUNK;
        z->next_out = out + *got;
        z->avail_out = (uInt)room;
        int result = inflate(z, Z_NO_FLUSH);
        *got += room - z->avail_out;
        if (result == Z_STREAM_END) {
            ASSAY_TRY(inflate_next_member(reader, err));
        } else if (result == Z_MEM_ERROR) {
            return assay_fail_memory(err);
        } else if (result == Z_BUF_ERROR) {
            return assay_fail(err, ASSAY_EFORMAT, "the compressed data end too early");
        } else if (result != Z_OK) {
            return assay_fail(err, ASSAY_EFORMAT, "the compressed data are corrupt (%s)",
                              z->msg != NULL ? z->msg : "not a gzip stream");
        }
    }
    return ASSAY_OK;
}

assay_status assay_inflate_read(void *out, size_t size, assay_inflate *reader, assay_error *err)
{
    size_t got = 0;
    ASSAY_TRY(inflate_some(&got, reader, out, size, err));
    if (got < size) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "the compressed data end %zu bytes before the array does", size - got);
    }
    return ASSAY_OK;
}

assay_status assay_inflate_finish(assay_inflate *reader, assay_error *err)
{
    uint8_t extra = 0;
    size_t got = 0;
    ASSAY_TRY(inflate_some(&got, reader, &extra, 1, err));
    if (got != 0) {
        return assay_fail(err, ASSAY_EFORMAT, "the compressed data are longer than the array");
    }
    return ASSAY_OK;
}

void assay_inflate_free(assay_inflate *reader)
{
    if (reader != NULL) {
        if (reader->ready) {
            (void)inflateEnd(&reader->z);
        }
        assay_free(reader);
    }
}

size_t assay_inflate_bound(size_t size)
{
    size_t bound;
    return assay_size_mul(&bound, size, INFLATE_RATIO) ? bound : SIZE_MAX;
}
