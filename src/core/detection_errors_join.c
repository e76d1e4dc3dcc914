#include <string.h>

#include "base/alloc.h"
#include "core/detection_errors_internal.h"

static void copy(assay_detection_errors *to, const assay_detection_errors *from, int32_t images,
                 int32_t objects)
{
    for (int64_t i = 0; i < from->n_detections; i++) {
        assay_judged_detection *p = &to->detections[to->n_detections + i];
        *p = from->detections[i];
        p->image += images;
        p->object += p->object >= 0 ? objects : 0;
    }
    for (int64_t i = 0; i < from->n_objects; i++) {
        assay_judged_object *o = &to->objects[to->n_objects + i];
        *o = from->objects[i];
        o->image += images;
        o->detection += o->detection >= 0 ? (int32_t)to->n_detections : 0;
    }
    to->n_detections += from->n_detections;
    to->n_objects += from->n_objects;
}

assay_status assay_detection_errors_join(assay_detection_errors **out,
                                         const assay_detection_errors *a,
                                         const assay_detection_errors *b,
                                         const assay_detection *joined, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_detection_errors *e = assay_alloc(1, sizeof *e);
    *out = NULL;
    if (e == NULL) {
        return assay_fail_memory(err);
    }
    if (a->n_objects + b->n_objects > INT32_MAX || a->n_detections + b->n_detections > INT32_MAX) {
        status = assay_fail(err, ASSAY_ELIMIT, "too many objects or detections to compare errors");
        goto done;
    }
    e->d = joined;
    e->detections =
        assay_alloc_raw((size_t)(a->n_detections + b->n_detections), sizeof *e->detections);
    e->objects = assay_alloc_raw((size_t)(a->n_objects + b->n_objects), sizeof *e->objects);
    if (e->detections == NULL || e->objects == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    copy(e, a, 0, 0);
    copy(e, b, (int32_t)a->d->n_images, (int32_t)a->n_objects);
    ASSAY_GOTO(assay_detection_errors_list(e, NULL, err), done);
    *out = e;
    e = NULL;
done:
    assay_detection_errors_free(e);
    return status;
}
