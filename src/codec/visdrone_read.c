#include "codec/visdrone_read.h"

#include "codec/text_fields.h"

const char *const assay_visdrone_classes[ASSAY_VISDRONE_CLASSES] = {
    "ignored regions", "pedestrian", "people",          "bicycle", "car",   "van",
    "truck",           "tricycle",   "awning-tricycle", "bus",     "motor", "others"};

typedef struct reader {
    assay_annotation_draft *draft;
    assay_lines lines;
    const int64_t *classes;
    bool scored, spread;
} reader;

/* What truncation and occlusion say; results have -1 there, or nothing. */
static assay_status read_flags(uint8_t *flags, reader *r, assay_error *err)
{
    static const char *const names[] = {"truncation", "occlusion"};
    for (int i = 0; i < 2; i++) {
        assay_field field;
        int64_t value = 0;
        if (!assay_lines_field(&field, &r->lines)) {
            return ASSAY_OK;
        }
        if (!assay_field_integer(&value, &field)) {
            return assay_lines_fail(&r->lines, err, ASSAY_EFORMAT, "the %s is no whole number",
                                    names[i]);
        }
        if (value > 0) {
            *flags |= i == 0 ? ASSAY_OBJECT_TRUNCATED : ASSAY_OBJECT_OCCLUDED;
            *flags |= i == 1 && value > 1 ? ASSAY_OBJECT_HIDDEN : 0;
        }
    }
    return ASSAY_OK;
}

static assay_status add(reader *r, assay_annotation *a, int64_t index, assay_error *err)
{
    assay_error inner = {0};
    assay_status status = ASSAY_OK;
    bool spread = r->spread && index == ASSAY_VISDRONE_REGION;
    if (r->spread && index == ASSAY_VISDRONE_OTHERS) {
        return ASSAY_OK;
    }
    int64_t last = spread ? ASSAY_VISDRONE_OTHERS - 1 : index;
    for (int64_t c = spread ? 1 : index; status == ASSAY_OK && c <= last; c++) {
        a->category = r->classes[c];
        if (a->category >= 0 || r->scored) {
            status = assay_annotation_draft_add(r->draft, a, &inner);
        }
    }
    return status == ASSAY_OK ? status
                              : assay_lines_fail(&r->lines, err, status, "%s", inner.message);
}

assay_status assay_visdrone_read(assay_annotation_draft *draft, int64_t image,
                                 const int64_t classes[ASSAY_VISDRONE_CLASSES], bool spread,
                                 const char *bytes, size_t size, assay_error *err)
{
    static const char *const names[] = {"left", "top", "width", "height", "score", "class"};
    reader r = {.draft = draft,
                .classes = classes,
                .scored = assay_annotation_draft_scored(draft),
                .spread = spread};
    assay_lines_init(&r.lines, bytes, size, ',');
    while (assay_lines_next(&r.lines)) {
        assay_annotation a = {.image = image};
        double v[6];
        for (int i = 0; i < 6; i++) {
            ASSAY_TRY(assay_lines_real(&v[i], &r.lines, names[i], err));
        }
        if (!(v[5] >= 0.0 && v[5] < ASSAY_VISDRONE_CLASSES) || v[5] != (double)(int)v[5]) {
            return assay_lines_fail(&r.lines, err, ASSAY_EFORMAT,
                                    "the class is %g, expected 0 to %d", v[5],
                                    ASSAY_VISDRONE_CLASSES - 1);
        }
        int index = (int)v[5];
        for (int i = 0; i < 4; i++) {
            a.box[i] = v[i];
        }
        ASSAY_TRY(read_flags(&a.flags, &r, err));
        a.score = r.scored ? v[4] : 0.0;
        a.crowd = !r.scored && (v[4] == 0.0 || index == ASSAY_VISDRONE_REGION);
        ASSAY_TRY(add(&r, &a, index, err));
    }
    return ASSAY_OK;
}
