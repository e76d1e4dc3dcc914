#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/compare_detection.h"
#include "api/compare_images.h"
#include "api/detection.h"
#include "api/run.h"
#include "assay/version.h"
#include "base/alloc.h"
#include "base/sort.h"
#include "base/text.h"
#include "core/detection_changed.h"
#include "core/detection_compare.h"

enum { MOST_MODELS = ASSAY_COMPARE_IMAGES_MODELS, WIDTH = 32 };

/* A later detector against the first. */
typedef struct pair {
    assay_detection_difference *differences;
    int64_t n;
    assay_changed_image *changed; /* most changed first */
    int64_t n_changed;
} pair;

typedef struct job {
    assay_compare_images of;
    assay_protocol protocol;
    assay_interval_rule rule;
    assay_coco_truth *truth;
    assay_coco_rows *results[MOST_MODELS];
    assay_detection *matched[MOST_MODELS];
    pair pairs[MOST_MODELS];
} job;

/* ---- reading and matching ---- */

static assay_status check(job *j, assay_error *err)
{
    const assay_compare_request *r = j->of.request;
    const assay_evaluate_request as = {.iou_type = r->iou_type,
                                       .convention = r->convention,
                                       .iou = r->iou,
                                       .areas = r->areas,
                                       .max_detections = r->max_detections,
                                       .recalls = r->recalls,
                                       .sigmas = r->sigmas,
                                       .pixel = r->pixel != 0};
    ASSAY_TRY(assay_compare_images_read(&j->of, err));
    if ((r->classes != NULL && r->classes[0] != NULL) ||
        (r->metrics != NULL && r->metrics[0] != NULL)) {
        return assay_fail(err, ASSAY_EINVAL, "--%s does not belong to the task detection",
                          r->classes != NULL && r->classes[0] != NULL ? "classes" : "metric");
    }
    if (r->truth == NULL) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the task detection needs the truth: --truth FILE (annotations)");
    }
    return assay_detection_protocol_of(&j->protocol, &as, err);
}

/* All results are read; the truth once. */
static assay_status read_all(job *j, assay_error *err)
{
    assay_evaluate_request as = {.truth = j->of.request->truth,
                                 .where = j->of.request->where,
                                 .cluster = j->of.request->cluster,
                                 .voc_corners = j->of.request->voc_corners,
                                 .hierarchy = j->of.request->hierarchy,
                                 .expand_predictions = j->of.request->expand_predictions};
    for (int32_t k = 0; k < j->of.n_models; k++) {
        assay_detection_inputs inputs = {0};
        as.predictions = j->of.request->files[k];
        ASSAY_TRY(
            assay_detection_inputs_read(&inputs, j->of.context, &as, j->protocol.iou, false, err));
        j->results[k] = inputs.results;
        inputs.results = NULL;
        if (k == 0) {
            j->truth = inputs.truth;
            inputs.truth = NULL;
        }
        assay_detection_inputs_dispose(&inputs);
    }
    return ASSAY_OK;
}

static assay_status match(assay_detection **out, const job *j, int32_t k,
                          const assay_detection_selection *s, assay_error *err)
{
    const assay_detection_options options = {.protocol = &j->protocol,
                                             .slice = s->slice,
                                             .threads = j->of.context->threads,
                                             .cancel = &j->of.context->cancel};
    assay_status status = assay_detection_match(out, j->truth, j->results[k], &options, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s and %s", j->of.request->truth, j->of.request->files[k]);
    }
    return status;
}

/* Images of one detector at its best F1, at the first threshold of 0.5 or below. */
static assay_status images_of(assay_operating_image **out, int64_t *n, const job *j, int32_t k,
                              const assay_detection_selection *s, assay_error *err)
{
    const assay_detection_options options = {.protocol = &j->protocol,
                                             .slice = s->slice,
                                             .threads = j->of.context->threads,
                                             .cancel = &j->of.context->cancel};
    return assay_detection_best_images(out, n, j->truth, j->results[k], &options, err);
}

/* Kinds of errors at IoU 0.5, of boxes and masks; keypoints have none. */
static assay_status errors_of(assay_detection_errors **out, const job *j, int32_t k,
                              const assay_detection_selection *s, assay_error *err)
{
    return j->protocol.iou == ASSAY_IOU_KEYPOINTS
               ? ASSAY_OK
               : assay_detection_errors_find(out, j->matched[k], j->truth, j->results[k], &s->slice,
                                             0.5, 0.1, err);
}

static assay_status compare_all(job *j, const assay_detection_selection *s, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_operating_image *first = NULL;
    assay_operating_image *other = NULL;
    assay_detection_errors *errors[2] = {NULL, NULL};
    int64_t n = 0;
    for (int32_t k = 0; k < j->of.n_models; k++) {
        ASSAY_TRY(match(&j->matched[k], j, k, s, err));
        ASSAY_TRY(assay_detection_cluster(&j->of.units, j->matched[k], s->cluster, err));
    }
    j->of.images = assay_detection_images(j->matched[0]);
    j->rule.units = j->of.units;
    j->rule.clustered = s->cluster != NULL;
    ASSAY_GOTO(images_of(&first, &n, j, 0, s, err), done);
    ASSAY_GOTO(errors_of(&errors[0], j, 0, s, err), done);
    for (int32_t k = 1; k < j->of.n_models; k++) {
        pair *p = &j->pairs[k];
        ASSAY_GOTO(errors_of(&errors[1], j, k, s, err), done);
        ASSAY_GOTO(assay_detection_compare(&p->differences, &p->n, j->matched[0], j->matched[k],
                                           errors[0], errors[1], &j->rule, j->of.seed, j->of.arena,
                                           err),
                   done);
        assay_detection_errors_free(errors[1]);
        errors[1] = NULL;
        ASSAY_GOTO(images_of(&other, &n, j, k, s, err), done);
        ASSAY_GOTO(assay_detection_changed(&p->changed, &p->n_changed, first, other, n,
                                           j->truth->n_images, j->of.arena, err),
                   done);
        assay_free(other);
        other = NULL;
    }
done:
    assay_detection_errors_free(errors[0]);
    assay_detection_errors_free(errors[1]);
    assay_free(first);
    assay_free(other);
    return status;
}

/* ---- answers ---- */

static const char *class_of(const job *j, const assay_detection_difference *d)
{
    return d->class < 0
               ? NULL
               : j->truth->category_name[assay_detection_category(j->matched[0], d->class)];
}

static void put_statistic(assay_json *json, const job *j, const assay_detection_difference *d)
{
    char iou[32];
    bool coco = strcmp(j->protocol.name, "coco") == 0;
    assay_protocol_iou_text(iou, sizeof iou, &j->protocol, d->what.threshold);
    assay_json_put_text(json, "metric",
                        d->what.recall ? (coco ? "coco_average_recall" : "detection_average_recall")
                        : coco         ? "coco_average_precision"
                                       : "detection_average_precision");
    assay_json_key(json, "params");
    assay_json_begin_object(json);
    assay_json_put_text(json, "iou", iou);
    assay_json_put_text(json, "area", j->protocol.ranges[d->what.range].name);
    assay_json_put_int(json, "max_detections",
                       d->what.cap >= 0 ? j->protocol.caps[d->what.cap] : 100);
    assay_json_put_text(json, "convention", j->protocol.name);
    assay_json_end_object(json);
}

static void put_cost(assay_json *json, const assay_detection_difference *d)
{
    assay_json_put_text(json, "metric", assay_detection_error_metric(d->error));
    assay_json_key(json, "params");
    assay_json_begin_object(json);
    assay_json_put_real(json, "iou", 0.5);
    assay_json_put_real(json, "background", 0.1);
    assay_json_end_object(json);
}

static bool is_lower_better(const assay_detection_difference *d)
{
    return d->error > 0; /* what errors cost */
}

static void put_difference(assay_json *json, const job *j, int32_t k,
                           const assay_detection_difference *d)
{
    assay_json_begin_object(json);
    assay_compare_images_put_models(json, &j->of, k);
    if (d->error >= 0) {
        put_cost(json, d);
    } else {
        put_statistic(json, j, d);
    }
    if (class_of(j, d) != NULL) {
        assay_json_put_text(json, "class", class_of(j, d));
    }
    assay_compare_images_put_values(json, &j->of, &d->of, is_lower_better(d),
                                    "permutation of the detectors by image");
    assay_json_end_object(json);
}

static void put_changed(assay_json *json, const job *j, int32_t k)
{
    for (int64_t i = 0; i < j->pairs[k].n_changed; i++) {
        const assay_changed_image *c = &j->pairs[k].changed[i];
        assay_json_begin_object(json);
        assay_json_put_text(json, "a", j->of.names[0]);
        assay_json_put_text(json, "b", j->of.names[k]);
        assay_json_put_int(json, "image", j->truth->image_id[c->row]);
        if (j->truth->image_file[c->row] != NULL) {
            assay_json_put_text(json, "file_name", j->truth->image_file[c->row]);
        }
        assay_json_put_int(json, "objects", c->a.objects);
        assay_json_put_int(json, "found_a", c->a.found);
        assay_json_put_int(json, "found_b", c->b.found);
        assay_json_put_int(json, "false_alarms_a", c->a.false_alarms);
        assay_json_put_int(json, "false_alarms_b", c->b.false_alarms);
        assay_json_end_object(json);
    }
}

static assay_status to_json(char **out, const job *j, assay_error *err)
{
    assay_buffer text;
    assay_json json;
    assay_buffer_init(&text, 0);
    assay_json_init(&json, &text, 1);
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "assay", ASSAY_VERSION);
    assay_json_put_int(&json, "schema", 1);
    assay_json_key(&json, "run");
    assay_json_begin_object(&json);
    assay_compare_images_put_run(&json, &j->of, j->protocol.name);
    assay_json_end_object(&json);
    assay_json_key(&json, "comparisons");
    assay_json_begin_array(&json);
    for (int32_t k = 1; k < j->of.n_models; k++) {
        for (int64_t i = 0; i < j->pairs[k].n; i++) {
            put_difference(&json, j, k, &j->pairs[k].differences[i]);
        }
    }
    assay_json_end_array(&json);
    assay_json_key(&json, "changed_images");
    assay_json_begin_array(&json);
    for (int32_t k = 1; k < j->of.n_models; k++) {
        put_changed(&json, j, k);
    }
    assay_json_end_array(&json);
    assay_json_end_object(&json);
    assay_buffer_putc(&text, '\n');
    return assay_text_take(out, &text, err);
}

static void put_row(assay_buffer *out, const job *j, const assay_detection_difference *d)
{
    char iou[32];
    char name[64];
    assay_protocol_iou_text(iou, sizeof iou, &j->protocol, d->what.threshold);
    if (d->error >= 0) {
        (void)snprintf(name, sizeof name, "%s", assay_detection_error_metric(d->error));
    } else if (d->class >= 0) {
        assay_text_printable(name, sizeof name, class_of(j, d));
    } else {
        (void)snprintf(name, sizeof name, "%s %s %s %" PRId32, d->what.recall ? "AR" : "AP", iou,
                       j->protocol.ranges[d->what.range].name,
                       d->what.cap >= 0 ? j->protocol.caps[d->what.cap] : 100);
    }
    assay_compare_images_row(out, &j->of, name, WIDTH, &d->of, is_lower_better(d));
}

static assay_status to_table(char **out, const job *j, assay_error *err)
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_buffer_printf(&text, "%s: %" PRId64 " images, convention %s\n", j->of.request->truth,
                        j->of.images, j->protocol.name);
    for (int32_t k = 1; k < j->of.n_models; k++) {
        const pair *p = &j->pairs[k];
        assay_compare_images_head(&text, &j->of, k, WIDTH);
        for (int64_t i = 0; i < p->n; i++) {
            put_row(&text, j, &p->differences[i]);
        }
        assay_buffer_printf(&text,
                            "\n%" PRId64 " images change at IoU 0.5, each at its best F1; most "
                            "changed (id, objects, found a, b, false alarms a, b)\n",
                            p->n_changed);
        for (int64_t i = 0; i < p->n_changed && i < ASSAY_COMPARE_IMAGES_SHOWN; i++) {
            const assay_changed_image *c = &p->changed[i];
            assay_buffer_printf(&text,
                                "  %14" PRId64 " %6" PRId32 " %6" PRId32 " %6" PRId32 " %6" PRId32
                                " %6" PRId32 "\n",
                                j->truth->image_id[c->row], c->a.objects, c->a.found, c->b.found,
                                c->a.false_alarms, c->b.false_alarms);
        }
    }
    assay_compare_images_legend(&text, &j->of);
    return assay_text_take(out, &text, err);
}

static assay_status to_csv(char **out, const job *j, assay_error *err)
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_buffer_puts(&text, "a,b,image,objects,found_a,found_b,false_alarms_a,false_alarms_b\n");
    for (int32_t k = 1; k < j->of.n_models; k++) {
        for (int64_t i = 0; i < j->pairs[k].n_changed; i++) {
            const assay_changed_image *c = &j->pairs[k].changed[i];
            assay_buffer_printf(&text,
                                "%d,%d,%" PRId64 ",%" PRId32 ",%" PRId32 ",%" PRId32 ",%" PRId32
                                ",%" PRId32 "\n",
                                1, k + 1, j->truth->image_id[c->row], c->a.objects, c->a.found,
                                c->b.found, c->a.false_alarms, c->b.false_alarms);
        }
    }
    return assay_text_take(out, &text, err);
}

/* AP, the first statistic, decides with a margin. */
static void summarise(assay_compare_summary *out, const job *j)
{
    for (int32_t k = 1; k < j->of.n_models; k++) {
        const pair *p = &j->pairs[k];
        for (int64_t i = 0; i < p->n; i++) {
            assay_compare_images_count(out, &j->of, &p->differences[i].of);
        }
        assay_compare_images_judge(out, &j->of, &p->differences[0].of, p->n_changed);
    }
}

static assay_status answer(char **json, char **table, char **flips, const job *j, assay_error *err)
{
    if (json != NULL) {
        ASSAY_TRY(to_json(json, j, err));
    }
    if (table != NULL) {
        ASSAY_TRY(to_table(table, j, err));
    }
    return flips != NULL ? to_csv(flips, j, err) : ASSAY_OK;
}

assay_status assay_compare_detections(char **json, char **table, char **flips,
                                      assay_compare_summary *summary, assay_context *context,
                                      const assay_compare_request *request, assay_error *err)
{
    job j = {
        .of = {.request = request,
               .context = context,
               .task = "detection",
               .model = "detector",
               .family = "all statistics, classes and kinds of errors of a pair of detectors"}};
    assay_detection_selection selection = {0};
    assay_status status = ASSAY_OK;
    ASSAY_TRY(check(&j, err));
    j.rule = (assay_interval_rule){.level = j.of.level, .replicates = j.of.replicates};
    ASSAY_TRY(assay_arena_new(&j.of.arena, (size_t)16 << 30, err));
    ASSAY_GOTO(read_all(&j, err), done);
    const assay_detection_choice choice = {
        .where = request->where, .cluster = request->cluster, .metadata = request->metadata};
    ASSAY_GOTO(assay_detection_select(&selection, j.truth, j.results[0], &choice, err), done);
    if (request->where != NULL && selection.slice.images == NULL) {
        status = assay_fail(err, ASSAY_EINVAL,
                            "--where of a comparison selects images; \"%s\" is about boxes",
                            request->where);
        goto done;
    }
    ASSAY_GOTO(compare_all(&j, &selection, err), done);
    summarise(summary, &j);
    status = answer(json, table, flips, &j, err);
done:
    for (int32_t k = 0; k < j.of.n_models; k++) {
        assay_detection_free(j.matched[k]);
        assay_coco_results_free(j.results[k]);
    }
    assay_coco_truth_free(j.truth);
    assay_detection_selection_dispose(&selection);
    assay_arena_free(j.of.arena);
    return status;
}
