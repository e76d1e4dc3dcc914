/* What results.json holds about detection beside measures and curves. */
#include <math.h>

#include "api/run_boxes.h"

static void put_box(assay_json *json, const assay_gallery_box *b)
{
    assay_json_begin_object(json);
    assay_json_put_text(json, "role", b->role);
    assay_json_put_text(json, "state", b->state);
    assay_json_put_text(json, "class", b->class_name);
    if (!isnan(b->score)) {
        assay_json_put_real(json, "score", b->score);
    }
    assay_json_key(json, "box");
    assay_json_begin_array(json);
    for (int k = 0; k < 4; k++) {
        assay_json_real(json, round(b->box[k] * 100.0) / 100.0);
    }
    assay_json_end_array(json);
    if (b->turned) {
        assay_json_key(json, "corners");
        assay_json_begin_array(json);
        for (int k = 0; k < 8; k++) {
            assay_json_real(json, round(b->corners[k] * 100.0) / 100.0);
        }
        assay_json_end_array(json);
    }
    assay_json_end_object(json);
}

static void put_gallery(assay_json *json, const assay_run *run)
{
    const assay_run_boxes *b = run->boxes;
    assay_json_key(json, "gallery");
    assay_json_begin_array(json);
    for (int32_t i = 0; i < b->n_gallery; i++) {
        const assay_gallery *g = &b->gallery[i];
        assay_json_begin_object(json);
        assay_json_put_text(json, "model", run->plan->models[g->model].name);
        assay_json_put_text(json, "context", run->plan->contexts[g->context].name);
        assay_json_put_text(json, "id", g->id);
        assay_json_put_int(json, "width", g->width);
        assay_json_put_int(json, "height", g->height);
        assay_json_put_int(json, "missed", g->missed);
        assay_json_put_int(json, "false", g->alarms);
        assay_json_put_real(json, "threshold", g->threshold);
        assay_json_put_text(json, "image", g->image);
        assay_json_key(json, "boxes");
        assay_json_begin_array(json);
        for (int32_t k = 0; k < g->n_boxes; k++) {
            put_box(json, &g->boxes[k]);
        }
        assay_json_end_array(json);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

static void put_truth(assay_json *json, const assay_run *run, int32_t d)
{
    const assay_run_truth *t = &run->boxes->truth[d];
    const assay_coco_rows *objects = &t->truth->objects;
    assay_json_begin_object(json);
    assay_json_put_text(json, "data", run->plan->data[d].name);
    assay_json_put_text(json, "format", assay_annotation_format_name(t->notes.format));
    assay_json_put_text(json, "digest", t->notes.digest);
    assay_json_put_int(json, "images", t->truth->n_images);
    assay_json_put_int(json, "objects", objects->n);
    /* Names in the order of their numbers, by which the confusion speaks of them. */
    assay_json_key(json, "categories");
    assay_json_begin_array(json);
    int64_t last = INT64_MIN;
    for (int64_t put = 0; put < t->truth->n_categories; put++) {
        int64_t next = -1;
        for (int64_t k = 0; k < t->truth->n_categories; k++) {
            int64_t id = t->truth->category_id[k];
            if ((put == 0 || id > last) && (next < 0 || id < t->truth->category_id[next])) {
                next = k;
            }
        }
        if (next < 0) {
            break;
        }
        last = t->truth->category_id[next];
        assay_json_text(json, t->truth->category_name[next]);
    }
    assay_json_end_array(json);
    assay_json_key(json, "classes");
    assay_json_begin_array(json);
    for (int64_t k = 0; k < t->truth->n_categories; k++) {
        int64_t n = 0;
        for (int64_t i = 0; i < objects->n; i++) {
            n += objects->category[i] == t->truth->category_id[k];
        }
        if (n > 0) {
            assay_json_begin_object(json);
            assay_json_put_text(json, "name", t->truth->category_name[k]);
            assay_json_put_int(json, "n", n);
            assay_json_end_object(json);
        }
    }
    assay_json_end_array(json);
    assay_json_end_object(json);
}

/* Images that two detectors treat differently, the most changed first. */
static void put_changed(assay_json *json, const assay_run *run)
{
    const assay_run_boxes *b = run->boxes;
    assay_json_key(json, "changed");
    assay_json_begin_array(json);
    for (int32_t i = 0; i < b->n_changed; i++) {
        const assay_run_changed *c = &b->changed[i];
        const assay_coco_truth *truth = b->truth[run->plan->contexts[c->context].data].truth;
        assay_json_begin_object(json);
        assay_json_put_text(json, "a", run->plan->models[c->a].name);
        assay_json_put_text(json, "b", run->plan->models[c->b].name);
        assay_json_put_text(json, "context", run->plan->contexts[c->context].name);
        assay_json_put_int(json, "n", c->n);
        assay_json_key(json, "images");
        assay_json_begin_array(json);
        for (int64_t k = 0; k < c->n && k < ASSAY_RUN_CHANGED; k++) {
            const assay_changed_image *image = &c->images[k];
            assay_json_begin_object(json);
            assay_json_put_text(json, "id", truth->image_file[image->row]);
            assay_json_put_int(json, "image_id", truth->image_id[image->row]);
            assay_json_put_int(json, "objects", image->a.objects);
            assay_json_put_int(json, "found_a", image->a.found);
            assay_json_put_int(json, "found_b", image->b.found);
            assay_json_put_int(json, "false_a", image->a.false_alarms);
            assay_json_put_int(json, "false_b", image->b.false_alarms);
            assay_json_end_object(json);
        }
        assay_json_end_array(json);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

void assay_results_protocol(assay_json *json, const assay_run *run, bool rule)
{
    const assay_plan_detection *d = &run->plan->detection;
    const assay_protocol *p = &d->protocol;
    if (rule && d->usual && p->iou == ASSAY_IOU_BOX && !d->voc_pixels) {
        return;
    }
    assay_json_key(json, "detection");
    assay_json_begin_object(json);
    assay_json_put_text(json, "iou_type", assay_iou_type_name(p->iou));
    assay_json_put_text(json, "convention", p->name);
    assay_json_key(json, "iou");
    assay_json_begin_array(json);
    for (int32_t t = 0; t < p->n_thresholds; t++) {
        assay_json_real(json, p->thresholds[t]);
    }
    assay_json_end_array(json);
    assay_json_key(json, "areas");
    assay_json_begin_object(json);
    for (int32_t a = 0; a < p->n_ranges; a++) {
        assay_json_key(json, p->ranges[a].name);
        assay_json_begin_array(json);
        assay_json_real(json, p->ranges[a].low);
        assay_json_real(json, p->ranges[a].high);
        assay_json_end_array(json);
    }
    assay_json_end_object(json);
    assay_json_key(json, "max_detections");
    assay_json_begin_array(json);
    for (int32_t m = 0; m < p->n_caps; m++) {
        assay_json_int(json, p->caps[m]);
    }
    assay_json_end_array(json);
    assay_json_put_int(json, "recalls", (p->rules & ASSAY_RULE_AREA_UNDER) != 0 ? 0 : p->n_recalls);
    assay_json_put_text(json, "sigmas", d->words.sigmas);
    assay_json_put_bool(json, "pixel", d->words.pixel);
    assay_json_put_text(json, "voc_corners", d->voc_pixels ? "pixels" : "edges");
    if (run->boxes != NULL && run->boxes->hierarchy != NULL) {
        assay_json_put_text(json, "hierarchy", run->boxes->hierarchy_digest);
        assay_json_put_bool(json, "expand_predictions", d->expand_predictions);
    }
    assay_json_end_object(json);
}

void assay_results_boxes(assay_json *json, const assay_run *run)
{
    if (run->boxes == NULL) {
        return;
    }
    assay_results_protocol(json, run, false);
    assay_json_key(json, "truth");
    assay_json_begin_array(json);
    for (int32_t d = 0; d < run->plan->n_data; d++) {
        put_truth(json, run, d);
    }
    assay_json_end_array(json);
    put_gallery(json, run);
    put_changed(json, run);
}
