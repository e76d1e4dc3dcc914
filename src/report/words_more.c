#include <math.h>
#include <string.h>

#include "base/text.h"
#include "report/words.h"

enum { LISTED = 32 };

bool assay_words_composite(const assay_json_value *verdict)
{
    return assay_json_is_array(assay_json_get(verdict, "all_of")) ||
           assay_json_is_array(assay_json_get(verdict, "any_of"));
}

void assay_words_list(assay_buffer *out, const assay_json_value *texts)
{
    size_t n = assay_json_size(texts);

    for (size_t i = 0; i < n && i < LISTED; i++) {
        assay_buffer_puts(out, i == 0 ? "" : ", ");
        assay_buffer_puts(out, assay_json_as_text(assay_json_at(texts, i), "?"));
    }
    if (n > LISTED) {
        assay_buffer_puts(out, " and ");
        assay_buffer_puts(out, assay_figure_count((int64_t)(n - LISTED)).text);
        assay_buffer_puts(out, " more");
    }
}

static void put_p(assay_buffer *out, double p)
{
    assay_buffer_puts(out, p < 0.0001 ? "p below 0.0001" : "p = ");
    if (p >= 0.0001) {
        assay_buffer_puts(out, assay_figure_fixed(p, p < 0.01 ? 4 : 3).text);
    }
}

static void put_objective(assay_buffer *out, const assay_json_value *verdict)
{
    double objective = assay_evidence_real(verdict, "objective");
    const char *word = assay_json_get_text(verdict, "objective_verdict", "");

    if (isnan(objective)) {
        return;
    }
    assay_buffer_puts(out, " The objective, ");
    assay_buffer_puts(out, assay_text_equal(assay_json_get_text(verdict, "compare", ""), "at_most")
                               ? "at most "
                               : "at least ");
    assay_buffer_puts(out, assay_figure_limit(assay_words_scale(verdict), objective).text);
    assay_buffer_puts(out, ", is ");
    assay_buffer_puts(out, word[0] != '\0' ? word : "NOT EVALUATED");
    assay_buffer_puts(out, ".");
}

static void put_p_values(assay_buffer *out, const assay_json_value *verdict)
{
    double met = assay_evidence_real(verdict, "p_met");
    double not_met = assay_evidence_real(verdict, "p_not_met");
    double adjusted = assay_evidence_real(verdict, "p_adjusted");
    bool failed = assay_evidence_verdict(verdict) == ASSAY_VERDICT_NOT_MET;

    if (!isnan(met) && !failed) {
        assay_buffer_puts(out, " If the requirement were just missed, chance would give so good a "
                               "result with ");
        put_p(out, met);
        assay_buffer_puts(out, ".");
    }
    if (!isnan(not_met) && failed) {
        assay_buffer_puts(out, " If the requirement were just fulfilled, chance would give so bad "
                               "a result with ");
        put_p(out, not_met);
        if (!isnan(adjusted)) {
            assay_buffer_puts(out, "; corrected for the family, ");
            put_p(out, adjusted);
        }
        assay_buffer_puts(out, ".");
    }
}

void assay_words_more(assay_buffer *out, const assay_json_value *verdict)
{
    const char *family = assay_json_get_text(verdict, "family", "");
    const char *source = assay_json_get_text(verdict, "source", "");
    const assay_json_value *gate = assay_json_get(verdict, "gate");

    put_objective(out, verdict);
    put_p_values(out, verdict);
    if (family[0] != '\0') {
        assay_buffer_puts(out, " It belongs to the family ");
        assay_buffer_puts(out, family);
        assay_buffer_puts(out, ".");
    }
    bool shut = strcmp(assay_json_get_text(verdict, "verdict", ""), "NOT EVALUATED") == 0;
    if (!shut && assay_json_is_array(gate) && assay_json_size(gate) > 0) {
        assay_buffer_puts(out, " It is evaluated only when these are MET: ");
        assay_words_list(out, gate);
        assay_buffer_puts(out, ".");
    }
    if (source[0] != '\0') {
        assay_buffer_puts(out, " Source: ");
        assay_buffer_puts(out, source);
        assay_buffer_puts(out, ".");
    }
}
