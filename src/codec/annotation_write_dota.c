#include "base/json_write.h"
#include "codec/annotation_write.h"

void assay_write_dota_results(assay_buffer *out, const assay_annotation_view *v, int64_t image,
                              const char *name, int64_t category, assay_annotation_losses *lost)
{
    char text[32];
    for (int64_t i = v->first[image]; i < v->first[image + 1]; i++) {
        int64_t row = v->row[i];
        double box[4];
        double xy[8];
        if (v->category[row] != category) {
            continue;
        }
        if (!assay_annotation_box(box, v, row)) {
            lost->unboxed++;
            continue;
        }
        bool corners = assay_annotation_corners(xy, v, row, box);
        lost->masks += (v->rows->has[row] & ASSAY_COCO_RUNS) != 0;
        lost->outlines += (v->rows->has[row] & ASSAY_COCO_POLYGONS) != 0 && !corners;
        lost->keypoints += v->rows->points.count != NULL && v->rows->points.count[row] > 0;
        assay_format_real(text, v->rows->score[row]);
        assay_buffer_printf(out, "%s %s", name, text);
        for (int k = 0; k < 8; k++) {
            assay_format_real(text, xy[k]);
            assay_buffer_printf(out, " %s", text);
        }
        assay_buffer_putc(out, '\n');
    }
}
