#include "core/detection_compare.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "core/detection_errors_internal.h"

enum { CS = ASSAY_CLASS_STATISTICS, EV = ASSAY_ERROR_VALUES };

/* ---- both detectors in one: images 0..n-1 are those of a, n..2n-1 the same of b ---- */

static assay_status merge_cells(assay_detection *m, const assay_detection *a,
                                const assay_detection *b, assay_error *err)
{
    int64_t ranges = a->protocol.n_ranges;
    int64_t at = 0;
    m->n_cells = a->n_cells + b->n_cells;
    m->cells = assay_alloc_raw((size_t)m->n_cells, sizeof *m->cells);
    m->cell_positives = assay_alloc_raw((size_t)(m->n_cells * ranges), sizeof *m->cell_positives);
    m->cell_first = assay_alloc((size_t)m->n_categories + 1, sizeof *m->cell_first);
    m->positives = assay_alloc((size_t)(m->n_categories * ranges), sizeof *m->positives);
    if (m->cells == NULL || m->cell_positives == NULL || m->cell_first == NULL ||
        m->positives == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t k = 0; k < m->n_categories; k++) {
        for (int side = 0; side < 2; side++) {
            const assay_detection *d = side == 0 ? a : b;
            for (int64_t c = d->cell_first[k]; c < d->cell_first[k + 1]; c++, at++) {
                m->cells[at] = d->cells[c];
                m->cells[at].image += (int32_t)(side * a->n_images);
                memcpy(m->cell_positives + at * ranges, d->cell_positives + c * ranges,
                       (size_t)ranges * sizeof *m->cell_positives);
            }
        }
        m->cell_first[k + 1] = at;
        for (int64_t r = 0; r < ranges; r++) {
            m->positives[k * ranges + r] = a->positives[k * ranges + r];
        }
    }
    return ASSAY_OK;
}

static assay_status merge_columns(assay_detection *m, assay_error *err)
{
    size_t n = (size_t)m->n_kept;
    size_t size = (size_t)m->protocol.n_ranges * sizeof *m->hit;
    m->kept_first = assay_alloc((size_t)m->n_categories + 1, sizeof *m->kept_first);
    m->score = assay_alloc_raw(n, sizeof *m->score);
    m->image = assay_alloc_raw(n, sizeof *m->image);
    m->place = assay_alloc_raw(n, sizeof *m->place);
    m->hit = assay_alloc_raw(n, size);
    m->skip = assay_alloc_raw(n, size);
    return m->kept_first != NULL && m->score != NULL && m->image != NULL && m->place != NULL &&
                   m->hit != NULL && m->skip != NULL
               ? ASSAY_OK
               : assay_fail_memory(err);
}

/* The detections of a class by falling score, then by image: whichever of the two an image shows, the
 * rest of the order is as it would be for it alone. */
static assay_status merge_class(assay_detection *m, const assay_detection *a,
                                const assay_detection *b, int64_t k, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t na = a->kept_first[k + 1] - a->kept_first[k];
    int64_t n = na + b->kept_first[k + 1] - b->kept_first[k];
    int64_t first = m->kept_first[k];
    int64_t ranges = m->protocol.n_ranges;
    int64_t *image = assay_alloc_raw((size_t)n, sizeof *image);
    int64_t *by_image = assay_alloc_raw((size_t)n, sizeof *by_image);
    int64_t *order = assay_alloc_raw((size_t)n, sizeof *order);
    double *score = assay_alloc_raw((size_t)n, sizeof *score);
    if (image == NULL || by_image == NULL || order == NULL || score == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < n; i++) {
        const assay_detection *d = i < na ? a : b;
        image[i] = d->image[d->kept_first[k] + (i < na ? i : i - na)];
    }
    ASSAY_GOTO(assay_sort_order_i64(by_image, image, n, err), done);
    for (int64_t i = 0; i < n; i++) {
        int64_t j = by_image[i];
        const assay_detection *d = j < na ? a : b;
        score[i] = d->score[d->kept_first[k] + (j < na ? j : j - na)];
    }
    ASSAY_GOTO(assay_sort_order(order, score, n, 1, err), done);
    for (int64_t i = 0; i < n; i++) {
        int64_t j = by_image[order[i]];
        const assay_detection *d = j < na ? a : b;
        int64_t from = d->kept_first[k] + (j < na ? j : j - na);
        m->score[first + i] = d->score[from];
        m->image[first + i] = d->image[from] + (int32_t)(j < na ? 0 : a->n_images);
        m->place[first + i] = d->place[from];
        memcpy(m->hit + (first + i) * ranges, d->hit + from * ranges,
               (size_t)ranges * sizeof *m->hit);
        memcpy(m->skip + (first + i) * ranges, d->skip + from * ranges,
               (size_t)ranges * sizeof *m->skip);
    }
    m->kept_first[k + 1] = first + n;
done:
    assay_free(image);
    assay_free(by_image);
    assay_free(order);
    assay_free(score);
    return status;
}

static assay_status merge(assay_detection **out, const assay_detection *a, const assay_detection *b,
                          assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_detection *m = assay_alloc(1, sizeof *m);
    if (m == NULL) {
        return assay_fail_memory(err);
    }
    m->protocol = a->protocol;
    m->threads = a->threads;
    m->cancel = a->cancel;
    m->n_images = 2 * a->n_images;
    m->n_categories = a->n_categories;
    m->n_kept = a->n_kept + b->n_kept;
    m->address = assay_alloc_raw((size_t)m->n_images, sizeof *m->address);
    m->frequency = assay_alloc((size_t)m->n_categories, 1);
    m->image_row = assay_alloc_raw((size_t)m->n_images, sizeof *m->image_row);
    if (m->address == NULL || m->frequency == NULL || m->image_row == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    memcpy(m->frequency, a->frequency, (size_t)m->n_categories);
    for (int64_t i = 0; i < a->n_images; i++) {
        m->address[i] = a->address != NULL ? a->address[i] : a->image_id[i];
        m->address[a->n_images + i] = m->address[i];
        m->image_row[i] = a->image_row[i];
        m->image_row[a->n_images + i] = a->image_row[i];
    }
    ASSAY_GOTO(merge_cells(m, a, b, err), done);
    ASSAY_GOTO(merge_columns(m, err), done);
    for (int64_t k = 0; k < m->n_categories; k++) {
        ASSAY_GOTO(merge_class(m, a, b, k, err), done);
    }
    *out = m;
    m = NULL;
done:
    assay_detection_free(m);
    return status;
}

/* ---- differences ---- */

/* Replicates of the statistics, of every class of AP, and of what errors cost. */
typedef struct replicates {
    double *stats, *classes, *errors;
} replicates;

typedef struct comparing {
    const assay_detection *a, *b;
    const assay_detection_errors *errors_a, *errors_b;
    int n_stats;
    int64_t classes, n; /* replicates */
    uint64_t seed;
    replicates in_a, in_b, shuffled_a, shuffled_b;
} comparing;

static assay_status resample(replicates *out, const comparing *c, const assay_detection *d,
                             const assay_detection_errors *e, assay_error *err)
{
    size_t n = (size_t)c->n;
    out->stats = assay_alloc_raw(n, (size_t)c->n_stats * sizeof *out->stats);
    out->classes = assay_alloc_raw(n, (size_t)c->classes * CS * sizeof *out->classes);
    if (out->stats == NULL || out->classes == NULL) {
        return assay_fail_memory(err);
    }
    if (e != NULL) {
        out->errors = assay_alloc_raw(n, EV * sizeof *out->errors);
        if (out->errors == NULL) {
            return assay_fail_memory(err);
        }
        ASSAY_TRY(assay_detection_errors_bootstrap(out->errors, NULL, e, c->n, c->seed, err));
    }
    return assay_detection_bootstrap(out->stats, out->classes, d, c->n, c->seed, err);
}

static assay_status resample_all(comparing *c, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_detection *m = NULL;
    assay_detection_errors *e = NULL;
    ASSAY_TRY(resample(&c->in_a, c, c->a, c->errors_a, err));
    ASSAY_TRY(resample(&c->in_b, c, c->b, c->errors_b, err));
    ASSAY_TRY(merge(&m, c->a, c->b, err));
    if (c->errors_a != NULL) {
        ASSAY_GOTO(assay_detection_errors_join(&e, c->errors_a, c->errors_b, m, err), done);
    }
    m->shown = ASSAY_SHOWN_FIRST;
    ASSAY_GOTO(resample(&c->shuffled_a, c, m, e, err), done);
    m->shown = ASSAY_SHOWN_SECOND;
    ASSAY_GOTO(resample(&c->shuffled_b, c, m, e, err), done);
done:
    assay_detection_errors_free(e);
    assay_detection_free(m);
    return status;
}

static void replicates_dispose(replicates *r)
{
    assay_free(r->stats);
    assay_free(r->classes);
    assay_free(r->errors);
}

static double defined(double value)
{
    return value < 0.0 ? (double)NAN : value;
}

static assay_status fill_errors(assay_detection_difference *out, const comparing *c,
                                assay_error *err)
{
    double all[2][EV];
    int64_t objects = 0;
    double *classes = assay_alloc_raw((size_t)c->classes, EV * sizeof *classes);
    assay_status status = classes != NULL ? ASSAY_OK : assay_fail_memory(err);
    if (status == ASSAY_OK) {
        status = assay_detection_errors_gain(all[0], classes, c->errors_a, err);
    }
    if (status == ASSAY_OK) {
        status = assay_detection_errors_gain(all[1], classes, c->errors_b, err);
    }
    for (int64_t k = 0; k < c->classes; k++) {
        objects += assay_detection_objects(c->a, k, 0);
    }
    for (int v = 0; status == ASSAY_OK && v < EV; v++) {
        out[v] = (assay_detection_difference){
            .class = -1, .error = v, .of = {.in_a = all[0][v], .in_b = all[1][v], .n = objects}};
    }
    assay_free(classes);
    return status;
}

static assay_status fill_values(assay_detection_difference *out, const comparing *c,
                                assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_coco_arrays arrays[2] = {{0}, {0}};
    double stats[2][ASSAY_MOST_STATISTICS];
    assay_statistic what[ASSAY_MOST_STATISTICS];
    int n = 0;
    for (int side = 0; side < 2; side++) {
        const assay_detection *d = side == 0 ? c->a : c->b;
        ASSAY_GOTO(assay_detection_accumulate(&arrays[side], d, false, err), done);
        ASSAY_GOTO(assay_detection_summarize(stats[side], &n, d, &arrays[side], err), done);
    }
    n = assay_protocol_statistics(what, &c->a->protocol);
    for (int i = 0; i < n; i++) {
        out[i] = (assay_detection_difference){
            .what = what[i],
            .class = -1,
            .error = -1,
            .of = {.in_a = defined(stats[0][i]),
                   .in_b = defined(stats[1][i]),
                   .n = assay_detection_statistic_objects(c->a, &what[i])}};
    }
    assay_detection_class_statistics(what, &c->a->protocol);
    for (int64_t k = 0; k < c->classes; k++) {
        double four[2][CS];
        for (int side = 0; side < 2; side++) {
            ASSAY_GOTO(assay_detection_class_stats(four[side], side == 0 ? c->a : c->b,
                                                   &arrays[side], k, err),
                       done);
        }
        out[n + k] = (assay_detection_difference){.what = what[0],
                                                  .class = k,
                                                  .error = -1,
                                                  .of = {.in_a = defined(four[0][0]),
                                                         .in_b = defined(four[1][0]),
                                                         .n = assay_detection_objects(c->a, k, 0)}};
    }
    if (c->errors_a != NULL) {
        status = fill_errors(out + n + c->classes, c, err);
    }
done:
    assay_coco_arrays_dispose(&arrays[0]);
    assay_coco_arrays_dispose(&arrays[1]);
    return status;
}

/* Where the replicates of difference i are. */
static assay_paired_replicates replicates_of(const comparing *c, int64_t i)
{
    const replicates *const of[4] = {&c->in_a, &c->in_b, &c->shuffled_a, &c->shuffled_b};
    const double *rows[4];
    bool statistic = i < c->n_stats;
    bool error = i >= c->n_stats + c->classes;
    for (int k = 0; k < 4; k++) {
        rows[k] = statistic ? of[k]->stats : error ? of[k]->errors : of[k]->classes;
    }
    int64_t at = statistic ? i : error ? i - c->n_stats - c->classes : (i - c->n_stats) * CS;
    int64_t width = statistic ? c->n_stats : error ? EV : c->classes * CS;
    return (assay_paired_replicates){rows[0], rows[1], rows[2], rows[3], at, width, false};
}

static assay_status judge_all(assay_detection_difference *d, int64_t n, const comparing *c,
                              const assay_interval_rule *rule, assay_arena *arena, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_paired **all = assay_alloc_raw((size_t)n + 1, sizeof *all);
    assay_paired_replicates *of = assay_alloc_raw((size_t)n + 1, sizeof *of);
    if (all == NULL || of == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < n; i++) {
        all[i] = &d[i].of;
        of[i] = replicates_of(c, i);
        of[i].lower = d[i].error > 0; /* what errors cost */
    }
    status = assay_paired_judge(all, of, n, rule, arena, err);
done:
    assay_free(all);
    assay_free(of);
    return status;
}

assay_status assay_detection_compare(assay_detection_difference **out, int64_t *n,
                                     const assay_detection *a, const assay_detection *b,
                                     const assay_detection_errors *errors_a,
                                     const assay_detection_errors *errors_b,
                                     const assay_interval_rule *rule, uint64_t seed,
                                     assay_arena *arena, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_statistic what[ASSAY_MOST_STATISTICS];
    comparing c = {.a = a,
                   .b = b,
                   .errors_a = errors_b != NULL ? errors_a : NULL,
                   .errors_b = errors_a != NULL ? errors_b : NULL,
                   .classes = a->n_categories,
                   .n = rule->replicates,
                   .seed = seed};
    c.n_stats = assay_protocol_statistics(what, &a->protocol);
    *n = c.n_stats + c.classes + (c.errors_a != NULL ? EV : 0);
    assay_detection_difference *d = assay_arena_alloc(arena, (size_t)*n, sizeof *d);
    if (d == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_GOTO(fill_values(d, &c, err), done);
    if (assay_interval_resamples(rule)) {
        ASSAY_GOTO(resample_all(&c, err), done);
    }
    ASSAY_GOTO(judge_all(d, *n, &c, rule, arena, err), done);
    *out = d;
done:
    replicates_dispose(&c.in_a);
    replicates_dispose(&c.in_b);
    replicates_dispose(&c.shuffled_a);
    replicates_dispose(&c.shuffled_b);
    return status;
}
