/* Gaps between groups as the program prints them: every metric of gaps, and the extremes of metrics that are no
 * shares (areas, F1, log loss, absolute and squared errors). */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/fairness.h"
#include "core/metric.h"
#include "coverage/coverage.h"
#include "ops/op_table.h"

enum { GROUPS = 3, METRICS = 60, BIG = 600000, EXTREMES = 3 };

static const char *const group_names[GROUPS] = {"a", "b", "c"};
static const char *const extreme_names[EXTREMES] = {"lowest", "difference", "ratio"};

typedef struct wanted {
    const assay_args *args[METRICS];
    size_t n, gaps; /* the first are metrics of gaps */
    bool regression;
} wanted;

static void add(wanted *w, const assay_op *op)
{
    assay_args *args = NULL;
    must(assay_args_new(&args, op, NULL));
    w->args[w->n++] = args;
}

static void find_metrics(wanted *w, bool regression)
{
    static const char *const within[2][3] = {
        {"roc_auc", "f1", "log_loss"},
        {"mean_absolute_error", "root_mean_squared_error", "median_absolute_error"}};
    const assay_registry *ops = assay_ops();
    const assay_task task = regression ? ASSAY_TASK_REGRESSION : ASSAY_TASK_CLASSIFICATION;
    *w = (wanted){.regression = regression};
    for (size_t i = 0; i < ops->n && w->n < METRICS - 3; i++) {
        const assay_op *op = ops->ops[i];
        if (op->kind == ASSAY_OP_METRIC && op->metric != NULL && op->task == task &&
            (op->needs & ASSAY_NEEDS_GROUPS) != 0 && !op->metric->no_interval &&
            !op->metric->curve_only) {
            add(w, op);
        }
    }
    w->gaps = w->n;
    for (int k = 0; k < 3; k++) {
        add(w, assay_registry_find(ops, ASSAY_OP_METRIC, within[regression][k]));
    }
}

/* Groups are alike, or the last one has a weaker model. */
static assay_predictions *draw(int32_t *of, const wanted *w, int64_t n, bool alike, int64_t run)
{
    assay_predictions *p = NULL;
    assay_rng rng = stream(w->regression ? "gaps of errors" : "gaps of classes", run);
    must(w->regression ? assay_predictions_new_regression(&p, n, NULL)
                       : assay_predictions_new(&p, n, 2, 8, 0, NULL));
    for (int64_t i = 0; i < n; i++) {
        of[i] = (int32_t)(i % GROUPS);
        bool weak = !alike && of[i] == GROUPS - 1;
        double noise = assay_rng_normal(&rng);
        if (w->regression) {
            p->truth[i] = 10.0 + assay_rng_normal(&rng);
            p->value[i] = p->truth[i] + (weak ? 1.6 : 1.0) * noise;
            continue;
        }
        int32_t target = (int32_t)(assay_rng_u32(&rng) % 2);
        double logit = 1.5 * (noise + (target ? 1.0 : -1.0) * (weak ? 0.5 : 0.9));
        p->target[i] = target;
        p->scores_f64[2 * i + 1] = 1.0 / (1.0 + exp(-logit));
        p->scores_f64[2 * i] = 1.0 - p->scores_f64[2 * i + 1];
    }
    if (!w->regression) {
        must(assay_predictions_argmax(p, NULL));
        assay_predictions_check_scores(p);
    }
    return p;
}

static void evaluate(assay_fairness *out, assay_arena *arena, const wanted *w, int64_t n,
                     bool alike, int64_t run, int64_t replicates)
{
    static int32_t of[BIG];
    const assay_groups groups = {
        .n = GROUPS, .names = group_names, .of = of, .positive = w->regression ? -1 : 1};
    const assay_evaluate_options options = {
        .replicates = replicates, .threads = 1, .seed = (uint64_t)(run + 1)};
    const assay_fairness_options usual = {0};
    assay_predictions *p = draw(of, w, n, alike, run);
    assay_arena_reset(arena);
    must(assay_fairness_evaluate(out, arena, p, NULL, &groups, w->args, w->n, &usual, &options,
                                 NULL));
    assay_predictions_free(p);
}

typedef struct tally {
    double truth;
    int64_t held, seen, marked;
} tally;

static void count(tally *t, double low, double high, bool marked)
{
    double slack = 1e-9 * fmax(1.0, fabs(t->truth));
    if (isnan(low) || isnan(high)) {
        return; /* none, and the output says why */
    }
    t->marked += marked;
    t->seen += !marked;
    t->held += !marked && low <= t->truth + slack && t->truth - slack <= high;
}

static assay_ends ends_of(const assay_group_extremes *f, int which)
{
    return which == 0 ? f->lowest_ends : which == 1 ? f->difference_ends : f->ratio_ends;
}

static double value_of(const assay_fairness_extremes *e, int which)
{
    return which == 0   ? e->lowest_value
           : which == 1 ? e->highest_value - e->lowest_value
                        : e->lowest_value / e->highest_value;
}

enum { MOST = 200 };

typedef struct tallies {
    tally gap[2][MOST], extreme[2][MOST][EXTREMES];
} tallies;

static bool ends_with(const char *name, const char *word)
{
    size_t n = strlen(name), m = strlen(word);
    return n >= m && strcmp(name + n - m, word) == 0;
}

/* Groups that are alike have no gap; a large sample has a small one by chance. */
static double without_gap(const char *name, double value)
{
    return ends_with(name, "difference") ? 0.0 : ends_with(name, "ratio") ? 1.0 : value;
}

static void find_truth(tallies *t, const wanted *w, int alike, assay_arena *arena)
{
    assay_fairness f;
    evaluate(&f, arena, w, BIG, alike != 0, -1, -1);
    if (f.gaps.n_measures > MOST || f.n_extremes > MOST) {
        must(ASSAY_EINTERNAL);
    }
    for (int64_t m = 0; m < f.gaps.n_measures; m++) {
        const assay_measure *g = &f.gaps.measures[m];
        t->gap[alike][m] = (tally){.truth = alike ? without_gap(g->metric, g->value) : g->value};
    }
    for (int64_t m = 0; m < f.n_extremes; m++) {
        for (int k = 0; k < EXTREMES; k++) {
            double value = value_of(&f.extremes[m], k);
            t->extreme[alike][m][k] =
                (tally){.truth = alike ? without_gap(extreme_names[k], value) : value};
        }
    }
}

static void report_one(coverage *c, const char *name, const tally *alike, const tally *apart,
                       int64_t n, double slack)
{
    const tally *both[2] = {apart, alike};
    row r = {.method = name, .nominal = 0.95, .promise = ABOUT, .slack = slack};
    int64_t marked = 0, all = 0;
    for (int k = 0; k < 2; k++) {
        marked += both[k]->marked;
        all += both[k]->marked + both[k]->seen;
        if (both[k]->seen > both[k]->marked) {
            row_count(&r, both[k]->held, both[k]->seen);
        }
    }
    (void)snprintf(r.setting, sizeof r.setting,
                   "3 groups of %" PRId64 ", alike and not; %.0f %% with a caution", n / GROUPS,
                   all > 0 ? 100.0 * (double)marked / (double)all : 0.0);
    if (r.settings > 0) {
        row_end(c, &r);
    }
}

static void report(coverage *c, const assay_fairness *f, const tallies *t, int64_t n, double slack)
{
    static char names[MOST][EXTREMES][96];
    for (int64_t m = 0; m < f->gaps.n_measures; m++) {
        report_one(c, f->gaps.measures[m].metric, &t->gap[1][m], &t->gap[0][m], n, slack);
    }
    for (int64_t m = 0; m < f->n_extremes; m++) {
        const assay_measure *of = f->extremes[m].measure;
        for (int k = 0; k < EXTREMES; k++) {
            (void)snprintf(names[m][k], sizeof names[m][k], "%s of %s%s%s", extreme_names[k],
                           of->metric, of->average != NULL ? ", " : "",
                           of->average != NULL ? of->average : "");
            report_one(c, names[m][k], &t->extreme[1][m][k], &t->extreme[0][m][k], n, slack);
        }
    }
}

static void table(coverage *c, bool regression, int64_t n, double slack)
{
    static tallies t;
    int64_t runs = c->full ? 1000 : 30, replicates = c->full ? 400 : 200;
    assay_arena *arena = NULL;
    assay_fairness f;
    wanted w;
    find_metrics(&w, regression);
    must(assay_arena_new(&arena, 0, NULL));
    memset(&t, 0, sizeof t);
    for (int alike = 0; alike < 2; alike++) {
        find_truth(&t, &w, alike, arena);
        for (int64_t run = 0; run < runs; run++) {
            evaluate(&f, arena, &w, n, alike != 0, run, replicates);
            for (int64_t m = 0; m < f.gaps.n_measures; m++) {
                const assay_measure *g = &f.gaps.measures[m];
                count(&t.gap[alike][m], g->low, g->high, assay_measure_caution(g) != NULL);
            }
            for (int64_t m = 0; m < f.n_extremes; m++) {
                for (int k = 0; k < EXTREMES; k++) {
                    const assay_ends e = ends_of(&f.extremes[m].found, k);
                    count(&t.extreme[alike][m][k], e.low, e.high, false);
                }
            }
        }
    }
    report(c, &f, &t, n, slack);
    assay_arena_free(arena);
    for (size_t i = 0; i < w.n; i++) {
        assay_args_free((assay_args *)(uintptr_t)w.args[i]);
    }
}

void cover_gaps(coverage *c)
{
    section(
        "Gaps of every metric between groups",
        "Two classes and numbers; in one setting the groups are alike, so that the true gap is at "
        "the end of its range, in the other one group has a weaker model. The intervals hold for "
        "all groups together, which makes them wide.");
    table(c, false, 300, 0.02);
    table(c, true, 300, 0.02);
    if (c->full) {
        table(c, false, 1200, 0.01);
        table(c, true, 1200, 0.01);
    }
}
