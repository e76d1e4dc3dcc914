#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/run_again.h"
#include "base/alloc.h"
#include "base/rng.h"
#include "ops/op_table.h"

/* The evaluation looks at itself. Nothing here shares code with the metrics: it counts again, in the
 * plainest way, and compares. */

typedef struct counts {
    double n, hits;               /* rows, or their weight */
    double *target, *label, *hit; /* per class */
    int32_t classes;
} counts;

static double ratio(double top, double bottom)
{
    return bottom > 0.0 ? top / bottom : NAN;
}

/** Of one class; NaN for what is not counted again here. */
static double of_class(const counts *k, const char *metric, int32_t c)
{
    double hit = k->hit[c], target = k->target[c], label = k->label[c];

    if (strcmp(metric, "recall") == 0) {
        return ratio(hit, target);
    }
    if (strcmp(metric, "precision") == 0) {
        return ratio(hit, label);
    }
    if (strcmp(metric, "f1") == 0) {
        return ratio(2.0 * hit, target + label);
    }
    if (strcmp(metric, "jaccard") == 0) {
        return ratio(hit, target + label - hit);
    }
    if (strcmp(metric, "specificity") == 0) {
        return ratio(k->n - target - label + hit, k->n - target);
    }
    return strcmp(metric, "false_positive_rate") == 0 ? ratio(label - hit, k->n - target) : NAN;
}

static double macro(const counts *k, const char *metric)
{
    double sum = 0.0;

    for (int32_t c = 0; c < k->classes; c++) {
        sum += of_class(k, metric, c); /* one undefined class makes it NaN: not compared */
    }
    return sum / (double)k->classes;
}

static double matthews(const counts *k)
{
    double n = k->n, both = 0.0, targets = 0.0, labels = 0.0;

    for (int32_t c = 0; c < k->classes; c++) {
        both += k->target[c] * k->label[c];
        targets += k->target[c] * k->target[c];
        labels += k->label[c] * k->label[c];
    }
    double bottom = sqrt(n * n - targets) * sqrt(n * n - labels);
    return bottom > 0.0 ? (k->hits * n - both) / bottom : NAN;
}

static double again(const counts *k, const assay_measure *m, const assay_predictions *p)
{
    if (m->class_name) {
        for (int32_t c = 0; c < k->classes; c++) {
            if (strcmp(p->class_names[c], m->class_name) == 0) {
                return of_class(k, m->metric, c);
            }
        }
        return NAN;
    }
    if (m->average) {
        return strcmp(m->average, "macro") == 0 ? macro(k, m->metric) : NAN;
    }
    if (strcmp(m->metric, "accuracy") == 0) {
        return ratio(k->hits, k->n);
    }
    if (strcmp(m->metric, "zero_one_loss") == 0) {
        return ratio(k->n - k->hits, k->n);
    }
    return strcmp(m->metric, "matthews_correlation") == 0 ? matthews(k) : NAN;
}

static assay_status compare(assay_run *run, const assay_run_cell *cell, const counts *k,
                            const assay_predictions *p, const uint8_t *mask, assay_error *err)
{
    for (int64_t i = 0; i < cell->result.n_measures; i++) {
        const assay_measure *m = &cell->result.measures[i];
        double second = m->outcome == ASSAY_OUTCOME_VALUE ? again(k, m, p) : NAN;
        if (isnan(second) && m->outcome == ASSAY_OUTCOME_VALUE) {
            second = assay_run_again(m, p, mask);
        }
        if (isnan(second)) {
            continue;
        }
        run->recomputed++;
        /* plain sums are rounded */
        double slack = p->weights || m->successes < 0 ? 1e-9 : 1e-12;
        if (fabs(second - m->value) <= slack * fmax(1.0, fabs(second))) {
            continue;
        }
        run->differences++;
        const char *text =
            assay_arena_printf(run->arena,
                               "%s%s%s is %.17g in the results and %.17g when it is counted again "
                               "in another way. This "
                               "is a defect of Assay: do not use these results, and report it.",
                               m->metric, m->class_name ? " of class " : "",
                               m->class_name ? m->class_name : "", m->value, second);
        ASSAY_TRY(assay_run_add_finding(run, "self_check", 3, cell->model, cell->context,
                                        "A second computation gives another value", text, err));
    }
    return ASSAY_OK;
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

/** weights NULL = every row counts once. Rows and hits are returned in k. */
static int64_t count_again(counts *k, const assay_predictions *p, const uint8_t *mask,
                           const double *weights)
{
    int64_t rows = 0;

    k->n = k->hits = 0.0;
    for (int32_t c = 0; c < k->classes; c++) {
        k->target[c] = k->label[c] = k->hit[c] = 0.0;
    }
    for (int64_t i = p->n - 1; i >= 0; i--) {
        int32_t target = p->target[i], label = p->label[i];
        double weight = weights ? weights[i] : 1.0;
        if ((mask && !mask[i]) || target < 0 || label < 0) {
            continue;
        }
        rows++;
        k->n += weight;
        k->target[target] += weight;
        k->label[label] += weight;
        k->hit[target] += target == label ? weight : 0.0;
        k->hits += target == label ? weight : 0.0;
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
    double *all = assay_alloc((size_t)p->classes * 3 + 1, sizeof *all);
    if (!all) {
        return assay_fail_memory(err);
    }
    k.target = all;
    k.label = all + p->classes;
    k.hit = all + 2 * (size_t)p->classes;
    (void)count_again(&k, p, mask, p->weights);
    ASSAY_GOTO(compare(run, cell, &k, p, mask, err), done);
    if (whole && count_again(&k, p, NULL, NULL) == p->n) {
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
    assay_json_put_int(json, "label_shuffles", run->shuffles);
    assay_json_put_int(json, "label_shuffles_off_chance", run->shuffles_off);
    assay_json_put_int(json, "relations", run->relations);
    assay_json_put_int(json, "relations_broken", run->relations_off);
    assay_json_end_object(json);
}
