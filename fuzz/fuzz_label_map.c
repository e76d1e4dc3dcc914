/* Label maps: PNG samples as they are stored; what can be read is counted against itself. */
#include <stdlib.h>

#include "codec/label_map.h"
#include "core/segmentation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const assay_image_limits limits = {1 << 16, 1024};
    const assay_segmentation_options options = {.classes = 300, .ignore = 255};
    assay_label_map map = {0};
    assay_error err = {0};
    assay_segmentation_scratch scratch = {0};
    int32_t n = 0;
    if (assay_label_map_decode(&map, data, size, &limits, &err) != ASSAY_OK) {
        if (map.labels != NULL || err.message[0] == '\0') {
            abort();
        }
        return 0;
    }
    assay_segment_counts *counts = calloc(300, sizeof *counts);
    if (counts == NULL || assay_segmentation_count(counts, &n, NULL, &map, &map, &options, &scratch,
                                                   &err) != ASSAY_OK) {
        abort();
    }
    for (int32_t i = 0; i < n; i++) {
        const assay_segment_counts *c = &counts[i];
        if (c->truth != c->both || c->predicted != c->both || c->boundary_both < 1 ||
            c->boundary_truth != c->boundary_both || c->class_index == 255) {
            abort();
        }
    }
    free(counts);
    assay_segmentation_scratch_dispose(&scratch);
    assay_label_map_dispose(&map);
    return 0;
}
