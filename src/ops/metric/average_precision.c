#include "ops/shared/ranked_lanes.h"
#include "ops/shared/ranked_steps.h"

enum {
    INTERPOLATION_STEP = 0,
    INTERPOLATION_ENVELOPE,
    INTERPOLATION_11_POINTS,
    INTERPOLATION_101_POINTS
};

typedef struct params {
    int32_t interpolation;
} params;

static double step_area(const assay_ranking *ranking)
{
    /* a row has at most 12 copies */
    if (ranking->real == NULL && (ranking->weight == NULL || ranking->n < (1 << 28))) {
        return assay_counted_step_area(ranking);
    }
    assay_ranked_walk walk = {0};
    assay_sum area = {0};
    while (assay_ranked_next(&walk, ranking)) {
        if (walk.tp > walk.tp_before) {
            double precision = walk.tp / (walk.tp + walk.fp);
            assay_sum_add(&area, (walk.tp - walk.tp_before) * precision);
        }
    }
    return assay_sum_value(&area);
}

/* From the lowest score up: what lies at or above a threshold, and how far up there is any weight. Above
 * that there is no threshold: differences of sums of real weights may miss zero by rounding, and their
 * ratio could be anything. */
typedef struct descent {
    int64_t at, top;
    assay_sum tp, fp;
    double group; /* weight of the class in the threshold that was passed */
} descent;

static void descent_start(descent *d, const assay_ranking *ranking)
{
    *d = (descent){.at = ranking->n - 1};
    while (d->top < ranking->n && !(assay_ranking_weight(ranking, d->top) > 0.0)) {
        d->top++;
    }
    for (int64_t i = d->top; i < ranking->n; i++) {
        bool mine = assay_ranking_target(ranking, i) == ranking->class_index;
        assay_sum_add(mine ? &d->tp : &d->fp, assay_ranking_weight(ranking, i));
    }
}

static double descent_precision(const descent *d)
{
    double tp = assay_sum_value(&d->tp);
    double fp = assay_sum_value(&d->fp);
    return tp + fp > 0.0 ? tp / (tp + fp) : 0.0;
}

static void descent_pass(descent *d, const assay_ranking *ranking)
{
    uint64_t key = assay_ranking_key(ranking, d->at);
    d->group = 0.0;
    for (; d->at >= 0 && assay_ranking_key(ranking, d->at) == key; d->at--) {
        double weight = assay_ranking_weight(ranking, d->at);
        bool mine = assay_ranking_target(ranking, d->at) == ranking->class_index;
        assay_sum_add(mine ? &d->tp : &d->fp, -weight);
        d->group += mine ? weight : 0.0;
    }
}

/* Upwards, so that the highest precision beyond is known. */
static double envelope_area(const assay_ranking *ranking)
{
    assay_sum area = {0};
    double best = 0.0;
    descent d;
    descent_start(&d, ranking);
    while (d.at >= d.top) {
        double precision = descent_precision(&d);
        best = precision > best ? precision : best;
        descent_pass(&d, ranking);
        assay_sum_add(&area, d.group * best);
    }
    return assay_sum_value(&area);
}

/* The envelope at the recalls k / last, k = 0 to last, times the positives. A recall has its precision once
 * only thresholds with less recall are left. */
static double points_area(const assay_ranking *ranking, double positives, int last)
{
    assay_sum area = {0};
    double best = 0.0;
    int point = last;
    descent d;
    descent_start(&d, ranking);
    double all = assay_sum_value(&d.tp);
    while (d.at >= d.top) {
        double precision = descent_precision(&d);
        for (; point >= 0 && point * all > assay_sum_value(&d.tp) * last; point--) {
            assay_sum_add(&area, best);
        }
        best = precision > best ? precision : best;
        descent_pass(&d, ranking);
    }
    return positives * (assay_sum_value(&area) + (point + 1) * best) / (last + 1);
}

static double area_of(const assay_ranking *ranking, const assay_class_value *to,
                      int32_t interpolation)
{
    switch (interpolation) {
    case INTERPOLATION_ENVELOPE:
        return envelope_area(ranking);
    case INTERPOLATION_11_POINTS:
        return points_area(ranking, to->positives, 10);
    case INTERPOLATION_101_POINTS:
        return points_area(ranking, to->positives, 100);
    default:
        return step_area(ranking);
    }
}

static void ranked(void *state, const void *given, const assay_ranking *ranking)
{
    const params *p = given;
    assay_class_value *to = assay_class_value_start(state, ranking, false);
    if (to != NULL) {
        to->value = area_of(ranking, to, p->interpolation) / to->positives;
    }
}

static int ranked_lanes(void *const *states, const void *given, const assay_ranking_lanes *lanes)
{
    const params *p = given;
    if (p->interpolation != INTERPOLATION_STEP) {
        return 0;
    }
    if (states == NULL) {
        return 1;
    }
    assay_step_lanes steps;
    assay_step_area_lanes(&steps, lanes);
    assay_ranking ranking = {.n = lanes->n,
                             .class_index = lanes->class_index,
                             .classes = lanes->classes,
                             .pairs = lanes->pairs};
    for (int k = 0; k < ASSAY_RANKING_LANES; k++) {
        ranking.positives = steps.positives[k];
        ranking.negatives = steps.rows[k] - steps.positives[k];
        assay_class_value *to =
            states[k] != NULL ? assay_class_value_start(states[k], &ranking, false) : NULL;
        if (to != NULL) {
            to->value = steps.area[k] / to->positives;
        }
    }
    return 1;
}

static const assay_metric metric = {.state_size = assay_class_values_size,
                                    .finish = assay_class_micro_finish,
                                    .ranked = ranked,
                                    .ranked_lanes = ranked_lanes,
                                    .micro = 1};

static const char *const interpolations[] = {"step", "envelope", "11_points", "101_points", NULL};

static const assay_param specs[] = {
    ASSAY_CHOICE(params, interpolation, INTERPOLATION_STEP, interpolations,
                 "Precision as it is at each threshold (step), or the highest at that recall or "
                 "beyond: at all recalls (envelope), at 0, 0.1, ..., 1 or at 0, 0.01, ..., 1."),
};

static const char *const examples[] = {
    "assay evaluate --predictions predictions.csv --metric average_precision",
    "metrics: [{average_precision: {interpolation: envelope}}]", NULL};

const assay_op assay_op_metric_average_precision = {
    .kind = ASSAY_OP_METRIC,
    .revision = 3,
    .name = "average_precision",
    .title = "Average precision",
    .summary = "Precision averaged over all thresholds on the score of a class: the area under its "
               "precision-recall curve.",
    .description =
        "Over the thresholds in order of falling score, sum of (R_n - R_(n-1)) P_n with recall "
        "R_n and precision P_n. Rows of equal score share a threshold. Range 0 to 1, higher is "
        "better; guessing gives the share of the class.\n\n"
        "For sets of classes (`--task multilabel`) `micro` ranks all pairs of row and class at "
        "once; for "
        "the mean over rows see `average_precision_samples`.\n\n"
        "Each class is taken in turn as the one to be detected, with its own score, against all "
        "others; `macro` is the plain mean over classes and `weighted` the mean weighted by the "
        "rows of each class. For two classes the value of the class to be detected is the usual "
        "binary one.\n\n"
        "Conventions: `interpolation: step` takes the precision as it is (scikit-learn, "
        "torchmetrics); `envelope` takes the highest precision at that recall or beyond, as "
        "Pascal VOC 2010 does with all points, and is never lower; `11_points` is the mean of that "
        "precision at the recalls 0, 0.1, ..., 1 (Pascal VOC 2007), `101_points` at 0, 0.01, ..., "
        "1 "
        "(COCO), 0 where the recall is not reached. Whether a recall is reached is decided on "
        "whole "
        "numbers, where VOC's and COCO's own code compares rounded fractions. For boxes, which "
        "must "
        "be matched first, see `coco_average_precision`.\n\n"
        "A class without a row in the truth is undefined; averages leave it out and name it.",
    .citation =
        "Buckley, Voorhees (2000), Evaluating evaluation measure stability, SIGIR; as "
        "sklearn.metrics.average_precision_score (scikit-learn 1.9); Everingham et al. (2010), "
        "The Pascal visual object classes challenge, IJCV 88.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_SCORES,
    .multilabel = true,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
