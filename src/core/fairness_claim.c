/* One of the extremes of groups as a measure with one-sided bounds, for requirements. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "core/fairness.h"
#include "core/metric.h"

enum { NAMED = 5 };

typedef struct claim {
    assay_extreme which; /* LOWEST, HIGHEST, DIFFERENCE or RATIO */
    bool dependent;
    int32_t left_out;
    int64_t k;
    const assay_measure **groups;
    assay_evaluate_options options;
} claim;

static assay_extreme resolve(assay_extreme which, assay_direction direction)
{
    bool high = direction == ASSAY_HIGHER_IS_BETTER;
    if (which != ASSAY_EXTREME_WORST && which != ASSAY_EXTREME_BEST) {
        return which;
    }
    if (direction == ASSAY_NO_DIRECTION) {
        return ASSAY_EXTREME_NONE;
    }
    return (which == ASSAY_EXTREME_BEST) == high ? ASSAY_EXTREME_HIGHEST : ASSAY_EXTREME_LOWEST;
}

static assay_ends ends_of(const assay_group_extremes *x, assay_extreme which)
{
    return which == ASSAY_EXTREME_LOWEST       ? x->lowest_ends
           : which == ASSAY_EXTREME_HIGHEST    ? x->highest_ends
           : which == ASSAY_EXTREME_DIFFERENCE ? x->difference_ends
                                               : x->ratio_ends;
}

static assay_status ends_at(assay_ends *out, const claim *c, double alpha, assay_error *err)
{
    assay_group_extremes found;
    ASSAY_TRY(
        assay_fairness_extremes_at(&found, c->groups, c->k, alpha, c->dependent, &c->options, err));
    *out = ends_of(&found, c->which);
    return ASSAY_OK;
}

static assay_status bounds(double *low, double *high, const void *evidence, double alpha_low,
                           double alpha_high, assay_error *err)
{
    const claim *c = evidence;
    assay_ends below, above;
    ASSAY_TRY(ends_at(&below, c, alpha_low, err));
    ASSAY_TRY(ends_at(&above, c, alpha_high, err));
    if (isnan(below.low) || isnan(above.high)) {
        return assay_fail(err, ASSAY_EUNSUPPORTED, "%s",
                          c->dependent
                              ? "no bound: clusters lie in several groups, which makes the groups "
                                "depend on each other"
                              : "no bound: a group has no interval at this confidence");
    }
    *low = below.low;
    *high = above.high;
    if (c->left_out > 0 && c->which == ASSAY_EXTREME_LOWEST) {
        *low = -INFINITY;
    } else if (c->left_out > 0 && c->which == ASSAY_EXTREME_RATIO) {
        *low = 0.0;
    } else if (c->left_out > 0) {
        *high = INFINITY;
    }
    return ASSAY_OK;
}

static const assay_measure *measure_of(const assay_fairness *f, const assay_fairness_extremes *e,
                                       int32_t g)
{
    return &f->within.measures[g * f->n_extremes + (e - f->extremes)];
}

static bool counts(const assay_measure *m)
{
    return m->outcome == ASSAY_OUTCOME_VALUE && isfinite(m->value);
}

static void name_groups(assay_buffer *text, const assay_fairness *f,
                        const assay_fairness_extremes *e, assay_extreme which)
{
    const char *low = f->groups->names[e->lowest], *high = f->groups->names[e->highest];
    if (which == ASSAY_EXTREME_LOWEST || which == ASSAY_EXTREME_HIGHEST) {
        assay_buffer_printf(text, "%s: %s, of %d groups", assay_extreme_name(which),
                            which == ASSAY_EXTREME_LOWEST ? low : high, e->groups);
    } else {
        assay_buffer_printf(text, "highest: %s, lowest: %s, of %d groups", high, low, e->groups);
    }
}

static void name_left_out(assay_buffer *text, const assay_fairness *f,
                          const assay_fairness_extremes *e)
{
    int32_t named = 0, absent = 0;
    const char *first = "";
    for (int32_t g = 0; g < f->groups->n; g++) {
        const assay_measure *m = measure_of(f, e, g);
        if (f->rows[g] == 0) {
            first = absent++ == 0 ? f->groups->names[g] : first;
        } else if (!counts(m) && named < NAMED) {
            assay_buffer_printf(text, "%s%s (%s)",
                                named > 0 ? ", " : "; left out: ", f->groups->names[g],
                                m->reason ? m->reason : "no finite value");
            named++;
        }
    }
    if (e->left_out > named) {
        assay_buffer_printf(text, " and %d others", e->left_out - named);
    }
    if (named > 0 && e->groups >= 2) {
        assay_buffer_puts(text, "; of these nothing is known, so on their side there is no bound");
    }
    if (absent > 0) {
        assay_buffer_printf(text, "; no rows here: %s%s", first, absent > 1 ? " and others" : "");
    }
}

static assay_status put_reason(assay_measure *m, const assay_fairness *f,
                               const assay_fairness_extremes *e, assay_extreme which,
                               assay_arena *arena, assay_error *err)
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    if (e->groups < 2) {
        assay_buffer_puts(&text, "fewer than two groups have a value");
    } else if (which == ASSAY_EXTREME_NONE) {
        assay_buffer_printf(&text, "%s is neither better high nor low: ask for lowest or highest",
                            m->metric);
    } else if (m->outcome == ASSAY_OUTCOME_UNDEFINED) {
        assay_buffer_puts(&text, "a ratio needs values of 0 or more, one of them above 0");
    } else {
        name_groups(&text, f, e, which);
    }
    name_left_out(&text, f, e);
    assay_status status = assay_buffer_status(&text, err);
    m->reason = status == ASSAY_OK ? assay_arena_strdup(arena, text.data) : NULL;
    assay_buffer_dispose(&text);
    return status != ASSAY_OK ? status : m->reason ? ASSAY_OK : assay_fail_memory(err);
}

static assay_status collect(claim *c, assay_measure *m, const assay_fairness *f,
                            const assay_fairness_extremes *e, assay_arena *arena, assay_error *err)
{
    c->groups = assay_arena_alloc(arena, (size_t)f->groups->n, sizeof *c->groups);
    if (c->groups == NULL) {
        return assay_fail_memory(err);
    }
    m->n = 0;
    m->clusters = 0;
    m->weight = m->effective = 0.0;
    for (int32_t g = 0; g < f->groups->n; g++) {
        const assay_measure *own = measure_of(f, e, g);
        if (counts(own)) {
            c->groups[c->k++] = own;
            m->n += own->n;
            m->clusters += own->clusters;
            m->weight += own->weight;
            m->effective += own->effective;
        }
    }
    return ASSAY_OK;
}

static double value_of(const assay_fairness_extremes *e, assay_extreme which)
{
    return which == ASSAY_EXTREME_LOWEST       ? e->lowest_value
           : which == ASSAY_EXTREME_HIGHEST    ? e->highest_value
           : which == ASSAY_EXTREME_DIFFERENCE ? e->found.difference
           : which == ASSAY_EXTREME_RATIO      ? e->found.ratio
                                               : NAN;
}

static assay_status make(assay_measure **out, claim **made, const assay_fairness *f,
                         const assay_fairness_extremes *e, assay_extreme which, assay_arena *arena,
                         assay_error *err)
{
    const assay_measure *first = e->measure;
    assay_measure *m = assay_arena_alloc(arena, 1, sizeof *m);
    claim *c = assay_arena_alloc(arena, 1, sizeof *c);
    if (m == NULL || c == NULL) {
        return assay_fail_memory(err);
    }
    *m = (assay_measure){.metric = first->metric,
                         .params = first->params,
                         .average = first->average,
                         .class_name = first->class_name,
                         .unit = first->unit,
                         .weighted = first->weighted,
                         .level = first->level,
                         .low = NAN,
                         .high = NAN,
                         .design_effect = NAN,
                         .successes = -1,
                         .hits = -1.0,
                         .variance = NAN,
                         .method = "simultaneous over all groups, from the intervals of each",
                         .bounds = bounds,
                         .evidence = c};
    *c = (claim){.dependent = f->dependent, .left_out = e->left_out, .options = f->options};
    c->which = resolve(which, e->direction);
    ASSAY_TRY(collect(c, m, f, e, arena, err));
    m->value = value_of(e, c->which);
    m->outcome = e->outcome != ASSAY_OUTCOME_VALUE ? e->outcome
                 : isnan(m->value)                 ? ASSAY_OUTCOME_UNDEFINED
                                                   : ASSAY_OUTCOME_VALUE;
    m->bounds_name = m->method;
    *out = m;
    *made = c;
    return put_reason(m, f, e, c->which, arena, err);
}

assay_status assay_fairness_extreme_measure(assay_measure **out, const assay_fairness *f,
                                            const assay_fairness_extremes *e, assay_extreme which,
                                            assay_arena *arena, assay_error *err)
{
    claim *made = NULL;
    return make(out, &made, f, e, which, arena, err);
}

/* The metric of a measure between groups. */
static const assay_metric *metric_of(const assay_measure *gap, const assay_args *const *between,
                                     size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(between[i]->op->name, gap->metric) == 0) {
            return between[i]->op->metric;
        }
    }
    return NULL;
}

/* The extremes whose value the gap is. */
static const assay_fairness_extremes *twin_of(const assay_fairness *f, const assay_measure *gap,
                                              const assay_metric *metric)
{
    for (int64_t k = 0; k < f->n_extremes; k++) {
        const assay_fairness_extremes *e = &f->extremes[k];
        if (strcmp(e->measure->metric, metric->within) == 0 &&
            assay_text_equal(e->measure->class_name, gap->class_name) &&
            e->measure->average == NULL && e->outcome == ASSAY_OUTCOME_VALUE &&
            fabs(value_of(e, metric->extreme) - gap->value) <= 1e-12 * fabs(gap->value)) {
            return e;
        }
    }
    return NULL;
}

assay_status assay_fairness_lend_intervals(assay_fairness *f, const assay_args *const *between,
                                           size_t n, assay_arena *arena, assay_error *err)
{
    for (int64_t i = 0; i < f->gaps.n_measures; i++) {
        assay_measure *gap = &f->gaps.measures[i];
        assay_measure *other = NULL;
        const assay_metric *metric = metric_of(gap, between, n);
        const assay_fairness_extremes *e =
            gap->outcome == ASSAY_OUTCOME_VALUE && metric != NULL && metric->within != NULL
                ? twin_of(f, gap, metric)
                : NULL;
        assay_ends ends = e != NULL ? ends_of(&e->found, metric->extreme) : (assay_ends){NAN, NAN};
        if (isnan(ends.low) || isnan(ends.high)) {
            continue;
        }
        claim *c = NULL;
        ASSAY_TRY(make(&other, &c, f, e, metric->extreme, arena, err));
        c->left_out = 0; /* they are named, and not meant */
        gap->low = ends.low;
        gap->high = ends.high;
        gap->bounds = bounds;
        gap->evidence = c;
        gap->method = gap->bounds_name = other->method;
    }
    return ASSAY_OK;
}
