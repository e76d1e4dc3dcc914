#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/sort.h"

static void check_order(const int64_t *order, const double *keys, int64_t n, int descending)
{
    char *seen = assay_alloc((size_t)n, 1);
    for (int64_t i = 0; i < n; i++) {
        assert_true(order[i] >= 0 && order[i] < n && !seen[order[i]]);
        seen[order[i]] = 1;
        if (i == 0) {
            continue;
        }
        double before = keys[order[i - 1]];
        double now = keys[order[i]];
        if (isnan(before) || before == now) {
            assert_true(isnan(before) == isnan(now));
            assert_true(order[i - 1] < order[i]);
        } else if (!isnan(now)) {
            assert_true(descending ? before > now : before < now);
        }
    }
    assay_free(seen);
}

static void sorts_every_length_with_ties_and_nan(void **state)
{
    (void)state;
    enum { MOST = 700 };
    double keys[MOST];
    int64_t order[MOST];
    const double special[] = {NAN, -NAN, INFINITY, -INFINITY, 0.0, -0.0, 5e-324, -5e-324};
    for (int64_t n = 0; n <= MOST; n += n < 70 ? 1 : 63) {
        assay_rng rng = assay_rng_stream(3, 1, (uint64_t)n);
        for (int64_t i = 0; i < n; i++) {
            uint64_t pick = assay_rng_below(&rng, 30);
            keys[i] = pick < 8 ? special[pick] : (double)assay_rng_below(&rng, 40) - 20.0;
        }
        for (int descending = 0; descending <= 1; descending++) {
            assert_int_equal(assay_sort_order(order, keys, n, descending, NULL), ASSAY_OK);
            check_order(order, keys, n, descending);
        }
    }
}

/* Long enough for the radix sort; with ties, with keys that agree in their leading bits by the
 * thousand, with one single value. */
static void sorts_long_columns(void **state)
{
    (void)state;
    enum { N = 60000, KINDS = 5 };
    double *keys = assay_alloc(N, sizeof *keys);
    int64_t *order = assay_alloc(N, sizeof *order);
    assert_non_null(keys);
    assert_non_null(order);
    for (int kind = 0; kind < KINDS; kind++) {
        for (int64_t i = 0; i < N; i++) {
            assay_rng rng = assay_rng_stream(5, (uint32_t)kind, (uint64_t)i);
            double uniform = assay_rng_uniform(&rng);
            double close = 1.0 + uniform * 1e-9;                            /* one lead for all */
            double clusters = floor(uniform * 7.0) + 1.0 + uniform * 1e-11; /* seven of them */
            double mixed =
                i % 1000 == 0 ? NAN : (uniform - 0.5) * pow(10.0, (double)(i % 600) - 300.0);
            const double values[KINDS] = {uniform, close, clusters, mixed, 0.25};
            keys[i] = values[kind];
        }
        for (int descending = 0; descending <= 1; descending++) {
            assert_int_equal(assay_sort_order(order, keys, N, descending, NULL), ASSAY_OK);
            check_order(order, keys, N, descending);
        }
    }
    assay_free(keys);
    assay_free(order);
}

/* Plain numbers: the same order as items with these keys. */
static void sorts_long_numbers(void **state)
{
    (void)state;
    enum { N = 50000 };
    uint64_t *words = assay_alloc(2 * N, sizeof *words);
    assay_sort_item *items = assay_alloc(2 * N, sizeof *items);
    assert_non_null(words);
    assert_non_null(items);
    for (int bits = 3; bits <= 64; bits += 61) {
        for (int64_t i = 0; i < N; i++) {
            assay_rng rng = assay_rng_stream(6, (uint32_t)bits, (uint64_t)i);
            uint64_t word = (uint64_t)assay_rng_u32(&rng) << 32 | assay_rng_u32(&rng);
            words[i] = i % 3 == 0 ? word >> (64 - bits) : word >> (64 - bits) & ~UINT64_C(0xffff);
            items[i] = (assay_sort_item){.key = words[i], .payload = (uint64_t)i};
        }
        assay_sort_words(words, words + N, N);
        const assay_sort_item *wanted = assay_sort_items(items, items + N, N);
        for (int64_t i = 0; i < N; i++) {
            assert_true(words[i] == wanted[i].key);
            assert_true(
                i == 0 || wanted[i - 1].key < wanted[i].key ||
                (wanted[i - 1].key == wanted[i].key && wanted[i - 1].payload < wanted[i].payload));
        }
    }
    assay_free(words);
    assay_free(items);
}

/* Crowds within crowds: each step down leaves most of the words in one place. */
static void sorts_uneven_numbers(void **state)
{
    (void)state;
    enum { N = 30000 };
    uint64_t *words = assay_alloc(2 * N, sizeof *words);
    assert_non_null(words);
    for (int kind = 0; kind < 4; kind++) {
        uint64_t sum = 0, other = 0;
        for (int64_t i = 0; i < N; i++) {
            assay_rng rng = assay_rng_stream(8, (uint32_t)kind, (uint64_t)i);
            uint64_t word = (uint64_t)assay_rng_u32(&rng) << 32 | assay_rng_u32(&rng);
            int shift = (int)assay_rng_below(&rng, 64);
            words[i] = kind == 0   ? word >> shift
                       : kind == 1 ? UINT64_MAX - (word >> shift)
                       : kind == 2 ? (i % 1000 == 0 ? word : word % 7)
                                   : 42;
            sum += words[i];
        }
        assay_sort_words(words, words + N, N);
        for (int64_t i = 0; i < N; i++) {
            assert_true(i == 0 || words[i - 1] <= words[i]);
            other += words[i];
        }
        assert_true(sum == other);
    }
    assay_free(words);
}

static void keys_keep_their_values(void **state)
{
    (void)state;
    const double values[] = {0.0,      1.0,       -1.0,   0.1,     -0.1,
                             INFINITY, -INFINITY, 5e-324, -5e-324, 1e308};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        for (int descending = 0; descending <= 1; descending++) {
            uint64_t key = assay_sort_key(values[i], descending);
            assert_true(assay_sort_key_value(key, descending) == values[i]);
        }
    }
    assert_true(assay_sort_key(-0.0, 0) == assay_sort_key(0.0, 0));
    assert_true(assay_sort_key(NAN, 1) == UINT64_MAX);
}

static void known_order(void **state)
{
    (void)state;
    const double keys[] = {2.0, NAN, -0.0, 0.0, INFINITY, 2.0, -INFINITY, -NAN};
    int64_t order[8];
    const int64_t up[] = {6, 2, 3, 0, 5, 4, 1, 7};
    const int64_t down[] = {4, 0, 5, 2, 3, 6, 1, 7};
    assert_int_equal(assay_sort_order(order, keys, 8, 0, NULL), ASSAY_OK);
    assert_memory_equal(order, up, sizeof up);
    assert_int_equal(assay_sort_order(order, keys, 8, 1, NULL), ASSAY_OK);
    assert_memory_equal(order, down, sizeof down);
}

static void sorts_many(void **state)
{
    (void)state;
    const int64_t n = 100003;
    double *keys = assay_alloc((size_t)n, sizeof *keys);
    int64_t *order = assay_alloc((size_t)n, sizeof *order);
    assay_rng rng = assay_rng_stream(4, 1, 0);
    for (int64_t i = 0; i < n; i++) {
        keys[i] = assay_rng_normal(&rng);
    }
    for (int descending = 0; descending <= 1; descending++) {
        assert_int_equal(assay_sort_order(order, keys, n, descending, NULL), ASSAY_OK);
        check_order(order, keys, n, descending);
    }
    assay_free(keys);
    assay_free(order);
}

static void sorts_texts(void **state)
{
    (void)state;
    const char *const keys[] = {"b", NULL, "a", "", "ab", "a", "\xc3\xa4", "B", NULL};
    const int64_t want[] = {3, 7, 2, 5, 4, 0, 6, 1, 8};
    int64_t order[9];
    assert_int_equal(assay_sort_order_text(order, keys, 9, NULL), ASSAY_OK);
    assert_memory_equal(order, want, sizeof want);
    assert_int_equal(assay_sort_order_text(order, keys, 0, NULL), ASSAY_OK);

    char names[257][4];
    const char *pointers[257];
    int64_t long_order[257];
    assay_rng rng = assay_rng_stream(5, 1, 0);
    for (int n = 1; n <= 257; n += 16) {
        for (int i = 0; i < n; i++) {
            names[i][0] = (char)('a' + assay_rng_below(&rng, 6));
            names[i][1] = (char)('a' + assay_rng_below(&rng, 6));
            names[i][2] = '\0';
            pointers[i] = names[i];
        }
        assert_int_equal(assay_sort_order_text(long_order, pointers, n, NULL), ASSAY_OK);
        for (int i = 1; i < n; i++) {
            int compared = strcmp(names[long_order[i - 1]], names[long_order[i]]);
            assert_true(compared < 0 || (compared == 0 && long_order[i - 1] < long_order[i]));
        }
    }
}

static void sorts_integers(void **state)
{
    (void)state;
    /* beyond 2^53 doubles would take neighbours for equal */
    const int64_t keys[] = {5, INT64_MIN, (1LL << 60) + 1, 1LL << 60, -1, 5, INT64_MAX, 0};
    const int64_t want[] = {1, 4, 7, 0, 5, 3, 2, 6};
    int64_t order[8];
    assert_int_equal(assay_sort_order_i64(order, keys, 8, NULL), ASSAY_OK);
    assert_memory_equal(order, want, sizeof want);
    assert_int_equal(assay_sort_order_i64(order, keys, -1, NULL), ASSAY_EINVAL);
    assert_int_equal(assay_sort_order_i64(order, keys, INT64_MAX, NULL), ASSAY_ENOMEM);
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    int64_t order[1];
    const double key = 0.0;
    const char *const text = "";
    assert_int_equal(assay_sort_order(order, &key, -1, 0, NULL), ASSAY_EINVAL);
    assert_int_equal(assay_sort_order_text(order, &text, -1, NULL), ASSAY_EINVAL);
    assert_int_equal(assay_sort_order(order, &key, INT64_MAX, 0, NULL), ASSAY_ENOMEM);
    assert_int_equal(assay_sort_order_text(order, &text, INT64_MAX, NULL), ASSAY_ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_every_length_with_ties_and_nan),
        cmocka_unit_test(sorts_long_columns),
        cmocka_unit_test(sorts_long_numbers),
        cmocka_unit_test(sorts_uneven_numbers),
        cmocka_unit_test(keys_keep_their_values),
        cmocka_unit_test(known_order),
        cmocka_unit_test(sorts_many),
        cmocka_unit_test(sorts_texts),
        cmocka_unit_test(sorts_integers),
        cmocka_unit_test(refuses_what_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
