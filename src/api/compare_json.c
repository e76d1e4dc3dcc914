/* The comparison as JSON: the whole document of `assay compare`, and the parts that results.json of
 * a run has too. */
#include <math.h>
#include <string.h>

#include "api/compare.h"
#include "api/run.h"
#include "assay/version.h"

static const char *winner_name(const assay_difference *d, double level)
{
    int winner = assay_difference_winner(d, 1.0 - level);

    return winner > 0 ? "b" : winner < 0 ? "a" : "not_shown";
}

static void put_flip_counts(assay_json *json, const assay_difference *d)
{
    assay_json_key(json, "flips");
    assay_json_begin_object(json);
    assay_json_put_int(json, "both_right", d->flips.both);
    assay_json_put_int(json, "only_a_right", d->flips.only_a);
    assay_json_put_int(json, "only_b_right", d->flips.only_b);
    assay_json_put_int(json, "both_wrong", d->flips.neither);
    assay_json_end_object(json);
}

static void put_effect(assay_json *json, const assay_difference *d)
{
    double a = d->in_a->value;

    assay_json_key(json, "effect");
    assay_json_begin_object(json);
    assay_json_put_real(json, "relative", a != 0.0 ? d->difference / fabs(a) : NAN);
    assay_json_put_real(json, "probability_b_better", d->probability_better);
    if (d->has_flips) {
        assay_json_put_real(json, "cohens_h", d->cohens_h);
        assay_json_put_real(json, "odds_ratio", isfinite(d->odds_ratio) ? d->odds_ratio : NAN);
    }
    assay_json_end_object(json);
}

static void put_noninferiority(assay_json *json, const assay_difference *d, double level,
                               double margin)
{
    int judged = assay_difference_noninferior(d, margin);

    assay_json_key(json, "noninferiority");
    assay_json_begin_object(json);
    assay_json_put_real(json, "margin", margin);
    assay_json_put_real(json, "confidence", level);
    assay_json_put_real(json, "bound_low", d->bound_low);
    assay_json_put_real(json, "bound_high", d->bound_high);
    assay_json_put_text(json, "verdict",
                        judged > 0   ? "not_worse"
                        : judged < 0 ? "worse"
                                     : "undecided");
    assay_json_end_object(json);
}

int assay_difference_equivalent(const assay_difference *d, double margin, double level)
{
    assay_closeness closeness;
    if (d->outcome != ASSAY_OUTCOME_VALUE ||
        assay_difference_closeness(&closeness, d, margin, NULL) != ASSAY_OK) {
        return 0;
    }
    if (closeness.p_equivalent <= 1.0 - level) {
        return 1;
    }
    return d->bound_low >= margin || d->bound_high <= -margin ? -1 : 0;
}

static void put_closeness(assay_json *json, const assay_difference *d, double level,
                          const assay_compare_margins *margins)
{
    assay_closeness c;

    if (!isnan(margins->equivalence) &&
        assay_difference_closeness(&c, d, margins->equivalence, NULL) == ASSAY_OK) {
        int judged = assay_difference_equivalent(d, margins->equivalence, level);
        assay_json_key(json, "equivalence");
        assay_json_begin_object(json);
        assay_json_put_real(json, "margin", margins->equivalence);
        assay_json_put_real(json, "p", c.p_equivalent);
        assay_json_put_real(json, "bound_low", d->bound_low);
        assay_json_put_real(json, "bound_high", d->bound_high);
        assay_json_put_text(json, "test", c.test);
        assay_json_put_text(json, "verdict",
                            judged > 0   ? "equivalent"
                            : judged < 0 ? "different"
                                         : "undecided");
        assay_json_end_object(json);
    }
    if (!isnan(margins->rope) &&
        assay_difference_closeness(&c, d, margins->rope, NULL) == ASSAY_OK) {
        assay_json_key(json, "posterior");
        assay_json_begin_object(json);
        assay_json_put_real(json, "rope", margins->rope);
        assay_json_put_real(json, "b_worse", c.worse);
        assay_json_put_real(json, "equivalent", c.close);
        assay_json_put_real(json, "b_better", c.better);
        assay_json_put_text(json, "method", c.posterior);
        assay_json_end_object(json);
    }
}

static void put_side(assay_json *json, const char *key, const assay_measure *measure)
{
    bool valued = measure->outcome != ASSAY_OUTCOME_UNDEFINED;

    assay_json_key(json, key);
    assay_json_begin_object(json);
    assay_json_put_real(json, "value", valued ? measure->value : NAN);
    assay_json_put_real(json, "low", valued ? measure->low : NAN);
    assay_json_put_real(json, "high", valued ? measure->high : NAN);
    assay_json_put_text(json, "method", measure->method);
    assay_json_end_object(json);
}

static void put_difference(assay_json *json, const assay_difference *d, const char *const *models,
                           const char *const *contexts, double level,
                           const assay_compare_margins *margins)
{
    const assay_measure *a = d->in_a;
    bool valued = d->outcome == ASSAY_OUTCOME_VALUE;

    assay_json_begin_object(json);
    assay_json_put_text(json, "a", models[d->a]);
    assay_json_put_text(json, "b", models[d->b]);
    assay_json_put_text(json, "context", contexts[d->context]);
    assay_json_put_text(json, "metric", a->metric);
    if (a->params) {
        assay_json_key(json, "params");
        assay_json_raw(json, a->params);
    }
    if (a->average) {
        assay_json_put_text(json, "average", a->average);
    }
    if (a->class_name) {
        assay_json_put_text(json, "class", a->class_name);
    }
    if (a->unit && a->unit[0]) {
        assay_json_put_text(json, "unit", a->unit);
    }
    assay_json_put_text(json, "direction",
                        d->op->direction == ASSAY_HIGHER_IS_BETTER  ? "higher_is_better"
                        : d->op->direction == ASSAY_LOWER_IS_BETTER ? "lower_is_better"
                                                                    : "none");
    put_side(json, "in_a", a);
    put_side(json, "in_b", d->in_b);
    assay_json_put_real(json, "difference", d->difference);
    assay_json_put_real(json, "low", d->low);
    assay_json_put_real(json, "high", d->high);
    assay_json_put_real(json, "level", level);
    assay_json_put_int(json, "n", d->n);
    if (a->weighted) {
        assay_json_put_real(json, "n_effective", a->effective);
    }
    assay_json_put_text(json, "method", d->method);
    assay_json_put_real(json, "p", d->p);
    assay_json_put_real(json, "p_adjusted", d->p_adjusted);
    if (margins->adjustment) {
        assay_json_put_text(json, "adjustment", margins->adjustment);
    }
    assay_json_put_text(json, "test", d->test);
    assay_json_put_text(json, "better", winner_name(d, level));
    assay_json_put_text(json, "outcome", assay_outcome_name(d->outcome));
    if (d->reason) {
        assay_json_put_text(json, "reason", d->reason);
    }
    if (valued) {
        put_effect(json, d);
    }
    if (d->has_flips) {
        put_flip_counts(json, d);
    }
    if (!isnan(margins->noninferiority) && valued) {
        put_noninferiority(json, d, level, margins->noninferiority);
    }
    if (valued) {
        put_closeness(json, d, level, margins);
    }
    assay_json_end_object(json);
}

static void put_ranks(assay_json *json, const assay_omnibus *o, const char *const *models)
{
    assay_json_put_real(json, "p_iman_davenport", o->iman_davenport);
    assay_json_key(json, "mean_ranks");
    assay_json_begin_array(json);
    for (int32_t k = 0; k < o->n_models; k++) {
        assay_json_begin_object(json);
        assay_json_put_text(json, "model", models[k]);
        assay_json_put_real(json, "rank", o->mean_ranks[k]);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
    assay_json_put_real(json, "critical_difference", o->critical);
    assay_json_key(json, "nemenyi");
    assay_json_begin_array(json);
    for (int32_t a = 0; a < o->n_models; a++) {
        for (int32_t b = a + 1; b < o->n_models; b++) {
            assay_json_begin_object(json);
            assay_json_put_text(json, "a", models[a]);
            assay_json_put_text(json, "b", models[b]);
            assay_json_put_real(json, "p", o->nemenyi[a * o->n_models + b]);
            assay_json_end_object(json);
        }
    }
    assay_json_end_array(json);
}

static void put_omnibus(assay_json *json, const assay_omnibus *o, const char *const *models,
                        const char *const *contexts)
{
    assay_json_begin_object(json);
    assay_json_put_text(json, "context", contexts[o->context]);
    assay_json_put_text(json, "metric", o->metric);
    if (o->average) {
        assay_json_put_text(json, "average", o->average);
    }
    assay_json_put_text(json, "test", o->test);
    assay_json_put_real(json, "statistic", o->statistic);
    assay_json_put_real(json, "df", o->df);
    assay_json_put_real(json, "p", o->p);
    assay_json_put_int(json, "n", o->n);
    if (o->mean_ranks) {
        put_ranks(json, o, models);
    }
    assay_json_end_object(json);
}

void assay_comparison_json(assay_json *json, const assay_comparison *comparison,
                           const char *const *models, const char *const *contexts, double level,
                           const assay_compare_margins *margins)
{
    assay_json_key(json, "comparisons");
    assay_json_begin_array(json);
    for (int64_t i = 0; i < comparison->n_differences; i++) {
        put_difference(json, &comparison->differences[i], models, contexts, level, margins);
    }
    assay_json_end_array(json);
    assay_json_key(json, "omnibus");
    assay_json_begin_array(json);
    for (int64_t i = 0; i < comparison->n_omnibus; i++) {
        put_omnibus(json, &comparison->omnibus[i], models, contexts);
    }
    assay_json_end_array(json);
}

/* ---- the document of `assay compare` ---- */

const char assay_compare_weights_note[] =
    "McNemar's, Cochran's and DeLong's tests take every row for as much as every other one; with "
    "weights "
    "the permutation test (clusters and right rows: cluster-robust t) stands in for them";

static void put_run(assay_json *json, const assay_compare_job *job)
{
    const assay_compare_request *r = job->request;

    assay_json_put_text(json, "assay", ASSAY_VERSION);
    assay_json_put_int(json, "schema", 1);
    assay_json_key(json, "run");
    assay_json_begin_object(json);
    assay_json_put_int(json, "seed", (int64_t)(r->seed ? r->seed : 1));
    assay_json_put_real(json, "level", job->level);
    assay_json_put_int(json, "replicates", r->replicates ? r->replicates : 1000);
    assay_json_put_int(json, "permutations", job->permutations);
    assay_json_put_text(json, "adjust", assay_adjustment_name(job->adjust));
    assay_json_put_text(json, "family", "all pairs of models, metrics and contexts of this file");
    assay_json_put_text(json, "matched_by", job->alignment.by_id ? "id" : "order");
    assay_json_put_int(json, "left_out", job->alignment.left_out);
    assay_json_put_int(json, "only_in_later_files", job->alignment.extra);
    if (r->cluster) {
        assay_json_put_text(json, "cluster", r->cluster);
        assay_json_put_int(json, "clusters", job->n_units);
    }
    if (r->weights) {
        assay_json_put_text(json, "weights", r->weights);
        assay_json_put_text(json, "left_out_tests", assay_compare_weights_note);
    }
    assay_json_put_text(json, "estimand", assay_estimand(r->cluster, r->weights, NULL));
    assay_json_end_object(json);
    assay_json_key(json, "models");
    assay_json_begin_array(json);
    for (int32_t k = 0; k < job->n_models; k++) {
        assay_json_begin_object(json);
        assay_json_put_text(json, "name", job->names[k]);
        assay_json_put_text(json, "kind", "predictions");
        assay_json_put_text(json, "path", r->files[k]);
        assay_json_put_text(json, "digest", job->models[k]->digest);
        assay_json_put_int(json, "n", job->read[k]);
        assay_json_put_int(json, "skipped_rows", job->models[k]->skipped);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

static void put_contexts(assay_json *json, const assay_compare_job *job)
{
    assay_json_key(json, "contexts");
    assay_json_begin_array(json);
    for (int64_t c = 0; c < job->n_contexts; c++) {
        const assay_compare_context *context = &job->contexts[c];
        assay_json_begin_object(json);
        assay_json_put_text(json, "name", context->name);
        assay_json_put_text(json, "kind", context->where || context->group ? "slice" : "dataset");
        if (context->where) {
            assay_json_put_text(json, "where", context->where);
        }
        assay_json_put_int(json, "n", context->n);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
    assay_json_key(json, "measures");
    assay_json_begin_array(json);
    for (int64_t c = 0; c < job->n_contexts; c++) {
        for (int32_t k = 0; k < job->n_models; k++) {
            const assay_result *result = &job->contexts[c].results[k];
            for (int64_t m = 0; m < result->n_measures; m++) {
                assay_json_begin_object(json);
                assay_json_put_text(json, "model", job->names[k]);
                assay_json_put_text(json, "context", job->contexts[c].name);
                assay_measure_json(json, &result->measures[m]);
                assay_json_end_object(json);
            }
        }
    }
    assay_json_end_array(json);
}

static void put_flip_list(assay_json *json, const assay_compare_job *job, int32_t a, int32_t b)
{
    const assay_predictions *first = job->models[0];
    const assay_predictions *in_a = job->models[a], *in_b = job->models[b];

    for (int64_t i = 0; i < first->n; i++) {
        bool right_a = in_a->label[i] == in_a->target[i];
        bool right_b = in_b->label[i] == in_b->target[i];
        if (!job->contexts[0].mask[i] || right_a == right_b) {
            continue;
        }
        assay_json_begin_object(json);
        assay_json_put_text(json, "a", job->names[a]);
        assay_json_put_text(json, "b", job->names[b]);
        if (first->ids) {
            assay_json_put_text(json, "id", first->ids[i]);
        }
        assay_json_put_int(json, "row", assay_predictions_row(first, i));
        if (first->weights) {
            assay_json_put_real(json, "weight", first->weights[i]);
        }
        assay_json_put_text(json, "target", first->class_names[first->target[i]]);
        assay_json_put_text(json, "label_a", first->class_names[in_a->label[i]]);
        assay_json_put_text(json, "label_b", first->class_names[in_b->label[i]]);
        assay_json_put_text(json, "right", right_a ? "a" : "b");
        assay_json_end_object(json);
    }
}

assay_status assay_compare_json(char **out, const assay_compare_job *job, assay_error *err)
{
    const assay_args *used[ASSAY_COMPARE_METRICS + 2];
    const char **contexts =
        assay_arena_alloc(job->arena, (size_t)job->n_contexts, sizeof *contexts);
    int32_t n = 0;
    assay_buffer text;
    assay_json json;

    if (!contexts) {
        return assay_fail_memory(err);
    }
    for (int64_t c = 0; c < job->n_contexts; c++) {
        contexts[c] = job->contexts[c].name;
    }
    assay_buffer_init(&text, 0);
    assay_json_init(&json, &text, 1);
    assay_json_begin_object(&json);
    put_run(&json, job);
    put_contexts(&json, job);
    assay_comparison_json(&json, &job->comparison, job->names, contexts, job->level, &job->margins);
    assay_json_key(&json, "flip_list");
    assay_json_begin_array(&json);
    for (int32_t a = 0; a < job->n_models; a++) {
        for (int32_t b = a + 1; b < job->n_models; b++) {
            put_flip_list(&json, job, a, b);
        }
    }
    assay_json_end_array(&json);
    for (size_t i = 0; i < job->n_metrics; i++) {
        used[n++] = job->metrics[i];
    }
    used[n++] = job->intervals.proportion;
    used[n++] = job->intervals.replicate;
    assay_results_provenance(&json, used, n, NULL, NULL);
    assay_json_end_object(&json);
    assay_buffer_putc(&text, '\n');
    return assay_text_take(out, &text, err);
}
