/* The protobuf structure of an ONNX file: every location that is reported lies inside the input. */
#include <stdint.h>
#include <stdlib.h>

#include "onnx/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct limits {
    const char *begin, *end;
} limits;

static assay_status inside(void *payload, const char *location, size_t size, assay_error *err)
{
    const limits *all = payload;
    (void)err;
    if (location < all->begin || size > (size_t)(all->end - location)) {
        abort();
    }
    return ASSAY_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    limits all = {(const char *)data, (const char *)data + size};
    assay_status status = assay_onnx_scan(data, size, inside, &all, NULL);
    return status == ASSAY_EINTERNAL ? 1 : 0;
}
