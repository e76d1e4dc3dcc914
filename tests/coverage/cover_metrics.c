/* Every metric of classification and regression with the interval that it gets by itself, at small n: what the
 * program prints, from assay_evaluate. Intervals that carry a caution are counted apart. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/evaluate.h"
#include "core/metric.h"
#include "coverage/coverage.h"
#include "ops/op_table.h"

enum { METRICS = 200, MEASURES = 1000, SIZES = 3 };

typedef struct regime {
    const char *name;
    int32_t classes; /* 1: regression */
    double share;    /* of the second of two classes */
    bool sets;       /* of classes in each row */
    bool forecasts;  /* regression: only the metrics of quantiles, sigma and ensembles */
} regime;

static const regime regimes[] = {{"two classes", 2, 0.5, false, false},
                                 {"two classes, one of 10 %", 2, 0.1, false, false},
                                 {"five classes of 40 to 5 %", 5, 0.0, false, false},
                                 {"sets of four classes", 4, 0.0, true, false},
                                 {"errors in proportion to lognormal values", 1, 0.0, false, false},
                                 {"forecasts by quantiles, sigma, ensemble", 1, 0.0, false, true}};

typedef struct tally {
    int64_t covered, missed, marked, none;
} tally;

typedef struct metrics {
    const assay_args *args[METRICS];
    size_t n;
} metrics;

/* What columns of these data say: quantiles, standard deviation, members of an ensemble. */
static const uint32_t of_forecasts =
    ASSAY_NEEDS_QUANTILES | ASSAY_NEEDS_SIGMA | ASSAY_NEEDS_MEMBERS;

static bool is_wanted(const assay_op *op, const regime *r)
{
    const assay_task task = r->sets           ? ASSAY_TASK_MULTILABEL
                            : r->classes == 1 ? ASSAY_TASK_REGRESSION
                                              : ASSAY_TASK_CLASSIFICATION;
    bool fits = op->task == task || (r->sets && op->multilabel);
    return op->kind == ASSAY_OP_METRIC && op->metric != NULL && fits && !op->metric->no_interval &&
           !op->metric->curve_only && (op->needs & ASSAY_NEEDS_GROUPS) == 0 &&
           ((op->needs & of_forecasts) != 0) == r->forecasts;
}

static void find_metrics(metrics *out, const regime *r)
{
    const assay_registry *ops = assay_ops();
    out->n = 0;
    for (size_t i = 0; i < ops->n; i++) {
        if (is_wanted(ops->ops[i], r) && out->n < METRICS) {
            assay_args *args = NULL;
            must(assay_args_new(&args, ops->ops[i], NULL));
            out->args[out->n++] = args;
        }
    }
}

static void free_metrics(metrics *m)
{
    for (size_t i = 0; i < m->n; i++) {
        assay_args_free((assay_args *)(uintptr_t)m->args[i]);
    }
}

/* Scores of two classes whose logits are normal, overconfident by a factor. */
static void draw_pair(assay_predictions *p, int64_t i, double share, assay_rng *rng)
{
    const double apart = 1.5, factor = 1.3;
    int32_t target = assay_rng_uniform(rng) < share;
    double x = assay_rng_normal(rng) + (target ? apart : 0.0);
    double logit = factor * apart * (x - apart / 2.0) + log(share / (1.0 - share));
    p->target[i] = target;
    p->scores_f64[2 * i + 1] = 1.0 / (1.0 + exp(-logit));
    p->scores_f64[2 * i] = 1.0 - p->scores_f64[2 * i + 1];
}

static void draw_classes(assay_predictions *p, int64_t i, assay_rng *rng)
{
    static const double below[] = {0.40, 0.70, 0.85, 0.95, 1.0};
    double *scores = &p->scores_f64[i * p->classes], u = assay_rng_uniform(rng), sum = 0.0;
    int32_t target = 0;
    while (target < p->classes - 1 && u >= below[target]) {
        target++;
    }
    for (int32_t c = 0; c < p->classes; c++) {
        scores[c] = exp(1.2 * (assay_rng_normal(rng) + (c == target ? 2.0 : 0.0)));
        sum += scores[c];
    }
    for (int32_t c = 0; c < p->classes; c++) {
        scores[c] /= sum;
    }
    p->target[i] = target;
}

/* Frequent and rare classes that hang together. */
static void draw_set(assay_predictions *p, int64_t i, assay_rng *rng)
{
    static const double middle[] = {0.5, 0.0, -0.7, -1.2};
    double common = 0.6 * assay_rng_normal(rng);
    for (int32_t c = 0; c < p->classes; c++) {
        int64_t at = i * p->classes + c;
        double x = middle[c] + common + 0.8 * assay_rng_normal(rng);
        p->truth_set[at] = x > 0.0;
        p->scores_f64[at] = 1.0 / (1.0 + exp(-3.0 * (x + 0.7 * assay_rng_normal(rng))));
        p->label_set[at] = p->scores_f64[at] >= 0.5;
    }
}

enum { QUANTILES = 3, MEMBERS = 5, COLUMNS = QUANTILES + MEMBERS + 1 };

/* Normal forecasts, a little too sure of themselves. */
static void draw_forecasts(assay_predictions *p, int64_t n, assay_rng *rng)
{
    static const char *const names[COLUMNS] = {"q0.05",    "q0.5",     "q0.95",
                                               "sigma",    "member_1", "member_2",
                                               "member_3", "member_4", "member_5"};
    static const double sides[QUANTILES] = {-1.6448536269514722, 0.0, 1.6448536269514722};
    assay_column *columns[COLUMNS];
    must(assay_table_new(&p->columns, n, 0, NULL));
    for (int c = 0; c < COLUMNS; c++) {
        must(assay_table_add(&columns[c], p->columns, names[c], ASSAY_COLUMN_REAL, NULL));
        memset(columns[c]->valid, 1, (size_t)n);
    }
    for (int c = 0; c < COLUMNS; c++) {
        columns[c] = (assay_column *)(uintptr_t)assay_table_find(p->columns, names[c]);
    }
    for (int64_t i = 0; i < n; i++) {
        double sigma = exp(0.3 * assay_rng_normal(rng));
        p->value[i] = 5.0 + assay_rng_normal(rng);
        p->truth[i] = p->value[i] + 1.2 * sigma * assay_rng_normal(rng);
        for (int q = 0; q < QUANTILES; q++) {
            columns[q]->reals[i] = p->value[i] + sides[q] * sigma;
        }
        columns[QUANTILES]->reals[i] = sigma;
        for (int m = 0; m < MEMBERS; m++) {
            columns[QUANTILES + 1 + m]->reals[i] = p->value[i] + sigma * assay_rng_normal(rng);
        }
    }
}

static assay_predictions *draw(const regime *r, int64_t n, int64_t run)
{
    assay_predictions *p = NULL;
    assay_rng rng = stream(r->name, run);
    must(r->classes == 1 ? assay_predictions_new_regression(&p, n, NULL)
         : r->sets       ? assay_predictions_new_multilabel(&p, n, r->classes, 8, NULL)
                         : assay_predictions_new(&p, n, r->classes, 8, 0, NULL));
    for (int64_t i = 0; i < n && !r->forecasts; i++) {
        if (r->classes == 1) {
            p->truth[i] = exp(0.5 * assay_rng_normal(&rng));
            p->value[i] = p->truth[i] * exp(0.05 + 0.3 * assay_rng_normal(&rng));
        } else if (r->sets) {
            draw_set(p, i, &rng);
        } else if (r->classes == 2) {
            draw_pair(p, i, r->share, &rng);
        } else {
            draw_classes(p, i, &rng);
        }
    }
    if (r->forecasts) {
        draw_forecasts(p, n, &rng);
    }
    if (r->classes > 1 && !r->sets) {
        must(assay_predictions_argmax(p, NULL));
    }
    if (r->classes > 1) {
        assay_predictions_check_scores(p);
    }
    return p;
}

static void evaluate(assay_result *out, assay_arena *arena, const regime *r, const metrics *m,
                     int64_t n, int64_t run, int64_t replicates)
{
    const assay_evaluate_options options = {
        .replicates = replicates, .threads = 1, .seed = (uint64_t)run};
    assay_predictions *p = draw(r, n, run);
    assay_result_init(out, arena);
    must(assay_evaluate(out, p, NULL, m->args, m->n, &options, NULL));
    assay_predictions_free(p);
}

static void count(tally *t, const assay_measure *m, double truth)
{
    double slack = 1e-9 * fmax(1.0, fabs(truth));
    if (m->outcome != ASSAY_OUTCOME_VALUE || isnan(m->low)) {
        t->none++;
    } else if (assay_measure_caution(m) != NULL) {
        t->marked++;
    } else if (m->low <= truth + slack && truth - slack <= m->high) {
        t->covered++;
    } else {
        t->missed++;
    }
}

/* One row per metric: its measures, of each number of rows, are the settings. */
static void report(coverage *c, const char *metric, bool exact, const tally *tallies,
                   const assay_result *truth, int64_t runs)
{
    row r = {.method = metric, .nominal = 0.95, .promise = ABOUT, .slack = 0.03};
    int64_t marked = 0, intervals = 0;
    for (int64_t m = 0; m < truth->n_measures; m++) {
        for (int s = 0; s < SIZES && strcmp(truth->measures[m].metric, metric) == 0; s++) {
            const tally *t = &tallies[m * SIZES + s];
            int64_t plain = t->covered + t->missed;
            marked += t->marked;
            intervals += t->marked + plain;
            if (plain > 0 && plain * 2 >= runs) {
                row_count(&r, t->covered, plain);
            }
        }
    }
    r.promise = exact ? AT_LEAST : ABOUT;
    (void)snprintf(r.setting, sizeof r.setting, "%.0f %% of intervals carry a caution",
                   intervals > 0 ? 100.0 * (double)marked / (double)intervals : 0.0);
    if (r.settings > 0) {
        row_end(c, &r);
    }
}

static void table(coverage *c, const regime *r)
{
    static tally tallies[MEASURES * SIZES];
    static const int64_t sizes[SIZES] = {30, 100, 400};
    int64_t runs = c->full ? 100 : 24, first = c->full ? 0 : 1, last = c->full ? SIZES : 2;
    int64_t replicates = c->full ? 1000 : 400;
    metrics m;
    assay_arena *kept = NULL, *arena = NULL;
    assay_result truth, out;
    find_metrics(&m, r);
    must(assay_arena_new(&kept, 0, NULL));
    must(assay_arena_new(&arena, 0, NULL));
    memset(tallies, 0, sizeof tallies);
    evaluate(&truth, kept, r, &m, c->full ? 2000000 : 200000, -1, -1);
    if (truth.n_measures > MEASURES) {
        must(ASSAY_EINTERNAL);
    }
    for (int64_t s = first; s < last; s++) {
        for (int64_t run = 0; run < runs; run++) {
            assay_arena_reset(arena);
            evaluate(&out, arena, r, &m, sizes[s], run, replicates);
            for (int64_t k = 0; k < truth.n_measures; k++) {
                count(&tallies[k * SIZES + s], &out.measures[k], truth.measures[k].value);
            }
        }
    }
    char title[96];
    (void)snprintf(title, sizeof title, "Every metric: %s", r->name);
    section(title, "30, 100 and 400 rows, 100 data sets each; settings are the measures of the "
                   "metric (averages and "
                   "classes) at each number of rows where most intervals carry no caution.");
    for (size_t i = 0; i < m.n; i++) {
        report(c, m.args[i]->op->name, m.args[i]->op->metric->rates != NULL, tallies, &truth, runs);
    }
    free_metrics(&m);
    assay_arena_free(arena);
    assay_arena_free(kept);
}

void cover_metrics(coverage *c)
{
    for (size_t i = 0; i < sizeof regimes / sizeof *regimes; i++) {
        table(c, &regimes[i]);
    }
}
