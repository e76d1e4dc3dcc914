/* What a comparison says about two models being close enough, in sentences. */
#include <math.h>

#include "base/text.h"
#include "report/compare.h"
#include "report/words.h"

void assay_words_gap(assay_buffer *out, const assay_json_value *item, double gap)
{
    assay_scale scale = assay_words_scale(item);
    if (!scale.percent) {
        assay_buffer_puts(out, assay_figure_short(gap).text);
        return;
    }
    assay_buffer_puts(out, assay_figure_short(gap * 100.0).text);
    assay_buffer_puts(out, gap == 0.01 ? " percentage point" : " percentage points");
}

assay_figure assay_words_chance(double share)
{
    static const assay_figure tiny = {.text = "under 0.1\xc2\xa0%"},
                              nearly = {.text = "over 99.9\xc2\xa0%"};

    return share < 0.001 ? tiny : share > 0.999 ? nearly : assay_figure_percent(share, 1);
}

static void put_confidence(assay_buffer *out, double level)
{
    assay_buffer_puts(out, ": shown at ");
    assay_buffer_puts(out, assay_figure_limit((assay_scale){.percent = true}, level).text);
    assay_buffer_puts(out, " confidence");
}

static void put_p(assay_buffer *out, double p)
{
    if (!isnan(p)) {
        assay_figure figure = assay_compare_p(p);
        assay_buffer_puts(out, figure.text[0] == '<' ? " (p " : " (p = ");
        assay_buffer_puts(out, figure.text);
        assay_buffer_puts(out, ")");
    }
}

static void put_noninferiority(assay_buffer *out, const assay_json_value *item, const char *a,
                               const char *b)
{
    const assay_json_value *claim = assay_json_get(item, "noninferiority");
    const char *verdict = assay_json_get_text(claim, "verdict", "");
    if (!assay_json_is_object(claim)) {
        return;
    }
    bool open = assay_text_equal(verdict, "undecided");
    assay_buffer_puts(out, open ? "Whether " : "");
    assay_buffer_puts(out, b);
    assay_buffer_puts(out, assay_text_equal(verdict, "not_worse") ? " is not worse than "
                                                                  : " is worse than ");
    assay_buffer_puts(out, a);
    assay_buffer_puts(out, " by more than ");
    assay_words_gap(out, item, assay_evidence_real(claim, "margin"));
    if (open) {
        assay_buffer_puts(out, " is not decided by these data");
    } else {
        put_confidence(out, assay_evidence_real(claim, "confidence"));
    }
    assay_buffer_puts(out, ".");
}

static void put_equivalence(assay_buffer *out, const assay_json_value *item)
{
    const assay_json_value *claim = assay_json_get(item, "equivalence");
    const char *verdict = assay_json_get_text(claim, "verdict", "");
    if (!assay_json_is_object(claim)) {
        return;
    }
    bool open = assay_text_equal(verdict, "undecided");
    assay_buffer_puts(out, out->size > 0 ? " " : "");
    assay_buffer_puts(out, open ? "Whether the two differ by " : "The two differ by ");
    assay_buffer_puts(out, assay_text_equal(verdict, "different") ? "more than " : "less than ");
    assay_words_gap(out, item, assay_evidence_real(claim, "margin"));
    if (open) {
        assay_buffer_puts(out, " is not decided by these data");
    } else {
        put_confidence(out, assay_evidence_real(item, "level"));
    }
    put_p(out, assay_text_equal(verdict, "different") ? NAN : assay_evidence_real(claim, "p"));
    assay_buffer_puts(out, ".");
}

static void put_posterior(assay_buffer *out, const assay_json_value *item, const char *a,
                          const char *b)
{
    const assay_json_value *claim = assay_json_get(item, "posterior");
    double equal = assay_evidence_real(claim, "equivalent");
    if (!assay_json_is_object(claim) || isnan(equal)) {
        return;
    }
    assay_buffer_puts(out, out->size > 0 ? " " : "");
    assay_buffer_puts(out, "The chance that they are as good as equal, within ");
    assay_words_gap(out, item, assay_evidence_real(claim, "rope"));
    assay_buffer_puts(out, ", is ");
    assay_buffer_puts(out, assay_words_chance(equal).text);
    assay_buffer_puts(out, "; that ");
    assay_buffer_puts(out, b);
    assay_buffer_puts(out, " is better by more, ");
    assay_buffer_puts(out, assay_words_chance(assay_evidence_real(claim, "b_better")).text);
    assay_buffer_puts(out, "; that ");
    assay_buffer_puts(out, a);
    assay_buffer_puts(out, " is, ");
    assay_buffer_puts(out, assay_words_chance(assay_evidence_real(claim, "b_worse")).text);
    assay_buffer_puts(out, ".");
}

/* A claim about a margin can be shown where the test of any difference shows none. */
static void put_why_both(assay_buffer *out, const assay_json_value *item)
{
    const assay_json_value *claims[] = {assay_json_get(item, "noninferiority"),
                                        assay_json_get(item, "equivalence")};
    bool beyond = assay_text_equal(assay_json_get_text(claims[0], "verdict", ""), "worse") ||
                  assay_text_equal(assay_json_get_text(claims[1], "verdict", ""), "different");
    if (beyond && assay_text_equal(assay_json_get_text(item, "better", ""), "not_shown")) {
        assay_buffer_puts(out,
                          " Margins are judged one by one, from a one-sided bound; the test of any "
                          "difference is two-sided and corrected for all tests of the comparison, "
                          "and therefore shows none here.");
    }
}

bool assay_compare_has_closeness(const assay_json_value *item)
{
    return assay_json_is_object(assay_json_get(item, "noninferiority")) ||
           assay_json_is_object(assay_json_get(item, "equivalence")) ||
           assay_json_is_object(assay_json_get(item, "posterior"));
}

void assay_words_closeness(assay_buffer *out, const assay_evidence *evidence,
                           const assay_json_value *item)
{
    const char *a = assay_evidence_title(evidence->models, assay_json_get_text(item, "a", ""));
    const char *b = assay_evidence_title(evidence->models, assay_json_get_text(item, "b", ""));
    put_noninferiority(out, item, a, b);
    put_equivalence(out, item);
    put_why_both(out, item);
    put_posterior(out, item, a, b);
}
