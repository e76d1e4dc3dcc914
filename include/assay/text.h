/** @file text.h  Texts that cross the library's face. */
#ifndef ASSAY_TEXT_H
#define ASSAY_TEXT_H

#include <stddef.h>

#include "assay/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Frees texts that the library handed over; NULL is allowed. */
ASSAY_API void assay_text_free(char *text);

/** The candidate that `word` was probably meant to be, for "did you mean"; NULL when none is near. */
ASSAY_API const char *assay_text_suggest(const char *word, const char *const *candidates, size_t n);

#ifdef __cplusplus
}
#endif

#endif
