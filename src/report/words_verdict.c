#include <math.h>
#include <string.h>

#include "base/text.h"
#include "report/compare.h"
#include "report/words.h"

static bool at_most(const assay_json_value *verdict)
{
    return assay_text_equal(assay_json_get_text(verdict, "compare", ""), "at_most");
}

assay_scale assay_words_verdict_scale(const assay_json_value *verdict)
{
    double threshold = assay_evidence_real(verdict, "threshold");
    assay_scale scale = assay_words_scale(verdict);
    scale = assay_scale_apart(scale, assay_evidence_real(verdict, "low"), threshold);
    scale = assay_scale_apart(scale, assay_evidence_real(verdict, "high"), threshold);
    return assay_scale_apart(scale, assay_evidence_real(verdict, "value"), threshold);
}

void assay_words_needed(assay_buffer *out, const assay_json_value *verdict)
{
    if (assay_words_composite(verdict)) {
        const char *key =
            assay_json_is_array(assay_json_get(verdict, "all_of")) ? "all_of" : "any_of";
        assay_buffer_puts(out, key[1] == 'l' ? "all of " : "one of ");
        assay_words_list(out, assay_json_get(verdict, key));
        return;
    }
    double threshold = assay_evidence_real(verdict, "threshold");
    assay_buffer_puts(out, at_most(verdict) ? "at most " : "at least ");
    assay_buffer_puts(out, assay_figure_limit(assay_words_scale(verdict), threshold).text);
}

void assay_words_between(assay_buffer *out, const assay_json_value *verdict)
{
    double low = assay_evidence_real(verdict, "low"), high = assay_evidence_real(verdict, "high");
    assay_scale scale = assay_words_verdict_scale(verdict);
    if (!isnan(low) && !isnan(high)) {
        assay_buffer_puts(out, "between ");
        assay_buffer_puts(out, assay_figure_value(scale, low).text);
        assay_buffer_puts(out, " and ");
        assay_buffer_puts(out, assay_figure_value(scale, high).text);
    } else if (!isnan(low) || !isnan(high)) {
        assay_buffer_puts(out, !isnan(low) ? "at least " : "at most ");
        assay_buffer_puts(out, assay_figure_value(scale, !isnan(low) ? low : high).text);
    }
}

/** The bound that decided, in a sentence. */
static void put_decisive(assay_buffer *out, const assay_json_value *verdict, bool met)
{
    assay_scale scale = assay_words_verdict_scale(verdict);
    double bound = assay_evidence_real(verdict, met == at_most(verdict) ? "high" : "low");
    const char *end = at_most(verdict)
                          ? met ? " stays within the allowed " : " exceeds the allowed "
                      : met ? " reaches the required "
                            : " stays below the required ";
    if (isnan(bound)) {
        return;
    }
    assay_buffer_puts(out, met ? "Even the most cautious estimate, "
                               : "Even the most favourable "
                                 "estimate, ");
    assay_buffer_puts(out, assay_figure_value(scale, bound).text);
    assay_buffer_puts(out, ",");
    assay_buffer_puts(out, end);
    double threshold = assay_evidence_real(verdict, "threshold");
    assay_buffer_puts(out, assay_figure_limit(scale, threshold).text);
    assay_buffer_puts(out, ".");
}

static void put_undecided(assay_buffer *out, const assay_json_value *verdict)
{
    double threshold = assay_evidence_real(verdict, "threshold");
    int64_t more = assay_json_get_int(verdict, "more_needed", -1);
    assay_buffer_puts(out, at_most(verdict) ? "The allowed " : "The required ");
    assay_buffer_puts(out, assay_figure_limit(assay_words_scale(verdict), threshold).text);
    assay_buffer_puts(out, " lies inside this range: with these samples nobody can say on which "
                           "side the true value is.");
    if (more > 0) {
        assay_buffer_puts(out, " About ");
        assay_buffer_puts(out, assay_figure_count(more).text);
        assay_buffer_puts(out, " more samples of this kind would decide it if the rate stays the "
                               "same.");
        double met = assay_evidence_real(verdict, "probability_met_if_collected");
        if (!isnan(met)) {
            assay_buffer_puts(out, " Collecting them will end in MET with a probability of ");
            assay_buffer_puts(out, assay_words_chance(met).text);
            assay_buffer_puts(out, ".");
        }
    } else if (assay_json_get(verdict, "more_needed") != NULL) {
        assay_buffer_puts(out, " How many more samples would decide it cannot be foretold.");
    }
}

void assay_words_why(assay_buffer *out, const assay_json_value *verdict)
{
    assay_verdict_kind kind = assay_evidence_verdict(verdict);
    if (assay_words_composite(verdict)) {
        assay_buffer_puts(out, assay_json_get_text(verdict, "explanation", ""));
        return;
    }
    const char *reason = assay_json_get_text(verdict, "reason", "");
    const assay_json_value *sequence = assay_json_get(verdict, "sequential");
    bool ratio = assay_text_equal(assay_json_get_text(sequence, "method", ""), "sprt");
    if (ratio && kind != ASSAY_VERDICT_NOT_EVALUATED) { /* has no range of its own */
        assay_buffer_puts(out, assay_json_get_text(verdict, "explanation", ""));
        if (assay_json_get_int(sequence, "decided_at", 0) > 0) {
            assay_buffer_puts(out, " The measured value is that of all labelled samples.");
        }
    } else if (kind == ASSAY_VERDICT_MET || kind == ASSAY_VERDICT_NOT_MET) {
        put_decisive(out, verdict, kind == ASSAY_VERDICT_MET);
    } else if (kind == ASSAY_VERDICT_INCONCLUSIVE) {
        put_undecided(out, verdict);
    } else {
        assay_buffer_puts(out, "This requirement could not be tested");
        assay_buffer_puts(out, reason[0] != '\0' ? ": " : ".");
    }
    if (reason[0] != '\0') {
        bool groups = assay_json_get_text(verdict, "extreme", NULL) != NULL;
        assay_buffer_puts(out, kind == ASSAY_VERDICT_NOT_EVALUATED ? ""
                               : groups                            ? " Of the groups, "
                                                                   : " ");
        assay_buffer_puts(out, reason);
        assay_buffer_puts(out, reason[strlen(reason) - 1] == '.' ? "" : ".");
    }
}

void assay_words_line(assay_buffer *out, const assay_json_value *verdict)
{
    double value = assay_evidence_real(verdict, "value");

    if (isnan(value)) {
        assay_buffer_puts(
            out,
            assay_json_get_text(verdict, assay_words_composite(verdict) ? "explanation" : "reason",
                                "not evaluated"));
        return;
    }
    assay_buffer_puts(out, "measured ");
    assay_buffer_puts(out, assay_figure_value(assay_words_verdict_scale(verdict), value).text);
    assay_buffer_puts(out, ", true value ");
    assay_words_between(out, verdict);
    assay_buffer_puts(out, ", needed: ");
    assay_words_needed(out, verdict);
}

void assay_words_outcome(assay_buffer *out, const assay_evidence *evidence)
{
    int64_t total = (int64_t)assay_json_size(evidence->verdicts);
    if (total == 0) {
        assay_buffer_puts(out, "Measured; no requirements were set");
        return;
    }
    assay_buffer_puts(out, assay_figure_count(evidence->counts[ASSAY_VERDICT_MET]).text);
    assay_buffer_puts(out, " of ");
    assay_buffer_puts(out, assay_figure_count(total).text);
    assay_buffer_puts(out, total == 1 ? " requirement MET" : " requirements MET");
    for (int kind = ASSAY_VERDICT_NOT_MET; kind <= ASSAY_VERDICT_NOT_EVALUATED; kind++) {
        if (evidence->counts[kind] > 0) {
            assay_buffer_puts(out, ", ");
            assay_buffer_puts(out, assay_figure_count(evidence->counts[kind]).text);
            assay_buffer_puts(out, " ");
            assay_buffer_puts(out, assay_evidence_verdict_name((assay_verdict_kind)kind));
        }
    }
}

void assay_words_time(assay_buffer *out, const char *time)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
    bool fits = strlen(time) == sizeof shape - 1;
    for (size_t i = 0; fits && i + 1 < sizeof shape; i++) {
        fits = shape[i] == 'd' ? time[i] >= '0' && time[i] <= '9' : time[i] == shape[i];
    }
    if (!fits) {
        assay_buffer_puts(out, time);
        return;
    }
    assay_buffer_append(out, time, 10);
    assay_buffer_putc(out, ' ');
    assay_buffer_append(out, time + 11, 5);
    assay_buffer_puts(out, " UTC");
}
