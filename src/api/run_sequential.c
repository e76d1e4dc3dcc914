/* Requirements that are judged while results arrive. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/run.h"
#include "base/alloc.h"
#include "base/sort.h"
#include "base/text.h"

assay_status assay_run_labelled(uint8_t **mask, int64_t *n, int64_t *pool, const assay_run *run,
                                const assay_predictions *p, assay_error *err)
{
    *pool = *n;
    bool all = true;
    for (int64_t i = 0; all && i < p->n; i++) {
        all = p->target == NULL || p->target[i] >= 0;
    }
    if (all || !assay_plan_is_sequential(run->plan)) {
        return ASSAY_OK; /* no mask where there is nothing to leave out */
    }
    if (!*mask) {
        *mask = assay_alloc((size_t)p->n + 1, 1);
        if (!*mask) {
            return assay_fail_memory(err);
        }
        memset(*mask, 1, (size_t)p->n);
    }
    for (int64_t i = 0; i < p->n; i++) {
        if ((*mask)[i] && p->target[i] < 0) {
            (*mask)[i] = 0;
            (*n)--;
        }
    }
    return ASSAY_OK;
}

/** Selected rows in the order of arrival. */
static assay_status arrivals(int64_t **out, int64_t *n, const assay_plan_requirement *q,
                             const assay_predictions *p, const uint8_t *mask,
                             const assay_table *table, assay_arena *arena, assay_error *err)
{
    assay_status status = ASSAY_OK;
    const assay_column *column =
        q->sequential.order && table ? assay_table_find(table, q->sequential.order) : NULL;
    int64_t *order = assay_arena_alloc(arena, (size_t)p->n + 1, sizeof *order);
    int64_t *rows = assay_arena_alloc(arena, (size_t)p->n + 1, sizeof *rows);

    *n = 0;
    *out = rows;
    if (!order || !rows) {
        return assay_fail_memory(err);
    }
    if (q->sequential.order && (!column || table->rows != p->n)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "there is no metadata column '%.80s' for the order of arrival",
                          q->sequential.order);
    }
    for (int64_t i = 0; column && column->valid && i < p->n; i++) {
        if (!column->valid[i] && (!mask || mask[i])) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "row %" PRId64 " has no value in '%.80s', so its place in the order "
                              "of arrival is not known",
                              i + 1, q->sequential.order);
        }
    }
    if (!column) {
        for (int64_t i = 0; i < p->n; i++) {
            order[i] = i;
        }
    } else if (column->type == ASSAY_COLUMN_TEXT) {
        status = assay_sort_order_text(order, column->texts, p->n, err);
    } else if (column->type == ASSAY_COLUMN_INT) {
        status = assay_sort_order_i64(order, column->ints, p->n, err);
    } else {
        status = assay_sort_order(order, column->reals, p->n, 0, err);
    }
    for (int64_t i = 0; status == ASSAY_OK && i < p->n; i++) {
        if (!mask || mask[order[i]]) {
            rows[(*n)++] = order[i];
        }
    }
    return status;
}

/** The place of the requirement's measure among those of its metric; -1 = none. */
static int64_t place_of(const assay_run *run, const assay_plan_requirement *q)
{
    const char *reason = NULL;
    const assay_run_cell *cell = assay_run_cell_at(run, q->model, q->context);
    const assay_measure *m = assay_run_find_measure(run, q, &reason);
    int64_t at = 0, first = 0;

    while (at < cell->result.n_measures && m != &cell->result.measures[at]) {
        at++;
    }
    if (!m || at == cell->result.n_measures || !(m->hits >= 0.0)) {
        return -1; /* not a share of rows, or a comparison of groups */
    }
    first = at;
    while (first > 0 && strcmp(cell->result.measures[first - 1].metric, m->metric) == 0 &&
           assay_text_equal(cell->result.measures[first - 1].params, m->params)) {
        first--;
    }
    return at - first;
}

static assay_status judge(assay_run_sequence *out, const assay_run *run,
                          const assay_plan_requirement *q, const assay_predictions *p,
                          const uint8_t *mask, const assay_table *table, int64_t pool,
                          assay_error *err)
{
    const assay_proportion_claim claim = {q->threshold, q->compare == ASSAY_AT_LEAST,
                                          q->confidence};
    assay_sequential_rule rule = q->sequential;
    int64_t place = place_of(run, q), n = 0, kept = 0;
    int64_t *rows = NULL;

    if (place < 0) {
        out->reason = "a sequential requirement takes a share of rows (accuracy, the recall or "
                      "precision of a class, ...)";
        return ASSAY_OK;
    }
    ASSAY_TRY(arrivals(&rows, &n, q, p, mask, table, run->arena, err));
    uint8_t *counts = assay_arena_alloc(run->arena, (size_t)n + 1, 2);
    if (!counts) {
        return assay_fail_memory(err);
    }
    uint8_t *success = counts + n;
    ASSAY_TRY(assay_evaluate_rows(counts, success, p, rows, n, run->plan->metrics[q->metric_index],
                                  place, err));
    for (int64_t i = 0; i < n; i++) {
        if (counts[i]) {
            success[kept++] = success[i];
        }
    }
    rule.pool = rule.pool > 0 ? rule.pool : pool;
    out->unlabelled = pool - n;
    if (rule.method == ASSAY_SEQUENTIAL_POOL && kept != n) {
        out->reason = "a pool is judged on all of its rows (accuracy), not on some of them";
        return ASSAY_OK;
    }
    out->known = true;
    return assay_sequential_judge(&out->result, success, kept, &claim, q->objective, &rule,
                                  run->arena, err);
}

assay_status assay_run_sequential(assay_run *run, const assay_run_cell *cell,
                                  const assay_predictions *p, const uint8_t *mask,
                                  const assay_table *table, int64_t pool, assay_error *err)
{
    size_t n = (size_t)run->plan->n_requirements;

    for (size_t i = 0; i < n; i++) {
        const assay_plan_requirement *q = &run->plan->requirements[i];
        if (q->sequential.method == ASSAY_SEQUENTIAL_NONE || q->model != cell->model ||
            q->context != cell->context) {
            continue;
        }
        if (!run->sequences) {
            run->sequences = assay_arena_alloc(run->arena, n, sizeof *run->sequences);
            if (!run->sequences) {
                return assay_fail_memory(err);
            }
        }
        assay_run_sequence *s = &run->sequences[i];
        if (run->plan->data[run->plan->contexts[cell->context].data].cluster || p->weights) {
            s->reason = "rows that come in clusters or carry weights are not judged one at a time; "
                        "judge them together, or one row of each cluster";
            continue;
        }
        assay_status status = judge(s, run, q, p, mask, table, pool, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "requirement %s", q->id);
            return status;
        }
    }
    return ASSAY_OK;
}

static const char *explain(const assay_run *run, const assay_verdict *v,
                           const assay_sequential_result *r)
{
    const assay_plan_requirement *q = v->requirement;
    char threshold[32], objective[32];
    const char *limit = q->compare == ASSAY_AT_LEAST ? "at least" : "at most";

    assay_format_real(threshold, q->threshold);
    if (v->kind == ASSAY_VERDICT_INCONCLUSIVE) {
        return assay_arena_printf(
            run->arena,
            "After %" PRId64 " labelled samples, judged in their order of "
            "arrival, it is not decided whether the true value is %s %s: label "
            "more and look again, as often as you like.",
            r->given, limit, threshold);
    }
    if (q->sequential.method == ASSAY_SEQUENTIAL_SPRT && v->kind == ASSAY_VERDICT_NOT_MET) {
        /* accepting the threshold says nothing of values between it and the objective */
        assay_format_real(objective, q->objective);
        return assay_arena_printf(
            run->arena,
            "Decided at the labelled sample %" PRId64 " of %" PRId64
            " in their order of arrival: the SPRT has accepted the threshold %s against the "
            "objective "
            "%s. A model that is as good as the objective ends so with a probability of at most %g "
            "%%; that the true value is not %s %s is not shown by it.",
            r->decided_at, r->given, threshold, objective, 100.0 * q->sequential.beta, limit,
            threshold);
    }
    return assay_arena_printf(
        run->arena,
        "Decided at the labelled sample %" PRId64 " of %" PRId64
        " in their order of arrival: with %g %% confidence, however often one "
        "looked, the true value is %s%s %s.",
        r->decided_at, r->given, 100.0 * q->confidence, v->kind == ASSAY_VERDICT_MET ? "" : "not ",
        limit, threshold);
}

assay_status assay_run_judge_sequential(const assay_run *run, assay_verdict *v, assay_error *err)
{
    const assay_plan_requirement *q = v->requirement;
    int64_t index = q - run->plan->requirements;
    const assay_run_sequence *s = run->sequences ? &run->sequences[index] : NULL;
    const char *reason = NULL;

    v->measure = assay_run_find_measure(run, q, &reason);
    if (!s || !s->known) {
        v->reason = s && s->reason ? s->reason
                    : reason       ? reason
                                   : "there is nothing to judge in the order of arrival";
        return ASSAY_OK;
    }
    const assay_sequential_result *r = &s->result;
    bool ratio = q->sequential.method == ASSAY_SEQUENTIAL_SPRT;
    v->sequence = s;
    v->kind = r->decision > 0   ? ASSAY_VERDICT_MET
              : r->decision < 0 ? ASSAY_VERDICT_NOT_MET
                                : ASSAY_VERDICT_INCONCLUSIVE;
    v->low = ratio ? NAN : r->last.low;
    v->high = ratio ? NAN : r->last.high;
    v->p_met = r->p_met;
    v->p_not_met = r->p_not_met;
    v->more_needed = v->kind == ASSAY_VERDICT_INCONCLUSIVE ? -1 : 0;
    v->explanation = explain(run, v, r);
    return v->explanation ? ASSAY_OK : assay_fail_memory(err);
}

void assay_results_sequence(assay_json *json, const assay_verdict *v)
{
    const assay_plan_requirement *q = v->requirement;
    const assay_sequential_result *r = &v->sequence->result;
    bool ratio = q->sequential.method == ASSAY_SEQUENTIAL_SPRT;

    assay_json_key(json, "sequential");
    assay_json_begin_object(json);
    assay_json_put_text(json, "method", assay_sequential_name(q->sequential.method));
    assay_json_put_text(json, "order", q->sequential.order ? q->sequential.order : "rows");
    assay_json_put_int(json, "labelled", r->given);
    assay_json_put_int(json, "unlabelled", v->sequence->unlabelled);
    assay_json_put_int(json, "looked_at", r->last.n);
    assay_json_put_int(json, "successes", r->last.successes);
    if (r->decided_at > 0) {
        assay_json_put_int(json, "decided_at", r->decided_at);
    }
    if (q->sequential.method == ASSAY_SEQUENTIAL_POOL) {
        assay_json_put_int(json, "pool", r->pool);
    }
    if (ratio) {
        assay_json_put_real(json, "beta", q->sequential.beta);
        assay_json_put_real(json, "accept_objective_at", r->upper);
        assay_json_put_real(json, "accept_threshold_at", r->lower);
    }
    if (!isnan(r->log_e_met)) {
        assay_json_put_real(json, "log_e_met", r->log_e_met);
        assay_json_put_real(json, "log_e_not_met", r->log_e_not_met);
    }
    assay_json_put_text(json, "columns",
                        ratio ? "n, successes, log likelihood ratio" : "n, successes, low, high");
    assay_json_key(json, "path");
    assay_json_begin_array(json);
    for (int64_t i = 0; i < r->n_points; i++) {
        assay_json_begin_array(json);
        assay_json_int(json, r->points[i].n);
        assay_json_int(json, r->points[i].successes);
        assay_json_real(json, r->points[i].low);
        if (!ratio) {
            assay_json_real(json, r->points[i].high);
        }
        assay_json_end_array(json);
    }
    assay_json_end_array(json);
    assay_json_end_object(json);
}
