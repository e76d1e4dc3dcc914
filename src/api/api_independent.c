#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "api/independent.h"
#include "api/limits.h"
#include "api/run.h"
#include "base/alloc.h"
#include "base/text.h"
#include "stats/intervals.h"
#include "stats/multiplicity.h"

typedef assay_independent_job job;

enum { MOST_METRICS = 64 };

static bool read_count(int64_t *x, int64_t *n, const char *text)
{
    const char *slash = strchr(text, '/');
    char first[24];
    size_t length = slash ? (size_t)(slash - text) : 0;
    if (!slash || length == 0 || length >= sizeof first) {
        return false;
    }
    memcpy(first, text, length);
    first[length] = '\0';
    return strspn(first, "0123456789") == length && slash[1] != '\0' &&
           strspn(slash + 1, "0123456789") == strlen(slash + 1) && assay_text_to_i64(x, first) &&
           assay_text_to_i64(n, slash + 1);
}

int assay_is_count(const char *text)
{
    int64_t x = 0, n = 0;
    return text && read_count(&x, &n, text);
}

static assay_status check_request(job *j, assay_error *err)
{
    const assay_independent_request *r = j->request;
    int32_t n = 0;
    if (r->struct_size != sizeof *r || !r->samples) {
        return assay_fail(err, ASSAY_EINVAL, "assay_independent_request is incomplete");
    }
    while (r->samples[n]) {
        n++;
    }
    if (n != 2) {
        return assay_fail(err, ASSAY_EINVAL,
                          "samples of different data are compared two at a time, not %d", n);
    }
    if (r->level != 0.0 && !(r->level >= 0.5 && r->level <= 0.999999)) {
        return assay_fail(err, ASSAY_EINVAL, "level must lie between 0.5 and 0.999999");
    }
    const double margins[3] = {r->has_margin ? r->margin : 1.0,
                               r->has_equivalence ? r->equivalence : 1.0,
                               r->has_rope ? r->rope : 1.0};
    static const char *const names[3] = {"margin", "equivalence", "rope"};
    for (int i = 0; i < 3; i++) {
        if (!(margins[i] > 0.0 && isfinite(margins[i]))) {
            return assay_fail(err, ASSAY_EINVAL, "%s must be above 0", names[i]);
        }
    }
    j->level = r->level > 0.0 ? r->level : 0.95;
    for (int k = 0; k < 2; k++) {
        bool named = r->names && r->names[0];
        if (named && (!r->names[k] || (k == 1 && r->names[2]))) {
            return assay_fail(err, ASSAY_EINVAL, "two names are needed");
        }
        j->names[k] = named ? r->names[k] : r->samples[k];
    }
    return ASSAY_OK;
}

/* ---- from counts ---- */

static assay_status from_counts(job *j, assay_error *err)
{
    const assay_independent_request *r = j->request;
    int64_t x[2] = {0}, n[2] = {0};
    double alpha = (1.0 - j->level) / 2.0;
    if ((r->has_margin && r->margin >= 1.0) || (r->has_equivalence && r->equivalence >= 1.0)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "a margin of a rate lies between 0 and 1: write 0.05 for 5 points");
    }
    j->list = assay_arena_alloc(j->arena, 1, sizeof *j->list);
    if (!j->list) {
        return assay_fail_memory(err);
    }
    assay_two_samples *t = &j->list[j->n++];
    for (int k = 0; k < 2; k++) {
        if (!read_count(&x[k], &n[k], r->samples[k])) {
            return assay_fail(err, ASSAY_EINVAL,
                              "'%s' is no count; write successes of trials, as 45/50",
                              r->samples[k]);
        }
        if (n[k] < 1 || x[k] > n[k]) {
            return assay_fail(err, ASSAY_EINVAL, "%s: %s", r->samples[k],
                              n[k] < 1 ? "there are no trials"
                                       : "there are more successes than trials");
        }
        j->rows[k] = n[k];
        t->in[k] = (assay_sample_value){
            .value = (double)x[k] / (double)n[k], .n = n[k], .method = "clopper_pearson"};
        ASSAY_TRY(
            assay_clopper_pearson(&t->in[k].low, &t->in[k].high, x[k], n[k], alpha, alpha, err));
    }
    t->direction = r->lower_is_better ? ASSAY_LOWER_IS_BETTER : ASSAY_HIGHER_IS_BETTER;
    t->counted = true;
    t->counts = (assay_two_counts){x[1], n[1], x[0], n[0]};
    return assay_two_samples_compare(t, j, NULL, NULL, err);
}

/* ---- from predictions ---- */

typedef struct files {
    assay_predictions *p[2];
    assay_args *metrics[MOST_METRICS];
    size_t n_metrics;
    uint8_t *mask[2];
    assay_result results[2];
} files;

static assay_status read_files(files *f, job *j, assay_error *err)
{
    const assay_independent_request *r = j->request;
    assay_predictions_columns columns = {.id = r->id,
                                         .target = r->target,
                                         .label = r->label,
                                         .scores = r->scores,
                                         .classes = r->classes,
                                         .skip_bad = r->skip_bad,
                                         .threads = j->context->threads};
    ASSAY_TRY(assay_score_kind_find(&columns.score_kind, r->score_kind, err));
    for (int k = 0; k < 2; k++) {
        ASSAY_TRY(assay_duckdb_read_predictions(&f->p[k], r->samples[k], &columns, err));
        j->rows[k] = f->p[k]->n;
        j->digest[k] = f->p[k]->digest;
        if (r->where) {
            f->mask[k] = assay_alloc((size_t)f->p[k]->n + 1, 1);
            if (!f->mask[k]) {
                return assay_fail_memory(err);
            }
            ASSAY_TRY(assay_duckdb_select_predictions(f->mask[k], f->p[k], r->where, err));
            j->rows[k] = 0;
            for (int64_t i = 0; i < f->p[k]->n; i++) {
                j->rows[k] += f->mask[k][i] != 0;
            }
        }
    }
    if (f->p[0]->classes != f->p[1]->classes) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s has %d classes and %s has %d; name all of them with --classes "
                          "(and --scores)",
                          r->samples[0], f->p[0]->classes, r->samples[1], f->p[1]->classes);
    }
    for (int32_t c = 0; c < f->p[0]->classes; c++) {
        if (strcmp(f->p[0]->class_names[c], f->p[1]->class_names[c]) != 0) {
            return assay_fail(err, ASSAY_EFORMAT,
                              "class %d is '%s' in %s and '%s' in %s; name all of them with "
                              "--classes (and --scores)",
                              c + 1, f->p[0]->class_names[c], r->samples[0],
                              f->p[1]->class_names[c], r->samples[1]);
        }
    }
    return ASSAY_OK;
}

static assay_status choose_metrics(files *f, const job *j, assay_error *err)
{
    static const char *const usual[] = {"accuracy", "balanced_accuracy", "f1", "log_loss", NULL};
    const char *const *wanted = j->request->metrics;
    for (wanted = wanted && wanted[0] ? wanted : usual; *wanted; wanted++) {
        if (f->n_metrics == MOST_METRICS) {
            return assay_fail(err, ASSAY_EINVAL, "over %d metrics", MOST_METRICS);
        }
        ASSAY_TRY(assay_args_parse(&f->metrics[f->n_metrics], ASSAY_OP_METRIC, *wanted, err));
        f->n_metrics++;
    }
    return ASSAY_OK;
}

static assay_status ends_of(assay_ends *out, const assay_measure *m, double confidence,
                            const assay_evaluate_options *options, assay_error *err)
{
    assay_error refusal;
    *out = (assay_ends){NAN, NAN};
    assay_status status =
        assay_measure_bounds(&out->low, &out->high, m, confidence, options, &refusal);
    return status == ASSAY_OK || status == ASSAY_EUNSUPPORTED
               ? ASSAY_OK
               : assay_fail(err, status, "%s", refusal.message);
}

static assay_status compare_measures(assay_two_samples *t, const job *j,
                                     const assay_measure *const m[2],
                                     const assay_evaluate_options *options, assay_error *err)
{
    assay_ends two_sided[2], one_sided[2];
    t->measure = m[0];
    t->counted = m[0]->successes >= 0 && m[1]->successes >= 0;
    for (int k = 0; k < 2; k++) {
        t->in[k] = (assay_sample_value){m[k]->value, m[k]->low, m[k]->high, m[k]->n, m[k]->method};
        if (m[k]->outcome != ASSAY_OUTCOME_VALUE) {
            t->in[k].value = t->in[k].low = t->in[k].high = NAN;
            t->reason = m[k]->reason ? m[k]->reason : "undefined";
            continue;
        }
        ASSAY_TRY(ends_of(&two_sided[k], m[k], (1.0 + j->level) / 2.0, options, err));
        ASSAY_TRY(ends_of(&one_sided[k], m[k], j->level, options, err));
        if (isnan(two_sided[k].low) && !t->counted) {
            t->reason = m[k]->method;
        }
    }
    if (t->reason) {
        return ASSAY_OK;
    }
    t->counts = (assay_two_counts){m[1]->successes, m[1]->n, m[0]->successes, m[0]->n};
    return assay_two_samples_compare(t, j, two_sided, one_sided, err);
}

static assay_direction direction_of(const files *f, const char *metric)
{
    for (size_t i = 0; i < f->n_metrics; i++) {
        if (strcmp(f->metrics[i]->op->name, metric) == 0) {
            return f->metrics[i]->op->direction;
        }
    }
    return ASSAY_NO_DIRECTION;
}

static assay_status compare_files(job *j, files *f, assay_error *err)
{
    const assay_independent_request *r = j->request;
    assay_evaluate_options options = {.level = j->level,
                                      .replicates = r->replicates,
                                      .seed = r->seed ? r->seed : 1,
                                      .threads = j->context->threads,
                                      .cancel = &j->context->cancel};
    ASSAY_TRY(choose_metrics(f, j, err));
    ASSAY_TRY(read_files(f, j, err));
    for (int k = 0; k < 2; k++) {
        /* The samples have nothing to do with each other, so neither have their replicates. */
        options.seed += (uint64_t)k << 32;
        assay_result_init(&f->results[k], j->arena);
        ASSAY_TRY(assay_evaluate(&f->results[k], f->p[k], f->mask[k],
                                 (const assay_args *const *)f->metrics, f->n_metrics, &options,
                                 err));
    }
    int64_t n = f->results[0].n_measures;
    j->list = assay_arena_alloc(j->arena, (size_t)n + 1, sizeof *j->list);
    if (!j->list) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n && i < f->results[1].n_measures; i++) {
        const assay_measure *m[2] = {&f->results[0].measures[i], &f->results[1].measures[i]};
        if (m[0]->average && strcmp(m[0]->average, "micro") == 0 && m[0]->successes >= 0) {
            continue; /* accuracy once more */
        }
        assay_two_samples *t = &j->list[j->n++];
        t->direction = direction_of(f, m[0]->metric);
        ASSAY_TRY(compare_measures(t, j, m, &options, err));
    }
    return ASSAY_OK;
}

static assay_status adjust(job *j, assay_error *err)
{
    double *p = assay_arena_alloc(j->arena, (size_t)j->n + 1, sizeof *p);
    int64_t m = 0;
    if (!p) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < j->n; i++) {
        j->list[i].p_adjusted = NAN;
        if (!j->list[i].reason && !isnan(j->list[i].p)) {
            p[m++] = j->list[i].p;
        }
    }
    if (m == 0) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_adjust(p, p, m, ASSAY_ADJUST_HOLM, err));
    m = 0;
    for (int64_t i = 0; i < j->n; i++) {
        if (!j->list[i].reason && !isnan(j->list[i].p)) {
            j->list[i].p_adjusted = p[m++];
        }
    }
    return ASSAY_OK;
}

static void sum_up(assay_independent_summary *out, const job *j)
{
    *out = (assay_independent_summary){0};
    for (int64_t i = 0; i < j->n; i++) {
        const assay_two_samples *t = &j->list[i];
        const char *margin = t->noninferiority.verdict, *same = t->equivalence.verdict;
        out->compared += t->reason == NULL;
        out->not_compared += t->reason != NULL;
        out->noninferior += margin && strcmp(margin, "not_worse") == 0;
        out->inferior += margin && strcmp(margin, "worse") == 0;
        out->undecided += margin && strcmp(margin, "undecided") == 0;
        out->equivalent += same && strcmp(same, "equivalent") == 0;
        out->different += same && strcmp(same, "different") == 0;
        out->unsettled += same && strcmp(same, "undecided") == 0;
    }
}

assay_status assay_compare_independent(char **json, char **table,
                                       assay_independent_summary *summary, assay_context *context,
                                       const assay_independent_request *request, assay_error *err)
{
    job j = {.context = context, .request = request};
    files f = {0};
    assay_status status = ASSAY_OK;
    if (json) {
        *json = NULL;
    }
    if (table) {
        *table = NULL;
    }
    ASSAY_TRY(check_request(&j, err));
    ASSAY_GOTO(assay_arena_new(&j.arena, (size_t)16 << 30, err), done);
    bool counts = assay_is_count(request->samples[0]) || assay_is_count(request->samples[1]);
    ASSAY_GOTO(counts ? from_counts(&j, err) : compare_files(&j, &f, err), done);
    ASSAY_GOTO(adjust(&j, err), done);
    if (json) {
        ASSAY_GOTO(assay_independent_json(json, &j, err), done);
    }
    if (table) {
        ASSAY_GOTO(assay_independent_table(table, &j, err), done);
    }
    if (summary) {
        sum_up(summary, &j);
    }
done:
    if (status != ASSAY_OK && json) {
        assay_text_free(*json);
        *json = NULL;
    }
    for (size_t i = 0; i < f.n_metrics; i++) {
        assay_args_free(f.metrics[i]);
    }
    for (int k = 0; k < 2; k++) {
        assay_predictions_free(f.p[k]);
        assay_free(f.mask[k]);
    }
    assay_arena_free(j.arena);
    return status;
}
