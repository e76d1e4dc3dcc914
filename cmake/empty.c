typedef int assay_empty_translation_unit; /* a layer without a source file yet */
