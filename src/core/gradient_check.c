#include "core/gradient_check.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/sort.h"

enum { POINTS = 9 };

static const double ROUNDING = 1e-6; /* of the greatest logit: what float32 leaves undecided */
static const double NOISE = 0.02;    /* that may have in the change from one point to the next */
static const double ALIKE = 0.02;    /* slopes without a kink between them */
static const double LEAST_STEP = 2.5e-4, GREATEST_STEP = 3e-2; /* of the input's size */

typedef struct point {
    double at, value, slope; /* along the direction */
} point;

typedef struct check {
    assay_model *model;
    int64_t size, classes;
    uint64_t seed;
    float *batch, *gradient, *logits, *moved, *direction;
    double *errors;
} check;

static int32_t greatest(const float *z, int64_t n, int32_t but)
{
    int32_t best = but == 0 ? 1 : 0;
    for (int32_t c = 0; c < n; c++) {
        best = c != but && z[c] > z[best] ? c : best;
    }
    return best;
}

static assay_status ask(float *gradient, check *c, const float *x, const assay_loss *what,
                        assay_error *err)
{
    memcpy(c->batch, x, (size_t)c->size * sizeof *x);
    const assay_model_batch batch = {.n = 1, .tensor = c->batch};
    return assay_model_gradient(c->model, gradient, NULL, c->logits, &batch, what, err);
}

/* The logits are those of the answer that the model gives. */
static assay_status compare_scores(check *c, assay_error *err)
{
    const assay_model_batch batch = {.n = 1, .tensor = c->batch};
    double sum = 0.0;
    double least = 0.0;
    float *scores = c->moved;
    ASSAY_TRY(assay_model_run(c->model, scores, NULL, &batch, err));
    bool logits = c->model->spec.scores == ASSAY_SCORES_LOGITS;
    double top = (double)c->logits[greatest(c->logits, c->classes, -1)];
    for (int64_t k = 0; k < c->classes; k++) {
        sum += exp((double)c->logits[k] - top);
        least = fmax(least, fabs((double)c->logits[k]));
    }
    for (int64_t k = 0; k < c->classes; k++) {
        double z = (double)c->logits[k];
        double wanted = logits ? z : exp(z - top) / sum;
        double allowed = logits ? 1e-3 * (1.0 + least) : 1e-3;
        if (!(fabs(wanted - (double)scores[k]) <= allowed)) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "model %s answers otherwise when it is differentiated (class %s: %g "
                              "instead of %g): its gradients cannot be used",
                              c->model->name, c->model->spec.class_names[k], wanted,
                              (double)scores[k]);
        }
    }
    return ASSAY_OK;
}

/* +1 or -1 at about half of the places; odd directions take the signs of the gradient. */
static void draw(check *c, int64_t datum, int64_t k)
{
    assay_rng rng = assay_rng_stream(c->seed, assay_rng_operation("gradient-check"),
                                     (uint64_t)datum << 20 | (uint64_t)k);
    for (int64_t i = 0; i < c->size; i++) {
        uint32_t bits = assay_rng_u32(&rng);
        float sign = (bits & 2) != 0 ? 1.0F : -1.0F;
        if ((k & 1) != 0) {
            sign = c->gradient[i] > 0.0F ? 1.0F : c->gradient[i] < 0.0F ? -1.0F : sign;
        }
        c->direction[i] = (bits & 1) != 0 ? sign : 0.0F;
    }
}

static double middle(double *values, int n)
{
    for (int i = 1; i < n; i++) {
        for (int k = i; k > 0 && values[k] < values[k - 1]; k--) {
            double kept = values[k];
            values[k] = values[k - 1];
            values[k - 1] = kept;
        }
    }
    return (values[(n - 1) / 2] + values[n / 2]) / 2.0;
}

/* The loss and its slope along the direction at every point, as many at a time as the batch holds. */
static assay_status measure(point *points, check *c, const float *x, const assay_loss *what,
                            assay_error *err)
{
    int32_t label[POINTS];
    int32_t other[POINTS];
    int64_t room = c->model->spec.batch;
    for (int k = 0; k < POINTS; k++) {
        label[k] = *what->label;
        other[k] = *what->other;
    }
    const assay_loss all = {what->kind, label, other};
    for (int64_t first = 0; first < POINTS; first += room) {
        int64_t n = POINTS - first < room ? POINTS - first : room;
        for (int64_t k = 0; k < n; k++) {
            float *moved = c->batch + k * c->size;
            for (int64_t i = 0; i < c->size; i++) {
                moved[i] = (float)((double)x[i] + points[first + k].at * (double)c->direction[i]);
            }
        }
        const assay_model_batch batch = {.n = n, .tensor = c->batch};
        ASSAY_TRY(assay_model_gradient(c->model, c->moved, NULL, c->logits, &batch, &all, err));
        for (int64_t k = 0; k < n; k++) {
            const float *z = c->logits + k * c->classes;
            point *p = &points[first + k];
            p->value = (double)z[*what->other] - (double)z[*what->label];
            for (int64_t i = 0; i < c->size; i++) {
                p->slope += (double)c->moved[k * c->size + i] * (double)c->direction[i];
            }
        }
    }
    return ASSAY_OK;
}

/*
 * As small as rounding allows: the smaller, the fewer kinks lie between the points. `length` is what
 * the slope along the direction is likely to be.
 */
static double choose_step(const check *c, double scale, double length)
{
    double greatest_logit = 0.0;
    for (int64_t k = 0; k < c->classes; k++) {
        greatest_logit = fmax(greatest_logit, fabs((double)c->logits[k]));
    }
    double step = length > 0.0 ? ROUNDING * greatest_logit / (NOISE * length) : INFINITY;
    return fmin(fmax(step, LEAST_STEP * scale), GREATEST_STEP * scale);
}

/*
 * From point to point the loss must change by the integral of its slope: over all of them together,
 * which holds across kinks (a Relu that turns on, say), and over each piece whose slope is alike at
 * both ends, which a model that rounds does not fulfil. The greater error counts.
 */
static double judge_points(const point *points, double step, double length)
{
    double pieces[POINTS - 1] = {0};
    double whole = 0.0;
    double steepest = length;
    int n = 0;
    for (int k = 0; k < POINTS - 1; k++) {
        double measured = (points[k + 1].value - points[k].value) / step;
        double predicted = (points[k].slope + points[k + 1].slope) / 2.0;
        double size = fmax(fmax(fabs(measured), fabs(predicted)), length);
        whole += (measured - predicted) / (POINTS - 1);
        steepest = fmax(steepest, size);
        if (size > 0.0 && fabs(points[k].slope - points[k + 1].slope) <= ALIKE * size) {
            pieces[n++] = fabs(measured - predicted) / size;
        }
    }
    double error = n > 0 ? middle(pieces, n) : 0.0;
    return steepest > 0.0 ? fmax(error, fabs(whole) / steepest) : 0.0;
}

static assay_status one_direction(double *error, check *c, const float *x, double scale,
                                  const assay_loss *what, assay_error *err)
{
    point points[POINTS] = {0};
    double length = 0.0;
    for (int64_t i = 0; i < c->size; i++) {
        double along = (double)c->gradient[i] * (double)c->direction[i];
        length += along * along;
    }
    length = sqrt(length);
    double step = choose_step(c, scale, length);
    for (int k = 0; k < POINTS; k++) {
        points[k].at = step * (k - POINTS / 2);
    }
    ASSAY_TRY(measure(points, c, x, what, err));
    *error = judge_points(points, step, length);
    return ASSAY_OK;
}

static assay_status one_datum(assay_gradient_check *out, check *c, const float *x, int64_t datum,
                              assay_error *err)
{
    double scale = 0.0;
    double longest = 0.0;
    const int32_t first = 0;
    const assay_loss any = {ASSAY_LOSS_LOGIT, &first, NULL};
    ASSAY_TRY(ask(c->gradient, c, x, &any, err));
    ASSAY_TRY(compare_scores(c, err));
    const int32_t label = greatest(c->logits, c->classes, -1);
    const int32_t other = greatest(c->logits, c->classes, label);
    const assay_loss what = {ASSAY_LOSS_LOGIT_DIFFERENCE, &label, &other};
    ASSAY_TRY(ask(c->gradient, c, x, &what, err));
    for (int64_t i = 0; i < c->size; i++) {
        scale = fmax(scale, fabs((double)x[i]));
        longest = fmax(longest, fabs((double)c->gradient[i]));
    }
    out->zero += longest == 0.0;
    for (int64_t k = 0; k < out->directions; k++) {
        draw(c, datum, k);
        ASSAY_TRY(one_direction(&c->errors[datum * out->directions + k], c, x,
                                scale > 0.0 ? scale : 1.0, &what, err));
    }
    return ASSAY_OK;
}

static assay_status judge(assay_gradient_check *out, check *c, assay_error *err)
{
    int64_t *order = assay_alloc((size_t)(out->n * out->directions), sizeof *order);
    int64_t all = out->n * out->directions;
    int64_t fine = 0;
    for (int64_t i = 0; i < all; i++) {
        fine += c->errors[i] <= 0.05;
    }
    assay_status status =
        order == NULL ? assay_fail_memory(err) : assay_sort_order(order, c->errors, all, 0, err);
    if (status != ASSAY_OK) {
        assay_free(order);
        return status;
    }
    out->median_error = (c->errors[order[(all - 1) / 2]] + c->errors[order[all / 2]]) / 2.0;
    out->worst_error = c->errors[order[all - 1]];
    assay_free(order);
    out->agreeing = (double)fine / (double)all;
    out->zero /= (double)out->n;
    out->trusted = out->median_error <= 0.02 && out->agreeing >= 0.9 && out->zero <= 0.1;
    return ASSAY_OK;
}

assay_status assay_gradient_check_run(assay_gradient_check *out, assay_model *model,
                                      const float *tensor, int64_t n, int64_t directions,
                                      uint64_t seed, assay_error *err)
{
    assay_status status = ASSAY_OK;
    check c = {.model = model,
               .size = (int64_t)model->channels * model->height * model->width,
               .classes = model->spec.classes,
               .seed = seed};
    *out = (assay_gradient_check){.n = n, .directions = directions};
    if (model->input_type != ASSAY_DTYPE_F32) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "gradients are checked in float32, and the input of model %s is %s",
                          model->name, assay_dtype_name(model->input_type));
    }
    if (n < 1 || directions < 1 || n > 100000 || directions > 100000 || c.classes < 2) {
        return assay_fail(err, ASSAY_EINVAL,
                          "a check takes 1 to 100000 samples and directions, and two classes");
    }
    size_t size = (size_t)c.size;
    size_t rows = (size_t)model->spec.batch;
    size_t wide = rows * (size_t)(c.size > c.classes ? c.size : c.classes);
    c.batch = assay_alloc(size * rows, sizeof(float));
    c.gradient = assay_alloc(size, sizeof(float));
    c.logits = assay_alloc((size_t)c.classes * rows, sizeof(float));
    c.moved = assay_alloc(wide, sizeof(float));
    c.direction = assay_alloc(size, sizeof(float));
    c.errors = assay_alloc((size_t)n * (size_t)directions, sizeof(double));
    if (c.batch == NULL || c.gradient == NULL || c.logits == NULL || c.moved == NULL ||
        c.direction == NULL || c.errors == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < n; i++) {
        ASSAY_GOTO(one_datum(out, &c, tensor + i * c.size, i, err), done);
    }
    status = judge(out, &c, err);
done:
    assay_free(c.batch);
    assay_free(c.gradient);
    assay_free(c.logits);
    assay_free(c.moved);
    assay_free(c.direction);
    assay_free(c.errors);
    return status;
}
