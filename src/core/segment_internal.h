/** @file segment_internal.h  Between the files about segmentations. Inside src/core only. */
#ifndef ASSAY_CORE_SEGMENT_INTERNAL_H
#define ASSAY_CORE_SEGMENT_INTERNAL_H

#include "core/segment_sample.h"

/** Where the rows of label maps have how many images have the class. */
enum { ASSAY_SEGMENT_ROW_IMAGES = 7 };

/** Means over classes while they go by. */
typedef struct assay_segment_tally {
    double sum[ASSAY_SEGMENT_CLASS_STATISTICS];
    int64_t n[ASSAY_SEGMENT_CLASS_STATISTICS];
    double weighted;
    int64_t truth, both;
} assay_segment_tally;

/** `one` gets the statistics of the class. */
void assay_segment_tally_add(assay_segment_tally *tally, double one[ASSAY_SEGMENT_CLASS_STATISTICS],
                             const assay_segment_sums *sums);
/** Over all classes that occur in truth or prediction (accuracy: in the truth); all but
 *  ASSAY_SEGMENT_IMAGE_IOU. */
void assay_segment_tally_all(double out[ASSAY_SEGMENT_STATISTICS],
                             const assay_segment_tally *tally);

/** Add an image to the sums of its classes. */
void assay_segment_add(double *sums, const assay_segment_sample *sample, int64_t image,
                       double weight);

/** Of how many images of equal size the sizes of each class in the images are worth; 0 = it does not occur.
 *  `squares` is scratch for as many numbers. */
void assay_segment_weigh(double *count, const assay_segment_sample *sample, double *squares);
/** A caution for a measure whose interval rests on few images, in the arena; class_index -1 = of all classes. */
ASSAY_NODISCARD assay_status assay_segment_doubt(assay_measure *measure,
                                                 const assay_segment_sample *sample,
                                                 const double *count, int32_t class_index,
                                                 int64_t units, assay_arena *arena,
                                                 assay_error *err);

/** Replicates of both models with the coin of every image deciding who is who: heads, and tails. */
ASSAY_NODISCARD assay_status assay_segment_exchange(double *heads[2], double *tails[2],
                                                    const assay_segment_sample *a,
                                                    const assay_segment_sample *b,
                                                    const assay_segment_request *request,
                                                    assay_error *err);

#endif
