/**
 * @file words.h
 * Sentences about measures and verdicts in plain words. Everything is appended as plain text: the
 * caller escapes it for its format.
 */
#ifndef ASSAY_REPORT_WORDS_H
#define ASSAY_REPORT_WORDS_H

#include "report/evidence.h"
#include "report/figure.h"

typedef struct assay_metric_words {
    const char *name;    /* of the operation */
    const char *title;   /* "Accuracy" */
    const char *meaning; /* one plain sentence */
    bool percent;        /* a share of 0..1 */
    int better;          /* +1 higher, -1 lower */
    const char *param;   /* the one parameter that readers need to see, or NULL */
} assay_metric_words;

/** NULL for a metric without words of its own: its name is shown then. */
const assay_metric_words *assay_words_metric(const char *name);
size_t assay_words_metrics(const assay_metric_words **out);
/** Those about detections, which the above leaves out. */
size_t assay_words_boxes(const assay_metric_words **out);
/** Those about segmentations, which both leave out. */
size_t assay_words_masks(const assay_metric_words **out);

/** Title of a metric; a name without words has its underscores made blanks. */
void assay_words_metric_title(assay_buffer *out, const char *name);
/** "Top-k accuracy (k = 2)", "F1, macro average", "Recall of class 7"; of a known metric only the
 *  parameter that readers need. */
void assay_words_measure(assay_buffer *out, const assay_json_value *measure);
/** All parameters, when assay_words_measure leaves some out; else nothing. */
void assay_words_rest(assay_buffer *out, const assay_json_value *measure);
/** "a = 1, b = x"; nothing for an empty or absent object. */
void assay_words_params(assay_buffer *out, const assay_json_value *params);
/** "rotation (angle = 15), severity 2". */
void assay_words_perturbation(assay_buffer *out, const assay_json_value *perturbation);

assay_scale assay_words_scale(const assay_json_value *measure);
/** "92.1 %", or "not defined" when there is no value. */
void assay_words_value(assay_buffer *out, const assay_json_value *measure);
/** "91.2 to 93.0 %"; nothing when there is no interval. */
void assay_words_interval(assay_buffer *out, const assay_json_value *measure);

/* a verdict */
/** Fine enough that no rounded number seems to lie on the wrong side of the threshold. */
assay_scale assay_words_verdict_scale(const assay_json_value *verdict);
/** "at least 90 %". */
void assay_words_needed(assay_buffer *out, const assay_json_value *verdict);
/** "between 91.2 % and 93.0 %"; nothing when it was not evaluated. */
void assay_words_between(assay_buffer *out, const assay_json_value *verdict);
/** What the verdict rests on, in one or two sentences. */
void assay_words_why(assay_buffer *out, const assay_json_value *verdict);
/** "REQ-1, REQ-2"; the first ones of very many. */
void assay_words_list(assay_buffer *out, const assay_json_value *texts);
/** The requirement is made of others: it has no measure of its own. */
bool assay_words_composite(const assay_json_value *verdict);
/** Further sentences, where the verdict has them: objective, p-values, family, gate, source. */
void assay_words_more(assay_buffer *out, const assay_json_value *verdict);
/** "measured 92.1 %, true value between 91.2 % and 93.0 %, needed: at least 90 %", or the reason why
 *  it was not evaluated. */
void assay_words_line(assay_buffer *out, const assay_json_value *verdict);

/** "2 of 4 requirements MET, 1 NOT MET, 1 INCONCLUSIVE". */
void assay_words_outcome(assay_buffer *out, const assay_evidence *evidence);
/** "2026-11-23 17:41 UTC" of "2026-11-23T17:41:48Z"; other texts unchanged. */
void assay_words_time(assay_buffer *out, const char *time);

#endif
