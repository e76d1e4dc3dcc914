#include "codec/image_names.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "base/text.h"
#include "base/text_index.h"

enum { LONGEST_ID = 20 };

struct assay_image_names {
    const assay_coco_truth *truth;
    char **stems;   /* per image; "" for those without a name */
    char **paths;   /* without extension */
    int64_t *by_id; /* rows by ascending id */
    assay_text_index *by_stem, *by_path;
    bool *ambiguous; /* per image: its stem is not its own */
};

size_t assay_file_without_extension(const char *file, size_t size)
{
    static const char *const known[] = {".jpg",  ".jpeg", ".png", ".bmp", ".tif",  ".tiff",
                                        ".webp", ".pgm",  ".ppm", ".pnm", ".gif",  ".txt",
                                        ".xml",  ".json", ".jp2", ".ntf", ".nitf", ".npy"};
    for (size_t i = 0; i < ASSAY_COUNT(known); i++) {
        size_t n = strlen(known[i]);
        if (size > n && strncasecmp(file + size - n, known[i], n) == 0) {
            return size - n;
        }
    }
    return size;
}

void assay_file_stem(const char **stem, size_t *stem_size, const char *file, size_t size)
{
    size_t end = assay_file_without_extension(file, size);
    size_t begin = end;
    while (begin > 0 && file[begin - 1] != '/' && file[begin - 1] != '\\') {
        begin--;
    }
    *stem = file + begin;
    *stem_size = end - begin;
}

static char *copy(const char *text, size_t size)
{
    char *out = assay_alloc(size + 1, 1);
    if (out != NULL && size > 0) {
        memcpy(out, text, size);
    }
    return out;
}

static assay_status enter(assay_image_names *names, int64_t i, assay_error *err)
{
    const char *file = names->truth->image_file != NULL ? names->truth->image_file[i] : NULL;
    const char *stem = NULL;
    size_t n = 0;
    int64_t found = -1;
    if (file == NULL) {
        file = "";
    }
    size_t size = strlen(file);
    assay_file_stem(&stem, &n, file, size);
    names->stems[i] = copy(stem, n);
    names->paths[i] = copy(file, assay_file_without_extension(file, size));
    if (names->stems[i] == NULL || names->paths[i] == NULL) {
        return assay_fail_memory(err);
    }
    if (size == 0) {
        return ASSAY_OK;
    }
    ASSAY_TRY(
        assay_text_index_put(&found, names->by_stem, (const char *const *)names->stems, i, err));
    if (found >= 0) {
        names->ambiguous[found] = true;
    }
    return assay_text_index_put(&found, names->by_path, (const char *const *)names->paths, i, err);
}

assay_status assay_image_names_new(assay_image_names **out, const assay_coco_truth *truth,
                                   assay_error *err)
{
    assay_status status = ASSAY_OK;
    size_t n = (size_t)truth->n_images;
    *out = NULL;
    assay_image_names *names = assay_alloc(1, sizeof *names);
    if (names == NULL) {
        return assay_fail_memory(err);
    }
    names->truth = truth;
    names->stems = assay_alloc(n, sizeof *names->stems);
    names->paths = assay_alloc(n, sizeof *names->paths);
    names->ambiguous = assay_alloc(n, sizeof *names->ambiguous);
    names->by_id = assay_alloc(n, sizeof *names->by_id);
    if (names->stems == NULL || names->paths == NULL || names->ambiguous == NULL ||
        names->by_id == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_sort_order_i64(names->by_id, truth->image_id, truth->n_images, err), done);
    ASSAY_GOTO(assay_text_index_new(&names->by_stem, truth->n_images, err), done);
    ASSAY_GOTO(assay_text_index_new(&names->by_path, truth->n_images, err), done);
    for (int64_t i = 0; i < truth->n_images; i++) {
        ASSAY_GOTO(enter(names, i, err), done);
    }
    *out = names;
    names = NULL;
done:
    assay_image_names_free(names);
    return status;
}

void assay_image_names_free(assay_image_names *names)
{
    if (names != NULL) {
        for (int64_t i = 0; names->stems != NULL && i < names->truth->n_images; i++) {
            assay_free(names->stems[i]);
        }
        for (int64_t i = 0; names->paths != NULL && i < names->truth->n_images; i++) {
            assay_free(names->paths[i]);
        }
        assay_text_index_free(names->by_stem);
        assay_text_index_free(names->by_path);
        assay_free(names->stems);
        assay_free(names->paths);
        assay_free(names->by_id);
        assay_free(names->ambiguous);
        assay_free(names);
    }
}

static int64_t find_id(const assay_image_names *names, const char *stem, size_t size)
{
    const int64_t *ids = names->truth->image_id;
    int64_t low = 0;
    int64_t high = names->truth->n_images;
    char text[LONGEST_ID + 1];
    int64_t id = 0;
    if (size == 0 || size > LONGEST_ID) {
        return -1;
    }
    memcpy(text, stem, size);
    text[size] = '\0';
    if (!assay_text_to_i64(&id, text)) {
        return -1;
    }
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (ids[names->by_id[middle]] < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < names->truth->n_images && ids[names->by_id[low]] == id ? names->by_id[low] : -1;
}

int64_t assay_image_names_find(const assay_image_names *names, const char *file, size_t size)
{
    const char *stem = NULL;
    size_t n = 0;
    while (size > 2 && file[0] == '.' && file[1] == '/') {
        file += 2;
        size -= 2;
    }
    int64_t at = assay_text_index_find(names->by_path, (const char *const *)names->paths, file,
                                       assay_file_without_extension(file, size));
    if (at >= 0) {
        return at;
    }
    assay_file_stem(&stem, &n, file, size);
    at = assay_text_index_find(names->by_stem, (const char *const *)names->stems, stem, n);
    if (at >= 0) {
        return names->ambiguous[at] ? -2 : at;
    }
    return find_id(names, stem, n);
}
