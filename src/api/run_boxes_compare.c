/* Detectors on the same images: paired differences of average precision and recall. */
#include <string.h>

#include "api/run_boxes.h"
#include "api/run_pairs.h"
#include "core/detection_compare.h"

/* What is compared: every AP, and AR of all sizes at the most detections. */
static bool is_compared(const assay_statistic *s, const assay_protocol *p)
{
    bool every = s->threshold == -1 || p->n_thresholds == 1;
    return !s->recall || (every && s->range == 0 && s->cap == p->n_caps - 1);
}

static assay_status add(assay_run *run, const assay_run_cell *a, const assay_run_cell *b,
                        int64_t which, const assay_detection_difference *found, assay_error *err)
{
    static const assay_run_pair_words words = {"the truth has no object that counts",
                                               "exchange of the detectors in random images"};
    if (which < 0 || which >= a->result.n_measures || which >= b->result.n_measures) {
        return ASSAY_OK;
    }
    return assay_run_add_pair(run, a, b, &a->result.measures[which], &b->result.measures[which],
                              &found->of, &words, err);
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

static bool is_measured(const assay_run *run, int32_t model, int32_t context)
{
    return assay_run_boxes_match(run, model, context)->matched != NULL;
}

assay_status assay_run_boxes_compare(assay_run *run, assay_error *err)
{
    return assay_run_each_pair(run, is_measured, compare_pair, err);
}
