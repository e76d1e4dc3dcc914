#include <math.h>

#include "core/segment_internal.h"

static double ratio(double part, double whole)
{
    return whole > 0.0 ? part / whole : NAN;
}

static double iou(double truth, double predicted, double both)
{
    return ratio(both, truth + predicted - both);
}

static void of_class(double out[ASSAY_SEGMENT_CLASS_STATISTICS], const assay_segment_sums *s)
{
    double truth = (double)s->truth;
    double predicted = (double)s->predicted;
    double both = (double)s->both;
    out[0] = iou(truth, predicted, both);
    out[1] = ratio(2.0 * both, truth + predicted);
    out[2] = ratio(both, truth);
    out[3] = ratio(both, predicted);
    out[4] =
        iou((double)s->boundary_truth, (double)s->boundary_predicted, (double)s->boundary_both);
    out[5] = ratio(s->boundary_f, (double)s->images);
}

void assay_segment_tally_add(assay_segment_tally *t, double one[ASSAY_SEGMENT_CLASS_STATISTICS],
                             const assay_segment_sums *sums)
{
    of_class(one, sums);
    for (int i = 0; i < ASSAY_SEGMENT_CLASS_STATISTICS; i++) {
        if (!isnan(one[i])) {
            t->sum[i] += one[i];
            t->n[i]++;
        }
    }
    t->truth += sums->truth;
    t->both += sums->both;
    t->weighted += sums->truth > 0 ? (double)sums->truth * one[0] : 0.0;
}

void assay_segment_tally_all(double out[ASSAY_SEGMENT_STATISTICS], const assay_segment_tally *t)
{
    static const int means[ASSAY_SEGMENT_CLASS_STATISTICS] = {
        ASSAY_SEGMENT_MEAN_IOU,     ASSAY_SEGMENT_MEAN_DICE, ASSAY_SEGMENT_MEAN_ACCURACY, -1,
        ASSAY_SEGMENT_BOUNDARY_IOU, ASSAY_SEGMENT_BOUNDARY_F};
    for (int i = 0; i < ASSAY_SEGMENT_CLASS_STATISTICS; i++) {
        if (means[i] >= 0) {
            out[means[i]] = ratio(t->sum[i], (double)t->n[i]);
        }
    }
    out[ASSAY_SEGMENT_PIXEL_ACCURACY] = ratio((double)t->both, (double)t->truth);
    out[ASSAY_SEGMENT_WEIGHTED_IOU] = ratio(t->weighted, (double)t->truth);
}

double assay_segment_image_iou(const assay_segment_counts *counts, int32_t n)
{
    double sum = 0.0;
    int64_t defined = 0;
    for (int32_t i = 0; i < n; i++) {
        double one =
            iou((double)counts[i].truth, (double)counts[i].predicted, (double)counts[i].both);
        sum += isnan(one) ? 0.0 : one;
        defined += !isnan(one);
    }
    return ratio(sum, (double)defined);
}
