#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/checked_int.h"

static int aligned(const void *pointer)
{
    return (uintptr_t)pointer % 64 == 0;
}

static int all_zero(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return 0;
        }
    }
    return 1;
}

static void alloc_is_aligned_and_zeroed(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 63, 64, 65, 1000, 1 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *dirty = assay_alloc_raw(sizes[i], 1);
        assert_non_null(dirty);
        memset(dirty, 0x5a, sizes[i]);
        assay_free(dirty);
        char *memory = assay_alloc(sizes[i], 1);
        assert_non_null(memory);
        assert_true(aligned(memory));
        assert_true(all_zero(memory, sizes[i]));
        assay_free(memory);
    }
    assay_free(NULL);
}

static void alloc_refuses_what_overflows(void **state)
{
    (void)state;
    assert_null(assay_alloc(SIZE_MAX, 2));
    assert_null(assay_alloc((size_t)1 << 33, (size_t)1 << 33));
    assert_null(assay_alloc_raw(SIZE_MAX, 1));
    assert_null(assay_alloc_raw((size_t)PTRDIFF_MAX, 1));
    char *old = assay_strdup("keep");
    assert_null(assay_realloc(old, 5, SIZE_MAX / 2, 4));
    assert_string_equal(old, "keep");
    assay_free(old);
}

static void realloc_keeps_and_zeroes(void **state)
{
    (void)state;
    char *memory = assay_realloc(NULL, 0, 4, 1);
    assert_true(all_zero(memory, 4));
    memcpy(memory, "abcd", 4);
    memory = assay_realloc(memory, 4, 300, 2);
    assert_true(aligned(memory));
    assert_memory_equal(memory, "abcd", 4);
    assert_true(all_zero(memory + 4, 596));
    memory = assay_realloc(memory, 600, 2, 1);
    assert_memory_equal(memory, "ab", 2);
    memory = assay_realloc(memory, 2, 0, 8);
    assert_non_null(memory);
    assay_free(memory);
    assert_null(assay_strdup(NULL));
}

static void arena_gives_distinct_zeroed_memory(void **state)
{
    (void)state;
    assay_arena *arena = NULL;
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    char *pieces[300];
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < 300; i++) {
            pieces[i] = assay_arena_alloc(arena, i + 1, 7);
            assert_non_null(pieces[i]);
            assert_true(aligned(pieces[i]));
            assert_true(all_zero(pieces[i], (i + 1) * 7));
            memset(pieces[i], (int)(i % 255) + 1, (i + 1) * 7);
            assert_string_equal(assay_arena_printf(arena, "%zu-%s", i, "x") + (i > 99  ? 3
                                                                               : i > 9 ? 2
                                                                                       : 1),
                                "-x");
        }
        for (size_t i = 0; i < 300; i++) {
            for (size_t k = 0; k < (i + 1) * 7; k++) {
                assert_int_equal((unsigned char)pieces[i][k], i % 255 + 1);
            }
        }
        assay_arena_reset(arena);
    }
    char *big = assay_arena_alloc(arena, 10u << 20, 1);
    assert_non_null(big);
    big[(10u << 20) - 1] = 1;
    assert_string_equal(assay_arena_strdup(arena, "text"), "text");
    assert_null(assay_arena_strdup(arena, NULL));
    assay_arena_free(arena);
    assay_arena_free(NULL);
}

static void arena_keeps_its_limit(void **state)
{
    (void)state;
    assay_arena *arena = NULL;
    assert_int_equal(assay_arena_new(&arena, 100, NULL), ASSAY_OK);
    assert_null(assay_arena_alloc(arena, 101, 1));
    assert_non_null(assay_arena_alloc(arena, 100, 1));
    assert_null(assay_arena_strdup(arena, ""));
    assert_null(assay_arena_printf(arena, "%d", 1));
    assay_arena_reset(arena);
    assert_non_null(assay_arena_alloc(arena, 36, 1));
    assert_non_null(assay_arena_alloc(arena, 36, 1)); /* 28 bytes of padding make it full */
    assert_null(assay_arena_alloc(arena, 1, 1));
    assert_null(assay_arena_alloc(arena, SIZE_MAX, 2));
    assert_null(assay_arena_alloc(arena, SIZE_MAX, 1));
    assay_arena_free(arena);

    assert_int_equal(assay_arena_new(&arena, 1 << 20, NULL), ASSAY_OK);
    for (int round = 0; round < 3; round++) {
        size_t taken = 0;
        while (assay_arena_alloc(arena, 1000, 1) != NULL) {
            taken += 1000;
        }
        assert_in_range(taken, 1000000 - 64000, 1 << 20);
        assay_arena_reset(arena);
    }
    assay_arena_free(arena);
}

static void arena_reuses_memory(void **state)
{
    (void)state;
    assay_arena *arena = NULL;
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    void *first = NULL;
    for (int round = 0; round < 5; round++) {
        void *begin = assay_arena_alloc(arena, 1, 1);
        for (int i = 0; i < 1000; i++) {
            assert_non_null(assay_arena_alloc(arena, 512, 1));
        }
        if (round == 1) {
            first = begin;
        }
        if (round > 1) {
            assert_ptr_equal(begin, first);
        }
        assay_arena_reset(arena);
    }
    assay_arena_free(arena);
}

static void buffer_appends_and_terminates(void **state)
{
    (void)state;
    assay_buffer buffer;
    assay_buffer_init(&buffer, 0);
    assert_null(buffer.data);
    assert_int_equal(assay_buffer_status(&buffer, NULL), ASSAY_OK);
    assay_buffer_puts(&buffer, "a");
    assay_buffer_putc(&buffer, 'b');
    assay_buffer_append(&buffer, "c\0d", 3);
    assay_buffer_append(&buffer, NULL, 0);
    assay_buffer_printf(&buffer, "%03d", 7);
    assert_int_equal(buffer.size, 8);
    assert_memory_equal(buffer.data, "abc\0d007", 9);
    char *room = assay_buffer_reserve(&buffer, 10000);
    assert_non_null(room);
    assert_int_equal(buffer.size, 8);
    assert_true(all_zero(room, 10001));
    memcpy(room, "xyz", 3);
    buffer.size += 3;
    assert_string_equal(buffer.data + 5, "007xyz");
    for (int i = 0; i < 100000; i++) {
        assay_buffer_puts(&buffer, "0123456789");
    }
    assert_int_equal(assay_buffer_status(&buffer, NULL), ASSAY_OK);
    assert_int_equal(buffer.size, 1000011);
    assert_string_equal(buffer.data + 1000001, "0123456789");
    assay_buffer_clear(&buffer);
    assert_string_equal(buffer.data, "");
    assay_buffer_dispose(&buffer);
    assert_null(buffer.data);
    assay_buffer_dispose(&buffer);
    assay_buffer_dispose(NULL);
}

static void buffer_failure_is_sticky(void **state)
{
    (void)state;
    assay_buffer buffer;
    assay_buffer_init(&buffer, 10);
    assay_buffer_puts(&buffer, "0123456789");
    assert_int_equal(assay_buffer_status(&buffer, NULL), ASSAY_OK);
    assay_buffer_putc(&buffer, 'x');
    assay_error err = {0};
    assert_int_equal(assay_buffer_status(&buffer, &err), ASSAY_ELIMIT);
    assert_non_null(strstr(err.message, "10 bytes"));
    assay_buffer_append(&buffer, NULL, 0);
    assay_buffer_printf(&buffer, "%d", 1);
    assert_null(assay_buffer_reserve(&buffer, 0));
    assert_string_equal(buffer.data, "0123456789");
    assay_buffer_clear(&buffer);
    assert_int_equal(assay_buffer_status(&buffer, NULL), ASSAY_OK);
    assert_null(assay_buffer_reserve(&buffer, SIZE_MAX));
    assert_int_equal(assay_buffer_status(&buffer, NULL), ASSAY_ELIMIT);
    assay_buffer_dispose(&buffer);

    assay_buffer_init(&buffer, SIZE_MAX);
    assay_buffer_puts(&buffer, "x");
    assert_int_equal(assay_buffer_status(&buffer, NULL), ASSAY_OK);
    assert_null(assay_buffer_reserve(&buffer, (size_t)PTRDIFF_MAX));
    assert_int_equal(assay_buffer_status(&buffer, &err), ASSAY_ENOMEM);
    assert_null(assay_buffer_reserve(&buffer, SIZE_MAX - 1));
    assay_buffer_dispose(&buffer);
}

static void checked_arithmetic(void **state)
{
    (void)state;
    size_t z = 0;
    int64_t i = 0;
    assert_true(assay_size_mul(&z, SIZE_MAX, 1));
    assert_false(assay_size_mul(&z, SIZE_MAX / 2 + 1, 2));
    assert_true(assay_size_add(&z, SIZE_MAX - 1, 1));
    assert_false(assay_size_add(&z, SIZE_MAX, 1));
    assert_false(assay_i64_mul(&i, INT64_MIN, -1));
    assert_false(assay_i64_add(&i, INT64_MAX, 1));
    assert_true(assay_i64_add(&i, INT64_MAX, INT64_MIN));
    assert_true(i == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alloc_is_aligned_and_zeroed),
        cmocka_unit_test(alloc_refuses_what_overflows),
        cmocka_unit_test(realloc_keeps_and_zeroes),
        cmocka_unit_test(arena_gives_distinct_zeroed_memory),
        cmocka_unit_test(arena_keeps_its_limit),
        cmocka_unit_test(arena_reuses_memory),
        cmocka_unit_test(buffer_appends_and_terminates),
        cmocka_unit_test(buffer_failure_is_sticky),
        cmocka_unit_test(checked_arithmetic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
