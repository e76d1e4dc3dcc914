/* What results.json holds about segmentation beside measures. */
#include <math.h>
#include <stdio.h>

#include "api/run_masks.h"

static void put_pictures(assay_json *json, const assay_run *run)
{
    static const char *const names[ASSAY_MASK_VIEWS] = {"truth", "prediction", "errors"};
    const assay_run_masks *m = run->masks;
    assay_json_key(json, "gallery");
    assay_json_begin_array(json);
    for (int32_t i = 0; i < m->n_gallery; i++) {
        const assay_mask_picture *g = &m->gallery[i];
        assay_json_begin_object(json);
        assay_json_put_text(json, "model", run->plan->models[g->model].name);
        assay_json_put_text(json, "context", run->plan->contexts[g->context].name);
        assay_json_put_text(json, "id", g->id);
        assay_json_put_int(json, "width", g->width);
        assay_json_put_int(json, "height", g->height);
        assay_json_put_real(json, "value", g->value);
        if (g->taken != NULL) {
            assay_json_put_text(json, "taken", g->taken);
            assay_json_put_text(json, "as", g->as);
            assay_json_put_real(json, "share", g->share);
        }
        assay_json_key(json, "views");
        assay_json_begin_object(json);
        for (int k = 0; k < ASSAY_MASK_VIEWS; k++) {
            assay_json_put_text(json, names[k], g->views[k]);
        }
        assay_json_end_object(json);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

/* Classes as the first model that was measured on the data has them. */
static const assay_mask_cell *any_cell(const assay_run *run, int32_t d)
{
    const assay_mask_cell *best = NULL;
    for (int32_t m = 0; m < run->plan->n_models; m++) {
        for (int32_t c = 0; c < run->plan->n_contexts; c++) {
            const assay_mask_cell *cell = assay_run_masks_cell(run, m, c);
            if (cell->found != NULL && run->plan->contexts[c].data == d &&
                (best == NULL || cell->sample.classes > best->sample.classes)) {
                best = cell;
            }
        }
    }
    return best;
}

static void put_classes(assay_json *json, const assay_mask_cell *cell)
{
    const assay_segment_found *f = cell->found;
    const assay_segment_sample *s = &f->sample;
    bool semantic = s->kind == &assay_segment_semantic;
    assay_json_key(json, "classes");
    assay_json_begin_array(json);
    for (int32_t k = 0; k < s->classes; k++) {
        uint8_t color[3];
        char text[8];
        double n = 0.0;
        for (int64_t r = 0; r < s->first[s->n]; r++) {
            const double *numbers = s->rows[r].numbers;
            if (s->rows[r].class_index == k) {
                n += semantic ? numbers[0] : numbers[1] + numbers[2];
            }
        }
        assay_mask_color(color, k);
        (void)snprintf(text, sizeof text, "#%02x%02x%02x", color[0], color[1], color[2]);
        assay_json_begin_object(json);
        assay_json_put_text(json, "name", f->names[k]);
        assay_json_put_int(json, "n", (int64_t)n);
        assay_json_put_text(json, "color", text);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

static void put_truth(assay_json *json, const assay_run *run, int32_t d)
{
    const assay_segment_truth *t = &run->masks->truth[d];
    const assay_mask_cell *cell = any_cell(run, d);
    assay_json_begin_object(json);
    assay_json_put_text(json, "data", run->plan->data[d].name);
    assay_json_put_text(json, "format", t->segments != NULL ? "panoptic" : "label_maps");
    assay_json_put_text(json, "digest", run->boxes->truth[d].notes.digest);
    assay_json_put_int(json, "images", t->n);
    if (t->segments != NULL) {
        assay_json_put_int(json, "objects", t->segments->n_segments);
    } else if (t->ignore >= 0) {
        assay_json_put_int(json, "ignore", t->ignore);
    }
    if (cell != NULL) {
        put_classes(json, cell);
    }
    assay_json_end_object(json);
}

static void put_changed(assay_json *json, const assay_run *run)
{
    const assay_run_masks *m = run->masks;
    assay_json_key(json, "changed");
    assay_json_begin_array(json);
    for (int32_t i = 0; i < m->n_changed; i++) {
        const assay_mask_changes *c = &m->changed[i];
        const assay_coco_truth *images =
            run->boxes->truth[run->plan->contexts[c->context].data].truth;
        assay_json_begin_object(json);
        assay_json_put_text(json, "a", run->plan->models[c->a].name);
        assay_json_put_text(json, "b", run->plan->models[c->b].name);
        assay_json_put_text(json, "context", run->plan->contexts[c->context].name);
        assay_json_put_int(json, "n", c->n);
        assay_json_key(json, "images");
        assay_json_begin_array(json);
        for (int64_t k = 0; k < c->n && k < ASSAY_RUN_CHANGED; k++) {
            assay_json_begin_object(json);
            assay_json_put_text(json, "id", images->image_file[c->images[k].image]);
            assay_json_put_int(json, "image_id", images->image_id[c->images[k].image]);
            assay_json_put_real(json, "value_a", c->images[k].in_a);
            assay_json_put_real(json, "value_b", c->images[k].in_b);
            assay_json_end_object(json);
        }
        assay_json_end_array(json);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

void assay_results_masks(assay_json *json, const assay_run *run)
{
    assay_json_key(json, "truth");
    assay_json_begin_array(json);
    for (int32_t d = 0; d < run->plan->n_data; d++) {
        put_truth(json, run, d);
    }
    assay_json_end_array(json);
    put_pictures(json, run);
    put_changed(json, run);
}
