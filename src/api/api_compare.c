#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "api/compare.h"
#include "api/compare_detection.h"
#include "api/compare_segmentation.h"
#include "api/limits.h"
#include "api/run.h"
#include "base/alloc.h"
#include "base/text.h"
#include "core/interval.h"

typedef assay_compare_job job;

static bool is_task(const assay_compare_request *r, const char *task)
{
    return strcmp(r->task != NULL ? r->task : "classification", task) == 0;
}

static assay_status check_task(const assay_compare_request *r, assay_error *err)
{
    bool detection = is_task(r, "detection");
    bool segmentation = is_task(r, "segmentation");
    if (!is_task(r, "classification") && !detection && !segmentation) {
        return assay_fail(err, ASSAY_EINVAL,
                          "task is '%s', expected classification, detection or segmentation",
                          r->task);
    }
    if (!detection && (r->iou_type || r->convention || r->hierarchy || r->expand_predictions != 0 ||
                       r->iou || r->areas || r->max_detections || r->recalls || r->sigmas ||
                       r->pixel != 0 || r->voc_corners)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "hierarchy and the options that say how boxes are evaluated belong to "
                          "the task detection");
    }
    if (!detection && !segmentation && (r->truth || r->metadata)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "truth and metadata belong to the tasks detection and segmentation");
    }
    if (!segmentation && r->ignore) {
        return assay_fail(err, ASSAY_EINVAL, "ignore belongs to the task segmentation");
    }
    if ((detection || segmentation) && (r->weights || r->score_kind || r->intervals)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "weights, score_kind and intervals do not belong to the task %s",
                          r->task);
    }
    /* Average precision and IoU lie between 0 and 1, and so do differences at most. */
    if ((detection || segmentation) && r->has_margin && !(r->margin >= 0.0 && r->margin < 1.0)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "margin %g lies outside what %s can differ by: from 0 to below 1",
                          r->margin, detection ? "average precision" : "mean IoU");
    }
    return ASSAY_OK;
}

/* Programs that were built before the fields at the end existed give a shorter structure. */
static assay_status complete(assay_compare_request *out, const assay_compare_request *r,
                             assay_error *err)
{
    memset(out, 0, sizeof *out);
    if (r->struct_size != sizeof *r && r->struct_size != offsetof(assay_compare_request, task) &&
        r->struct_size != offsetof(assay_compare_request, has_equivalence) &&
        r->struct_size != offsetof(assay_compare_request, score_kind) &&
        r->struct_size != offsetof(assay_compare_request, hierarchy) &&
        r->struct_size != offsetof(assay_compare_request, iou) &&
        r->struct_size != offsetof(assay_compare_request, ignore) &&
        r->struct_size != offsetof(assay_compare_request, intervals)) {
        return assay_fail(err, ASSAY_EINVAL, "assay_compare_request has an unknown size");
    }
    memcpy(out, r, r->struct_size);
    out->struct_size = sizeof *out;
    return check_task(out, err);
}

static assay_status check_request(job *j, const assay_compare_request *r, assay_error *err)
{
    int32_t n = 0;

    if (!r->files) {
        return assay_fail(err, ASSAY_EINVAL, "assay_compare_request is incomplete: no files");
    }
    while (r->files[n]) {
        n++;
    }
    if (n < 2 || n > ASSAY_COMPARE_MODELS) {
        return assay_fail(err, ASSAY_EINVAL, "a comparison takes 2 to %d predictions files, not %d",
                          ASSAY_COMPARE_MODELS, n);
    }
    if (r->level != 0.0 && !(r->level >= 0.5 && r->level <= 0.999999)) {
        return assay_fail(err, ASSAY_EINVAL, "level must lie between 0.5 and 0.999999");
    }
    if (r->replicates < -1 || (r->replicates > 0 && r->replicates < 100) ||
        r->replicates > 1000000) {
        return assay_fail(err, ASSAY_EINVAL,
                          "replicates must be 100 to 1000000, or -1 for no resampling");
    }
    if (r->permutations < 0 || (r->permutations > 0 && r->permutations < 100) ||
        r->permutations > 1000000) {
        return assay_fail(err, ASSAY_EINVAL, "permutations must be 100 to 1000000");
    }
    if (r->has_margin && !(r->margin >= 0.0 && isfinite(r->margin))) {
        return assay_fail(err, ASSAY_EINVAL,
                          "margin must be 0 or more: how much worse still counts as not worse");
    }
    if (r->has_equivalence && !(r->equivalence > 0.0 && isfinite(r->equivalence))) {
        return assay_fail(
            err, ASSAY_EINVAL,
            "equivalence must be above 0: how much models may differ and still count as "
            "equally good");
    }
    if (r->has_rope && !(r->rope > 0.0 && isfinite(r->rope))) {
        return assay_fail(err, ASSAY_EINVAL,
                          "rope must be above 0: differences up to it do not matter in practice");
    }
    if (r->weights && r->exact) {
        return assay_fail(
            err, ASSAY_EINVAL,
            "exact is McNemar's test, which counts rows and does not hold for weighted "
            "ones; leave it out: the permutation test holds");
    }
    j->margins = (assay_compare_margins){.noninferiority = r->has_margin ? r->margin : NAN,
                                         .equivalence = r->has_equivalence ? r->equivalence : NAN,
                                         .rope = r->has_rope ? r->rope : NAN,
                                         .adjustment = NULL};
    if (!assay_adjustment_find(&j->adjust, r->adjust ? r->adjust : "holm") ||
        j->adjust == ASSAY_ADJUST_E_BH) {
        return assay_fail(err, ASSAY_EINVAL,
                          "adjust is '%s', expected holm, hochberg, holm_sidak, sidak, bonferroni, "
                          "bh, by, max_t, fixed_sequence or none",
                          r->adjust);
    }
    return ASSAY_OK;
}

/** "out/reader-b.csv" is "reader-b", unless two models would have the same name. */
static const char *short_name(assay_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = assay_arena_strdup(arena, slash && slash[1] ? slash + 1 : path);
    char *dot = name ? strrchr(name, '.') : NULL;

    if (dot && dot != name) {
        *dot = '\0';
    }
    return name;
}

static assay_status name_models(job *j, assay_error *err)
{
    const assay_compare_request *r = j->request;
    bool unique = true;

    while (r->files[j->n_models]) {
        int32_t k = j->n_models++;
        if (r->names && r->names[0] && !r->names[k]) {
            return assay_fail(err, ASSAY_EINVAL, "there are fewer names than files");
        }
        j->names[k] = r->names && r->names[0] ? r->names[k] : short_name(j->arena, r->files[k]);
        if (!j->names[k]) {
            return assay_fail_memory(err);
        }
        for (int32_t i = 0; i < k; i++) {
            unique = unique && strcmp(j->names[i], j->names[k]) != 0;
        }
    }
    if (r->names && r->names[0]) {
        if (r->names[j->n_models]) {
            return assay_fail(err, ASSAY_EINVAL, "there are more names than files");
        }
        if (!unique) {
            return assay_fail(err, ASSAY_EINVAL, "two files have the same name");
        }
    }
    for (int32_t k = 0; k < j->n_models && !unique; k++) {
        j->names[k] = assay_arena_printf(j->arena, "%s (%d)", r->files[k], k + 1);
        if (!j->names[k]) {
            return assay_fail_memory(err);
        }
    }
    return ASSAY_OK;
}

/* What is made from replicates must be there for a difference too. */
static assay_status fits_differences(const assay_args *args, assay_error *err)
{
    const assay_interval *interval = args->op->interval;
    bool replicates = interval->replicates != NULL && !interval->distances;
    if (replicates || interval->jackknifed != NULL || interval->area != NULL) {
        return ASSAY_OK;
    }
    return assay_fail(err, ASSAY_EINVAL,
                      "interval: %s is not made for differences of two models; use "
                      "bootstrap_percentile, bootstrap_basic or bca",
                      args->op->name);
}

static assay_status choose_metrics(job *j, assay_error *err)
{
    static const char *const usual[] = {"accuracy", "balanced_accuracy",          "f1",
                                        "log_loss", "expected_calibration_error", NULL};
    const char *const *wanted = j->request->metrics;

    if (!wanted || !wanted[0]) {
        wanted = usual;
    }
    for (; *wanted; wanted++) {
        if (j->n_metrics == ASSAY_COMPARE_METRICS) {
            return assay_fail(err, ASSAY_EINVAL, "over %d metrics", ASSAY_COMPARE_METRICS);
        }
        ASSAY_TRY(assay_args_parse(&j->metrics[j->n_metrics], ASSAY_OP_METRIC, *wanted, err));
        j->n_metrics++;
    }
    ASSAY_TRY(assay_check_margins(j->margins.noninferiority, j->margins.equivalence,
                                  j->margins.rope, (const assay_args *const *)j->metrics,
                                  j->n_metrics, err));
    ASSAY_TRY(assay_interval_choice_parse(&j->intervals, j->request->intervals, err));
    ASSAY_TRY(fits_differences(j->intervals.replicate, err));
    return j->intervals.area != NULL ? fits_differences(j->intervals.area, err) : ASSAY_OK;
}

/* All models get the weights of the first file; rows of no weight are no part of any context. */
static assay_status spread_weights(job *j, assay_error *err)
{
    const assay_predictions *first = j->models[0];
    size_t n = (size_t)first->n + 1;

    for (int32_t k = 1; k < j->n_models; k++) {
        assay_predictions *p = j->models[k];
        p->weights = assay_arena_alloc(p->arena, n, sizeof *p->weights);
        if (!p->weights) {
            return assay_fail_memory(err);
        }
        memcpy(p->weights, first->weights, (n - 1) * sizeof *p->weights);
    }
    if (!j->alignment.usable) {
        j->alignment.usable = assay_arena_alloc(j->arena, n, 1);
        if (!j->alignment.usable) {
            return assay_fail_memory(err);
        }
        memset(j->alignment.usable, 1, n);
    }
    for (int64_t i = 0; i < first->n; i++) {
        j->alignment.usable[i] &= first->weights[i] > 0.0;
    }
    return ASSAY_OK;
}

static assay_status read_models(job *j, assay_error *err)
{
    const assay_compare_request *r = j->request;
    assay_predictions_columns columns = {.id = r->id,
                                         .target = r->target,
                                         .label = r->label,
                                         .scores = r->scores,
                                         .classes = r->classes,
                                         .skip_bad = r->skip_bad,
                                         .threads = j->context->threads};

    ASSAY_TRY(assay_score_kind_find(&columns.score_kind, r->score_kind, err));
    for (int32_t k = 0; k < j->n_models; k++) {
        ASSAY_TRY(assay_duckdb_read_predictions(&j->models[k], r->files[k], &columns, err));
        j->read[k] = j->models[k]->n;
        for (int64_t i = 0; i < j->models[k]->n; i++) {
            if (j->models[k]->target[i] < 0) {
                return assay_fail(err, ASSAY_EFORMAT,
                                  "%s: row %" PRId64 " has no true class; a comparison needs it",
                                  r->files[k], i + 1);
            }
        }
    }
    if (r->weights) {
        ASSAY_TRY(assay_predictions_weigh(j->models[0], r->weights, r->files[0], r->skip_bad, err));
    }
    ASSAY_TRY(assay_align(&j->alignment, j->models, j->n_models, r->files, r->skip_bad != 0,
                          j->arena, err));
    return r->weights ? spread_weights(j, err) : ASSAY_OK;
}

int64_t assay_comparison_permutations(int64_t tests, int64_t rows, int64_t replicates, double level)
{
    static const double most_work = 4e8; /* rows x permutations */
    double base = replicates == 0 ? 1000.0 : (double)replicates;
    /* the smallest p-value, multiplied by all tests, is a quarter of what it takes */
    double wanted = ceil(4.0 * (double)tests / (1.0 - level));
    double affordable = floor(most_work / (2.0 * (double)rows + 1.0));
    double most = fmin(100000.0, affordable);

    wanted = fmin(wanted, most);
    return replicates < 0 ? 0 : (int64_t)fmax(wanted, base);
}

static assay_status compare(job *j, assay_error *err)
{
    const assay_compare_request *r = j->request;
    int64_t pairs = (int64_t)j->n_models * (j->n_models - 1) / 2;
    int64_t tests = pairs * j->n_contexts * (int64_t)j->n_metrics;
    assay_compare_options options = {.evaluate = {.level = j->level,
                                                  .replicates = r->replicates,
                                                  .seed = r->seed ? r->seed : 1,
                                                  .threads = j->context->threads,
                                                  .cancel = &j->context->cancel,
                                                  .units = j->units},
                                     .per_class = r->per_class != 0,
                                     .exact = r->exact != 0,
                                     .keep_null = j->adjust == ASSAY_ADJUST_MAX_T};

    assay_interval_choice_apply(&options.evaluate, &j->intervals);
    j->permutations = r->permutations > 0 ? r->permutations
                                          : assay_comparison_permutations(tests, j->models[0]->n,
                                                                          r->replicates, j->level);
    options.permutations = j->permutations;
    for (int64_t c = 0; c < j->n_contexts; c++) {
        assay_compare_context *context = &j->contexts[c];
        assay_log_progress(&j->context->log, "compare", c, j->n_contexts);
        for (int32_t k = 0; k < j->n_models; k++) {
            assay_result_init(&context->results[k], j->arena);
        }
        assay_status status = assay_compare_models(
            &j->comparison, context->results, j->models, j->n_models, context->mask, (int32_t)c,
            (const assay_args *const *)j->metrics, j->n_metrics, &options, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "%s", context->name);
            return status;
        }
    }
    assay_log_progress(&j->context->log, "compare", j->n_contexts, j->n_contexts);
    return assay_comparison_adjust(&j->comparison, j->adjust, err);
}

static assay_direction direction_of(const job *j, const char *metric)
{
    for (size_t i = 0; i < j->n_metrics; i++) {
        if (strcmp(j->metrics[i]->op->name, metric) == 0) {
            return j->metrics[i]->op->direction;
        }
    }
    return ASSAY_NO_DIRECTION;
}

/** Tests over the values of the --by column, for each measure: Wilcoxon's, of three or more models
 *  Friedman's. */
static assay_status compare_groups(job *j, assay_error *err)
{
    assay_status status = ASSAY_OK;
    const assay_result *first = j->contexts[0].results;
    double *values = NULL;
    int64_t groups = 0;

    for (int64_t c = 0; c < j->n_contexts; c++) {
        groups += j->contexts[c].group;
    }
    if (groups == 0) {
        return ASSAY_OK;
    }
    values = assay_alloc((size_t)groups, (size_t)j->n_models * sizeof *values);
    if (!values) {
        return assay_fail_memory(err);
    }
    for (int64_t m = 0; m < first->n_measures; m++) {
        const assay_measure *wanted = &first->measures[m];
        int64_t g = 0;
        if (wanted->class_name || wanted->outcome != ASSAY_OUTCOME_VALUE) {
            continue;
        }
        for (int64_t c = 0; c < j->n_contexts; c++) {
            for (int32_t k = 0; k < j->n_models && j->contexts[c].group; k++) {
                const assay_result *result = &j->contexts[c].results[k];
                /* the list depends on metrics and classes alone, so the place is the same */
                bool has =
                    m < result->n_measures && result->measures[m].outcome == ASSAY_OUTCOME_VALUE;
                values[g * j->n_models + k] = has ? result->measures[m].value : NAN;
            }
            g += j->contexts[c].group;
        }
        ASSAY_GOTO(assay_compare_groups(&j->comparison, values, groups, j->n_models, 0, wanted,
                                        direction_of(j, wanted->metric), j->level, err),
                   done);
    }
done:
    assay_free(values);
    return status;
}

static void summarise(assay_compare_summary *out, const job *j)
{
    for (int64_t i = 0; i < j->comparison.n_differences; i++) {
        const assay_difference *d = &j->comparison.differences[i];
        out->tests += !isnan(d->p);
        out->shown += assay_difference_winner(d, 1.0 - j->level) != 0;
        if (j->request->has_equivalence && d->outcome == ASSAY_OUTCOME_VALUE &&
            d->op->direction != ASSAY_NO_DIRECTION) {
            int judged = assay_difference_equivalent(d, j->request->equivalence, j->level);
            out->equivalent += judged > 0;
            out->different += judged < 0;
            out->unsettled += judged == 0;
        }
        out->not_compared += d->outcome != ASSAY_OUTCOME_VALUE;
        if (j->request->has_margin && d->a == 0 && d->outcome == ASSAY_OUTCOME_VALUE &&
            d->op->direction != ASSAY_NO_DIRECTION) {
            int judged = assay_difference_noninferior(d, j->request->margin);
            out->noninferior += judged > 0;
            out->inferior += judged < 0;
            out->undecided += judged == 0;
        }
    }
}

static void dispose(job *j)
{
    for (size_t i = 0; i < j->n_metrics; i++) {
        assay_args_free(j->metrics[i]);
    }
    assay_interval_choice_free(&j->intervals);
    for (int32_t k = 0; k < j->n_models; k++) {
        assay_predictions_free(j->models[k]);
    }
    assay_arena_free(j->arena);
}

assay_status assay_compare_files(char **json, char **table, char **flips,
                                 assay_compare_summary *summary, assay_context *context,
                                 const assay_compare_request *request, assay_error *err)
{
    assay_compare_request whole;
    job j = {.context = context, .request = &whole};
    assay_compare_summary counts = {0};
    assay_status status = ASSAY_OK;
    char **texts[] = {json, table, flips};

    for (size_t i = 0; i < ASSAY_COUNT(texts); i++) {
        if (texts[i]) {
            *texts[i] = NULL;
        }
    }
    ASSAY_TRY(complete(&whole, request, err));
    ASSAY_TRY(check_request(&j, &whole, err));
    if (!is_task(&whole, "classification")) {
        status =
            is_task(&whole, "detection")
                ? assay_compare_detections(json, table, flips, &counts, context, &whole, err)
                : assay_compare_segmentations(json, table, flips, &counts, context, &whole, err);
        if (summary) {
            *summary = counts;
        }
        return status;
    }
    j.level = whole.level > 0.0 ? whole.level : 0.95;
    ASSAY_TRY(assay_arena_new(&j.arena, (size_t)64 << 30, err));
    assay_comparison_init(&j.comparison, j.arena);
    ASSAY_GOTO(name_models(&j, err), done);
    ASSAY_GOTO(choose_metrics(&j, err), done);
    ASSAY_GOTO(read_models(&j, err), done);
    ASSAY_GOTO(assay_compare_contexts(&j, err), done);
    ASSAY_GOTO(assay_compare_clusters(&j, err), done);
    ASSAY_GOTO(compare(&j, err), done);
    ASSAY_GOTO(compare_groups(&j, err), done);
    summarise(&counts, &j);
    if (json) {
        ASSAY_GOTO(assay_compare_json(json, &j, err), done);
    }
    if (table) {
        ASSAY_GOTO(assay_compare_table(table, &j, err), done);
    }
    if (flips) {
        ASSAY_GOTO(assay_compare_flips(flips, &j, err), done);
    }
done:
    for (size_t i = 0; i < ASSAY_COUNT(texts) && status != ASSAY_OK; i++) {
        if (texts[i]) {
            assay_text_free(*texts[i]);
            *texts[i] = NULL;
        }
    }
    if (summary) {
        *summary = counts;
    }
    dispose(&j);
    return status;
}
