/**
 * @file xml_scan.h
 * Walking an XML document in memory: elements and their text, as annotation files need them.
 * Attributes, comments and processing instructions are passed over. Document type definitions are
 * refused, so no entity can make a small file endless; depth and text are limited.
 */
#ifndef ASSAY_CODEC_XML_SCAN_H
#define ASSAY_CODEC_XML_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { ASSAY_XML_DEPTH = 64, ASSAY_XML_NAME = 64 };

/** Start with assay_xml_init; nothing to free. */
typedef struct assay_xml {
    const char *bytes, *at, *end;
    struct {
        const char *text;
        size_t size;
    } open[ASSAY_XML_DEPTH];
    int depth;
    bool empty; /* just after <name/>: its end is still to be told */
    bool rooted;
    char name[ASSAY_XML_NAME];
} assay_xml;

/** The bytes are borrowed; a byte order mark of UTF-8 is skipped. Other encodings than UTF-8 (and what
 *  it has in common with them) are refused. */
ASSAY_NODISCARD assay_status assay_xml_init(assay_xml *xml, const char *bytes, size_t size,
                                            assay_error *err);
/** Enter the next child of the present element; its name (cut to 63 bytes) is in xml->name. ASSAY_DONE
 *  when the element has ended (then the walk is in its parent), or after the root. */
ASSAY_NODISCARD assay_status assay_xml_child(assay_xml *xml, assay_error *err);
/** Leave the element just entered, with everything in it. */
ASSAY_NODISCARD assay_status assay_xml_skip(assay_xml *xml, assay_error *err);
/** The text of the element just entered, blanks at the ends removed, and leave it. Children in it are
 *  skipped. More than room - 1 bytes are refused. */
ASSAY_NODISCARD assay_status assay_xml_text(char *out, size_t room, assay_xml *xml,
                                            assay_error *err);
/** The same as a finite number; an empty element is NaN. */
ASSAY_NODISCARD assay_status assay_xml_real(double *out, assay_xml *xml, assay_error *err);
/** Fail with the present line before the message. */
assay_status assay_xml_fail(const assay_xml *xml, assay_error *err, assay_status code,
                            const char *format, ...) ASSAY_PRINTF(4, 5);

#endif
