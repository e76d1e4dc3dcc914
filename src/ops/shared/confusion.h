/** @file confusion.h  Counts per class, and the averages of ratios of them: what precision, recall,
 *  F1 and balanced accuracy share. A state is an array of assay_class_counts, one per class. */
#ifndef ASSAY_OPS_SHARED_CONFUSION_H
#define ASSAY_OPS_SHARED_CONFUSION_H

#include "core/metric.h"

typedef struct assay_class_counts {
    double truth;     /* weight of the rows of the class */
    double predicted; /* of the rows that were given the class */
    double hits;      /* both */
} assay_class_counts;

/** One per class, and one more for sets of classes (see assay_label_sets_block). */
size_t assay_class_counts_size(const void *params, int32_t classes);
assay_status assay_class_counts_block(void *state, const void *params, const assay_rows *rows,
                                      assay_arena *scratch, assay_error *err);
void assay_class_counts_merge(void *into, const void *from, const void *params, int32_t classes);

/** What to do with a ratio whose denominator is zero. */
enum { ASSAY_ZERO_DIVISION_UNDEFINED = 0, ASSAY_ZERO_DIVISION_ZERO = 1 };
extern const char *const assay_zero_division_choices[];

typedef struct assay_zero_division_params {
    int32_t zero_division;
} assay_zero_division_params;

#define ASSAY_ZERO_DIVISION_PARAM                                                                  \
    ASSAY_CHOICE(assay_zero_division_params, zero_division, ASSAY_ZERO_DIVISION_UNDEFINED,         \
                 assay_zero_division_choices,                                                      \
                 "A class whose value would be 0/0: undefined and left out of the averages, or "   \
                 "zero and part of them.")

typedef struct assay_class_ratio {
    double numerator; /* counts, or multiples of them */
    double denominator;
    double n; /* rows behind it */
} assay_class_ratio;

/** What is left of `all` without `part` of it; sums of real weights may miss zero by rounding. */
static inline double assay_class_rest(double all, double part)
{
    return all > part ? all - part : 0.0;
}

/** What the micro average of a ratio is, with one label per row. */
typedef enum assay_class_micro {
    ASSAY_MICRO_HITS = 0, /* the share of correct rows */
    ASSAY_MICRO_ERRORS,   /* the share of wrong rows */
    ASSAY_MICRO_RATIO     /* sums over classes, in which a row counts more than once */
} assay_class_micro;

typedef struct assay_class_ratio_kind {
    /** `rows` is the weight of all rows. */
    assay_class_ratio (*of)(const assay_class_counts *counts, double rows, const void *params);
    bool proportion; /* numerator successes in denominator rows */
    assay_class_micro micro;
    const char *undefined; /* reason for a denominator of zero */
} assay_class_ratio_kind;

/** Block of a metric of class ratios: counts by class. Of sets of classes, the entry behind those of the
 *  classes holds: truth = weight of the rows, predicted = of those whose own ratio is defined, hits = sum
 *  of these ratios, each over the classes of the row (average "samples"). */
ASSAY_NODISCARD assay_status assay_class_ratios_block(void *state,
                                                      const assay_class_ratio_kind *kind,
                                                      int32_t zero_division, const void *params,
                                                      const assay_rows *rows);
/** Measures: average "micro", "macro", "weighted", for sets of classes "samples", then every class in
 *  order. Averages run over the classes that occur in the truth or among the predictions; for sets of
 *  classes over all. */
ASSAY_NODISCARD assay_status assay_class_ratios_finish(assay_result *out, const void *state,
                                                       const assay_class_ratio_kind *kind,
                                                       int32_t zero_division, const void *params,
                                                       const assay_rows *shape, assay_error *err);

/** Append a measure; *out is never NULL on success. */
ASSAY_NODISCARD assay_status assay_result_new_measure(assay_measure **out, assay_result *result,
                                                      assay_error *err);
/** "2 classes are undefined and left out: cat, dog", with the names of the first three; NULL when
 *  memory is out. */
const char *assay_left_out_note(assay_arena *arena, int64_t left_out, const char *const names[3]);
/** Make a measure undefined. */
void assay_measure_undefine(assay_measure *measure, const char *reason);

#endif
