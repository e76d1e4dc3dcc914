/* The JSON of panoptic label maps; every image is counted against itself on a small map. */
#include <stdlib.h>

#include "codec/json_scan.h"
#include "core/panoptic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(const assay_panoptic *p, int64_t i)
{
    uint32_t labels[16];
    const assay_label_map map = {4, 4, labels, true};
    const assay_panoptic_segment *s = p->segments + p->first[i];
    int64_t n = p->first[i + 1] - p->first[i];
    assay_panoptic_counts counts[64] = {0};
    for (int k = 0; k < 16; k++) {
        labels[k] = n > 0 ? (uint32_t)s[k % n].id : 0;
    }
    const assay_panoptic_pair pair = {&map, &map, s, s, n, n};
    if (assay_panoptic_count(counts, 64, &pair, NULL) != ASSAY_OK) {
        return;
    }
    for (int k = 0; k < 64; k++) {
        if (counts[k].found < 0 || counts[k].found > 16 || counts[k].missed > n) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_memory_source source = {data, size};
    assay_panoptic *p = NULL;
    assay_error err = {0};
    if (assay_panoptic_read(&p, assay_memory_read, &source, 1, &err) != ASSAY_OK) {
        if (p != NULL || err.message[0] == '\0') {
            abort();
        }
        return 0;
    }
    for (int64_t i = 0; i < p->n_images; i++) {
        count(p, i);
    }
    assay_panoptic_free(p);
    return 0;
}
