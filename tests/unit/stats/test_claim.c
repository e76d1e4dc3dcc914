/* P-values and predictive probabilities of claims against golden/stats_claim.txt (scipy), and the
 * duality of p-value and verdict. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "stats/claim.h"

static void near(const char *line, double got, double wanted, double tolerance)
{
    if (!(fabs(got - wanted) <= tolerance * fmax(fabs(wanted), 1e-12) || got == wanted)) {
        fail_msg("%s: got %.17g, wanted %.17g", line, got, wanted);
    }
}

static void golden(void **state)
{
    (void)state;
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/stats_claim.txt", "r");
    char line[512];
    int n_p = 0, n_predict = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        assay_proportion_claim claim = {.confidence = 0.95};
        int at_least = 0;
        int64_t x = 0, n = 0, m = 0;
        double met = 0, fail = 0, got_met = 0, got_fail = 0;
        if (sscanf(line, "p %lf %d %" SCNd64 " %" SCNd64 " %lf %lf", &claim.limit, &at_least, &x,
                   &n, &met, &fail) == 6) {
            claim.at_least = at_least != 0;
            assert_int_equal(assay_claim_p_values(&got_met, &got_fail, x, n, &claim, NULL),
                             ASSAY_OK);
            near(line, got_met, met, 1e-10);
            near(line, got_fail, fail, 1e-10);
            n_p++;
        } else if (sscanf(line, "predict %lf %d %lf %" SCNd64 " %" SCNd64 " %" SCNd64 " %lf %lf",
                          &claim.limit, &at_least, &claim.confidence, &x, &n, &m, &met,
                          &fail) == 8) {
            claim.at_least = at_least != 0;
            assert_int_equal(assay_claim_predict(&got_met, &got_fail, x, n, m, &claim, NULL),
                             ASSAY_OK);
            near(line, got_met, met, 1e-8);
            near(line, got_fail, fail, 1e-8);
            n_predict++;
        } else {
            fail_msg("not understood: %s", line);
        }
    }
    (void)fclose(file);
    assert_int_equal(n_p, 28);
    assert_int_equal(n_predict, 12);
}

static void p_value_and_verdict_agree(void **state)
{
    (void)state;
    static const double limits[] = {0.0, 0.05, 0.5, 0.9, 1.0};
    static const double confidences[] = {0.8, 0.95, 0.99};
    for (size_t l = 0; l < ASSAY_COUNT(limits); l++) {
        for (size_t c = 0; c < ASSAY_COUNT(confidences); c++) {
            for (int64_t n = 0; n <= 60; n += 12) {
                for (int64_t x = 0; x <= n; x++) {
                    for (int side = 0; side < 2; side++) {
                        assay_proportion_claim claim = {limits[l], side == 0, confidences[c]};
                        int decision = 0;
                        double met = 0, fail = 0;
                        assert_int_equal(assay_claim_decide(&decision, x, n, &claim, NULL),
                                         ASSAY_OK);
                        assert_int_equal(assay_claim_p_values(&met, &fail, x, n, &claim, NULL),
                                         ASSAY_OK);
                        assert_int_equal(decision == 1, met <= 1.0 - claim.confidence);
                        assert_int_equal(decision == -1,
                                         decision != 1 && fail < 1.0 - claim.confidence);
                    }
                }
            }
        }
    }
}

static void limits_are_checked(void **state)
{
    (void)state;
    assay_proportion_claim claim = {0.9, true, 0.95};
    double met = 0, fail = 0;
    assay_error err = {0};
    assert_int_equal(assay_claim_p_values(&met, &fail, 3, 2, &claim, &err), ASSAY_EINVAL);
    assert_int_equal(assay_claim_predict(&met, &fail, 0, 0, 5, &claim, &err), ASSAY_ELIMIT);
    assert_int_equal(assay_claim_predict(&met, &fail, 1, 2, -1, &claim, &err), ASSAY_ELIMIT);
    assert_int_equal(
        assay_claim_predict(&met, &fail, 1, 2, ASSAY_PREDICT_MOST + INT64_C(1), &claim, &err),
        ASSAY_ELIMIT);
    claim.limit = NAN;
    assert_int_equal(assay_claim_p_values(&met, &fail, 1, 2, &claim, &err), ASSAY_EINVAL);
    claim.limit = 0.9;
    assert_int_equal(
        assay_claim_predict(&met, &fail, 9000, 10000, ASSAY_PREDICT_MOST, &claim, &err), ASSAY_OK);
    assert_true(met + fail > 0.9 && met + fail <= 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden),
                                       cmocka_unit_test(p_value_and_verdict_agree),
                                       cmocka_unit_test(limits_are_checked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
