#include "codec/zip.h"

#include <string.h>

#include "base/text.h"

enum {
    END_SIZE = 22,
    END64_SIZE = 56,
    LOCATOR_SIZE = 20,
    CENTRAL_SIZE = 46,
    LOCAL_SIZE = 30,
    COMMENT_LIMIT = 65535,
    EXTRA_ZIP64 = 1,
    FLAG_ENCRYPTED = 1 << 0,
    FLAG_PATCH = 1 << 5,
    FLAG_STRONG = 1 << 6,
    FLAG_MASKED = 1 << 13
};

#define ZIP_LOCAL UINT32_C(0x04034b50)
#define ZIP_CENTRAL UINT32_C(0x02014b50)
#define ZIP_END UINT32_C(0x06054b50)
#define ZIP_END64 UINT32_C(0x06064b50)
#define ZIP_LOCATOR UINT32_C(0x07064b50)
#define ZIP_MAX16 UINT32_C(0xFFFF)
#define ZIP_MAX32 UINT32_C(0xFFFFFFFF)

static uint32_t get16(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static uint32_t get32(const uint8_t *at)
{
    return get16(at) | get16(at + 2) << 16;
}

static uint64_t get64(const uint8_t *at)
{
    return (uint64_t)get32(at) | (uint64_t)get32(at + 4) << 32;
}

static assay_status find_end(size_t *out, const uint8_t *bytes, size_t size, assay_error *err)
{
    *out = 0;
    if (size < 4 || (get32(bytes) != ZIP_LOCAL && get32(bytes) != ZIP_END)) {
        return assay_fail(err, ASSAY_EFORMAT, "zip: not a zip archive");
    }
    for (size_t comment = 0; comment <= COMMENT_LIMIT && comment + END_SIZE <= size; comment++) {
        size_t at = size - END_SIZE - comment;
        if (get32(bytes + at) == ZIP_END && get16(bytes + at + 20) == comment) {
            *out = at;
            return ASSAY_OK;
        }
    }
    return assay_fail(err, ASSAY_EFORMAT,
                      "zip: the archive has no directory at its end; it is truncated");
}

/* The zip64 record stands before its locator, which stands before the ordinary end record. */
static assay_status read_end64(assay_zip *zip, size_t end, uint64_t *begin, uint64_t *length,
                               assay_error *err)
{
    if (end < LOCATOR_SIZE || get32(zip->bytes + end - LOCATOR_SIZE) != ZIP_LOCATOR) {
        return assay_fail(err, ASSAY_EFORMAT, "zip: the zip64 directory is missing");
    }
    const uint8_t *locator = zip->bytes + end - LOCATOR_SIZE;
    uint64_t at = get64(locator + 8);
    if (end < LOCATOR_SIZE + END64_SIZE || at > end - LOCATOR_SIZE - END64_SIZE ||
        get32(zip->bytes + at) != ZIP_END64) {
        return assay_fail(err, ASSAY_EFORMAT, "zip: the zip64 directory is not where it should be");
    }
    const uint8_t *record = zip->bytes + at;
    if (get32(record + 16) != 0 || get32(record + 20) != 0 || get32(locator + 4) != 0) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "zip: the archive is spread over several disks; join it first");
    }
    zip->entries = get64(record + 32);
    *length = get64(record + 40);
    *begin = get64(record + 48);
    zip->directory_end = (size_t)at;
    return ASSAY_OK;
}

assay_status assay_zip_open(assay_zip *out, const uint8_t *bytes, size_t size, assay_error *err)
{
    memset(out, 0, sizeof(*out));
    assay_zip zip = {.bytes = bytes, .size = size};
    size_t end = 0;
    ASSAY_TRY(find_end(&end, bytes, size, err));
    const uint8_t *record = bytes + end;
    uint64_t length = get32(record + 12);
    uint64_t begin = get32(record + 16);
    zip.entries = get16(record + 10);
    zip.directory_end = end;
    if (zip.entries == ZIP_MAX16 || length == ZIP_MAX32 || begin == ZIP_MAX32) {
        ASSAY_TRY(read_end64(&zip, end, &begin, &length, err));
    } else if (get16(record + 4) != 0 || get16(record + 6) != 0) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "zip: the archive is spread over several disks; join it first");
    }
    if (begin > zip.directory_end || length > zip.directory_end - begin) {
        return assay_fail(err, ASSAY_EFORMAT, "zip: the directory does not lie inside the archive");
    }
    if (zip.entries > length / CENTRAL_SIZE) {
        return assay_fail(err, ASSAY_EFORMAT, "zip: the directory is too short for its entries");
    }
    zip.directory = (size_t)begin;
    zip.directory_end = (size_t)(begin + length);
    *out = zip;
    return ASSAY_OK;
}

/* The extra field replaces, in this order, just those numbers that are saturated. */
static assay_status read_extra64(assay_zip_entry *entry, const uint8_t *extra, size_t size,
                                 assay_error *err)
{
    uint64_t *const fields[] = {&entry->size, &entry->packed_size, &entry->local};
    bool wanted = false;
    for (size_t i = 0; i < ASSAY_COUNT(fields); i++) {
        wanted = wanted || *fields[i] == ZIP_MAX32;
    }
    while (wanted && size >= 4) {
        size_t id = get16(extra);
        size_t length = get16(extra + 2);
        if (length > size - 4) {
            break;
        }
        if (id == EXTRA_ZIP64) {
            const uint8_t *at = extra + 4;
            for (size_t i = 0; i < ASSAY_COUNT(fields); i++) {
                if (*fields[i] == ZIP_MAX32) {
                    if (length < 8) {
                        return assay_fail(err, ASSAY_EFORMAT,
                                          "zip: a zip64 field in the directory is too short");
                    }
                    *fields[i] = get64(at);
                    at += 8;
                    length -= 8;
                }
            }
            return ASSAY_OK;
        }
        extra += 4 + length;
        size -= 4 + length;
    }
    return ASSAY_OK;
}

static bool name_is_clean(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c < 0x20 || c == 0x7F) {
            return false;
        }
    }
    return size > 0 && assay_utf8_valid(name, size);
}

assay_status assay_zip_next(assay_zip_entry *out, const assay_zip *zip, size_t *at,
                            assay_error *err)
{
    memset(out, 0, sizeof(*out));
    size_t begin = zip->directory + *at;
    size_t left = zip->directory_end - begin;
    if (left == 0) {
        return ASSAY_DONE;
    }
    const uint8_t *record = zip->bytes + begin;
    if (left < CENTRAL_SIZE || get32(record) != ZIP_CENTRAL) {
        return assay_fail(err, ASSAY_EFORMAT, "zip: the directory is corrupt at byte %zu", begin);
    }
    size_t name = get16(record + 28);
    size_t extra = get16(record + 30);
    size_t whole = CENTRAL_SIZE + name + extra + get16(record + 32);
    if (left < whole) {
        return assay_fail(err, ASSAY_EFORMAT, "zip: the directory ends inside an entry");
    }
    assay_zip_entry entry = {
        .name = (const char *)record + CENTRAL_SIZE,
        .name_size = name,
        .flags = get16(record + 8),
        .method = get16(record + 10),
        .crc = get32(record + 16),
        .packed_size = get32(record + 20),
        .size = get32(record + 24),
        .local = get32(record + 42),
    };
    if (!name_is_clean(entry.name, name)) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "zip: an entry's name is empty or not clean UTF-8 text");
    }
    ASSAY_TRY(read_extra64(&entry, record + CENTRAL_SIZE + name, extra, err));
    *at += whole;
    *out = entry;
    return ASSAY_OK;
}

static const char *method_name(unsigned method)
{
    switch (method) {
    case 1:
        return "shrink";
    case 2:
    case 3:
    case 4:
    case 5:
        return "reduce";
    case 6:
        return "implode";
    case 9:
        return "Deflate64";
    case 10:
        return "DCL implode";
    case 12:
        return "bzip2";
    case 14:
        return "LZMA";
    case 93:
        return "Zstandard";
    case 95:
        return "XZ";
    case 97:
        return "WavPack";
    case 98:
        return "PPMd";
    case 99:
        return "AES encryption";
    default:
        return "an unknown method";
    }
}

assay_status assay_zip_locate(const uint8_t **out, const assay_zip *zip,
                              const assay_zip_entry *entry, assay_error *err)
{
    *out = NULL;
    int shown = entry->name_size < 80 ? (int)entry->name_size : 80;
    if ((entry->flags & (FLAG_ENCRYPTED | FLAG_STRONG | FLAG_MASKED)) != 0) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "zip: '%.*s' is encrypted; write the archive without a password", shown,
                          entry->name);
    }
    if ((entry->method != ASSAY_ZIP_STORED && entry->method != ASSAY_ZIP_DEFLATED) ||
        (entry->flags & FLAG_PATCH) != 0) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "zip: '%.*s' is compressed with %s (method %u); numpy.savez and "
                          "numpy.savez_compressed write what can be read",
                          shown, entry->name, method_name(entry->method), entry->method);
    }
    size_t limit = zip->directory; /* entries stand before the directory */
    if (limit < LOCAL_SIZE || entry->local > limit - LOCAL_SIZE ||
        get32(zip->bytes + entry->local) != ZIP_LOCAL) {
        return assay_fail(err, ASSAY_EFORMAT, "zip: '%.*s' is not where the directory says", shown,
                          entry->name);
    }
    const uint8_t *local = zip->bytes + entry->local;
    size_t left = limit - (size_t)entry->local - LOCAL_SIZE;
    size_t name = get16(local + 26);
    size_t skip = name + get16(local + 28);
    if (left < skip || name != entry->name_size ||
        memcmp(local + LOCAL_SIZE, entry->name, name) != 0) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "zip: '%.*s' has another name in its own header than in the directory",
                          shown, entry->name);
    }
    if (entry->packed_size > left - skip) {
        return assay_fail(err, ASSAY_EFORMAT, "zip: '%.*s' runs beyond the end of the archive",
                          shown, entry->name);
    }
    *out = local + LOCAL_SIZE + skip;
    return ASSAY_OK;
}
