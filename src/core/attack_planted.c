#include "core/attack_planted.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "core/attack_internal.h"

enum { INNER = 40, CANDIDATES = 8, SAMPLES = INNER + CANDIDATES, FEATURES = 7 };

/* The question of one image: s(x) = sum of weight * (logit - logit of the base) - threshold. */
typedef struct readout {
    bool made;
    int32_t n, base, classes[FEATURES];
    double weight[FEATURES], threshold;
} readout;

/* ---- points within the budget --------------------------------------------------------------- */

/* Uniform in the ball (linf), or in a direction of equal chance (l2, where nearly all of the ball lies
 * near its surface). On the edge: a corner, or the surface. */
static void draw(float *x, const assay_attack_block *b, int64_t r, double eps, bool edge)
{
    const float *x0 = b->x0 + r * b->size;
    float *at = x + r * b->size;
    assay_rng *rng = &b->rng[r];
    double length = 0.0;
    for (int64_t k = 0; k < b->size; k++) {
        double d = b->norm == ASSAY_NORM_L2 ? assay_rng_normal(rng)
                   : edge                   ? (assay_rng_u32(rng) & 1U ? 1.0 : -1.0)
                                            : 2.0 * assay_rng_uniform(rng) - 1.0;
        length += d * d;
        at[k] = (float)d;
    }
    double scale = eps;
    if (b->norm == ASSAY_NORM_L2) {
        double share = edge ? 1.0 : pow(assay_rng_uniform(rng), 1.0 / (double)b->size);
        scale = length > 0.0 ? eps * share / sqrt(length) : 0.0;
    }
    for (int64_t k = 0; k < b->size; k++) {
        double value = (double)x0[k] + scale * (double)at[k];
        at[k] = (float)(value < 0.0 ? 0.0 : value > 1.0 ? 1.0 : value);
    }
}

/* ---- the question --------------------------------------------------------------------------- */

/* The highest classes of the original: the base, and those that are compared with it. */
static void choose_classes(readout *q, const float *logits, int32_t classes)
{
    int32_t order[FEATURES + 1] = {0};
    int32_t n = 0;
    int32_t most = classes < FEATURES + 1 ? classes : FEATURES + 1;
    while (n < most) {
        int32_t best = -1;
        for (int32_t c = 0; c < classes; c++) {
            bool taken = false;
            for (int32_t k = 0; k < n; k++) {
                taken = taken || order[k] == c;
            }
            best = !taken && (best < 0 || logits[c] > logits[best]) ? c : best;
        }
        order[n++] = best;
    }
    q->base = order[0];
    q->n = n - 1;
    memcpy(q->classes, order + 1, (size_t)q->n * sizeof *order);
}

static double feature(const readout *q, const float *logits, int32_t k)
{
    return (double)logits[q->classes[k]] - (double)logits[q->base];
}

/* Gauss with pivots; the matrix is positive definite. */
static void solve(double a[FEATURES][FEATURES], double *x, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        int32_t pivot = i;
        for (int32_t j = i + 1; j < n; j++) {
            pivot = fabs(a[j][i]) > fabs(a[pivot][i]) ? j : pivot;
        }
        for (int32_t k = 0; k < n; k++) {
            double t = a[i][k];
            a[i][k] = a[pivot][k];
            a[pivot][k] = t;
        }
        double t = x[i];
        x[i] = x[pivot];
        x[pivot] = t;
        for (int32_t j = i + 1; j < n && a[i][i] != 0.0; j++) {
            double f = a[j][i] / a[i][i];
            for (int32_t k = i; k < n; k++) {
                a[j][k] -= f * a[i][k];
            }
            x[j] -= f * x[i];
        }
    }
    for (int32_t i = n - 1; i >= 0; i--) {
        for (int32_t k = i + 1; k < n; k++) {
            x[i] -= a[i][k] * x[k];
        }
        x[i] = a[i][i] != 0.0 ? x[i] / a[i][i] : 0.0;
    }
}

static double project(const double *w, const double *u, int32_t n)
{
    double sum = 0.0;
    for (int32_t k = 0; k < n; k++) {
        sum += w[k] * u[k];
    }
    return sum;
}

/* u: the features of the samples, those within first. */
static void fit(readout *q, double u[SAMPLES][FEATURES])
{
    double mean[FEATURES] = {0};
    double spread[FEATURES][FEATURES] = {{0}};
    double trace = 0.0;
    double widest = 0.0;
    for (int s = 0; s < INNER; s++) {
        for (int32_t k = 0; k < q->n; k++) {
            mean[k] += u[s][k] / INNER;
        }
    }
    for (int s = 0; s < INNER; s++) {
        for (int32_t i = 0; i < q->n; i++) {
            for (int32_t k = 0; k < q->n; k++) {
                spread[i][k] += (u[s][i] - mean[i]) * (u[s][k] - mean[k]) / INNER;
            }
        }
    }
    for (int32_t k = 0; k < q->n; k++) {
        trace += spread[k][k];
    }
    for (int c = INNER; c < SAMPLES; c++) {
        double a[FEATURES][FEATURES];
        double w[FEATURES];
        double highest = -INFINITY;
        memcpy(a, spread, sizeof a);
        for (int32_t k = 0; k < q->n; k++) {
            a[k][k] += 1e-3 * trace + DBL_MIN;
            w[k] = u[c][k] - mean[k];
        }
        solve(a, w, q->n);
        for (int s = 0; s < INNER; s++) {
            highest = fmax(highest, project(w, u[s], q->n));
        }
        double gap = project(w, u[c], q->n) - highest;
        double width = sqrt(fabs(project(w, u[c], q->n) - project(w, mean, q->n)));
        if (!(gap > 0.0) || !(width > 0.0) || !(gap / width > widest)) {
            continue;
        }
        widest = gap / width;
        q->made = true;
        q->threshold = (highest + gap / 2.0) * 2.0 / gap;
        for (int32_t k = 0; k < q->n; k++) {
            q->weight[k] = w[k] * 2.0 / gap; /* 1 at the planted point, -1 at the nearest other */
        }
    }
}

typedef struct plant_params {
    readout *questions; /* one per image */
    double eps;
} plant_params;

static assay_status plant(assay_attack_block *b, const void *raw, assay_error *err)
{
    const plant_params *p = raw;
    float *x = assay_attack_pixels(b, b->n);
    float *logits = assay_attack_logits(b);
    double(*u)[SAMPLES][FEATURES] = assay_arena_alloc(b->arena, (size_t)b->n, sizeof *u);
    assay_points points = assay_attack_active(b);
    if (x == NULL || logits == NULL || u == NULL) {
        return assay_fail_memory(err);
    }
    b->silent = true;
    for (int64_t i = 0; i < b->n_active; i++) {
        int64_t r = b->active[i];
        choose_classes(&p->questions[r], b->logits0 + r * b->classes, b->classes);
    }
    for (int s = 0; s < SAMPLES; s++) {
        for (int64_t i = 0; i < b->n_active; i++) {
            int64_t r = b->active[i];
            draw(x, b, r, p->eps, s >= INNER);
            if (s == 0) {
                memcpy(x + r * b->size, b->x0 + r * b->size, (size_t)b->size * sizeof *x);
            }
        }
        ASSAY_TRY(assay_attack_scores(b, logits, x, &points, err));
        for (int64_t i = 0; i < b->n_active; i++) {
            int64_t r = b->active[i];
            for (int32_t k = 0; k < p->questions[r].n; k++) {
                u[r][s][k] = feature(&p->questions[r], logits + r * b->classes, k);
            }
        }
    }
    for (int64_t i = 0; i < b->n_active; i++) {
        fit(&p->questions[b->active[i]], u[b->active[i]]);
    }
    return ASSAY_OK;
}

/* ---- the model with the question on top ----------------------------------------------------- */

typedef struct questioned {
    assay_model model; /* first: cast back and forth */
    assay_model *inner, *gradients;
    const readout *questions;
    const char *const *ids;
    int64_t n;
} questioned;

/* Batches come with the ids of the images, the same pointers. */
static const readout *question_of(const questioned *m, const char *id)
{
    for (int64_t i = 0; i < m->n; i++) {
        if (m->ids[i] == id) {
            return &m->questions[i];
        }
    }
    return &m->questions[0]; /* padding: nobody looks at its answer */
}

static double answer(const readout *q, const float *logits)
{
    double sum = -q->threshold;
    for (int32_t k = 0; k < q->n; k++) {
        sum += q->weight[k] * feature(q, logits, k);
    }
    return sum;
}

static assay_status run_questioned(assay_model *model, float *scores, int32_t *labels,
                                   const assay_model_batch *batch, assay_error *err)
{
    questioned *m = (questioned *)(void *)model;
    int32_t classes = m->inner->spec.classes;
    (void)labels;
    float *logits = assay_alloc((size_t)batch->n * (size_t)classes, sizeof *logits);
    if (logits == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = assay_model_run(m->inner, logits, NULL, batch, err);
    for (int64_t j = 0; status == ASSAY_OK && j < batch->n; j++) {
        float *z = logits + j * classes;
        for (int32_t c = 0; c < classes && m->inner->spec.scores == ASSAY_SCORES_PROBABILITIES;
             c++) {
            z[c] = logf(z[c] > FLT_MIN ? z[c] : FLT_MIN);
        }
        scores[2 * j] = 0.0F;
        scores[2 * j + 1] = (float)answer(question_of(m, batch->ids[j]), z);
    }
    assay_free(logits);
    return status;
}

/* d loss / d s where the logits are (0, s). */
static double slope_of(const assay_loss *what, int64_t j, double s)
{
    double sign = what->label[j] == 0 ? 1.0 : -1.0;
    switch (what->kind) {
    case ASSAY_LOSS_CROSS_ENTROPY:
        return sign / (1.0 + exp(-sign * s));
    case ASSAY_LOSS_MARGIN:
    case ASSAY_LOSS_LOGIT_DIFFERENCE:
        return sign;
    case ASSAY_LOSS_LOGIT:
        return what->label[j] == 1 ? 1.0 : 0.0;
    case ASSAY_LOSS_DLR:
    case ASSAY_LOSS_DLR_TARGETED:
        break;
    }
    return 0.0; /* neither exists with two classes: refused before */
}

typedef struct pass {
    float *gradient, *logits;
    int32_t *label, *other;
} pass;

static assay_status add_passes(const questioned *m, float *gradient, const pass *t,
                               const assay_model_batch *batch, assay_error *err)
{
    const assay_loss what = {
        .kind = ASSAY_LOSS_LOGIT_DIFFERENCE, .label = t->label, .other = t->other};
    int64_t size = (int64_t)m->model.channels * m->model.height * m->model.width;
    for (int32_t k = 0; k < FEATURES; k++) {
        bool any = false;
        for (int64_t j = 0; j < batch->n; j++) {
            const readout *q = question_of(m, batch->ids[j]);
            t->label[j] = q->base;
            t->other[j] = k < q->n ? q->classes[k] : q->base;
            any = any || k < q->n;
        }
        if (!any) {
            break;
        }
        ASSAY_TRY(
            assay_model_gradient(m->gradients, t->gradient, NULL, t->logits, batch, &what, err));
        for (int64_t j = 0; j < batch->n; j++) {
            const readout *q = question_of(m, batch->ids[j]);
            for (int64_t i = 0; k < q->n && i < size; i++) {
                gradient[j * size + i] += (float)q->weight[k] * t->gradient[j * size + i];
            }
        }
    }
    return ASSAY_OK;
}

static assay_status gradient_questioned(assay_model *model, float *gradient, float *loss,
                                        float *logits, const assay_model_batch *batch,
                                        const assay_loss *what, assay_error *err)
{
    questioned *m = (questioned *)(void *)model;
    int32_t classes = m->inner->spec.classes;
    int64_t size = (int64_t)model->channels * model->height * model->width;
    size_t rows = (size_t)model->spec.batch;
    pass t = {.gradient = assay_alloc(rows * (size_t)size, sizeof(float)),
              .logits = assay_alloc(rows * (size_t)classes, sizeof(float)),
              .label = assay_alloc(rows, sizeof(int32_t)),
              .other = assay_alloc(rows, sizeof(int32_t))};
    assay_status status = ASSAY_OK;
    if (!t.gradient || !t.logits || !t.label || !t.other) {
        status = assay_fail_memory(err);
        goto done;
    }
    memset(gradient, 0, rows * (size_t)size * sizeof *gradient);
    ASSAY_GOTO(add_passes(m, gradient, &t, batch, err), done);
    for (int64_t j = 0; j < batch->n; j++) {
        double s = answer(question_of(m, batch->ids[j]), t.logits + j * classes);
        const float z[2] = {0.0F, (float)s};
        double slope = slope_of(what, j, s);
        for (int64_t i = 0; i < size; i++) {
            gradient[j * size + i] = (float)(slope * (double)gradient[j * size + i]);
        }
        if (loss != NULL) {
            loss[j] = (float)assay_loss_value(what->kind, z, 2, what->label[j],
                                              what->other != NULL ? what->other[j] : 0);
        }
        if (logits != NULL) {
            memcpy(logits + 2 * j, z, sizeof z);
        }
    }
done:
    assay_free(t.gradient);
    assay_free(t.logits);
    assay_free(t.label);
    assay_free(t.other);
    return status;
}

static void wrap(questioned *m, assay_model_backend *backend, const assay_attack_images *images,
                 const assay_attack_options *options, const readout *questions)
{
    static const char *const names[] = {"no", "yes", NULL};
    assay_model *inner = options->models[0];
    m->inner = inner;
    m->gradients = options->substitute != NULL ? options->substitute : inner;
    m->questions = questions;
    m->ids = images->ids;
    m->n = images->n;
    *backend = (assay_model_backend){.name = inner->backend->name,
                                     .wants_images = inner->backend->wants_images,
                                     .concurrent = inner->backend->concurrent &&
                                                   m->gradients->backend->concurrent,
                                     .run = run_questioned};
    if (m->gradients->backend->gradient != NULL) {
        backend->gradient = gradient_questioned;
    }
    m->model.name = inner->name;
    m->model.backend = backend;
    m->model.spec = inner->spec;
    m->model.spec.scores = ASSAY_SCORES_LOGITS;
    m->model.spec.classes = 2;
    m->model.spec.class_names = (const char **)(uintptr_t)names;
    if (m->gradients->spec.batch < m->model.spec.batch) {
        m->model.spec.batch = m->gradients->spec.batch;
    }
    m->model.channels = inner->channels;
    m->model.height = inner->height;
    m->model.width = inner->width;
    m->model.input_type = inner->input_type;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static assay_status ask_questions(readout *questions, const assay_attack_images *images,
                                  const assay_attack_options *options, assay_error *err)
{
    static const assay_attack shape = {
        .access = ASSAY_ACCESS_SCORES, .traits = ASSAY_ATTACK_UNIVERSAL, .run = plant};
    static const assay_op op = {.kind = ASSAY_OP_ATTACK, .name = "planted", .attack = &shape};
    plant_params params = {.questions = questions, .eps = options->eps[0]};
    assay_args args = {.op = &op, .params = &params};
    assay_attack_options mine = *options;
    assay_attack_result *result = NULL;
    mine.attack = &args;
    mine.substitute = NULL;
    mine.n_eps = 0;
    mine.budget = 0;
    ASSAY_TRY(assay_attack_run(&result, images, &mine, err));
    assay_attack_result_free(result);
    return ASSAY_OK;
}

static assay_status look_for(assay_attack_planted *out, assay_attack_images *images,
                             const assay_attack_options *options, const readout *questions,
                             assay_error *err)
{
    questioned m = {0};
    assay_model_backend backend;
    assay_model *const models[] = {&m.model};
    assay_attack_options mine = *options;
    assay_attack_result *result = NULL;
    wrap(&m, &backend, images, options, questions);
    mine.models = models;
    mine.substitute = NULL; /* it is inside */
    mine.n_eps = 1;
    int32_t *labels = assay_alloc((size_t)images->n, sizeof *labels);
    if (labels == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < images->n; i++) {
        labels[i] = questions[i].made ? 0 : -1;
        out->made += questions[i].made;
    }
    images->labels = labels;
    assay_status status = out->made > 0 ? assay_attack_run(&result, images, &mine, err) : ASSAY_OK;
    for (int64_t i = 0; result != NULL && i < images->n; i++) {
        out->found += questions[i].made && result->success[i];
    }
    assay_attack_result_free(result);
    assay_free(labels);
    return status;
}

assay_status assay_attack_plant(assay_attack_planted *out, const assay_attack_images *images,
                                const assay_attack_options *options, assay_error *err)
{
    assay_attack_images few = *images;
    assay_attack_options mine = *options;
    *out = (assay_attack_planted){0};
    if ((options->norm != ASSAY_NORM_LINF && options->norm != ASSAY_NORM_L2) ||
        options->n_eps < 1 || options->n_models != 1 ||
        options->models[0]->spec.scores == ASSAY_SCORES_LABELS) {
        return assay_fail(
            err, ASSAY_EUNSUPPORTED,
            "examples are planted in one model that gives scores, with an eps in norm "
            "linf or l2");
    }
    few.n = few.n < ASSAY_PLANTED_IMAGES ? few.n : ASSAY_PLANTED_IMAGES;
    few.targets = NULL;
    mine.n_transfer = 0;
    mine.sink = NULL;
    mine.keep_events = false;
    mine.log = NULL;
    readout *questions = assay_alloc((size_t)few.n, sizeof *questions);
    if (questions == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = ask_questions(questions, &few, &mine, err);
    if (status == ASSAY_OK) {
        status = look_for(out, &few, &mine, questions, err);
    }
    assay_free(questions);
    return status;
}
