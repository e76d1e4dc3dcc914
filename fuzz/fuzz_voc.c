/* Pascal VOC annotations (and with them the XML reader). */
#include "annotation_fuzz.h"
#include "codec/voc_read.h"
#include "core/annotation_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_annotation_draft *draft = fuzz_draft();
    assay_error err = {0};
    assay_status status = assay_voc_read(draft, "b.jpg", size % 2 == 0, 0, 0,
                                         size % 3 == 0 ? ASSAY_VOC_PIXELS : ASSAY_VOC_EDGES,
                                         (const char *)data, size, &err);
    fuzz_truth(draft, status, &err);
    assay_annotation_draft_free(draft);
    return 0;
}
