/* Relations between evaluations that hold whatever the right values are (metamorphic testing: Chen, Cheung
 * and Yiu 1998). */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/run_again.h"
#include "base/text.h"

enum { MOST_SCORES = 2000000 }; /* of the rows that are turned round: the first of larger data */

/* Ties are broken, or costs given, by the place of a class. */
static bool has_places(const assay_measure *m)
{
    return strcmp(m->metric, "top_k_accuracy") == 0 || strcmp(m->metric, "matrix_cost") == 0;
}

/* The first n rows; `rows`: in the opposite order; `classes`: with the classes in the opposite order. */
static assay_status turned(assay_predictions **out, const assay_predictions *p, int64_t n,
                           bool rows, bool classes, assay_error *err)
{
    int scores = p->scores_f32 ? 4 : p->scores_f64 ? 8 : 0;
    ASSAY_TRY(assay_predictions_new(out, n, p->classes, scores, 0, err));
    assay_predictions *q = *out;
    int32_t last = p->classes - 1;
    q->scores_are_probabilities = p->scores_are_probabilities;
    for (int32_t c = 0; c < p->classes; c++) {
        q->class_names[c] = p->class_names[classes ? last - c : c];
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t from = rows ? n - 1 - i : i;
        q->target[i] = classes ? last - p->target[from] : p->target[from];
        q->label[i] = classes ? last - p->label[from] : p->label[from];
        for (int32_t c = 0; c < p->classes && scores != 0; c++) {
            int64_t to = i * p->classes + c, at = from * p->classes + (classes ? last - c : c);
            if (scores == 4) {
                q->scores_f32[to] = p->scores_f32[at];
            } else {
                q->scores_f64[to] = p->scores_f64[at];
            }
        }
    }
    return ASSAY_OK;
}

static const assay_measure *partner(const assay_result *in, const assay_measure *m)
{
    for (int64_t i = 0; i < in->n_measures; i++) {
        const assay_measure *other = &in->measures[i];
        if (strcmp(other->metric, m->metric) == 0 && assay_text_equal(other->params, m->params) &&
            assay_text_equal(other->average, m->average) &&
            assay_text_equal(other->class_name, m->class_name)) {
            return other;
        }
    }
    return NULL;
}

/* Sums in another order are rounded in another way. */
static bool same(const assay_measure *a, const assay_measure *b)
{
    static const double slack = 1e-9;
    if (a->outcome != ASSAY_OUTCOME_VALUE || b->outcome != ASSAY_OUTCOME_VALUE) {
        return a->outcome == b->outcome;
    }
    return fabs(a->value - b->value) <= slack * fmax(1.0, fabs(a->value)) || a->value == b->value;
}

static assay_status hold(assay_run *run, const assay_run_cell *cell, const assay_result *plain,
                         const assay_result *other, bool classes, assay_error *err)
{
    for (int64_t i = 0; i < plain->n_measures; i++) {
        const assay_measure *m = &plain->measures[i];
        if (classes && has_places(m)) {
            continue;
        }
        const assay_measure *again = partner(other, m);
        run->relations++;
        if (again && same(m, again)) {
            continue;
        }
        run->relations_off++;
        const char *text = assay_arena_printf(
            run->arena,
            "%s%s%s is %.17g, and %.17g with the %s in the opposite order, which must not matter. "
            "This is a defect of Assay: do not use these results, and report it.",
            m->metric, m->class_name ? " of class " : "", m->class_name ? m->class_name : "",
            m->value, again ? again->value : NAN, classes ? "classes" : "rows");
        ASSAY_TRY(assay_run_add_finding(run, "self_check", 3, cell->model, cell->context,
                                        "A value depends on an order", text, err));
    }
    return ASSAY_OK;
}

static assay_status measure(assay_result *out, const assay_run *run, const assay_predictions *p,
                            int64_t n, bool rows, bool classes, assay_error *err)
{
    const assay_args *metrics[ASSAY_PLAN_METRICS];
    assay_evaluate_options options = assay_run_options(run);
    assay_predictions *q = NULL;
    options.replicates = -1;
    ASSAY_TRY(turned(&q, p, n, rows, classes, err));
    assay_result_init(out, run->arena);
    assay_status status = assay_evaluate(
        out, q, NULL, metrics, assay_run_whole_metrics(metrics, run->plan), &options, err);
    assay_predictions_free(q);
    return status;
}

assay_status assay_run_metamorphic(assay_run *run, const assay_run_cell *cell,
                                   const assay_predictions *p, assay_error *err)
{
    assay_result plain, rows, classes;
    int64_t most = MOST_SCORES / p->classes;
    int64_t n = p->n < most ? p->n : most;
    ASSAY_TRY(measure(&plain, run, p, n, false, false, err));
    ASSAY_TRY(measure(&rows, run, p, n, true, false, err));
    ASSAY_TRY(hold(run, cell, &plain, &rows, false, err));
    if (p->classes < 2) {
        return ASSAY_OK;
    }
    ASSAY_TRY(measure(&classes, run, p, n, false, true, err));
    return hold(run, cell, &plain, &classes, true, err);
}
