#include <stdlib.h>
#include <string.h>

#include "codec/image_decode.h"
#include "image_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* CRC-32 of PNG, annex D, bit by bit. */
static uint32_t crc_of(const uint8_t *bytes, size_t size)
{
    uint32_t crc = 0xffffffffu;

    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc & 1) != 0 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
        }
    }
    return ~crc;
}

/* Give every chunk the checksum of what it holds, so that mutations reach the decoder behind it. */
static void fix_checksums(uint8_t *bytes, size_t size)
{
    size_t at = 8;

    while (at <= size && size - at >= 12) {
        size_t length = (size_t)bytes[at] << 24 | (size_t)bytes[at + 1] << 16 |
                        (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (length > size - at - 12) {
            return;
        }
        uint32_t crc = crc_of(bytes + at + 4, length + 4);
        for (size_t i = 0; i < 4; i++) {
            bytes[at + 8 + length + i] = (uint8_t)(crc >> (24 - 8 * i));
        }
        at += 12 + length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = NULL;

    (void)image_fuzz(data, size, ASSAY_IMAGE_PNG);
    if (size < 8 || (copy = malloc(size)) == NULL) {
        return 0;
    }
    memcpy(copy, data, size);
    fix_checksums(copy, size);
    (void)image_fuzz(copy, size, ASSAY_IMAGE_PNG);
    free(copy);
    return 0;
}
