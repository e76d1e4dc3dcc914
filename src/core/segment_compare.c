#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "core/segment_internal.h"

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
static assay_paired_replicates replicates_of(const comparing *c, const assay_segment_difference *d)
{
    const assay_segment_kind *kind = c->a.kind;
    int part = d->class_index < 0 ? 0 : 1;
    int64_t at = part == 0 ? d->metric - kind->overall : (int64_t)d->class_index * kind->n_of_class;
    int64_t width = part == 0 ? kind->n_overall : (int64_t)c->a.classes * kind->n_of_class;
    return (assay_paired_replicates){
        c->in_a[part], c->in_b[part], c->heads[part], c->tails[part], at, width, false};
}

static assay_status judge_all(assay_segment_difference *d, int64_t n, const comparing *c,
                              assay_error *err)
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
        of[i] = replicates_of(c, &d[i]);
    }
    status = assay_paired_judge(all, of, n, &c->rule, c->arena, err);
done:
    assay_free(all);
    assay_free(of);
    return status;
}

static void put(assay_segment_difference *d, const assay_segment_metric *metric, int32_t k,
                double in_a, double in_b, int64_t images)
{
    *d = (assay_segment_difference){
        .metric = metric, .class_index = k, .of = {.in_a = in_a, .in_b = in_b, .n = images}};
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
                                   .clustered = a->cluster != NULL};
    assay_segment_difference *d =
        assay_arena_alloc(arena, (size_t)c.a.kind->n_overall + (size_t)c.a.classes + 1, sizeof *d);
    if (d == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_segment_units(&c.rule.units, &c.a, err));
    ASSAY_GOTO(list(d, n, &c, err), done);
    if (assay_interval_resamples(&c.rule)) {
        ASSAY_GOTO(resample(&c, err), done);
    }
    ASSAY_GOTO(judge_all(d, *n, &c, err), done);
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
