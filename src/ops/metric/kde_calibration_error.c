#include <math.h>

#include "ops/shared/confusion.h"

enum { CELLS = 1024 };

typedef struct params {
    double bandwidth;
} params;

/* Weight of the rows, and of the right ones, near each point of a grid over [0, 1]: a row is shared out
 * to the two points beside it. */
typedef struct state {
    double n;
    double rows[CELLS + 1];
    double right[CELLS + 1];
} state;

static size_t state_size(const void *given, int32_t classes)
{
    (void)given;
    (void)classes;
    return sizeof(state);
}

static assay_status block(void *to, const void *given, const assay_rows *rows, assay_arena *scratch,
                          assay_error *err)
{
    (void)given;
    (void)scratch;
    (void)err;
    state *s = to;
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        double place = fmin(1.0, rows->confidence[i]) * CELLS;
        int32_t at = place < CELLS ? (int32_t)place : CELLS - 1;
        double upper = weight * (place - (double)at);
        double hit = rows->target[i] == rows->label[i] ? 1.0 : 0.0;
        s->n += weight;
        s->rows[at] += weight - upper;
        s->rows[at + 1] += upper;
        s->right[at] += hit * (weight - upper);
        s->right[at + 1] += hit * upper;
    }
    return ASSAY_OK;
}

static void merge(void *into, const void *from, const void *given, int32_t classes)
{
    (void)given;
    (void)classes;
    state *s = into;
    const state *other = from;
    s->n += other->n;
    for (int32_t j = 0; j <= CELLS; j++) {
        s->rows[j] += other->rows[j];
        s->right[j] += other->right[j];
    }
}

/* Places behind an end are looked up at their mirror images. */
static int32_t mirrored(int32_t at)
{
    at = at < 0 ? -at : at;
    return at > CELLS ? 2 * CELLS - at : at;
}

static double error_of(const state *s, double bandwidth)
{
    int32_t reach = (int32_t)(bandwidth * CELLS);
    assay_sum gaps = {0};
    assay_sum density = {0};
    for (int32_t j = 0; j <= CELLS; j++) {
        double rows = 0.0;
        double right = 0.0;
        for (int32_t k = -reach; k <= reach; k++) {
            double u = (double)k / CELLS / bandwidth;
            double v = fmax(0.0, 1.0 - u * u);
            int32_t at = mirrored(j + k);
            /* an end point is its own mirror image, and both are there */
            double twice = at == 0 || at == CELLS ? 2.0 : 1.0;
            rows += twice * v * v * v * s->rows[at];
            right += twice * v * v * v * s->right[at];
        }
        double half = j == 0 || j == CELLS ? 0.5 : 1.0;
        assay_sum_add(&gaps, half * fabs(right - (double)j / CELLS * rows));
        assay_sum_add(&density, half * rows);
    }
    return assay_sum_value(&gaps) / assay_sum_value(&density);
}

static assay_status finish(assay_result *out, const void *from, const void *given,
                           const assay_rows *shape, assay_error *err)
{
    (void)shape;
    const params *p = given;
    const state *s = from;
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = s->n;
    if (s->n == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    measure->distance = ASSAY_DISTANCE_PLAIN;
    measure->value = error_of(s, p->bandwidth);
    return ASSAY_OK;
}

static const assay_metric metric = {
    .state_size = state_size, .block = block, .merge = merge, .finish = finish};

static const assay_param specs[] = {
    ASSAY_REAL(params, bandwidth, 0.05, 0.002, 0.5, "",
               "Distance of confidences up to which a row counts."),
};

static const char *const examples[] = {"assay evaluate --predictions predictions.csv --metric "
                                       "kde_calibration_error:bandwidth=0.03",
                                       NULL};

const assay_op assay_op_metric_kde_calibration_error = {
    .kind = ASSAY_OP_METRIC,
    .revision = 2,
    .name = "kde_calibration_error",
    .title = "Calibration error by kernel density",
    .summary = "How far confidence and accuracy lie apart on average, with smooth curves in the "
               "place of bins.",
    .description =
        "The accuracy at a confidence z is estimated by the rows near it, weighted by a "
        "triweight kernel (1 - u^2)^3 of their distance, u = 1 at one `bandwidth`; so is the "
        "density of the confidences. The value is the integral over z from 0 to 1 of "
        "|accuracy(z) - z| times the density. Range 0 to 1, lower is better. It has the "
        "meaning of `expected_calibration_error` without edges of bins that could matter; a "
        "wider kernel smooths more and gives smaller values.\n\n"
        "Confidences are mirrored at 0 and 1, so that no weight is lost there. Rows are "
        "shared out to a grid of 1025 points before they are smoothed, as in fast Fourier "
        "density estimates, and the integral is taken on that grid. Zhang and others set the "
        "bandwidth to 1.06 times the standard deviation of the confidences times n^(-1/5); "
        "here it is a fixed number, so that values of different sizes of data are "
        "comparable. Without rows it is undefined.",
    .citation =
        "Zhang, Kailkhura, Han (2020), Mix-n-Match: ensemble and compositional methods for "
        "uncertainty calibration in deep learning, ICML; Silverman (1982), Algorithm AS 176, "
        "Applied Statistics 31.",
    .since = "0.1.0",
    .needs = ASSAY_NEEDS_LABEL | ASSAY_NEEDS_CONFIDENCE,
    .direction = ASSAY_LOWER_IS_BETTER,
    .params = specs,
    .n_params = ASSAY_COUNT(specs),
    .params_size = sizeof(params),
    .examples = examples,
    .metric = &metric};
