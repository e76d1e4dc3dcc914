#include "api/compare_segmentation.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/compare_images.h"
#include "api/run.h"
#include "api/segment_slice.h"
#include "api/segmentation.h"
#include "assay/version.h"
#include "base/text.h"

enum { MOST_MODELS = ASSAY_COMPARE_IMAGES_MODELS, WIDTH = 39 };

/* A later model against the first. */
typedef struct pair {
    assay_segment_difference *differences;
    int64_t n;
    assay_segment_changed *changed; /* most changed first */
    int64_t n_changed;
    const char *const *names; /* of the classes */
} pair;

typedef struct job {
    assay_compare_images of;
    assay_segment_request asked;
    assay_segment_truth truth;
    assay_coco_truth *images;
    assay_segment_found found[MOST_MODELS];
    pair pairs[MOST_MODELS];
} job;

/* ---- reading ---- */

static assay_status read_all(job *j, assay_error *err)
{
    const assay_compare_request *r = j->of.request;
    ASSAY_TRY(
        assay_segment_truth_open(&j->truth, r->truth, r->classes, r->ignore, j->of.arena, err));
    ASSAY_TRY(assay_segment_check_metrics(j->asked.metrics, j->truth.segments != NULL, err));
    ASSAY_TRY(assay_segment_images_of(&j->images, &j->truth, NULL, err));
    for (int32_t k = 0; k < j->of.n_models; k++) {
        ASSAY_TRY(assay_segment_count(&j->found[k], &j->truth, r->files[k],
                                      assay_segment_needs_boundary(j->asked.metrics), j->of.context,
                                      err));
    }
    return ASSAY_OK;
}

static bool is_kept(const job *j, const assay_segment_difference *d)
{
    return assay_segment_is_wanted(j->asked.metrics, d->metric->metric);
}

static assay_status compare_all(job *j, const assay_detection_selection *s, assay_error *err)
{
    for (int32_t k = 0; k < j->of.n_models; k++) {
        j->found[k].sample.images = s->slice.images;
        j->found[k].sample.cluster = s->cluster;
    }
    const assay_segment_found *first = &j->found[0];
    j->of.images = assay_segment_images(&first->sample);
    ASSAY_TRY(assay_segment_units(&j->of.units, &first->sample, err));
    for (int32_t k = 1; k < j->of.n_models; k++) {
        pair *p = &j->pairs[k];
        const assay_segment_found *other = &j->found[k];
        int64_t n = 0;
        p->names = first->sample.classes >= other->sample.classes ? first->names : other->names;
        ASSAY_TRY(assay_segment_compare(&p->differences, &n, &first->sample, &other->sample,
                                        &j->asked, j->of.arena, err));
        for (int64_t i = 0; i < n; i++) {
            if (is_kept(j, &p->differences[i])) {
                p->differences[p->n++] = p->differences[i];
            }
        }
        ASSAY_TRY(assay_segment_changes(&p->changed, &p->n_changed, &first->sample, &other->sample,
                                        j->of.arena, err));
    }
    return ASSAY_OK;
}

/* ---- answers ---- */

static void put_difference(assay_json *json, const job *j, int32_t k,
                           const assay_segment_difference *d)
{
    assay_json_begin_object(json);
    assay_compare_images_put_models(json, &j->of, k);
    assay_json_put_text(json, "metric", d->metric->metric);
    if (d->metric->params != NULL) {
        assay_json_key(json, "params");
        assay_json_raw(json, d->metric->params);
    }
    if (d->class_index >= 0) {
        assay_json_put_text(json, "class", j->pairs[k].names[d->class_index]);
    }
    assay_compare_images_put_values(json, &j->of, &d->of, false,
                                    j->of.request->cluster != NULL
                                        ? "exchange of the models in random clusters"
                                        : "exchange of the models in random images");
    assay_json_end_object(json);
}

static void put_changed(assay_json *json, const job *j, int32_t k)
{
    for (int64_t i = 0; i < j->pairs[k].n_changed; i++) {
        const assay_segment_changed *c = &j->pairs[k].changed[i];
        assay_json_begin_object(json);
        assay_json_put_text(json, "a", j->of.names[0]);
        assay_json_put_text(json, "b", j->of.names[k]);
        assay_json_put_int(json, "image", j->images->image_id[c->image]);
        assay_json_put_text(json, "file_name", j->images->image_file[c->image]);
        assay_json_put_real(json, "value_a", c->in_a);
        assay_json_put_real(json, "value_b", c->in_b);
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
    assay_compare_images_put_run(&json, &j->of, NULL);
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

static void put_row(assay_buffer *out, const job *j, int32_t k, const assay_segment_difference *d)
{
    char name[40];
    char params[24] = "";
    if (d->metric->params != NULL) { /* {"classes":"things"} */
        (void)snprintf(params, sizeof params, ", %.*s",
                       (int)(strlen(d->metric->params) - strlen("{\"classes\":\"\"}")),
                       d->metric->params + strlen("{\"classes\":\""));
    }
    if (d->class_index >= 0) {
        char class_name[30];
        assay_text_printable(class_name, sizeof class_name, j->pairs[k].names[d->class_index]);
        (void)snprintf(name, sizeof name, "  %s", class_name);
    } else {
        (void)snprintf(name, sizeof name, "%.29s%.10s", d->metric->metric, params);
    }
    assay_compare_images_row(out, &j->of, name, WIDTH, &d->of, false);
}

static assay_status to_table(char **out, const job *j, assay_error *err)
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_buffer_printf(&text, "%s: %" PRId64 " images\n", j->of.request->truth, j->of.images);
    for (int32_t k = 1; k < j->of.n_models; k++) {
        const pair *p = &j->pairs[k];
        assay_compare_images_head(&text, &j->of, k, WIDTH);
        for (int64_t i = 0; i < p->n; i++) {
            if (p->differences[i].class_index >= 0 &&
                (i == 0 || p->differences[i - 1].class_index < 0)) {
                assay_buffer_printf(&text, "  %s of the classes\n",
                                    p->differences[i].metric->metric);
            }
            put_row(&text, j, k, &p->differences[i]);
        }
        assay_buffer_printf(&text,
                            "\n%" PRId64 " images change; most changed (their own %s in a, b)\n",
                            p->n_changed, j->truth.segments != NULL ? "PQ" : "mean IoU");
        for (int64_t i = 0; i < p->n_changed && i < ASSAY_COMPARE_IMAGES_SHOWN; i++) {
            char name[64];
            const assay_segment_changed *c = &p->changed[i];
            assay_text_printable(name, sizeof name, j->images->image_file[c->image]);
            assay_buffer_printf(&text, "  %-39s %7.3f %7.3f\n", name, c->in_a, c->in_b);
        }
    }
    assay_compare_images_legend(&text, &j->of);
    return assay_text_take(out, &text, err);
}

static assay_status to_csv(char **out, const job *j, assay_error *err)
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_buffer_puts(&text, "a,b,image,value_a,value_b\n");
    for (int32_t k = 1; k < j->of.n_models; k++) {
        for (int64_t i = 0; i < j->pairs[k].n_changed; i++) {
            const assay_segment_changed *c = &j->pairs[k].changed[i];
            assay_buffer_printf(&text, "%d,%d,%" PRId64 ",%.17g,%.17g\n", 1, k + 1,
                                j->images->image_id[c->image], c->in_a, c->in_b);
        }
    }
    return assay_text_take(out, &text, err);
}

/* Mean IoU (panoptic quality), the first statistic, decides with a margin. */
static void summarise(assay_compare_summary *out, const job *j)
{
    for (int32_t k = 1; k < j->of.n_models; k++) {
        const pair *p = &j->pairs[k];
        for (int64_t i = 0; i < p->n; i++) {
            assay_compare_images_count(out, &j->of, &p->differences[i].of);
        }
        if (p->n > 0) {
            assay_compare_images_judge(out, &j->of, &p->differences[0].of, p->n_changed);
        }
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

assay_status assay_compare_segmentations(char **json, char **table, char **flips,
                                         assay_compare_summary *summary, assay_context *context,
                                         const assay_compare_request *r, assay_error *err)
{
    job j = {.of = {.request = r,
                    .context = context,
                    .task = "segmentation",
                    .model = "model",
                    .family = "all statistics and classes of a pair of models"}};
    assay_detection_selection chosen = {0};
    assay_status status = ASSAY_OK;
    const assay_detection_choice choice = {
        .where = r->where, .cluster = r->cluster, .metadata = r->metadata};
    ASSAY_TRY(assay_compare_images_read(&j.of, err));
    if (r->truth == NULL) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the task segmentation needs the truth: --truth FOLDER (label maps) or "
                          "FILE (panoptic)");
    }
    j.asked = (assay_segment_request){
        .level = j.of.level,
        .replicates = j.of.replicates,
        .seed = j.of.seed,
        .threads = context->threads,
        .cancel = &context->cancel,
        .metrics = r->metrics != NULL && r->metrics[0] != NULL ? r->metrics : NULL};
    ASSAY_TRY(assay_arena_new(&j.of.arena, (size_t)16 << 30, err));
    ASSAY_GOTO(read_all(&j, err), done);
    ASSAY_GOTO(assay_segment_select(&chosen, j.images, &choice, err), done);
    ASSAY_GOTO(compare_all(&j, &chosen, err), done);
    summarise(summary, &j);
    status = answer(json, table, flips, &j, err);
done:
    assay_detection_selection_dispose(&chosen);
    assay_coco_truth_free(j.images);
    assay_segment_truth_close(&j.truth);
    assay_arena_free(j.of.arena);
    return status;
}
