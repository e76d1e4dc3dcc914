/* How far the interval of a measure of segmentations can be trusted: by the images that it rests on. Pixels are
 * pooled, so that a few images with large areas decide: of areas a_i as many images as (sum a)^2 / sum a^2 of
 * equal area would (L. Kish, "Survey sampling", 1965). */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/segment_internal.h"

enum {
    FEW_IMAGES = 20, /* that count: below, an interval from replicates may be too short */
    FEW_UNITS = 50,  /* images or scenes that were drawn */
    AREA_TRUTH = 0,
    AREA_PREDICTED = 1,
    AREA_BOTH = 2,
    SEGMENTS_FOUND = 1,
    SEGMENTS_MISSED = 2
};

void assay_segment_weigh(double *count, const assay_segment_sample *s, double *squares)
{
    bool segments = s->kind == &assay_segment_panoptic;
    for (int32_t k = 0; k < s->classes; k++) {
        count[k] = squares[k] = 0.0;
    }
    for (int64_t i = 0; i < s->n; i++) {
        for (int64_t r = s->first[i]; (s->images == NULL || s->images[i]) && r < s->first[i + 1];
             r++) {
            const assay_segment_row *row = &s->rows[r];
            const double *x = row->numbers;
            if (row->class_index < s->classes) {
                double size = segments ? x[SEGMENTS_FOUND] + x[SEGMENTS_MISSED]
                                       : x[AREA_TRUTH] + x[AREA_PREDICTED] - x[AREA_BOTH];
                count[row->class_index] += size;
                squares[row->class_index] += size * size;
            }
        }
    }
    for (int32_t k = 0; k < s->classes; k++) {
        count[k] = squares[k] > 0.0 ? count[k] * (count[k] / squares[k]) : 0.0;
    }
}

/* Means over classes know no more than of the class that they know least of. */
static double least_of(const double *count, int32_t classes)
{
    double least = INFINITY;
    for (int32_t k = 0; k < classes; k++) {
        least = count[k] > 0.0 ? fmin(least, count[k]) : least;
    }
    return least;
}

assay_status assay_segment_doubt(assay_measure *measure, const assay_segment_sample *s,
                                 const double *count, int32_t class_index, int64_t units,
                                 assay_arena *arena, assay_error *err)
{
    bool of_images = strcmp(measure->metric, "mean_image_iou") == 0;
    double images = of_images          ? INFINITY
                    : class_index >= 0 ? count[class_index]
                                       : least_of(count, s->classes);
    if (isnan(measure->low) || (images >= FEW_IMAGES && units >= FEW_UNITS)) {
        return ASSAY_OK;
    }
    measure->doubt =
        images < FEW_IMAGES
            ? assay_arena_printf(arena,
                                 "a few images decide%s (as many as %.1f images of equal size): an "
                                 "interval of this kind may hold the truth less often than its "
                                 "level says",
                                 class_index >= 0 ? "" : " about one of the classes", images)
            : assay_arena_printf(arena,
                                 "there are few %s (%" PRId64
                                 "): an interval of this kind may hold the "
                                 "truth less often than its level says",
                                 s->cluster != NULL ? "clusters" : "images", units);
    return measure->doubt != NULL ? ASSAY_OK : assay_fail_memory(err);
}
