/** @file text.h  Small text helpers that do not depend on the locale. */
#ifndef ASSAY_BASE_TEXT_H
#define ASSAY_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool assay_text_equal(const char *a, const char *b); /* NULL equals only NULL */
bool assay_text_starts(const char *text, const char *prefix);
bool assay_text_ends(const char *text, const char *suffix);
/** ASCII case-insensitive suffix test, for file extensions. */
bool assay_text_ends_nocase(const char *text, const char *suffix);
/** Whole text as a number, '.' as decimal point whatever the locale; false if anything is left over,
 *  it overflows, or it is NaN or infinite. */
bool assay_text_to_real(double *out, const char *text);
bool assay_text_to_i64(int64_t *out, const char *text);
/** "2GB", "512 MiB", "1.5G": bytes; kB, MB, GB, TB count in thousands, KiB .. TiB and K .. T in 1024.
 *  At least one byte; a number without a unit is bytes. */
bool assay_text_to_bytes(int64_t *out, const char *text);
/** Edit distance in bytes with transpositions (Damerau, optimal string alignment), for "did you
 *  mean". Texts that still differ over more than 255 bytes without their common beginning and end
 *  count as wholly different: the longer length is returned. */
int assay_text_distance(const char *a, const char *b);
/** The nearest candidate within a third of the word's length (at least 1), the first of equally
 *  near ones, else NULL. */
const char *assay_text_nearest(const char *word, const char *const *candidates, size_t n);
enum { ASSAY_TEXT_CHOICES = 512 };
/** The rest of a message about an unknown word: "; did you mean 'a'? (known: a, b, c and 4 more)". NULLs
 *  among the candidates are skipped; nothing when there are none. */
void assay_text_choices(char out[ASSAY_TEXT_CHOICES], const char *word,
                        const char *const *candidates, size_t n);
/** Bytes of the well-formed UTF-8 character at the start; 0 when size is 0; when it is not
 *  well-formed, minus the number of bytes to replace by one U+FFFD. */
int assay_utf8_step(const char *bytes, size_t size);
/** True when the bytes are well-formed UTF-8. */
bool assay_utf8_valid(const char *bytes, size_t size);
/** Copy with invalid UTF-8 and control characters replaced by '?'/U+FFFD; truncates on a character
 *  boundary; always terminated. For messages and reports. */
void assay_text_printable(char *out, size_t out_size, const char *text);

#endif
