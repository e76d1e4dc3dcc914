#include "codec/image_decode.h"
#include "image_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return image_fuzz(data, size, ASSAY_IMAGE_PNM);
}
