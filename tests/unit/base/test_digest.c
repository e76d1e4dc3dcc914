#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/digest.h"

static const char EMPTY[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char ABC[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char MILLION[] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

/* Examples of FIPS 180-4. */
static void known_answers(void **state)
{
    (void)state;
    char hex[ASSAY_DIGEST_HEX];
    assert_int_equal(assay_digest_bytes(hex, "", 0, NULL), ASSAY_OK);
    assert_string_equal(hex, EMPTY);
    assert_int_equal(assay_digest_bytes(hex, NULL, 0, NULL), ASSAY_OK);
    assert_string_equal(hex, EMPTY);
    assert_int_equal(assay_digest_bytes(hex, "abc", 3, NULL), ASSAY_OK);
    assert_string_equal(hex, ABC);
    assay_digest *digest = NULL;
    assert_int_equal(assay_digest_new(&digest, NULL), ASSAY_OK);
    char block[1000];
    memset(block, 'a', sizeof block);
    for (int i = 0; i < 1000; i++) {
        assay_digest_update(digest, block, (size_t)i);
        assay_digest_update(digest, block, sizeof block - (size_t)i);
    }
    assert_int_equal(assay_digest_hex(hex, digest, NULL), ASSAY_OK);
    assert_string_equal(hex, MILLION);
    assay_digest_free(digest);
    assay_digest_free(NULL);
}

static void cannot_be_taken_twice(void **state)
{
    (void)state;
    char hex[ASSAY_DIGEST_HEX];
    assay_digest *digest = NULL;
    assay_error err = {0};
    assert_int_equal(assay_digest_new(&digest, NULL), ASSAY_OK);
    assert_int_equal(assay_digest_hex(hex, digest, NULL), ASSAY_OK);
    assert_int_equal(assay_digest_hex(hex, digest, &err), ASSAY_EINTERNAL);
    assert_string_equal(hex, "");
    assay_digest_free(digest);
}

enum kind { TEXT, TWO_TEXTS, INTEGER, REAL };

static void hex_of(char hex[ASSAY_DIGEST_HEX], enum kind kind, const char *a, const char *b,
                   double number)
{
    assay_digest *digest = NULL;
    assert_int_equal(assay_digest_new(&digest, NULL), ASSAY_OK);
    if (kind == TEXT || kind == TWO_TEXTS) {
        assay_digest_text(digest, a);
    }
    if (kind == TWO_TEXTS) {
        assay_digest_text(digest, b);
    }
    if (kind == INTEGER) {
        assay_digest_i64(digest, (int64_t)number);
    }
    if (kind == REAL) {
        assay_digest_real(digest, number);
    }
    assert_int_equal(assay_digest_hex(hex, digest, NULL), ASSAY_OK);
    assay_digest_free(digest);
}

static void structured_values_do_not_collide(void **state)
{
    (void)state;
    char one[ASSAY_DIGEST_HEX];
    char two[ASSAY_DIGEST_HEX];
    hex_of(one, TWO_TEXTS, "ab", "c", 0);
    hex_of(two, TWO_TEXTS, "a", "bc", 0);
    assert_string_not_equal(one, two);
    hex_of(one, TEXT, NULL, NULL, 0);
    hex_of(two, TEXT, "", NULL, 0);
    assert_string_not_equal(one, two);
    hex_of(one, REAL, NULL, NULL, NAN);
    hex_of(two, REAL, NULL, NULL, -NAN);
    assert_string_equal(one, two);
}

/* The byte form is part of stored evidence: length and numbers little-endian, then the text. */
static void byte_form_is_fixed(void **state)
{
    (void)state;
    char one[ASSAY_DIGEST_HEX];
    char two[ASSAY_DIGEST_HEX];
    hex_of(one, TEXT, "abc", NULL, 0);
    assert_int_equal(assay_digest_bytes(two, "\3\0\0\0\0\0\0\0abc", 11, NULL), ASSAY_OK);
    assert_string_equal(one, two);
    hex_of(one, INTEGER, NULL, NULL, -2);
    assert_int_equal(assay_digest_bytes(two, "\xfe\xff\xff\xff\xff\xff\xff\xff", 8, NULL),
                     ASSAY_OK);
    assert_string_equal(one, two);
    hex_of(one, REAL, NULL, NULL, 1.5);
    assert_int_equal(assay_digest_bytes(two, "\0\0\0\0\0\0\xf8\x3f", 8, NULL), ASSAY_OK);
    assert_string_equal(one, two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(cannot_be_taken_twice),
        cmocka_unit_test(structured_values_do_not_collide),
        cmocka_unit_test(byte_form_is_fixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
