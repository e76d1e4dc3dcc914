#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "core/detection_internal.h"

/* Keeps 0/0 at 0 where nothing was found, and moves a perfect precision of one detection by one unit
 * in the last place, as COCO does. */
static const double coco_epsilon = 2.220446049250313e-16;

void assay_detection_free(assay_detection *d)
{
    if (d != NULL) {
        void *all[] = {d->image_id,   d->image_row, d->category_id,    d->category_row,
                       d->frequency,  d->cells,     d->cell_positives, d->cell_first,
                       d->kept_first, d->score,     d->image,          d->place,
                       d->row,        d->hit,       d->skip,           d->positives,
                       d->address};
        for (size_t i = 0; i < ASSAY_COUNT(all); i++) {
            assay_free(all[i]);
        }
        assay_free(d->fit);
        assay_free(d->inside);
        assay_free(d);
    }
}

const assay_protocol *assay_detection_protocol(const assay_detection *detection)
{
    return &detection->protocol;
}

int64_t assay_detection_classes(const assay_detection *detection)
{
    return detection->n_categories;
}

int64_t assay_detection_images(const assay_detection *detection)
{
    return detection->n_inside;
}

int64_t assay_detection_image(const assay_detection *detection, int64_t i)
{
    return detection->image_row[i];
}

int64_t assay_detection_category(const assay_detection *detection, int64_t k)
{
    return detection->category_row[k];
}

int64_t assay_detection_objects(const assay_detection *detection, int64_t k, int range)
{
    return detection->positives[k * detection->protocol.n_ranges + range];
}

int64_t assay_detection_detections(const assay_detection *detection, int64_t k)
{
    return detection->kept_first[k + 1] - detection->kept_first[k];
}

const assay_detection_notes *assay_detection_noted(const assay_detection *detection)
{
    return &detection->notes;
}

assay_detection_list assay_detection_class(const assay_detection *d, int64_t k)
{
    int64_t first = d->kept_first[k];
    int64_t stride = d->protocol.n_ranges;
    return (assay_detection_list){.n = d->kept_first[k + 1] - first,
                                  .stride = stride,
                                  .score = d->score + first,
                                  .image = d->image + first,
                                  .place = d->place + first,
                                  .row = d->row + first,
                                  .hit = d->hit + first * stride,
                                  .skip = d->skip + first * stride};
}

/* What was found of one class at one threshold: the places of hits in the curve. */
typedef struct hits {
    double *precision; /* at hit n (from 0): later the best of it and all following */
    double *score;
    int64_t n, misses;
    int64_t pending; /* hits since the score changed */
} hits;

typedef struct accumulation {
    const assay_detection *d;
    assay_coco_arrays *out;
    double epsilon;
    bool ties;       /* equal scores are one point */
    double floor;    /* detections of a lower score do not exist */
    int first_cap;   /* of those of the protocol */
    uint32_t curved; /* bit m: at cap m the curve is wanted, not the recall alone */
} accumulation;

/* What one pass over a class saw. */
typedef struct passed {
    double first_score;
    int64_t n;
    bool counted; /* a detection that is not ignored at every threshold */
} passed;

/* All hits of one score have the precision that the last detection of that score reaches. */
static void settle(hits *f, int64_t common, double epsilon)
{
    double tp = (double)f->n;
    double precision = tp / ((double)(f->misses + common) + tp + epsilon);
    for (int64_t i = f->n - f->pending; i < f->n; i++) {
        f->precision[i] = precision;
    }
    f->pending = 0;
}

static void add_bits(hits found[], const accumulation *acc, double score, uint16_t hit,
                     uint16_t skip, int64_t common)
{
    for (int t = 0; t < acc->d->protocol.n_thresholds; t++) {
        hits *f = &found[t];
        if ((skip >> t & 1) != 0) {
            continue;
        }
        if ((hit >> t & 1) == 0) {
            f->misses++;
            continue;
        }
        double tp = (double)(f->n + 1);
        double fp = (double)(f->misses + common);
        f->precision[f->n] = tp / (fp + tp + acc->epsilon);
        f->score[f->n++] = score;
        f->pending++;
    }
}

/* One pass over the class for one area range and cap. */
static passed collect(hits found[], const accumulation *acc, int64_t k, int a, int m)
{
    const assay_detection *d = acc->d;
    const assay_detection_list list = assay_detection_class(d, k);
    const int n_thresholds = d->protocol.n_thresholds;
    const uint16_t all = (uint16_t)((1U << n_thresholds) - 1);
    int32_t cap = d->protocol.caps[m];
    int64_t common = 0; /* misses at every threshold */
    passed p = {0.0, 0, false};
    double last = 0.0;
    for (int t = 0; t < n_thresholds; t++) {
        found[t].n = found[t].misses = found[t].pending = 0;
    }
    for (int64_t i = 0; i < list.n; i++) {
        if (list.score[i] < acc->floor) {
            break;
        }
        if (list.place[i] >= cap) {
            continue;
        }
        if (p.n++ == 0) {
            p.first_score = list.score[i];
        }
        uint16_t hit = list.hit[i * list.stride + a];
        uint16_t skip = list.skip[i * list.stride + a];
        p.counted |= skip != all;
        if (acc->ties && list.score[i] != last) {
            for (int t = 0; t < n_thresholds; t++) {
                settle(&found[t], common, acc->epsilon);
            }
        }
        last = list.score[i];
        if ((hit | skip) == 0) {
            common++;
        } else if (skip != all) {
            add_bits(found, acc, list.score[i], hit, skip, common);
        }
    }
    for (int t = 0; acc->ties && t < n_thresholds; t++) {
        settle(&found[t], common, acc->epsilon);
    }
    return p;
}

/* Precision only rises at hits, so the curve's upper envelope is known from them alone. */
static void sample(const accumulation *acc, hits *f, const passed *p, int64_t objects,
                   double *precision, double *scores)
{
    const assay_protocol *protocol = &acc->d->protocol;
    for (int64_t i = f->n - 1; i > 0; i--) {
        if (f->precision[i - 1] < f->precision[i]) {
            f->precision[i - 1] = f->precision[i];
        }
    }
    if ((protocol->rules & ASSAY_RULE_AREA_UNDER) != 0) {
        double sum = 0.0;
        for (int64_t i = 0; i < f->n; i++) {
            sum += f->precision[i];
        }
        precision[0] = sum / (double)objects;
        if (scores != NULL) {
            scores[0] = p->n > 0 ? p->first_score : 0.0;
        }
        return;
    }
    int64_t at = 0;
    int reached = 0;
    for (; reached < protocol->n_recalls && p->n > 0; reached++) {
        while (at < f->n && (double)(at + 1) / (double)objects < protocol->recalls[reached]) {
            at++;
        }
        if (at == f->n && protocol->recalls[reached] != 0.0) {
            break;
        }
        precision[reached] = at < f->n ? f->precision[at] : 0.0;
        if (scores != NULL) {
            /* Recall 0 is reached by the first detection, whatever it is. */
            scores[reached] = protocol->recalls[reached] == 0.0 ? p->first_score : f->score[at];
        }
    }
    for (int r = reached; r < protocol->n_recalls; r++) {
        precision[r] = 0.0;
        if (scores != NULL) {
            scores[r] = 0.0;
        }
    }
}

/* The number of hits alone. */
static void count_hits(hits found[], const accumulation *acc, int64_t k, int a, int m)
{
    const assay_detection *d = acc->d;
    const assay_detection_list list = assay_detection_class(d, k);
    int32_t n[ASSAY_MOST_THRESHOLDS] = {0};
    for (int64_t i = 0; i < list.n && !(list.score[i] < acc->floor); i++) {
        uint32_t counted = list.place[i] < d->protocol.caps[m] ? list.hit[i * list.stride + a] : 0;
        counted &= ~(uint32_t)list.skip[i * list.stride + a];
        for (int t = 0; t < ASSAY_MOST_THRESHOLDS; t++) { /* in vectors */
            n[t] += (counted & UINT32_C(1) << t) != 0;
        }
    }
    for (int t = 0; t < d->protocol.n_thresholds; t++) {
        found[t].n = n[t];
    }
}

/* Curves of one class, area range and cap; for all thresholds they stand behind each other. */
static void accumulate_part(const accumulation *acc, hits found[], int64_t k, int a, int m)
{
    const assay_protocol *p = &acc->d->protocol;
    int64_t positives = acc->d->positives[k * p->n_ranges + a];
    const int64_t stride = (int64_t)acc->out->n_ranges * acc->out->n_caps;
    int cap = m - acc->first_cap;
    int64_t first = assay_coco_curve(acc->out, k, a, cap, 0);
    double *precision = acc->out->precision + first;
    double *scores = acc->out->scores != NULL ? acc->out->scores + first : NULL;
    int64_t points = (int64_t)p->n_thresholds * p->n_recalls;
    bool absent = (p->rules & ASSAY_RULE_ABSENT_ZERO) != 0;
    bool looked_at = acc->d->cell_first[k] < acc->d->cell_first[k + 1] && (positives > 0 || absent);
    bool curved = (acc->curved >> m & 1) != 0;
    passed seen = {0};
    if (looked_at && curved) {
        seen = collect(found, acc, k, a, m);
    } else if (looked_at && positives > 0) {
        count_hits(found, acc, k, a, m);
    }
    if (!looked_at || positives == 0 || !curved) {
        /* without objects, but with detections: all of them are wrong */
        double value = seen.counted ? 0.0 : -1.0;
        for (int64_t i = 0; i < points; i++) {
            precision[i] = value;
            if (scores != NULL) {
                scores[i] = value;
            }
        }
    }
    for (int t = 0; looked_at && positives > 0 && t < p->n_thresholds; t++) {
        acc->out
            ->recall[(t * acc->out->classes + k) * stride + (int64_t)a * acc->out->n_caps + cap] =
            (double)found[t].n / (double)positives;
        if (curved) {
            sample(acc, &found[t], &seen, positives, precision + (int64_t)t * p->n_recalls,
                   scores != NULL ? scores + (int64_t)t * p->n_recalls : NULL);
        }
    }
}

/* Curves of the most hits there can be: every one uses up an object, but for crowds, whose hits are
 * skipped. */
static int64_t most_hits(const assay_detection *d, int64_t k)
{
    int64_t most = d->kept_first[k + 1] - d->kept_first[k];
    int64_t objects = 0;
    for (int64_t c = d->cell_first[k]; c < d->cell_first[k + 1]; c++) {
        objects += d->cells[c].n_objects;
    }
    return objects < most ? objects : most;
}

static assay_status accumulate_class(void *payload, int64_t k, int worker, assay_error *err)
{
    const accumulation *acc = payload;
    const assay_detection *d = acc->d;
    const assay_protocol *p = &d->protocol;
    int64_t most = most_hits(d, k);
    hits found[ASSAY_MOST_THRESHOLDS] = {{0}};
    (void)worker;
    double *room = assay_alloc_raw(((size_t)most + 1) * 2, (size_t)p->n_thresholds * sizeof *room);
    if (room == NULL) {
        return assay_fail_memory(err);
    }
    for (int t = 0; t < p->n_thresholds; t++) {
        found[t].precision = room + (most + 1) * 2 * t;
        found[t].score = room + (most + 1) * (2 * t + 1);
    }
    for (int a = 0; a < acc->out->n_ranges; a++) {
        for (int m = acc->first_cap; m < p->n_caps; m++) {
            accumulate_part(acc, found, k, a, m);
        }
    }
    assay_free(room);
    return ASSAY_OK;
}

void assay_coco_arrays_dispose(assay_coco_arrays *arrays)
{
    assay_free(arrays->precision);
    assay_free(arrays->scores);
    assay_free(arrays->recall);
    *arrays = (assay_coco_arrays){0};
}

/* Caps at which a statistic asks for precision, and the largest. */
static uint32_t curved_caps(const assay_protocol *p)
{
    assay_statistic what[ASSAY_MOST_STATISTICS];
    uint32_t caps = UINT32_C(1) << (p->n_caps - 1);
    int n = assay_protocol_statistics(what, p);
    for (int i = 0; i < n; i++) {
        caps |= !what[i].recall && what[i].cap >= 0 ? UINT32_C(1) << what[i].cap : 0;
    }
    return caps;
}

static assay_status accumulate(accumulation *acc, bool scores, assay_error *err)
{
    const assay_detection *d = acc->d;
    const assay_protocol *p = &d->protocol;
    assay_coco_arrays *out = acc->out;
    size_t cells = (size_t)out->classes * (size_t)out->n_ranges * (size_t)out->n_caps *
                   (size_t)out->n_thresholds;
    size_t points = (size_t)out->n_recalls;
    acc->epsilon = (p->rules & ASSAY_RULE_EPSILON) != 0 ? coco_epsilon : 0.0;
    acc->ties = (p->rules & ASSAY_RULE_TIES) != 0;
    acc->curved = scores ? UINT32_MAX : curved_caps(p);
    out->precision = assay_alloc_raw(cells, points * sizeof(double));
    out->scores = scores ? assay_alloc_raw(cells, points * sizeof(double)) : NULL;
    out->recall = assay_alloc_raw(cells, sizeof(double));
    if (out->precision == NULL || (scores && out->scores == NULL) || out->recall == NULL) {
        assay_coco_arrays_dispose(out);
        return assay_fail_memory(err);
    }
    for (size_t i = 0; i < cells; i++) {
        out->recall[i] = -1.0;
    }
    assay_status status =
        assay_parallel(d->n_categories, d->threads, accumulate_class, acc, d->cancel, err);
    if (status != ASSAY_OK) {
        assay_coco_arrays_dispose(out);
    }
    return status;
}

assay_status assay_detection_accumulate(assay_coco_arrays *out, const assay_detection *detection,
                                        bool scores, assay_error *err)
{
    const assay_protocol *p = &detection->protocol;
    accumulation acc = {.d = detection, .out = out, .floor = -(double)INFINITY};
    *out = (assay_coco_arrays){.classes = detection->n_categories,
                               .n_thresholds = p->n_thresholds,
                               .n_recalls = p->n_recalls,
                               .n_ranges = p->n_ranges,
                               .n_caps = p->n_caps};
    return accumulate(&acc, scores, err);
}

assay_status assay_detection_accumulate_above(assay_coco_arrays *out,
                                              const assay_detection *detection, double floor,
                                              assay_error *err)
{
    const assay_protocol *p = &detection->protocol;
    accumulation acc = {.d = detection, .out = out, .floor = floor, .first_cap = p->n_caps - 1};
    *out = (assay_coco_arrays){.classes = detection->n_categories,
                               .n_thresholds = p->n_thresholds,
                               .n_recalls = p->n_recalls,
                               .n_ranges = 1,
                               .n_caps = 1};
    return accumulate(&acc, false, err);
}

/* ---- summaries ---- */

double assay_numpy_sum(const double *v, int64_t n)
{
    if (n < 8) {
        double sum = -0.0;
        for (int64_t i = 0; i < n; i++) {
            sum += v[i];
        }
        return sum;
    }
    if (n <= 128) {
        double lane[8];
        int64_t i = 8;
        memcpy(lane, v, sizeof lane);
        for (; i + 8 <= n; i += 8) {
            for (int l = 0; l < 8; l++) {
                lane[l] += v[i + l];
            }
        }
        double sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) +
                     ((lane[4] + lane[5]) + (lane[6] + lane[7]));
        for (; i < n; i++) {
            sum += v[i];
        }
        return sum;
    }
    int64_t half = n / 2;
    half -= half % 8;
    return assay_numpy_sum(v, half) + assay_numpy_sum(v + half, n - half);
}

static bool in_group(const assay_detection *d, int64_t k, int32_t group)
{
    return group < 0 || d->frequency[k] == "rcf"[group];
}

/* Mean over thresholds (one or all), recalls (for precision) and classes of what is defined; one class
 * when k >= 0. */
static double mean_of(double *room, const assay_detection *d, const assay_coco_arrays *arrays,
                      const assay_statistic *s, int64_t k)
{
    int64_t recalls = s->recall ? 1 : arrays->n_recalls;
    int64_t n = 0;
    int64_t first = s->threshold < 0 ? 0 : s->threshold;
    int64_t last = s->threshold < 0 ? arrays->n_thresholds - 1 : s->threshold;
    if (s->cap < 0 || s->threshold < -1) {
        return -1.0;
    }
    const int64_t parts = (int64_t)arrays->n_ranges * arrays->n_caps;
    const int64_t part = (int64_t)s->range * arrays->n_caps + s->cap;
    /* from one class to the next, and from one threshold to the next */
    int64_t step = s->recall ? parts : parts * arrays->n_thresholds * recalls;
    int64_t over = s->recall ? parts * arrays->classes : recalls;
    const double *values =
        s->recall ? arrays->recall + part
                  : arrays->precision + assay_coco_curve(arrays, 0, s->range, s->cap, 0);
    for (int64_t row = first * recalls; row < (last + 1) * recalls; row++) {
        const double *value = values + row / recalls * over + row % recalls;
        for (int64_t c = k < 0 ? 0 : k; c < (k < 0 ? arrays->classes : k + 1); c++) {
            room[n] = value[c * step];
            n += value[c * step] > -1.0 && in_group(d, c, s->group);
        }
    }
    return n == 0 ? -1.0 : assay_numpy_sum(room, n) / (double)n;
}

static double *mean_room(const assay_coco_arrays *arrays, int64_t classes, assay_error *err)
{
    double *room = assay_alloc_raw(
        (size_t)classes * (size_t)arrays->n_thresholds * (size_t)arrays->n_recalls + 1,
        sizeof *room);
    if (room == NULL) {
        (void)assay_fail_memory(err);
    }
    return room;
}

assay_status assay_detection_summarize(double stats[ASSAY_MOST_STATISTICS], int *n,
                                       const assay_detection *detection,
                                       const assay_coco_arrays *arrays, assay_error *err)
{
    assay_statistic what[ASSAY_MOST_STATISTICS];
    double *room = mean_room(arrays, arrays->classes, err);
    if (room == NULL) {
        return ASSAY_ENOMEM;
    }
    *n = assay_protocol_statistics(what, &detection->protocol);
    for (int i = 0; i < *n; i++) {
        stats[i] = mean_of(room, detection, arrays, &what[i], -1);
    }
    assay_free(room);
    return ASSAY_OK;
}

/* Where scores are no shares the floors lie between the lowest and the highest. */
static void floors(double rows[ASSAY_FLOORS][3], const assay_detection *d)
{
    bool single = (d->protocol.rules & ASSAY_RULE_FLOAT32) != 0;
    double low = 0.0;
    double high = 1.0;
    for (int64_t i = 0; i < d->n_kept; i++) {
        low = fmin(low, d->score[i]);
        high = fmax(high, d->score[i]);
    }
    for (int f = 0; f < ASSAY_FLOORS; f++) {
        double at = low + (high - low) * f / ASSAY_FLOORS;
        rows[f][0] = single ? (double)(float)at : at;
    }
}

assay_status assay_detection_by_confidence(double rows[ASSAY_FLOORS][3],
                                           const assay_detection *detection, assay_error *err)
{
    const assay_statistic precision = {.recall = false, .threshold = -1, .group = -1};
    const assay_statistic recall = {.recall = true, .threshold = -1, .group = -1};
    assay_coco_arrays arrays = {0};
    double *room = NULL;
    assay_status status = ASSAY_OK;
    floors(rows, detection);
    for (int f = 0; f < ASSAY_FLOORS && status == ASSAY_OK; f++) {
        ASSAY_TRY(assay_detection_accumulate_above(&arrays, detection, rows[f][0], err));
        room = mean_room(&arrays, arrays.classes, err);
        if (room == NULL) {
            status = ASSAY_ENOMEM;
        } else {
            double ap = mean_of(room, detection, &arrays, &precision, -1);
            double ar = mean_of(room, detection, &arrays, &recall, -1);
            rows[f][1] = ap < 0.0 ? (double)NAN : ap;
            rows[f][2] = ar < 0.0 ? (double)NAN : ar;
        }
        assay_free(room);
        assay_coco_arrays_dispose(&arrays);
    }
    return status;
}

int64_t assay_detection_statistic_objects(const assay_detection *detection,
                                          const assay_statistic *statistic)
{
    int64_t n = 0;
    for (int64_t k = 0; k < detection->n_categories; k++) {
        n += in_group(detection, k, statistic->group)
                 ? assay_detection_objects(detection, k, statistic->range)
                 : 0;
    }
    return n;
}

void assay_detection_class_statistics(assay_statistic out[ASSAY_CLASS_STATISTICS],
                                      const assay_protocol *protocol)
{
    int32_t at[2] = {-2, -2};
    /* With one threshold alone the average over all says it already. */
    for (int32_t t = 0; t < protocol->n_thresholds && protocol->n_thresholds > 1; t++) {
        at[0] = protocol->thresholds[t] == 0.5 ? t : at[0];
        at[1] = protocol->thresholds[t] == 0.75 ? t : at[1];
    }
    int32_t every = protocol->n_thresholds == 1 ? 0 : -1;
    for (int i = 0; i < ASSAY_CLASS_STATISTICS; i++) {
        out[i] = (assay_statistic){.recall = i == 3,
                                   .threshold = i == 1 || i == 2 ? at[i - 1] : every,
                                   .cap = protocol->n_caps - 1,
                                   .group = -1};
    }
}

assay_status assay_detection_class_stats(double stats[ASSAY_CLASS_STATISTICS],
                                         const assay_detection *detection,
                                         const assay_coco_arrays *arrays, int64_t k,
                                         assay_error *err)
{
    assay_statistic what[ASSAY_CLASS_STATISTICS];
    double *room = mean_room(arrays, 1, err);
    if (room == NULL) {
        return ASSAY_ENOMEM;
    }
    assay_detection_class_statistics(what, &detection->protocol);
    for (int i = 0; i < ASSAY_CLASS_STATISTICS; i++) {
        stats[i] = mean_of(room, detection, arrays, &what[i], k);
    }
    assay_free(room);
    return ASSAY_OK;
}
