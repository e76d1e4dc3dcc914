/* data.yaml of YOLO data sets: what comes out has names for all numbers and a possible kpt_shape. */
#include <stdlib.h>

#include "plan/data_yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_arena *arena = NULL;
    assay_data_yaml yaml;
    assay_error err = {0};
    if (assay_arena_new(&arena, (size_t)64 << 20, &err) != ASSAY_OK) {
        return 0;
    }
    if (assay_data_yaml_read(&yaml, (const char *)data, size, "data.yaml", NULL, arena, &err) ==
        ASSAY_OK) {
        for (int64_t i = 0; i < yaml.n_names; i++) {
            if (yaml.names[i] == NULL) {
                abort();
            }
        }
        if (yaml.keypoints < 0 || yaml.keypoint_numbers < 0 || yaml.keypoint_numbers > 3 ||
            (yaml.keypoints > 0) != (yaml.keypoint_numbers > 0) || yaml.n_images < 0) {
            abort();
        }
    } else if (err.message[0] == '\0') {
        abort();
    }
    assay_arena_free(arena);
    return 0;
}
