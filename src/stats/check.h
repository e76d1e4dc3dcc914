/** @file check.h  Arguments that make no sense, said in one line. `what` names the method. */
#ifndef ASSAY_STATS_CHECK_H
#define ASSAY_STATS_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/** 0 <= x <= n */
ASSAY_NODISCARD assay_status assay_check_counts(const char *what, int64_t x, int64_t n,
                                                assay_error *err);
/** Both in [0, 0.5]. */
ASSAY_NODISCARD assay_status assay_check_alphas(const char *what, double alpha_low,
                                                double alpha_high, assay_error *err);
/** Strictly between 0 and 1, e.g. a level. `name` is the argument's. */
ASSAY_NODISCARD assay_status assay_check_open_unit(const char *what, const char *name, double value,
                                                   assay_error *err);
/** In [0, 1]. */
ASSAY_NODISCARD assay_status assay_check_unit(const char *what, const char *name, double value,
                                              assay_error *err);
/** Finite and > 0. */
ASSAY_NODISCARD assay_status assay_check_positive(const char *what, const char *name, double value,
                                                  assay_error *err);
/** least <= n */
ASSAY_NODISCARD assay_status assay_check_least(const char *what, const char *name, int64_t n,
                                               int64_t least, assay_error *err);
/** n finite values; the first that is not is named by its number, counted from 1. */
ASSAY_NODISCARD assay_status assay_check_finite(const char *what, const double *values, int64_t n,
                                                assay_error *err);

#endif
