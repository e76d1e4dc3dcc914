#include <math.h>
#include <string.h>

#include "api/attack.h"
#include "api/run.h"
#include "assay/version.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "base/sort.h"
#include "codec/image_encode.h"
#include "stats/intervals.h"

static const assay_selection everything = {.label = -1};

static void put_share(assay_json *json, const assay_share *share)
{
    assay_json_put_real(json, "value", share->value);
    assay_json_put_real(json, "low", share->low);
    assay_json_put_real(json, "high", share->high);
    assay_json_put_int(json, "n", share->n);
}

static assay_status put_curve(assay_json *json, const char *key, const assay_assessment *a,
                              int32_t k, assay_selection of, assay_error *err)
{
    assay_json_key(json, key);
    assay_json_begin_array(json);
    for (int32_t e = 0; e < a->options->n_eps; e++) {
        assay_share share;
        ASSAY_TRY(assay_robust_share(&share, a, k, e, of, err));
        assay_json_begin_object(json);
        assay_json_put_real(json, "eps", a->options->eps[e]);
        put_share(json, &share);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
    return ASSAY_OK;
}

/* Distances of images that were right: how many were found, quantiles with the rest as infinite. */
static assay_status put_distances(assay_json *json, const assay_assessment *a, int32_t k,
                                  assay_error *err)
{
    static const double shares[] = {0.05, 0.25, 0.5, 0.75, 0.95};
    static const char *const names[] = {"q05", "q25", "median", "q75", "q95"};
    const assay_attack_result *r = a->attacks[k].result;
    double *values = assay_alloc((size_t)r->n + 1, sizeof *values);
    int64_t *order = assay_alloc((size_t)r->n + 1, sizeof *order);
    assay_status status = values == NULL || order == NULL ? assay_fail_memory(err) : ASSAY_OK;
    int64_t n = 0;
    int64_t found = 0;
    for (int64_t i = 0; status == ASSAY_OK && i < r->n; i++) {
        if (r->label[i] >= 0 && r->clean[i] == r->label[i]) {
            found += isfinite(r->distance[i]);
            values[n++] = r->distance[i];
        }
    }
    status = status == ASSAY_OK ? assay_sort_order(order, values, n, 0, err) : status;
    if (status == ASSAY_OK) {
        assay_json_key(json, "distance");
        assay_json_begin_object(json);
        assay_json_put_int(json, "n", n);
        assay_json_put_int(json, "found", found);
        for (size_t q = 0; q < ASSAY_COUNT(shares); q++) {
            int64_t place = (int64_t)ceil(shares[q] * (double)n) - 1;
            place = place < 0 ? 0 : place;
            assay_json_put_real(json, names[q], n > 0 ? values[order[place]] : NAN);
        }
        assay_json_end_object(json);
    }
    assay_free(values);
    assay_free(order);
    return status;
}

static void put_queries(assay_json *json, const assay_assessment *a, int32_t k)
{
    static const int64_t marks[] = {1,   2,   5,    10,   20,   50,    100,
                                    200, 500, 1000, 2000, 5000, 10000, 100000};
    const assay_attack_result *r = a->attacks[k].result;
    assay_json_key(json, "query_curve");
    assay_json_begin_array(json);
    for (size_t m = 0; m < ASSAY_COUNT(marks); m++) {
        int64_t n = 0;
        int64_t fooled = 0;
        for (int64_t i = 0; i < r->n; i++) {
            bool right = r->label[i] >= 0 && r->clean[i] == r->label[i];
            n += right;
            fooled += right && r->first[i] > 0 && r->first[i] <= marks[m];
        }
        assay_json_begin_object(json);
        assay_json_put_int(json, "queries", marks[m]);
        assay_json_put_real(json, "success", n > 0 ? (double)fooled / (double)n : NAN);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

static void put_cost(assay_json *json, const assay_assessment *a, int32_t k)
{
    const assay_attack_result *r = a->attacks[k].result;
    int64_t forwards = 0;
    int64_t backwards = 0;
    for (int64_t i = 0; i < r->n; i++) {
        forwards += r->forwards[i];
        backwards += r->backwards[i];
    }
    assay_json_key(json, "cost");
    assay_json_begin_object(json);
    assay_json_put_int(json, "forwards", forwards);
    assay_json_put_int(json, "backwards", backwards);
    assay_json_put_real(json, "seconds", nearbyint(a->attacks[k].seconds * 1000.0) / 1000.0);
    if (r->reused > 0) {
        assay_json_put_int(json, "rows_from_before", r->reused); /* not in the seconds */
    }
    assay_json_end_object(json);
}

static void put_after(assay_json *json, const assay_assessment *a, int32_t k)
{
    const assay_attack_result *r = a->attacks[k].result;
    int64_t examples = 0;
    int64_t rounded = 0;
    int64_t refuted = 0;
    for (int64_t i = 0; i < r->n; i++) {
        bool is_example = r->answer[i] >= 0 && r->distance[i] > 0.0;
        examples += is_example;
        rounded += is_example && r->rounded[i] != r->label[i];
        refuted += r->refuted[i];
    }
    assay_json_put_int(json, "examples_found", examples);
    assay_json_put_int(json, "examples_kept_after_8_bit", rounded);
    assay_json_put_int(json, "examples_refuted", refuted);
}

/* Of the examples that fool the attacked model: how many fool the other one, which got the original
 * wrong anyway or not. */
static assay_status put_transfer(assay_json *json, const assay_assessment *a, int32_t k,
                                 assay_error *err)
{
    const assay_attack_result *r = a->attacks[k].result;
    if (a->options->n_transfer == 0) {
        return ASSAY_OK;
    }
    assay_json_key(json, "transfer");
    assay_json_begin_array(json);
    for (int32_t t = 0; t < a->options->n_transfer; t++) {
        int64_t n = 0;
        int64_t fooled = 0;
        for (int64_t i = 0; i < r->n; i++) {
            int32_t answer = r->transferred[(int64_t)t * r->n + i];
            if (answer >= 0 && r->distance[i] > 0.0) {
                n++;
                fooled += a->images.targets != NULL ? answer == a->images.targets[i]
                                                    : answer != r->label[i];
            }
        }
        assay_share share;
        ASSAY_TRY(assay_share_of(&share, fooled, n, a->options->level, err));
        assay_json_begin_object(json);
        assay_json_put_text(json, "model", a->options->transfer[t]->name);
        put_share(json, &share);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
    return ASSAY_OK;
}

static void put_stages(assay_json *json, const assay_assessment *a, int32_t k)
{
    const assay_attack_result *r = a->attacks[k].result;
    const char *const *stages = a->attacks[k].attack->op->attack->stages;
    if (stages == NULL) {
        return;
    }
    assay_json_key(json, "found_by");
    assay_json_begin_object(json);
    for (int32_t s = 0; stages[s] != NULL; s++) {
        int64_t n = 0;
        for (int64_t i = 0; i < r->n; i++) {
            n += r->stage[i] == s;
        }
        assay_json_put_int(json, stages[s], n);
    }
    assay_json_end_object(json);
}

assay_status assay_pixels_png(assay_buffer *out, const assay_assessment *a, const float *pixels,
                              assay_error *err)
{
    assay_image image = {0};
    assay_buffer png;
    assay_buffer_init(&png, 0);
    assay_status status = assay_attack_to_image(&image, pixels, a->images.channels,
                                                a->images.height, a->images.width, err);
    if (status == ASSAY_OK) {
        status = assay_image_encode_png(&png, &image, err);
    }
    if (status == ASSAY_OK) {
        assay_buffer_append(out, png.data, png.size);
        status = assay_buffer_status(out, err);
    }
    assay_image_dispose(&image);
    assay_buffer_dispose(&png);
    return status;
}

double assay_amplify(float *out, const float *before, const float *after, int64_t n)
{
    float most = 0.0F;
    for (int64_t k = 0; k < n; k++) {
        float change = fabsf(after[k] - before[k]);
        most = change > most ? change : most;
    }
    double times = most > 0.0F ? 0.5 / (double)most : 1.0;
    for (int64_t k = 0; k < n; k++) {
        out[k] = (float)(0.5 + times * ((double)after[k] - (double)before[k]));
    }
    return times;
}

static assay_status put_png(assay_json *json, const char *key, const assay_assessment *a,
                            const float *pixels, assay_error *err)
{
    assay_buffer png;
    assay_buffer uri;
    assay_buffer_init(&png, 0);
    assay_buffer_init(&uri, 0);
    assay_status status = assay_pixels_png(&png, a, pixels, err);
    if (status == ASSAY_OK) {
        assay_buffer_puts(&uri, "data:image/png;base64,");
        assay_base64_append(&uri, png.data, png.size);
        status = assay_buffer_status(&uri, err);
    }
    if (status == ASSAY_OK) {
        assay_json_put_text(json, key, uri.data);
    }
    assay_buffer_dispose(&png);
    assay_buffer_dispose(&uri);
    return status;
}

static assay_status put_examples(assay_json *json, const assay_assessment *a, int32_t k,
                                 assay_error *err)
{
    const assay_assessed *one = &a->attacks[k];
    const char *const *names = a->options->models[0]->spec.class_names;
    int64_t size = (int64_t)a->images.channels * a->images.height * a->images.width;
    float *difference = assay_alloc((size_t)size, sizeof *difference);
    assay_status status = difference == NULL ? assay_fail_memory(err) : ASSAY_OK;
    assay_json_key(json, "examples");
    assay_json_begin_array(json);
    for (int32_t e = 0; status == ASSAY_OK && e < one->n_examples; e++) {
        const assay_example_pixels *x = &one->examples[e];
        assay_json_begin_object(json);
        assay_json_put_text(json, "id", a->images.ids[x->index]);
        assay_json_put_text(json, "class", names[one->result->label[x->index]]);
        assay_json_put_text(json, "answer", names[one->result->answer[x->index]]);
        assay_json_put_real(json, "distance", one->result->distance[x->index]);
        assay_json_put_int(json, "width", a->images.width);
        assay_json_put_int(json, "height", a->images.height);
        assay_json_put_real(json, "amplified",
                            assay_amplify(difference, x->before, x->after, size));
        ASSAY_GOTO(put_png(json, "before", a, x->before, err), done);
        ASSAY_GOTO(put_png(json, "after", a, x->after, err), done);
        ASSAY_GOTO(put_png(json, "difference", a, difference, err), done);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
done:
    assay_free(difference);
    return status;
}

static assay_status put_attack(assay_json *json, const assay_assessment *a, int32_t k,
                               assay_error *err)
{
    const assay_args *args = a->attacks[k].attack;
    const assay_attack *attack = args->op->attack;
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_json_begin_object(json);
    assay_json_put_text(json, "attack", args->op->name);
    assay_json_put_text(json, "title", a->attacks[k].title);
    assay_json_put_int(json, "revision", args->op->revision);
    assay_status status = assay_args_json(&text, args, err);
    if (status == ASSAY_OK) {
        assay_json_key(json, "params");
        assay_json_raw(json, text.data);
    }
    assay_buffer_dispose(&text);
    ASSAY_TRY(status);
    if (a->attacks[k].proxy != NULL) {
        assay_json_put_text(json, "proxy", a->attacks[k].proxy->name);
    }
    assay_json_put_text(json, "access",
                        a->attacks[k].proxy != NULL ? "transfer"
                                                    : assay_attack_access_name(attack->access));
    assay_json_put_bool(json, "control", (attack->traits & ASSAY_ATTACK_CONTROL) != 0);
    assay_json_put_bool(json, "minimum", (attack->traits & ASSAY_ATTACK_MINIMUM) != 0);
    assay_json_put_bool(json, "bounded_by_eps", attack->norms != 0);
    ASSAY_TRY(put_curve(json, "robust_accuracy", a, k, everything, err));
    ASSAY_TRY(put_distances(json, a, k, err));
    put_queries(json, a, k);
    put_stages(json, a, k);
    put_after(json, a, k);
    put_cost(json, a, k);
    ASSAY_TRY(put_transfer(json, a, k, err));
    ASSAY_TRY(put_examples(json, a, k, err));
    assay_json_end_object(json);
    return ASSAY_OK;
}

static assay_status put_group(assay_json *json, const char *name, const assay_assessment *a,
                              assay_selection of, assay_error *err)
{
    assay_share share;
    ASSAY_TRY(assay_clean_share(&share, a, of, err));
    assay_json_begin_object(json);
    assay_json_put_text(json, "name", name);
    assay_json_key(json, "clean");
    assay_json_begin_object(json);
    put_share(json, &share);
    assay_json_end_object(json);
    ASSAY_TRY(put_curve(json, "robust_accuracy", a, -1, of, err));
    assay_json_end_object(json);
    return ASSAY_OK;
}

static assay_status put_classes(assay_json *json, const assay_assessment *a, assay_error *err)
{
    const assay_model *model = a->options->models[0];
    assay_json_key(json, "classes");
    assay_json_begin_array(json);
    for (int32_t c = 0; c < model->spec.classes; c++) {
        assay_selection of = {.label = c};
        assay_share share;
        ASSAY_TRY(assay_clean_share(&share, a, of, err));
        if (share.n > 0) {
            ASSAY_TRY(put_group(json, model->spec.class_names[c], a, of, err));
        }
    }
    assay_json_end_array(json);
    return ASSAY_OK;
}

/* Groups in the order of their first row; 100 at most, and how many more there are. */
static assay_status put_slices(assay_json *json, const assay_assessment *a, assay_error *err)
{
    enum { MOST = 100 };
    if (a->options->by == NULL) {
        return ASSAY_OK;
    }
    assay_slices slices;
    ASSAY_TRY(assay_slices_make(&slices, a, err));
    assay_json_put_text(json, "by", a->options->by);
    assay_json_key(json, "slices");
    assay_json_begin_array(json);
    for (int64_t k = 0; k < slices.n && k < MOST; k++) {
        ASSAY_TRY(put_group(json, slices.names[k], a, assay_slices_pick(&slices, k), err));
    }
    assay_json_end_array(json);
    if (slices.n > MOST) {
        assay_json_put_int(json, "slices_left_out", slices.n - MOST);
    }
    return ASSAY_OK;
}

/* Accuracy of the smoothed model that no change within the radius (L2) can take away. */
static assay_status put_certificate(assay_json *json, const assay_assessment *a, assay_error *err)
{
    double radii[ASSAY_SMOOTHING_RADII];
    int32_t n_radii = 0;
    int64_t abstained = 0;
    if (a->certified == NULL) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_smoothing_radii(&n_radii, radii, &a->smoothing, err));
    for (int64_t i = 0; i < a->images.n; i++) {
        abstained += a->certified[i] < 0;
    }
    assay_json_key(json, "certificate");
    assay_json_begin_object(json);
    assay_json_put_text(json, "method", "randomised smoothing");
    assay_json_put_real(json, "sigma", a->smoothing.sigma);
    assay_json_put_int(json, "first_draws", a->smoothing.first);
    assay_json_put_int(json, "draws", a->smoothing.draws);
    assay_json_put_real(json, "alpha", a->smoothing.alpha);
    assay_json_put_int(json, "abstained", abstained);
    assay_json_key(json, "certified_accuracy");
    assay_json_begin_array(json);
    for (int32_t r = 0; r < n_radii; r++) {
        int64_t x = 0;
        for (int64_t i = 0; i < a->images.n; i++) {
            x += a->certified[i] == a->images.labels[i] && a->radius[i] >= radii[r];
        }
        assay_share share;
        ASSAY_TRY(assay_share_of(&share, x, a->images.n, a->options->level, err));
        assay_json_begin_object(json);
        assay_json_put_real(json, "radius", radii[r]);
        put_share(json, &share);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
    assay_json_end_object(json);
    return ASSAY_OK;
}

static const char *const states[] = {NULL, "passed", "warning", "not_applicable"};

static void put_checks(assay_json *json, const assay_assessment *a)
{
    assay_json_key(json, "checks");
    assay_json_begin_array(json);
    for (int32_t c = 0; c < a->n_checks; c++) {
        assay_json_begin_object(json);
        assay_json_put_text(json, "check", a->checks[c].name);
        assay_json_put_text(json, "state", states[a->checks[c].state]);
        assay_json_put_text(json, "text", a->checks[c].text);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

assay_status assay_assessment_json(assay_json *json, const assay_assessment *a, assay_error *err)
{
    const assay_assess_options *o = a->options;
    assay_share share;
    assay_json_begin_object(json);
    assay_json_put_text(json, "assay", ASSAY_VERSION);
    assay_json_put_text(json, "model", o->models[0]->name);
    assay_json_put_text(json, "model_digest", o->models[0]->digest);
    assay_json_put_text(json, "data", o->data->name);
    assay_json_put_text(json, "data_digest", o->data->digest);
    assay_json_put_int(json, "n", a->images.n);
    assay_json_put_text(json, "norm", assay_norm_name(o->norm));
    assay_json_put_text(json, "target_class",
                        o->target >= 0 ? o->models[0]->spec.class_names[o->target] : NULL);
    assay_json_put_text(json, "labels", o->own_answers ? "the model's own answers" : "of the data");
    assay_json_put_int(json, "seed", (int64_t)o->seed);
    assay_json_put_int(json, "repeats", o->repeats > 0 ? o->repeats : 1);
    assay_json_put_real(json, "noise", o->noise);
    assay_json_put_text(json, "gradients_from", o->substitute != NULL ? o->substitute->name : NULL);
    assay_json_put_real(json, "level", o->level);
    assay_json_put_text(json, "interval", "clopper_pearson");
    ASSAY_TRY(assay_clean_share(&share, a, everything, err));
    assay_json_key(json, "clean");
    assay_json_begin_object(json);
    put_share(json, &share);
    assay_json_end_object(json);
    ASSAY_TRY(put_curve(json, "worst_case", a, -1, everything, err));
    assay_json_key(json, "attacks");
    assay_json_begin_array(json);
    for (int32_t k = 0; k < a->n_attacks; k++) {
        ASSAY_TRY(put_attack(json, a, k, err));
    }
    assay_json_end_array(json);
    ASSAY_TRY(put_classes(json, a, err));
    ASSAY_TRY(put_slices(json, a, err));
    assay_assessment_matrix_json(json, a);
    ASSAY_TRY(put_certificate(json, a, err));
    put_checks(json, a);
    assay_assessment_checklist(json, a);
    if (o->memory != NULL) {
        assay_attack_memory_json(json, o->memory);
    }
    assay_json_end_object(json);
    return assay_buffer_status(json->out, err);
}
