/* model-metadata.json of JATIC_ONNX. */
#include "api/model_jatic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_arena *arena = NULL;
    assay_model_spec spec = {0};
    assay_error err;

    assay_preprocess_init(&spec.preprocess);
    if (assay_arena_new(&arena, (size_t)64 << 20, &err) == ASSAY_OK) {
        (void)!assay_jatic_spec(&spec, (const char *)data, size, "model-metadata.json", arena,
                                &err);
        assay_arena_free(arena);
    }
    return 0;
}
