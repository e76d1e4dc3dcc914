#include "assay/size.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "api/context.h"
#include "assay/version.h"
#include "base/json_write.h"
#include "stats/discrete.h"
#include "stats/exact_power.h"
#include "stats/power.h"
#include "stats/sample_size.h"

enum { ROWS = 7 };

typedef struct answer {
    assay_size_request q; /* defaults filled in */
    assay_proportion_claim claim;
    bool counted;        /* `failures` was asked: no expectation is needed */
    int64_t independent; /* without pool and design effect */
    int64_t n;
    int64_t allowed; /* proportion: results against it with which it is still MET */
    double firsts[ROWS], rates[ROWS], met[ROWS]; /* of two: rates, or shares of one alone */
    int64_t by_rule; /* proportion, normal: what the exact rule takes; else 0 */
    int rows;
    const char *method;
} answer;

/** People write 90 and mean 90 %. */
static assay_status check_rate(const char *option, double value, assay_error *err)
{
    if (value > 1.0 && value <= 100.0) {
        return assay_fail(err, ASSAY_EINVAL, "%s is %g, but rates lie between 0 and 1: write %g",
                          option, value, value / 100.0);
    }
    if (value < 0.0 || value > 1.0) {
        return assay_fail(err, ASSAY_EINVAL, "%s is %g, but rates lie between 0 and 1", option,
                          value);
    }
    return ASSAY_OK;
}

static assay_status check_rates(const assay_size_request *q, assay_error *err)
{
    ASSAY_TRY(check_rate("--expect", q->expect, err));
    ASSAY_TRY(check_rate("--first", q->first, err));
    ASSAY_TRY(check_rate("--second", q->second, err));
    ASSAY_TRY(check_rate("--half-width", q->half_width, err));
    ASSAY_TRY(check_rate("--confidence", q->confidence, err));
    return check_rate("--power", q->power, err);
}

static assay_status fill(answer *a, const assay_size_request *request, assay_error *err)
{
    assay_size_request *q = &a->q;

    if (request->struct_size != sizeof *request &&
        request->struct_size != offsetof(assay_size_request, normal)) {
        return assay_fail(err, ASSAY_EINVAL, "assay_size_request is incomplete");
    }
    memset(q, 0, sizeof *q);
    memcpy(q, request, request->struct_size);
    if (q->normal && q->exact) {
        return assay_fail(err, ASSAY_EINVAL, "either --exact or --normal: which is meant?");
    }
    if (q->normal && q->kind == ASSAY_SIZE_PROPORTION && q->failures >= 0) {
        return assay_fail(err, ASSAY_EINVAL,
                          "--normal goes with --expect; a number of failures is counted exactly");
    }
    q->confidence = q->confidence == 0.0 ? 0.95 : q->confidence;
    q->power = q->power == 0.0 ? 0.8 : q->power;
    q->design_effect = q->design_effect == 0.0 ? 1.0 : q->design_effect;
    a->counted = q->kind == ASSAY_SIZE_PROPORTION && q->failures >= 0;
    a->allowed = -1;
    if (!(q->design_effect >= 1.0 && q->design_effect <= 1e6)) {
        return assay_fail(err, ASSAY_EINVAL, "the design effect is %g, expected 1 to 1,000,000",
                          q->design_effect);
    }
    if (q->pool < 0 || q->pool > 1000000000) {
        return assay_fail(err, ASSAY_EINVAL, "the pool is %" PRId64 ", expected 1 to 1,000,000,000",
                          q->pool);
    }
    return check_rates(q, err);
}

/** The most results against the claim with which n trials still meet it; -1 = none. */
static assay_status find_allowed(int64_t *out, int64_t n, const assay_proportion_claim *claim,
                                 assay_error *err)
{
    int64_t yes = -1;
    int64_t no = n + 1;

    while (no - yes > 1) {
        int64_t middle = yes + (no - yes) / 2;
        int decision = 0;
        ASSAY_TRY(
            assay_claim_decide(&decision, claim->at_least ? n - middle : middle, n, claim, err));
        *(decision == 1 ? &yes : &no) = middle;
    }
    *out = yes;
    return ASSAY_OK;
}

/** P(MET) along the true rate. */
static assay_status characterise(answer *a, assay_error *err)
{
    double limit = a->claim.limit;
    double end = a->claim.at_least ? 1.0 : 0.0;
    double step = a->counted ? (end - limit) / 5.0 : (a->q.expect - limit) / 3.0;
    bool exact_pool = a->q.pool > 0 && a->q.design_effect == 1.0;

    for (int i = -1; i < ROWS - 1; i++) {
        double rate = round((limit + step * (double)i) * 1e12) / 1e12;
        rate = exact_pool ? nearbyint(rate * (double)a->q.pool) / (double)a->q.pool : rate;
        bool again = a->rows > 0 && rate == a->rates[a->rows - 1];
        if (!(rate >= 0.0 && rate <= 1.0) || again) {
            continue;
        }
        a->rates[a->rows] = rate;
        if (exact_pool) {
            double bad = (a->claim.at_least ? 1.0 - rate : rate) * (double)a->q.pool;
            a->met[a->rows] =
                assay_hypergeometric_cdf(a->allowed, a->q.pool, (int64_t)nearbyint(bad), a->n);
        } else {
            ASSAY_TRY(assay_claim_power(&a->met[a->rows], rate, a->independent, &a->claim, err));
        }
        a->rows++;
    }
    return ASSAY_OK;
}

/* For an expected rate. The exact rule is what `assay run` judges by, so the failures it allows and the
 * probabilities of MET are its own after the normal formula, too. */
static assay_status size_expected(answer *a, assay_error *err)
{
    const assay_size_request *q = &a->q;
    bool pool = q->pool > 0 && q->design_effect == 1.0;
    double bad = (a->claim.at_least ? 1.0 - q->expect : q->expect) * (double)q->pool;
    double reached = 0.0;

    ASSAY_TRY(assay_size_power(&a->independent, &a->claim, q->expect, q->power, err));
    a->method = pool ? "exact hypergeometric power" : "exact binomial power";
    if (q->normal) {
        a->by_rule = a->independent;
        ASSAY_TRY(assay_size_one_normal(&a->independent, a->claim.limit, q->expect,
                                        1.0 - q->confidence, q->power, err));
        a->method = "normal approximation, one proportion";
    }
    ASSAY_TRY(find_allowed(&a->allowed, a->independent, &a->claim, err));
    ASSAY_TRY(assay_size_inflate(&a->n, a->independent, q->design_effect, 0.0, err));
    a->n = q->pool > 0 ? assay_size_in_pool(a->n, q->pool) : a->n;
    if (!pool) {
        return ASSAY_OK;
    }
    int64_t exact = 0;
    ASSAY_TRY(assay_size_pool_power(&exact, a->n, q->pool, q->expect, q->power, &a->claim, err));
    a->by_rule = q->normal ? exact : 0;
    a->n = q->normal ? a->n : exact;
    return assay_pool_power(&reached, &a->allowed, a->n, (int64_t)nearbyint(bad), q->pool,
                            &a->claim, err);
}

static assay_status size_proportion(answer *a, assay_error *err)
{
    const assay_size_request *q = &a->q;

    if (isnan(q->at_least) == isnan(q->at_most)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "which rate is to be shown? Give one of --at-least and --at-most");
    }
    a->claim = (assay_proportion_claim){isnan(q->at_least) ? q->at_most : q->at_least,
                                        isnan(q->at_most), q->confidence};
    ASSAY_TRY(check_rate(a->claim.at_least ? "--at-least" : "--at-most", a->claim.limit, err));
    if (a->counted) {
        ASSAY_TRY(assay_size_failures(&a->independent, q->failures, &a->claim, err));
        a->method = "exact binomial";
        ASSAY_TRY(assay_size_inflate(&a->n, a->independent, q->design_effect, 0.0, err));
        if (q->pool > 0 && q->design_effect == 1.0) {
            ASSAY_TRY(assay_size_pool_failures(&a->n, q->failures, q->pool, &a->claim, err));
            a->method = "exact hypergeometric";
        }
        a->allowed = q->failures;
    } else {
        if (isnan(q->expect)) {
            return assay_fail(err, ASSAY_EINVAL,
                              "what is the true rate expected to be? Give --expect, or --failures "
                              "(--zero-failures) to plan for a number of failures");
        }
        ASSAY_TRY(size_expected(a, err));
    }
    return characterise(a, err);
}

/* How likely the difference is found along its size, with the data that were asked for: 0, a quarter, ...,
 * one and a half times the stated one. */
static assay_status characterise_difference(answer *a, assay_error *err)
{
    const assay_size_request *q = &a->q;
    double alpha = 1.0 - q->confidence;
    bool paired = q->kind == ASSAY_SIZE_PAIRED;
    double flips = q->first + q->second;
    for (int i = 0; i < ROWS; i++) {
        double times = 0.25 * (double)i;
        /* of pairs the share of flips stays, and the difference is that of the two */
        double second = paired ? (flips + (q->second - q->first) * times) / 2.0
                               : q->first + (q->second - q->first) * times;
        double first = paired ? flips - second : q->first;
        second = round(second * 1e12) / 1e12;
        first = round(first * 1e12) / 1e12;
        if (!(second >= 0.0 && second <= 1.0 && first >= 0.0)) {
            continue;
        }
        double *power = &a->met[a->rows];
        a->firsts[a->rows] = first;
        a->rates[a->rows++] = second;
        if (paired) {
            ASSAY_TRY(
                q->exact
                    ? assay_power_mcnemar(power, a->independent, first, second, alpha, false, err)
                    : assay_power_mcnemar_normal(power, a->independent, first, second, alpha, err));
        } else {
            ASSAY_TRY(
                q->exact ? assay_power_fisher(power, a->independent, first, second, alpha, err)
                         : assay_power_two_tails(power, a->independent, first, second, alpha, err));
        }
    }
    return ASSAY_OK;
}

static assay_status compute(answer *a, assay_error *err)
{
    const assay_size_request *q = &a->q;

    switch (q->kind) {
    case ASSAY_SIZE_PROPORTION:
        return size_proportion(a, err);
    case ASSAY_SIZE_DIFFERENCE:
        if (q->exact) {
            ASSAY_TRY(assay_size_fisher(&a->independent, q->first, q->second, 1.0 - q->confidence,
                                        q->power, err));
            a->method = "exact power, Fisher's exact test";
            break;
        }
        ASSAY_TRY(assay_size_two(&a->independent, q->first, q->second, 1.0 - q->confidence,
                                 q->power, false, err));
        a->method = "normal approximation, two proportions";
        break;
    case ASSAY_SIZE_PAIRED:
        if (q->exact) {
            ASSAY_TRY(assay_size_mcnemar_exact(&a->independent, q->first, q->second,
                                               1.0 - q->confidence, q->power, err));
            a->method = "exact power, McNemar's exact test";
            break;
        }
        ASSAY_TRY(assay_size_mcnemar(&a->independent, q->first, q->second, 1.0 - q->confidence,
                                     q->power, err));
        a->method = "normal approximation, McNemar";
        break;
    case ASSAY_SIZE_PRECISION:
        ASSAY_TRY(q->normal ? assay_size_width(&a->independent, q->expect, q->half_width,
                                               1.0 - q->confidence, false, err)
                            : assay_size_precision(&a->independent, q->expect, q->half_width,
                                                   q->confidence, err));
        a->method = q->normal ? "normal approximation, width" : "exact Clopper-Pearson width";
        break;
    }
    if (q->kind != ASSAY_SIZE_PRECISION) {
        ASSAY_TRY(characterise_difference(a, err));
    }
    ASSAY_TRY(assay_size_inflate(&a->n, a->independent, q->design_effect, 0.0, err));
    a->n = q->pool > 0 ? assay_size_in_pool(a->n, q->pool) : a->n;
    return ASSAY_OK;
}

static void put_given(assay_json *json, const char *key, double value)
{
    if (!isnan(value)) {
        assay_json_put_real(json, key, value);
    }
}

static const char *estimand(const assay_size_request *q)
{
    return q->pool > 0 ? "It speaks of the samples that exist, of which these are drawn at random."
           : q->design_effect > 1.0
               ? "It speaks of the population that the groups of samples are an independent random "
                 "sample of."
               : "It speaks of the population that the samples are an independent random sample "
                 "of, "
                 "not of these samples alone.";
}

static void put_characteristic(assay_json *json, const answer *a)
{
    bool proportion = a->q.kind == ASSAY_SIZE_PROPORTION;
    if (a->rows == 0) {
        return;
    }
    assay_json_key(json, "operating_characteristic");
    assay_json_begin_array(json);
    for (int i = 0; i < a->rows; i++) {
        assay_json_begin_object(json);
        if (!proportion) {
            assay_json_put_real(json, "first", a->firsts[i]);
        }
        assay_json_put_real(json, proportion ? "rate" : "second", a->rates[i]);
        assay_json_put_real(json, proportion ? "met" : "found", a->met[i]);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

static assay_status write_json(char **out, const answer *a, assay_error *err)
{
    static const char *const kinds[] = {NULL, "proportion", "difference", "paired", "precision"};
    const assay_size_request *q = &a->q;
    bool proportion = q->kind == ASSAY_SIZE_PROPORTION;
    assay_buffer text;
    assay_json json;

    assay_buffer_init(&text, 0);
    assay_json_init(&json, &text, 1);
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "assay", ASSAY_VERSION);
    assay_json_key(&json, "size");
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "kind", kinds[q->kind]);
    if (proportion) {
        assay_json_put_text(&json, "compare", a->claim.at_least ? "at_least" : "at_most");
        assay_json_put_real(&json, "threshold", a->claim.limit);
    } else if (q->kind != ASSAY_SIZE_PRECISION) {
        assay_json_put_real(&json, "first", q->first);
        assay_json_put_real(&json, "second", q->second);
    } else {
        assay_json_put_real(&json, "half_width", q->half_width);
    }
    if (q->kind == ASSAY_SIZE_PRECISION || (proportion && !a->counted)) {
        put_given(&json, "expect", q->expect);
    }
    assay_json_put_real(&json, "confidence", q->confidence);
    if (q->kind != ASSAY_SIZE_PRECISION && !a->counted) {
        assay_json_put_real(&json, "power", q->power);
    }
    if (q->pool > 0) {
        assay_json_put_int(&json, "pool", q->pool);
    }
    assay_json_put_real(&json, "design_effect", q->design_effect);
    assay_json_put_text(&json, "method", a->method);
    assay_json_put_int(&json, "n", a->n);
    assay_json_put_int(&json, "n_independent", a->independent);
    if (proportion) {
        assay_json_put_int(&json, "allowed", a->allowed);
    }
    if (a->by_rule > 0) {
        assay_json_put_int(&json, "n_exact_rule", a->by_rule);
    }
    put_characteristic(&json, a);
    assay_json_put_text(&json, "estimand", estimand(q));
    assay_json_end_object(&json);
    assay_json_end_object(&json);
    assay_buffer_putc(&text, '\n');
    return assay_text_take(out, &text, err);
}

/** What the number promises, in a sentence. */
static void put_promise(assay_buffer *out, const answer *a)
{
    const assay_size_request *q = &a->q;
    double sure = 100.0 * q->confidence;

    switch (q->kind) {
    case ASSAY_SIZE_PROPORTION:
        assay_buffer_printf(out, "to show with %g %% confidence that the true rate is at %s %g %%",
                            sure, a->claim.at_least ? "least" : "most", 100.0 * a->claim.limit);
        if (a->counted) {
            assay_buffer_printf(out, ", when at most %" PRId64 " of them %s.\n", q->failures,
                                a->claim.at_least ? "fail" : "show what is counted");
        } else {
            assay_buffer_printf(out,
                                ".\nThe test then ends in MET with a probability of %s %g %% "
                                "if the true rate is %g %%.\n",
                                q->normal ? "about" : "at least", 100.0 * q->power,
                                100.0 * q->expect);
        }
        break;
    case ASSAY_SIZE_DIFFERENCE:
        assay_buffer_printf(out,
                            "in each of the two groups, to find with a probability of %g %% that "
                            "rates of %g %%\nand %g %% differ (two-sided, %g %% confidence).\n",
                            100.0 * q->power, 100.0 * q->first, 100.0 * q->second, sure);
        break;
    case ASSAY_SIZE_PAIRED:
        assay_buffer_printf(out,
                            "given to both models, to find with a probability of %g %% that they "
                            "differ, when\nonly the first is right on %g %% and only the second on "
                            "%g %% of them (two-sided, %g %% confidence).\n",
                            100.0 * q->power, 100.0 * q->first, 100.0 * q->second, sure);
        break;
    case ASSAY_SIZE_PRECISION:
        assay_buffer_printf(out,
                            "to know a rate of about %g %% to within %g points either way (%g %% "
                            "confidence).\n",
                            100.0 * q->expect, 100.0 * q->half_width, sure);
        break;
    }
}

static void put_table(assay_buffer *out, const answer *a)
{
    static const char *const heads[] = {
        NULL, "\n  true rate   probability of MET\n",
        "\n  second rate   probability of finding that they differ\n",
        "\n  only the first   only the second   probability of finding that they differ\n", ""};
    if (a->rows > 0) {
        assay_buffer_puts(out, heads[a->q.kind]);
    }
    for (int i = 0; i < a->rows; i++) {
        double rate = 100.0 * a->rates[i], met = 100.0 * a->met[i];
        switch (a->q.kind) {
        case ASSAY_SIZE_DIFFERENCE:
            assay_buffer_printf(out, "  %9.4g %%   %38.1f %%\n", rate, met);
            break;
        case ASSAY_SIZE_PAIRED:
            assay_buffer_printf(out, "  %12.4g %%   %13.4g %%   %38.1f %%\n", 100.0 * a->firsts[i],
                                rate, met);
            break;
        default:
            assay_buffer_printf(out, "  %7.4g %%   %16.1f %%\n", rate, met);
        }
    }
}

static assay_status write_text(char **out, const answer *a, assay_error *err)
{
    const assay_size_request *q = &a->q;
    assay_buffer text;

    assay_buffer_init(&text, 0);
    assay_buffer_printf(&text, "%" PRId64 " samples ", a->n);
    put_promise(&text, a);
    if (q->kind == ASSAY_SIZE_DIFFERENCE || q->kind == ASSAY_SIZE_PAIRED || q->normal) {
        assay_buffer_printf(&text, "Found by: %s.\n", a->method);
    }
    if (a->by_rule > 0) {
        assay_buffer_printf(&text,
                            "The exact rule that `assay run` judges by takes %" PRId64
                            " independent ones; the table is of that rule.\n",
                            a->by_rule);
    }
    if (q->design_effect > 1.0) {
        assay_buffer_printf(&text,
                            "They are worth %" PRId64 " independent ones (design effect %g).\n",
                            a->independent, q->design_effect);
    }
    if (q->pool > 0) {
        assay_buffer_printf(&text,
                            "The statement is about the %" PRId64 " samples that exist, of which "
                            "these are drawn at random.\n",
                            q->pool);
    } else {
        assay_buffer_printf(&text, "%s\n", estimand(q));
    }
    if (q->kind == ASSAY_SIZE_PROPORTION && !a->counted && q->design_effect == 1.0) {
        assay_buffer_printf(&text, "It is MET with at most %" PRId64 " %s.\n", a->allowed,
                            a->claim.at_least ? "failures" : "of what is counted");
    }
    put_table(&text, a);
    return assay_text_take(out, &text, err);
}

assay_status assay_size(char **json, char **text, const assay_size_request *request,
                        assay_error *err)
{
    answer a = {.n = 0};

    if (json) {
        *json = NULL;
    }
    if (text) {
        *text = NULL;
    }
    ASSAY_TRY(fill(&a, request, err));
    if (a.q.kind < ASSAY_SIZE_PROPORTION || a.q.kind > ASSAY_SIZE_PRECISION) {
        return assay_fail(err, ASSAY_EINVAL, "there is no such kind of question");
    }
    ASSAY_TRY(compute(&a, err));
    assay_status status = json ? write_json(json, &a, err) : ASSAY_OK;
    if (status == ASSAY_OK && text) {
        status = write_text(text, &a, err);
        if (status != ASSAY_OK && json) {
            assay_text_free(*json);
            *json = NULL;
        }
    }
    return status;
}
