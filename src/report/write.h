/**
 * @file write.h
 * Writing text that others gave into HTML, Markdown and XML. In the formats below every `%s` is
 * escaped, so that a hostile name cannot leave its place; the literal parts are ours. Only `%s`,
 * `%d`, `%zu` and `%%` exist. Bidirectional controls, zero-width characters and control characters
 * are made visible or replaced in all three, line ends become blanks.
 */
#ifndef ASSAY_REPORT_WRITE_H
#define ASSAY_REPORT_WRITE_H

#include "base/buffer.h"

void assay_html_put(assay_buffer *out, const char *format, ...) ASSAY_PRINTF(2, 3);
void assay_markdown_put(assay_buffer *out, const char *format, ...) ASSAY_PRINTF(2, 3);
void assay_xml_put(assay_buffer *out, const char *format, ...) ASSAY_PRINTF(2, 3);

/** The text of a scratch buffer, escaped; its failure becomes that of `out`. */
void assay_html_buffer(assay_buffer *out, const assay_buffer *text);
void assay_markdown_buffer(assay_buffer *out, const assay_buffer *text);
void assay_xml_buffer(assay_buffer *out, const assay_buffer *text);

/** At most `limit` characters of a text, the last being an ellipsis when something was cut. */
void assay_text_cut(assay_buffer *out, const char *text, int limit);

#endif
