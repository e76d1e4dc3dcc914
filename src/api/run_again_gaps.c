/* Gaps of a rate between groups once more: the largest less the smallest, the smallest by the largest, or the
 * smallest, of the groups with enough rows behind it. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "api/run_again.h"
#include "base/alloc.h"

typedef enum rate { NONE = 0, SELECTED, FOUND, ALARMS, PRECISE, RIGHT } rate;
typedef enum form { DIFFERENCE, RATIO, WORST } form;

typedef struct gap_kind {
    const char *metric;
    rate rates[2];
    form form;
} gap_kind;

static const gap_kind kinds[] = {
    {"accuracy_difference", {RIGHT}, DIFFERENCE},
    {"demographic_parity_difference", {SELECTED}, DIFFERENCE},
    {"demographic_parity_ratio", {SELECTED}, RATIO},
    {"equal_opportunity_difference", {FOUND}, DIFFERENCE},
    {"equal_opportunity_ratio", {FOUND}, RATIO},
    {"equalized_odds_difference", {FOUND, ALARMS}, DIFFERENCE},
    {"equalized_odds_ratio", {FOUND, ALARMS}, RATIO},
    {"predictive_equality_difference", {ALARMS}, DIFFERENCE},
    {"predictive_equality_ratio", {ALARMS}, RATIO},
    {"predictive_parity_difference", {PRECISE}, DIFFERENCE},
    {"predictive_parity_ratio", {PRECISE}, RATIO},
    {"worst_group_accuracy", {RIGHT}, WORST},
    {"worst_group_recall", {FOUND}, WORST},
};

/* 1: the row counts in favour, 0: against, -1: the rate does not speak of it. */
static int vote(rate of, int32_t target, int32_t label, int32_t c)
{
    switch (of) {
    case SELECTED:
        return label == c;
    case FOUND:
        return target == c ? label == c : -1;
    case ALARMS:
        return target != c ? label == c : -1;
    case PRECISE:
        return label == c ? target == c : -1;
    case RIGHT:
        return target == label;
    case NONE:
        break;
    }
    return -1;
}

/* Lowest and highest of the groups with `least` average rows behind the rate; false when a group lies so
 * close to it that rounding decides, or too few are left. */
static bool extremes(double *low, double *high, const assay_predictions *p, const uint8_t *mask,
                     const assay_groups *groups, double *sums, rate of, int32_t c, double least)
{
    double *all = sums, *hits = sums + groups->n, total = 0.0, rows = 0.0;
    int32_t left = 0;
    memset(sums, 0, 2 * (size_t)groups->n * sizeof *sums);
    for (int64_t i = p->n - 1; i >= 0; i--) {
        double weight = p->weights ? p->weights[i] : 1.0;
        if (mask && !mask[i]) {
            continue;
        }
        int voted = vote(of, p->target[i], p->label[i], c);
        total += weight;
        rows += weight > 0.0 ? 1.0 : 0.0;
        all[groups->of[i]] += voted >= 0 ? weight : 0.0;
        hits[groups->of[i]] += voted > 0 ? weight : 0.0;
    }
    *low = INFINITY;
    *high = -INFINITY;
    for (int32_t g = 0; g < groups->n; g++) {
        double enough = least * total / rows;
        if (p->weights && fabs(all[g] - enough) <= 1e-9 * enough) {
            return false;
        }
        if (all[g] > 0.0 && all[g] >= enough) {
            *low = fmin(*low, hits[g] / all[g]);
            *high = fmax(*high, hits[g] / all[g]);
            left++;
        }
    }
    return left > 0;
}

static double gap(const gap_kind *kind, const assay_predictions *p, const uint8_t *mask,
                  const assay_groups *groups, double *sums, int32_t c,
                  const assay_json_value *params)
{
    double values[2] = {NAN, NAN}, least = assay_json_get_real(params, "least", NAN);
    int n = kind->rates[1] != NONE ? 2 : 1;
    for (int r = 0; r < n; r++) {
        double low = NAN, high = NAN;
        if (!extremes(&low, &high, p, mask, groups, sums, kind->rates[r], c, least)) {
            return NAN;
        }
        values[r] = kind->form == DIFFERENCE ? high - low : kind->form == RATIO ? low / high : low;
    }
    if (n == 1) {
        return values[0];
    }
    return strcmp(assay_json_get_text(params, "agg", ""), "mean") == 0
               ? (values[0] + values[1]) / 2.0
           : kind->form == DIFFERENCE ? fmax(values[0], values[1])
                                      : fmin(values[0], values[1]);
}

double assay_run_again_gap(const assay_measure *m, const assay_predictions *p, const uint8_t *mask,
                           const assay_groups *groups)
{
    const gap_kind *kind = NULL;
    int32_t c = 0;
    for (size_t i = 0; i < ASSAY_COUNT(kinds) && !kind; i++) {
        kind = strcmp(kinds[i].metric, m->metric) == 0 ? &kinds[i] : NULL;
    }
    while (m->class_name && c < p->classes && strcmp(p->class_names[c], m->class_name) != 0) {
        c++;
    }
    assay_json_doc *doc = NULL;
    if (!kind || c >= p->classes || !m->params ||
        assay_json_parse(&doc, m->params, strlen(m->params), 0, NULL) != ASSAY_OK) {
        return NAN;
    }
    const assay_json_value *params = assay_json_root(doc);
    double *sums = assay_alloc(2 * (size_t)groups->n + 1, sizeof *sums), value = NAN;
    /* against all rows together: not computed again */
    if (sums && strcmp(assay_json_get_text(params, "method", ""), "to_overall") != 0) {
        value = gap(kind, p, mask, groups, sums, c, params);
    }
    assay_free(sums);
    assay_json_doc_free(doc);
    return value;
}
