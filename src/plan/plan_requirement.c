#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_write.h"
#include "base/text.h"
#include "core/interval.h"
#include "core/metric.h"
#include "core/perturbation.h"
#include "plan/plan_read.h"

static assay_status set_param(assay_args *args, int32_t *severity, const char *name,
                              const assay_yaml *value, const assay_plan_reader *r, assay_error *err)
{
    assay_error inner = {0};
    char real[32];
    const char *text = value->text;

    ASSAY_TRY(assay_yaml_expect(value, ASSAY_YAML_SCALAR, name, r->path, err));
    if (severity && strcmp(name, "severity") == 0) {
        int64_t level = 0;
        if (!assay_text_to_i64(&level, text) || level < 1 || level > 5) {
            return assay_yaml_fail(r->path, value, err, "severity is '%s', expected 1 to 5", text);
        }
        *severity = (int32_t)level;
        name = args->op->perturbation->severity_param;
        assay_format_real(real, args->op->perturbation->severities[level - 1]);
        text = real;
    }
    if (assay_args_set(args, name, text, &inner) != ASSAY_OK) {
        return assay_yaml_fail(r->path, value, err, "%s", inner.message);
    }
    return ASSAY_OK;
}

assay_status assay_plan_read_op(assay_args **out, int32_t *severity, const assay_yaml *node,
                                assay_op_kind kind, const assay_plan_reader *r, assay_error *err)
{
    const assay_op *op = NULL;
    const assay_yaml *params = NULL;
    const char *name = node->text;
    assay_error inner = {0};
    assay_status status = ASSAY_OK;

    *out = NULL;
    if (node->kind == ASSAY_YAML_MAP && node->n == 1) {
        name = node->keys[0];
        params = node->values[0];
    } else if (node->kind != ASSAY_YAML_SCALAR) {
        return assay_yaml_fail(
            r->path, node, err,
            "a %s is a name, or one name with its parameters: 'name: {parameter: "
            "value}'",
            assay_op_kind_name(kind));
    }
    if (assay_registry_get(&op, r->registry, kind, name, &inner) != ASSAY_OK) {
        return assay_yaml_fail(r->path, node, err, "%s", inner.message);
    }
    assay_args *args = NULL;
    ASSAY_GOTO(assay_args_new(&args, op, err), done);
    if (params) {
        ASSAY_GOTO(assay_yaml_expect(params, ASSAY_YAML_MAP, name, r->path, err), done);
    }
    for (int32_t i = 0; params && i < params->n; i++) {
        ASSAY_GOTO(set_param(args, severity, params->keys[i], params->values[i], r, err), done);
    }
    *out = args;
    args = NULL;
done:
    assay_args_free(args);
    return status;
}

assay_status assay_plan_add_metric(int32_t *index, assay_plan_reader *r, assay_args *args,
                                   assay_error *err)
{
    assay_plan *plan = r->plan;

    if (args->op->task != plan->task) {
        assay_status status = assay_fail(
            err, ASSAY_EINVAL, "%s: metric %s is for %s, but this plan tests %s (`task`)", r->path,
            args->op->name, assay_task_name(args->op->task), assay_task_name(plan->task));
        assay_args_free(args);
        return status;
    }
    if ((args->op->needs & ASSAY_NEEDS_GROUPS) != 0 && plan->n_groups == 0) {
        assay_status status =
            assay_fail(err, ASSAY_EINVAL,
                       "%s: metric %s compares groups, but the plan has no 'groups', e.g. groups: "
                       "{by_sex: {columns: [sex]}}",
                       r->path, args->op->name);
        assay_args_free(args);
        return status;
    }
    for (int32_t i = 0; i < plan->n_metrics; i++) {
        if (assay_args_same(plan->metrics[i], args)) {
            assay_args_free(args);
            *index = i;
            return ASSAY_OK;
        }
    }
    if (plan->n_metrics >= ASSAY_PLAN_METRICS) {
        assay_args_free(args);
        return assay_fail(err, ASSAY_ELIMIT, "%s: over %d metrics", r->path, ASSAY_PLAN_METRICS);
    }
    *index = plan->n_metrics;
    plan->metrics[plan->n_metrics++] = args;
    return ASSAY_OK;
}

const char *const *assay_default_metrics(void)
{
    static const char *const names[] = {"accuracy",
                                        "balanced_accuracy",
                                        "precision",
                                        "recall",
                                        "f1",
                                        "log_loss",
                                        "expected_calibration_error",
                                        "confusion_matrix",
                                        "reliability",
                                        "risk_coverage",
                                        NULL};

    return names;
}

static const char *const coco_metrics[] = {"coco_average_precision", "coco_average_recall", NULL};
static const char *const detection_metrics[] = {"detection_average_precision",
                                                "detection_average_recall", NULL};

static const char *const segmentation_metrics[] = {"mean_iou",
                                                   "mean_dice",
                                                   "pixel_accuracy",
                                                   "mean_class_accuracy",
                                                   "weighted_iou",
                                                   "boundary_iou",
                                                   "boundary_f",
                                                   "mean_image_iou",
                                                   "iou",
                                                   "dice",
                                                   "class_accuracy",
                                                   "class_precision",
                                                   NULL};

static const char *const *usual_metrics(const assay_plan *plan)
{
    return plan->task == ASSAY_TASK_SEGMENTATION ? segmentation_metrics
           : plan->task != ASSAY_TASK_DETECTION  ? assay_default_metrics()
           : plan->detection.usual               ? coco_metrics
                                                 : detection_metrics;
}

static assay_status read_interval(assay_args **out, const assay_plan_reader *r,
                                  const assay_yaml *map, const char *key, const char *otherwise,
                                  assay_error *err)
{
    const assay_yaml *node = assay_yaml_get(map, key);
    const assay_op *op = NULL;

    if (node) {
        return assay_plan_read_op(out, NULL, node, ASSAY_OP_INTERVAL, r, err);
    }
    if (!otherwise) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_registry_get(&op, r->registry, ASSAY_OP_INTERVAL, otherwise, err));
    return assay_args_new(out, op, err);
}

/* Takes `args`; `node` is where they stand. */
static assay_status add_metric(int32_t *index, assay_plan_reader *r, assay_args *args,
                               const assay_yaml *node, assay_error *err)
{
    if (args->op->task == ASSAY_TASK_DETECTION && r->plan->task == ASSAY_TASK_DETECTION) {
        assay_status status = assay_plan_check_detection(r, args, node, err);
        if (status != ASSAY_OK) {
            assay_args_free(args);
            return status;
        }
    }
    return assay_plan_add_metric(index, r, args, err);
}

assay_status assay_plan_read_metrics(assay_plan_reader *r, const assay_yaml *root, assay_error *err)
{
    static const char *const interval_keys[] = {"proportion", "other", "clustered", "auc"};
    const assay_yaml *list = assay_yaml_get(root, "metrics");
    const assay_yaml *intervals = assay_yaml_get(root, "intervals");
    assay_args *args = NULL;
    int32_t index = 0;

    r->plan->metrics = assay_arena_alloc(r->arena, ASSAY_PLAN_METRICS, sizeof *r->plan->metrics);
    if (!r->plan->metrics) {
        return assay_fail_memory(err);
    }
    if (list) {
        ASSAY_TRY(assay_yaml_expect(list, ASSAY_YAML_LIST, "metrics", r->path, err));
    }
    for (int32_t i = 0; list && i < list->n; i++) {
        ASSAY_TRY(assay_plan_read_op(&args, NULL, list->values[i], ASSAY_OP_METRIC, r, err));
        ASSAY_TRY(add_metric(&index, r, args, list->values[i], err));
    }
    const char *const *usual = usual_metrics(r->plan);
    for (const char *const *name = usual; !list && *name; name++) {
        const assay_op *op = NULL;
        ASSAY_TRY(assay_registry_get(&op, r->registry, ASSAY_OP_METRIC, *name, err));
        ASSAY_TRY(assay_args_new(&args, op, err));
        ASSAY_TRY(assay_plan_add_metric(&index, r, args, err));
    }
    if (intervals) {
        ASSAY_TRY(assay_yaml_check_keys(intervals, interval_keys, ASSAY_COUNT(interval_keys),
                                        "intervals", r->path, err));
    }
    ASSAY_TRY(read_interval(&r->plan->proportion_interval, r, intervals, "proportion",
                            "clopper_pearson", err));
    ASSAY_TRY(read_interval(&r->plan->replicate_interval, r, intervals, "other",
                            "bootstrap_percentile", err));
    ASSAY_TRY(read_interval(&r->plan->clustered_interval, r, intervals, "clustered", NULL, err));
    ASSAY_TRY(read_interval(&r->plan->area_interval, r, intervals, "auc", NULL, err));
    const assay_args *clustered = r->plan->clustered_interval, *area = r->plan->area_interval;
    if (!r->plan->proportion_interval->op->interval->proportion ||
        !assay_interval_is_resampled(r->plan->replicate_interval) ||
        (clustered && !clustered->op->interval->clustered &&
         !assay_interval_is_resampled(clustered)) ||
        (area && !area->op->interval->area && !assay_interval_is_resampled(area))) {
        return assay_yaml_fail(
            r->path, intervals ? intervals : root, err,
            "intervals: 'proportion' takes an interval for proportions "
            "(clopper_pearson, wilson, ...), 'other' one for bootstrap "
            "replicates (bootstrap_percentile, bootstrap_basic, bootstrap_studentised, bca), "
            "'clustered' korn_graubard, cluster_robust or cluster_bootstrap, 'auc' delong or one "
            "for bootstrap "
            "replicates");
    }
    return ASSAY_OK;
}

/** Index of the thing called `name` among n structs whose first member is their name. */
static assay_status find_ref(int32_t *out, const assay_plan_reader *r, const assay_yaml *node,
                             const char *key, const void *list, size_t size, int32_t n,
                             assay_error *err)
{
    const char *name = NULL;
    const char *names[256];

    ASSAY_TRY(assay_yaml_text(&name, node, key, r->path, err));
    if (!name && n == 1) {
        *out = 0;
        return ASSAY_OK;
    }
    if (!name) {
        return assay_yaml_fail(r->path, node, err,
                               "'%s' is missing: the plan has %d of them, which is meant?", key, n);
    }
    for (int32_t i = 0; i < n; i++) {
        const char *candidate = *(const char *const *)((const char *)list + (size_t)i * size);
        if (strcmp(candidate, name) == 0) {
            *out = i;
            return ASSAY_OK;
        }
        if ((size_t)i < ASSAY_COUNT(names)) {
            names[i] = candidate;
        }
    }
    size_t known = (size_t)n < ASSAY_COUNT(names) ? (size_t)n : ASSAY_COUNT(names);
    char choices[ASSAY_TEXT_CHOICES];
    assay_text_choices(choices, name, names, known);
    return assay_yaml_fail(r->path, assay_yaml_get(node, key), err, "there is no %s '%s'%s", key,
                           name, choices);
}

static assay_status read_threshold(assay_plan_requirement *q, const assay_plan_reader *r,
                                   const assay_yaml *node, assay_error *err)
{
    const assay_yaml *least = assay_yaml_get(node, "at_least");
    const assay_yaml *most = assay_yaml_get(node, "at_most");

    if ((least != NULL) == (most != NULL)) {
        return assay_yaml_fail(r->path, node, err,
                               "requirement '%s' needs exactly one of 'at_least' and 'at_most'",
                               q->id);
    }
    q->compare = least ? ASSAY_AT_LEAST : ASSAY_AT_MOST;
    ASSAY_TRY(assay_yaml_number(&q->threshold, least ? least : most, least ? "at_least" : "at_most",
                                r->path, err));
    q->confidence = 0.95;
    ASSAY_TRY(assay_yaml_real(&q->confidence, node, "confidence", 0.5, 0.999999, r->path, err));
    const assay_yaml *objective = assay_yaml_get(node, "objective");
    if (!objective) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_yaml_number(&q->objective, objective, "objective", r->path, err));
    if (q->compare == ASSAY_AT_LEAST ? q->objective <= q->threshold
                                     : q->objective >= q->threshold) {
        return assay_yaml_fail(r->path, objective, err,
                               "the objective of '%s' is %g; it must be %s than the threshold %g",
                               q->id, q->objective,
                               q->compare == ASSAY_AT_LEAST ? "higher" : "lower", q->threshold);
    }
    return ASSAY_OK;
}

/** A requirement without a measure of its own: it stands and falls with its parts. */
static assay_status read_composite(assay_plan_requirement *q, const assay_plan_reader *r,
                                   const assay_yaml *node, assay_error *err)
{
    static const char *const never[] = {"metric",     "class",    "average",    "model",
                                        "context",    "at_least", "at_most",    "objective",
                                        "confidence", "family",   "sequential", "group",
                                        "attack",     "eps",      "quantile",   "extreme"};

    for (size_t i = 0; i < ASSAY_COUNT(never); i++) {
        if (assay_yaml_get(node, never[i])) {
            return assay_yaml_fail(r->path, assay_yaml_get(node, never[i]), err,
                                   "requirement '%s' is made of others (all_of, any_of) and has no "
                                   "'%s' of its own",
                                   q->id, never[i]);
        }
    }
    q->metric_index = -1;
    q->model = -1;
    q->context = -1;
    q->groups = -1;
    q->attack = -1;
    q->confidence = NAN;
    q->threshold = NAN;
    return ASSAY_OK;
}

/** What is asked of the groups by a metric that is measured within each of them. */
static assay_status read_extreme(assay_plan_requirement *q, const assay_plan_reader *r,
                                 const assay_yaml *node, const assay_op *op, assay_error *err)
{
    const assay_yaml *at = assay_yaml_get(node, "extreme");
    const char *name = NULL;

    ASSAY_TRY(assay_yaml_text(&name, node, "extreme", r->path, err));
    if (!name) {
        return assay_yaml_fail(
            r->path, assay_yaml_get(node, "group"), err,
            "requirement '%s': metric %s is measured within each group; say which is meant with "
            "'extreme: worst', best, lowest, highest, difference or ratio",
            q->id, q->metric);
    }
    q->extreme = assay_extreme_find(name);
    if (q->extreme == ASSAY_EXTREME_NONE) {
        return assay_yaml_fail(r->path, at, err,
                               "extreme is '%s', expected worst, best, lowest, highest, "
                               "difference or ratio",
                               name);
    }
    if (op->direction == ASSAY_NO_DIRECTION &&
        (q->extreme == ASSAY_EXTREME_WORST || q->extreme == ASSAY_EXTREME_BEST)) {
        return assay_yaml_fail(r->path, at, err,
                               "requirement '%s': %s is not better when high or low, so no group "
                               "is the %s: say lowest or highest",
                               q->id, q->metric, name);
    }
    if (op->metric->curve_only) {
        return assay_yaml_fail(r->path, at, err,
                               "requirement '%s': %s is a chart and has no value to compare", q->id,
                               q->metric);
    }
    return ASSAY_OK;
}

/** The groups that the requirement speaks of; the class is the positive one unless it is said. */
static assay_status read_group(assay_plan_requirement *q, const assay_plan_reader *r,
                               const assay_yaml *node, assay_error *err)
{
    const assay_plan *plan = r->plan;
    const assay_op *op = plan->metrics[q->metric_index]->op;
    const assay_yaml *extreme = assay_yaml_get(node, "extreme");
    bool between = (op->needs & ASSAY_NEEDS_GROUPS) != 0;

    q->groups = -1;
    if (!between && !extreme && !assay_yaml_get(node, "group")) {
        return ASSAY_OK;
    }
    if (between && extreme) {
        return assay_yaml_fail(r->path, extreme, err,
                               "requirement '%s': metric %s compares groups by itself and takes "
                               "no 'extreme'",
                               q->id, q->metric);
    }
    if (plan->n_groups == 0) {
        return assay_yaml_fail(r->path, extreme ? extreme : node, err,
                               "requirement '%s' speaks of groups, but the plan has no 'groups', "
                               "e.g. groups: {by_sex: {columns: [sex]}}",
                               q->id);
    }
    ASSAY_TRY(find_ref(&q->groups, r, node, "group", plan->groups, sizeof *plan->groups,
                       plan->n_groups, err));
    return between ? ASSAY_OK : read_extreme(q, r, node, op, err);
}

/** A name that stands for what attacks leave, which is no operation on predictions. */
static const char *attacked_metric(const assay_yaml *metric)
{
    static const char *const names[] = {"robust_accuracy", "minimum_norm"};

    for (size_t i = 0; metric->kind == ASSAY_YAML_SCALAR && i < ASSAY_COUNT(names); i++) {
        if (strcmp(metric->text, names[i]) == 0) {
            return names[i];
        }
    }
    return NULL;
}

/** The measure that is meant: a metric in a context, or what attacks leave. */
static assay_status read_subject(assay_plan_requirement *q, assay_plan_reader *r,
                                 const assay_yaml *node, assay_error *err)
{
    static const char *const only[] = {"attack", "eps", "quantile"};
    const assay_yaml *metric = assay_yaml_get(node, "metric");
    assay_plan *plan = r->plan;
    assay_args *args = NULL;

    ASSAY_TRY(find_ref(&q->model, r, node, "model", plan->models, sizeof *plan->models,
                       plan->n_models, err));
    q->metric = attacked_metric(metric);
    if (q->metric) {
        return assay_plan_read_attacked(q, r, node, err);
    }
    q->attack = -1;
    for (size_t i = 0; i < ASSAY_COUNT(only); i++) {
        if (assay_yaml_get(node, only[i])) {
            return assay_yaml_fail(r->path, assay_yaml_get(node, only[i]), err,
                                   "requirement '%s': '%s' belongs to the metrics robust_accuracy "
                                   "and minimum_norm",
                                   q->id, only[i]);
        }
    }
    ASSAY_TRY(assay_plan_read_op(&args, NULL, metric, ASSAY_OP_METRIC, r, err));
    q->metric = args->op->name;
    if ((strncmp(q->metric, "coco_", 5) == 0 ||
         strncmp(q->metric, "detection_average_", 18) == 0) &&
        !q->class_name && !q->average) {
        q->average = "macro"; /* AP and AR are means over classes */
    }
    ASSAY_TRY(add_metric(&q->metric_index, r, args, metric, err));
    ASSAY_TRY(find_ref(&q->context, r, node, "context", plan->contexts, sizeof *plan->contexts,
                       plan->n_contexts, err));
    return read_group(q, r, node, err);
}

static assay_status read_requirement(assay_plan_reader *r, assay_plan_requirement *q,
                                     const assay_yaml *node, assay_error *err)
{
    static const char *const known[] = {
        "id",      "text",     "metric",   "class",      "average",    "model",
        "context", "at_least", "at_most",  "confidence", "source",     "objective",
        "family",  "gate",     "all_of",   "any_of",     "sequential", "group",
        "attack",  "eps",      "quantile", "extreme"};
    const assay_yaml *metric = assay_yaml_get(node, "metric");
    assay_plan *plan = r->plan;

    ASSAY_TRY(
        assay_yaml_check_keys(node, known, ASSAY_COUNT(known), "a requirement", r->path, err));
    q->mark = (assay_mark){node->line, node->column};
    ASSAY_TRY(assay_yaml_text(&q->id, node, "id", r->path, err));
    ASSAY_TRY(assay_yaml_text(&q->text, node, "text", r->path, err));
    ASSAY_TRY(assay_yaml_text(&q->class_name, node, "class", r->path, err));
    ASSAY_TRY(assay_yaml_text(&q->average, node, "average", r->path, err));
    ASSAY_TRY(assay_yaml_text(&q->source, node, "source", r->path, err));
    bool composite = assay_yaml_get(node, "all_of") || assay_yaml_get(node, "any_of");
    q->objective = NAN;
    q->family = -1;
    if (!q->id || !q->text || (!metric && !composite)) {
        return assay_yaml_fail(r->path, node, err, "a requirement needs 'id', 'text' and 'metric'");
    }
    for (int32_t i = 0; i < plan->n_requirements; i++) {
        if (strcmp(plan->requirements[i].id, q->id) == 0) {
            return assay_yaml_fail(r->path, node, err, "there are two requirements called '%s'",
                                   q->id);
        }
    }
    if (composite) {
        return read_composite(q, r, node, err);
    }
    ASSAY_TRY(read_subject(q, r, node, err));
    ASSAY_TRY(read_threshold(q, r, node, err));
    ASSAY_TRY(assay_plan_read_sequential(q, r, node, err));
    if (q->extreme != ASSAY_EXTREME_NONE && q->sequential.method != ASSAY_SEQUENTIAL_NONE) {
        return assay_yaml_fail(r->path, assay_yaml_get(node, "sequential"), err,
                               "requirement '%s' speaks of several groups and is judged on all "
                               "samples, not sample by sample",
                               q->id);
    }
    return ASSAY_OK;
}

assay_status assay_plan_read_requirements(assay_plan_reader *r, const assay_yaml *root,
                                          assay_error *err)
{
    const assay_yaml *list = assay_yaml_get(root, "requirements");
    assay_plan *plan = r->plan;

    if (!list) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_yaml_expect(list, ASSAY_YAML_LIST, "requirements", r->path, err));
    plan->requirements =
        assay_arena_alloc(r->arena, (size_t)list->n + 1, sizeof *plan->requirements);
    if (!plan->requirements) {
        return assay_fail_memory(err);
    }
    for (int32_t i = 0; i < list->n; i++) {
        ASSAY_TRY(read_requirement(r, &plan->requirements[i], list->values[i], err));
        plan->n_requirements = i + 1;
    }
    return assay_plan_read_links(r, list, err);
}
