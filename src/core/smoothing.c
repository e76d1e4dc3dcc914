#include "core/smoothing.h"

#include <inttypes.h>
#include <string.h>

#include "stats/intervals.h"

assay_status assay_smoothing_radius(double *radius, int64_t successes,
                                    const assay_smoothing *settings, assay_error *err)
{
    double low = 0.0;
    double high = 1.0;
    *radius = 0.0;
    ASSAY_TRY(
        assay_clopper_pearson(&low, &high, successes, settings->draws, settings->alpha, 0.0, err));
    if (low > 0.5) {
        *radius = settings->sigma * assay_normal_inverse(low);
    }
    return ASSAY_OK;
}

assay_status assay_smoothing_radii(int32_t *n, double radii[ASSAY_SMOOTHING_RADII],
                                   const assay_smoothing *settings, assay_error *err)
{
    double most = 0.0;
    *n = 0;
    ASSAY_TRY(assay_smoothing_radius(&most, settings->draws, settings, err));
    for (int32_t i = 0; i < ASSAY_SMOOTHING_RADII; i++) {
        double radius = 0.5 * i * settings->sigma;
        if (i == 0 || radius <= most) {
            radii[(*n)++] = radius;
        }
    }
    return ASSAY_OK;
}

/* An attack that only looks: it has the rows, the noise and the questions that are needed. */
typedef struct smooth_params {
    int32_t *label;
    double *radius;
    const assay_smoothing *settings;
} smooth_params;

enum { AT_ONCE = 64 };

typedef struct work {
    assay_attack_block *b;
    float *x; /* AT_ONCE x size */
    int32_t *answers, *of;
    int64_t *counts; /* classes */
} work;

/* Count the classes that `draws` noisy copies of row r get. */
static assay_status count(const work *w, int64_t r, double sigma, int64_t draws, assay_error *err)
{
    assay_attack_block *b = w->b;
    memset(w->counts, 0, (size_t)b->classes * sizeof *w->counts);
    for (int64_t first = 0; first < draws; first += AT_ONCE) {
        int64_t n = draws - first < AT_ONCE ? draws - first : AT_ONCE;
        for (int64_t i = 0; i < n; i++) {
            w->of[i] = (int32_t)r;
            for (int64_t k = 0; k < b->size; k++) {
                w->x[i * b->size + k] =
                    (float)((double)b->x0[r * b->size + k] + sigma * assay_rng_normal(&b->rng[r]));
            }
        }
        assay_points points = {.n = n, .of = w->of};
        ASSAY_TRY(assay_attack_labels(b, w->answers, w->x, &points, err));
        for (int64_t i = 0; i < n; i++) {
            w->counts[w->answers[i]]++;
        }
    }
    return ASSAY_OK;
}

static assay_status look(assay_attack_block *b, const void *raw, assay_error *err)
{
    const smooth_params *p = raw;
    work w = {.b = b,
              .x = assay_attack_pixels(b, AT_ONCE),
              .answers = assay_arena_alloc(b->arena, AT_ONCE, sizeof(int32_t)),
              .of = assay_arena_alloc(b->arena, AT_ONCE, sizeof(int32_t)),
              .counts = assay_arena_alloc(b->arena, (size_t)b->classes, sizeof(int64_t))};
    if (w.x == NULL || w.answers == NULL || w.of == NULL || w.counts == NULL) {
        return assay_fail_memory(err);
    }
    b->silent = true;
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        int32_t best = 0;
        ASSAY_TRY(count(&w, r, p->settings->sigma, p->settings->first, err));
        for (int32_t c = 1; c < b->classes; c++) {
            best = w.counts[c] > w.counts[best] ? c : best;
        }
        ASSAY_TRY(count(&w, r, p->settings->sigma, p->settings->draws, err));
        double radius = 0.0;
        ASSAY_TRY(assay_smoothing_radius(&radius, w.counts[best], p->settings, err));
        p->radius[b->datum + r] = radius;
        p->label[b->datum + r] = radius > 0.0 ? best : -1;
    }
    return ASSAY_OK;
}

static const assay_attack shape = {
    .access = ASSAY_ACCESS_LABELS, .traits = ASSAY_ATTACK_ALL, .run = look};
static const assay_op smooth = {.kind = ASSAY_OP_ATTACK, .name = "smoothing", .attack = &shape};

assay_status assay_smooth(int32_t *label, double *radius, const assay_attack_images *images,
                          const assay_attack_options *options, const assay_smoothing *settings,
                          assay_error *err)
{
    smooth_params params = {.label = label, .radius = radius, .settings = settings};
    assay_args args = {.op = &smooth, .params = &params};
    assay_attack_options mine = *options;
    assay_attack_result *result = NULL;
    if (!(settings->sigma > 0.0) || settings->first < 1 || settings->draws < 1 ||
        !(settings->alpha > 0.0 && settings->alpha <= 0.5)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "smoothing: sigma is %g, draws %" PRId64 " and %" PRId64 ", alpha %g",
                          settings->sigma, settings->first, settings->draws, settings->alpha);
    }
    for (int64_t i = 0; i < images->n; i++) {
        label[i] = -1;
        radius[i] = 0.0;
    }
    mine.attack = &args;
    mine.n_models = 1;
    mine.n_eps = 0;
    mine.n_transfer = 0;
    mine.repeats = 0;
    mine.noise = 0.0;
    mine.budget = 0;
    mine.sink = NULL;
    mine.keep_events = false;
    ASSAY_TRY(assay_attack_run(&result, images, &mine, err));
    assay_attack_result_free(result);
    return ASSAY_OK;
}
