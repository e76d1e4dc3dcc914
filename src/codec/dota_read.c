#include "codec/dota_read.h"

#include <string.h>

#include "codec/text_fields.h"

enum { CORNERS = 8 };

static bool is_header(const assay_lines *lines)
{
    size_t n = (size_t)(lines->stop - lines->field);
    return (n >= 12 && memcmp(lines->field, "imagesource:", 12) == 0) ||
           (n >= 4 && memcmp(lines->field, "gsd:", 4) == 0);
}

static assay_status read_corners(double xy[CORNERS], assay_lines *lines, assay_error *err)
{
    static const char *const names[CORNERS] = {"x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4"};
    for (int i = 0; i < CORNERS; i++) {
        ASSAY_TRY(assay_lines_real(&xy[i], lines, names[i], err));
    }
    return ASSAY_OK;
}

static assay_status placed(assay_status status, const assay_lines *lines, const assay_error *inner,
                           assay_error *err)
{
    return status == ASSAY_OK ? status : assay_lines_fail(lines, err, status, "%s", inner->message);
}

assay_status assay_dota_read(assay_annotation_draft *draft, int64_t image, const char *bytes,
                             size_t size, assay_error *err)
{
    assay_lines lines;
    assay_lines_init(&lines, bytes, size, ' ');
    while (assay_lines_next(&lines)) {
        double xy[CORNERS];
        assay_field field;
        assay_error inner = {0};
        int64_t difficult = 0;
        assay_annotation a = {.image = image, .unboxed = true, .xy = xy, .points = CORNERS / 2};
        if (is_header(&lines)) {
            continue;
        }
        ASSAY_TRY(read_corners(xy, &lines, err));
        if (!assay_lines_field(&field, &lines)) {
            return assay_lines_fail(&lines, err, ASSAY_EFORMAT, "the line ends before its class");
        }
        ASSAY_TRY(placed(
            assay_annotation_draft_category(&a.category, draft, field.text, field.size, &inner),
            &lines, &inner, err));
        if (assay_lines_field(&field, &lines)) {
            if (!assay_field_integer(&difficult, &field)) {
                return assay_lines_fail(&lines, err, ASSAY_EFORMAT,
                                        "what stands behind the class (difficult) is no whole "
                                        "number");
            }
            a.flags = difficult > 0 ? ASSAY_OBJECT_DIFFICULT : 0;
        }
        ASSAY_TRY(placed(assay_annotation_draft_add(draft, &a, &inner), &lines, &inner, err));
    }
    return ASSAY_OK;
}

assay_status assay_dota_read_results(assay_annotation_draft *draft, int64_t category,
                                     const char *bytes, size_t size, assay_error *err)
{
    assay_lines lines;
    assay_lines_init(&lines, bytes, size, ' ');
    while (assay_lines_next(&lines)) {
        double xy[CORNERS];
        assay_field field;
        assay_error inner = {0};
        int n = 0;
        assay_annotation a = {.category = category, .xy = xy};
        (void)assay_lines_field(&field, &lines);
        ASSAY_TRY(placed(
            assay_annotation_draft_image(&a.image, draft, field.text, field.size, 0, 0, &inner),
            &lines, &inner, err));
        ASSAY_TRY(assay_lines_real(&a.score, &lines, "score", err));
        while (n < CORNERS && assay_lines_field(&field, &lines)) {
            if (!assay_field_real(&xy[n], &field)) {
                return assay_lines_fail(&lines, err, ASSAY_EFORMAT, "coordinate %d is no number",
                                        n + 1);
            }
            n++;
        }
        if (n != 4 && n != CORNERS) {
            return assay_lines_fail(&lines, err, ASSAY_EFORMAT,
                                    "%d coordinates, expected 8 (four corners) or 4 (a box)", n);
        }
        if (n == CORNERS) {
            a.unboxed = true;
            a.points = CORNERS / 2;
        } else {
            a.box[0] = xy[0];
            a.box[1] = xy[1];
            a.box[2] = xy[2] - xy[0];
            a.box[3] = xy[3] - xy[1];
        }
        ASSAY_TRY(placed(assay_annotation_draft_add(draft, &a, &inner), &lines, &inner, err));
    }
    return ASSAY_OK;
}
