#include "base/error.h"
#include "report/words.h"

/* Segmentation. */
static const assay_metric_words metrics[] = {
    {"mean_iou", "Mean IoU",
     "How well predicted areas cover the true ones: shared pixels by those that either has, "
     "averaged "
     "over the classes; 1 is pixel for pixel.",
     false, 1, NULL},
    {"mean_dice", "Mean Dice",
     "The same idea as IoU with milder numbers: shared pixels count twice, averaged over the "
     "classes.",
     false, 1, NULL},
    {"pixel_accuracy", "Pixels that are right",
     "Which share of all pixels has the right class; large areas decide it.", true, 1, NULL},
    {"mean_class_accuracy", "Pixels found, mean of the classes",
     "Which share of a class's pixels is found, each class counting alike.", true, 1, NULL},
    {"weighted_iou", "IoU weighted by area",
     "IoU of the classes, each counting by its true pixels.", false, 1, NULL},
    {"mean_image_iou", "Mean IoU per image",
     "The mean IoU of every image alone, averaged over the images.", false, 1, NULL},
    {"boundary_iou", "Boundary IoU",
     "IoU of narrow bands along the edges: whether outlines are right, whatever the size of the "
     "areas.",
     false, 1, NULL},
    {"boundary_f", "Contour F",
     "How exactly contours are followed: one number for contour pixels that are right and that are "
     "found.",
     false, 1, NULL},
    {"iou", "IoU", "How well the predicted area of a class covers the true one.", false, 1, NULL},
    {"dice", "Dice", "The same with milder numbers: shared pixels count twice.", false, 1, NULL},
    {"class_accuracy", "Pixels found", "Which share of the true pixels of a class is found.", true,
     1, NULL},
    {"class_precision", "Pixels rightly named",
     "Which share of the pixels that are predicted as a class is it.", true, 1, NULL},
    {"panoptic_quality", "Panoptic quality",
     "One number for whether segments are found and how exactly they lie; 1 is perfect.", false, 1,
     "classes"},
    {"panoptic_segmentation_quality", "Exactness of found segments",
     "The mean overlap of the segments that are found.", false, 1, "classes"},
    {"panoptic_recognition_quality", "Segments found (F1)",
     "Whether segments are found, however exactly they lie.", false, 1, "classes"},
};

size_t assay_words_masks(const assay_metric_words **out)
{
    *out = metrics;
    return ASSAY_COUNT(metrics);
}
