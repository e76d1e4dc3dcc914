/* List an archive's arrays, then read every one of them. */
#include <stdlib.h>
#include <string.h>

#include "codec/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_buffer names;
    assay_error err = {0};
    assay_buffer_init(&names, 1 << 20);
    if (assay_npz_list(&names, data, size, &err) == ASSAY_OK && names.size > 0) {
        char *name = names.data;
        for (int i = 0; i < 16 && name != NULL; i++) {
            assay_tensor tensor;
            char *end = strchr(name, '\n');
            if (end != NULL) {
                *end++ = '\0';
            }
            if (assay_npz_read(&tensor, data, size, name, 1 << 20, &err) != ASSAY_OK &&
                (tensor.data != NULL || err.message[0] == '\0')) {
                abort();
            }
            assay_tensor_dispose(&tensor);
            name = end;
        }
    }
    assay_buffer_dispose(&names);
    return 0;
}
