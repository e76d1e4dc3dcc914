#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/rng.h"
#include "base/sort.h"

/* Random123, file tests/kat_vectors: counter, key, expected words. */
static void philox_known_answers(void **state)
{
    (void)state;
    static const uint32_t vectors[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d,
         0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
         0x94fdcceb, 0x5001e420, 0x24126ea1}};
    for (int i = 0; i < 3; i++) {
        uint32_t out[4];
        assay_philox4x32_10(out, vectors[i], vectors[i] + 4);
        assert_memory_equal(out, vectors[i] + 6, sizeof out);
    }
}

static void a_stream_is_an_address(void **state)
{
    (void)state;
    uint32_t out[4];
    const uint64_t seed = UINT64_C(0x0123456789abcdef);
    const uint64_t datum = UINT64_C(0xfedcba9876543210);
    const uint32_t key[2] = {0x89abcdef, 0x01234567};
    assay_rng rng = assay_rng_stream(seed, 42, datum);
    for (uint32_t block = 0; block < 3; block++) {
        const uint32_t counter[4] = {block, 42, 0x76543210, 0xfedcba98};
        assay_philox4x32_10(out, counter, key);
        for (int i = 0; i < 4; i++) {
            assert_int_equal(assay_rng_u32(&rng), out[i]);
        }
    }
    assay_rng words = assay_rng_stream(1, 2, 3);
    assay_rng doubles = assay_rng_stream(1, 2, 3);
    assay_rng reals = assay_rng_stream(1, 2, 3);
    for (int i = 0; i < 100; i++) {
        uint64_t low = assay_rng_u32(&words);
        uint64_t value = low | (uint64_t)assay_rng_u32(&words) << 32;
        assert_true(assay_rng_u64(&doubles) == value);
        assert_true(assay_rng_uniform(&reals) == (double)(value >> 11) / 9007199254740992.0);
    }
}

/* FNV-1a test vectors of its authors. */
static void streams_side_by_side_are_the_same(void **state)
{
    (void)state;
    uint64_t datum[ASSAY_RNG_STREAMS];
    assay_rng many[ASSAY_RNG_STREAMS];
    for (uint64_t i = 0; i < ASSAY_RNG_STREAMS; i++) {
        datum[i] = i * UINT64_C(0x123456789ABCDEF);
    }
    assay_rng_streams(many, UINT64_C(0xFEDCBA9876543210), 7, datum);
    for (int i = 0; i < ASSAY_RNG_STREAMS; i++) {
        assay_rng one = assay_rng_stream(UINT64_C(0xFEDCBA9876543210), 7, datum[i]);
        for (int k = 0; k < 9; k++) {
            assert_int_equal(assay_rng_u32(&many[i]), assay_rng_u32(&one));
        }
        assert_memory_equal(&many[i], &one, sizeof one);
    }
}

static void operation_ids(void **state)
{
    (void)state;
    assert_int_equal(assay_rng_operation(""), 0x811c9dc5);
    assert_int_equal(assay_rng_operation("a"), 0xe40c292c);
    assert_int_equal(assay_rng_operation("foobar"), 0xbf9cf968);
}

static void chi_square_fits(const double *observed, const double *expected, int cells)
{
    double statistic = 0.0;
    for (int i = 0; i < cells; i++) {
        double difference = observed[i] - expected[i];
        statistic += difference * difference / expected[i];
    }
    /* Wilson-Hilferty: the cube root is nearly normal; both tails, 4 standard deviations. */
    double df = cells - 1;
    double spread = 2.0 / (9.0 * df);
    double z = (cbrt(statistic / df) - (1.0 - spread)) / sqrt(spread);
    if (!(fabs(z) < 4.0)) {
        fail_msg("chi-square %g on %g degrees of freedom: z = %g", statistic, df, z);
    }
}

static void uniform_is_uniform(void **state)
{
    (void)state;
    enum { CELLS = 256, N = 400000 };
    static double observed[CELLS], expected[CELLS], pairs[CELLS];
    double previous = 0.0;
    for (int i = 0; i < N; i++) { /* one draw from each of N streams: the way it is used */
        assay_rng rng = assay_rng_stream(11, assay_rng_operation("test"), (uint64_t)i);
        double u = assay_rng_uniform(&rng);
        assert_true(u >= 0.0 && u < 1.0);
        observed[(int)(u * CELLS)]++;
        pairs[(int)(u * 16) * 16 + (int)(previous * 16)]++;
        previous = u;
    }
    for (int i = 0; i < CELLS; i++) {
        expected[i] = (double)N / CELLS;
    }
    chi_square_fits(observed, expected, CELLS);
    chi_square_fits(pairs, expected, CELLS);
}

static void below_is_unbiased(void **state)
{
    (void)state;
    const uint64_t sizes[] = {2, 3, 7, 10, 100, 1000};
    assay_rng rng = assay_rng_stream(12, 1, 0);
    for (size_t s = 0; s < ASSAY_COUNT(sizes); s++) {
        double observed[1000] = {0};
        double expected[1000];
        for (int i = 0; i < 200000; i++) {
            uint64_t value = assay_rng_below(&rng, sizes[s]);
            assert_true(value < sizes[s]);
            observed[value]++;
        }
        for (uint64_t i = 0; i < sizes[s]; i++) {
            expected[i] = 200000.0 / (double)sizes[s];
        }
        chi_square_fits(observed, expected, (int)sizes[s]);
    }
    /* Without rejection two thirds of all draws would fall in the even thirds of this range. */
    const uint64_t wide = UINT64_C(3) << 62;
    double observed[3] = {0};
    const double expected[3] = {20000.0, 20000.0, 20000.0};
    double residue[3] = {0};
    for (int i = 0; i < 60000; i++) {
        uint64_t value = assay_rng_below(&rng, wide);
        assert_true(value < wide);
        observed[value >> 62]++;
        residue[value % 3]++;
    }
    chi_square_fits(observed, expected, 3);
    chi_square_fits(residue, expected, 3);
    assert_true(assay_rng_below(&rng, 1) == 0);
    assert_true(assay_rng_below(&rng, 0) == 0);
}

static void inverse_normal_matches_the_oracle(void **state)
{
    (void)state;
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/base_normal.txt", "r");
    assert_non_null(file);
    double p = 0.0;
    double z = 0.0;
    double worst = 0.0;
    int lines = 0;
    while (fscanf(file, "%la %la", &p, &z) == 2) {
        double got = assay_normal_inverse(p);
        double error = z == 0.0 ? fabs(got) : fabs(got - z) / fabs(z);
        worst = error > worst ? error : worst;
        lines++;
    }
    (void)fclose(file);
    print_message("worst relative error %.2g over %d points\n", worst, lines);
    assert_true(lines > 400);
    assert_true(worst < 1e-15);
    assert_true(assay_normal_inverse(0.0) == -INFINITY);
    assert_true(assay_normal_inverse(1.0) == INFINITY);
    assert_true(isnan(assay_normal_inverse(-0.1)));
    assert_true(isnan(assay_normal_inverse(1.1)));
    assert_true(isnan(assay_normal_inverse(NAN)));
    assert_true(assay_normal_inverse(0.5) == 0.0);
}

static void normal_is_normal(void **state)
{
    (void)state;
    const int64_t n = 400000;
    double *draws = assay_alloc((size_t)n, sizeof *draws);
    int64_t *order = assay_alloc((size_t)n, sizeof *order);
    assay_rng rng = assay_rng_stream(13, 1, 0);
    double moments[5] = {0};
    for (int64_t i = 0; i < n; i++) {
        draws[i] = assay_rng_normal(&rng);
        double power = 1.0;
        for (int m = 1; m <= 4; m++) {
            power *= draws[i];
            moments[m] += power / (double)n;
        }
    }
    /* Standard errors of the raw moments: sqrt(1, 2, 15, 96 / n). */
    double root = sqrt((double)n);
    assert_true(fabs(moments[1]) < 4.0 / root);
    assert_true(fabs(moments[2] - 1.0) < 4.0 * sqrt(2.0) / root);
    assert_true(fabs(moments[3]) < 4.0 * sqrt(15.0) / root);
    assert_true(fabs(moments[4] - 3.0) < 4.0 * sqrt(96.0) / root);
    /* Kolmogorov-Smirnov; P(sqrt(n) D > 2.0) = 0.0007. */
    assert_int_equal(assay_sort_order(order, draws, n, 0, NULL), ASSAY_OK);
    double distance = 0.0;
    for (int64_t i = 0; i < n; i++) {
        double cdf = 0.5 * erfc(-draws[order[i]] / sqrt(2.0));
        distance = fmax(distance, fabs(cdf - (double)i / (double)n));
        distance = fmax(distance, fabs(cdf - (double)(i + 1) / (double)n));
    }
    assert_true(distance * root < 2.0);
    assay_free(draws);
    assay_free(order);
}

static double poisson_mass(int64_t k, double mean)
{
    return exp((double)k * log(mean) - mean - lgamma((double)k + 1.0));
}

/* Every value with an expectation of 10 or more is a cell of its own; both tails are one each. */
static void poisson_fits(double mean, int n)
{
    int64_t low = 0;
    while (n * poisson_mass(low, mean) < 10.0) {
        low++;
    }
    int64_t high = low;
    while (n * poisson_mass(high + 1, mean) >= 10.0) {
        high++;
    }
    int cells = (int)(high - low) + 3;
    double *observed = assay_alloc((size_t)cells, sizeof *observed);
    double *expected = assay_alloc((size_t)cells, sizeof *expected);
    double left = 0.0;
    double inside = 0.0;
    for (int64_t k = 0; k <= high; k++) {
        double mass = poisson_mass(k, mean);
        if (k < low) {
            left += mass;
        } else {
            expected[1 + k - low] = n * mass;
            inside += mass;
        }
    }
    expected[0] = n * left;
    expected[cells - 1] = n * (1.0 - left - inside);
    for (int i = 0; i < n; i++) {
        assay_rng rng = assay_rng_stream(14, assay_rng_operation("poisson"), (uint64_t)i);
        int64_t k = assay_rng_poisson(&rng, mean);
        assert_true(k >= 0);
        observed[k < low ? 0 : (k > high ? cells - 1 : 1 + k - low)]++;
    }
    int first = low == 0 ? 1 : 0; /* no left tail */
    if (expected[cells - 1] < 2.0) {
        expected[cells - 2] += expected[cells - 1];
        observed[cells - 2] += observed[cells - 1];
        cells--;
    }
    chi_square_fits(observed + first, expected + first, cells - first);
    assay_free(observed);
    assay_free(expected);
}

static void poisson_is_poisson(void **state)
{
    (void)state;
    const double means[] = {0.01, 0.5, 3.0, 9.9, 10.0, 12.5, 50.0, 1e4};
    for (size_t i = 0; i < ASSAY_COUNT(means); i++) {
        poisson_fits(means[i], means[i] == 10.0 ? 3000000 : 300000);
    }
}

static void poisson_at_large_means(void **state)
{
    (void)state;
    const double means[] = {1e6, 1e9, 1e12, 1e15};
    enum { N = 40000 };
    for (size_t m = 0; m < ASSAY_COUNT(means); m++) {
        double sum = 0.0;
        double squares = 0.0;
        double cubes = 0.0;
        for (int i = 0; i < N; i++) {
            assay_rng rng = assay_rng_stream(15, (uint32_t)m, (uint64_t)i);
            int64_t k = assay_rng_poisson(&rng, means[m]);
            double z = ((double)k - means[m]) / sqrt(means[m]);
            sum += z;
            squares += z * z;
            cubes += z * z * z;
        }
        double root = sqrt((double)N);
        assert_true(fabs(sum / N) < 4.0 / root);
        assert_true(fabs(squares / N - 1.0) < 4.0 * sqrt(2.0) / root);
        assert_true(fabs(cubes / N) < 4.0 * sqrt(15.0) / root);
    }
}

static void poisson_at_the_edges(void **state)
{
    (void)state;
    assay_rng rng = assay_rng_stream(16, 0, 0);
    assert_true(assay_rng_poisson(&rng, 0.0) == 0);
    assert_true(assay_rng_poisson(&rng, -1.0) == 0);
    assert_true(assay_rng_poisson(&rng, NAN) == 0);
    for (int i = 0; i < 100; i++) {
        double k = (double)assay_rng_poisson(&rng, i % 2 ? INFINITY : 1e300);
        assert_true(fabs(k - 0x1p53) < 7.0 * 0x1p26 * sqrt(2.0));
    }
}

static void words_in_bulk_are_the_same_words(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 3, 4, 31, 32, 33, 64, 5, 200};
    assay_rng one = assay_rng_stream(5, 6, 7);
    assay_rng many = assay_rng_stream(5, 6, 7);
    one.counter[0] = many.counter[0] = UINT32_C(0xFFFFFFF0); /* the counter passes its end */
    for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
        uint32_t words[200];
        assay_rng_words(words, lengths[l], &many);
        for (size_t i = 0; i < lengths[l]; i++) {
            assert_int_equal(words[i], assay_rng_u32(&one));
        }
    }
    assert_int_equal(assay_rng_u64(&one), assay_rng_u64(&many));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_side_by_side_are_the_same),
        cmocka_unit_test(philox_known_answers),
        cmocka_unit_test(a_stream_is_an_address),
        cmocka_unit_test(words_in_bulk_are_the_same_words),
        cmocka_unit_test(operation_ids),
        cmocka_unit_test(uniform_is_uniform),
        cmocka_unit_test(below_is_unbiased),
        cmocka_unit_test(inverse_normal_matches_the_oracle),
        cmocka_unit_test(normal_is_normal),
        cmocka_unit_test(poisson_is_poisson),
        cmocka_unit_test(poisson_at_large_means),
        cmocka_unit_test(poisson_at_the_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
