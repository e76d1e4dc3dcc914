/**
 * @file reference_model.h
 * A differentiable model in plain C for tests of attacks: linear, or one hidden layer of ReLUs, with
 * gradients worked out by hand. Everything is in double, rounded once.
 */
#ifndef ASSAY_TESTS_REFERENCE_MODEL_H
#define ASSAY_TESTS_REFERENCE_MODEL_H

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/attack.h"

enum { REFERENCE_INPUTS = 64, REFERENCE_HIDDEN = 24, REFERENCE_CLASSES = 12 };

/** What it does wrong on purpose. */
typedef enum reference_fault {
    REFERENCE_SOUND = 0,
    REFERENCE_FLAT,  /* gradients are exactly zero */
    REFERENCE_NAN,   /* the third call of run answers NaN */
    REFERENCE_FICKLE /* the answer depends on how often it was asked */
} reference_fault;

typedef struct reference_model {
    assay_model model;               /* first: cast back and forth */
    int32_t inputs, hidden, classes; /* hidden 0 = linear: w1 is classes x inputs */
    double w1[REFERENCE_HIDDEN * REFERENCE_INPUTS], b1[REFERENCE_HIDDEN];
    double w2[REFERENCE_CLASSES * REFERENCE_HIDDEN], b2[REFERENCE_CLASSES];
    reference_fault fault;
    int calls;
    const char *names[REFERENCE_CLASSES + 1];
} reference_model;

static inline void reference_forward(double *z, double *h, const reference_model *m, const float *x)
{
    int32_t first = m->hidden > 0 ? m->hidden : m->classes;
    double *out = m->hidden > 0 ? h : z;
    for (int32_t j = 0; j < first; j++) {
        double sum = m->hidden > 0 ? m->b1[j] : m->b2[j];
        for (int32_t i = 0; i < m->inputs; i++) {
            sum += m->w1[j * m->inputs + i] * (double)x[i];
        }
        out[j] = sum;
    }
    for (int32_t c = 0; m->hidden > 0 && c < m->classes; c++) {
        double sum = m->b2[c];
        for (int32_t j = 0; j < m->hidden; j++) {
            sum += m->w2[c * m->hidden + j] * (h[j] > 0.0 ? h[j] : 0.0);
        }
        z[c] = sum;
    }
}

static inline assay_status reference_run(assay_model *model, float *scores, int32_t *labels,
                                         const assay_model_batch *batch, assay_error *err)
{
    reference_model *m = (reference_model *)(void *)model;
    (void)err;
    m->calls++;
    for (int64_t r = 0; r < batch->n; r++) {
        double z[REFERENCE_CLASSES];
        double h[REFERENCE_HIDDEN];
        reference_forward(z, h, m, (const float *)batch->tensor + r * m->inputs);
        if (m->fault == REFERENCE_FICKLE) {
            z[m->calls % m->classes] += 50.0;
        }
        int32_t best = 0;
        for (int32_t c = 0; c < m->classes; c++) {
            best = z[c] > z[best] ? c : best;
            if (scores != NULL) {
                scores[r * m->classes + c] =
                    m->fault == REFERENCE_NAN && m->calls >= 3 ? NAN : (float)z[c];
            }
        }
        if (labels != NULL) {
            labels[r] = best;
        }
    }
    return ASSAY_OK;
}

/* Slope of the loss with respect to the logits. */
static inline void reference_slope(double *d, const double *z, int32_t classes,
                                   assay_loss_kind kind, int32_t label, int32_t other)
{
    int32_t order[REFERENCE_CLASSES] = {0};
    for (int32_t c = 0; c < classes; c++) {
        d[c] = 0.0;
        int32_t place = c;
        while (place > 0 && z[order[place - 1]] < z[c]) {
            order[place] = order[place - 1];
            place--;
        }
        order[place] = c;
    }
    int32_t rival = order[0] != label ? order[0] : order[1];
    if (kind == ASSAY_LOSS_CROSS_ENTROPY) {
        double sum = 0.0;
        for (int32_t c = 0; c < classes; c++) {
            sum += exp(z[c] - z[order[0]]);
        }
        for (int32_t c = 0; c < classes; c++) {
            d[c] = exp(z[c] - z[order[0]]) / sum - (c == label ? 1.0 : 0.0);
        }
    } else if (kind == ASSAY_LOSS_LOGIT) {
        d[label] = 1.0;
    } else if (kind == ASSAY_LOSS_MARGIN || kind == ASSAY_LOSS_LOGIT_DIFFERENCE) {
        d[kind == ASSAY_LOSS_MARGIN ? rival : other] += 1.0;
        d[label] -= 1.0;
    } else {
        bool aimed = kind == ASSAY_LOSS_DLR_TARGETED;
        int32_t up = aimed ? other : rival;
        double third = aimed ? 0.5 * (z[order[2]] + z[order[3]]) : z[order[2]];
        double under = z[order[0]] - third + 1e-12;
        double over = -(z[label] - z[up]);
        d[label] -= 1.0 / under;
        d[up] += 1.0 / under;
        d[order[0]] -= over / (under * under);
        d[order[2]] += (aimed ? 0.5 : 1.0) * over / (under * under);
        if (aimed) {
            d[order[3]] += 0.5 * over / (under * under);
        }
    }
}

static inline assay_status reference_gradient(assay_model *model, float *gradient, float *loss,
                                              float *logits, const assay_model_batch *batch,
                                              const assay_loss *what, assay_error *err)
{
    const reference_model *m = (const reference_model *)(const void *)model;
    (void)err;
    for (int64_t r = 0; r < batch->n; r++) {
        double z[REFERENCE_CLASSES] = {0};
        double h[REFERENCE_HIDDEN] = {0};
        double d[REFERENCE_CLASSES] = {0};
        double dh[REFERENCE_HIDDEN] = {0};
        reference_forward(z, h, m, (const float *)batch->tensor + r * m->inputs);
        int32_t other = what->other != NULL ? what->other[r] : 0;
        reference_slope(d, z, m->classes, what->kind, what->label[r], other);
        for (int32_t j = 0; j < m->hidden; j++) {
            dh[j] = 0.0;
            for (int32_t c = 0; h[j] > 0.0 && c < m->classes; c++) {
                dh[j] += d[c] * m->w2[c * m->hidden + j];
            }
        }
        int32_t first = m->hidden > 0 ? m->hidden : m->classes;
        for (int32_t i = 0; i < m->inputs; i++) {
            double sum = 0.0;
            for (int32_t j = 0; j < first; j++) {
                sum += (m->hidden > 0 ? dh[j] : d[j]) * m->w1[j * m->inputs + i];
            }
            gradient[r * m->inputs + i] = m->fault == REFERENCE_FLAT ? 0.0F : (float)sum;
        }
        float z32[REFERENCE_CLASSES];
        for (int32_t c = 0; c < m->classes; c++) {
            z32[c] = (float)z[c];
        }
        if (logits != NULL) {
            memcpy(logits + r * m->classes, z32, (size_t)m->classes * sizeof *logits);
        }
        if (loss != NULL) {
            loss[r] = (float)assay_loss_value(what->kind, z32, m->classes, what->label[r], other);
        }
    }
    return ASSAY_OK;
}

static const assay_model_backend reference_backend = {
    .name = "reference", .run = reference_run, .gradient = reference_gradient};
static const assay_model_backend reference_scores_backend = {.name = "reference without gradients",
                                                             .run = reference_run};

/* -1 to 1, from a counter. */
static inline double reference_number(uint32_t *counter)
{
    uint32_t h = *counter * 2654435761U + 0x9E3779B9U;
    ++*counter;
    h ^= h >> 15;
    h *= 0x2C1B3C6DU;
    h ^= h >> 12;
    h *= 0x297A2D39U;
    h ^= h >> 15;
    return (double)h / 2147483648.0 - 1.0;
}

/** channels x height x width inputs (64 at most); weights from the seed. */
static inline void reference_model_init(reference_model *m, int32_t channels, int32_t height,
                                        int32_t width, int32_t hidden, int32_t classes,
                                        uint32_t seed)
{
    uint32_t counter = seed * 100003U;
    memset(m, 0, sizeof *m);
    m->inputs = channels * height * width;
    m->hidden = hidden;
    m->classes = classes;
    int32_t first = hidden > 0 ? hidden : classes;
    for (int32_t k = 0; k < first * m->inputs; k++) {
        m->w1[k] = reference_number(&counter);
    }
    for (int32_t j = 0; j < hidden; j++) {
        m->b1[j] = 0.3 * reference_number(&counter);
    }
    for (int32_t k = 0; k < classes * hidden; k++) {
        m->w2[k] = reference_number(&counter);
    }
    for (int32_t c = 0; c < classes; c++) {
        m->b2[c] = 0.3 * reference_number(&counter);
        m->names[c] = "class";
    }
    m->model = (assay_model){.name = "reference",
                             .backend = &reference_backend,
                             .channels = channels,
                             .height = height,
                             .width = width,
                             .input_type = ASSAY_DTYPE_F32};
    m->model.spec.classes = classes;
    m->model.spec.class_names = m->names;
    m->model.spec.batch = 5;
    m->model.spec.scores = ASSAY_SCORES_LOGITS;
    assay_preprocess_init(&m->model.spec.preprocess);
    m->model.spec.preprocess.layout = ASSAY_LAYOUT_NCHW;
}

/** The class it gives x. */
static inline int32_t reference_class(const reference_model *m, const float *x)
{
    double z[REFERENCE_CLASSES];
    double h[REFERENCE_HIDDEN];
    int32_t best = 0;
    reference_forward(z, h, m, x);
    for (int32_t c = 1; c < m->classes; c++) {
        best = (float)z[c] > (float)z[best] ? c : best;
    }
    return best;
}

#endif
