#include <string.h>

#include "api/segment_set.h"
#include "base/alloc.h"

assay_status assay_segment_view_open(assay_segment_view *out, const assay_segment_truth *truth,
                                     const char *predictions, int32_t classes, assay_error *err)
{
    if (truth->segments != NULL) {
        return assay_segment_read_panoptic(out, truth, predictions, err);
    }
    *out = (assay_segment_view){.truth = truth, .folder = predictions, .classes = classes};
    return ASSAY_OK;
}

void assay_segment_view_close(assay_segment_view *view)
{
    assay_panoptic_free(view->predicted);
    view->predicted = NULL;
}

static void classes_of_labels(uint16_t *out, const assay_label_map *map, int32_t classes,
                              int64_t ignore)
{
    int64_t n = (int64_t)map->width * map->height;
    for (int64_t i = 0; i < n; i++) {
        uint32_t label = map->labels[i];
        out[i] = label < (uint32_t)classes && (int64_t)label != ignore ? (uint16_t)label
                                                                       : ASSAY_SEGMENT_NOTHING;
    }
}

/* Neighbours mostly belong to one segment, so the last one is remembered. */
static void classes_of_segments(uint16_t *out, const assay_label_map *map, const assay_panoptic *p,
                                int64_t image)
{
    int64_t n = (int64_t)map->width * map->height;
    uint16_t last = ASSAY_SEGMENT_NOTHING;
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || map->labels[i] != map->labels[i - 1]) {
            last = ASSAY_SEGMENT_NOTHING;
            for (int64_t s = p->first[image]; s < p->first[image + 1]; s++) {
                last = p->segments[s].id == (int64_t)map->labels[i] &&
                               p->segments[s].category < ASSAY_SEGMENT_NOTHING
                           ? (uint16_t)p->segments[s].category
                           : last;
            }
        }
        out[i] = last;
    }
}

static assay_status read_one(uint16_t **out, assay_label_map *map, const char *folder,
                             const char *name, assay_error *err)
{
    ASSAY_TRY(assay_segment_read_map(map, folder, name, err));
    *out = assay_alloc_raw((size_t)map->width * (size_t)map->height + 1, sizeof **out);
    return *out != NULL ? ASSAY_OK : assay_fail_memory(err);
}

assay_status assay_segment_view_pixels(assay_segment_pixels *out, const assay_segment_view *view,
                                       int64_t image, assay_error *err)
{
    const assay_segment_truth *t = view->truth;
    const assay_panoptic *p = view->predicted;
    int64_t other = p != NULL ? view->partner[image] : image;
    assay_status status = ASSAY_OK;
    assay_label_map truth = {0};
    assay_label_map predicted = {0};
    *out = (assay_segment_pixels){0};
    ASSAY_GOTO(read_one(&out->truth, &truth, t->folder, t->file[image], err), done);
    ASSAY_GOTO(read_one(&out->predicted, &predicted, view->folder,
                        p != NULL ? p->file[other] : t->file[other], err),
               done);
    out->width = truth.width;
    out->height = truth.height;
    if (truth.width != predicted.width || truth.height != predicted.height) {
        status = assay_fail(err, ASSAY_EFORMAT, "%s/%s changed while it was looked at",
                            view->folder, t->file[image]);
    } else if (p != NULL) {
        classes_of_segments(out->truth, &truth, t->segments, image);
        classes_of_segments(out->predicted, &predicted, p, other);
    } else {
        classes_of_labels(out->truth, &truth, view->classes, t->ignore);
        classes_of_labels(out->predicted, &predicted, view->classes, -1);
    }
done:
    assay_label_map_dispose(&truth);
    assay_label_map_dispose(&predicted);
    if (status != ASSAY_OK) {
        assay_segment_pixels_dispose(out);
    }
    return status;
}

void assay_segment_pixels_dispose(assay_segment_pixels *pixels)
{
    assay_free(pixels->truth);
    assay_free(pixels->predicted);
    *pixels = (assay_segment_pixels){0};
}
