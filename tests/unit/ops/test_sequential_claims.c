/* Claims judged while results arrive: error rates whenever one looks, agreement with the statistics
 * layer, pools, and what cannot be judged. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "core/sequential.h"
#include "stats/mixture.h"
#include "stats/sprt.h"

enum { RUNS = 400, MOST = 600 };

static void draw(uint8_t *out, int64_t n, double p, uint32_t run)
{
    for (int64_t i = 0; i < n; i++) {
        assay_rng rng = assay_rng_stream(21, run, (uint64_t)i);
        out[i] = assay_rng_uniform(&rng) < p;
    }
}

/* Share of runs that end in the wrong verdict, although one looks after every result. */
static double wrong(assay_sequential_method method, double p, double limit, bool at_least,
                    int verdict)
{
    const assay_proportion_claim claim = {limit, at_least, 0.9};
    const assay_sequential_rule rule = {.method = method, .beta = 0.1};
    uint8_t results[MOST];
    int count = 0;
    for (uint32_t run = 0; run < RUNS; run++) {
        assay_arena *arena = NULL;
        assay_sequential_result r;
        int64_t n = method == ASSAY_SEQUENTIAL_BETTING ? 200 : MOST;
        assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
        draw(results, n, p, run);
        assert_int_equal(assay_sequential_judge(&r, results, n, &claim, at_least ? 0.9 : 0.1, &rule,
                                                arena, NULL),
                         ASSAY_OK);
        count += r.decision == verdict;
        assay_arena_free(arena);
    }
    return (double)count / RUNS;
}

/* At the limit each verdict is wrong in at most a tenth of the runs; 3 standard errors are 0.045. */
static void looking_often_is_allowed(void **state)
{
    (void)state;
    static const assay_sequential_method methods[] = {
        ASSAY_SEQUENTIAL_MIXTURE, ASSAY_SEQUENTIAL_BETTING, ASSAY_SEQUENTIAL_BERNSTEIN,
        ASSAY_SEQUENTIAL_NORMAL_MIXTURE};
    for (size_t m = 0; m < ASSAY_COUNT(methods); m++) {
        assert_true(wrong(methods[m], 0.8, 0.8, true, 1) < 0.145);
        assert_true(wrong(methods[m], 0.8, 0.8, true, -1) < 0.145);
        assert_true(wrong(methods[m], 0.2, 0.2, false, 1) < 0.145);
        assert_true(wrong(methods[m], 0.2, 0.2, false, -1) < 0.145);
        /* and what is clear is found */
        assert_true(wrong(methods[m], 0.98, 0.8, true, 1) > 0.9);
        assert_true(wrong(methods[m], 0.4, 0.8, true, -1) > 0.9);
    }
    assert_true(wrong(ASSAY_SEQUENTIAL_SPRT, 0.8, 0.8, true, 1) < 0.145);
    assert_true(wrong(ASSAY_SEQUENTIAL_SPRT, 0.9, 0.8, true, -1) < 0.145);
}

static void the_verdict_stands_at_the_first_crossing(void **state)
{
    (void)state;
    const assay_proportion_claim claim = {0.8, true, 0.95};
    const assay_sequential_rule rule = {.method = ASSAY_SEQUENTIAL_MIXTURE};
    uint8_t results[MOST];
    assay_arena *arena = NULL;
    assay_sequential_result r, part;
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    draw(results, MOST, 0.95, 3);
    assert_int_equal(assay_sequential_judge(&r, results, MOST, &claim, NAN, &rule, arena, NULL),
                     ASSAY_OK);
    assert_int_equal(r.decision, 1);
    assert_true(r.last.n == r.decided_at && r.decided_at < MOST && r.last.low >= 0.8);
    assert_true(r.p_met <= 0.05 + 1e-12 && r.n_points > 0);
    double log_e = 0.0;
    assert_int_equal(
        assay_bernoulli_one_sided_e(&log_e, r.last.successes, r.last.n, 0.8, true, 1.0, 1.0, NULL),
        ASSAY_OK);
    assert_true(log_e >= log(20.0));
    /* one result less is not enough, and later ones change nothing */
    assert_int_equal(
        assay_sequential_judge(&part, results, r.decided_at - 1, &claim, NAN, &rule, arena, NULL),
        ASSAY_OK);
    assert_int_equal(part.decision, 0);
    memset(results + r.decided_at, 0, (size_t)(MOST - r.decided_at));
    assert_int_equal(assay_sequential_judge(&part, results, MOST, &claim, NAN, &rule, arena, NULL),
                     ASSAY_OK);
    assert_true(part.decision == 1 && part.decided_at == r.decided_at);
    assay_arena_free(arena);
}

/* A pool that has been looked at as a whole leaves nothing open. */
static void a_pool_ends(void **state)
{
    (void)state;
    const assay_proportion_claim claim = {0.5, true, 0.95};
    const assay_sequential_rule rule = {.method = ASSAY_SEQUENTIAL_POOL, .pool = 40};
    uint8_t results[40];
    assay_arena *arena = NULL;
    assay_sequential_result r;
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    for (int i = 0; i < 40; i++) {
        results[i] = i % 2 == 0; /* half of them: exactly at the limit */
    }
    assert_int_equal(assay_sequential_judge(&r, results, 40, &claim, NAN, &rule, arena, NULL),
                     ASSAY_OK);
    assert_int_equal(r.decision, 1);
    assert_true(r.last.low <= 0.5 + 1e-12 && r.last.high >= 0.5 - 1e-12);
    assay_arena_free(arena);
}

static void what_cannot_be_judged(void **state)
{
    (void)state;
    assay_proportion_claim claim = {1.0, true, 0.95};
    assay_sequential_rule rule = {.method = ASSAY_SEQUENTIAL_MIXTURE};
    const uint8_t one[2] = {1, 0};
    assay_arena *arena = NULL;
    assay_sequential_result r;
    assay_error err = {0};
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_sequential_judge(&r, one, 2, &claim, NAN, &rule, arena, &err),
                     ASSAY_EINVAL);
    claim.limit = 0.5;
    rule.method = ASSAY_SEQUENTIAL_SPRT;
    rule.beta = 0.1;
    assert_int_equal(assay_sequential_judge(&r, one, 2, &claim, NAN, &rule, arena, &err),
                     ASSAY_EINVAL);
    rule = (assay_sequential_rule){.method = ASSAY_SEQUENTIAL_POOL, .pool = 1};
    assert_int_equal(assay_sequential_judge(&r, one, 2, &claim, NAN, &rule, arena, &err),
                     ASSAY_EINVAL);
    rule.method = ASSAY_SEQUENTIAL_MIXTURE;
    assert_int_equal(assay_sequential_judge(&r, one, 0, &claim, NAN, &rule, arena, &err), ASSAY_OK);
    assert_true(r.decision == 0 && r.n_points == 0);
    assert_int_equal(assay_sequential_find("mixtur"), ASSAY_SEQUENTIAL_NONE);
    assert_int_equal(assay_sequential_find("pool"), ASSAY_SEQUENTIAL_POOL);
    assay_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looking_often_is_allowed),
        cmocka_unit_test(the_verdict_stands_at_the_first_crossing),
        cmocka_unit_test(a_pool_ends),
        cmocka_unit_test(what_cannot_be_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
