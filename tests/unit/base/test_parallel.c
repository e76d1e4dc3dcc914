#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "base/reduce.h"
#include "base/rng.h"

static const int THREADS[] = {1, 2, 7, 16};

enum { BLOCK = 1000 };

struct sums {
    const double *values;
    int64_t n;
    assay_sum *parts;
    int *runs;
    int workers;
};

static assay_status sum_block(void *payload, int64_t block, int worker, assay_error *err)
{
    (void)err;
    struct sums *sums = payload;
    int64_t begin = block * BLOCK;
    int64_t n = sums->n - begin < BLOCK ? sums->n - begin : BLOCK;
    assay_sum_add(&sums->parts[block], assay_sum_pairwise(sums->values + begin, n));
    sums->runs[block]++;
    return worker >= 0 && worker < sums->workers ? ASSAY_OK : ASSAY_EINTERNAL;
}

static void sums_have_the_same_bits_for_any_thread_count(void **state)
{
    (void)state;
    const int64_t n = 123457;
    const int64_t blocks = (n + BLOCK - 1) / BLOCK;
    double *values = assay_alloc((size_t)n, sizeof *values);
    assay_rng rng = assay_rng_stream(1, 1, 1);
    for (int64_t i = 0; i < n; i++) {
        values[i] = assay_rng_normal(&rng) * exp(20.0 * assay_rng_normal(&rng));
    }
    double first = 0.0;
    for (size_t t = 0; t < ASSAY_COUNT(THREADS); t++) {
        struct sums sums = {.values = values,
                            .n = n,
                            .parts = assay_alloc((size_t)blocks, sizeof(assay_sum)),
                            .runs = assay_alloc((size_t)blocks, sizeof(int)),
                            .workers = assay_parallel_workers(blocks, THREADS[t])};
        assert_int_equal(sums.workers, THREADS[t]);
        assert_int_equal(assay_parallel(blocks, THREADS[t], sum_block, &sums, NULL, NULL),
                         ASSAY_OK);
        assay_sum total = {0};
        for (int64_t i = 0; i < blocks; i++) {
            assert_int_equal(sums.runs[i], 1);
            assay_sum_merge(&total, &sums.parts[i]);
        }
        double value = assay_sum_value(&total);
        if (t == 0) {
            first = value;
        }
        assert_memory_equal(&value, &first, sizeof value);
        assay_free(sums.parts);
        assay_free(sums.runs);
    }
    assay_free(values);
}

/* Which of the failing blocks reports first when several threads run. */
enum first { WHOEVER, HIGHER_FIRST, LOWEST_FIRST };

struct failing {
    atomic_int ran[256];
    int64_t lowest;
    enum first first;
    atomic_bool higher_started;
    atomic_bool higher_failed;
    atomic_bool lowest_failed;
};

static void pause_a_little(void)
{
    struct timespec pause = {.tv_nsec = 1000};
    (void)nanosleep(&pause, NULL);
}

static void wait_for(const atomic_bool *flag)
{
    for (int i = 0; i < 100000 && !atomic_load(flag); i++) {
        pause_a_little();
    }
}

static assay_status fail_block(void *payload, int64_t block, int worker, assay_error *err)
{
    (void)worker;
    struct failing *failing = payload;
    atomic_fetch_add(&failing->ran[block], 1);
    if (block < failing->lowest || block % 2 == 0) {
        return ASSAY_OK;
    }
    if (block > failing->lowest) {
        atomic_store(&failing->higher_started, true);
        if (failing->first == LOWEST_FIRST) {
            wait_for(&failing->lowest_failed);
            for (int i = 0; i < 20; i++) {
                pause_a_little(); /* so that the lowest one is recorded by now */
            }
        }
        atomic_store(&failing->higher_failed, true);
        return assay_fail(err, ASSAY_EIO, "block %d", (int)block);
    }
    if (failing->first != WHOEVER) {
        wait_for(failing->first == HIGHER_FIRST ? &failing->higher_failed
                                                : &failing->higher_started);
    }
    atomic_store(&failing->lowest_failed, true);
    return assay_fail(err, ASSAY_EFORMAT, "block %d", (int)block);
}

static void check_lowest(int threads, int64_t lowest, enum first first, assay_error *err)
{
    struct failing failing = {.lowest = lowest, .first = first};
    assert_int_equal(assay_parallel(256, threads, fail_block, &failing, NULL, err), ASSAY_EFORMAT);
    assert_true(first == WHOEVER || atomic_load(&failing.higher_failed));
    for (int64_t i = 0; i <= lowest; i++) {
        assert_int_equal(atomic_load(&failing.ran[i]), 1);
    }
}

static void the_lowest_failing_block_wins(void **state)
{
    (void)state;
    for (size_t t = 0; t < ASSAY_COUNT(THREADS); t++) {
        for (int64_t lowest = 1; lowest < 256; lowest += 42) {
            /* With one thread, or nothing above, there is nobody to wait for. */
            bool alone = THREADS[t] == 1 || lowest > 250;
            for (int first = WHOEVER; first <= (alone ? WHOEVER : LOWEST_FIRST); first++) {
                assay_error err = {0};
                check_lowest(THREADS[t], lowest, (enum first)first, &err);
                char want[32];
                (void)snprintf(want, sizeof want, "block %d", (int)lowest);
                assert_string_equal(err.message, want);
                check_lowest(THREADS[t], lowest, (enum first)first, NULL);
            }
        }
    }
}

struct cancelling {
    assay_cancel cancel;
    atomic_int ran;
};

static assay_status cancel_block(void *payload, int64_t block, int worker, assay_error *err)
{
    (void)worker;
    (void)err;
    struct cancelling *self = payload;
    atomic_fetch_add(&self->ran, 1);
    if (block == 20) {
        atomic_store(&self->cancel.requested, 1);
    }
    return ASSAY_OK;
}

static void stops_when_cancelled(void **state)
{
    (void)state;
    for (size_t t = 0; t < ASSAY_COUNT(THREADS); t++) {
        struct cancelling self = {0};
        assay_error err = {0};
        assert_int_equal(
            assay_parallel(100000, THREADS[t], cancel_block, &self, &self.cancel, &err),
            ASSAY_ECANCELLED);
        assert_int_equal(err.code, ASSAY_ECANCELLED);
        assert_in_range(atomic_load(&self.ran), 21, 99999);
        int ran = atomic_load(&self.ran);
        assert_int_equal(assay_parallel(5, THREADS[t], cancel_block, &self, &self.cancel, NULL),
                         ASSAY_ECANCELLED);
        assert_int_equal(atomic_load(&self.ran), ran);
        /* A request after the last block changes nothing. */
        struct cancelling late = {0};
        assert_int_equal(assay_parallel(21, 1, cancel_block, &late, &late.cancel, NULL), ASSAY_OK);
    }
}

struct signals {
    pthread_t caller;
    atomic_int unblocked;
};

static assay_status signal_block(void *payload, int64_t block, int worker, assay_error *err)
{
    (void)block;
    (void)worker;
    (void)err;
    struct signals *self = payload;
    sigset_t set;
    (void)pthread_sigmask(SIG_BLOCK, NULL, &set);
    if (!pthread_equal(pthread_self(), self->caller) && !sigismember(&set, SIGINT)) {
        atomic_fetch_add(&self->unblocked, 1);
    }
    return ASSAY_OK;
}

static void workers_take_no_signals(void **state)
{
    (void)state;
    struct signals self = {.caller = pthread_self()};
    sigset_t before;
    sigset_t after;
    (void)pthread_sigmask(SIG_BLOCK, NULL, &before);
    assert_int_equal(assay_parallel(1000, 8, signal_block, &self, NULL, NULL), ASSAY_OK);
    (void)pthread_sigmask(SIG_BLOCK, NULL, &after);
    assert_int_equal(atomic_load(&self.unblocked), 0);
    assert_int_equal(sigismember(&before, SIGINT), sigismember(&after, SIGINT));
}

static void counts_workers(void **state)
{
    (void)state;
    assert_int_equal(assay_parallel_workers(10, 4), 4);
    assert_int_equal(assay_parallel_workers(3, 4), 3);
    assert_int_equal(assay_parallel_workers(0, 4), 1);
    assert_int_equal(assay_parallel_workers(10, -1), 1);
    assert_true(assay_parallel_workers(1000000, 0) >= 1);
    assert_true(assay_parallel_workers(INT64_MAX, INT32_MAX) <= 4096);
    struct cancelling self = {0};
    assert_int_equal(assay_parallel(0, 4, cancel_block, &self, NULL, NULL), ASSAY_OK);
    assert_int_equal(atomic_load(&self.ran), 0);
    assert_int_equal(assay_parallel(-1, 4, cancel_block, &self, NULL, NULL), ASSAY_EINVAL);
    assert_int_equal(assay_parallel(1, -4, cancel_block, &self, NULL, NULL), ASSAY_EINVAL);
    assert_int_equal(assay_parallel(50, 0, cancel_block, &self, NULL, NULL), ASSAY_OK);
    assert_int_equal(atomic_load(&self.ran), 50);
}

static void sums_are_compensated(void **state)
{
    (void)state;
    assay_sum sum = {0};
    const double terms[] = {1.0, 1e100, 1.0, -1e100};
    for (size_t i = 0; i < ASSAY_COUNT(terms); i++) {
        assay_sum_add(&sum, terms[i]);
    }
    assert_true(assay_sum_value(&sum) == 2.0);
    assay_sum other = {0};
    assay_sum_add(&other, 1e-3);
    assay_sum_add(&other, 1e20);
    assay_sum_merge(&sum, &other);
    assay_sum_add(&sum, -1e20);
    assert_true(fabs(assay_sum_value(&sum) - 2.001) < 1e-15);
    assay_sum_merge(&sum, &sum);
    assert_true(fabs(assay_sum_value(&sum) - 4.002) < 1e-15);
    /* Beyond the finite range it behaves as plain addition. */
    assay_sum infinite = {0};
    assay_sum_add(&infinite, INFINITY);
    assay_sum_add(&infinite, 1.0);
    assert_true(assay_sum_value(&infinite) == INFINITY);
    assay_sum_merge(&sum, &infinite);
    assert_true(assay_sum_value(&sum) == INFINITY);
    assay_sum_add(&sum, -INFINITY);
    assert_true(isnan(assay_sum_value(&sum)));
}

static void pairwise_is_exact_and_accurate(void **state)
{
    (void)state;
    enum { N = 4099 };
    static double values[N];
    for (int n = 0; n <= N; n++) { /* integers: every order gives the exact sum */
        if (n > 0) {
            values[n - 1] = n;
        }
        assert_true(assay_sum_pairwise(values, n) == 0.5 * n * (n + 1.0));
    }
    const int64_t many = 1000000;
    double *tenths = assay_alloc((size_t)many, sizeof *tenths);
    double plain = 0.0;
    for (int64_t i = 0; i < many; i++) {
        tenths[i] = 0.1;
        plain += 0.1;
    }
    assert_true(fabs(plain - 1e5) > 1e-7);
    assert_true(fabs(assay_sum_pairwise(tenths, many) - 1e5) < 1e-10);
    assay_free(tenths);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_have_the_same_bits_for_any_thread_count),
        cmocka_unit_test(the_lowest_failing_block_wins),
        cmocka_unit_test(stops_when_cancelled),
        cmocka_unit_test(workers_take_no_signals),
        cmocka_unit_test(counts_workers),
        cmocka_unit_test(sums_are_compensated),
        cmocka_unit_test(pairwise_is_exact_and_accurate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
