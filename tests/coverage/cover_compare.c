/* Differences of two models and their tests as `assay compare` gives them: plain, weighted and clustered rows. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/compare.h"
#include "coverage/coverage.h"
#include "ops/op_table.h"

enum { MOST_ROWS = 400, BIG = 200000, BOTH = 2 };

typedef enum shape { PLAIN, WEIGHTED, CLUSTERED, SHAPES } shape;

typedef struct world {
    shape shape;
    int64_t n;   /* rows, or clusters of 1 to 7 */
    double lead; /* of the second model's scores over the first's */

} world;

typedef struct pair {
    assay_predictions *models[BOTH];
    int64_t *units; /* of the rows; NULL = independent */
    int64_t n;
} pair;

static const char *const words[SHAPES] = {"rows", "rows with exponential weights",
                                          "clusters of 1 to 7, ICC 0.3"};

static void put_score(assay_predictions *p, int64_t i, double logit)
{
    p->scores_f64[2 * i + 1] = 1.0 / (1.0 + exp(-logit));
    p->scores_f64[2 * i] = 1.0 - p->scores_f64[2 * i + 1];
}

/* Two classes; what makes a row hard is the same for both models, and partly that of its cluster. */
static void draw_pair(pair *out, const world *w, const int64_t *units, int64_t n, assay_rng *rng)
{
    double scene = 0.0;
    for (int m = 0; m < BOTH; m++) {
        must(assay_predictions_new(&out->models[m], n, 2, 8, 0, NULL));
    }
    if (w->shape == WEIGHTED) {
        for (int m = 0; m < BOTH; m++) {
            out->models[m]->weights = assay_arena_alloc(out->models[m]->arena, (size_t)n, 8);
        }
    }
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || units[i] != units[i - 1]) {
            scene = assay_rng_normal(rng);
        }
        double shared = w->shape == CLUSTERED ? 0.6 : 0.0;
        double hard = sqrt(shared) * scene + sqrt(1.0 - shared) * assay_rng_normal(rng);
        int32_t target = (int32_t)(assay_rng_u32(rng) % 2);
        double side = target ? 1.0 : -1.0;
        double weight = -log1p(-assay_rng_uniform(rng));
        for (int m = 0; m < BOTH; m++) {
            double apart = 1.2 + (m == 1 ? w->lead : 0.0);
            put_score(out->models[m], i, side * (apart + hard + assay_rng_normal(rng)));
            out->models[m]->target[i] = target;
            if (w->shape == WEIGHTED) {
                out->models[m]->weights[i] = weight;
            }
        }
    }
    for (int m = 0; m < BOTH; m++) {
        must(assay_predictions_argmax(out->models[m], NULL));
        assay_predictions_check_scores(out->models[m]);
    }
}

static void draw(pair *out, const world *w, int64_t n, int64_t run)
{
    static int64_t units[BIG];
    assay_rng rng = stream("two models", run);
    int64_t rows = 0;
    for (int64_t k = 0; k < n && rows < BIG - 7; k++) {
        int64_t size = w->shape == CLUSTERED ? 1 + (int64_t)assay_rng_below(&rng, 7) : 1;
        for (int64_t i = 0; i < size; i++) {
            units[rows++] = k;
        }
    }
    out->units = w->shape == CLUSTERED ? units : NULL;
    out->n = rows;
    draw_pair(out, w, units, rows, &rng);
}

static const char *const metrics[] = {"accuracy", "f1", "roc_auc", "brier_score"};
enum { METRICS = 4 };

/* The difference of every metric, in the order above: of averages, of accuracy alone. */
static void compare(assay_difference out[METRICS], const pair *p, const world *w,
                    int64_t replicates, int64_t run, assay_arena *arena)
{
    assay_args *args[METRICS] = {NULL};
    assay_comparison comparison;
    assay_result results[BOTH];
    const assay_compare_options options = {.evaluate = {.replicates = replicates,
                                                        .threads = 1,
                                                        .seed = (uint64_t)run,
                                                        .units = p->units},
                                           .permutations = replicates > 0 ? 199 : 0};
    (void)w;
    for (int m = 0; m < METRICS; m++) {
        must(assay_args_new(&args[m], assay_registry_find(assay_ops(), ASSAY_OP_METRIC, metrics[m]),
                            NULL));
    }
    assay_comparison_init(&comparison, arena);
    assay_result_init(&results[0], arena);
    assay_result_init(&results[1], arena);
    must(assay_compare_models(&comparison, results, (assay_predictions *const *)p->models, BOTH,
                              NULL, 0, (const assay_args *const *)args, METRICS, &options, NULL));
    for (int m = 0; m < METRICS; m++) {
        for (int64_t d = comparison.n_differences - 1; d >= 0; d--) {
            const assay_difference *found = &comparison.differences[d];
            bool wanted =
                found->in_a->average == NULL || strcmp(found->in_a->average, "macro") == 0;
            if (wanted && strcmp(found->op->name, metrics[m]) == 0) {
                out[m] = *found;
            }
        }
        assay_args_free(args[m]);
    }
}

static void free_pair(pair *p)
{
    for (int m = 0; m < BOTH; m++) {
        assay_predictions_free(p->models[m]);
    }
}

static void true_differences(double out[METRICS], const world *w, assay_arena *arena)
{
    pair p = {0};
    for (int m = 0; m < METRICS; m++) {
        out[m] = 0.0;
    }
    if (w->lead == 0.0) {
        return; /* exchangeable */
    }
    /* the mean of the differences over independent parts has no bias that matters */
    assay_difference found[METRICS];
    assay_arena_reset(arena);
    draw(&p, w, w->shape == CLUSTERED ? BIG / 4 - 10 : BIG - 10, -1);
    compare(found, &p, w, -1, 0, arena);
    free_pair(&p);
    for (int m = 0; m < METRICS; m++) {
        out[m] = found[m].difference;
    }
}

typedef struct rows_of {
    row interval[METRICS], bound[METRICS], test[METRICS];
} rows_of;

static void setting(coverage *c, rows_of *rows, const world *w, assay_arena *arena)
{
    int64_t runs = c->full ? 2000 : 60, replicates = c->full ? 400 : 200;
    int64_t held[METRICS] = {0}, bound[METRICS] = {0}, kept[METRICS] = {0}, known[METRICS] = {0};
    double truth[METRICS];
    true_differences(truth, w, arena);
    for (int64_t run = 0; run < runs; run++) {
        pair p = {0};
        assay_difference found[METRICS];
        assay_arena_reset(arena);
        draw(&p, w, w->n, run);
        compare(found, &p, w, replicates, run, arena);
        free_pair(&p);
        for (int m = 0; m < METRICS; m++) {
            if (isnan(found[m].low)) {
                continue; /* no interval, and the output says why */
            }
            known[m]++;
            held[m] += found[m].low <= truth[m] && truth[m] <= found[m].high;
            bound[m] += found[m].bound_low <= truth[m];
            kept[m] += !(found[m].p <= 0.05);
        }
    }
    for (int m = 0; m < METRICS; m++) {
        row_count(&rows->interval[m], held[m], known[m]);
        row_count(&rows->bound[m], bound[m], known[m]);
        if (w->lead == 0.0) {
            row_count(&rows->test[m], kept[m], known[m]);
        }
    }
}

static const char *method_of(shape s, int metric, bool test)
{
    static const char *const intervals[SHAPES][METRICS] = {
        {"Tango: accuracy", "Paired bootstrap: F1", "DeLong, paired: area",
         "Paired bootstrap: Brier score"},
        {"Tango of weighted rows: accuracy", "Paired bootstrap: F1", "Paired bootstrap: area",
         "Paired bootstrap: Brier score"},
        {"Cluster-robust t: accuracy", "Paired bootstrap of clusters: F1",
         "DeLong of clusters, paired: area", "Paired bootstrap of clusters: Brier score"}};
    static const char *const tests[SHAPES][METRICS] = {
        {"McNemar mid-P: accuracy", "Exchange test: F1", "DeLong's test: area",
         "Exchange test: Brier score"},
        {"Exchange test: accuracy", "Exchange test: F1", "Exchange test: area",
         "Exchange test: Brier score"},
        {"Cluster-robust t test: accuracy", "Exchange test of clusters: F1",
         "DeLong's test of clusters: area", "Exchange test of clusters: Brier score"}};
    return test ? tests[s][metric] : intervals[s][metric];
}

static void table(coverage *c, shape s, int64_t n, double slack)
{
    rows_of rows;
    memset(&rows, 0, sizeof rows);
    assay_arena *arena = NULL;
    must(assay_arena_new(&arena, 0, NULL));
    for (int m = 0; m < METRICS; m++) {
        row *all[3] = {&rows.interval[m], &rows.bound[m], &rows.test[m]};
        for (int k = 0; k < 3; k++) {
            *all[k] = (row){.method = method_of(s, m, k == 2),
                            .nominal = 0.95,
                            .promise = ABOUT,
                            .slack = slack};
            (void)snprintf(all[k]->setting, sizeof all[k]->setting, "%" PRId64 " %s, %s", n,
                           words[s],
                           k == 0   ? "two-sided"
                           : k == 1 ? "lower bound"
                                    : "no difference");
        }
    }
    for (int k = 0; k < 2; k++) {
        const world w = {.shape = s, .n = n, .lead = k == 0 ? 0.0 : 0.6};
        setting(c, &rows, &w, arena);
    }
    for (int m = 0; m < METRICS; m++) {
        row_end(c, &rows.interval[m]);
        row_end(c, &rows.bound[m]);
        row_end(c, &rows.test[m]);
    }
    assay_arena_free(arena);
}

void cover_compare(coverage *c)
{
    section("Differences of two models",
            "What `assay compare` prints of two models on the same rows, equally good ones and one "
            "that is better; hard rows are hard for both. Interval, one-sided bound and test.");
    table(c, PLAIN, 100, 0.02);
    table(c, WEIGHTED, 100, 0.02);
    table(c, CLUSTERED, 40, 0.02);
    if (c->full) {
        table(c, PLAIN, 400, 0.01);
        table(c, WEIGHTED, 400, 0.01);
        table(c, CLUSTERED, 120, 0.01);
    }
}
