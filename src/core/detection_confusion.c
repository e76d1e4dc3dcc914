#include "core/detection_confusion.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "core/detection_curves.h"
#include "core/detection_scene.h"

enum { CAP = 1000, L = ASSAY_LANES };

typedef struct confusing {
    double iou, confidence;
    assay_object_counts *counts;
    int32_t *taken_by; /* per object of the scenes: class that takes it; -1 = none */
    int32_t *hits;     /* per detection: class of its object; -1 = background, -2 = left out */
} confusing;

static double overlap_of(const assay_scene *s, int32_t detection, int32_t object)
{
    return s->overlap[(int64_t)detection * s->n_objects + object];
}

/* Whether object a stands before b: COCO takes all classes together in the order of their ids. */
static bool later(const assay_scene *s, int32_t a, int32_t b)
{
    if (b < 0) {
        return true;
    }
    int64_t order = (int64_t)s->object_class[a] - (int64_t)s->object_class[b];
    return order != 0 ? order > 0 : a > b;
}

/* The best object that is free (or ignored); of equal ones the last. */
static int32_t best_of(const confusing *c, const assay_scene *s, int32_t t, bool ignored)
{
    double least = fmin(c->iou, 1.0 - 1e-10);
    int32_t best = -1;
    for (int32_t o = 0; o < s->n_objects; o++) {
        double overlap = overlap_of(s, t, o);
        bool used = c->taken_by[s->objects + o] >= 0 && !s->object[o].crowd;
        if (assay_scene_ignored(s, o) != ignored || used || overlap < least ||
            (overlap == least && best >= 0 && !later(s, o, best))) {
            continue;
        }
        least = overlap;
        best = o;
    }
    return best;
}

/* Place of a detection among those of equal score: by class, then as they are. */
static int32_t next_detection(const assay_scene *s, const int32_t *hits, int32_t from)
{
    int32_t best = -1;
    for (int32_t t = from; t < s->n_detections && s->score[t] == s->score[from]; t++) {
        if (hits[t] == INT32_MIN &&
            (best < 0 || s->detection_class[t] < s->detection_class[best])) {
            best = t;
        }
    }
    return best;
}

static void match(const confusing *c, const assay_scene *s)
{
    int32_t *hits = c->hits + s->detections;
    for (int32_t t = 0; t < s->n_detections; t++) {
        hits[t] = s->score[t] >= c->confidence ? INT32_MIN : -2;
    }
    for (int32_t from = 0; from < s->n_detections && s->score[from] >= c->confidence;) {
        int32_t t = next_detection(s, hits, from);
        if (t < 0) {
            while (from < s->n_detections && hits[from] != INT32_MIN &&
                   s->score[from] >= c->confidence) {
                from++;
            }
            continue;
        }
        int32_t o = best_of(c, s, t, false);
        if (o >= 0) {
            hits[t] = s->object_class[o];
            c->taken_by[s->objects + o] = s->detection_class[t];
            continue;
        }
        o = best_of(c, s, t, true);
        hits[t] = o >= 0 ? -2 : -1;
        if (o >= 0) {
            c->taken_by[s->objects + o] = s->detection_class[t];
        }
    }
}

static void count_objects(const confusing *c, const assay_scene *s)
{
    assay_object_counts *n = &c->counts[s->image];
    for (int32_t o = 0; o < s->n_objects; o++) {
        bool found = false;
        bool other = false;
        if (assay_scene_ignored(s, o)) {
            continue;
        }
        for (int32_t t = 0; t < s->n_detections; t++) {
            if (s->score[t] > c->confidence && overlap_of(s, t, o) > c->iou) {
                bool same = s->detection_class[t] == s->object_class[o];
                found |= same;
                other |= !same;
            }
        }
        n->objects++;
        n->n[found ? ASSAY_RATE_FOUND : other ? ASSAY_RATE_MISCLASSIFIED : ASSAY_RATE_VANISHED]++;
    }
    for (int32_t t = 0; t < s->n_detections; t++) {
        bool lies = !(s->score[t] > c->confidence);
        for (int32_t o = 0; o < s->n_objects && !lies; o++) {
            lies = overlap_of(s, t, o) > c->iou;
        }
        n->n[ASSAY_RATE_HALLUCINATED] += !lies;
    }
}

static void look(void *context, const assay_scene *scene)
{
    const confusing *c = context;
    match(c, scene);
    if (c->counts != NULL) {
        count_objects(c, scene);
    }
}

static void add_up(int64_t *confusion, const confusing *c, const assay_scenes *s,
                   const uint8_t *ignored)
{
    int64_t n = s->d->n_categories;
    memset(confusion, 0, (size_t)((n + 1) * (n + 1)) * sizeof *confusion);
    for (int64_t t = 0; t < s->n_detections; t++) {
        if (c->hits[t] >= -1) {
            int64_t row = c->hits[t] < 0 ? n : c->hits[t];
            confusion[row * (n + 1) + s->detection_class[t]]++;
        }
    }
    for (int64_t o = 0; o < s->n_objects; o++) {
        if (c->taken_by[o] < 0 && ignored[o] == 0) {
            confusion[s->object_class[o] * (n + 1) + n]++;
        }
    }
}

/* Which objects of the scenes do not count. */
static void mark_ignored(uint8_t *ignored, const assay_scenes *s)
{
    const assay_coco_rows *objects = &s->pairing.truth->objects;
    const assay_coco_points *points = &objects->points;
    uint32_t rules = s->d->protocol.rules;
    for (int64_t o = 0; o < s->n_objects; o++) {
        int64_t row = s->object_row[o];
        bool group = (rules & ASSAY_RULE_GROUPS) != 0 &&
                     ((objects->flags[row] & ASSAY_OBJECT_GROUP) != 0 || objects->crowd[row] != 0);
        bool crowd = (rules & ASSAY_RULE_CROWD_PLAIN) == 0 && objects->crowd[row] != 0;
        bool marked = (rules & ASSAY_RULE_IGNORE_FIELD) != 0 &&
                      (objects->flags[row] & (ASSAY_OBJECT_IGNORE | ASSAY_OBJECT_DIFFICULT)) != 0;
        bool bare = s->d->protocol.iou == ASSAY_IOU_KEYPOINTS &&
                    (points->visible[row] == 0 || points->count[row] == 0);
        bool outside = s->pairing.slice->objects != NULL && s->pairing.slice->objects[row] == 0;
        ignored[o] = group || crowd || marked || bare || outside;
    }
}

assay_status assay_detection_confusion(int64_t *confusion, assay_object_counts *counts,
                                       const assay_detection *detection,
                                       const assay_coco_truth *truth,
                                       const assay_coco_rows *results,
                                       const assay_detection_slice *slice, double iou,
                                       double confidence, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_scenes s;
    confusing c = {.iou = iou, .confidence = confidence, .counts = counts};
    uint8_t *ignored = NULL;
    ASSAY_TRY(assay_scenes_init(&s, detection, truth, results, slice, CAP, err));
    c.taken_by = assay_alloc_raw((size_t)s.n_objects, sizeof *c.taken_by);
    c.hits = assay_alloc_raw((size_t)s.n_detections, sizeof *c.hits);
    ignored = assay_alloc((size_t)s.n_objects, 1);
    if (c.taken_by == NULL || c.hits == NULL || ignored == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t o = 0; o < s.n_objects; o++) {
        c.taken_by[o] = -1;
    }
    if (counts != NULL) {
        memset(counts, 0, (size_t)detection->n_images * sizeof *counts);
    }
    ASSAY_GOTO(assay_scenes_each(&s, look, &c, err), done);
    mark_ignored(ignored, &s);
    add_up(confusion, &c, &s, ignored);
done:
    assay_free(c.taken_by);
    assay_free(c.hits);
    assay_free(ignored);
    assay_scenes_dispose(&s);
    return status;
}

/* ---- rates ---- */

typedef struct rating {
    const assay_detection *d;
    const assay_object_counts *counts;
    double *out; /* replicates x ASSAY_RATES */
    int64_t replicates;
    uint64_t seed;
    bool once;
    int32_t **weights;
} rating;

static assay_status rate(void *payload, int64_t block, int worker, assay_error *err)
{
    const rating *r = payload;
    int32_t *weights = r->weights[worker];
    double sums[ASSAY_RATES][L] = {{0}};
    double objects[L] = {0};
    double images[L] = {0};
    (void)err;
    if (!r->once) {
        assay_detection_weights(weights, r->d, r->seed, block);
    }
    for (int64_t i = 0; i < r->d->n_images; i++) {
        if (r->d->inside != NULL && r->d->inside[i] == 0) {
            continue;
        }
        for (int l = 0; l < L; l++) {
            double w = r->once ? 1.0 : weights[i * L + l];
            images[l] += w;
            objects[l] += w * r->counts[i].objects;
            for (int k = 0; k < ASSAY_RATES; k++) {
                sums[k][l] += w * r->counts[i].n[k];
            }
        }
    }
    for (int l = 0; l < L && block * L + l < r->replicates; l++) {
        for (int k = 0; k < ASSAY_RATES; k++) {
            double of = k == ASSAY_RATE_HALLUCINATED ? images[l] : objects[l];
            r->out[(block * L + l) * ASSAY_RATES + k] = of > 0.0 ? sums[k][l] / of : (double)NAN;
        }
    }
    return ASSAY_OK;
}

static assay_status run(rating *r, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t blocks = (r->replicates + L - 1) / L;
    int workers = assay_parallel_workers(blocks, r->d->threads);
    r->weights = assay_alloc((size_t)workers, sizeof *r->weights);
    if (r->weights == NULL) {
        return assay_fail_memory(err);
    }
    for (int w = 0; w < workers; w++) {
        r->weights[w] = assay_alloc_raw((size_t)r->d->n_images * L, sizeof(int32_t));
        if (r->weights[w] == NULL) {
            status = assay_fail_memory(err);
            goto done;
        }
    }
    status = assay_parallel(blocks, r->d->threads, rate, r, r->d->cancel, err);
done:
    for (int w = 0; w < workers; w++) {
        assay_free(r->weights[w]);
    }
    assay_free(r->weights);
    return status;
}

assay_status assay_object_rates(double rates[ASSAY_RATES], double *replicates,
                                const assay_detection *detection, const assay_object_counts *counts,
                                int64_t n, uint64_t seed, assay_error *err)
{
    rating one = {.d = detection, .counts = counts, .out = rates, .replicates = 1, .once = true};
    rating many = {
        .d = detection, .counts = counts, .out = replicates, .replicates = n, .seed = seed};
    ASSAY_TRY(run(&one, err));
    return replicates != NULL && n > 0 ? run(&many, err) : ASSAY_OK;
}
