#include "core/detection_compare.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "core/detection_errors_internal.h"
#include "stats/intervals.h"

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

/* Fill in interval, p-value and share from the columns `at` of rows of `width`. */
static assay_status judge(assay_detection_difference *d, const comparing *c,
                          const double *const of[4], int64_t at, int64_t width,
                          const assay_interval_rule *rule, assay_arena *arena, assay_error *err)
{
    assay_measure m = {.value = d->difference,
                       .outcome = ASSAY_OUTCOME_VALUE,
                       .low = (double)NAN,
                       .high = (double)NAN};
    assay_interval_rule own = *rule;
    double better = 0.0;
    int64_t n = 0;
    int64_t beyond = 0;
    double *column = assay_alloc_raw((size_t)c->n, sizeof *column);
    if (column == NULL) {
        return assay_fail_memory(err);
    }
    own.least = -1.0;
    own.most = 1.0;
    for (int64_t r = 0; r < c->n; r++) {
        int64_t i = r * width + at;
        column[r] = of[1][i] - of[0][i];
        if (!isnan(column[r])) {
            double gain = d->error > 0 ? -column[r] : column[r]; /* costs are better when lower */
            n++;
            better += gain > 0.0 ? 1.0 : gain == 0.0 ? 0.5 : 0.0;
        }
        double shuffled = of[3][i] - of[2][i];
        beyond += !(fabs(shuffled) < fabs(d->difference) - 1e-12);
    }
    assay_status status = assay_replicate_bounds(&m, column, 1, &own, arena, err);
    assay_free(column);
    if (status == ASSAY_OK && m.replicates != NULL) {
        double alpha = 1.0 - own.level;
        status = assay_percentile_interval(&d->bound_low, &d->bound_high, m.replicates,
                                           m.n_replicates, alpha, alpha, err);
    }
    d->low = m.low;
    d->high = m.high;
    d->method = m.method;
    d->p = (double)(1 + beyond) / (double)(1 + c->n);
    d->probability_better = n > 0 ? better / (double)n : (double)NAN;
    return status;
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
            .class = -1, .error = v, .in_a = all[0][v], .in_b = all[1][v], .n = objects};
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
        ASSAY_GOTO(assay_detection_accumulate(&arrays[side], d, err), done);
        ASSAY_GOTO(assay_detection_summarize(stats[side], &n, d, &arrays[side], err), done);
    }
    n = assay_protocol_statistics(what, &c->a->protocol);
    for (int i = 0; i < n; i++) {
        out[i] =
            (assay_detection_difference){.what = what[i],
                                         .class = -1,
                                         .error = -1,
                                         .in_a = defined(stats[0][i]),
                                         .in_b = defined(stats[1][i]),
                                         .n = assay_detection_statistic_objects(c->a, &what[i])};
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
                                                  .in_a = defined(four[0][0]),
                                                  .in_b = defined(four[1][0]),
                                                  .n = assay_detection_objects(c->a, k, 0)};
    }
    if (c->errors_a != NULL) {
        status = fill_errors(out + n + c->classes, c, err);
    }
done:
    assay_coco_arrays_dispose(&arrays[0]);
    assay_coco_arrays_dispose(&arrays[1]);
    return status;
}

/* Column of difference i in the rows of replicates, as in_a, in_b, shuffled_a, shuffled_b. */
typedef struct columns {
    const double *of[4];
    int64_t at, width;
} columns;

static columns columns_of(const comparing *c, int64_t i)
{
    if (i < c->n_stats) {
        return (columns){{c->in_a.stats, c->in_b.stats, c->shuffled_a.stats, c->shuffled_b.stats},
                         i,
                         c->n_stats};
    }
    if (i >= c->n_stats + c->classes) {
        return (columns){
            {c->in_a.errors, c->in_b.errors, c->shuffled_a.errors, c->shuffled_b.errors},
            i - c->n_stats - c->classes,
            EV};
    }
    return (columns){
        {c->in_a.classes, c->in_b.classes, c->shuffled_a.classes, c->shuffled_b.classes},
        (i - c->n_stats) * CS,
        c->classes * CS};
}

static double shuffled(const columns *x, int64_t r)
{
    double d = x->of[3][r * x->width + x->at] - x->of[2][r * x->width + x->at];
    return isnan(d) ? 0.0 : fabs(d);
}

/* Single-step maxT of P. H. Westfall and S. S. Young, "Resampling-based multiple testing" (1993): how
 * often the largest of all differences, each in units of its spread under exchange, is as large. */
static assay_status adjust(assay_detection_difference *d, int64_t n, const comparing *c,
                           assay_error *err)
{
    double *spread = assay_alloc((size_t)n, sizeof *spread);
    double *most = assay_alloc((size_t)c->n, sizeof *most);
    if (spread == NULL || most == NULL) {
        assay_free(spread);
        assay_free(most);
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        const columns x = columns_of(c, i);
        for (int64_t r = 0; r < c->n && !isnan(d[i].p); r++) {
            spread[i] += shuffled(&x, r) * shuffled(&x, r);
        }
        spread[i] = sqrt(spread[i] / (double)c->n);
        for (int64_t r = 0; r < c->n && spread[i] > 0.0; r++) {
            most[r] = fmax(most[r], shuffled(&x, r) / spread[i]);
        }
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t beyond = 0;
        for (int64_t r = 0; r < c->n && spread[i] > 0.0; r++) {
            beyond += !(most[r] < fabs(d[i].difference) / spread[i] - 1e-9);
        }
        if (!isnan(d[i].p)) {
            d[i].p_adjusted = spread[i] > 0.0 ? (double)(1 + beyond) / (double)(1 + c->n) : d[i].p;
        }
    }
    assay_free(spread);
    assay_free(most);
    return ASSAY_OK;
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
    bool resampled = rule->replicates > 0 && rule->units >= 10;
    c.n_stats = assay_protocol_statistics(what, &a->protocol);
    *n = c.n_stats + c.classes + (c.errors_a != NULL ? EV : 0);
    assay_detection_difference *d = assay_arena_alloc(arena, (size_t)*n, sizeof *d);
    if (d == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_GOTO(fill_values(d, &c, err), done);
    if (resampled) {
        ASSAY_GOTO(resample_all(&c, err), done);
    }
    for (int64_t i = 0; i < *n; i++) {
        d[i].difference = d[i].in_b - d[i].in_a;
        d[i].low = d[i].high = d[i].bound_low = d[i].bound_high = d[i].p = d[i].p_adjusted =
            d[i].probability_better = (double)NAN;
        d[i].method =
            rule->replicates > 0 && !resampled ? "none: fewer than 10 images or clusters" : "none";
        if (resampled && !isnan(d[i].difference)) {
            const columns x = columns_of(&c, i);
            ASSAY_GOTO(judge(&d[i], &c, x.of, x.at, x.width, rule, arena, err), done);
        }
    }
    if (resampled) {
        ASSAY_GOTO(adjust(d, *n, &c, err), done);
    }
    *out = d;
done:
    replicates_dispose(&c.in_a);
    replicates_dispose(&c.in_b);
    replicates_dispose(&c.shuffled_a);
    replicates_dispose(&c.shuffled_b);
    return status;
}
