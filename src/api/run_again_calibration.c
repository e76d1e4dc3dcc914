/* Measures of confidence once more: calibration, and the trade of risk against coverage. */
#include <math.h>
#include <stdbool.h>

#include "api/run_again.h"
#include "base/alloc.h"

/* ---- bins ---- */

typedef struct bins {
    double *edges; /* n + 1 */
    double *weight, *value, *event,
        *squares; /* n + 1: sums; the last is for 1 alone, left-closed */
    int64_t n;
    bool left; /* closed on the left */
    bool top;  /* 1 has a bin of its own */
} bins;

/* The value below which the share q of the rows lies, as numpy.percentile does by default. */
static double quantile(const assay_again *a, double q)
{
    double place = q * (double)(a->n - 1);
    int64_t below = (int64_t)place;
    double t = place - (double)below;
    double from = a->value[a->order[a->n - 1 - below]];
    double to = below + 1 < a->n ? a->value[a->order[a->n - 2 - below]] : from;
    return t >= 0.5 ? to - (to - from) * (1.0 - t) : from + (to - from) * t;
}

/* The lowest value up to which the share q of the weight lies. */
static double weighted_quantile(const assay_again *a, double q)
{
    double passed = 0.0;
    for (int64_t i = a->n - 1; i >= 0; i--) {
        passed += a->weight[a->order[i]];
        if (q * a->total <= passed + a->nudge * a->total) {
            return a->value[a->order[i]];
        }
    }
    return a->value[a->order[0]];
}

static void cut(bins *b, const assay_again *a)
{
    bool mapie = assay_again_is(a, "edges", "mapie") && b->n > 1;
    bool width = assay_again_is(a, "binning", "equal_width");
    int64_t cuts = mapie ? b->n - 1 : b->n; /* MAPIE keeps its first bin for the lowest edge */
    double step = 1.0 / (double)cuts;
    for (int64_t i = 0; i <= cuts; i++) {
        double q = i == cuts ? 1.0 : (double)i * step;
        b->edges[b->n - cuts + i] = width         ? q
                                    : a->weighted ? weighted_quantile(a, (double)i / (double)cuts)
                                                  : quantile(a, q * 100.0 / 100.0);
    }
    b->edges[0] = b->edges[b->n - cuts];
    b->left = assay_again_is(a, "edges", "left_closed");
    b->top = b->left && width;
}

/* The number of inner edges below the value, or with left-closed bins not above it. */
static int64_t place(const bins *b, double value)
{
    int64_t low = 0, high = b->n - 1;
    if (b->top && value >= 1.0) {
        return b->n;
    }
    while (low < high) {
        int64_t middle = (low + high) / 2; /* the inner edges are 1 to n - 1 */
        double edge = b->edges[middle + 1];
        if (b->left ? edge <= value : edge < value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* c = -1: an event is a row that is right; else one of the class. */
static bool fill(bins *b, const assay_again *a, int32_t c)
{
    *b = (bins){.n = (int64_t)assay_again_real(a, "bins")};
    size_t each = (size_t)b->n + 1;
    b->edges = assay_alloc(5 * each, sizeof(double));
    if (!b->edges) {
        return false;
    }
    b->weight = b->edges + each;
    b->value = b->weight + each;
    b->event = b->value + each;
    b->squares = b->event + each;
    for (size_t i = 0; i < 5 * each; i++) {
        b->edges[i] = 0.0;
    }
    cut(b, a);
    for (int64_t k = 0; k < a->n; k++) {
        int64_t at = place(b, a->value[k]);
        int32_t target = assay_again_target(a, k);
        bool event = c < 0 ? target == assay_again_label(a, k) : target == c;
        b->weight[at] += a->weight[k];
        b->squares[at] += a->weight[k] * a->weight[k];
        b->value[at] += a->weight[k] * a->value[k];
        b->event[at] += event ? a->weight[k] : 0.0;
    }
    return true;
}

static double expected_error(const assay_again *a)
{
    bins b;
    double sum = 0.0, squares = 0.0, most = 0.0;
    if (!fill(&b, a, -1)) {
        return NAN;
    }
    for (int64_t i = 0; i <= b.n; i++) {
        if (b.weight[i] > 0.0) {
            double gap = fabs(b.event[i] / b.weight[i] - b.value[i] / b.weight[i]);
            sum += b.weight[i] / a->total * gap;
            squares += b.weight[i] / a->total * gap * gap;
            most = fmax(most, gap);
        }
    }
    assay_free(b.edges);
    return assay_again_is(a, "norm", "l1")   ? sum
           : assay_again_is(a, "norm", "l2") ? sqrt(squares)
                                             : most;
}

static double class_error(const assay_again *a, int32_t c)
{
    bins b;
    double sum = 0.0;
    if (!fill(&b, a, c)) {
        return NAN;
    }
    for (int64_t i = 0; i <= b.n; i++) {
        sum += fabs(b.event[i] - b.value[i]);
    }
    assay_free(b.edges);
    return sum / a->total;
}

static double debiased_error(const assay_again *a)
{
    bins b;
    double sum = 0.0;
    if (!fill(&b, a, -1)) {
        return NAN;
    }
    for (int64_t i = 0; i <= b.n; i++) {
        double rows = b.weight[i] > 0.0 ? b.weight[i] * b.weight[i] / b.squares[i] : 0.0;
        if (rows > 1.0) {
            double right = b.event[i] / b.weight[i], gap = right - b.value[i] / b.weight[i];
            sum += b.weight[i] / a->total * (gap * gap - right * (1.0 - right) / (rows - 1.0));
        }
    }
    assay_free(b.edges);
    return sqrt(fmax(0.0, sum));
}

static double decomposition(const assay_again *a)
{
    bins b;
    double overall = a->hits / a->total, sum = 0.0;
    bool resolution = assay_again_is(a, "part", "resolution");
    if (assay_again_is(a, "part", "uncertainty")) {
        return overall * (1.0 - overall);
    }
    if (!fill(&b, a, -1)) {
        return NAN;
    }
    for (int64_t i = 0; i <= b.n; i++) {
        if (b.weight[i] > 0.0) {
            double right = b.event[i] / b.weight[i];
            double gap = right - (resolution ? overall : b.value[i] / b.weight[i]);
            sum += b.weight[i] / a->total * gap * gap;
        }
    }
    assay_free(b.edges);
    return sum;
}

/* ---- kernels ---- */

static double gap_of(const assay_again *a, int64_t k)
{
    bool right = assay_again_target(a, k) == assay_again_label(a, k);
    return a->weight[k] * ((right ? 1.0 : 0.0) - a->value[k]);
}

/* All pairs of rows; of many rows from the lowest confidence up, where the kernel to all that came before is
 * the last row's by the step between the two. */
static double kernel_error(const assay_again *a)
{
    enum { PAIRS = 2000 };
    double width = assay_again_real(a, "bandwidth"), sum = 0.0, below = 0.0;
    for (int64_t i = a->n - 1; i >= 0; i--) {
        int64_t k = a->order[i];
        double own = gap_of(a, k);
        if (a->n <= PAIRS) {
            below = 0.0;
            for (int64_t j = a->n - 1; j > i; j--) {
                double step = a->value[k] - a->value[a->order[j]];
                below += gap_of(a, a->order[j]) * exp(-step / width);
            }
        } else if (i + 1 < a->n) {
            int64_t before = a->order[i + 1];
            below = (below + gap_of(a, before)) * exp((a->value[before] - a->value[k]) / width);
        }
        sum += own * own + 2.0 * own * below;
    }
    return sqrt(fmax(0.0, sum)) / a->total;
}

enum { CELLS = 1024 };

typedef struct density {
    double rows[CELLS + 1], right[CELLS + 1];
} density;

/* What a weight at point `at` of the grid, or its mirror image, adds to the points around it. */
static void spread(density *d, int at, double weight, bool right, double width)
{
    int reach = (int)(width * CELLS);
    for (int j = at - reach; j <= at + reach; j++) {
        if (j >= 0 && j <= CELLS) {
            double u = (double)(j - at) / CELLS / width, near = fmax(0.0, 1.0 - u * u);
            d->rows[j] += weight * near * near * near;
            d->right[j] += right ? weight * near * near * near : 0.0;
        }
    }
}

static double density_error(const assay_again *a)
{
    enum { MOST = 20000000, IMAGES = 3 };
    double width = assay_again_real(a, "bandwidth"), gaps = 0.0, all = 0.0;
    if ((double)a->n * width * CELLS > MOST) {
        return NAN;
    }
    density *d = assay_alloc(1, sizeof *d);
    if (!d) {
        return NAN;
    }
    *d = (density){{0.0}, {0.0}};
    for (int64_t k = 0; k < a->n; k++) {
        double at = fmin(1.0, a->value[k]) * CELLS, low = fmin(floor(at), CELLS - 1);
        bool right = assay_again_target(a, k) == assay_again_label(a, k);
        for (int end = 0; end < 2; end++) {
            int point = (int)low + end, images[IMAGES] = {point, -point, 2 * CELLS - point};
            double share = end ? at - low : low + 1.0 - at;
            for (int m = 0; m < IMAGES; m++) {
                spread(d, images[m], a->weight[k] * share, right, width);
            }
        }
    }
    for (int j = 0; j <= CELLS; j++) { /* by the trapezoidal rule */
        double part = j == 0 || j == CELLS ? 0.5 : 1.0;
        gaps += part * fabs(d->right[j] - d->rows[j] * j / CELLS);
        all += part * d->rows[j];
    }
    assay_free(d);
    return gaps / all;
}

/* ---- tests ---- */

static double upper_tail(double z)
{
    return 0.5 * erfc(z * M_SQRT1_2);
}

static double spiegelhalter(const assay_again *a, int32_t c)
{
    double sum = 0.0, variance = 0.0;
    for (int64_t k = 0; k < a->n; k++) {
        double p = a->value[k], slope = a->weight[k] * (1.0 - 2.0 * p);
        sum += slope * ((assay_again_target(a, k) == c ? 1.0 : 0.0) - p);
        variance += slope * slope * p * (1.0 - p);
    }
    double z = variance > 0.0 && a->truth[c] > 0.0 ? sum / sqrt(variance) : NAN;
    return assay_again_is(a, "value", "statistic")       ? z
           : assay_again_is(a, "alternative", "greater") ? upper_tail(z)
                                                         : fmin(1.0, 2.0 * upper_tail(fabs(z)));
}

/* Of the largest distance of Brownian motion from 0 within a unit of time (Erdos and Kac 1946). */
static double beyond_maximum(double x)
{
    double stays = 0.0;
    for (int k = 2 * (int)x + 40; k >= 0 && x > 0.0; k--) {
        double odd = 2.0 * k + 1.0, part = odd * M_PI / x;
        stays += (k % 2 ? -1.0 : 1.0) / odd * exp(-part * part / 8.0);
    }
    return 1.0 - 4.0 / M_PI * stays;
}

/* Of its range (Feller 1951). */
static double beyond_range(double x)
{
    static const double least = 0.02;
    double sum = 0.0;
    if (!(x > least)) {
        return NAN;
    }
    for (int k = (int)(40.0 / x) + 1; k >= 1; k--) {
        sum += (k % 2 ? 8.0 : -8.0) * k * upper_tail(k * x);
    }
    return sum;
}

static double calibration_test(const assay_again *a, int32_t c)
{
    double sum = 0.0, variance = 0.0, most = 0.0, least = 0.0;
    for (int64_t i = a->n - 1; i >= 0; i--) {
        int64_t k = a->order[i];
        double p = a->value[k], w = a->weight[k];
        sum += w * ((assay_again_target(a, k) == c ? 1.0 : 0.0) - p);
        variance += w * w * p * (1.0 - p);
        if (i == 0 || a->value[a->order[i - 1]] != p) {
            most = fmax(most, sum);
            least = fmin(least, sum);
        }
    }
    if (!(variance > 0.0 && a->truth[c] > 0.0)) {
        return NAN;
    }
    bool kuiper = assay_again_is(a, "statistic", "kuiper");
    double statistic = (kuiper ? most - least : fmax(most, -least)) / sqrt(variance);
    return assay_again_is(a, "value", "statistic") ? statistic
           : kuiper                                ? beyond_range(statistic)
                                                   : beyond_maximum(statistic);
}

/* ---- risk and coverage ---- */

/* Mean over the rows of the share of errors among those at least as confident; `joint`: of the share of
 * rows that are kept and wrong, with straight lines between thresholds. */
static double risk_area(const assay_again *a, bool joint)
{
    double kept = 0.0, wrong = 0.0, area = 0.0;
    for (int64_t first = 0, end = 0; first < a->n; first = end) {
        double kept_before = kept, wrong_before = wrong;
        end = assay_again_ties(a, first);
        for (int64_t i = first; i < end; i++) {
            int64_t k = a->order[i];
            kept += a->weight[k];
            wrong += assay_again_target(a, k) == assay_again_label(a, k) ? 0.0 : a->weight[k];
        }
        double share = (kept - kept_before) / a->total;
        area += share * (joint ? (wrong_before + wrong) / 2.0 / a->total : wrong / kept);
    }
    return area;
}

static double aurc(const assay_again *a)
{
    return risk_area(a, false);
}

static double augrc(const assay_again *a)
{
    return risk_area(a, true);
}

/* Less the area of the best order, all right rows first: r + (1 - r) ln(1 - r). */
static double excess(const assay_again *a)
{
    double risk = (a->total - a->hits) / a->total, ideal = 1.0;
    if (risk < 1.0) {
        ideal = risk + (1.0 - risk) * log(1.0 - risk);
    }
    return risk_area(a, false) - ideal;
}

#define CONFIDENT(name, function, jumps)                                                           \
    {                                                                                              \
        .metric = (name), .order = ASSAY_AGAIN_CONFIDENCE, .limits = (jumps), .whole = (function)  \
    }

const assay_again_kind assay_again_calibration[] = {
    CONFIDENT("expected_calibration_error", expected_error, 2),
    CONFIDENT("debiased_calibration_error", debiased_error, 2),
    CONFIDENT("brier_decomposition", decomposition, 2),
    CONFIDENT("kernel_calibration_error", kernel_error, 0),
    CONFIDENT("kde_calibration_error", density_error, 0),
    CONFIDENT("aurc", aurc, 0),
    CONFIDENT("augrc", augrc, 0),
    CONFIDENT("e_aurc", excess, 0),
    ASSAY_AGAIN_BY_SCORE("classwise_calibration_error", class_error, 2),
    ASSAY_AGAIN_BY_SCORE("spiegelhalter_test", spiegelhalter, 0),
    ASSAY_AGAIN_BY_SCORE("calibration_test", calibration_test, 0),
    {0}};
