/* labelme annotations. */
#include "annotation_fuzz.h"
#include "codec/labelme_read.h"
#include "core/annotation_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_annotation_draft *draft = fuzz_draft();
    assay_error err = {0};
    int64_t others = 0;
    assay_status status =
        assay_labelme_read(draft, &others, "b.jpg", size % 2 == 0, (const char *)data, size, &err);
    fuzz_truth(draft, status, &err);
    assay_annotation_draft_free(draft);
    return 0;
}
