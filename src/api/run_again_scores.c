/* Means over rows of what their scores are worth, once more. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "api/run_again.h"
#include "base/alloc.h"
#include "base/text.h"

typedef double row_value(const assay_again *a, int64_t k);

static double mean(const assay_again *a, row_value *of)
{
    double sum = 0.0;
    for (int64_t k = a->n - 1; k >= 0; k--) {
        sum += a->weight[k] * of(a, k);
    }
    return sum / a->total;
}

static double row_log_loss(const assay_again *a, int64_t k)
{
    double clip = assay_again_real(a, "clip");
    double own = assay_again_score(a, k, assay_again_target(a, k));
    return -log(fmin(fmax(own, clip), 1.0 - clip));
}

static double row_brier(const assay_again *a, int64_t k)
{
    double sum = 0.0;
    for (int32_t c = a->p->classes - 1; c >= 0; c--) {
        double gap = assay_again_score(a, k, c) - (c == assay_again_target(a, k) ? 1.0 : 0.0);
        sum += gap * gap;
    }
    return sum;
}

/* By how much the margin to the best of the other classes falls short of one. */
static double row_hinge(const assay_again *a, int64_t k)
{
    double best = -INFINITY;
    for (int32_t c = a->p->classes - 1; c >= 0; c--) {
        best = c == assay_again_target(a, k) ? best : fmax(best, assay_again_score(a, k, c));
    }
    return fmax(0.0, 1.0 - assay_again_score(a, k, assay_again_target(a, k)) + best);
}

/* The target's place among the classes runs from `above` to `above + tied`. */
static double row_top_k(const assay_again *a, int64_t k)
{
    int32_t target = assay_again_target(a, k);
    double own = assay_again_score(a, k, target), most = assay_again_real(a, "k");
    double above = 0.0, lower = 0.0, higher = 0.0;
    for (int32_t c = 0; c < a->p->classes; c++) {
        double score = assay_again_score(a, k, c);
        above += score > own ? 1.0 : 0.0;
        lower += score == own && c < target ? 1.0 : 0.0;
        higher += score == own && c > target ? 1.0 : 0.0;
    }
    if (assay_again_is(a, "ties", "shared")) {
        return fmin(1.0, fmax(0.0, (most - above) / (lower + higher + 1.0)));
    }
    double before = assay_again_is(a, "ties", "lower_index")    ? lower
                    : assay_again_is(a, "ties", "higher_index") ? higher
                    : assay_again_is(a, "ties", "wrong")        ? lower + higher
                                                                : 0.0;
    return above + before < most ? 1.0 : 0.0;
}

static double log_loss(const assay_again *a)
{
    return mean(a, row_log_loss);
}

static double brier(const assay_again *a)
{
    return mean(a, row_brier) * (assay_again_flag(a, "half") ? 0.5 : 1.0);
}

static double hinge(const assay_again *a)
{
    return a->p->classes > 1 ? mean(a, row_hinge) : NAN;
}

static double top_k(const assay_again *a)
{
    return mean(a, row_top_k);
}

/* ---- one minus the loss by that of always giving the shares of the classes ---- */

static double skill(const assay_again *a, double loss, bool logarithm)
{
    double guess = 0.0;
    for (int32_t c = 0; c < a->p->classes; c++) {
        double share = a->truth[c] / a->total;
        guess += share <= 0.0 ? 0.0 : logarithm ? -share * log(share) : share - share * share;
    }
    return guess > 0.0 ? 1.0 - loss / guess : NAN;
}

static double skill_log_loss(const assay_again *a)
{
    return skill(a, mean(a, row_log_loss), true);
}

static double skill_brier(const assay_again *a)
{
    return skill(a, mean(a, row_brier), false);
}

/* ---- a matrix of costs ---- */

/* "0 1; 20 0" as classes x classes numbers; false when it is none. */
static bool read_costs(double *out, const assay_again *a)
{
    const char *at = assay_json_get_text(a->params, "costs", "");
    int64_t n = a->p->classes, read = 0;
    bool given = *at != '\0';
    for (int64_t i = 0; !given && i < n * n; i++) {
        out[i] = i / n == i % n ? 0.0 : 1.0;
    }
    for (at += strspn(at, " ;"); given && *at != '\0'; at += strspn(at, " ;")) {
        char word[64];
        size_t size = strcspn(at, " ;");
        if (size >= sizeof word || read == n * n) {
            return false;
        }
        memcpy(word, at, size);
        word[size] = '\0';
        if (!assay_text_to_real(&out[read++], word)) {
            return false;
        }
        at += size;
    }
    return !given || read == n * n;
}

static double row_price(const assay_again *a, int64_t k, const double *costs, bool decide)
{
    int64_t n = a->p->classes, label = assay_again_label(a, k);
    double least = INFINITY;
    for (int64_t j = 0; decide && j < n; j++) {
        double cost = 0.0;
        for (int32_t i = 0; i < n; i++) {
            cost += assay_again_score(a, k, i) * costs[i * n + j];
        }
        if (cost < least) {
            least = cost;
            label = j;
        }
    }
    return costs[assay_again_target(a, k) * n + label];
}

static double matrix_cost(const assay_again *a)
{
    enum { MOST_CLASSES = 1000, MOST_STEPS = 500000000 };
    int64_t n = a->p->classes;
    bool decide = assay_again_is(a, "decide", "least_cost");
    if (n > MOST_CLASSES || (decide && a->n > MOST_STEPS / (n * n))) {
        return NAN;
    }
    double *costs = assay_alloc((size_t)(n * n), sizeof *costs), sum = 0.0;
    bool good = costs && read_costs(costs, a);
    for (int64_t k = a->n - 1; good && k >= 0; k--) {
        sum += a->weight[k] * row_price(a, k, costs, decide);
    }
    assay_free(costs);
    return good ? sum / a->total : NAN;
}

const assay_again_kind assay_again_scores[] = {{.metric = "log_loss", .whole = log_loss},
                                               {.metric = "brier_score", .whole = brier},
                                               {.metric = "hinge_loss", .whole = hinge},
                                               {.metric = "top_k_accuracy", .whole = top_k},
                                               {.metric = "d2_log_loss", .whole = skill_log_loss},
                                               {.metric = "d2_brier", .whole = skill_brier},
                                               {.metric = "matrix_cost", .whole = matrix_cost},
                                               {0}};
