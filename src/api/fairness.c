#include "api/fairness.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

enum { MOST_CUTS = 50 };

static assay_status read_cuts(assay_group_column *out, char *text, assay_arena *arena,
                              assay_error *err)
{
    double *cuts = assay_arena_alloc(arena, MOST_CUTS, sizeof *cuts);
    if (!cuts) {
        return assay_fail_memory(err);
    }
    for (char *at = text; at;) {
        char *comma = strchr(at, ',');
        if (comma) {
            *comma = '\0';
        }
        if (out->n_cuts == MOST_CUTS) {
            return assay_fail(err, ASSAY_EINVAL, "group: over %d cuts of %s", MOST_CUTS, out->name);
        }
        if (!assay_text_to_real(&cuts[out->n_cuts++], at)) {
            return assay_fail(err, ASSAY_EINVAL,
                              "group: '%s' is not a number; ranges of %s are given by their cuts: "
                              "%s:25,40,60",
                              at, out->name, out->name);
        }
        at = comma ? comma + 1 : NULL;
    }
    out->cuts = cuts;
    return ASSAY_OK;
}

assay_status assay_group_column_parse(assay_group_column *out, const char *text, assay_arena *arena,
                                      assay_error *err)
{
    char *copy = assay_arena_strdup(arena, text);
    *out = (assay_group_column){.name = copy};
    if (!copy) {
        return assay_fail_memory(err);
    }
    char *colon = strrchr(copy, ':');
    if (!colon) {
        return ASSAY_OK;
    }
    *colon = '\0';
    return read_cuts(out, colon + 1, arena, err);
}

static assay_status find_positive(int32_t *out, const assay_predictions *p, const char *positive,
                                  assay_error *err)
{
    if (p->task != ASSAY_TASK_CLASSIFICATION) {
        return assay_fail(err, ASSAY_EINVAL, "positive: only classification has a positive class");
    }
    for (int32_t k = 0; k < p->classes; k++) {
        if (strcmp(p->class_names[k], positive) == 0) {
            *out = k;
            return ASSAY_OK;
        }
    }
    const char *nearest = assay_text_nearest(positive, p->class_names, (size_t)p->classes);
    return assay_fail(err, ASSAY_EINVAL,
                      "positive: there is no class '%s' (the first is '%s')%s%s%s", positive,
                      p->class_names[0], nearest ? "; did you mean '" : "", nearest ? nearest : "",
                      nearest ? "'?" : "");
}

assay_status assay_groups_of(assay_groups **out, assay_arena *arena,
                             const assay_predictions *predictions, const assay_table *table,
                             const assay_group_column *columns, int32_t n_columns,
                             const char *positive, assay_error *err)
{
    ASSAY_TRY(assay_groups_make(out, arena, table, columns, n_columns, err));
    return positive ? find_positive(&(*out)->positive, predictions, positive, err) : ASSAY_OK;
}

assay_status assay_fairness_set_least(assay_args *args, int64_t least, assay_error *err)
{
    assay_buffer text;
    assay_status status = ASSAY_OK;

    for (size_t i = 0; i < args->op->n_params; i++) {
        if (strcmp(args->op->params[i].name, "least") == 0 && (args->set & (1u << i)) == 0) {
            assay_buffer_init(&text, 0);
            assay_buffer_printf(&text, "%" PRId64, least);
            status =
                text.data ? assay_args_set(args, "least", text.data, err) : assay_fail_memory(err);
            assay_buffer_dispose(&text);
        }
    }
    return status;
}

const char *const *assay_fairness_within(assay_task task)
{
    static const char *const classification[] = {"accuracy",  "selection_rate",
                                                 "recall",    "false_positive_rate",
                                                 "precision", "expected_calibration_error",
                                                 NULL};
    static const char *const regression[] = {"mean_absolute_error", "root_mean_squared_error",
                                             "mean_error", NULL};

    return task == ASSAY_TASK_REGRESSION ? regression : classification;
}

const char *const *assay_fairness_between(assay_task task)
{
    static const char *const classification[] = {"demographic_parity_difference",
                                                 "demographic_parity_ratio",
                                                 "equal_opportunity_difference",
                                                 "equalized_odds_difference",
                                                 "predictive_parity_difference",
                                                 "accuracy_difference",
                                                 "worst_group_accuracy",
                                                 "calibration_difference",
                                                 NULL};
    static const char *const regression[] = {"mean_absolute_error_difference",
                                             "mean_absolute_error_ratio", "mean_error_difference",
                                             "worst_group_mean_absolute_error", NULL};

    return task == ASSAY_TASK_REGRESSION ? regression : classification;
}

static void put_columns(assay_json *json, const assay_fairness_place *place)
{
    assay_json_key(json, "columns");
    assay_json_begin_array(json);
    for (int32_t c = 0; c < place->n_columns; c++) {
        assay_json_begin_object(json);
        assay_json_put_text(json, "name", place->columns[c].name);
        if (place->columns[c].n_cuts > 0) {
            assay_json_key(json, "cuts");
            assay_json_begin_array(json);
            for (int32_t k = 0; k < place->columns[c].n_cuts; k++) {
                assay_json_real(json, place->columns[c].cuts[k]);
            }
            assay_json_end_array(json);
        }
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

static void put_comparison(assay_json *json, const assay_fairness *f,
                           const assay_group_comparison *c, double level)
{
    assay_json_begin_object(json);
    assay_json_put_text(json, "metric", c->rate);
    if (c->class_name) {
        assay_json_put_text(json, "class", c->class_name);
    }
    assay_json_put_text(json, "group", f->groups->names[c->group]);
    assay_json_put_int(json, "count", c->x);
    assay_json_put_int(json, "n", c->n);
    assay_json_put_int(json, "rest_count", c->rest_x);
    assay_json_put_int(json, "rest_n", c->rest_n);
    assay_json_put_real(json, "difference", c->difference);
    assay_json_put_real(json, "low", c->difference_low);
    assay_json_put_real(json, "high", c->difference_high);
    assay_json_put_real(json, "ratio", c->ratio);
    assay_json_put_real(json, "ratio_low", c->ratio_low);
    assay_json_put_real(json, "ratio_high", c->ratio_high);
    assay_json_put_real(json, "level", level);
    assay_json_put_text(json, "method", "miettinen_nurminen");
    assay_json_put_real(json, "p", c->p);
    assay_json_put_real(json, "p_adjusted", c->p_adjusted);
    assay_json_put_text(json, "outcome", assay_outcome_name(c->outcome));
    if (c->reason) {
        assay_json_put_text(json, "reason", c->reason);
    }
    assay_json_end_object(json);
}

static void put_measures(assay_json *json, const char *key, const assay_result *result)
{
    assay_json_key(json, key);
    assay_json_begin_array(json);
    for (int64_t i = 0; i < result->n_measures; i++) {
        assay_json_begin_object(json);
        assay_measure_json(json, &result->measures[i]);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

void assay_fairness_json(assay_json *json, const assay_fairness *f,
                         const assay_fairness_place *place)
{
    assay_json_begin_object(json);
    if (place->model) {
        assay_json_put_text(json, "model", place->model);
    }
    if (place->context) {
        assay_json_put_text(json, "context", place->context);
    }
    if (place->name) {
        assay_json_put_text(json, "name", place->name);
    }
    if (place->title) {
        assay_json_put_text(json, "title", place->title);
    }
    put_columns(json, place);
    if (place->positive) {
        assay_json_put_text(json, "positive", place->positive);
    }
    assay_json_put_int(json, "least", f->least);
    assay_json_key(json, "groups");
    assay_json_begin_array(json);
    for (int32_t g = 0; g < f->groups->n; g++) {
        assay_json_begin_object(json);
        assay_json_put_text(json, "name", f->groups->names[g]);
        assay_json_put_int(json, "n", f->rows[g]);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
    put_measures(json, "gaps", &f->gaps);
    put_measures(json, "within", &f->within);
    assay_fairness_extremes_json(json, f);
    assay_json_key(json, "against_rest");
    assay_json_begin_array(json);
    for (int64_t i = 0; i < f->n_comparisons; i++) {
        put_comparison(json, f, &f->comparisons[i], place->level);
    }
    assay_json_end_array(json);
    assay_json_put_text(json, "adjusted", f->groups->n == 2 ? "none: one comparison" : "holm");
    if (f->not_compared) {
        assay_json_put_text(json, "not_compared", f->not_compared);
    }
    assay_json_end_object(json);
}
