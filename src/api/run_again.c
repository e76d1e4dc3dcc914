/* Measures of scores once more, in the plainest way: the definition, row after row, and
 * areas by counting ranks. No code of the metrics is used. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "api/run_again.h"
#include "base/alloc.h"
#include "base/sort.h"

typedef struct view {
    const assay_predictions *p;
    const uint8_t *mask;
} view;

static double weight_of(const view *v, int64_t i)
{
    bool used = (!v->mask || v->mask[i]) && v->p->target[i] >= 0;
    return !used ? 0.0 : v->p->weights ? v->p->weights[i] : 1.0;
}

static double score_of(const assay_predictions *p, int64_t i, int32_t c)
{
    int64_t at = i * p->classes + c;
    return p->scores_f64 ? p->scores_f64[at] : (double)p->scores_f32[at];
}

static double squared(double x)
{
    return x * x;
}

/* What row i adds to a mean over rows; NaN for another metric. */
static double row_loss(const char *metric, const assay_predictions *p, int64_t i)
{
    if (strcmp(metric, "log_loss") == 0) {
        double own = score_of(p, i, p->target[i]);
        return -log(fmin(fmax(own, DBL_EPSILON), 1.0 - DBL_EPSILON));
    }
    if (strcmp(metric, "brier_score") == 0) {
        double sum = 0.0;
        for (int32_t c = p->classes - 1; c >= 0; c--) {
            sum += squared(score_of(p, i, c) - (c == p->target[i] ? 1.0 : 0.0));
        }
        return sum;
    }
    return NAN;
}

static double mean_loss(const view *v, const char *metric)
{
    double sum = 0.0, total = 0.0;
    for (int64_t i = v->p->n - 1; i >= 0; i--) {
        double weight = weight_of(v, i);
        if (weight > 0.0) {
            sum += weight * row_loss(metric, v->p, i);
            total += weight;
        }
    }
    return sum / total;
}

/* The share of pairs, one of the class and one of another, in which the first has the higher score; ties
 * by half. */
static double pairs(const view *v, int32_t c, int64_t *order, double *scores)
{
    int64_t n = 0;
    for (int64_t i = 0; i < v->p->n; i++) {
        scores[i] = score_of(v->p, i, c);
    }
    if (assay_sort_order(order, scores, v->p->n, 0, NULL) != ASSAY_OK) {
        return NAN;
    }
    double below = 0.0, won = 0.0, own = 0.0;
    for (int64_t first = 0, next = 0; first < v->p->n; first = next) {
        double in = 0.0, out = 0.0;
        for (next = first; next < v->p->n && scores[order[next]] == scores[order[first]]; next++) {
            double weight = weight_of(v, order[next]);
            *(v->p->target[order[next]] == c ? &in : &out) += weight;
            n += weight > 0.0;
        }
        won += in * (below + 0.5 * out);
        below += out;
        own += in;
    }
    return own > 0.0 && below > 0.0 ? won / own / below : NAN;
}

/* NaN when a class has no value: the average is then of fewer, and not computed again. */
static double area(const view *v, const assay_measure *m)
{
    int32_t classes = v->p->classes;
    int64_t *order = assay_alloc((size_t)v->p->n + 1, sizeof *order);
    double *scores = assay_alloc((size_t)v->p->n + 1, sizeof *scores);
    double sum = 0.0, all = 0.0;
    for (int32_t c = 0; c < classes && order && scores; c++) {
        double share = 0.0;
        if (m->class_name && strcmp(v->p->class_names[c], m->class_name) != 0) {
            continue;
        }
        for (int64_t i = 0; i < v->p->n; i++) {
            share += v->p->target[i] == c ? weight_of(v, i) : 0.0;
        }
        share = m->average && strcmp(m->average, "weighted") == 0 ? share : 1.0;
        sum += share * pairs(v, c, order, scores);
        all += share;
    }
    assay_free(order);
    assay_free(scores);
    return all > 0.0 ? sum / all : NAN;
}

double assay_run_again(const assay_measure *m, const assay_predictions *p, const uint8_t *mask)
{
    const view v = {p, mask};
    bool scores = p->scores_f32 || p->scores_f64;
    bool whole = !m->class_name && !m->average;
    if (p->task != ASSAY_TASK_CLASSIFICATION || !scores) {
        return NAN;
    }
    if (strcmp(m->metric, "roc_auc") == 0) {
        bool full = m->params && strcmp(m->params, "{\"max_fpr\":1}") == 0;
        return full ? area(&v, m) : NAN;
    }
    bool usual = !m->params || strstr(m->params, "\"half\":false") || strstr(m->params, "e-16");
    return whole && usual ? mean_loss(&v, m->metric) : NAN;
}
