/* An .npy file that is read must survive being written and read again, bit for bit. */
#include <stdlib.h>
#include <string.h>

#include "codec/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_tensor first;
    assay_tensor second = {0};
    assay_error err = {0};
    if (assay_npy_read(&first, data, size, 1 << 20, &err) == ASSAY_OK) {
        assay_buffer out;
        assay_buffer_init(&out, 1 << 22);
        if (assay_npy_write(&out, &first, &err) != ASSAY_OK ||
            assay_npy_read(&second, (const uint8_t *)out.data, out.size, 1 << 20, &err) !=
                ASSAY_OK ||
            first.type != second.type || first.rank != second.rank ||
            memcmp(first.shape, second.shape, sizeof(first.shape)) != 0 ||
            memcmp(first.data, second.data,
                   (size_t)assay_tensor_count(&first) * assay_dtype_size(first.type)) != 0) {
            abort();
        }
        assay_buffer_dispose(&out);
    } else if (err.message[0] == '\0') {
        abort();
    }
    assay_tensor_dispose(&first);
    assay_tensor_dispose(&second);
    return 0;
}
