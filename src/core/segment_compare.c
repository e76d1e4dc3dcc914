#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "core/segment_internal.h"
#include "stats/intervals.h"

/* Replicates: [0] over all classes, [1] of the classes. */
typedef struct comparing {
    assay_segment_sample a, b; /* with the same number of classes */
    const assay_segment_request *request;
    assay_interval_rule rule;
    double *in_a[2], *in_b[2], *heads[2], *tails[2];
    assay_arena *arena;
} comparing;

static assay_status room(double *out[2], const comparing *c, assay_error *err)
{
    const assay_segment_kind *kind = c->a.kind;
    size_t n = (size_t)c->request->replicates;
    out[0] = assay_alloc_raw(n, (size_t)kind->n_overall * sizeof **out);
    out[1] =
        assay_alloc_raw(n * (size_t)kind->n_of_class, ((size_t)c->a.classes + 1) * sizeof **out);
    return out[0] != NULL && out[1] != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static assay_status resample(comparing *c, assay_error *err)
{
    const assay_segment_request *q = c->request;
    ASSAY_TRY(room(c->in_a, c, err));
    ASSAY_TRY(room(c->in_b, c, err));
    ASSAY_TRY(room(c->heads, c, err));
    ASSAY_TRY(room(c->tails, c, err));
    ASSAY_TRY(assay_segment_bootstrap(c->in_a[0], c->in_a[1], &c->a, q->replicates, q->seed,
                                      q->threads, q->cancel, err));
    ASSAY_TRY(assay_segment_bootstrap(c->in_b[0], c->in_b[1], &c->b, q->replicates, q->seed,
                                      q->threads, q->cancel, err));
    return assay_segment_exchange(c->heads, c->tails, &c->a, &c->b, q, err);
}

/* Where the replicates of a difference are. */
typedef struct column {
    int part;
    int64_t at, width;
} column;

static column column_of(const comparing *c, const assay_segment_difference *d)
{
    const assay_segment_kind *kind = c->a.kind;
    if (d->class_index < 0) {
        return (column){0, d->metric - kind->overall, kind->n_overall};
    }
    return (column){1, (int64_t)d->class_index * kind->n_of_class,
                    (int64_t)c->a.classes * kind->n_of_class};
}

static double exchanged(const comparing *c, const column *x, int64_t r)
{
    double d = c->tails[x->part][r * x->width + x->at] - c->heads[x->part][r * x->width + x->at];
    return isnan(d) ? 0.0 : fabs(d);
}

static assay_status judge(assay_segment_difference *d, const comparing *c, assay_error *err)
{
    const column x = column_of(c, d);
    int64_t replicates = c->request->replicates;
    assay_measure m = {.value = d->difference,
                       .outcome = ASSAY_OUTCOME_VALUE,
                       .low = (double)NAN,
                       .high = (double)NAN};
    double better = 0.0;
    int64_t n = 0;
    int64_t beyond = 0;
    double *values = assay_alloc_raw((size_t)replicates, sizeof *values);
    if (values == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t r = 0; r < replicates; r++) {
        int64_t at = r * x.width + x.at;
        values[r] = c->in_b[x.part][at] - c->in_a[x.part][at];
        if (!isnan(values[r])) {
            n++;
            better += values[r] > 0.0 ? 1.0 : values[r] == 0.0 ? 0.5 : 0.0;
        }
        beyond += !(exchanged(c, &x, r) < fabs(d->difference) - 1e-12);
    }
    assay_status status = assay_replicate_bounds(&m, values, 1, &c->rule, c->arena, err);
    assay_free(values);
    if (status == ASSAY_OK && m.replicates != NULL) {
        double alpha = 1.0 - c->rule.level;
        status = assay_percentile_interval(&d->bound_low, &d->bound_high, m.replicates,
                                           m.n_replicates, alpha, alpha, err);
    }
    d->low = m.low;
    d->high = m.high;
    d->method = m.method;
    d->p = (double)(1 + beyond) / (double)(1 + replicates);
    d->probability_better = n > 0 ? better / (double)n : (double)NAN;
    return status;
}

/* Single-step maxT, as in detection_compare.c. */
static assay_status adjust(assay_segment_difference *d, int64_t n, const comparing *c,
                           assay_error *err)
{
    int64_t replicates = c->request->replicates;
    double *spread = assay_alloc((size_t)n, sizeof *spread);
    double *most = assay_alloc((size_t)replicates, sizeof *most);
    if (spread == NULL || most == NULL) {
        assay_free(spread);
        assay_free(most);
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        const column x = column_of(c, &d[i]);
        for (int64_t r = 0; r < replicates && !isnan(d[i].p); r++) {
            spread[i] += exchanged(c, &x, r) * exchanged(c, &x, r);
        }
        spread[i] = sqrt(spread[i] / (double)replicates);
        for (int64_t r = 0; r < replicates && spread[i] > 0.0; r++) {
            most[r] = fmax(most[r], exchanged(c, &x, r) / spread[i]);
        }
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t beyond = 0;
        for (int64_t r = 0; r < replicates && spread[i] > 0.0; r++) {
            beyond += !(most[r] < fabs(d[i].difference) / spread[i] - 1e-9);
        }
        if (!isnan(d[i].p)) {
            d[i].p_adjusted =
                spread[i] > 0.0 ? (double)(1 + beyond) / (double)(1 + replicates) : d[i].p;
        }
    }
    assay_free(spread);
    assay_free(most);
    return ASSAY_OK;
}

static void put(assay_segment_difference *d, const assay_segment_metric *metric, int32_t k,
                double in_a, double in_b, int64_t images)
{
    *d = (assay_segment_difference){.metric = metric,
                                    .class_index = k,
                                    .in_a = in_a,
                                    .in_b = in_b,
                                    .difference = in_b - in_a,
                                    .low = (double)NAN,
                                    .high = (double)NAN,
                                    .bound_low = (double)NAN,
                                    .bound_high = (double)NAN,
                                    .method = "none",
                                    .p = (double)NAN,
                                    .p_adjusted = (double)NAN,
                                    .probability_better = (double)NAN,
                                    .n = images};
}

static assay_status list(assay_segment_difference *out, int64_t *n, const comparing *c,
                         assay_error *err)
{
    const assay_segment_kind *kind = c->a.kind;
    double overall[2][ASSAY_SEGMENT_OVERALL] = {{0.0}};
    double *of_class[2] = {NULL, NULL};
    size_t classes = (size_t)c->a.classes;
    int64_t images = assay_segment_images(&c->a);
    assay_status status = ASSAY_OK;
    double *sums = assay_alloc_raw((classes + 1) * ASSAY_SEGMENT_WIDTH, sizeof *sums);
    for (int side = 0; side < 2 && status == ASSAY_OK; side++) {
        const assay_segment_sample *s = side == 0 ? &c->a : &c->b;
        of_class[side] = assay_alloc_raw(classes * (size_t)kind->n_of_class + 1, sizeof **of_class);
        if (sums == NULL || of_class[side] == NULL) {
            status = assay_fail_memory(err);
            break;
        }
        assay_segment_sum(sums, s);
        kind->finish(overall[side], of_class[side], sums, s);
    }
    *n = 0;
    for (int i = 0; i < kind->n_overall && status == ASSAY_OK; i++) {
        if (!kind->overall[i].boundary || (c->a.boundary && c->b.boundary)) {
            put(&out[(*n)++], &kind->overall[i], -1, overall[0][i], overall[1][i], images);
        }
    }
    for (int32_t k = 0; k < c->a.classes && status == ASSAY_OK; k++) {
        int64_t at = (int64_t)k * kind->n_of_class;
        if (!isnan(of_class[0][at]) || !isnan(of_class[1][at])) {
            put(&out[(*n)++], &kind->of_class[0], k, of_class[0][at], of_class[1][at], images);
        }
    }
    assay_free(sums);
    assay_free(of_class[0]);
    assay_free(of_class[1]);
    return status;
}

static void dispose(comparing *c)
{
    for (int part = 0; part < 2; part++) {
        assay_free(c->in_a[part]);
        assay_free(c->in_b[part]);
        assay_free(c->heads[part]);
        assay_free(c->tails[part]);
    }
}

/* The rows of whole images lie behind those of the last class. */
static assay_status widen(assay_segment_sample *s, int32_t classes, assay_arena *arena,
                          assay_error *err)
{
    int64_t n = s->first[s->n];
    if (s->classes == classes) {
        return ASSAY_OK;
    }
    assay_segment_row *rows = assay_arena_alloc(arena, (size_t)n + 1, sizeof *rows);
    if (rows == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        rows[i] = s->rows[i];
        rows[i].class_index = rows[i].class_index == s->classes ? classes : rows[i].class_index;
    }
    s->rows = rows;
    s->classes = classes;
    return ASSAY_OK;
}

static assay_status align(assay_segment_sample *a, assay_segment_sample *b, assay_arena *arena,
                          assay_error *err)
{
    int32_t classes = a->classes > b->classes ? a->classes : b->classes;
    if (a->kind != b->kind || a->n != b->n) {
        return assay_fail(err, ASSAY_EINVAL, "the models do not speak of the same images");
    }
    b->images = a->images;
    b->cluster = a->cluster;
    ASSAY_TRY(widen(a, classes, arena, err));
    return widen(b, classes, arena, err);
}

assay_status assay_segment_compare(assay_segment_difference **out, int64_t *n,
                                   const assay_segment_sample *a, const assay_segment_sample *b,
                                   const assay_segment_request *request, assay_arena *arena,
                                   assay_error *err)
{
    comparing c = {.a = *a, .b = *b, .request = request, .arena = arena};
    assay_status status = ASSAY_OK;
    ASSAY_TRY(align(&c.a, &c.b, arena, err));
    c.rule = (assay_interval_rule){.level = request->level,
                                   .replicates = request->replicates,
                                   .clustered = a->cluster != NULL,
                                   .least = -1.0,
                                   .most = 1.0};
    assay_segment_difference *d =
        assay_arena_alloc(arena, (size_t)c.a.kind->n_overall + (size_t)c.a.classes + 1, sizeof *d);
    if (d == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_segment_units(&c.rule.units, &c.a, err));
    bool resampled = request->replicates > 0 && c.rule.units >= ASSAY_SEGMENT_UNITS;
    ASSAY_GOTO(list(d, n, &c, err), done);
    if (resampled) {
        ASSAY_GOTO(resample(&c, err), done);
    }
    for (int64_t i = 0; i < *n; i++) {
        if (resampled && !isnan(d[i].difference)) {
            ASSAY_GOTO(judge(&d[i], &c, err), done);
        } else if (request->replicates > 0 && !resampled) {
            d[i].method = "none: fewer than 10 images or clusters";
        }
    }
    if (resampled) {
        ASSAY_GOTO(adjust(d, *n, &c, err), done);
    }
    *out = d;
done:
    dispose(&c);
    return status;
}

static bool same_rows(const assay_segment_sample *a, const assay_segment_sample *b, int64_t i)
{
    int64_t n = a->first[i + 1] - a->first[i];
    if (n != b->first[i + 1] - b->first[i]) {
        return false;
    }
    for (int64_t r = 0; r < n; r++) {
        const assay_segment_row *x = &a->rows[a->first[i] + r];
        const assay_segment_row *y = &b->rows[b->first[i] + r];
        bool same = x->class_index == y->class_index;
        for (int k = 0; same && k < ASSAY_SEGMENT_WIDTH; k++) {
            same = x->numbers[k] == y->numbers[k];
        }
        if (!same) {
            return false;
        }
    }
    return true;
}

assay_status assay_segment_changes(assay_segment_changed **out, int64_t *n,
                                   const assay_segment_sample *a, const assay_segment_sample *b,
                                   assay_arena *arena, assay_error *err)
{
    assay_segment_sample of_a = *a;
    assay_segment_sample of_b = *b;
    assay_status status = ASSAY_OK;
    ASSAY_TRY(align(&of_a, &of_b, arena, err));
    size_t images = (size_t)a->n + 1;
    assay_segment_changed *found = assay_alloc_raw(images, sizeof *found);
    double *gap = assay_alloc_raw(images, sizeof *gap);
    int64_t *order = assay_alloc_raw(images, sizeof *order);
    double *sums = assay_alloc_raw(((size_t)of_a.classes + 1) * ASSAY_SEGMENT_WIDTH, sizeof *sums);
    *n = 0;
    if (found == NULL || gap == NULL || order == NULL || sums == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < a->n; i++) {
        if ((a->images == NULL || a->images[i] != 0) && !same_rows(&of_a, &of_b, i)) {
            double in_a = assay_segment_of_image(&of_a, i, sums);
            double in_b = assay_segment_of_image(&of_b, i, sums);
            gap[*n] = isnan(in_a) || isnan(in_b) ? 0.0 : fabs(in_b - in_a);
            found[(*n)++] = (assay_segment_changed){i, in_a, in_b};
        }
    }
    ASSAY_GOTO(assay_sort_order(order, gap, *n, 1, err), done);
    *out = assay_arena_alloc(arena, (size_t)*n + 1, sizeof **out);
    if (*out == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < *n; i++) {
        (*out)[i] = found[order[i]];
    }
done:
    assay_free(found);
    assay_free(gap);
    assay_free(order);
    assay_free(sums);
    return status;
}
