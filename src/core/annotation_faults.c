/* The words for every fault: what it is and what evaluation does with it. */
#include "core/annotation_check.h"

static const assay_fault_kind kinds[ASSAY_FAULTS] = {
    [ASSAY_FAULT_NO_IMAGES] = {"no_images", ASSAY_SEVERITY_ERROR, "no images are listed",
                               "evaluation refuses the set"},
    [ASSAY_FAULT_NO_CLASSES] = {"no_classes", ASSAY_SEVERITY_ERROR, "no classes are listed",
                                "evaluation refuses the set"},
    [ASSAY_FAULT_NO_BOX] = {"no_box", ASSAY_SEVERITY_ERROR, "objects without a box",
                            "evaluation by boxes stops at the first"},
    [ASSAY_FAULT_SHORT_OUTLINE] = {"short_outline", ASSAY_SEVERITY_ERROR,
                                   "outlines of fewer than 3 points, or with half a point",
                                   "evaluation by masks stops at the first"},
    [ASSAY_FAULT_NO_IMAGE_SIZE] = {"no_image_size", ASSAY_SEVERITY_ERROR,
                                   "objects with outlines in images whose size is not given",
                                   "evaluation by masks stops at the first"},
    [ASSAY_FAULT_UNLISTED_IMAGE] = {"unlisted_image", ASSAY_SEVERITY_WARNING,
                                    "objects in images that are not listed", "they are left out"},
    [ASSAY_FAULT_UNLISTED_CLASS] = {"unlisted_class", ASSAY_SEVERITY_WARNING,
                                    "objects of classes that are not listed", "they are left out"},
    [ASSAY_FAULT_REPEATED_ID] = {"repeated_id", ASSAY_SEVERITY_WARNING,
                                 "objects whose id another one has",
                                 "the last one stands for all that share the id"},
    [ASSAY_FAULT_ID_ZERO] = {"id_zero", ASSAY_SEVERITY_WARNING, "objects with the id 0",
                             "COCO's matching never counts them as found; number from 1"},
    [ASSAY_FAULT_REPEATED_IMAGE_ID] = {"repeated_image_id", ASSAY_SEVERITY_WARNING,
                                       "images whose id another one has",
                                       "they count as one image"},
    [ASSAY_FAULT_REPEATED_FILE] = {"repeated_file", ASSAY_SEVERITY_WARNING,
                                   "images whose file name another one has",
                                   "they count as different images"},
    [ASSAY_FAULT_REPEATED_CLASS_ID] = {"repeated_class_id", ASSAY_SEVERITY_WARNING,
                                       "classes whose id another one has",
                                       "they count as one class"},
    [ASSAY_FAULT_REPEATED_CLASS_NAME] = {"repeated_class_name", ASSAY_SEVERITY_WARNING,
                                         "classes whose name another one has",
                                         "they count as different classes"},
    [ASSAY_FAULT_NEGATIVE_BOX] = {"negative_box", ASSAY_SEVERITY_WARNING,
                                  "boxes with a negative width or height",
                                  "they overlap nothing and count as missed"},
    [ASSAY_FAULT_EMPTY_BOX] = {"empty_box", ASSAY_SEVERITY_WARNING, "boxes without area",
                               "they overlap nothing and count as missed"},
    [ASSAY_FAULT_OUTSIDE] = {"box_outside", ASSAY_SEVERITY_WARNING,
                             "boxes that lie wholly outside of their image",
                             "they are used as they are, and hardly ever found"},
    [ASSAY_FAULT_PARTLY_OUTSIDE] = {"box_partly_outside", ASSAY_SEVERITY_WARNING,
                                    "boxes that reach more than a pixel beyond their image",
                                    "they are used as they are, not cut"},
    [ASSAY_FAULT_SHARES] = {"shares", ASSAY_SEVERITY_WARNING,
                            "all boxes lie between 0 and 1: shares of the image, not pixels?",
                            "they are used as pixels"},
    [ASSAY_FAULT_REPEATED_BOX] = {"repeated_box", ASSAY_SEVERITY_WARNING,
                                  "boxes that stand there again: same image, class and place",
                                  "each must be found by a detection of its own"},
    [ASSAY_FAULT_TWO_CLASSES] = {"two_classes", ASSAY_SEVERITY_NOTE,
                                 "boxes that stand there again with another class", "both count"},
    [ASSAY_FAULT_FLAT_OUTLINE] = {"flat_outline", ASSAY_SEVERITY_WARNING, "outlines without area",
                                  "their masks have hardly a pixel and overlap nothing"},
    [ASSAY_FAULT_OUTLINE_OUTSIDE] = {"outline_outside", ASSAY_SEVERITY_WARNING,
                                     "outlines that reach more than a pixel beyond their image",
                                     "masks are cut at the edge of the image"},
    [ASSAY_FAULT_MASK_SIZE] = {"mask_size", ASSAY_SEVERITY_WARNING,
                               "masks of another size than their image",
                               "they overlap no mask of the image's size and count as missed"},
    [ASSAY_FAULT_AREA] = {"area", ASSAY_SEVERITY_WARNING, "areas that are larger than the box",
                          "they decide what is small, medium and large"},
    [ASSAY_FAULT_MISSING_FILE] = {"missing_file", ASSAY_SEVERITY_WARNING,
                                  "images whose file is not there",
                                  "evaluation does not need the files; predicting does"},
    [ASSAY_FAULT_UNREADABLE_FILE] = {"unreadable_file", ASSAY_SEVERITY_WARNING,
                                     "image files that cannot be read",
                                     "evaluation does not need the files; predicting does"},
    [ASSAY_FAULT_SIZE_DIFFERS] = {"size_differs", ASSAY_SEVERITY_WARNING,
                                  "images of another size than their file",
                                  "the size that the annotations give is used"},
    [ASSAY_FAULT_UNLISTED_FILE] = {"unlisted_file", ASSAY_SEVERITY_NOTE,
                                   "files without a counterpart: images without annotations or "
                                   "annotations without image",
                                   "they are not in the set"},
    [ASSAY_FAULT_OTHER_SHAPE] = {"other_shape", ASSAY_SEVERITY_NOTE,
                                 "shapes that are points or lines, which are no regions",
                                 "they are left out"},
    [ASSAY_FAULT_BARE_IMAGE] = {"image_without_objects", ASSAY_SEVERITY_NOTE,
                                "images without objects",
                                "every detection in them is a false alarm"},
    [ASSAY_FAULT_BARE_CLASS] = {"class_without_objects", ASSAY_SEVERITY_NOTE,
                                "classes without objects",
                                "they leave the mean; false alarms of them cost nothing"},
    [ASSAY_FAULT_NO_CROWD] = {"no_iscrowd", ASSAY_SEVERITY_NOTE, "objects without iscrowd",
                              "taken as 0"},
    [ASSAY_FAULT_NO_AREA] = {"no_area", ASSAY_SEVERITY_NOTE, "objects without area",
                             "taken as width times height of the box"},
    [ASSAY_RESULT_UNLISTED_IMAGE] = {"result_unlisted_image", ASSAY_SEVERITY_ERROR,
                                     "results for images that the annotations do not list",
                                     "evaluation stops at the first"},
    [ASSAY_RESULT_NO_SHAPE] = {"result_without_shape", ASSAY_SEVERITY_ERROR,
                               "results without box, mask and keypoints",
                               "evaluation stops at the first"},
    [ASSAY_RESULT_UNLISTED_CLASS] = {"result_unlisted_class", ASSAY_SEVERITY_WARNING,
                                     "results of classes that the annotations do not list",
                                     "they are left out"},
    [ASSAY_RESULT_NO_BOX] = {"result_without_box", ASSAY_SEVERITY_ERROR,
                             "results without a box where the first result has one",
                             "COCO takes the first one's word for all: evaluation stops"},
    [ASSAY_RESULT_UNUSED_BOX] = {"result_unused_box", ASSAY_SEVERITY_WARNING,
                                 "results with a box where the first result has none",
                                 "COCO takes the first one's word for all: the mask's box is used"},
    [ASSAY_RESULT_NEGATIVE_BOX] = {"result_negative_box", ASSAY_SEVERITY_WARNING,
                                   "boxes with a negative width or height",
                                   "they overlap nothing and count as false alarms"},
    [ASSAY_RESULT_EMPTY_BOX] = {"result_empty_box", ASSAY_SEVERITY_WARNING, "boxes without area",
                                "they overlap nothing and count as false alarms"},
    [ASSAY_RESULT_OUTSIDE] = {"result_outside", ASSAY_SEVERITY_WARNING,
                              "boxes that lie wholly outside of their image",
                              "they are used as they are and count as false alarms"},
    [ASSAY_RESULT_PARTLY_OUTSIDE] = {"result_partly_outside", ASSAY_SEVERITY_WARNING,
                                     "boxes that reach more than a pixel beyond their image",
                                     "they are used as they are, not cut"},
    [ASSAY_RESULT_REPEATED_BOX] = {"result_repeated_box", ASSAY_SEVERITY_WARNING,
                                   "boxes that stand there again: same image, class and place",
                                   "at most one of them is a hit, the others are false alarms"},
    [ASSAY_RESULT_MASK_SIZE] = {"result_mask_size", ASSAY_SEVERITY_WARNING,
                                "masks of another size than their image",
                                "they overlap no mask of the image's size and count as false "
                                "alarms"},
    [ASSAY_RESULT_OVER_CAP] = {"result_over_cap", ASSAY_SEVERITY_WARNING,
                               "results beyond the 100 best of their image and class",
                               "left out by the convention coco; --max-detections and other "
                               "conventions take more"},
    [ASSAY_RESULT_ONE_SCORE] = {"result_one_score", ASSAY_SEVERITY_WARNING,
                                "all results have the same score",
                                "average precision then depends on the order in the file; the "
                                "scores were lost"},
    [ASSAY_RESULT_SCORE_RANGE] = {"result_score_range", ASSAY_SEVERITY_NOTE,
                                  "scores below 0 or above 1",
                                  "average precision takes their order only; calibration is not "
                                  "defined for them"},
    [ASSAY_RESULT_TIED_SCORE] = {"result_tied_score", ASSAY_SEVERITY_NOTE,
                                 "results with the score of another of their class",
                                 "they count in the order of the images' ids and of the file, "
                                 "except with coco-corrected"},
    [ASSAY_RESULT_BARE_IMAGE] = {"image_without_results", ASSAY_SEVERITY_NOTE,
                                 "images without results", "their objects count as missed"},
    [ASSAY_RESULT_BARE_CLASS] = {"class_without_results", ASSAY_SEVERITY_NOTE,
                                 "classes with objects, but without results",
                                 "their average precision is 0"}};

const assay_fault_kind *assay_fault_of(assay_annotation_fault fault)
{
    return &kinds[fault];
}

void assay_fault_add(assay_annotation_faults *faults, assay_annotation_fault fault, int64_t image,
                     int64_t object, int64_t category)
{
    int64_t n = faults->count[fault]++;
    if (n < ASSAY_FAULT_PLACES) {
        faults->places[fault][n] = (assay_fault_place){image, object, category};
    }
}

int assay_faults_worst(const assay_annotation_faults *faults)
{
    int worst = 0;
    for (int i = 0; i < ASSAY_FAULTS; i++) {
        if (faults->count[i] > 0 && (int)kinds[i].severity > worst) {
            worst = (int)kinds[i].severity;
        }
    }
    return worst;
}
