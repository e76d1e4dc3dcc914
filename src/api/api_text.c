#include "assay/text.h"

#include "base/alloc.h"
#include "base/text.h"

void assay_text_free(char *text)
{
    assay_free(text);
}

const char *assay_text_suggest(const char *word, const char *const *candidates, size_t n)
{
    return assay_text_nearest(word, candidates, n);
}
