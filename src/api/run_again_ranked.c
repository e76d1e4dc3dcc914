/* Measures of the rows in order of a class's score once more: over all thresholds, from the highest score
 * down. Rows of equal score share one. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "api/run_again.h"
#include "base/alloc.h"

/* How far the rows are walked through: weights of those at or above the threshold. */
typedef struct walk {
    int64_t at;
    double found, alarms;               /* of the class, of others */
    double found_before, alarms_before; /* at the threshold before */
    double score;
} walk;

static bool next(walk *w, const assay_again *a, int32_t c)
{
    if (w->at >= a->n) {
        return false;
    }
    int64_t end = assay_again_ties(a, w->at);
    w->found_before = w->found;
    w->alarms_before = w->alarms;
    w->score = a->value[a->order[w->at]];
    for (; w->at < end; w->at++) {
        int64_t k = a->order[w->at];
        *(assay_again_target(a, k) == c ? &w->found : &w->alarms) += a->weight[k];
    }
    return true;
}

/* Of the rows of the class and of the others; in the sum's own order, so that the last threshold has all. */
typedef struct sides {
    double of, others;
} sides;

static sides weigh(const assay_again *a, int32_t c)
{
    walk w = {0};
    while (next(&w, a, c)) {
    }
    return (sides){w.found, w.alarms};
}

/* The share of pairs, one of the class and one of another, in which the first has the higher score; ties
 * by half: the area up to the false alarms `most` (all = INFINITY) in units of weights. */
static double area_to(const assay_again *a, int32_t c, double most)
{
    double area = 0.0;
    walk w = {0};
    while (next(&w, a, c)) {
        double width = w.alarms - w.alarms_before, height = w.found - w.found_before;
        if (w.alarms > most) {
            double part = most - w.alarms_before;
            return area + part * (w.found_before + 0.5 * height * part / width);
        }
        area += width * (w.found_before + 0.5 * height);
    }
    return area;
}

static double roc_auc(const assay_again *a, int32_t c)
{
    sides s = weigh(a, c);
    double most = assay_again_real(a, "max_fpr");
    if (!(s.of > 0.0 && s.others > 0.0)) {
        return NAN;
    }
    if (most >= 1.0) {
        return area_to(a, c, INFINITY) / s.of / s.others;
    }
    double part = area_to(a, c, most * s.others) / s.of / s.others, guess = most * most / 2.0;
    return (1.0 + (part - guess) / (most - guess)) / 2.0;
}

/* ---- average precision ---- */

/* The weight found at each threshold, and the highest precision there or below. */
typedef struct steps {
    double *found, *best;
    int64_t n;
} steps;

static bool climb(steps *s, const assay_again *a, int32_t c)
{
    *s = (steps){assay_alloc((size_t)a->n + 1, sizeof(double)),
                 assay_alloc((size_t)a->n + 1, sizeof(double)), 0};
    if (!s->found || !s->best) {
        return false;
    }
    walk w = {0};
    while (next(&w, a, c)) {
        s->found[s->n] = w.found;
        s->best[s->n++] = w.found / (w.found + w.alarms);
    }
    for (int64_t i = s->n - 2; i >= 0; i--) {
        s->best[i] = fmax(s->best[i], s->best[i + 1]);
    }
    return true;
}

/* The best precision at the recalls 0, 1 / last, ..., 1, or over all steps in recall (last = 0). */
static double interpolated(const assay_again *a, int32_t c, double of, int last)
{
    steps s;
    double area = climb(&s, a, c) ? 0.0 : NAN;
    int64_t at = 0;
    for (int i = 0; last > 0 && s.n > 0 && i <= last; i++) {
        while (at < s.n - 1 && s.found[at] * last < (i - a->nudge * last) * of) {
            at++;
        }
        area += s.best[at] / (last + 1);
    }
    for (; last == 0 && at < s.n; at++) {
        area += (s.found[at] - (at > 0 ? s.found[at - 1] : 0.0)) / of * s.best[at];
    }
    assay_free(s.found);
    assay_free(s.best);
    return area;
}

static double average_precision(const assay_again *a, int32_t c)
{
    sides s = weigh(a, c);
    double area = 0.0;
    walk w = {0};
    if (!(s.of > 0.0)) {
        return NAN;
    }
    if (!assay_again_is(a, "interpolation", "step")) {
        int last = assay_again_is(a, "interpolation", "11_points")    ? 10
                   : assay_again_is(a, "interpolation", "101_points") ? 100
                                                                      : 0;
        return interpolated(a, c, s.of, last);
    }
    while (next(&w, a, c)) {
        area += (w.found - w.found_before) / s.of * (w.found / (w.found + w.alarms));
    }
    return area;
}

/* ---- at a limit ---- */

static double precision_at_recall(const assay_again *a, int32_t c)
{
    sides s = weigh(a, c);
    double best = 0.0;
    walk w = {0};
    while (s.of > 0.0 && next(&w, a, c)) {
        if (w.found / s.of >= assay_again_real(a, "recall") - a->nudge) {
            best = fmax(best, w.found / (w.found + w.alarms));
        }
    }
    return s.of > 0.0 ? best : NAN;
}

static double recall_at_precision(const assay_again *a, int32_t c)
{
    sides s = weigh(a, c);
    double best = 0.0;
    walk w = {0};
    while (s.of > 0.0 && next(&w, a, c)) {
        if (w.found / (w.found + w.alarms) >= assay_again_real(a, "precision") - a->nudge) {
            best = fmax(best, w.found / s.of);
        }
    }
    return s.of > 0.0 ? best : NAN;
}

static double recall_at_fpr(const assay_again *a, int32_t c)
{
    sides s = weigh(a, c);
    double best = 0.0;
    walk w = {0};
    while (next(&w, a, c)) {
        if (w.alarms / s.others <= assay_again_real(a, "fpr") + a->nudge) {
            best = fmax(best, w.found / s.of);
        }
    }
    return s.of > 0.0 && s.others > 0.0 ? best : NAN;
}

static double specificity_at_recall(const assay_again *a, int32_t c)
{
    sides s = weigh(a, c);
    double least = assay_again_real(a, "recall"), best = least > 0.0 ? 0.0 : 1.0;
    walk w = {0};
    while (next(&w, a, c)) {
        if (w.found >= (least - a->nudge) * s.of) {
            best = fmax(best, (s.others - w.alarms) / s.others);
        }
    }
    return s.of > 0.0 && s.others > 0.0 ? best : NAN;
}

/* ---- where errors meet ---- */

static double equal_errors(const assay_again *a, int32_t c)
{
    sides s = weigh(a, c);
    bool nearest = assay_again_is(a, "at", "nearest");
    double alarms = 0.0, missed = 1.0, least = 1.0, value = 0.5;
    walk w = {0};
    while (next(&w, a, c)) {
        double x = w.alarms / s.others, y = fmax(0.0, (s.of - w.found) / s.of);
        if (nearest && fabs(x - y) < least + a->nudge) {
            least = fabs(x - y);
            value = (x + y) / 2.0;
        }
        if (!nearest && x >= y && alarms < missed) {
            /* alarms + t (x - alarms) = missed + t (y - missed) */
            double t = (missed - alarms) / ((x - alarms) - (y - missed));
            value = alarms + t * (x - alarms);
        }
        alarms = x;
        missed = y;
    }
    return s.of > 0.0 && s.others > 0.0 ? value : NAN;
}

/* Recall over the logarithm of the false alarm rate, between two of them: straight in the logarithm, with
 * ends on the straight line in the rate itself. */
static double log_auc(const assay_again *a, int32_t c)
{
    sides s = weigh(a, c);
    double low = assay_again_real(a, "from"), high = assay_again_real(a, "to"), area = 0.0;
    walk w = {0};
    while (next(&w, a, c)) {
        double x0 = w.alarms_before / s.others, x1 = w.alarms / s.others;
        double y0 = w.found_before / s.of, y1 = w.found / s.of;
        double from = fmax(x0, low), to = fmin(x1, high);
        if (from < to) {
            double left = y0 + (y1 - y0) * (from - x0) / (x1 - x0);
            double right = y0 + (y1 - y0) * (to - x0) / (x1 - x0);
            area += 0.5 * (left + right) * log(to / from);
        }
    }
    return s.of > 0.0 && s.others > 0.0 && low < high ? area / log(high / low) : NAN;
}

static double net_benefit(const assay_again *a, int32_t c)
{
    double limit = assay_again_real(a, "threshold"), found = 0.0, alarms = 0.0;
    for (int64_t k = 0; k < a->n; k++) {
        if (a->value[k] >= limit) {
            *(assay_again_target(a, k) == c ? &found : &alarms) += a->weight[k];
        }
    }
    return a->truth[c] > 0.0 ? (found - alarms * limit / (1.0 - limit)) / a->total : NAN;
}

static double optimal_threshold(const assay_again *a, int32_t c)
{
    sides s = weigh(a, c);
    double alarm = assay_again_real(a, "false_positive"),
           miss = assay_again_real(a, "false_negative");
    double least = miss * s.of, at = NAN, slack = a->nudge * (alarm + miss) * a->total;
    walk w = {0};
    while (next(&w, a, c)) {
        double cost = alarm * w.alarms + miss * (s.of - w.found);
        if (cost < least + slack) {
            least = cost;
            at = w.score;
        }
    }
    if (!(s.of > 0.0 && s.others > 0.0)) {
        return NAN;
    }
    return assay_again_is(a, "report", "cost") ? least / a->total : at;
}

/* ---- one class against another ---- */

/* Adds to `sum` the share of the pairs, one row of c and one of another class, that c's score puts in order,
 * for each other class; to `weights` what they weigh. */
static void add_pairs(double *sum, double *weights, double *won, const assay_again *a, int32_t c)
{
    bool plain = a->average && strcmp(a->average, "macro") == 0;
    walk w = {0};
    for (int32_t j = 0; j < a->p->classes; j++) {
        won[j] = 0.0;
    }
    for (int64_t first = 0; next(&w, a, c); first = w.at) {
        for (int64_t i = first; i < w.at; i++) {
            int64_t k = a->order[i];
            won[assay_again_target(a, k)] += a->weight[k] * (w.found_before + w.found) / 2.0;
        }
    }
    for (int32_t j = 0; j < a->p->classes; j++) {
        if (j != c && a->truth[j] > 0.0 && a->truth[c] > 0.0) {
            double weight = plain ? 1.0 : a->truth[c] + a->truth[j];
            *sum += weight * won[j] / a->truth[c] / a->truth[j];
            *weights += weight;
        }
    }
}

static double one_against_one(const assay_again *a)
{
    double sum = 0.0, weights = 0.0;
    double *won = assay_alloc((size_t)a->p->classes, sizeof *won);
    bool good = won != NULL;
    for (int32_t c = 0; good && c < a->p->classes; c++) {
        good = assay_again_sort(a, c);
        if (good) {
            add_pairs(&sum, &weights, won, a, c);
        }
    }
    assay_free(won);
    return good && weights > 0.0 ? sum / weights : NAN;
}

const assay_again_kind assay_again_ranked[] = {
    ASSAY_AGAIN_BY_SCORE("roc_auc", roc_auc, 0),
    ASSAY_AGAIN_BY_SCORE("average_precision", average_precision, 1),
    ASSAY_AGAIN_BY_SCORE("precision_at_recall", precision_at_recall, 1),
    ASSAY_AGAIN_BY_SCORE("recall_at_precision", recall_at_precision, 1),
    ASSAY_AGAIN_BY_SCORE("recall_at_fpr", recall_at_fpr, 1),
    ASSAY_AGAIN_BY_SCORE("specificity_at_recall", specificity_at_recall, 1),
    ASSAY_AGAIN_BY_SCORE("equal_error_rate", equal_errors, 1),
    ASSAY_AGAIN_BY_SCORE("log_auc", log_auc, 0),
    ASSAY_AGAIN_BY_SCORE("net_benefit", net_benefit, 0),
    ASSAY_AGAIN_BY_SCORE("optimal_threshold", optimal_threshold, 1),
    {.metric = "roc_auc_one_vs_one", .order = ASSAY_AGAIN_SCORE, .whole = one_against_one},
    {0}};
