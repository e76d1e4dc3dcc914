/** @file compare_images.h  What comparisons of detections and of segmentations have in common. Inside src/api only. */
#ifndef ASSAY_API_COMPARE_IMAGES_H
#define ASSAY_API_COMPARE_IMAGES_H

#include "api/context.h"
#include "assay/compare.h"
#include "base/json_write.h"
#include "core/paired.h"

enum { ASSAY_COMPARE_IMAGES_MODELS = 32, ASSAY_COMPARE_IMAGES_SHOWN = 10 };

typedef struct assay_compare_images {
    const assay_compare_request *request;
    assay_context *context;
    assay_arena *arena;
    const char *task, *model; /* "detection", "detector" */
    const char *family;       /* over what p-values are adjusted */
    int32_t n_models;
    const char *names[ASSAY_COMPARE_IMAGES_MODELS];
    double level;
    int64_t replicates;
    uint64_t seed;
    int64_t images, units; /* units = images or clusters */
} assay_compare_images;

/** Level, replicates and seed of the request, and names of its files; refuses what belongs to tables of
 *  predictions only. */
ASSAY_NODISCARD assay_status assay_compare_images_read(assay_compare_images *c, assay_error *err);

/** Members of the object "run" up to the clusters. `convention` may be NULL. */
void assay_compare_images_put_run(assay_json *json, const assay_compare_images *c,
                                  const char *convention);
/** Members of one difference: who and where, before the metric; values and judgement, after it. */
void assay_compare_images_put_models(assay_json *json, const assay_compare_images *c,
                                     int32_t later);
void assay_compare_images_put_values(assay_json *json, const assay_compare_images *c,
                                     const assay_paired *d, bool lower, const char *test);

/** Head of the table of a pair, a row of it, and what stands below all. */
void assay_compare_images_head(assay_buffer *out, const assay_compare_images *c, int32_t later,
                               int width);
void assay_compare_images_row(assay_buffer *out, const assay_compare_images *c, const char *name,
                              int width, const assay_paired *d, bool lower);
void assay_compare_images_legend(assay_buffer *out, const assay_compare_images *c);

/** One more difference; and the one that decides when there is a margin. */
void assay_compare_images_count(assay_compare_summary *out, const assay_compare_images *c,
                                const assay_paired *d);
void assay_compare_images_judge(assay_compare_summary *out, const assay_compare_images *c,
                                const assay_paired *d, int64_t n_changed);

#endif
