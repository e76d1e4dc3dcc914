#include "assay/evaluate.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "api/detection.h"
#include "api/evaluate_sets.h"
#include "api/fairness.h"
#include "api/intervals.h"
#include "api/run.h"
#include "api/segmentation.h"
#include "api/temperature.h"
#include "assay/version.h"
#include "base/alloc.h"
#include "base/reduce.h"
#include "base/text.h"
#include "core/units.h"

enum { MOST_METRICS = 256 };

typedef struct job {
    assay_context *context;
    const assay_evaluate_request *request;
    assay_arena *arena;
    assay_predictions *predictions;
    assay_args *metrics[MOST_METRICS];
    size_t n_metrics;
    assay_interval_choice intervals;
    int64_t *units;
    int64_t n_units;
    assay_args *group_metrics[MOST_METRICS];
    size_t n_group_metrics;
    assay_result result;
    int64_t n;
    assay_group_column *columns; /* of groups */
    int32_t n_columns;
    assay_fairness fairness; /* with groups */
    bool has_fairness;
    assay_temperature temperature; /* when asked for */
} job;

static bool is_regression(const assay_evaluate_request *r)
{
    return r->task && strcmp(r->task, "regression") == 0;
}

static bool is_multilabel(const assay_evaluate_request *r)
{
    return r->task && strcmp(r->task, "multilabel") == 0;
}

static assay_status choose_metrics(job *j, assay_error *err)
{
    static const char *const regression[] = {"mean_absolute_error",
                                             "root_mean_squared_error",
                                             "median_absolute_error",
                                             "max_error",
                                             "mean_error",
                                             "r2",
                                             NULL};
    const char *const *wanted = j->request->metrics;

    if (!wanted || !wanted[0]) {
        wanted = is_regression(j->request)   ? regression
                 : is_multilabel(j->request) ? assay_multilabel_metrics
                                             : assay_default_metrics();
    }
    for (; *wanted; wanted++) {
        if (j->n_metrics == MOST_METRICS) {
            return assay_fail(err, ASSAY_EINVAL, "over %d metrics", MOST_METRICS);
        }
        ASSAY_TRY(assay_args_parse(&j->metrics[j->n_metrics], ASSAY_OP_METRIC, *wanted, err));
        j->n_metrics++;
    }
    return assay_interval_choice_parse(&j->intervals, j->request->intervals, err);
}

/** The metrics that were asked for; of those within and between groups the default ones where none is
 *  asked for. */
static assay_status choose_group_metrics(job *j, assay_error *err)
{
    assay_task task = j->predictions->task;
    bool named = j->request->metrics && j->request->metrics[0];
    bool within = false;
    bool between = false;

    for (size_t i = 0; i < j->n_metrics; i++) {
        *(assay_compares_groups(j->metrics[i]) ? &between : &within) = named;
    }
    const char *const *lists[] = {within ? NULL : assay_fairness_within(task),
                                  between ? NULL : assay_fairness_between(task)};
    j->n_group_metrics = 0;
    for (size_t i = 0; named && i < j->n_metrics; i++) {
        ASSAY_TRY(assay_args_copy(&j->group_metrics[j->n_group_metrics], j->metrics[i], err));
        j->n_group_metrics++;
    }
    for (size_t k = 0; k < ASSAY_COUNT(lists); k++) {
        for (const char *const *name = lists[k]; name && *name; name++) {
            if (j->n_group_metrics == MOST_METRICS) {
                return assay_fail(err, ASSAY_EINVAL, "over %d metrics", MOST_METRICS);
            }
            ASSAY_TRY(assay_args_parse(&j->group_metrics[j->n_group_metrics], ASSAY_OP_METRIC,
                                       *name, err));
            j->n_group_metrics++;
        }
    }
    for (size_t i = 0; j->request->least > 0 && i < j->n_group_metrics; i++) {
        ASSAY_TRY(assay_fairness_set_least(j->group_metrics[i], j->request->least, err));
    }
    return ASSAY_OK;
}

static assay_status measure_groups(job *j, const uint8_t *mask,
                                   const assay_evaluate_options *options, assay_error *err)
{
    const assay_evaluate_request *r = j->request;
    const char *const *names = r->groups;
    assay_groups *groups = NULL;

    while (names[j->n_columns]) {
        j->n_columns++;
    }
    j->columns = assay_arena_alloc(j->arena, (size_t)j->n_columns, sizeof *j->columns);
    if (!j->columns) {
        return assay_fail_memory(err);
    }
    for (int32_t c = 0; c < j->n_columns; c++) {
        ASSAY_TRY(assay_group_column_parse(&j->columns[c], names[c], j->arena, err));
    }
    ASSAY_TRY(choose_group_metrics(j, err));
    ASSAY_TRY(assay_groups_of(&groups, j->arena, j->predictions, j->predictions->columns,
                              j->columns, j->n_columns, r->positive, err));
    const assay_fairness_options wanted = {.least = r->least};
    ASSAY_TRY(assay_fairness_evaluate(&j->fairness, j->arena, j->predictions, mask, groups,
                                      (const assay_args *const *)j->group_metrics,
                                      j->n_group_metrics, &wanted, options, err));
    j->has_fairness = true;
    return ASSAY_OK;
}

static assay_fairness_place place_of(const job *j)
{
    return (assay_fairness_place){.context = j->request->where ? j->request->where : "all",
                                  .positive = j->request->positive,
                                  .columns = j->columns,
                                  .n_columns = j->n_columns,
                                  .level = j->request->level > 0.0 ? j->request->level : 0.95};
}

static assay_status measure(job *j, assay_error *err)
{
    const assay_evaluate_request *r = j->request;
    const assay_predictions *p = j->predictions;
    assay_evaluate_options options = {.level = r->level > 0.0 ? r->level : 0.95,
                                      .replicates = r->replicates,
                                      .seed = r->seed ? r->seed : 1,
                                      .threads = j->context->threads,
                                      .cancel = &j->context->cancel};
    const assay_args *whole[MOST_METRICS];
    size_t n_whole = 0;
    bool grouped = r->groups && r->groups[0];
    uint8_t *mask = NULL;
    assay_status status = ASSAY_OK;

    assay_interval_choice_apply(&options, &j->intervals);
    if (r->cluster) {
        ASSAY_TRY(assay_units_make(&j->units, &j->n_units, j->arena, p->columns, p->ids, r->cluster,
                                   "--cluster", r->predictions, err));
        options.units = j->units;
    }
    j->n = p->n;
    if (r->where) {
        mask = assay_alloc((size_t)p->n + 1, 1);
        if (!mask) {
            return assay_fail_memory(err);
        }
        if (p->task != ASSAY_TASK_CLASSIFICATION) {
            ASSAY_GOTO(assay_duckdb_select(mask, p->columns, r->where, err), done);
        } else {
            ASSAY_GOTO(assay_duckdb_select_predictions(mask, p, r->where, err), done);
        }
        j->n = 0;
        for (int64_t i = 0; i < p->n; i++) {
            j->n += mask[i] != 0;
        }
    }
    for (size_t i = 0; i < j->n_metrics; i++) {
        if (!grouped || !assay_compares_groups(j->metrics[i])) {
            whole[n_whole++] = j->metrics[i];
        }
    }
    ASSAY_GOTO(assay_evaluate(&j->result, p, mask, whole, n_whole, &options, err), done);
    if (r->temperature) {
        ASSAY_GOTO(assay_temperature_measure(&j->temperature, j->arena, p, mask, &options, err),
                   done);
    }
    if (grouped) {
        ASSAY_GOTO(measure_groups(j, mask, &options, err), done);
    }
done:
    assay_free(mask);
    return status;
}

static void put_measures(assay_json *json, const job *j, const char *context)
{
    assay_json_key(json, "measures");
    assay_json_begin_array(json);
    for (int64_t i = 0; i < j->result.n_measures; i++) {
        assay_json_begin_object(json);
        assay_json_put_text(json, "context", context);
        assay_measure_json(json, &j->result.measures[i]);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
    assay_json_key(json, "curves");
    assay_json_begin_array(json);
    for (int64_t i = 0; i < j->result.n_curves; i++) {
        assay_json_begin_object(json);
        assay_json_put_text(json, "context", context);
        assay_curve_json(json, &j->result.curves[i]);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

typedef struct weights_totals {
    double sum;
    double effective; /* Kish */
} weights_totals;

static weights_totals total_weights(const assay_predictions *p)
{
    assay_sum sum = {0};
    assay_sum squares = {0};
    for (int64_t i = 0; i < p->n; i++) {
        assay_sum_add(&sum, p->weights[i]);
        assay_sum_add(&squares, p->weights[i] * p->weights[i]);
    }
    double total = assay_sum_value(&sum);
    return (weights_totals){total, total * (total / assay_sum_value(&squares))};
}

/* What was asked for beside the measures, and what `assay run` alone has. */
static void put_diagnostics(assay_json *json, const job *j)
{
    if (j->request->temperature) {
        assay_temperature_json(json, &j->temperature);
    }
    if (j->has_fairness) {
        const assay_fairness_place place = place_of(j);
        assay_json_key(json, "fairness");
        assay_json_begin_array(json);
        assay_fairness_json(json, &j->fairness, &place);
        assay_json_end_array(json);
    }
    assay_json_key(json, "verdicts");
    assay_json_raw(json, "[]");
    assay_json_key(json, "findings");
    assay_json_raw(json, "[]");
}

static assay_status to_json(char **out, const job *j, assay_error *err)
{
    const assay_evaluate_request *r = j->request;
    const assay_predictions *p = j->predictions;
    const assay_args *used[2 * MOST_METRICS + 2];
    int32_t n = 0;
    assay_buffer text;
    assay_json json;

    assay_buffer_init(&text, 0);
    assay_json_init(&json, &text, 1);
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "assay", ASSAY_VERSION);
    assay_json_put_int(&json, "schema", 1);
    assay_json_key(&json, "run");
    assay_json_begin_object(&json);
    assay_json_put_int(&json, "seed", (int64_t)(r->seed ? r->seed : 1));
    assay_json_put_real(&json, "level", r->level > 0.0 ? r->level : 0.95);
    assay_json_put_text(&json, "task", r->task);
    if (r->cluster) {
        assay_json_put_text(&json, "cluster", r->cluster);
        assay_json_put_int(&json, "clusters", j->n_units);
    }
    assay_json_put_text(&json, "estimand",
                        assay_estimand(r->cluster, p->weights, j->intervals.proportion));
    assay_json_end_object(&json);
    assay_json_key(&json, "data");
    assay_json_begin_array(&json);
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "path", r->predictions);
    assay_json_put_text(&json, "digest", p->digest);
    assay_json_put_int(&json, "n", p->n);
    assay_json_put_int(&json, "skipped_rows", p->skipped);
    if (p->weights) {
        weights_totals totals = total_weights(p);
        assay_json_put_text(&json, "weights", r->weights);
        assay_json_put_real(&json, "weight", totals.sum);
        assay_json_put_real(&json, "n_effective", totals.effective);
    }
    if (p->task != ASSAY_TASK_REGRESSION) {
        assay_json_key(&json, "classes");
        assay_json_begin_array(&json);
        for (int32_t k = 0; k < p->classes; k++) {
            assay_json_text(&json, p->class_names[k]);
        }
        assay_json_end_array(&json);
    }
    assay_json_end_object(&json);
    assay_json_end_array(&json);
    assay_json_key(&json, "contexts");
    assay_json_begin_array(&json);
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "name", r->where ? r->where : "all");
    assay_json_put_text(&json, "kind", r->where ? "slice" : "dataset");
    if (r->where) {
        assay_json_put_text(&json, "where", r->where);
    }
    assay_json_put_int(&json, "n", j->n);
    assay_json_end_object(&json);
    assay_json_end_array(&json);
    put_measures(&json, j, r->where ? r->where : "all");
    put_diagnostics(&json, j);
    for (size_t i = 0; i < j->n_metrics; i++) {
        used[n++] = j->metrics[i];
    }
    used[n++] = j->intervals.proportion;
    used[n++] = j->intervals.replicate;
    for (size_t i = 0; i < j->n_group_metrics; i++) {
        used[n++] = j->group_metrics[i];
    }
    assay_results_provenance(&json, used, n, NULL, NULL);
    assay_json_end_object(&json);
    assay_buffer_putc(&text, '\n');
    return assay_text_take(out, &text, err);
}

/** Six decimals are plenty for reading; the JSON has every digit. */
static void put_number(assay_buffer *out, double value, int width)
{
    char text[32] = "";

    if (fabs(value) >= 1e8) { /* would run into the next column */
        (void)snprintf(text, sizeof text, "%.4g", value);
    } else if (!isnan(value)) {
        assay_format_real(text, round(value * 1e6) / 1e6);
    }
    assay_buffer_printf(out, "%*s", width, isnan(value) ? "-" : text);
}

static assay_status to_table(char **out, const job *j, assay_error *err)
{
    const assay_predictions *p = j->predictions;
    const char *caution = NULL, *doubt = NULL; /* of the first measures that have one */
    assay_buffer text;

    assay_buffer_init(&text, 0);
    assay_buffer_printf(&text, "%s: %" PRId64 " rows", j->request->predictions, p->n);
    if (j->request->where) {
        assay_buffer_printf(&text, ", %" PRId64 " where %s", j->n, j->request->where);
    }
    if (p->task != ASSAY_TASK_REGRESSION) {
        assay_buffer_printf(&text, ", %d classes", p->classes);
    }
    if (p->skipped > 0) {
        assay_buffer_printf(&text, ", %" PRId64 " bad rows left out", p->skipped);
    }
    if (p->weights) {
        weights_totals totals = total_weights(p);
        assay_buffer_printf(&text,
                            ", weighted by %s: total weight %.6g, as good as %.1f equal rows",
                            j->request->weights, totals.sum, totals.effective);
    }
    assay_buffer_printf(&text, "\n\n%-34s %-18s %10s %10s %10s %10s  %s\n", "metric", "class",
                        "value", "low", "high", "n", "interval");
    for (int64_t i = 0; i < j->result.n_measures; i++) {
        const assay_measure *m = &j->result.measures[i];
        char name[96];
        char which[64];
        assay_text_printable(name, sizeof name, m->metric);
        assay_text_printable(which, sizeof which,
                             m->class_name ? m->class_name
                             : m->average  ? m->average
                                           : "");
        assay_buffer_printf(&text, "%-34s %-18s ", name, which);
        if (m->outcome == ASSAY_OUTCOME_UNDEFINED) {
            assay_buffer_printf(&text, "%10s  %s\n", "undefined", m->reason ? m->reason : "");
            continue;
        }
        put_number(&text, m->value, 10);
        put_number(&text, m->low, 11);
        put_number(&text, m->high, 11);
        assay_buffer_printf(&text, " %10" PRId64 "  %s%s\n", m->n, m->method ? m->method : "",
                            assay_measure_excludes(m)  ? "; (!) without the value"
                            : assay_measure_caution(m) ? "; (!) see below"
                                                       : "");
        caution = caution ? caution : assay_measure_excludes(m);
        doubt = doubt || assay_measure_excludes(m) ? doubt : assay_measure_caution(m);
    }
    for (int i = 0; i < 2; i++) {
        const char *note = i == 0 ? caution : doubt;
        if (note) {
            assay_buffer_printf(&text, "\n(!) %s.\n", note);
        }
    }
    if (j->request->temperature) {
        assay_temperature_table(&text, &j->temperature);
    }
    if (j->has_fairness) {
        const assay_fairness_place place = place_of(j);
        assay_fairness_table(&text, &j->fairness, &place);
    }
    double level = j->request->level > 0.0 ? j->request->level : 0.95;
    assay_buffer_printf(&text,
                        "\nlow and high: %g %% interval, two-sided. --json FILE gives curves "
                        "(confusion, reliability, risk) too.\n%s\n",
                        100.0 * level,
                        assay_estimand(j->request->cluster, p->weights, j->intervals.proportion));
    return assay_text_take(out, &text, err);
}

static bool is_detection(const assay_evaluate_request *r)
{
    return r->task && strcmp(r->task, "detection") == 0;
}

static bool is_segmentation(const assay_evaluate_request *r)
{
    return r->task && strcmp(r->task, "segmentation") == 0;
}

/* Programs that were built before the fields at the end existed give a shorter structure. */
static assay_status complete(assay_evaluate_request *out, const assay_evaluate_request *r,
                             assay_error *err)
{
    memset(out, 0, sizeof *out);
    if (r->struct_size > sizeof *r || r->struct_size < offsetof(assay_evaluate_request, truth) ||
        r->struct_size % sizeof(void *) != 0) {
        return assay_fail(err, ASSAY_EINVAL, "assay_evaluate_request has an unknown size");
    }
    memcpy(out, r, r->struct_size);
    out->struct_size = sizeof *out;
    return ASSAY_OK;
}

static assay_status check_request(const assay_evaluate_request *r, assay_error *err)
{
    if (!r->predictions) {
        return assay_fail(err, ASSAY_EINVAL,
                          "assay_evaluate_request is incomplete: no predictions");
    }
    if (r->task && strcmp(r->task, "classification") != 0 && !is_regression(r) &&
        !is_multilabel(r) && !is_detection(r) && !is_segmentation(r)) {
        return assay_fail(
            err, ASSAY_EINVAL,
            "task is '%s', expected classification, multilabel, regression, detection "
            "or segmentation",
            r->task);
    }
    if ((is_detection(r) || is_segmentation(r)) && r->intervals && r->intervals[0]) {
        return assay_fail(err, ASSAY_EINVAL, "interval is for classification and regression");
    }
    if (r->ignore && !is_segmentation(r)) {
        return assay_fail(err, ASSAY_EINVAL, "ignore belongs to the task segmentation");
    }
    if (!is_detection(r) && !is_segmentation(r)) {
        ASSAY_TRY(assay_evaluate_no_detection(r, err));
    }
    if (!is_multilabel(r) && r->threshold) {
        return assay_fail(err, ASSAY_EINVAL, "threshold belongs to the task multilabel");
    }
    if (is_detection(r) && r->weights) {
        return assay_fail(err, ASSAY_EINVAL, "weights do not belong to the task detection");
    }
    if (r->temperature && (is_detection(r) || is_segmentation(r) || is_regression(r))) {
        return assay_fail(err, ASSAY_EINVAL, "temperature scaling belongs to classification");
    }
    bool grouped = r->groups && r->groups[0];
    if ((is_detection(r) || is_segmentation(r)) && grouped) {
        return assay_fail(err, ASSAY_EINVAL, "groups belong to classification and regression");
    }
    if (!grouped && (r->positive || r->least != 0)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "positive and least belong to groups, and none are given");
    }
    if (r->least < 0) {
        return assay_fail(err, ASSAY_EINVAL, "least must be 1 or more");
    }
    if (is_regression(r) && ((r->scores && r->scores[0]) || (r->classes && r->classes[0]))) {
        return assay_fail(err, ASSAY_EINVAL,
                          "scores and classes belong to classification, the task is regression");
    }
    if (r->score_kind && (is_detection(r) || is_segmentation(r) || is_regression(r))) {
        return assay_fail(err, ASSAY_EINVAL, "score_kind belongs to classification");
    }
    if (r->level != 0.0 && !(r->level >= 0.5 && r->level <= 0.999999)) {
        return assay_fail(err, ASSAY_EINVAL, "level must lie between 0.5 and 0.999999");
    }
    if (r->replicates < -1 || (r->replicates > 0 && r->replicates < 100) ||
        r->replicates > 1000000) {
        return assay_fail(err, ASSAY_EINVAL,
                          "replicates must be 100 to 1000000, or -1 for no bootstrap");
    }
    return ASSAY_OK;
}

static assay_status read_predictions(job *j, assay_error *err)
{
    const assay_evaluate_request *r = j->request;
    assay_predictions_columns columns = {.id = r->id,
                                         .target = r->target,
                                         .label = r->label,
                                         .scores = r->scores,
                                         .classes = r->classes,
                                         .skip_bad = r->skip_bad,
                                         .threads = j->context->threads};
    const assay_values_columns values = {
        .id = r->id, .target = r->target, .value = r->label, .skip_bad = r->skip_bad};

    ASSAY_TRY(assay_score_kind_find(&columns.score_kind, r->score_kind, err));
    ASSAY_TRY(is_multilabel(r) ? assay_evaluate_read_sets(&j->predictions, r, j->arena, err)
              : is_regression(r)
                  ? assay_duckdb_read_values(&j->predictions, r->predictions, &values, err)
                  : assay_duckdb_read_predictions(&j->predictions, r->predictions, &columns, err));
    return r->weights ? assay_predictions_weigh(j->predictions, r->weights, r->predictions,
                                                r->skip_bad, err)
                      : ASSAY_OK;
}

assay_status assay_evaluate_file(char **json, char **table, assay_context *context,
                                 const assay_evaluate_request *request, assay_error *err)
{
    assay_evaluate_request whole;
    job j = {.context = context, .request = &whole};
    assay_status status = ASSAY_OK;

    if (json) {
        *json = NULL;
    }
    if (table) {
        *table = NULL;
    }
    ASSAY_TRY(complete(&whole, request, err));
    ASSAY_TRY(check_request(&whole, err));
    if (is_detection(&whole)) {
        return assay_evaluate_detection(json, table, context, &whole, err);
    }
    if (is_segmentation(&whole)) {
        return assay_evaluate_segmentation(json, table, context, &whole, err);
    }
    ASSAY_GOTO(assay_arena_new(&j.arena, (size_t)16 << 30, err), done);
    assay_result_init(&j.result, j.arena);
    ASSAY_GOTO(choose_metrics(&j, err), done);
    ASSAY_GOTO(read_predictions(&j, err), done);
    ASSAY_GOTO(measure(&j, err), done);
    if (json) {
        ASSAY_GOTO(to_json(json, &j, err), done);
    }
    if (table) {
        ASSAY_GOTO(to_table(table, &j, err), done);
    }
done:
    for (size_t i = 0; i < j.n_metrics; i++) {
        assay_args_free(j.metrics[i]);
    }
    assay_interval_choice_free(&j.intervals);
    for (size_t i = 0; i < j.n_group_metrics; i++) {
        assay_args_free(j.group_metrics[i]);
    }
    assay_predictions_free(j.predictions);
    assay_arena_free(j.arena);
    return status;
}
