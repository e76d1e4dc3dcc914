/* What the attacks of a plan leave of each image, worst case over them: the table behind requirements,
 * in the run that made it and when its evidence is judged again. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/file.h"
#include "api/attack.h"
#include "api/run.h"
#include "base/alloc.h"
#include "base/sort.h"
#include "base/text.h"
#include "stats/bootstrap.h"

static assay_status add_column(assay_column **out, assay_table *table, const char *name,
                               assay_column_type type, assay_error *err)
{
    ASSAY_TRY(assay_table_add(out, table, name, type, err));
    memset((*out)->valid, 1, (size_t)table->rows);
    return ASSAY_OK;
}

static const char *fooled_name(assay_arena *arena, int32_t e)
{
    return assay_arena_printf(arena, "fooled_%d", e + 1);
}

/* The nearest example of all attacks that the norm bounds, and whose it is; -1 = there is none. */
static double worst_distance(int32_t *by, const assay_assessment *a, int64_t i)
{
    double nearest = INFINITY;
    *by = -1;
    for (int32_t k = 0; k < a->n_attacks; k++) {
        double distance = a->attacks[k].result->distance[i];
        if (a->attacks[k].attack->op->attack->norms != 0 && distance < nearest) {
            nearest = distance;
            *by = k;
        }
    }
    return nearest;
}

static assay_status fill_distance(assay_table *table, const assay_assessment *a, assay_error *err)
{
    assay_column *distance = NULL;
    assay_column *found_by = NULL;
    ASSAY_TRY(add_column(&distance, table, "distance", ASSAY_COLUMN_REAL, err));
    for (int64_t i = 0; i < table->rows; i++) {
        int32_t by = -1;
        double d = worst_distance(&by, a, i);
        distance->valid[i] = isfinite(d);
        distance->reals[i] = isfinite(d) ? d : 0.0;
    }
    ASSAY_TRY(add_column(&found_by, table, "found_by", ASSAY_COLUMN_TEXT, err));
    for (int64_t i = 0; i < table->rows; i++) {
        int32_t by = -1;
        double d = worst_distance(&by, a, i);
        found_by->valid[i] = by >= 0 && d > 0.0;
        found_by->texts[i] = found_by->valid[i] ? a->attacks[by].attack->op->name : NULL;
    }
    return ASSAY_OK;
}

static assay_status fill_fooled(assay_table *table, const assay_assessment *a, assay_error *err)
{
    for (int32_t e = 0; e < a->options->n_eps; e++) {
        assay_column *column = NULL;
        const char *name = fooled_name(table->arena, e);
        if (name == NULL) {
            return assay_fail_memory(err);
        }
        ASSAY_TRY(add_column(&column, table, name, ASSAY_COLUMN_INT, err));
        for (int64_t i = 0; i < table->rows; i++) {
            column->ints[i] = assay_assess_fooled(a, -1, e, i);
        }
    }
    return ASSAY_OK;
}

static assay_status fill(assay_table *table, const assay_assessment *a, const int64_t *units,
                         assay_error *err)
{
    const assay_attack_result *r = a->attacks[0].result;
    const char *const *names = a->options->models[0]->spec.class_names;
    const struct {
        const char *name;
        const int32_t *classes;
    } classes[] = {{"target", r->label}, {"clean", r->clean}};
    assay_column *column = NULL;
    ASSAY_TRY(add_column(&column, table, "id", ASSAY_COLUMN_TEXT, err));
    for (int64_t i = 0; i < table->rows; i++) {
        column->texts[i] = a->images.ids[i];
    }
    for (size_t c = 0; c < ASSAY_COUNT(classes); c++) {
        ASSAY_TRY(add_column(&column, table, classes[c].name, ASSAY_COLUMN_TEXT, err));
        for (int64_t i = 0; i < table->rows; i++) {
            column->valid[i] = classes[c].classes[i] >= 0;
            column->texts[i] = column->valid[i] ? names[classes[c].classes[i]] : NULL;
        }
    }
    ASSAY_TRY(fill_distance(table, a, err));
    ASSAY_TRY(fill_fooled(table, a, err));
    if (units != NULL) {
        ASSAY_TRY(add_column(&column, table, "cluster", ASSAY_COLUMN_INT, err));
        for (int64_t i = 0; i < table->rows; i++) {
            column->ints[i] = units[a->rows[i]];
        }
    }
    return ASSAY_OK;
}

/* All that the outcome depends on besides model and data, in one line. */
assay_status assay_run_attack_settings(assay_buffer *out, const assay_plan *plan,
                                       const assay_plan_attack *attack, assay_error *err)
{
    assay_buffer_printf(out, "%s; eps", assay_norm_name((assay_norm)attack->norm));
    for (int32_t e = 0; e < attack->n_eps; e++) {
        char number[32];
        assay_format_real(number, attack->eps[e]);
        assay_buffer_printf(out, " %s", number);
    }
    assay_buffer_printf(out,
                        "; limit %" PRId64 "; budget %" PRId64
                        "; repeats %d; noise %g; seed %" PRIu64
                        "; where %s; target %s; gradients %s; attacks",
                        attack->limit, attack->budget, attack->repeats, attack->noise, plan->seed,
                        attack->where != NULL ? attack->where : "-",
                        attack->target_class != NULL ? attack->target_class : "-",
                        attack->gradients >= 0 ? plan->models[attack->gradients].name : "-");
    assay_buffer_puts(out, attack->own_answers ? " on own answers" : "");
    for (int32_t i = 0; i < attack->n_proxies; i++) {
        assay_buffer_printf(out, "%s%s", i == 0 ? " proxies " : " ",
                            plan->models[attack->proxies[i]].name);
    }
    for (int32_t i = 0; i < attack->n_with; i++) {
        assay_buffer_printf(out, "%s%s", i == 0 ? " with " : " ",
                            plan->models[attack->with[i]].name);
    }
    for (int32_t k = 0; k < attack->n_ops; k++) {
        assay_buffer_puts(out, " ");
        ASSAY_TRY(assay_args_text(out, attack->ops[k], err));
    }
    return assay_buffer_status(out, err);
}

static assay_status path_of(const char **out, const assay_run *run, int32_t attack, int32_t m,
                            assay_error *err)
{
    const char *parts =
        assay_arena_printf(run->arena, "attacks/%s/%s/worst.parquet",
                           run->plan->attacks[attack].name, run->plan->models[m].name);
    *out = parts != NULL ? assay_path_join(run->arena, run->out, parts) : NULL;
    return *out != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static assay_table **slot(assay_run *run, int32_t attack, int32_t m)
{
    if (run->worst == NULL) {
        size_t n = (size_t)run->plan->n_attacks * (size_t)run->plan->n_models;
        run->worst = assay_arena_alloc(run->arena, n + 1, sizeof *run->worst);
    }
    return run->worst != NULL ? &run->worst[(int64_t)attack * run->plan->n_models + m] : NULL;
}

assay_status assay_run_keep_worst(assay_run *run, int32_t attack, int32_t m,
                                  const assay_assessment *a, assay_error *err)
{
    assay_table **kept = slot(run, attack, m);
    const int64_t *units = NULL;
    const char *path = NULL;
    assay_status status = ASSAY_OK;
    assay_buffer text;
    if (kept == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(path_of(&path, run, attack, m, err));
    ASSAY_TRY(assay_run_units(&units, run, run->plan->attacks[attack].data, err));
    assay_buffer_init(&text, 0);
    ASSAY_GOTO(assay_run_attack_settings(&text, run->plan, &run->plan->attacks[attack], err), done);
    const char *const notes[] = {"assay.model",
                                 a->options->models[0]->digest,
                                 "assay.data",
                                 a->options->data->digest,
                                 "assay.attack",
                                 text.data,
                                 NULL};
    ASSAY_GOTO(assay_table_new(kept, a->images.n, 0, err), done);
    ASSAY_GOTO(fill(*kept, a, units, err), done);
    status = assay_duckdb_write_table_noted(path, *kept, notes, err);
done:
    assay_buffer_dispose(&text);
    return status;
}

assay_status assay_run_read_worst(assay_run *run, const assay_plan_requirement *q,
                                  const char *model, const char *data, assay_error *err)
{
    static const char *const texts[] = {"id", "target", "clean", "found_by", NULL};
    assay_table **kept = slot(run, q->attack, q->model);
    const char *path = NULL;
    assay_buffer text;
    if (kept == NULL) {
        return assay_fail_memory(err);
    }
    if (*kept != NULL) {
        return ASSAY_OK;
    }
    ASSAY_TRY(path_of(&path, run, q->attack, q->model, err));
    assay_buffer_init(&text, 0);
    assay_status status =
        assay_run_attack_settings(&text, run->plan, &run->plan->attacks[q->attack], err);
    if (status == ASSAY_OK && assay_duckdb_has_note(path, "assay.model", model) &&
        assay_duckdb_has_note(path, "assay.data", data) &&
        assay_duckdb_has_note(path, "assay.attack", text.data)) {
        status = assay_duckdb_read_table_as(kept, path, texts, err);
    }
    assay_buffer_dispose(&text);
    return status;
}

void assay_run_drop_worst(assay_run *run)
{
    for (int64_t i = 0;
         run->worst != NULL && i < (int64_t)run->plan->n_attacks * run->plan->n_models; i++) {
        assay_table_free(run->worst[i]);
    }
}

/* ---- the measures --------------------------------------------------------------------------- */

typedef struct distances {
    const double *ascending; /* n; INFINITY where no attack fooled the image */
    int64_t n;
    double quantile;
} distances;

/* Distribution-free bounds of a quantile: order statistics (Wilks 1941). */
static assay_status distance_bounds(double *low, double *high, const void *evidence,
                                    double alpha_low, double alpha_high, assay_error *err)
{
    const distances *d = evidence;
    int64_t below = 0;
    int64_t above = 0;
    ASSAY_TRY(assay_quantile_lower_rank(&below, d->n, d->quantile, alpha_low, err));
    ASSAY_TRY(assay_quantile_upper_rank(&above, d->n, d->quantile, alpha_high, err));
    *low = below < 1 ? 0.0 : d->ascending[below - 1];
    *high = above > d->n ? INFINITY : d->ascending[above - 1];
    return ASSAY_OK;
}

static bool is_selected(const assay_table *table, const char *class_name, int64_t i)
{
    const assay_column *target = assay_table_find(table, "target");
    return class_name == NULL || assay_text_equal(target->texts[i], class_name);
}

static assay_status measure_norm(assay_measure *m, const assay_run *run,
                                 const assay_plan_requirement *q, const assay_table *table,
                                 assay_error *err)
{
    const assay_column *distance = assay_table_find(table, "distance");
    double *values = assay_arena_alloc(run->arena, (size_t)table->rows + 1, sizeof *values);
    double *sorted = assay_arena_alloc(run->arena, (size_t)table->rows + 1, sizeof *sorted);
    int64_t *order = assay_arena_alloc(run->arena, (size_t)table->rows + 1, sizeof *order);
    distances *d = assay_arena_alloc(run->arena, 1, sizeof *d);
    int64_t n = 0;
    if (values == NULL || sorted == NULL || order == NULL || d == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < table->rows; i++) {
        if (is_selected(table, q->class_name, i)) {
            values[n++] =
                distance->valid == NULL || distance->valid[i] ? distance->reals[i] : INFINITY;
        }
    }
    m->n = n;
    if (n == 0) {
        m->outcome = ASSAY_OUTCOME_UNDEFINED;
        m->reason = "no image of this class was attacked";
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_sort_order(order, values, n, 0, err));
    for (int64_t i = 0; i < n; i++) {
        sorted[i] = values[order[i]];
    }
    int64_t place = (int64_t)ceil(q->quantile * (double)n - 1e-9) - 1;
    *d = (distances){sorted, n, q->quantile};
    m->value = sorted[place < 0 ? 0 : place];
    m->weight = m->effective = (double)n;
    m->level = run->plan->level;
    if (assay_table_find(table, "cluster") != NULL) {
        m->method = "none: the data come in clusters";
        return ASSAY_OK;
    }
    m->bounds = distance_bounds;
    m->evidence = d;
    m->method = m->bounds_name = "order statistics";
    double alpha = (1.0 - m->level) / 2.0;
    return distance_bounds(&m->low, &m->high, d, alpha, alpha, err);
}

/* Counted as the accuracy of a model that answers "right" where nothing fooled it, so that clusters and
 * the plan's intervals mean here what they mean everywhere. */
static assay_status measure_accuracy(assay_measure *m, const assay_run *run,
                                     const assay_plan_requirement *q, const assay_table *table,
                                     assay_error *err)
{
    const char *name = fooled_name(run->arena, q->eps);
    const assay_column *fooled = name != NULL ? assay_table_find(table, name) : NULL;
    const assay_column *target = assay_table_find(table, "target");
    const assay_column *clean = assay_table_find(table, "clean");
    const assay_column *cluster = assay_table_find(table, "cluster");
    assay_evaluate_options options = assay_run_options(run);
    assay_status status = ASSAY_OK;
    assay_args *accuracy = NULL;
    assay_predictions *p = NULL;
    assay_result result;
    if (fooled == NULL) {
        return assay_fail(err, ASSAY_EFORMAT, "worst.parquet lacks the column of an eps");
    }
    uint8_t *mask = assay_alloc((size_t)table->rows + 1, 1);
    if (mask == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_GOTO(assay_args_parse(&accuracy, ASSAY_OP_METRIC, "accuracy", err), done);
    ASSAY_GOTO(assay_predictions_new(&p, table->rows, 2, 0, 0, err), done);
    p->class_names[0] = "fooled";
    p->class_names[1] = "right";
    for (int64_t i = 0; i < table->rows; i++) {
        p->target[i] = 1;
        p->label[i] = !fooled->ints[i] && assay_text_equal(clean->texts[i], target->texts[i]);
        mask[i] = is_selected(table, q->class_name, i);
    }
    assay_result_init(&result, run->arena);
    options.units = cluster != NULL ? cluster->ints : NULL;
    options.replicates = -1;
    ASSAY_GOTO(
        assay_evaluate(&result, p, mask, (const assay_args *const *)&accuracy, 1, &options, err),
        done);
    *m = result.measures[0];
done:
    assay_args_free(accuracy);
    assay_predictions_free(p);
    assay_free(mask);
    return status;
}

static const char *parameters(const assay_run *run, const assay_plan_requirement *q)
{
    const assay_plan_attack *attack = &run->plan->attacks[q->attack];
    char number[32];
    bool norm = q->eps < 0;
    assay_format_real(number, norm ? q->quantile : attack->eps[q->eps]);
    return assay_arena_printf(run->arena, "{\"%s\":%s,\"norm\":\"%s\"}", norm ? "quantile" : "eps",
                              number, assay_norm_name((assay_norm)attack->norm));
}

const assay_measure *assay_run_find_attacked(const assay_run *run, const assay_plan_requirement *q,
                                             const char **reason)
{
    const assay_table *table =
        run->worst != NULL ? run->worst[(int64_t)q->attack * run->plan->n_models + q->model] : NULL;
    assay_measure *m = assay_arena_alloc(run->arena, 1, sizeof *m);
    assay_error err = {0};
    if (table == NULL || m == NULL) {
        *reason =
            table == NULL ? "the evidence holds no such attack on this model" : "out of memory";
        return NULL;
    }
    *m = (assay_measure){.outcome = ASSAY_OUTCOME_VALUE,
                         .unit = "",
                         .low = NAN,
                         .high = NAN,
                         .successes = -1,
                         .hits = -1.0,
                         .design_effect = NAN,
                         .variance = NAN,
                         .method = "none"};
    assay_status status = q->eps < 0 ? measure_norm(m, run, q, table, &err)
                                     : measure_accuracy(m, run, q, table, &err);
    m->metric = q->metric;
    m->params = parameters(run, q);
    if (status != ASSAY_OK || m->params == NULL) {
        const char *text = assay_arena_strdup(run->arena, err.message);
        *reason = text != NULL ? text : "out of memory";
        return NULL;
    }
    return m;
}
