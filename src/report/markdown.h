/** @file markdown.h  The parts of the Markdown report, which lie in two files. */
#ifndef ASSAY_REPORT_MARKDOWN_H
#define ASSAY_REPORT_MARKDOWN_H

#include "report/evidence.h"

/** A sentence of words.h, escaped. */
void assay_markdown_words(assay_buffer *out, const assay_json_value *item,
                          void (*words)(assay_buffer *, const assay_json_value *));
/** Which model is better, and where. */
void assay_markdown_compare(assay_buffer *out, const assay_evidence *evidence);
/** Contexts, sweeps, breakdowns, examples, data, all measures and provenance. */
void assay_markdown_tables(assay_buffer *out, const assay_evidence *evidence);

#endif
