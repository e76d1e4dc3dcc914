#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/run_again.h"
#include "base/alloc.h"
#include "base/rng.h"
#include "ops/op_table.h"

/* The evaluation looks at itself. Nothing here shares code with the metrics: values are computed again, in
 * the plainest way, and compared. */

typedef struct counts {
    double n;               /* rows */
    double *target, *label; /* per class */
    int32_t classes;
} counts;

/** Once per metric, as a name of a measure that was not computed again. */
static assay_status add_missing(assay_run *run, const char *metric, assay_error *err)
{
    run->not_recomputed++;
    for (int32_t i = 0; i < run->n_missing; i++) {
        if (strcmp(run->missing[i], metric) == 0) {
            return ASSAY_OK;
        }
    }
    const char **more = assay_arena_alloc(run->arena, (size_t)run->n_missing + 1, sizeof *more);
    if (!more) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < run->n_missing; i++) {
        more[i] = run->missing[i];
    }
    more[run->n_missing++] = metric;
    run->missing = more;
    return ASSAY_OK;
}

static assay_status judge(assay_run *run, const assay_run_cell *cell, const assay_measure *m,
                          double low, double high, int weighted, assay_error *err)
{
    /* plain sums are rounded */
    double slack = (weighted || m->successes < 0 ? 1e-9 : 1e-12) * fmax(1.0, fabs(low));
    run->recomputed++;
    if (m->value == low || (m->value >= low - slack && m->value <= high + slack)) {
        return ASSAY_OK;
    }
    run->differences++;
    const char *text =
        assay_arena_printf(run->arena,
                           "%s%s%s%s%s%s%s is %.17g in the results and %.17g when it is computed "
                           "again in another way. "
                           "This is a defect of Assay: do not use these results, and report it.",
                           m->metric, m->average ? ", " : "", m->average ? m->average : "",
                           m->class_name ? " of class " : "", m->class_name ? m->class_name : "",
                           m->group ? " in group " : "", m->group ? m->group : "", m->value,
                           fabs(m->value - low) < fabs(m->value - high) ? low : high);
    return assay_run_add_finding(run, "self_check", 3, cell->model, cell->context,
                                 "A second computation gives another value", text, err);
}

static assay_status compare(assay_run *run, const assay_run_cell *cell, const assay_result *result,
                            const assay_predictions *p, const uint8_t *mask, assay_error *err)
{
    size_t n = (size_t)result->n_measures;
    assay_status status = ASSAY_OK;
    double *low = assay_alloc(2 * n + 1, sizeof *low);
    if (!low) {
        return assay_fail_memory(err);
    }
    double *high = low + n;
    ASSAY_GOTO(assay_run_again(low, high, result, p, mask, err), done);
    for (size_t i = 0; i < n; i++) {
        const assay_measure *m = &result->measures[i];
        if (m->outcome != ASSAY_OUTCOME_VALUE) {
            continue;
        }
        if (isnan(low[i]) || isnan(high[i])) {
            ASSAY_GOTO(add_missing(run, m->metric, err), done);
        } else {
            ASSAY_GOTO(judge(run, cell, m, low[i], high[i], p->weights != NULL, err), done);
        }
    }
done:
    assay_free(low);
    return status;
}

/** Values within groups, one group after the other, and those between them. */
static assay_status compare_groups(assay_run *run, const assay_run_cell *cell,
                                   const assay_fairness *f, const assay_predictions *p,
                                   const uint8_t *mask, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t each = f->groups->n > 0 ? f->within.n_measures / f->groups->n : 0;
    uint8_t *rows = assay_alloc((size_t)p->n + 1, 1);
    if (!rows) {
        return assay_fail_memory(err);
    }
    for (int32_t g = 0; g < f->groups->n && each > 0; g++) {
        assay_result part = {.measures = f->within.measures + g * each, .n_measures = each};
        for (int64_t i = 0; i < p->n; i++) {
            rows[i] = f->groups->of[i] == g && (!mask || mask[i]);
        }
        ASSAY_GOTO(compare(run, cell, &part, p, rows, err), done);
    }
    for (int64_t i = 0; i < f->gaps.n_measures; i++) {
        const assay_measure *m = &f->gaps.measures[i];
        if (m->outcome != ASSAY_OUTCOME_VALUE) {
            continue;
        }
        double again = assay_run_again_gap(m, p, mask, f->groups);
        if (isnan(again)) {
            ASSAY_GOTO(add_missing(run, m->metric, err), done);
        } else {
            ASSAY_GOTO(judge(run, cell, m, again, again, p->weights != NULL, err), done);
        }
    }
done:
    assay_free(rows);
    return status;
}

/** Accuracy on shuffled labels, by the engine itself, against its exact mean and variance over all
 *  shuffles (the margins of the confusion matrix stay). */
static assay_status shuffle(assay_run *run, const assay_run_cell *cell, const counts *k,
                            const assay_predictions *p, assay_error *err)
{
    assay_evaluate_options options = assay_run_options(run);
    assay_predictions mixed = *p;
    assay_result result;
    const assay_op *op = NULL;
    assay_args *args = NULL;
    assay_status status = ASSAY_OK;
    assay_rng rng = assay_rng_stream(run->plan->seed, assay_rng_operation("label_shuffle"), 0);
    int32_t *targets = assay_alloc((size_t)p->n + 1, sizeof *targets);

    if (!targets) {
        return assay_fail_memory(err);
    }
    memcpy(targets, p->target, (size_t)p->n * sizeof *targets);
    for (int64_t i = p->n - 1; i > 0; i--) {
        int64_t j = (int64_t)assay_rng_below(&rng, (uint64_t)i + 1);
        int32_t kept = targets[i];
        targets[i] = targets[j];
        targets[j] = kept;
    }
    mixed.target = targets;
    mixed.weights = NULL; /* the exact variance is that of counts */
    options.replicates = -1;
    assay_result_init(&result, run->arena);
    ASSAY_GOTO(assay_registry_get(&op, assay_ops(), ASSAY_OP_METRIC, "accuracy", err), done);
    ASSAY_GOTO(assay_args_new(&args, op, err), done);
    const assay_args *metrics[] = {args};
    ASSAY_GOTO(assay_evaluate(&result, &mixed, NULL, metrics, 1, &options, err), done);
    double n = k->n, mean = 0.0, squares = 0.0;
    for (int32_t c = 0; c < k->classes; c++) {
        double t = k->target[c], l = k->label[c];
        mean += t * l / n;
        squares += t * l * (n - t) * (n - l) - t * l * t * l;
    }
    /* cov of two diagonal cells is t t' l l' / (n^2 (n - 1)); their sum is mean^2 n^2 - own squares */
    double variance = (squares + mean * mean * n * n) / (n * n * (n - 1.0));
    double distance = result.measures[0].value * n - mean;
    run->shuffles++;
    if (fabs(distance) > 6.0 * sqrt(fmax(variance, 0.0)) + 1e-6 * n) {
        run->shuffles_off++;
        const char *text = assay_arena_printf(
            run->arena,
            "With the true classes shuffled the accuracy is %.4g; chance gives %.4g, give or take "
            "%.2g. The evaluation itself must be at fault: do not use these results.",
            result.measures[0].value, mean / n, sqrt(fmax(variance, 0.0)) / n);
        status = assay_run_add_finding(run, "self_check", 3, cell->model, cell->context,
                                       "Shuffled labels do not give chance", text, err);
    }
done:
    assay_args_free(args);
    assay_free(targets);
    return status;
}

/** Every row once, whatever it weighs; how many are labelled is returned, and all of it in k. */
static int64_t count_again(counts *k, const assay_predictions *p)
{
    int64_t rows = 0;

    k->n = 0.0;
    for (int32_t c = 0; c < k->classes; c++) {
        k->target[c] = k->label[c] = 0.0;
    }
    for (int64_t i = p->n - 1; i >= 0; i--) {
        if (p->target[i] >= 0 && p->label[i] >= 0) {
            rows++;
            k->n += 1.0;
            k->target[p->target[i]] += 1.0;
            k->label[p->label[i]] += 1.0;
        }
    }
    return rows;
}

assay_status assay_run_self_check(assay_run *run, const assay_run_cell *cell,
                                  const assay_predictions *p, const uint8_t *mask, assay_error *err)
{
    const assay_plan_context *context = &run->plan->contexts[cell->context];
    counts k = {.classes = p->classes};
    assay_status status = ASSAY_OK;

    bool whole = !mask && !context->perturbation && context->sweep < 0 && p->n >= 2;
    if (p->truth) {
        return ASSAY_OK; /* real values have no classes to count */
    }
    double *all = assay_alloc((size_t)p->classes * 2 + 1, sizeof *all);
    if (!all) {
        return assay_fail_memory(err);
    }
    k.target = all;
    k.label = all + p->classes;
    ASSAY_GOTO(compare(run, cell, &cell->result, p, mask, err), done);
    for (int32_t g = 0; cell->fairness && g < run->plan->n_groups; g++) {
        if (cell->fairness[g].groups) {
            ASSAY_GOTO(compare_groups(run, cell, &cell->fairness[g], p, mask, err), done);
        }
    }
    if (whole && count_again(&k, p) == p->n) {
        ASSAY_GOTO(shuffle(run, cell, &k, p, err), done);
        ASSAY_GOTO(assay_run_metamorphic(run, cell, p, err), done);
    }
done:
    assay_free(all);
    return status;
}

void assay_results_validation(assay_json *json, const assay_run *run)
{
    assay_json_key(json, "validation");
    assay_json_begin_object(json);
    assay_json_put_int(json, "recomputed", run->recomputed);
    assay_json_put_int(json, "differences", run->differences);
    assay_json_put_int(json, "not_recomputed", run->not_recomputed);
    assay_json_key(json, "not_recomputed_metrics");
    assay_json_begin_array(json);
    for (int32_t i = 0; i < run->n_missing; i++) {
        assay_json_text(json, run->missing[i]);
    }
    assay_json_end_array(json);
    assay_json_put_int(json, "label_shuffles", run->shuffles);
    assay_json_put_int(json, "label_shuffles_off_chance", run->shuffles_off);
    assay_json_put_int(json, "relations", run->relations);
    assay_json_put_int(json, "relations_broken", run->relations_off);
    assay_json_end_object(json);
}
