/* Detectors on the same images: paired differences of average precision and recall. */
#include <math.h>
#include <string.h>

#include "api/run_boxes.h"
#include "core/detection_compare.h"
#include "ops/op_table.h"

/* What is compared: every AP, and AR of all sizes at the most detections. */
static bool is_compared(const assay_statistic *s, const assay_protocol *p)
{
    bool every = s->threshold == -1 || p->n_thresholds == 1;
    return !s->recall || (every && s->range == 0 && s->cap == p->n_caps - 1);
}

static assay_difference *new_difference(assay_run *run)
{
    assay_comparison *c = &run->comparison;
    int32_t capacity = (int32_t)c->capacity_differences;
    assay_difference *list =
        assay_run_grow(run, c->differences, (int32_t)c->n_differences, &capacity, sizeof *list);
    if (list == NULL) {
        return NULL;
    }
    c->capacity_differences = capacity;
    c->differences = list;
    return &list[c->n_differences++];
}

static assay_status add(assay_run *run, const assay_run_cell *a, const assay_run_cell *b,
                        int64_t which, const assay_detection_difference *found, assay_error *err)
{
    if (which < 0 || which >= a->result.n_measures || which >= b->result.n_measures) {
        return ASSAY_OK;
    }
    const assay_measure *in_a = &a->result.measures[which];
    const assay_op *op = NULL;
    ASSAY_TRY(assay_registry_get(&op, assay_ops(), ASSAY_OP_METRIC, in_a->metric, err));
    assay_difference *d = new_difference(run);
    if (d == NULL) {
        return assay_fail_memory(err);
    }
    bool defined = !isnan(found->of.difference);
    *d = (assay_difference){.a = a->model,
                            .b = b->model,
                            .context = a->context,
                            .op = op,
                            .in_a = in_a,
                            .in_b = &b->result.measures[which],
                            .outcome = defined ? ASSAY_OUTCOME_VALUE : ASSAY_OUTCOME_UNDEFINED,
                            .reason = defined ? NULL : "the truth has no object that counts",
                            .difference = found->of.difference,
                            .low = found->of.low,
                            .high = found->of.high,
                            .bound_low = found->of.bound_low,
                            .bound_high = found->of.bound_high,
                            .method = found->of.method,
                            .n = found->of.n,
                            .p = found->of.p,
                            .test = "exchange of the detectors in random images",
                            .se = NAN,
                            .df = NAN,
                            .p_adjusted = found->of.p_adjusted,
                            .probability_better = found->of.probability_better,
                            .cohens_h = NAN,
                            .odds_ratio = NAN};
    return ASSAY_OK;
}

/* The measure of what a kind of error costs over all classes, or -1. */
static int64_t find_cost(const assay_result *r, int error)
{
    const char *metric = assay_detection_error_metric(error);
    for (int64_t i = 0; i < r->n_measures; i++) {
        if (r->measures[i].class_name == NULL && strcmp(r->measures[i].metric, metric) == 0) {
            return i;
        }
    }
    return -1;
}

static assay_status add_all(assay_run *run, const assay_run_cell *a, const assay_run_cell *b,
                            const assay_detection_difference *found, int64_t n, assay_error *err)
{
    const assay_run_shape *shape =
        &run->boxes->shapes[(int64_t)a->model * run->plan->n_contexts + a->context];
    int64_t first = 0; /* difference of a class */
    while (first < n && found[first].class < 0 && found[first].error < 0) {
        first++;
    }
    for (int64_t i = 0; i < first; i++) {
        if (is_compared(&found[i].what, &run->plan->detection.protocol)) {
            ASSAY_TRY(add(run, a, b, i, &found[i], err));
        }
    }
    for (int64_t i = first; i < n; i++) {
        if (found[i].error >= 0) {
            ASSAY_TRY(add(run, a, b, find_cost(&a->result, found[i].error), &found[i], err));
        } else if (run->plan->compare.per_class) {
            /* The measures of the classes follow those of the statistics. */
            ASSAY_TRY(add(run, a, b, first + (i - first) * shape->class_measures, &found[i], err));
        }
    }
    return ASSAY_OK;
}

static assay_status list_changed(assay_run *run, int32_t a, int32_t b, int32_t context,
                                 assay_error *err)
{
    assay_run_boxes *boxes = run->boxes;
    const assay_run_match *in_a = assay_run_boxes_match(run, a, context);
    const assay_run_match *in_b = assay_run_boxes_match(run, b, context);
    int32_t data = run->plan->contexts[context].data;
    assay_run_changed *list = assay_run_grow(run, boxes->changed, boxes->n_changed,
                                             &boxes->capacity_changed, sizeof *list);
    if (list == NULL) {
        return assay_fail_memory(err);
    }
    boxes->changed = list;
    assay_run_changed *c = &list[boxes->n_changed++];
    *c = (assay_run_changed){.a = a, .b = b, .context = context};
    return assay_detection_changed(&c->images, &c->n, in_a->images, in_b->images, in_a->n_images,
                                   boxes->truth[data].truth->n_images, run->arena, err);
}

static assay_status compare_pair(assay_run *run, int32_t a, int32_t b, int32_t context,
                                 assay_error *err)
{
    const assay_run_match *in_a = assay_run_boxes_match(run, a, context);
    const assay_run_match *in_b = assay_run_boxes_match(run, b, context);
    const assay_run_truth *t = &run->boxes->truth[run->plan->contexts[context].data];
    const assay_interval_rule rule = {.level = run->plan->level,
                                      .replicates = run->plan->replicates,
                                      .units = assay_detection_clusters(in_a->matched),
                                      .clustered = t->cluster != NULL,
                                      .least = -1.0,
                                      .most = 1.0};
    assay_detection_difference *found = NULL;
    int64_t n = 0;
    ASSAY_TRY(assay_detection_compare(&found, &n, in_a->matched, in_b->matched, in_a->errors,
                                      in_b->errors, &rule, run->plan->seed, run->arena, err));
    ASSAY_TRY(add_all(run, assay_run_cell_at(run, a, context), assay_run_cell_at(run, b, context),
                      found, n, err));
    return list_changed(run, a, b, context, err);
}

assay_status assay_run_boxes_compare(assay_run *run, assay_error *err)
{
    assay_comparison_init(&run->comparison, run->arena);
    for (int32_t c = 0; c < run->plan->n_contexts; c++) {
        for (int32_t a = 0; a < run->plan->n_models; a++) {
            for (int32_t b = a + 1; b < run->plan->n_models; b++) {
                if (assay_run_boxes_match(run, a, c)->matched == NULL ||
                    assay_run_boxes_match(run, b, c)->matched == NULL) {
                    continue;
                }
                assay_status status = compare_pair(run, a, b, c, err);
                if (status != ASSAY_OK) {
                    assay_error_prefix(err, "compare, context %s", run->plan->contexts[c].name);
                    return status;
                }
            }
        }
    }
    return ASSAY_OK;
}
