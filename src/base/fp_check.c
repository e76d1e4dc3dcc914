/**
 * @file fp_check.c
 * Refuses to compile where the same source would give other numbers. Results are promised to be the
 * same bits for any number of threads, which needs IEEE 754 arithmetic in the declared type,
 * without reordering, contraction or wider intermediates.
 */
#include <float.h>
#include <limits.h>

#ifdef __FAST_MATH__
#error "Assay cannot be built with -ffast-math: results would depend on the compiler's choices"
#endif

#ifdef __FINITE_MATH_ONLY__
#if __FINITE_MATH_ONLY__
#error "Assay cannot be built with -ffinite-math-only: NaN marks missing values"
#endif
#endif

_Static_assert(FLT_EVAL_METHOD == 0, "float and double must be evaluated in their own precision");
_Static_assert(FLT_RADIX == 2 && DBL_MANT_DIG == 53 && FLT_MANT_DIG == 24, "IEEE 754 is required");
_Static_assert(CHAR_BIT == 8 && sizeof(int) == 4 && sizeof(void *) == 8, "a 64-bit platform");
