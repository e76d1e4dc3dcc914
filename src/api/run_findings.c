#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/run.h"
#include "base/buffer.h"
#include "core/preprocess.h"
#include "stats/intervals.h"

assay_status assay_run_add_finding(assay_run *run, const char *kind, int severity, int32_t model,
                                   int32_t context, const char *title, const char *text,
                                   assay_error *err)
{
    assay_finding *list =
        assay_run_grow(run, run->findings, run->n_findings, &run->capacity_findings, sizeof *list);
    if (!list || !title || !text) {
        return assay_fail_memory(err);
    }
    run->findings = list;
    list[run->n_findings++] = (assay_finding){kind, severity, title, text, model, context};
    return ASSAY_OK;
}

static double accuracy(const assay_run_cell *cell)
{
    return cell->accuracy;
}

static int severity_of(double drop)
{
    return drop >= 0.2 ? 3 : drop >= 0.05 ? 2 : 1;
}

/** A percentage with one decimal, rounded half away from zero. */
static const char *percent(const assay_run *run, double share)
{
    char text[32];

    assay_format_real(text, round(share * 1000.0) / 10.0);
    return assay_arena_printf(run->arena, "%s %%", text);
}

/** The context that others are held against: the one on whole, clean data where the model is best. */
static const assay_run_cell *reference(const assay_run *run, int32_t model)
{
    const assay_run_cell *best = NULL;

    for (int32_t c = 0; c < run->plan->n_contexts; c++) {
        const assay_plan_context *context = &run->plan->contexts[c];
        const assay_run_cell *cell = assay_run_cell_at(run, model, c);
        if (cell->evaluated && !context->where && !context->perturbation &&
            (!best || accuracy(cell) > accuracy(best))) {
            best = cell;
        }
    }
    return best;
}

/** The whole, clean data that a slice is a part of, where that was measured too. */
static const assay_run_cell *whole_of(const assay_run *run, int32_t model, int32_t context)
{
    const assay_plan_context *part = &run->plan->contexts[context];

    for (int32_t c = 0; part->where && !part->perturbation && c < run->plan->n_contexts; c++) {
        const assay_plan_context *whole = &run->plan->contexts[c];
        if (whole->data == part->data && !whole->where && !whole->perturbation &&
            assay_run_cell_at(run, model, c)->evaluated) {
            return assay_run_cell_at(run, model, c);
        }
    }
    return NULL;
}

static assay_status find_weak_contexts(assay_run *run, int32_t m, assay_error *err)
{
    const assay_run_cell *best = reference(run, m);

    for (int32_t c = 0; best && c < run->plan->n_contexts; c++) {
        const assay_plan_context *context = &run->plan->contexts[c];
        const assay_run_cell *cell = assay_run_cell_at(run, m, c);
        const assay_run_cell *whole = whole_of(run, m, c);
        /* A slice is news only when it is weaker than the data it was cut from. */
        const assay_run_cell *other = whole ? whole : best;
        if (!cell->evaluated || cell == best || context->sweep >= 0 || cell->high >= other->low) {
            continue;
        }
        double drop = accuracy(other) - accuracy(cell);
        const char *title = assay_arena_printf(
            run->arena, "%s: %s correct on \"%s\", against %s on \"%s\"",
            run->plan->models[m].title, percent(run, accuracy(cell)), context->title,
            percent(run, accuracy(other)), run->plan->contexts[other->context].title);
        const char *text = assay_arena_printf(
            run->arena,
            "%" PRId64 " of %" PRId64 " correct; with %g %% confidence between %s and %s. The "
            "intervals of the two contexts do not overlap, so chance does not explain the "
            "difference.",
            cell->correct, cell->n, 100.0 * run->plan->level, percent(run, cell->low),
            percent(run, cell->high));
        ASSAY_TRY(
            assay_run_add_finding(run, "weak_context", severity_of(drop), m, c, title, text, err));
    }
    return ASSAY_OK;
}

static assay_status find_overconfidence(assay_run *run, int32_t m, assay_error *err)
{
    for (int32_t c = 0; c < run->plan->n_contexts; c++) {
        const assay_plan_context *context = &run->plan->contexts[c];
        const assay_run_cell *cell = assay_run_cell_at(run, m, c);
        if (!cell->evaluated || context->sweep >= 0 || context->where ||
            !(cell->mean_confidence > cell->high + 0.05)) {
            continue;
        }
        double gap = cell->mean_confidence - accuracy(cell);
        const char *title = assay_arena_printf(run->arena, "%s is surer than it is right on \"%s\"",
                                               run->plan->models[m].title, context->title);
        const char *text = assay_arena_printf(
            run->arena,
            "Its mean confidence is %s, but only %s of the answers are correct. Its confidence "
            "cannot be used here to tell good answers from bad ones without correction.",
            percent(run, cell->mean_confidence), percent(run, accuracy(cell)));
        ASSAY_TRY(
            assay_run_add_finding(run, "overconfident", severity_of(gap), m, c, title, text, err));
    }
    return ASSAY_OK;
}

/** The same file with other preprocessing reads the same data much better or worse. */
static assay_status compare_preprocessing(assay_run *run, int32_t a, int32_t b, assay_error *err)
{
    assay_buffer first;
    assay_buffer second;
    assay_status status = ASSAY_OK;
    int differs = 0;

    assay_buffer_init(&first, 0);
    assay_buffer_init(&second, 0);
    ASSAY_GOTO(assay_preprocess_json(&first, &run->models[a]->spec.preprocess, err), done);
    ASSAY_GOTO(assay_preprocess_json(&second, &run->models[b]->spec.preprocess, err), done);
    differs = strcmp(first.data, second.data) != 0;
    for (int32_t c = 0; differs && c < run->plan->n_contexts; c++) {
        const assay_plan_context *context = &run->plan->contexts[c];
        const assay_run_cell *x = assay_run_cell_at(run, a, c);
        const assay_run_cell *y = assay_run_cell_at(run, b, c);
        if (!x->evaluated || !y->evaluated || context->sweep >= 0 || context->where ||
            context->perturbation || (x->high >= y->low && y->high >= x->low)) {
            continue;
        }
        const assay_run_cell *worse = x->high < y->low ? x : y;
        const assay_run_cell *better = worse == x ? y : x;
        double drop = accuracy(better) - accuracy(worse);
        const char *title = assay_arena_printf(
            run->arena, "Preprocessing alone decides \"%s\": %s or %s correct", context->title,
            percent(run, accuracy(worse)), percent(run, accuracy(better)));
        const char *text = assay_arena_printf(
            run->arena,
            "\"%s\" and \"%s\" are the same model file (same digest) on the same data; only what "
            "happens to the image before the model differs. The fault is not in the model: check "
            "the preprocessing of \"%s\" against what its author used.",
            run->plan->models[worse->model].title, run->plan->models[better->model].title,
            run->plan->models[worse->model].title);
        ASSAY_GOTO(assay_run_add_finding(run, "preprocessing", severity_of(drop), worse->model, c,
                                         title, text, err),
                   done);
    }
done:
    assay_buffer_dispose(&first);
    assay_buffer_dispose(&second);
    return status;
}

static assay_status find_preprocessing(assay_run *run, assay_error *err)
{
    for (int32_t a = 0; a < run->plan->n_models; a++) {
        for (int32_t b = a + 1; b < run->plan->n_models; b++) {
            if (run->models[a] && run->models[b] &&
                strcmp(run->models[a]->digest, run->models[b]->digest) == 0) {
                ASSAY_TRY(compare_preprocessing(run, a, b, err));
            }
        }
    }
    return ASSAY_OK;
}

/** The weakest class, when it is clearly below the whole. */
static assay_status find_weak_class(assay_run *run, int32_t m, assay_error *err)
{
    for (int32_t c = 0; c < run->plan->n_contexts; c++) {
        const assay_plan_context *context = &run->plan->contexts[c];
        const assay_run_cell *cell = assay_run_cell_at(run, m, c);
        const assay_measure *weakest = NULL;
        if (!cell->evaluated || context->where || context->perturbation || context->sweep >= 0) {
            continue;
        }
        for (int64_t i = 0; i < cell->result.n_measures; i++) {
            const assay_measure *measure = &cell->result.measures[i];
            if (strcmp(measure->metric, "recall") == 0 && measure->class_name &&
                measure->outcome == ASSAY_OUTCOME_VALUE &&
                (!weakest || measure->value < weakest->value)) {
                weakest = measure;
            }
        }
        if (!weakest || !(weakest->high < cell->low)) {
            continue;
        }
        const char *title =
            assay_arena_printf(run->arena, "%s misses class \"%s\" most on \"%s\": %s found",
                               run->plan->models[m].title, weakest->class_name, context->title,
                               percent(run, weakest->value));
        const char *text = assay_arena_printf(
            run->arena,
            "Of %" PRId64 " data of this class, %s are recognised (with %g %% confidence %s to "
            "%s), against %s over all classes.",
            weakest->n, percent(run, weakest->value), 100.0 * run->plan->level,
            percent(run, weakest->low), percent(run, weakest->high), percent(run, accuracy(cell)));
        ASSAY_TRY(assay_run_add_finding(run, "weak_class",
                                        severity_of(accuracy(cell) - weakest->value), m, c, title,
                                        text, err));
    }
    return ASSAY_OK;
}

/** The first strength of a sweep at which accuracy is clearly lower than without perturbation. */
static assay_status find_fragility(assay_run *run, int32_t m, assay_error *err)
{
    for (int32_t s = 0; s < run->plan->n_sweeps; s++) {
        const assay_plan_sweep *sweep = &run->plan->sweeps[s];
        const assay_run_cell *clean = assay_run_cell_at(run, m, sweep->first_context);
        for (int32_t k = 1; clean->evaluated && k < sweep->n_points; k++) {
            const assay_run_cell *cell = assay_run_cell_at(run, m, sweep->first_context + k);
            double drop = cell->evaluated ? accuracy(clean) - accuracy(cell) : 0.0;
            if (!cell->evaluated || drop < 0.1 || cell->high >= clean->low) {
                continue;
            }
            const assay_plan_context *context = &run->plan->contexts[cell->context];
            double strength = NAN;
            char text[32];
            (void)assay_args_get(&strength, context->perturbation, sweep->param);
            assay_format_real(text, strength);
            const char *title =
                assay_arena_printf(run->arena, "%s: \"%s\" costs over 10 points from %s = %s",
                                   run->plan->models[m].title, sweep->title, sweep->param, text);
            const char *words = assay_arena_printf(
                run->arena, "Accuracy falls from %s to %s (with %g %% confidence %s to %s).",
                percent(run, accuracy(clean)), percent(run, accuracy(cell)),
                100.0 * run->plan->level, percent(run, cell->low), percent(run, cell->high));
            ASSAY_TRY(assay_run_add_finding(run, "fragile", severity_of(drop), m, cell->context,
                                            title, words, err));
            break;
        }
    }
    return ASSAY_OK;
}

/** Bounds of one bin's accuracy, each at the error probability alpha; NaN when there is no interval. */
static assay_status bin_bounds(double *low, double *high, const assay_run *run,
                               const assay_breakdown_bin *bin, double alpha, assay_error *err)
{
    const assay_args *interval = run->plan->proportion_interval;
    assay_evaluate_options options = assay_run_options(run);

    *low = *high = NAN;
    if (bin->measure && isnan(bin->measure->low)) {
        return ASSAY_OK;
    }
    if (bin->measure) {
        return assay_measure_bounds(low, high, bin->measure, 1.0 - alpha, &options, err);
    }
    return interval->op->interval->proportion(low, high, bin->correct, bin->n, alpha, alpha,
                                              interval->params, err);
}

typedef struct bin_contrast {
    const assay_breakdown *breakdown;
    const assay_breakdown_bin *low, *high;
    double spread; /* from the best reading of the worst bin to the most cautious of the best */
} bin_contrast;

/** The worst and the best bin of a breakdown; replaces *worst when they are further apart. */
static assay_status contrast(bin_contrast *worst, const assay_run *run, const assay_breakdown *b,
                             double alpha, assay_error *err)
{
    const assay_breakdown_bin *low = NULL, *high = NULL;
    double bounds[4];

    for (int32_t k = 0; k < b->n_bins; k++) {
        const assay_breakdown_bin *bin = &b->bins[k];
        if (isnan(bin->accuracy_low)) {
            continue; /* all of its rows are in one cluster: it says nothing */
        }
        low = !low || bin->accuracy < low->accuracy ? bin : low;
        high = !high || bin->accuracy > high->accuracy ? bin : high;
    }
    if (!low) {
        return ASSAY_OK;
    }
    ASSAY_TRY(bin_bounds(&bounds[0], &bounds[1], run, low, alpha, err));
    ASSAY_TRY(bin_bounds(&bounds[2], &bounds[3], run, high, alpha, err));
    if (bounds[2] - bounds[1] > worst->spread) {
        *worst = (bin_contrast){b, low, high, bounds[2] - bounds[1]};
    }
    return ASSAY_OK;
}

/** Where along a metadata column the model is worst. The bins were not chosen beforehand, so the
 *  comparison is at level 1 - 0.05 / (number of bins looked at): Bonferroni. */
static assay_status find_in_breakdowns(assay_run *run, int32_t m, int32_t d, assay_error *err)
{
    bin_contrast worst = {0};
    int64_t bins = 0;

    for (int32_t i = 0; i < run->n_breakdowns; i++) {
        if (run->breakdowns[i].model == m && run->breakdowns[i].data == d) {
            bins += run->breakdowns[i].n_bins;
        }
    }
    for (int32_t i = 0; i < run->n_breakdowns; i++) {
        if (run->breakdowns[i].model == m && run->breakdowns[i].data == d) {
            ASSAY_TRY(contrast(&worst, run, &run->breakdowns[i], 0.025 / (double)bins, err));
        }
    }
    if (!worst.breakdown) {
        return ASSAY_OK;
    }
    double least = worst.low->accuracy, most = worst.high->accuracy;
    const char *title = assay_arena_printf(
        run->arena, "%s on \"%s\" depends on %s: from %s to %s correct", run->plan->models[m].title,
        run->plan->data[d].title, worst.breakdown->column, percent(run, least), percent(run, most));
    const char *text = assay_arena_printf(
        run->arena,
        "Worst where %s is %s (%s of %" PRId64 "), best where it is %s (%s of %" PRId64
        "). Found by looking along all %" PRId64 " groups of metadata, with a correction for "
        "looking so often; confirm it on other data before relying on it.",
        worst.breakdown->column, worst.low->label, percent(run, least), worst.low->n,
        worst.high->label, percent(run, most), worst.high->n, bins);
    return assay_run_add_finding(run, "dependence", severity_of(most - least), m, -1, title, text,
                                 err);
}

static assay_status find_skipped(assay_run *run, assay_error *err)
{
    for (int32_t d = 0; d < run->plan->n_data; d++) {
        const assay_dataset *data = run->data[d];
        if (!data || data->n_skipped == 0) {
            continue;
        }
        const char *title =
            assay_arena_printf(run->arena, "%" PRId64 " bad data of \"%s\" were left out",
                               data->n_skipped, run->plan->data[d].title);
        ASSAY_TRY(assay_run_add_finding(
            run, "skipped_data", 2, -1, -1, title,
            "They count in no number of this report. If they are not a random part of the "
            "data, the numbers are too good or too bad; the list is in the section on "
            "data.",
            err));
    }
    return ASSAY_OK;
}

static assay_status find_changed_rule(assay_run *run, assay_error *err)
{
    if (!run->rule_before) {
        return ASSAY_OK;
    }
    const char *text = assay_arena_printf(
        run->arena,
        "This evidence folder already held results that were judged by another rule (requirements, "
        "thresholds, confidences, intervals, families): sha256 %.16s..., now %.16s.... A verdict "
        "is "
        "worth its confidence only when the rule was fixed before anybody saw the data. Say who "
        "changed it and why, or confirm the verdicts on new data.",
        run->rule_before, run->rule_digest);
    return assay_run_add_finding(run, "rule_changed", 3, -1, -1,
                                 "The decision rule changed after data were seen", text, err);
}

enum { LISTED = 20 };

/** Several findings of one kind, one for each model and data set, become one card with their list. */
static assay_status gather(assay_run *run, const char *kind, const char *what, assay_error *err)
{
    assay_buffer text;
    int32_t n = 0, kept = 0, at = 0;

    for (int32_t i = 0; i < run->n_findings; i++) {
        n += strcmp(run->findings[i].kind, kind) == 0;
    }
    if (n < 2) {
        return ASSAY_OK;
    }
    assay_buffer_init(&text, 0);
    n = 0;
    for (int32_t i = 0; i < run->n_findings; i++) {
        const assay_finding *f = &run->findings[i];
        if (strcmp(f->kind, kind) != 0) {
            run->findings[kept++] = *f;
            continue;
        }
        if (n < LISTED) {
            const char *model = f->model >= 0 ? run->plan->models[f->model].title : "all models";
            assay_buffer_printf(&text, "%s%s: %s", n > 0 ? "; " : "", model, f->title);
        }
        if (n++ == 0) {
            at = kept;
            run->findings[kept++] = *f;
        }
    }
    run->n_findings = kept;
    if (n > LISTED) {
        assay_buffer_printf(&text, "; and %d more", n - LISTED);
    }
    assay_finding *first = &run->findings[at];
    first->model = -1;
    first->context = -1;
    first->title = assay_arena_printf(run->arena, "%s (%d)", what, n);
    first->text =
        text.data ? assay_arena_printf(run->arena, "%s. %s", text.data, first->text) : NULL;
    assay_buffer_dispose(&text);
    return first->title && first->text ? ASSAY_OK : assay_fail_memory(err);
}

assay_status assay_run_find(assay_run *run, assay_error *err)
{
    ASSAY_TRY(find_changed_rule(run, err));
    if (!run->boxes) {
        ASSAY_TRY(find_preprocessing(run, err));
    }
    for (int32_t m = 0; !run->boxes && m < run->plan->n_models; m++) {
        ASSAY_TRY(find_weak_contexts(run, m, err));
        ASSAY_TRY(find_weak_class(run, m, err));
        ASSAY_TRY(find_overconfidence(run, m, err));
        ASSAY_TRY(find_fragility(run, m, err));
        for (int32_t d = 0; d < run->plan->n_data; d++) {
            ASSAY_TRY(find_in_breakdowns(run, m, d, err));
        }
    }
    ASSAY_TRY(find_skipped(run, err));
    ASSAY_TRY(
        gather(run, "classes_elsewhere", "Boxes of classes that the truth does not annotate", err));
    ASSAY_TRY(gather(run, "labels_elsewhere", "Label maps with numbers that are no class", err));
    /* Severest first; the order of discovery within. Insertion sort: stable, and lists are short. */
    for (int32_t i = 1; i < run->n_findings; i++) {
        assay_finding f = run->findings[i];
        int32_t k = i;
        for (; k > 0 && run->findings[k - 1].severity < f.severity; k--) {
            run->findings[k] = run->findings[k - 1];
        }
        run->findings[k] = f;
    }
    return ASSAY_OK;
}
