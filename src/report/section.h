/**
 * @file section.h
 * The sections of the HTML report, each in a file of its own. A section without anything to show
 * writes nothing. Failures are those of the buffer.
 */
#ifndef ASSAY_REPORT_SECTION_H
#define ASSAY_REPORT_SECTION_H

#include "base/buffer.h"
#include "report/evidence.h"
#include "report/svg.h"
#include "report/write.h"

void assay_style_put(assay_buffer *out);
/** Everything up to and with </head>. `marking` may be "". */
void assay_page_head(assay_buffer *out, const char *version, const char *marking,
                     const char *title);

void assay_section_summary(assay_buffer *out, const assay_evidence *evidence);
void assay_section_verdicts(assay_buffer *out, const assay_evidence *evidence);
void assay_section_findings(assay_buffer *out, const assay_evidence *evidence);
void assay_section_contexts(assay_buffer *out, const assay_evidence *evidence);
void assay_section_compare(assay_buffer *out, const assay_evidence *evidence);
void assay_section_fairness(assay_buffer *out, const assay_evidence *evidence);
void assay_section_sweeps(assay_buffer *out, const assay_evidence *evidence);
void assay_section_boxes(assay_buffer *out, const assay_evidence *evidence);
/** Part of assay_section_boxes: kinds of errors, confusion with the background. */
void assay_section_boxes_errors(assay_buffer *out, const assay_evidence *evidence);
void assay_section_boxes_use(assay_buffer *out, const assay_evidence *evidence);
void assay_section_masks(assay_buffer *out, const assay_evidence *evidence);
void assay_section_mask_gallery(assay_buffer *out, const assay_evidence *evidence);
void assay_section_gallery(assay_buffer *out, const assay_evidence *evidence);
void assay_section_attacks(assay_buffer *out, const assay_evidence *evidence);
/** Parts of it, from one assessment: queries, distances, groups, transfer, certificate; checklist. */
void assay_section_attacks_more(assay_buffer *out, const assay_evidence *evidence,
                                const assay_json_value *assessment);
void assay_section_attacks_checklist(assay_buffer *out, const assay_json_value *assessment);
/** All of one assessment, without a heading. */
void assay_section_attack(assay_buffer *out, const assay_evidence *evidence,
                          const assay_json_value *assessment);
/** `<td>` with a share and its interval; a dash for null. */
void assay_section_share_cell(assay_buffer *out, const assay_json_value *share);
void assay_section_breakdowns(assay_buffer *out, const assay_evidence *evidence);
void assay_section_confusion(assay_buffer *out, const assay_evidence *evidence);
void assay_section_reliability(assay_buffer *out, const assay_evidence *evidence);
void assay_section_risk_coverage(assay_buffer *out, const assay_evidence *evidence);
void assay_section_examples(assay_buffer *out, const assay_evidence *evidence);
void assay_section_data(assay_buffer *out, const assay_evidence *evidence);
void assay_section_measures(assay_buffer *out, const assay_evidence *evidence);
void assay_section_glossary(assay_buffer *out, const assay_evidence *evidence);
void assay_section_provenance(assay_buffer *out, const assay_evidence *evidence);

/* shared by sections */
/** The operating characteristic of a requirement on a proportion with exact bounds: the probability
 *  of MET for every true value; nothing for other requirements. */
/** What was known after each sample of a sequential verdict; nothing for others. */
void assay_section_sequential(assay_buffer *out, const assay_json_value *verdict);
void assay_section_characteristic(assay_buffer *out, const assay_json_value *verdict);
/** Opens <section> with a heading and, unless NULL, a line that says what is to be seen. */
void assay_section_begin(assay_buffer *out, const char *id, const char *heading, const char *lead);
void assay_section_end(assay_buffer *out);
/** Marks and titles of the models; nothing when there is only one. */
void assay_section_legend(assay_buffer *out, const assay_evidence *evidence);
/** The contexts that detailed charts are drawn for: whole data sets, or the first ones when there
 *  is none. Returns how many, at most `limit`. */
size_t assay_section_main_contexts(const assay_evidence *evidence, int *out, size_t limit);
/** `<span class="badge ...">` with a sign and the word. */
void assay_section_badge(assay_buffer *out, assay_verdict_kind kind);
/** A picture that lies in the text itself (PNG or JPEG as data URI): nothing else may be loaded. */
bool assay_section_is_picture(const char *image);
/** Both are of the same model and context: they stand below one heading. */
bool assay_section_same_group(const assay_json_value *a, const assay_json_value *b);
/** That heading. */
void assay_section_group(assay_buffer *out, const assay_evidence *evidence,
                         const assay_json_value *item);
/** A note that only the first `shown` of `total` are shown; nothing when all are. */
void assay_section_rest(assay_buffer *out, size_t shown, size_t total, const char *what);

/** One row of a dot plot: what is measured there for each model. */
typedef struct assay_dot {
    double value, low, high;
    int64_t n;
} assay_dot;

/** A row: label, optional small print, one dot per model (NaN value = none), thresholds (NaN =
 *  none, one per model). */
void assay_section_dots(assay_buffer *out, const assay_evidence *evidence, const assay_track *track,
                        const char *label, const char *small, const assay_dot *dots,
                        const double *thresholds);

/** The axis below the rows, and what the numbers beside them are. */
void assay_section_dots_foot(assay_buffer *out, const assay_track *track, double level);

/* measures of one context */

/** The beginning of a row of a table: the model, with its mark when there are several. */
void assay_section_model_row(assay_buffer *out, const assay_evidence *evidence, int model);
/** `<td>` with a measure's value and, below it, its interval; a dash for NULL. */
void assay_section_measure_cell(assay_buffer *out, const assay_json_value *measure,
                                assay_scale of_value, assay_scale of_ends);
/** A measure as a dot; NULL has no value. */
void assay_section_read_dot(assay_dot *dot, const assay_json_value *measure);

/** What rows of classes show. */
typedef struct assay_by_class {
    assay_measure_fits *fits; /* which measures are shown */
    const void *what;         /* handed to it */
    const char *title;        /* of the measure */
    const char *counted;      /* what its n counts */
} assay_by_class;

/** A row of dots for each class that has a value in the context, the hardest first. False when there is
 *  none. `several`: the heading names the context. */
bool assay_section_classes(assay_buffer *out, const assay_evidence *evidence, int context,
                           bool several, const assay_by_class *by);

#endif
