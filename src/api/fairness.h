/** @file fairness.h  Groups of the command line and the plan, and what is written about them. Inside
 *  src/api only. */
#ifndef ASSAY_API_FAIRNESS_H
#define ASSAY_API_FAIRNESS_H

#include "base/buffer.h"
#include "core/fairness.h"

/** "column" or "column:10,20,30" (cuts) as a column to group by; texts in the arena. */
ASSAY_NODISCARD assay_status assay_group_column_parse(assay_group_column *out, const char *text,
                                                      assay_arena *arena, assay_error *err);
/** Groups of the predictions' rows by the table's columns, with the positive class set; `positive` may be NULL. */
ASSAY_NODISCARD assay_status assay_groups_of(assay_groups **out, assay_arena *arena,
                                             const assay_predictions *predictions,
                                             const assay_table *table,
                                             const assay_group_column *columns, int32_t n_columns,
                                             const char *positive, assay_error *err);
/** Set the parameter `least` of a metric that has one and was not given it. */
ASSAY_NODISCARD assay_status assay_fairness_set_least(assay_args *args, int64_t least,
                                                      assay_error *err);
/** What is measured within and between groups when nobody says; NULL-terminated, static. */
const char *const *assay_fairness_within(assay_task task);
const char *const *assay_fairness_between(assay_task task);

/** Where a fairness object belongs and what it is called. */
typedef struct assay_fairness_place {
    const char *model, *context, *name; /* NULL = not written */
    const char *title, *positive;
    const assay_group_column *columns;
    int32_t n_columns;
    double level;
} assay_fairness_place;

/** One element of "fairness" in results.json. */
void assay_fairness_json(assay_json *json, const assay_fairness *fairness,
                         const assay_fairness_place *place);
/** The worst and the best group by every metric: the member "extremes" of the object, and a table. */
void assay_fairness_extremes_json(assay_json *json, const assay_fairness *f);
void assay_fairness_extremes_table(assay_buffer *out, const assay_fairness *f);
/** For a terminal. */
void assay_fairness_table(assay_buffer *out, const assay_fairness *fairness,
                          const assay_fairness_place *place);

#endif
