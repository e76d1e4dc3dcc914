#include "core/panoptic.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"

/* Segments of one map by ascending id; index n = no segment (id 0), n + 1 = a label that is not
 * listed. */
typedef struct listing {
    const assay_panoptic_segment *segments;
    int64_t n;
    int64_t ids[ASSAY_PANOPTIC_SEGMENTS];
    int64_t order[ASSAY_PANOPTIC_SEGMENTS];
    int64_t pixels[ASSAY_PANOPTIC_SEGMENTS];
    uint8_t matched[ASSAY_PANOPTIC_SEGMENTS];
    uint32_t last;
    int64_t last_index;
} listing;

static assay_status list(listing *l, const assay_panoptic_segment *segments, int64_t n,
                         assay_error *err)
{
    int64_t raw[ASSAY_PANOPTIC_SEGMENTS] = {0};
    if (n > ASSAY_PANOPTIC_SEGMENTS) {
        return assay_fail(err, ASSAY_ELIMIT, "more than %d segments in one image",
                          ASSAY_PANOPTIC_SEGMENTS);
    }
    *l = (listing){.segments = segments, .n = n, .last = UINT32_MAX};
    for (int64_t i = 0; i < n; i++) {
        raw[i] = segments[i].id;
    }
    ASSAY_TRY(assay_sort_order_i64(l->order, raw, n, err));
    for (int64_t i = 0; i < n; i++) {
        l->ids[i] = raw[l->order[i]];
        if (i > 0 && l->ids[i] == l->ids[i - 1]) {
            return assay_fail(err, ASSAY_EFORMAT, "the segment %" PRId64 " is listed twice",
                              l->ids[i]);
        }
    }
    return ASSAY_OK;
}

static int64_t index_of(listing *l, uint32_t label)
{
    if (label == l->last) {
        return l->last_index;
    }
    int64_t low = 0;
    int64_t high = l->n;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (l->ids[middle] < (int64_t)label) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < l->n && l->ids[low] == (int64_t)label;
    l->last = label;
    l->last_index = found ? low : label == 0 ? l->n : l->n + 1;
    return l->last_index;
}

static const assay_panoptic_segment *segment(const listing *l, int64_t i)
{
    return &l->segments[l->order[i]];
}

typedef struct matching {
    listing truth, predicted;
    int64_t *shared; /* (n_truth + 2) x (n_predicted + 2) pixels */
    int64_t width;
} matching;

static assay_status count_pixels(matching *m, const assay_panoptic_pair *pair, assay_error *err)
{
    int64_t pixels = (int64_t)pair->truth->width * pair->truth->height;
    if (pair->truth->width != pair->predicted->width ||
        pair->truth->height != pair->predicted->height) {
        return assay_fail(err, ASSAY_EFORMAT, "the prediction is %d x %d pixels, the truth %d x %d",
                          pair->predicted->width, pair->predicted->height, pair->truth->width,
                          pair->truth->height);
    }
    for (int64_t i = 0; i < pixels; i++) {
        int64_t t = index_of(&m->truth, pair->truth->labels[i]);
        int64_t p = index_of(&m->predicted, pair->predicted->labels[i]);
        if (p > m->predicted.n) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "the prediction's map has the segment %" PRIu32
                              ", which its JSON does not list",
                              pair->predicted->labels[i]);
        }
        m->shared[t * m->width + p]++;
        if (p < m->predicted.n) {
            m->predicted.pixels[p]++;
        }
    }
    for (int64_t p = 0; p < m->predicted.n; p++) {
        if (m->predicted.pixels[p] == 0) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "the prediction's JSON lists the segment %" PRId64
                              ", which its map does not have",
                              m->predicted.ids[p]);
        }
    }
    return ASSAY_OK;
}

static void match(assay_panoptic_counts *counts, int32_t classes, matching *m)
{
    const int64_t *void_row = m->shared + m->truth.n * m->width;
    for (int64_t t = 0; t < m->truth.n; t++) {
        const assay_panoptic_segment *a = segment(&m->truth, t);
        for (int64_t p = 0; p < m->predicted.n; p++) {
            const assay_panoptic_segment *b = segment(&m->predicted, p);
            int64_t both = m->shared[t * m->width + p];
            if (both == 0 || a->crowd || a->category != b->category || a->category < 0 ||
                a->category >= classes) {
                continue;
            }
            double whole = (double)m->predicted.pixels[p] + (double)a->area - (double)both -
                           (double)void_row[p];
            double overlap = (double)both / whole;
            if (overlap > 0.5) {
                counts[a->category].found++;
                counts[a->category].overlap += overlap;
                m->truth.matched[t] = m->predicted.matched[p] = 1;
            }
        }
    }
}

/* The last crowd of every class in the order of the JSON, -1 = none. */
static void find_crowds(int64_t *crowd, int32_t classes, const matching *m)
{
    int64_t *place = crowd + classes;
    for (int32_t k = 0; k < classes; k++) {
        crowd[k] = place[k] = -1;
    }
    for (int64_t t = 0; t < m->truth.n; t++) {
        const assay_panoptic_segment *s = segment(&m->truth, t);
        bool known = s->category >= 0 && s->category < classes;
        if (known && s->crowd && m->truth.order[t] > place[s->category]) {
            crowd[s->category] = t;
            place[s->category] = m->truth.order[t];
        }
    }
}

static void count_rest(assay_panoptic_counts *counts, int32_t classes, const int64_t *crowd,
                       const matching *m)
{
    for (int64_t t = 0; t < m->truth.n; t++) {
        const assay_panoptic_segment *s = segment(&m->truth, t);
        bool known = s->category >= 0 && s->category < classes;
        if (known && !s->crowd && m->truth.matched[t] == 0) {
            counts[s->category].missed++;
        }
    }
    for (int64_t p = 0; p < m->predicted.n; p++) {
        int64_t k = segment(&m->predicted, p)->category;
        if (m->predicted.matched[p] != 0 || k < 0 || k >= classes) {
            continue;
        }
        int64_t beside = m->shared[m->truth.n * m->width + p];
        if (crowd[k] >= 0) {
            beside += m->shared[crowd[k] * m->width + p];
        }
        counts[k].false_alarms += !((double)beside / (double)m->predicted.pixels[p] > 0.5);
    }
}

assay_status assay_panoptic_count(assay_panoptic_counts *counts, int32_t classes,
                                  const assay_panoptic_pair *pair, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t *crowd = assay_alloc((size_t)classes, 2 * sizeof *crowd);
    matching *m = assay_alloc(1, sizeof *m);
    if (m == NULL || crowd == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(list(&m->truth, pair->truth_segments, pair->n_truth, err), done);
    ASSAY_GOTO(list(&m->predicted, pair->predicted_segments, pair->n_predicted, err), done);
    m->width = m->predicted.n + 2;
    m->shared = assay_alloc((size_t)(m->truth.n + 2) * (size_t)m->width, sizeof *m->shared);
    if (m->shared == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(count_pixels(m, pair, err), done);
    match(counts, classes, m);
    find_crowds(crowd, classes, m);
    count_rest(counts, classes, crowd, m);
done:
    if (m != NULL) {
        assay_free(m->shared);
    }
    assay_free(m);
    assay_free(crowd);
    return status;
}

bool assay_panoptic_quality(double out[3], double overlap, double found, double missed,
                            double false_alarms)
{
    double n = found + 0.5 * missed + 0.5 * false_alarms;
    out[0] = out[1] = out[2] = 0.0;
    if (!(n > 0.0)) {
        return false;
    }
    out[0] = overlap / n;
    out[1] = found > 0.0 ? overlap / found : 0.0;
    out[2] = found / n;
    return true;
}
