/**
 * @file report.h
 * Renderers of evidence. A report is a pure function of results.json: no file, clock or
 * environment is looked at, so the same evidence gives the same bytes.
 */
#ifndef ASSAY_REPORT_REPORT_H
#define ASSAY_REPORT_REPORT_H

#include "base/buffer.h"
#include "codec/json_value.h"

/** One self-contained HTML file: no script needed, no outside reference, prints well. */
ASSAY_NODISCARD assay_status assay_report_html(assay_buffer *out, const assay_json_value *results,
                                               assay_error *err);
/** One assessment of an attack (attack.json) as such a file. */
ASSAY_NODISCARD assay_status assay_report_attack(assay_buffer *out,
                                                 const assay_json_value *assessment,
                                                 assay_error *err);
/** Markdown with the same sections, charts as tables. */
ASSAY_NODISCARD assay_status assay_report_markdown(assay_buffer *out,
                                                   const assay_json_value *results,
                                                   assay_error *err);
/** JUnit XML: one test case per requirement. */
ASSAY_NODISCARD assay_status assay_report_junit(assay_buffer *out, const assay_json_value *results,
                                                assay_error *err);
/** SARIF 2.1.0 (OASIS): a rule and a result per requirement (kind pass, fail, or open when nothing
 *  is decided), and a result per finding. */
ASSAY_NODISCARD assay_status assay_report_sarif(assay_buffer *out, const assay_json_value *results,
                                                assay_error *err);
/** OSCAL assessment results 1.1.3 (NIST): an observation and a finding per requirement; anything
 *  but MET is not-satisfied. Identifiers come from the evidence's digests. */
ASSAY_NODISCARD assay_status assay_report_oscal(assay_buffer *out, const assay_json_value *results,
                                                assay_error *err);

#endif
