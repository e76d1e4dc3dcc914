#include "base/base64.h"

#include <stdint.h>

void assay_base64_append(assay_buffer *out, const void *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *in = bytes;

    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t word = (uint32_t)in[i] << 16;
        word |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        word |= left > 2 ? (uint32_t)in[i + 2] : 0;
        char four[4] = {digits[word >> 18], digits[(word >> 12) & 63],
                        left > 1 ? digits[(word >> 6) & 63] : '=',
                        left > 2 ? digits[word & 63] : '='};
        assay_buffer_append(out, four, sizeof four);
    }
}
