#include "core/detections.h"

#include <string.h>

static assay_status copy_texts(const char ***out, assay_arena *arena, const char *const *texts,
                               int64_t n, assay_error *err)
{
    const char **copy = assay_arena_alloc(arena, (size_t)n + 1, sizeof *copy);
    if (copy == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        copy[i] = assay_arena_strdup(arena, texts[i]);
        if (copy[i] == NULL) {
            return assay_fail_memory(err);
        }
    }
    *out = copy;
    return ASSAY_OK;
}

assay_status assay_detections_new(assay_detections **out, int64_t images, const char *const *ids,
                                  int64_t n, int32_t classes, const char *const *class_names,
                                  assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_arena *arena = NULL;
    *out = NULL;
    ASSAY_TRY(assay_arena_new(&arena, (size_t)64 << 30, err));
    assay_detections *d = assay_arena_alloc(arena, 1, sizeof *d);
    if (d == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    d->images = images;
    d->n = n;
    d->classes = classes;
    ASSAY_GOTO(copy_texts(&d->ids, arena, ids, images, err), done);
    ASSAY_GOTO(copy_texts(&d->class_names, arena, class_names, classes, err), done);
    d->width = assay_arena_alloc(arena, (size_t)images + 1, sizeof *d->width);
    d->height = assay_arena_alloc(arena, (size_t)images + 1, sizeof *d->height);
    d->first = assay_arena_alloc(arena, (size_t)images + 1, sizeof *d->first);
    d->box = assay_arena_alloc(arena, 4 * (size_t)n + 1, sizeof *d->box);
    d->score = assay_arena_alloc(arena, (size_t)n + 1, sizeof *d->score);
    d->label = assay_arena_alloc(arena, (size_t)n + 1, sizeof *d->label);
    if (d->width == NULL || d->height == NULL || d->first == NULL || d->box == NULL ||
        d->score == NULL || d->label == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    d->arena = arena;
    arena = NULL;
    *out = d;
done:
    assay_arena_free(arena);
    return status;
}

assay_status assay_detections_shape(assay_detections *d, assay_decoder_shape shape, int64_t width,
                                    assay_error *err)
{
    d->shape = shape;
    d->width_extra = width;
    if (width > 0) {
        d->extra = assay_arena_alloc(d->arena, (size_t)d->n * (size_t)width + 1, sizeof *d->extra);
    }
    return width == 0 || d->extra != NULL ? ASSAY_OK : assay_fail_memory(err);
}

assay_status assay_detections_digest(assay_detections *d, assay_error *err)
{
    assay_digest *sum = NULL;
    ASSAY_TRY(assay_digest_new(&sum, err));
    assay_digest_text(sum, "assay detections 1");
    assay_digest_i64(sum, d->classes);
    for (int32_t k = 0; k < d->classes; k++) {
        assay_digest_text(sum, d->class_names[k]);
    }
    assay_digest_i64(sum, d->images);
    for (int64_t i = 0; i < d->images; i++) {
        assay_digest_text(sum, d->ids[i]);
        assay_digest_i64(sum, d->first[i + 1] - d->first[i]);
        for (int64_t r = d->first[i]; r < d->first[i + 1]; r++) {
            for (int k = 0; k < 4; k++) {
                assay_digest_real(sum, d->box[4 * r + k]);
            }
            assay_digest_real(sum, d->score[r]);
            assay_digest_i64(sum, d->label[r]);
            for (int64_t k = 0; k < d->width_extra; k++) {
                assay_digest_real(sum, d->extra[r * d->width_extra + k]);
            }
        }
    }
    assay_status status = assay_digest_hex(d->digest, sum, err);
    assay_digest_free(sum);
    return status;
}

void assay_detections_free(assay_detections *detections)
{
    if (detections != NULL) {
        assay_arena_free(detections->arena);
    }
}
