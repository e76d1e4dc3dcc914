/** @file base64.h  RFC 4648 base64, for images inside JSON and HTML. */
#ifndef ASSAY_BASE_BASE64_H
#define ASSAY_BASE_BASE64_H

#include "base/buffer.h"

/** Append the encoded bytes, with padding, without line breaks. */
void assay_base64_append(assay_buffer *out, const void *bytes, size_t size);

#endif
