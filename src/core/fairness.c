#include "core/fairness.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "core/metric.h"
#include "stats/multiplicity.h"
#include "stats/normal.h"
#include "stats/two_proportions.h"

typedef struct work {
    assay_fairness *out;
    assay_arena *arena;
    const assay_predictions *predictions;
    const uint8_t *mask;
    const assay_fairness_options *wanted;
    assay_evaluate_options options;
    const assay_args **within, **between;
    size_t n_within, n_between;
} work;

static bool compares_groups(const assay_args *args)
{
    return (args->op->needs & ASSAY_NEEDS_GROUPS) != 0;
}

static assay_status sort_metrics(work *w, const assay_args *const *metrics, size_t n,
                                 assay_error *err)
{
    w->within = assay_arena_alloc(w->arena, n + 1, sizeof *w->within);
    w->between = assay_arena_alloc(w->arena, n + 1, sizeof *w->between);
    if (w->within == NULL || w->between == NULL) {
        return assay_fail_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        if (compares_groups(metrics[i])) {
            w->between[w->n_between++] = metrics[i];
        } else if (!metrics[i]->op->metric->curve_only) {
            w->within[w->n_within++] = metrics[i];
        }
    }
    return ASSAY_OK;
}

/* ---- within groups ---- */

static bool is_of_interest(const work *w, const assay_measure *measure)
{
    int32_t positive = w->out->groups->positive;
    if (positive < 0) {
        return true;
    }
    for (int32_t i = 0; i < w->wanted->n_keep; i++) {
        const assay_fairness_keep *keep = &w->wanted->keep[i];
        if (strcmp(keep->metric, measure->metric) == 0 &&
            assay_text_equal(keep->class_name, measure->class_name) &&
            assay_text_equal(keep->average, measure->average)) {
            return true;
        }
    }
    return measure->class_name == NULL
               ? measure->average == NULL
               : strcmp(measure->class_name, w->predictions->class_names[positive]) == 0;
}

static assay_status keep_measures(work *w, int32_t group, const assay_result *from,
                                  assay_error *err)
{
    for (int64_t m = 0; m < from->n_measures; m++) {
        if (!is_of_interest(w, &from->measures[m])) {
            continue;
        }
        assay_measure *to = assay_result_measure(&w->out->within);
        if (to == NULL) {
            return assay_fail_memory(err);
        }
        *to = from->measures[m];
        to->group = w->out->groups->names[group];
        if (to->outcome == ASSAY_OUTCOME_VALUE && to->n < w->out->least) {
            to->outcome = ASSAY_OUTCOME_TOO_FEW;
            to->reason = assay_arena_printf(
                w->arena, "only %" PRId64 " %s behind it, at least %" PRId64 " are asked for",
                to->n, to->n == 1 ? "row" : "rows", w->out->least);
            if (to->reason == NULL) {
                return assay_fail_memory(err);
            }
        }
    }
    return ASSAY_OK;
}

static assay_status measure_within(work *w, uint8_t *mask, assay_error *err)
{
    const assay_groups *groups = w->out->groups;
    for (int32_t g = 0; g < groups->n; g++) {
        assay_result result;
        assay_result_init(&result, w->arena);
        for (int64_t i = 0; i < w->predictions->n; i++) {
            mask[i] = groups->of[i] == g && (w->mask == NULL || w->mask[i] != 0);
            w->out->rows[g] += mask[i];
        }
        ASSAY_TRY(assay_evaluate(&result, w->predictions, mask, w->within, w->n_within, &w->options,
                                 err));
        ASSAY_TRY(keep_measures(w, g, &result, err));
    }
    return ASSAY_OK;
}

/* ---- groups against the rest ---- */

typedef struct cell_counts {
    int64_t truth, predicted, hits;
} cell_counts;

typedef enum rate { SELECTED, RECALL, FALSE_POSITIVE, PRECISION, CORRECT, RATES } rate;

static const char *const rate_names[RATES] = {"selection_rate", "recall", "false_positive_rate",
                                              "precision", "accuracy"};

static cell_counts *count(const work *w)
{
    const assay_predictions *p = w->predictions;
    int64_t cells = (int64_t)w->out->groups->n * p->classes;
    cell_counts *counts = assay_arena_alloc(w->arena, (size_t)cells, sizeof *counts);
    for (int64_t i = 0; counts != NULL && i < p->n; i++) {
        if (w->mask != NULL && w->mask[i] == 0) {
            continue;
        }
        cell_counts *mine = counts + (int64_t)w->out->groups->of[i] * p->classes;
        mine[p->target[i]].truth++;
        mine[p->label[i]].predicted++;
        mine[p->target[i]].hits += p->target[i] == p->label[i];
    }
    return counts;
}

static void add_trials(int64_t *x, int64_t *n, const cell_counts *counts, int32_t classes,
                       int32_t class_index, rate which)
{
    const cell_counts *mine = &counts[class_index];
    int64_t rows = 0;
    int64_t hits = 0;
    for (int32_t c = 0; c < classes; c++) {
        rows += counts[c].truth;
        hits += counts[c].hits;
    }
    switch (which) {
    case SELECTED:
        *x += mine->predicted;
        *n += rows;
        return;
    case RECALL:
        *x += mine->hits;
        *n += mine->truth;
        return;
    case FALSE_POSITIVE:
        *x += mine->predicted - mine->hits;
        *n += rows - mine->truth;
        return;
    case PRECISION:
        *x += mine->hits;
        *n += mine->predicted;
        return;
    case CORRECT:
    case RATES:
        break;
    }
    *x += hits;
    *n += rows;
}

static assay_status compare_one(assay_group_comparison *c, const work *w, assay_error *err)
{
    const assay_two_counts two = {c->x, c->n, c->rest_x, c->rest_n};
    double alpha = (1.0 - w->options.level) / 2.0;
    double z = 0.0;
    c->p = c->p_adjusted = NAN;
    c->difference = c->difference_low = c->difference_high = NAN;
    c->ratio = c->ratio_low = c->ratio_high = NAN;
    if (c->n < w->out->least || c->rest_n < w->out->least) {
        bool mine = c->n < w->out->least;
        int64_t n = mine ? c->n : c->rest_n;
        c->outcome = ASSAY_OUTCOME_TOO_FEW;
        c->reason = assay_arena_printf(
            w->arena, "only %" PRId64 " %s behind the rate %s, at least %" PRId64 " are asked for",
            n, n == 1 ? "row" : "rows", mine ? "in the group" : "outside the group", w->out->least);
        return c->reason != NULL ? ASSAY_OK : assay_fail_memory(err);
    }
    c->outcome = ASSAY_OUTCOME_VALUE;
    double mine = (double)c->x / (double)c->n;
    double rest = (double)c->rest_x / (double)c->rest_n;
    c->difference = mine - rest;
    ASSAY_TRY(assay_score_difference(&c->difference_low, &c->difference_high, &two, true, alpha,
                                     alpha, err));
    ASSAY_TRY(assay_score_difference_z(&z, &two, 0.0, true, err));
    c->p = fmin(1.0, 2.0 * assay_normal_sf(fabs(z)));
    if (c->x > 0 || c->rest_x > 0) {
        c->ratio = c->rest_x > 0 ? mine / rest : INFINITY;
        ASSAY_TRY(assay_score_ratio(&c->ratio_low, &c->ratio_high, &two, true, alpha, alpha, err));
    }
    return ASSAY_OK;
}

/* Holm over the groups of one rate; two groups against each other are one comparison. */
static assay_status adjust(assay_group_comparison *list, int32_t n, assay_error *err)
{
    double p[ASSAY_GROUPS_MOST] = {0};
    int64_t m = 0;
    for (int32_t g = 0; g < n; g++) {
        if (list[g].outcome == ASSAY_OUTCOME_VALUE) {
            p[m++] = list[g].p;
        }
    }
    if (m == 0) {
        return ASSAY_OK; /* all too few */
    }
    ASSAY_TRY(assay_adjust(p, p, m, n == 2 ? ASSAY_ADJUST_NONE : ASSAY_ADJUST_HOLM, err));
    m = 0;
    for (int32_t g = 0; g < n; g++) {
        if (list[g].outcome == ASSAY_OUTCOME_VALUE) {
            list[g].p_adjusted = p[m++];
        }
    }
    return ASSAY_OK;
}

static assay_status compare_rate(work *w, const cell_counts *counts, rate which,
                                 int32_t class_index, assay_error *err)
{
    const assay_groups *groups = w->out->groups;
    int32_t classes = w->predictions->classes;
    assay_group_comparison *list = w->out->comparisons + w->out->n_comparisons;
    for (int32_t g = 0; g < groups->n; g++) {
        list[g] = (assay_group_comparison){.rate = rate_names[which], .group = g};
        if (which != CORRECT) {
            list[g].class_name =
                assay_arena_strdup(w->arena, w->predictions->class_names[class_index]);
            if (list[g].class_name == NULL) {
                return assay_fail_memory(err);
            }
        }
        for (int32_t other = 0; other < groups->n; other++) {
            add_trials(other == g ? &list[g].x : &list[g].rest_x,
                       other == g ? &list[g].n : &list[g].rest_n, counts + (int64_t)other * classes,
                       classes, class_index, which);
        }
        ASSAY_TRY(compare_one(&list[g], w, err));
    }
    w->out->n_comparisons += groups->n;
    return adjust(list, groups->n, err);
}

static assay_status compare_rates(work *w, assay_error *err)
{
    const assay_groups *groups = w->out->groups;
    int32_t classes = w->predictions->classes;
    int32_t first = groups->positive >= 0 ? groups->positive : 0;
    int32_t last = groups->positive >= 0 ? groups->positive : classes - 1;
    int64_t wanted = (int64_t)(last - first + 1) * groups->n * CORRECT;
    if (wanted > ASSAY_FAIRNESS_COMPARISONS) {
        w->out->not_compared =
            "there are too many classes: name the positive one (accuracy is compared)";
        last = first - 1;
        wanted = 0;
    }
    const cell_counts *counts = count(w);
    w->out->comparisons =
        assay_arena_alloc(w->arena, (size_t)(wanted + groups->n), sizeof *w->out->comparisons);
    if (counts == NULL || w->out->comparisons == NULL) {
        return assay_fail_memory(err);
    }
    for (int32_t c = first; c <= last; c++) {
        for (rate which = SELECTED; which < CORRECT; which++) {
            ASSAY_TRY(compare_rate(w, counts, which, c, err));
        }
    }
    return compare_rate(w, counts, CORRECT, 0, err);
}

assay_status assay_fairness_evaluate(assay_fairness *out, assay_arena *arena,
                                     const assay_predictions *predictions, const uint8_t *mask,
                                     const assay_groups *groups, const assay_args *const *metrics,
                                     size_t n_metrics, const assay_fairness_options *wanted,
                                     const assay_evaluate_options *options, assay_error *err)
{
    assay_status status = ASSAY_OK;
    work w = {.out = out,
              .arena = arena,
              .predictions = predictions,
              .mask = mask,
              .wanted = wanted,
              .options = *options};
    *out = (assay_fairness){.groups = groups,
                            .least = wanted->least > 0 ? wanted->least : ASSAY_FAIRNESS_LEAST};
    assay_result_init(&out->within, arena);
    assay_result_init(&out->gaps, arena);
    w.options.groups = groups;
    w.options.level = options->level > 0.0 ? options->level : 0.95;
    uint8_t *space = assay_alloc((size_t)predictions->n + 1, 1);
    out->rows = assay_arena_alloc(arena, (size_t)groups->n, sizeof *out->rows);
    if (space == NULL || out->rows == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(sort_metrics(&w, metrics, n_metrics, err), done);
    ASSAY_GOTO(measure_within(&w, space, err), done);
    ASSAY_GOTO(assay_fairness_find_extremes(out, arena, predictions, mask, w.within, w.n_within,
                                            &w.options, err),
               done);
    ASSAY_GOTO(
        assay_evaluate(&out->gaps, predictions, mask, w.between, w.n_between, &w.options, err),
        done);
    if (predictions->weights != NULL || options->units != NULL) {
        ASSAY_GOTO(assay_fairness_lend_intervals(out, w.between, w.n_between, arena, err), done);
        out->not_compared = "the tests are for independent rows of equal weight";
    } else if (predictions->task == ASSAY_TASK_CLASSIFICATION) {
        ASSAY_GOTO(compare_rates(&w, err), done);
    }
done:
    assay_free(space);
    return status;
}
