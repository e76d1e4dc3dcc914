#include "api/compare_segmentation.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/run.h"
#include "api/segment_slice.h"
#include "api/segmentation.h"
#include "assay/version.h"
#include "base/text.h"

enum { MOST_MODELS = 32, SHOWN = 10 };

/* A later model against the first. */
typedef struct pair {
    assay_segment_difference *differences;
    int64_t n;
    assay_segment_changed *changed; /* most changed first */
    int64_t n_changed;
    const char *const *names; /* of the classes */
} pair;

typedef struct job {
    const assay_compare_request *request;
    assay_context *context;
    assay_arena *arena;
    assay_segment_request asked;
    assay_segment_truth truth;
    assay_coco_truth *images;
    int32_t n_models;
    const char *names[MOST_MODELS];
    assay_segment_found found[MOST_MODELS];
    pair pairs[MOST_MODELS];
    int64_t n_images, units;
} job;

/* ---- reading ---- */

static assay_status check(const job *j, assay_error *err)
{
    const assay_compare_request *r = j->request;
    const struct {
        const char *name;
        bool given;
    } foreign[] = {{"id", r->id != NULL},
                   {"target", r->target != NULL},
                   {"label", r->label != NULL},
                   {"scores", r->scores != NULL && r->scores[0] != NULL},
                   {"slice", r->slices != NULL && r->slices[0] != NULL},
                   {"by", r->by != NULL},
                   {"adjust", r->adjust != NULL},
                   {"exact", r->exact != 0},
                   {"equivalence", r->has_equivalence != 0},
                   {"rope", r->has_rope != 0},
                   {"permutations", r->permutations != 0},
                   {"on-error skip", r->skip_bad != 0}};
    for (size_t i = 0; i < ASSAY_COUNT(foreign); i++) {
        if (foreign[i].given) {
            return assay_fail(err, ASSAY_EINVAL, "--%s does not belong to the task segmentation",
                              foreign[i].name);
        }
    }
    return r->truth != NULL
               ? ASSAY_OK
               : assay_fail(err, ASSAY_EINVAL,
                            "the task segmentation needs the truth: --truth FOLDER (label maps) or "
                            "FILE (panoptic)");
}

static assay_status name_models(job *j, assay_error *err)
{
    const assay_compare_request *r = j->request;
    for (j->n_models = 0; r->files[j->n_models] != NULL; j->n_models++) {
        const char *file = r->files[j->n_models];
        const char *slash = strrchr(file, '/');
        if (j->n_models == MOST_MODELS) {
            return assay_fail(err, ASSAY_EINVAL, "at most %d models are compared", MOST_MODELS);
        }
        j->names[j->n_models] = slash != NULL && slash[1] != '\0' ? slash + 1 : file;
    }
    for (int32_t k = 0; k < j->n_models && r->names != NULL && r->names[0] != NULL; k++) {
        if (r->names[k] == NULL) {
            return assay_fail(err, ASSAY_EINVAL, "%d names are too few for %d files", k,
                              j->n_models);
        }
        j->names[k] = r->names[k];
    }
    return ASSAY_OK;
}

static assay_status read_all(job *j, assay_error *err)
{
    const assay_compare_request *r = j->request;
    ASSAY_TRY(assay_segment_truth_open(&j->truth, r->truth, r->classes, r->ignore, j->arena, err));
    ASSAY_TRY(assay_segment_check_metrics(j->asked.metrics, j->truth.segments != NULL, err));
    ASSAY_TRY(assay_segment_images_of(&j->images, &j->truth, NULL, err));
    for (int32_t k = 0; k < j->n_models; k++) {
        ASSAY_TRY(assay_segment_count(&j->found[k], &j->truth, r->files[k],
                                      assay_segment_needs_boundary(j->asked.metrics), j->context,
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
    for (int32_t k = 0; k < j->n_models; k++) {
        j->found[k].sample.images = s->slice.images;
        j->found[k].sample.cluster = s->cluster;
    }
    const assay_segment_found *first = &j->found[0];
    j->n_images = assay_segment_images(&first->sample);
    ASSAY_TRY(assay_segment_units(&j->units, &first->sample, err));
    for (int32_t k = 1; k < j->n_models; k++) {
        pair *p = &j->pairs[k];
        const assay_segment_found *other = &j->found[k];
        int64_t n = 0;
        p->names = first->sample.classes >= other->sample.classes ? first->names : other->names;
        ASSAY_TRY(assay_segment_compare(&p->differences, &n, &first->sample, &other->sample,
                                        &j->asked, j->arena, err));
        for (int64_t i = 0; i < n; i++) {
            if (is_kept(j, &p->differences[i])) {
                p->differences[p->n++] = p->differences[i];
            }
        }
        ASSAY_TRY(assay_segment_changes(&p->changed, &p->n_changed, &first->sample, &other->sample,
                                        j->arena, err));
    }
    return ASSAY_OK;
}

/* ---- answers ---- */

static const char *better(const job *j, const assay_segment_difference *d)
{
    return d->p_adjusted <= 1.0 - j->asked.level ? (d->difference > 0.0 ? "b" : "a") : "undecided";
}

static void put_difference(assay_json *json, const job *j, int32_t k,
                           const assay_segment_difference *d)
{
    assay_json_begin_object(json);
    assay_json_put_text(json, "a", j->names[0]);
    assay_json_put_text(json, "b", j->names[k]);
    assay_json_put_text(json, "context", j->request->where != NULL ? j->request->where : "all");
    assay_json_put_text(json, "metric", d->metric->metric);
    if (d->metric->params != NULL) {
        assay_json_key(json, "params");
        assay_json_raw(json, d->metric->params);
    }
    if (d->class_index >= 0) {
        assay_json_put_text(json, "class", j->pairs[k].names[d->class_index]);
    }
    assay_json_put_text(json, "direction", "higher is better");
    assay_json_put_real(json, "in_a", d->in_a);
    assay_json_put_real(json, "in_b", d->in_b);
    assay_json_put_real(json, "difference", d->difference);
    assay_json_put_real(json, "low", d->low);
    assay_json_put_real(json, "high", d->high);
    assay_json_put_real(json, "level", j->asked.level);
    assay_json_put_int(json, "n", d->n);
    assay_json_put_text(json, "method", d->method);
    assay_json_put_real(json, "p", d->p);
    assay_json_put_real(json, "p_adjusted", d->p_adjusted);
    assay_json_put_text(json, "test",
                        isnan(d->p)                   ? "none"
                        : j->request->cluster != NULL ? "exchange of the models in random clusters"
                                                      : "exchange of the models in random images");
    assay_json_put_real(json, "probability_b_better", d->probability_better);
    assay_json_put_text(json, "better", better(j, d));
    assay_json_put_text(json, "outcome", isnan(d->difference) ? "undefined" : "value");
    assay_json_end_object(json);
}

static void put_changed(assay_json *json, const job *j, int32_t k)
{
    for (int64_t i = 0; i < j->pairs[k].n_changed; i++) {
        const assay_segment_changed *c = &j->pairs[k].changed[i];
        assay_json_begin_object(json);
        assay_json_put_text(json, "a", j->names[0]);
        assay_json_put_text(json, "b", j->names[k]);
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
    assay_json_put_text(&json, "task", "segmentation");
    assay_json_put_int(&json, "seed", (int64_t)j->asked.seed);
    assay_json_put_real(&json, "level", j->asked.level);
    assay_json_put_int(&json, "replicates", j->asked.replicates);
    assay_json_put_text(&json, "adjust", "westfall_young_maxt");
    assay_json_put_text(&json, "family", "all statistics and classes of a pair of models");
    if (j->request->cluster != NULL) {
        assay_json_put_text(&json, "cluster", j->request->cluster);
        assay_json_put_int(&json, "clusters", j->units);
    }
    assay_json_end_object(&json);
    assay_json_key(&json, "comparisons");
    assay_json_begin_array(&json);
    for (int32_t k = 1; k < j->n_models; k++) {
        for (int64_t i = 0; i < j->pairs[k].n; i++) {
            put_difference(&json, j, k, &j->pairs[k].differences[i]);
        }
    }
    assay_json_end_array(&json);
    assay_json_key(&json, "changed_images");
    assay_json_begin_array(&json);
    for (int32_t k = 1; k < j->n_models; k++) {
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
    if (isnan(d->difference)) {
        assay_buffer_printf(out, "  %-39s       -       -       -\n", name);
        return;
    }
    assay_buffer_printf(out, "  %-39s %7.3f %7.3f %+7.3f", name, d->in_a, d->in_b, d->difference);
    if (!isnan(d->low)) {
        assay_buffer_printf(out, "   %+0.3f to %+0.3f", d->low, d->high);
    } else {
        assay_buffer_printf(out, "   %-16s", "");
    }
    if (!isnan(d->p)) {
        assay_buffer_printf(out, "   %-8.3g %-8.3g %s", d->p, d->p_adjusted, better(j, d));
    }
    assay_buffer_putc(out, '\n');
}

static assay_status to_table(char **out, const job *j, assay_error *err)
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_buffer_printf(&text, "%s: %" PRId64 " images\n", j->request->truth, j->n_images);
    for (int32_t k = 1; k < j->n_models; k++) {
        const pair *p = &j->pairs[k];
        assay_buffer_printf(&text, "\na = %s, b = %s\n  %-39s %7s %7s %7s   %-16s   %-8s %-8s %s\n",
                            j->names[0], j->names[k], "", "a", "b", "b - a", "from, to", "p",
                            "adjusted", "better");
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
        for (int64_t i = 0; i < p->n_changed && i < SHOWN; i++) {
            char name[64];
            const assay_segment_changed *c = &p->changed[i];
            assay_text_printable(name, sizeof name, j->images->image_file[c->image]);
            assay_buffer_printf(&text, "  %-39s %7.3f %7.3f\n", name, c->in_a, c->in_b);
        }
    }
    assay_buffer_printf(&text,
                        "\nfrom, to: %g %% interval of the difference, paired; p: the models "
                        "change places in random %s; adjusted: over all rows (maxT).\n",
                        100.0 * j->asked.level,
                        j->request->cluster != NULL ? "clusters" : "images");
    return assay_text_take(out, &text, err);
}

static assay_status to_csv(char **out, const job *j, assay_error *err)
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_buffer_puts(&text, "a,b,image,value_a,value_b\n");
    for (int32_t k = 1; k < j->n_models; k++) {
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
    double margin = j->request->margin;
    for (int32_t k = 1; k < j->n_models; k++) {
        const pair *p = &j->pairs[k];
        for (int64_t i = 0; i < p->n; i++) {
            const assay_segment_difference *d = &p->differences[i];
            out->tests += !isnan(d->p);
            out->shown += d->p_adjusted <= 1.0 - j->asked.level;
            out->not_compared += isnan(d->difference);
        }
        if (j->request->has_margin == 0 || p->n == 0) {
            continue;
        }
        const assay_segment_difference *d = &p->differences[0];
        if (isnan(d->bound_low) && d->difference == 0.0 && p->n_changed == 0) {
            out->noninferior++; /* models that differ nowhere have no interval */
        } else if (!isnan(d->bound_low)) {
            out->noninferior += d->bound_low > -margin;
            out->inferior += d->bound_high < -margin;
            out->undecided += d->bound_low <= -margin && d->bound_high >= -margin;
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
    job j = {.request = r, .context = context};
    assay_detection_selection chosen = {0};
    assay_status status = ASSAY_OK;
    j.asked = (assay_segment_request){
        .level = r->level > 0.0 ? r->level : 0.95,
        .replicates = r->replicates == 0  ? 1000
                      : r->replicates < 0 ? 0
                                          : r->replicates,
        .seed = r->seed != 0 ? r->seed : 1,
        .threads = context->threads,
        .cancel = &context->cancel,
        .metrics = r->metrics != NULL && r->metrics[0] != NULL ? r->metrics : NULL};
    const assay_detection_choice choice = {
        .where = r->where, .cluster = r->cluster, .metadata = r->metadata};
    ASSAY_TRY(check(&j, err));
    ASSAY_TRY(assay_arena_new(&j.arena, (size_t)16 << 30, err));
    ASSAY_GOTO(name_models(&j, err), done);
    ASSAY_GOTO(read_all(&j, err), done);
    ASSAY_GOTO(assay_segment_select(&chosen, j.images, &choice, err), done);
    ASSAY_GOTO(compare_all(&j, &chosen, err), done);
    summarise(summary, &j);
    status = answer(json, table, flips, &j, err);
done:
    assay_detection_selection_dispose(&chosen);
    assay_coco_truth_free(j.images);
    assay_segment_truth_close(&j.truth);
    assay_arena_free(j.arena);
    return status;
}
