#include <inttypes.h>
#include <string.h>

#include <zlib.h>

#include "base/alloc.h"
#include "codec/inflate.h"
#include "codec/npy_header.h"
#include "codec/zip.h"

enum { NPZ_LIST_LIMIT = 1 << 24, NPZ_SHOWN = 600 };

/* The unpacked bytes of one entry in order, with their checksum. */
typedef struct entry_source {
    const assay_zip_entry *entry;
    const uint8_t *packed;
    assay_inflate *inflate; /* NULL when the entry is stored */
    size_t taken;
    uLong crc;
} entry_source;

static assay_status entry_take(void *context, void *to, size_t size, assay_error *err)
{
    entry_source *source = context;
    if (size > source->entry->size - source->taken) {
        return assay_fail(err, ASSAY_EFORMAT, "the file ends inside its header");
    }
    if (source->inflate != NULL) {
        ASSAY_TRY(assay_inflate_read(to, size, source->inflate, err));
    } else if (size > 0) {
        memcpy(to, source->packed + source->taken, size);
    }
    if (size > 0) {
        source->crc = crc32_z(source->crc, to, size);
    }
    source->taken += size;
    return ASSAY_OK;
}

static assay_status entry_finish(entry_source *source, assay_error *err)
{
    if (source->inflate != NULL) {
        ASSAY_TRY(assay_inflate_finish(source->inflate, err));
    }
    if (source->crc != source->entry->crc) {
        return assay_fail(err, ASSAY_EFORMAT, "the checksum does not agree: the data are damaged");
    }
    return ASSAY_OK;
}

static bool is_array(const assay_zip_entry *entry)
{
    return entry->name_size > 4 && memcmp(entry->name + entry->name_size - 4, ".npy", 4) == 0;
}

static bool name_is(const assay_zip_entry *entry, const char *name, bool with_suffix)
{
    size_t size = entry->name_size - (with_suffix ? 0 : 4);
    return strlen(name) == size && memcmp(entry->name, name, size) == 0;
}

static assay_status list_names(assay_buffer *names, const assay_zip *zip, const char *separator,
                               assay_error *err)
{
    assay_zip_entry entry;
    size_t at = 0;
    bool first = true;
    assay_status status;
    while ((status = assay_zip_next(&entry, zip, &at, err)) == ASSAY_OK) {
        if (is_array(&entry)) {
            assay_buffer_puts(names, first ? "" : separator);
            assay_buffer_append(names, entry.name, entry.name_size - 4);
            first = false;
        }
    }
    return status == ASSAY_DONE ? assay_buffer_status(names, err) : status;
}

static assay_status fail_missing(const assay_zip *zip, const char *name, size_t arrays,
                                 assay_error *err)
{
    assay_buffer names;
    assay_buffer_init(&names, NPZ_LIST_LIMIT);
    assay_status status = list_names(&names, zip, ", ", err);
    if (status == ASSAY_OK) {
        const char *list = names.size > 0 ? names.data : "no arrays";
        const char *more = names.size > NPZ_SHOWN ? " ..." : "";
        if (name == NULL) {
            status = assay_fail(err, ASSAY_EINVAL,
                                "npz: the archive holds %zu arrays; name one of: %.*s%s", arrays,
                                NPZ_SHOWN, list, more);
        } else {
            status = assay_fail(err, ASSAY_ENOTFOUND,
                                "npz: no array is called '%.200s'; the archive holds: %.*s%s", name,
                                NPZ_SHOWN, list, more);
        }
    }
    assay_buffer_dispose(&names);
    return status;
}

/* As numpy.load: a name is first taken as the file's own, then without ".npy". */
static assay_status find_array(assay_zip_entry *out, const assay_zip *zip, const char *name,
                               assay_error *err)
{
    assay_zip_entry entry;
    size_t at = 0;
    size_t arrays = 0;
    size_t exact = 0;
    size_t short_form = 0;
    assay_status status;
    memset(out, 0, sizeof(*out));
    while ((status = assay_zip_next(&entry, zip, &at, err)) == ASSAY_OK) {
        if (!is_array(&entry)) {
            continue;
        }
        arrays++;
        if (name != NULL && name_is(&entry, name, true)) {
            exact++;
            *out = entry;
        } else if (name == NULL || name_is(&entry, name, false)) {
            short_form++;
            if (exact == 0) {
                *out = entry;
            }
        }
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    size_t found = exact > 0 ? exact : short_form;
    if (found == 0 || (name == NULL && found > 1)) {
        return fail_missing(zip, name, arrays, err);
    }
    if (found > 1) {
        return assay_fail(err, ASSAY_EFORMAT, "npz: %zu arrays have the name '%.200s'", found,
                          name);
    }
    return ASSAY_OK;
}

/* Sizes that cannot be true are refused before anything is allocated for them. */
static assay_status check_entry(const assay_zip_entry *entry, assay_error *err)
{
    bool stored = entry->method == ASSAY_ZIP_STORED;
    if (stored ? entry->size != entry->packed_size
               : entry->size > assay_inflate_bound((size_t)entry->packed_size)) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "the directory claims %" PRIu64 " bytes, which %" PRIu64
                          " packed bytes cannot hold",
                          entry->size, entry->packed_size);
    }
    return ASSAY_OK;
}

static assay_status read_array(assay_tensor *out, entry_source *source, size_t max_bytes,
                               assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_npy_header header;
    uint8_t *head = NULL;
    uint8_t prefix[ASSAY_NPY_PREFIX] = {0};
    size_t offset = 0;
    size_t whole = (size_t)source->entry->size;
    size_t known = whole < sizeof(prefix) ? whole : sizeof(prefix);
    ASSAY_GOTO(entry_take(source, prefix, known, err), done);
    ASSAY_GOTO(assay_npy_data_offset(&offset, prefix, known, err), done);
    if (offset < known || offset > whole) {
        status = assay_fail(err, ASSAY_EFORMAT, "npy: the file ends inside its header");
        goto done;
    }
    head = assay_alloc(offset, 1);
    if (head == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    memcpy(head, prefix, known);
    ASSAY_GOTO(entry_take(source, head + known, offset - known, err), done);
    ASSAY_GOTO(assay_npy_header_read(&header, head, offset, err), done);
    ASSAY_GOTO(assay_npy_check_size(&header, whole - offset, max_bytes, err), done);
    ASSAY_GOTO(assay_npy_load(out, &header, entry_take, source, err), done);
    ASSAY_GOTO(entry_finish(source, err), done);
done:
    assay_free(head);
    if (status != ASSAY_OK) {
        assay_tensor_dispose(out);
    }
    return status;
}

assay_status assay_npz_read(assay_tensor *out, const uint8_t *bytes, size_t size, const char *name,
                            size_t max_bytes, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_zip zip;
    assay_zip_entry entry;
    entry_source source = {.entry = &entry};
    memset(out, 0, sizeof(*out));
    ASSAY_TRY(assay_zip_open(&zip, bytes, size, err));
    ASSAY_TRY(find_array(&entry, &zip, name, err));
    ASSAY_TRY(assay_zip_locate(&source.packed, &zip, &entry, err));
    ASSAY_GOTO(check_entry(&entry, err), done);
    if (entry.method == ASSAY_ZIP_DEFLATED) {
        ASSAY_GOTO(assay_inflate_new(&source.inflate, ASSAY_INFLATE_RAW, source.packed,
                                     (size_t)entry.packed_size, err),
                   done);
    }
    ASSAY_GOTO(read_array(out, &source, max_bytes, err), done);
done:
    assay_inflate_free(source.inflate);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "npz: '%.*s'", entry.name_size < 80 ? (int)entry.name_size : 80,
                           entry.name);
    }
    return status;
}

assay_status assay_npz_list(assay_buffer *names, const uint8_t *bytes, size_t size,
                            assay_error *err)
{
    assay_zip zip;
    ASSAY_TRY(assay_zip_open(&zip, bytes, size, err));
    return list_names(names, &zip, "\n", err);
}
