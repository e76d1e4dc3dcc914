#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "adapters/filesystem/dataset_draft.h"
#include "adapters/filesystem/file.h"
#include "base/alloc.h"
#include "base/text.h"
#include "codec/idx.h"
#include "codec/npy.h"

typedef struct array_source {
    assay_tensor images;
    int32_t width;
    int32_t height;
    int32_t channels;
    int planes_first;    /* [n, c, h, w] */
    size_t values;       /* per image */
    const int64_t *rows; /* datum -> row; borrowed; NULL = the same */
} array_source;

static void free_source(void *self)
{
    array_source *source = self;
    if (source != NULL) {
        assay_tensor_dispose(&source->images);
        assay_free(source);
    }
}

static assay_pixel pixel_of(assay_dtype type)
{
    switch (type) {
    case ASSAY_DTYPE_U8:
        return ASSAY_PIXEL_U8;
    case ASSAY_DTYPE_U16:
        return ASSAY_PIXEL_U16;
    case ASSAY_DTYPE_F16:
    case ASSAY_DTYPE_F32:
    case ASSAY_DTYPE_F64:
        return ASSAY_PIXEL_F32;
    default:
        return (assay_pixel)0;
    }
}

static assay_status copy_value(void *out, size_t to, const assay_tensor *in, size_t from,
                               assay_error *err)
{
    double value = 0;
    switch (in->type) {
    case ASSAY_DTYPE_U8:
        ((uint8_t *)out)[to] = ((const uint8_t *)in->data)[from];
        return ASSAY_OK;
    case ASSAY_DTYPE_U16:
        ((uint16_t *)out)[to] = ((const uint16_t *)in->data)[from];
        return ASSAY_OK;
    case ASSAY_DTYPE_F16:
        value = (double)assay_half_to_float(((const uint16_t *)in->data)[from]);
        break;
    case ASSAY_DTYPE_F32:
        value = (double)((const float *)in->data)[from];
        break;
    default:
        value = ((const double *)in->data)[from];
        break;
    }
    if (!isfinite(value) || fabs(value) > 3.4e38) {
        return assay_fail(err, ASSAY_EFORMAT, "value %zu of the image is not a number", from + 1);
    }
    ((float *)out)[to] = (float)value;
    return ASSAY_OK;
}

assay_status assay_array_image(assay_image *out, const void *self, int64_t row, assay_error *err)
{
    const array_source *source = self;
    const assay_tensor *images = &source->images;
    ASSAY_TRY(assay_image_new(out, source->width, source->height, source->channels,
                              pixel_of(images->type), err));
    size_t size = assay_dtype_size(images->type);
    assay_tensor image = *images;
    image.data = (char *)images->data + (size_t)row * source->values * size;
    size_t channels = (size_t)source->channels;
    size_t plane = (size_t)source->width * (size_t)source->height;
    int whole = images->type == ASSAY_DTYPE_U8 || images->type == ASSAY_DTYPE_U16;
    if (whole && !source->planes_first) {
        memcpy(out->data, image.data, source->values * size);
        return ASSAY_OK;
    }
    for (size_t i = 0; i < source->values; i++) {
        size_t to = source->planes_first ? i % plane * channels + i / plane : i;
        assay_status status = copy_value(out->data, to, &image, i, err);
        if (status != ASSAY_OK) {
            assay_image_dispose(out);
            return status;
        }
    }
    return ASSAY_OK;
}

assay_status assay_array_digest(char out[ASSAY_DIGEST_HEX], int64_t *size, const void *self,
                                int64_t row, assay_error *err)
{
    const array_source *source = self;
    size_t bytes = source->values * assay_dtype_size(source->images.type);
    *size = (int64_t)bytes;
    assay_digest *digest = NULL;
    ASSAY_TRY(assay_digest_new(&digest, err));
    assay_digest_text(digest, assay_dtype_name(source->images.type));
    assay_digest_i64(digest, source->planes_first);
    assay_digest_i64(digest, source->height);
    assay_digest_i64(digest, source->width);
    assay_digest_i64(digest, source->channels);
    assay_digest_update(digest, (const char *)source->images.data + (size_t)row * bytes, bytes);
    assay_status status = assay_digest_hex(out, digest, err);
    assay_digest_free(digest);
    return status;
}

void assay_array_select(void *self, const int64_t *rows)
{
    ((array_source *)self)->rows = rows;
}

static assay_status source_image(const assay_dataset *dataset, int64_t i, assay_image *out,
                                 assay_image_format *format, size_t *file_size, assay_error *err)
{
    const array_source *source = dataset->self;
    if (format != NULL) {
        *format = ASSAY_IMAGE_UNKNOWN;
    }
    if (file_size != NULL) {
        *file_size = source->values * assay_dtype_size(source->images.type);
    }
    return assay_array_image(out, source, source->rows != NULL ? source->rows[i] : i, err);
}

static const assay_dataset_source array_functions = {.image = source_image, .free = free_source};

static assay_status understand_shape(array_source *source, assay_dataset_draft *draft,
                                     assay_error *err)
{
    const assay_tensor *t = &source->images;
    int64_t height = t->rank >= 3 ? t->shape[1] : 0;
    int64_t width = t->rank >= 3 ? t->shape[2] : 0;
    int64_t channels = 1;
    int known = t->rank == 3;
    if (t->rank == 4 && t->shape[3] >= 1 && t->shape[3] <= 4) {
        channels = t->shape[3];
        known = 1;
    } else if (t->rank == 4 && (t->shape[1] == 1 || t->shape[1] == 3 || t->shape[1] == 4)) {
        channels = t->shape[1];
        height = t->shape[2];
        width = t->shape[3];
        source->planes_first = channels > 1;
        known = 1;
        assay_log_write(draft->options->log, ASSAY_LOG_INFO,
                        "%s: the array is read as [images, channels, height, width]", draft->name);
    }
    if (!known || width < 1 || height < 1 || width > 65535 || height > 65535 ||
        width * height > (int64_t)1 << 28) {
        assay_buffer shape;
        assay_buffer_init(&shape, 0);
        for (int32_t i = 0; i < t->rank; i++) {
            assay_buffer_printf(&shape, "%s%" PRId64, i > 0 ? ", " : "", t->shape[i]);
        }
        assay_status status = assay_fail(
            err, ASSAY_EFORMAT,
            "%s: an array of shape [%s] is not a set of images; expected [images, height, width] "
            "or [images, height, width, channels] with 1 to 4 channels",
            draft->path, shape.data != NULL ? shape.data : "");
        assay_buffer_dispose(&shape);
        return status;
    }
    if (pixel_of(t->type) == 0) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "%s: images of type %s; expected uint8, uint16, float16, float32 or "
                          "float64",
                          draft->path, assay_dtype_name(t->type));
    }
    source->width = (int32_t)width;
    source->height = (int32_t)height;
    source->channels = (int32_t)channels;
    source->values = (size_t)(width * height * channels);
    return ASSAY_OK;
}

/* A target as the text of a class name. */
static int value_text(char out[32], const assay_tensor *t, int64_t i)
{
    int64_t whole = 0;
    double real = 0;
    size_t at = (size_t)i;
    switch (t->type) {
    case ASSAY_DTYPE_BOOL:
    case ASSAY_DTYPE_U8:
        whole = ((const uint8_t *)t->data)[at];
        break;
    case ASSAY_DTYPE_I8:
        whole = ((const int8_t *)t->data)[at];
        break;
    case ASSAY_DTYPE_U16:
        whole = ((const uint16_t *)t->data)[at];
        break;
    case ASSAY_DTYPE_I16:
        whole = ((const int16_t *)t->data)[at];
        break;
    case ASSAY_DTYPE_U32:
        whole = ((const uint32_t *)t->data)[at];
        break;
    case ASSAY_DTYPE_I32:
        whole = ((const int32_t *)t->data)[at];
        break;
    case ASSAY_DTYPE_U64:
        if (((const uint64_t *)t->data)[at] > INT64_MAX) {
            return 0;
        }
        whole = (int64_t)((const uint64_t *)t->data)[at];
        break;
    case ASSAY_DTYPE_I64:
        whole = ((const int64_t *)t->data)[at];
        break;
    default:
        real = t->type == ASSAY_DTYPE_F64 ? ((const double *)t->data)[at]
               : t->type == ASSAY_DTYPE_F32
                   ? (double)((const float *)t->data)[at]
                   : (double)assay_half_to_float(((const uint16_t *)t->data)[at]);
        if (!(fabs(real) < 1e15) || real != floor(real)) {
            return 0;
        }
        whole = (int64_t)real;
        break;
    }
    (void)snprintf(out, 32, "%" PRId64, whole);
    return 1;
}

static int all_numbers(const assay_classes *classes)
{
    for (int32_t i = 0; i < classes->n; i++) {
        double ignored = 0;
        if (!assay_text_to_real(&ignored, classes->names[i])) {
            return 0;
        }
    }
    return 1;
}

static assay_status add_rows(assay_dataset_draft *draft, int64_t n, const assay_tensor *labels,
                             assay_error *err)
{
    /* Class names that are no numbers stand for 0, 1, 2, ... */
    int by_index = draft->classes.fixed && !all_numbers(&draft->classes);
    for (int64_t i = 0; i < n; i++) {
        const char *id = assay_arena_printf(draft->arena, "%" PRId64, i);
        if (id == NULL) {
            return assay_fail_memory(err);
        }
        ASSAY_TRY(assay_draft_add(draft, id, NULL, i, err));
        if (labels == NULL) {
            continue;
        }
        char text[32];
        int64_t index = -1;
        if (!value_text(text, labels, i)) {
            ASSAY_TRY(assay_draft_bad(draft, i, err, "the target is not a whole number"));
        } else if (by_index && assay_text_to_i64(&index, text) && index >= 0 &&
                   index < draft->classes.n) {
            draft->data[i].target = (int32_t)index;
        } else {
            ASSAY_TRY(assay_draft_target(draft, text, err));
        }
    }
    return ASSAY_OK;
}

/* Reads .npy, or IDX for everything else. */
static assay_status read_tensor(assay_tensor *out, const char *path, assay_error *err)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    ASSAY_TRY(assay_file_read(&bytes, &size, path, (size_t)8 << 30, err));
    assay_status status = assay_text_ends_nocase(path, ".npy")
                              ? assay_npy_read(out, bytes, size, 0, err)
                              : assay_idx_read(out, bytes, size, 0, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", path);
    }
    assay_free(bytes);
    return status;
}

/* True when the '\n'-separated list holds the name. */
static int is_in_list(const char *list, const char *name)
{
    size_t size = strlen(name);
    while (list != NULL && *list != '\0') {
        size_t length = strcspn(list, "\n");
        size_t bare = length;
        if (bare > 4 && memcmp(list + bare - 4, ".npy", 4) == 0) {
            bare -= 4;
        }
        if (bare == size && memcmp(list, name, size) == 0) {
            return 1;
        }
        list += length + (list[length] == '\n');
    }
    return 0;
}

static const char *first_in_list(const char *list, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (is_in_list(list, names[i])) {
            return names[i];
        }
    }
    return NULL;
}

/* The only array of rank 3 or more, when nothing has a usual name. */
static assay_status only_images(assay_tensor *out, const uint8_t *bytes, size_t size,
                                const char *list, const char *path, assay_error *err)
{
    int found = 0;
    assay_status status = ASSAY_OK;
    while (status == ASSAY_OK && list != NULL && *list != '\0') {
        size_t length = strcspn(list, "\n");
        char name[256];
        (void)snprintf(name, sizeof name, "%.*s", (int)(length < 255 ? length : 255), list);
        list += length + (list[length] == '\n');
        assay_tensor one = {0};
        status = assay_npz_read(&one, bytes, size, name, 0, err);
        if (status == ASSAY_OK && one.rank >= 3 && ++found == 1) {
            *out = one;
        } else {
            assay_tensor_dispose(&one);
        }
    }
    if (status == ASSAY_OK && found != 1) {
        status = assay_fail(err, ASSAY_EFORMAT,
                            "%s holds %d arrays that could be images; name one (images: NAME)",
                            path, found);
    }
    if (status != ASSAY_OK) {
        assay_tensor_dispose(out);
    }
    return status;
}

static assay_status read_npz(assay_tensor *images, assay_tensor *labels,
                             const assay_dataset_draft *draft, assay_error *err)
{
    static const char *const usual_images[] = {"images", "x", "data", NULL};
    static const char *const usual_labels[] = {"labels", "y", "targets", NULL};
    const assay_dataset_options *options = draft->options;
    uint8_t *bytes = NULL;
    size_t size = 0;
    assay_buffer list;
    assay_buffer_init(&list, 0);
    ASSAY_TRY(assay_file_read(&bytes, &size, draft->path, (size_t)8 << 30, err));
    assay_status status = ASSAY_OK;
    ASSAY_GOTO(assay_npz_list(&list, bytes, size, err), done);
    const char *name =
        options->images != NULL ? options->images : first_in_list(list.data, usual_images);
    if (name != NULL) {
        ASSAY_GOTO(assay_npz_read(images, bytes, size, name, 0, err), done);
    } else {
        ASSAY_GOTO(only_images(images, bytes, size, list.data, draft->path, err), done);
    }
    name = options->labels != NULL ? options->labels : first_in_list(list.data, usual_labels);
    if (name != NULL) {
        ASSAY_GOTO(assay_npz_read(labels, bytes, size, name, 0, err), done);
    }
done:
    if (status != ASSAY_OK && err != NULL && strstr(err->message, draft->path) == NULL) {
        assay_error_prefix(err, "%s", draft->path);
    }
    assay_buffer_dispose(&list);
    assay_free(bytes);
    return status;
}

/* MNIST's naming: train-images-idx3-ubyte beside train-labels-idx1-ubyte, packed or not. */
static const char *labels_beside(assay_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    const char *images = strstr(base, "images");
    if (images == NULL) {
        return NULL;
    }
    char *labels = assay_arena_strdup(arena, path);
    if (labels == NULL) {
        return NULL;
    }
    memcpy(labels + (images - path), "labels", 6);
    char *rank = strstr(labels + (images - path), "idx");
    if (rank != NULL && rank[3] >= '2' && rank[3] <= '4') {
        rank[3] = '1';
    }
    if (assay_file_kind(labels) == 1) {
        return labels;
    }
    if (assay_text_ends(labels, ".gz")) {
        labels[strlen(labels) - 3] = '\0';
    } else {
        labels = assay_arena_printf(arena, "%s.gz", labels);
    }
    return labels != NULL && assay_file_kind(labels) == 1 ? labels : NULL;
}

static assay_status read_files(assay_tensor *images, assay_tensor *labels,
                               assay_dataset_draft *draft, assay_error *err)
{
    ASSAY_TRY(read_tensor(images, draft->path, err));
    const char *beside = draft->options->labels;
    if (beside == NULL && !assay_text_ends_nocase(draft->path, ".npy")) {
        beside = labels_beside(draft->arena, draft->path);
    }
    return beside != NULL ? read_tensor(labels, beside, err) : ASSAY_OK;
}

static assay_status check_labels(const assay_tensor *labels, int64_t n, const char *path,
                                 assay_error *err)
{
    int64_t count = assay_tensor_count(labels);
    int flat = labels->rank == 1 || (labels->rank == 2 && labels->shape[1] == 1);
    if (!flat || count != n) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s: %" PRId64 " images, but the targets are an array of rank %d with "
                          "%" PRId64 " values; expected one whole number per image",
                          path, n, (int)labels->rank, count);
    }
    return ASSAY_OK;
}

assay_status assay_draft_read_array(assay_dataset_draft *draft, assay_error *err)
{
    array_source *source = assay_alloc(1, sizeof *source);
    if (source == NULL) {
        return assay_fail_memory(err);
    }
    draft->self = source; /* from here on the draft frees it */
    draft->source = &array_functions;
    assay_tensor labels = {0};
    assay_status status = ASSAY_OK;
    if (assay_text_ends_nocase(draft->path, ".npz")) {
        ASSAY_GOTO(read_npz(&source->images, &labels, draft, err), done);
    } else {
        ASSAY_GOTO(read_files(&source->images, &labels, draft, err), done);
    }
    ASSAY_GOTO(understand_shape(source, draft, err), done);
    int64_t n = source->images.shape[0];
    draft->has_targets = labels.data != NULL;
    if (draft->has_targets) {
        ASSAY_GOTO(check_labels(&labels, n, draft->path, err), done);
    }
    status = add_rows(draft, n, draft->has_targets ? &labels : NULL, err);
done:
    assay_tensor_dispose(&labels);
    return status;
}
