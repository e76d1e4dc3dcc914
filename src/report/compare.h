/** @file compare.h  What the HTML and the Markdown report read from "comparisons". */
#ifndef ASSAY_REPORT_COMPARE_H
#define ASSAY_REPORT_COMPARE_H

#include "report/evidence.h"
#include "report/figure.h"

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

#endif
