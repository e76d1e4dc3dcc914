#include "core/attack_probe.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

/* The probe is an attack that looks and does nothing: it has the same rows, the same questions. */
typedef struct probe_params {
    assay_attack_probe *out;
    bool gradients, scores;
} probe_params;

typedef struct work {
    assay_attack_block *b;
    float *x, *logits, *first, *g;
    double dot, derivative, difference, gap; /* sums of products over directions */
} work;

static const double step = 1e-3;

static double length_of(const float *z, int32_t n)
{
    double sum = 0.0;
    for (int32_t c = 0; c < n; c++) {
        sum += (double)z[c] * (double)z[c];
    }
    return sqrt(sum) + 1e-12;
}

static double spread_of(const float *a, const float *b, int32_t n)
{
    double la = length_of(a, n);
    double lb = length_of(b, n);
    double sum = 0.0;
    for (int32_t c = 0; c < n; c++) {
        double d = (double)a[c] / la - (double)b[c] / lb;
        sum += d * d;
    }
    return sqrt(sum);
}

static bool is_certain(const float *z, int32_t n)
{
    double rest = 0.0;
    int32_t best = assay_class_of(z, n);
    for (int32_t c = 0; c < n; c++) {
        rest += c == best ? 0.0 : exp((double)z[c] - (double)z[best]);
    }
    return (float)(1.0 / (1.0 + rest)) == 1.0F;
}

static assay_status repeat_scores(work *w, assay_attack_probe *out, assay_error *err)
{
    assay_attack_block *b = w->b;
    assay_points points = assay_attack_active(b);
    uint8_t *changed = assay_arena_alloc(b->arena, (size_t)b->n, 1);
    if (changed == NULL) {
        return assay_fail_memory(err);
    }
    for (int repeat = 0; repeat < ASSAY_PROBE_REPEATS; repeat++) {
        float *logits = repeat == 0 ? w->first : w->logits;
        ASSAY_TRY(assay_attack_scores(b, logits, b->x0, &points, err));
        for (int64_t i = 0; i < b->n_active; i++) {
            const float *z = logits + b->active[i] * (int64_t)b->classes;
            const float *z0 = w->first + b->active[i] * (int64_t)b->classes;
            if (repeat == 0) {
                out->certain += is_certain(z, b->classes);
                continue;
            }
            double spread = spread_of(z, z0, b->classes);
            out->spread = spread > out->spread ? spread : out->spread;
            changed[b->active[i]] |=
                assay_class_of(z, b->classes) != assay_class_of(z0, b->classes);
        }
    }
    for (int64_t i = 0; i < b->n_active; i++) {
        out->changed += changed[b->active[i]];
    }
    return ASSAY_OK;
}

static assay_status repeat_labels(const work *w, assay_attack_probe *out, assay_error *err)
{
    assay_attack_block *b = w->b;
    assay_points points = assay_attack_active(b);
    int32_t *labels = assay_arena_alloc(b->arena, (size_t)b->n, sizeof *labels);
    uint8_t *changed = assay_arena_alloc(b->arena, (size_t)b->n, 1);
    if (labels == NULL || changed == NULL) {
        return assay_fail_memory(err);
    }
    for (int repeat = 0; repeat < ASSAY_PROBE_REPEATS; repeat++) {
        ASSAY_TRY(assay_attack_labels(b, labels, b->x0, &points, err));
        for (int64_t i = 0; i < b->n_active; i++) {
            int32_t r = b->active[i];
            changed[r] = changed[r] || labels[r] != b->label[r];
        }
    }
    for (int64_t i = 0; i < b->n_active; i++) {
        out->changed += changed[b->active[i]];
    }
    out->spread = NAN;
    return ASSAY_OK;
}

static double margin_of(const work *w, int64_t r)
{
    const assay_attack_block *b = w->b;
    return assay_loss_value(ASSAY_LOSS_MARGIN, w->logits + r * b->classes, b->classes, b->label[r],
                            0);
}

/* One random direction of every row: two points on either side, and the slope that is promised. */
static assay_status one_direction(work *w, float *direction, double *slopes, assay_error *err)
{
    assay_attack_block *b = w->b;
    assay_points points = assay_attack_active(b);
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        slopes[r] = 0.0;
        for (int64_t k = r * b->size; k < (r + 1) * b->size; k++) {
            direction[k] = assay_rng_u32(&b->rng[r]) & 1U ? 1.0F : -1.0F;
            slopes[r] += (double)w->g[k] * (double)direction[k];
        }
    }
    for (int side = 1; side >= -1; side -= 2) {
        for (int64_t i = 0; i < b->n_active; i++) {
            int64_t r = b->active[i];
            for (int64_t k = r * b->size; k < (r + 1) * b->size; k++) {
                w->x[k] = b->x0[k] + (float)(side * step) * direction[k];
            }
        }
        ASSAY_TRY(assay_attack_scores(b, w->logits, w->x, &points, err));
        for (int64_t i = 0; i < b->n_active; i++) {
            int64_t r = b->active[i];
            w->first[r * b->classes + (side > 0 ? 0 : 1)] = (float)margin_of(w, r);
        }
    }
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        const float *margins = w->first + r * b->classes;
        double difference = ((double)margins[0] - (double)margins[1]) / (2.0 * step);
        w->dot += slopes[r] * difference;
        w->derivative += slopes[r] * slopes[r];
        w->difference += difference * difference;
        w->gap += (slopes[r] - difference) * (slopes[r] - difference);
    }
    return ASSAY_OK;
}

static assay_status check_gradient(work *w, assay_attack_probe *out, assay_error *err)
{
    assay_attack_block *b = w->b;
    assay_points points = assay_attack_active(b);
    float *direction = assay_attack_pixels(b, b->n);
    double *slopes = assay_arena_alloc(b->arena, (size_t)b->n, sizeof *slopes);
    w->g = assay_attack_pixels(b, b->n);
    if (direction == NULL || slopes == NULL || w->g == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_attack_gradient(b, w->g, w->logits, b->x0, &points, ASSAY_LOSS_MARGIN, NULL,
                                    NULL, err));
    for (int64_t i = 0; i < b->n_active; i++) {
        out->zero += b->flat[b->active[i]] != 0;
    }
    out->n_gradient = b->n_active;
    for (int d = 0; d < ASSAY_PROBE_DIRECTIONS; d++) {
        ASSAY_TRY(one_direction(w, direction, slopes, err));
    }
    out->cosine = w->dot / sqrt(w->derivative * w->difference);
    out->error = sqrt(w->gap / w->difference);
    return ASSAY_OK;
}

static assay_status look(assay_attack_block *b, const void *raw, assay_error *err)
{
    const probe_params *p = raw;
    work w = {.b = b,
              .x = assay_attack_pixels(b, b->n),
              .logits = assay_attack_logits(b),
              .first = assay_attack_logits(b)};
    if (w.x == NULL || w.logits == NULL || w.first == NULL) {
        return assay_fail_memory(err);
    }
    b->silent = true;
    p->out->n = b->n_active;
    ASSAY_TRY(p->scores ? repeat_scores(&w, p->out, err) : repeat_labels(&w, p->out, err));
    return p->gradients ? check_gradient(&w, p->out, err) : ASSAY_OK;
}

static const assay_attack shape = {
    .access = ASSAY_ACCESS_LABELS, .traits = ASSAY_ATTACK_UNIVERSAL, .run = look};
static const assay_op probe = {.kind = ASSAY_OP_ATTACK, .name = "probe", .attack = &shape};

assay_status assay_attack_probe_model(assay_attack_probe *out, const assay_attack_images *images,
                                      const assay_attack_options *options, assay_error *err)
{
    *out = (assay_attack_probe){.cosine = NAN, .error = NAN};
    assay_attack_options mine = *options;
    assay_error unused = {0};
    const assay_model *model = options->models[0];
    probe_params params = {.out = out,
                           .gradients = options->substitute == NULL &&
                                        assay_attack_gives_gradients(options->models[0], &unused),
                           .scores = model->spec.scores != ASSAY_SCORES_LABELS};
    assay_args args = {.op = &probe, .params = &params};
    assay_attack_result *result = NULL;
    assay_attack_images few = *images;
    few.targets = NULL;
    mine.attack = &args;
    mine.n_models = 1;
    mine.n_eps = 0;
    mine.n_transfer = 0;
    mine.repeats = 0;
    mine.noise = 0.0;
    mine.budget = 0;
    mine.sink = NULL;
    mine.keep_events = false;
    mine.log = NULL;
    ASSAY_TRY(assay_attack_run(&result, &few, &mine, err));
    assay_attack_result_free(result);
    return ASSAY_OK;
}
