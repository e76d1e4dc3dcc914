/** @file compare.h  What the HTML and the Markdown report read from "comparisons". */
#ifndef ASSAY_REPORT_COMPARE_H
#define ASSAY_REPORT_COMPARE_H

#include "report/evidence.h"
#include "report/figure.h"
#include "report/svg.h"

/** NULL when there is none. */
const assay_json_value *assay_compare_list(const assay_evidence *evidence);
bool assay_compare_is_pair(const assay_json_value *item, const assay_json_value *other);
/** The first difference of each pair of models; returns how many pairs there are. */
size_t assay_compare_pairs(const assay_evidence *evidence, const assay_json_value **out,
                           size_t limit);
bool assay_compare_is_headline(const assay_evidence *evidence, const assay_json_value *item);
assay_scale assay_compare_scale(const assay_json_value *item);
assay_figure assay_compare_p(double p);
/** The title of the better model, or that none is shown to be. */
const char *assay_compare_better(const assay_evidence *evidence, const assay_json_value *item);
/** Contexts in which a, b and neither is shown to be better by the charts' metric. */
void assay_compare_wins(const assay_evidence *evidence, const assay_json_value *pair,
                        size_t out[3]);

/* Non-inferiority, equivalence and regions of practical equivalence, where the comparison has them. */
bool assay_compare_has_closeness(const assay_json_value *item);
/** "2 percentage points", or a plain number. */
void assay_words_gap(assay_buffer *out, const assay_json_value *item, double gap);
/** A probability as people read it: "12.3 %", "under 0.1 %". */
assay_figure assay_words_chance(double share);
/** One to three sentences, as plain text. */
void assay_words_closeness(assay_buffer *out, const assay_evidence *evidence,
                           const assay_json_value *item);
/** Widens the range of a chart by the margins. */
void assay_closeness_range(double *low, double *high, const assay_json_value *item);
/** Behind the interval: band of equivalence, line of non-inferiority. */
void assay_closeness_band(assay_buffer *out, const assay_track *track, const assay_json_value *item,
                          double bottom);
/** The part of the interval between the one-sided bounds. */
void assay_closeness_claim(assay_buffer *out, const assay_track *track,
                           const assay_json_value *item, int model, double y);
void assay_closeness_legend(assay_buffer *out, const assay_evidence *evidence,
                            const assay_json_value *pair);
/** Sentences, posterior probabilities and the table of all metrics below the forest plot. */
void assay_section_closeness(assay_buffer *out, const assay_evidence *evidence,
                             const assay_json_value *pair);

#endif
