#include "ops/shared/confusion.h"

#include <inttypes.h>
#include <math.h>

const char *const assay_zero_division_choices[] = {"undefined", "zero", NULL};

size_t assay_class_counts_size(const void *params, int32_t classes)
{
    (void)params;
    return ((size_t)classes + 1) * sizeof(assay_class_counts);
}

assay_status assay_class_counts_block(void *state, const void *params, const assay_rows *rows,
                                      assay_arena *scratch, assay_error *err)
{
    (void)params;
    (void)scratch;
    (void)err;
    assay_class_counts *counts = state;
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        int32_t target = rows->target[i];
        int32_t label = rows->label[i];
        counts[target].truth += weight;
        counts[label].predicted += weight;
        counts[target].hits += target == label ? weight : 0.0;
    }
    return ASSAY_OK;
}

assay_status assay_class_ratios_block(void *state, const assay_class_ratio_kind *kind,
                                      int32_t zero_division, const void *params,
                                      const assay_rows *rows)
{
    if (!rows->multilabel) {
        return assay_class_counts_block(state, params, rows, NULL, NULL);
    }
    assay_class_counts *counts = state;
    assay_class_counts *samples = &counts[rows->classes];
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        const uint8_t *truth = rows->truth_set + i * rows->classes;
        const uint8_t *label = rows->label_set + i * rows->classes;
        assay_class_counts own = {0};
        for (int32_t c = 0; c < rows->classes; c++) {
            counts[c].truth += truth[c] ? weight : 0.0;
            counts[c].predicted += label[c] ? weight : 0.0;
            counts[c].hits += truth[c] && label[c] ? weight : 0.0;
            own.truth += (double)truth[c];
            own.predicted += (double)label[c];
            own.hits += (double)(truth[c] & label[c]);
        }
        assay_class_ratio ratio = kind->of(&own, (double)rows->classes, params);
        bool defined = ratio.denominator != 0.0 || zero_division == ASSAY_ZERO_DIVISION_ZERO;
        samples->truth += weight;
        samples->predicted += defined ? weight : 0.0;
        samples->hits +=
            ratio.denominator != 0.0 ? weight * (ratio.numerator / ratio.denominator) : 0.0;
    }
    return ASSAY_OK;
}

void assay_class_counts_merge(void *into, const void *from, const void *params, int32_t classes)
{
    (void)params;
    assay_class_counts *counts = into;
    const assay_class_counts *other = from;
    for (int32_t c = 0; c <= classes; c++) {
        counts[c].truth += other[c].truth;
        counts[c].predicted += other[c].predicted;
        counts[c].hits += other[c].hits;
    }
}

assay_status assay_result_new_measure(assay_measure **out, assay_result *result, assay_error *err)
{
    *out = assay_result_measure(result);
    return *out != NULL ? ASSAY_OK : assay_fail_memory(err);
}

void assay_measure_undefine(assay_measure *measure, const char *reason)
{
    measure->outcome = ASSAY_OUTCOME_UNDEFINED;
    measure->reason = reason;
    measure->value = NAN;
    measure->hits = -1.0;
}

static bool seen(const assay_class_counts *counts, bool multilabel)
{
    return multilabel || counts->truth > 0.0 || counts->predicted > 0.0;
}

/* Sums over the classes that enter the averages. */
typedef struct averages {
    double rows;
    bool multilabel;
    double numerator, denominator;
    int64_t classes;  /* with a value */
    double weight;    /* their rows in the truth */
    int64_t left_out; /* seen, but undefined */
    assay_sum plain, weighted;
    const char *names[3]; /* of the first classes left out */
} averages;

static void average_in(averages *a, const assay_class_counts *counts, assay_class_ratio ratio,
                       int32_t zero_division, const char *name)
{
    if (!seen(counts, a->multilabel)) {
        return;
    }
    a->numerator += ratio.numerator;
    a->denominator += ratio.denominator;
    if (ratio.denominator == 0.0 && zero_division == ASSAY_ZERO_DIVISION_UNDEFINED) {
        if (a->left_out < 3) {
            a->names[a->left_out] = name;
        }
        a->left_out++;
        return;
    }
    double value = ratio.denominator == 0.0 ? 0.0 : ratio.numerator / ratio.denominator;
    a->classes++;
    a->weight += counts->truth;
    assay_sum_add(&a->plain, value);
    assay_sum_add(&a->weighted, value * counts->truth);
}

const char *assay_left_out_note(assay_arena *arena, int64_t left_out, const char *const names[3])
{
    const char *more = left_out > 3 ? ", ..." : "";
    return assay_arena_printf(arena, "%" PRId64 " %s undefined and left out: %s%s%s%s%s%s",
                              left_out, left_out == 1 ? "class is" : "classes are", names[0],
                              left_out > 1 ? ", " : "", left_out > 1 ? names[1] : "",
                              left_out > 2 ? ", " : "", left_out > 2 ? names[2] : "", more);
}

static assay_status finish_average(assay_result *out, const averages *a, const char *average,
                                   assay_error *err)
{
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->average = average;
    measure->weight = a->rows;
    bool macro = average[1] == 'a';
    if (a->rows == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    if (macro ? a->classes == 0 : a->weight == 0.0) {
        assay_measure_undefine(measure, "no class that occurs has a value");
        return ASSAY_OK;
    }
    measure->value = macro ? assay_sum_value(&a->plain) / (double)a->classes
                           : assay_sum_value(&a->weighted) / a->weight;
    if (a->left_out > 0) {
        measure->reason = assay_left_out_note(out->arena, a->left_out, a->names);
        if (measure->reason == NULL) {
            return assay_fail_memory(err);
        }
    }
    return ASSAY_OK;
}

static assay_status finish_micro(assay_result *out, const averages *a, assay_class_micro micro,
                                 double hits, assay_error *err)
{
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->average = "micro";
    measure->weight = a->rows;
    if (a->rows == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
    } else if (micro != ASSAY_MICRO_RATIO && !a->multilabel) {
        measure->hits = micro == ASSAY_MICRO_HITS ? hits : assay_class_rest(a->rows, hits);
        measure->value = measure->hits / a->rows;
    } else if (a->denominator == 0.0) {
        assay_measure_undefine(measure, "no class that occurs has a value");
    } else {
        measure->value = a->numerator / a->denominator;
    }
    return ASSAY_OK;
}

static assay_status finish_samples(assay_result *out, const assay_class_counts *samples,
                                   assay_error *err)
{
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->average = "samples";
    measure->weight = samples->predicted;
    if (samples->truth == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
    } else if (samples->predicted == 0.0) {
        assay_measure_undefine(measure, "no row has a value");
    } else {
        measure->value = samples->hits / samples->predicted;
        if (samples->predicted < samples->truth) {
            measure->reason = "rows whose value would be 0/0 are left out";
        }
    }
    return ASSAY_OK;
}

static assay_status finish_class(assay_result *out, const assay_class_counts *counts,
                                 const assay_class_ratio_kind *kind, assay_class_ratio ratio,
                                 int32_t zero_division, const char *name, bool multilabel,
                                 double rows, assay_error *err)
{
    assay_measure *measure = NULL;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->class_name = name;
    measure->weight = ratio.n;
    if (!(rows > 0.0)) {
        assay_measure_undefine(measure, "there are no rows");
    } else if (!seen(counts, multilabel)) {
        assay_measure_undefine(measure,
                               "the class occurs neither in the truth nor among the predictions");
    } else if (ratio.denominator == 0.0 && zero_division == ASSAY_ZERO_DIVISION_UNDEFINED) {
        assay_measure_undefine(measure, kind->undefined);
    } else if (ratio.denominator == 0.0) {
        measure->value = 0.0;
        measure->reason = "0/0, counted as zero";
    } else {
        measure->value = ratio.numerator / ratio.denominator;
        measure->hits = kind->proportion ? ratio.numerator : -1.0;
    }
    return ASSAY_OK;
}

assay_status assay_class_ratios_finish(assay_result *out, const void *state,
                                       const assay_class_ratio_kind *kind, int32_t zero_division,
                                       const void *params, const assay_rows *shape,
                                       assay_error *err)
{
    const assay_class_counts *counts = state;
    averages a = {.multilabel = shape->multilabel != 0};
    double hits = 0.0;
    for (int32_t c = 0; c < shape->classes; c++) {
        a.rows += counts[c].truth;
        hits += counts[c].hits;
    }
    const assay_class_counts *samples = &counts[shape->classes];
    a.rows = a.multilabel ? samples->truth : a.rows;
    for (int32_t c = 0; c < shape->classes; c++) {
        average_in(&a, &counts[c], kind->of(&counts[c], a.rows, params), zero_division,
                   shape->class_names[c]);
    }
    ASSAY_TRY(finish_micro(out, &a, kind->micro, hits, err));
    ASSAY_TRY(finish_average(out, &a, "macro", err));
    ASSAY_TRY(finish_average(out, &a, "weighted", err));
    if (a.multilabel) {
        ASSAY_TRY(finish_samples(out, samples, err));
    }
    for (int32_t c = 0; c < shape->classes; c++) {
        ASSAY_TRY(finish_class(out, &counts[c], kind, kind->of(&counts[c], a.rows, params),
                               zero_division, shape->class_names[c], a.multilabel, a.rows, err));
    }
    return ASSAY_OK;
}
