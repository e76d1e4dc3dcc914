/**
 * @file curve_points.h
 * The points of a ROC or precision-recall curve that are listed: those that scikit-learn's
 * `drop_intermediate` leaves, and of them no more than a table can hold. A state has one
 * assay_curve_count per class, followed by the points of all classes.
 */
#ifndef ASSAY_OPS_SHARED_CURVE_POINTS_H
#define ASSAY_OPS_SHARED_CURVE_POINTS_H

#include "ops/shared/ranked.h"

enum { ASSAY_CURVE_COLUMNS = 4 };

typedef struct assay_curve_count {
    int64_t n;
} assay_curve_count;

typedef struct assay_curve_params {
    bool drop_intermediate;
} assay_curve_params;

typedef struct assay_curve_rule {
    /** Two coordinates of the point at which the class is predicted from here on. */
    void (*point)(double out[2], const assay_ranked_walk *walk, const assay_ranking *ranking);
    /** How far along the curve it is, 0 to 1. */
    double (*progress)(const assay_ranked_walk *walk, const assay_ranking *ranking);
    /** Whether scikit-learn drops the middle one of three neighbours. */
    bool (*between)(const assay_ranked_walk *before, const assay_ranked_walk *at,
                    const assay_ranked_walk *after);
    bool negatives; /* the class needs rows of other classes */
} assay_curve_rule;

size_t assay_curve_size(const void *params, int32_t classes);
void assay_curve_list(void *state, const assay_curve_params *params, const assay_curve_rule *rule,
                      const assay_ranking *ranking);
ASSAY_NODISCARD assay_status assay_curve_finish(assay_result *out, const void *state,
                                                const char *name, const char *const *columns,
                                                const assay_rows *shape, assay_error *err);

#endif
