/* Orders of rows with sets of classes: a class against the rest, or all pairs of row and class, as the
 * ranking of an evaluation that has one class per row. */
#include "base/alloc.h"
#include "core/evaluate_order.h"

/* Borrows everything but target and scores. */
typedef struct set_view {
    assay_evaluation evaluation;
    assay_predictions predictions;
    int32_t *target;
    double *scores;
} set_view;

/* The class has its own index as target, the others have the next one. */
static assay_status view_class(set_view *view, const assay_evaluation *evaluation,
                               int32_t class_index, assay_error *err)
{
    const assay_predictions *p = evaluation->predictions;
    int32_t other = (class_index + 1) % p->classes;
    view->target = assay_alloc_raw((size_t)p->n, sizeof *view->target);
    if (view->target == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < p->n; i++) {
        view->target[i] = p->truth_set[i * p->classes + class_index] != 0 ? class_index : other;
    }
    return ASSAY_OK;
}

/* Pair i is class i % classes of selected row i / classes; a true one has the target 0, others 1, and
 * the scores stand in the first of two columns. */
static assay_status view_pairs(set_view *view, const assay_evaluation *evaluation, assay_error *err)
{
    const assay_predictions *p = evaluation->predictions;
    int64_t pairs = evaluation->n * p->classes;
    view->target = assay_alloc_raw((size_t)pairs, sizeof *view->target);
    view->scores = assay_alloc((size_t)pairs, 2 * sizeof *view->scores);
    if (view->target == NULL || view->scores == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < evaluation->n; i++) {
        int64_t from = assay_selected_row(evaluation, i) * p->classes;
        for (int64_t k = 0; k < p->classes; k++) {
            int64_t to = i * p->classes + k;
            view->target[to] = p->truth_set[from + k] == 0;
            view->scores[2 * to] =
                p->scores_f32 != NULL ? (double)p->scores_f32[from + k] : p->scores_f64[from + k];
        }
    }
    view->predictions.n = pairs;
    view->predictions.classes = 2;
    view->predictions.ids = NULL;
    view->predictions.scores_f32 = NULL;
    view->predictions.scores_f64 = view->scores;
    view->evaluation.n = pairs;
    view->evaluation.rows = NULL;
    return ASSAY_OK;
}

/* In pairs a NaN would be named by the pair's number. */
static assay_status check_scores(const assay_evaluation *evaluation, assay_error *err)
{
    const assay_predictions *p = evaluation->predictions;
    for (int64_t i = 0; i < evaluation->n; i++) {
        int64_t row = assay_selected_row(evaluation, i);
        for (int64_t at = row * p->classes; at < (row + 1) * p->classes; at++) {
            double score = p->scores_f32 != NULL ? (double)p->scores_f32[at] : p->scores_f64[at];
            if (score != score) {
                return assay_fail(err, ASSAY_EFORMAT,
                                  "predictions: row %lld: a score is not a number (NaN)",
                                  (long long)row + 1);
            }
        }
    }
    return ASSAY_OK;
}

assay_status assay_order_sets(assay_ranking *out, const assay_evaluation *evaluation,
                              int32_t class_index, bool tell_rows, assay_order_space *space,
                              int threads, assay_error *err)
{
    const assay_predictions *p = evaluation->predictions;
    assay_status status = ASSAY_OK;
    bool pairs = class_index == p->classes;
    set_view view = {.evaluation = *evaluation, .predictions = *p};
    view.predictions.task = ASSAY_TASK_CLASSIFICATION;
    view.evaluation.predictions = &view.predictions;
    if (pairs) {
        ASSAY_GOTO(check_scores(evaluation, err), done);
        ASSAY_GOTO(view_pairs(&view, evaluation, err), done);
    } else {
        ASSAY_GOTO(view_class(&view, evaluation, class_index, err), done);
    }
    view.predictions.target = view.target;
    /* pairs need more room than the classes before them; too much room does no harm */
    if (pairs) {
        assay_order_space_dispose(space);
    }
    ASSAY_GOTO(assay_order_class(out, &view.evaluation, pairs ? 0 : class_index, tell_rows, space,
                                 threads, err),
               done);
    out->classes = p->classes;
    out->pairs = pairs;
done:
    assay_free(view.target);
    assay_free(view.scores);
    return status;
}
