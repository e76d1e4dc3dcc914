#include "core/detection_errors.h"

#include <math.h>

#include "base/alloc.h"
#include "core/detection_errors_internal.h"
#include "core/detection_scene.h"

enum { CAP = 100 };

typedef struct judging {
    assay_detection_errors *errors;
    const assay_scenes *scenes;
    double iou, background;
} judging;

static double overlap_of(const assay_scene *s, int32_t detection, int32_t object)
{
    return s->overlap[(int64_t)detection * s->n_objects + object];
}

/* Of the regular objects that `want` takes, the first of those that overlap most. */
typedef struct best {
    int32_t object; /* -1: there is no regular object */
    double overlap; /* 0 when none is taken */
} best;

typedef enum want { SAME_CLASS, SAME_CLASS_FREE, SAME_CLASS_USED, OTHER_CLASS, ANY } want;

static bool wanted(const assay_scene *s, const assay_judged_object *objects, int32_t t, int32_t o,
                   want what)
{
    bool same = s->object_class[o] == s->detection_class[t];
    bool used = objects[o].detection >= 0;
    switch (what) {
    case SAME_CLASS:
        return same;
    case SAME_CLASS_FREE:
        return same && !used;
    case SAME_CLASS_USED:
        return same && used;
    case OTHER_CLASS:
        return !same;
    default:
        return true;
    }
}

static best find(const assay_scene *s, const assay_judged_object *objects, int32_t t, want what)
{
    best b = {-1, 0.0};
    for (int32_t o = 0; o < s->n_objects; o++) {
        if (objects[o].ignored) {
            continue;
        }
        double overlap = wanted(s, objects, t, o, what) ? overlap_of(s, t, o) : 0.0;
        if (b.object < 0 || overlap > b.overlap) {
            b = (best){o, overlap};
        }
    }
    return b;
}

/* In a region that does not count, of its class. */
static bool in_region(const judging *j, const assay_scene *s, int32_t t)
{
    for (int32_t o = 0; o < s->n_objects; o++) {
        if (assay_scene_ignored(s, o) && s->object_class[o] == s->detection_class[t] &&
            overlap_of(s, t, o) > j->iou) {
            return true;
        }
    }
    return false;
}

/* The order of the questions is TIDE's. */
static assay_detection_error kind_of(best *target, const judging *j, const assay_scene *s,
                                     const assay_judged_object *objects, int32_t t)
{
    best same = find(s, objects, t, SAME_CLASS);
    *target = (best){-1, 0.0};
    if (same.object < 0) {
        return ASSAY_ERROR_BACKGROUND;
    }
    if (j->background <= same.overlap && same.overlap <= j->iou) {
        *target = same;
        return ASSAY_ERROR_PLACE;
    }
    best other = find(s, objects, t, OTHER_CLASS);
    if (other.overlap >= j->iou) {
        *target = other;
        return ASSAY_ERROR_CLASS;
    }
    if (find(s, objects, t, SAME_CLASS_USED).overlap >= j->iou) {
        return ASSAY_ERROR_DUPLICATE;
    }
    return find(s, objects, t, ANY).overlap <= j->background ? ASSAY_ERROR_BACKGROUND
                                                             : ASSAY_ERROR_BOTH;
}

/* By falling score, every detection takes the free object of its class that it overlaps most. */
static void hit(const judging *j, const assay_scene *s, assay_judged_detection *detections,
                assay_judged_object *objects)
{
    for (int32_t t = 0; t < s->n_detections; t++) {
        assay_judged_detection *p = &detections[t];
        best b = find(s, objects, t, SAME_CLASS_FREE);
        *p = (assay_judged_detection){.row = (int32_t)j->scenes->detection_row[s->detections + t],
                                      .class = s->detection_class[t],
                                      .image = (int32_t)s->image,
                                      .object = -1,
                                      .score = s->score[t],
                                      .overlap = (float)find(s, objects, t, SAME_CLASS).overlap,
                                      .state = ASSAY_ERROR_BACKGROUND};
        if (b.object >= 0 && b.overlap >= j->iou) {
            p->state = ASSAY_DETECTION_HIT;
            p->object = (int32_t)s->objects + b.object;
            objects[b.object].detection = (int32_t)s->detections + t;
        } else if (in_region(j, s, t)) {
            p->state = ASSAY_DETECTION_IGNORED;
        }
    }
}

static void judge(void *context, const assay_scene *scene)
{
    const judging *j = context;
    const assay_scene *s = scene;
    assay_judged_detection *detections = j->errors->detections + s->detections;
    assay_judged_object *objects = j->errors->objects + s->objects;
    for (int32_t o = 0; o < s->n_objects; o++) {
        objects[o] = (assay_judged_object){.row = (int32_t)j->scenes->object_row[s->objects + o],
                                           .class = s->object_class[o],
                                           .image = (int32_t)s->image,
                                           .detection = -1,
                                           .ignored = assay_scene_ignored(s, o),
                                           .missed = true};
    }
    hit(j, s, detections, objects);
    for (int32_t t = 0; t < s->n_detections; t++) {
        assay_judged_detection *p = &detections[t];
        best target;
        if (p->state == ASSAY_DETECTION_HIT) {
            continue;
        }
        p->error = (int8_t)kind_of(&target, j, s, objects, t);
        p->state = p->state == ASSAY_DETECTION_IGNORED ? p->state : p->error;
        if (target.object < 0) {
            continue;
        }
        /* Of several that could be mended to one free object, the one of the highest score is. */
        assay_judged_object *o = &objects[target.object];
        p->object = (int32_t)s->objects + target.object;
        p->mends = o->detection < 0 && o->missed;
        o->missed = o->missed && o->detection >= 0;
    }
    for (int32_t o = 0; o < s->n_objects; o++) {
        objects[o].missed = objects[o].missed && !objects[o].ignored && objects[o].detection < 0;
    }
}

assay_status assay_detection_errors_find(assay_detection_errors **out,
                                         const assay_detection *detection,
                                         const assay_coco_truth *truth,
                                         const assay_coco_rows *results,
                                         const assay_detection_slice *slice, double iou,
                                         double background, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_scenes scenes;
    assay_detection_errors *e = assay_alloc(1, sizeof *e);
    judging j = {.errors = e, .scenes = &scenes, .iou = iou, .background = background};
    *out = NULL;
    if (e == NULL) {
        return assay_fail_memory(err);
    }
    e->d = detection;
    status = assay_scenes_init(&scenes, detection, truth, results, slice, CAP, err);
    if (status != ASSAY_OK) {
        assay_free(e);
        return status;
    }
    e->n_detections = scenes.n_detections;
    e->n_objects = scenes.n_objects;
    e->detections = assay_alloc_raw((size_t)e->n_detections, sizeof *e->detections);
    e->objects = assay_alloc_raw((size_t)e->n_objects, sizeof *e->objects);
    if (e->detections == NULL || e->objects == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_scenes_each(&scenes, judge, &j, err), done);
    ASSAY_GOTO(assay_detection_errors_list(e, truth, err), done);
    *out = e;
    e = NULL;
done:
    assay_scenes_dispose(&scenes);
    assay_detection_errors_free(e);
    return status;
}

void assay_detection_errors_free(assay_detection_errors *errors)
{
    if (errors != NULL) {
        assay_error_list_dispose(&errors->plain);
        assay_error_list_dispose(&errors->mended);
        assay_free(errors->detections);
        assay_free(errors->objects);
        assay_free(errors->object_first);
        assay_free(errors->object_order);
        assay_free(errors);
    }
}

const assay_judged_detection *
assay_detection_errors_detections(int64_t *n, const assay_detection_errors *errors)
{
    *n = errors->n_detections;
    return errors->detections;
}

const assay_judged_object *assay_detection_errors_objects(int64_t *n,
                                                          const assay_detection_errors *errors)
{
    *n = errors->n_objects;
    return errors->objects;
}

int64_t assay_detection_errors_count(const assay_detection_errors *errors,
                                     assay_detection_error kind, int64_t k)
{
    int64_t n = 0;
    if (kind == ASSAY_ERROR_MISSED || kind == ASSAY_ERROR_ALL_MISSED) {
        for (int64_t i = 0; i < errors->n_objects; i++) {
            const assay_judged_object *o = &errors->objects[i];
            bool counts = kind == ASSAY_ERROR_MISSED ? o->missed : !o->ignored && o->detection < 0;
            n += counts && (k < 0 || o->class == k);
        }
        return n;
    }
    for (int64_t i = 0; i < errors->n_detections; i++) {
        const assay_judged_detection *p = &errors->detections[i];
        bool counts = kind == ASSAY_ERROR_FALSE_ALARMS
                          ? p->state >= 0
                          : p->state != ASSAY_DETECTION_HIT && p->error == (int)kind;
        n += counts && (k < 0 || p->class == k);
    }
    return n;
}

const char *assay_detection_error_metric(int value)
{
    static const char *const names[ASSAY_ERROR_VALUES] = {"tide_average_precision",
                                                          "tide_classification",
                                                          "tide_localisation",
                                                          "tide_both",
                                                          "tide_duplicate",
                                                          "tide_background",
                                                          "tide_missed",
                                                          "tide_false_positives",
                                                          "tide_false_negatives"};
    return value >= 0 && value < ASSAY_ERROR_VALUES ? names[value] : "";
}
