#include "codec/yolo_read.h"

#include <inttypes.h>
#include <math.h>

#include "base/alloc.h"
#include "base/text.h"
#include "codec/text_fields.h"

enum { MOST_NUMBERS = 1 << 20 };

typedef struct reader {
    assay_annotation_draft *draft;
    assay_lines lines;
    const int64_t *classes;
    int64_t n_classes;
    int64_t image;
    double width, height;
    bool scored;
    assay_yolo_keypoints keypoints;
    double *numbers, *points; /* points: 3 per keypoint */
    int64_t n, room;
} reader;

/* All numbers behind the class. */
static assay_status read_numbers(reader *r, assay_error *err)
{
    assay_field field;
    r->n = 0;
    while (assay_lines_field(&field, &r->lines)) {
        if (r->n == r->room) {
            int64_t more = r->room * 2 + 64;
            double *grown = r->n < MOST_NUMBERS
                                ? assay_realloc(r->numbers, (size_t)r->n * sizeof *grown,
                                                (size_t)more, sizeof *grown)
                                : NULL;
            if (grown == NULL) {
                return r->n < MOST_NUMBERS
                           ? assay_fail_memory(err)
                           : assay_lines_fail(&r->lines, err, ASSAY_ELIMIT,
                                              "more than %d numbers in a line", MOST_NUMBERS);
            }
            r->numbers = grown;
            r->room = more;
        }
        if (!assay_field_real(&r->numbers[r->n], &field)) {
            int shown = field.size < 40 ? (int)field.size : 40;
            return assay_lines_fail(&r->lines, err, ASSAY_EFORMAT, "'%.*s' is no number", shown,
                                    field.text);
        }
        r->n++;
    }
    return ASSAY_OK;
}

static assay_status read_class(int64_t *row, reader *r, assay_error *err)
{
    assay_field field;
    int64_t index = -1;
    (void)assay_lines_field(&field, &r->lines);
    if (!assay_field_integer(&index, &field) || index < 0) {
        int shown = field.size < 40 ? (int)field.size : 40;
        return assay_lines_fail(&r->lines, err, ASSAY_EFORMAT,
                                "the class is '%.*s', expected a number from 0", shown, field.text);
    }
    if (r->classes != NULL) {
        *row = index < r->n_classes ? r->classes[index] : -1;
    } else {
        *row = assay_annotation_draft_class(r->draft, index);
    }
    if (*row < 0 && !r->scored) {
        return assay_lines_fail(&r->lines, err, ASSAY_EFORMAT,
                                "the class %" PRId64 " has no name: data.yaml lists %" PRId64
                                " of them (from 0)",
                                index, r->n_classes);
    }
    return ASSAY_OK;
}

static assay_status check_shares(const reader *r, const double *v, int64_t n, int64_t stride,
                                 assay_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        if (i % stride < 2 && !(v[i] >= -1.0 && v[i] <= 2.0)) {
            return assay_lines_fail(&r->lines, err, ASSAY_EFORMAT,
                                    "the coordinate %g; YOLO coordinates are shares of the image's "
                                    "width and height (0 to 1), not pixels",
                                    v[i]);
        }
    }
    return ASSAY_OK;
}

/* The numbers behind the box as x, y, visibility in pixels; *read = false: the line has none. */
static assay_status read_keypoints(bool *read, reader *r, assay_error *err)
{
    int64_t rest = r->n - 4 - (r->scored ? 1 : 0);
    int64_t n = r->keypoints.n;
    int64_t numbers = r->keypoints.numbers;
    *read = n > 0 && (rest > 0 || !r->scored);
    if (!*read) {
        return ASSAY_OK;
    }
    if (numbers == 0) {
        numbers = rest == 2 * n ? 2 : 3;
    }
    if (rest != n * numbers) {
        return assay_lines_fail(&r->lines, err, ASSAY_EFORMAT,
                                "%" PRId64 " numbers behind the class, expected a box and %" PRId64
                                " keypoints of %s numbers%s",
                                r->n, n,
                                r->keypoints.numbers == 0 ? "2 or 3"
                                : numbers == 2            ? "2"
                                                          : "3",
                                r->scored ? ", and the confidence" : "");
    }
    const double *v = r->numbers + 4;
    ASSAY_TRY(check_shares(r, r->numbers, 4, 2, err));
    ASSAY_TRY(check_shares(r, v, rest, numbers, err));
    for (int64_t k = 0; k < n; k++, v += numbers) {
        r->points[3 * k] = v[0] * r->width;
        r->points[3 * k + 1] = v[1] * r->height;
        /* Without a visibility a point is there unless it lies at a negative place. */
        r->points[3 * k + 2] = numbers == 3 ? v[2] : v[0] < 0.0 || v[1] < 0.0 ? 0.0 : 2.0;
    }
    return ASSAY_OK;
}

/* How many numbers are the shape; the last one of results is the confidence. */
static assay_status shape_of(int64_t *shape, const reader *r, assay_error *err)
{
    *shape = r->scored ? r->n - 1 : r->n;
    if (r->scored && (r->n == 4 || (r->n >= 6 && r->n % 2 == 0))) {
        return assay_lines_fail(&r->lines, err, ASSAY_EFORMAT,
                                "%" PRId64 " numbers behind the class, without a confidence; write "
                                "the predictions with it (save_conf=True), or, if these are "
                                "keypoints, evaluate with --iou-type keypoints",
                                r->n);
    }
    if (!r->scored && (r->n == 5 || (r->n > 6 && r->n % 2 != 0))) {
        return assay_lines_fail(&r->lines, err, ASSAY_EFORMAT,
                                "%" PRId64 " numbers behind the class: this looks like predictions "
                                "(with confidence) or keypoints (which need kpt_shape in "
                                "data.yaml), expected 4 or an outline",
                                r->n);
    }
    if (*shape != 4 && (*shape < 6 || *shape % 2 != 0)) {
        return assay_lines_fail(&r->lines, err, ASSAY_EFORMAT,
                                "%" PRId64 " numbers behind the class, expected %s, or an outline "
                                "of 3 points or more%s",
                                r->n,
                                r->scored ? "centre x, centre y, width, height, confidence"
                                          : "centre x, centre y, width, height",
                                r->scored ? " and the confidence" : "");
    }
    return check_shares(r, r->numbers, *shape, 2, err);
}

static assay_status read_line(reader *r, assay_error *err)
{
    assay_annotation a = {.image = r->image};
    int64_t shape = 4;
    bool points = false;
    assay_error inner = {0};
    ASSAY_TRY(read_class(&a.category, r, err));
    ASSAY_TRY(read_numbers(r, err));
    ASSAY_TRY(read_keypoints(&points, r, err));
    if (points) {
        a.keypoints = r->points;
        a.n_keypoints = r->keypoints.n;
    } else {
        ASSAY_TRY(shape_of(&shape, r, err));
    }
    const double *v = r->numbers;
    if (shape == 4) {
        a.box[0] = (v[0] - v[2] / 2.0) * r->width;
        a.box[1] = (v[1] - v[3] / 2.0) * r->height;
        a.box[2] = v[2] * r->width;
        a.box[3] = v[3] * r->height;
    } else {
        for (int64_t i = 0; i < shape; i++) {
            r->numbers[i] *= i % 2 == 0 ? r->width : r->height;
        }
        a.unboxed = true;
        a.xy = v;
        a.points = shape / 2;
    }
    a.score = r->scored ? v[r->n - 1] : 0.0;
    assay_status status = assay_annotation_draft_add(r->draft, &a, &inner);
    return status == ASSAY_OK ? status
                              : assay_lines_fail(&r->lines, err, status, "%s", inner.message);
}

assay_status assay_yolo_read(assay_annotation_draft *draft, int64_t image, const int64_t *classes,
                             int64_t n_classes, assay_yolo_keypoints keypoints, const char *bytes,
                             size_t size, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int32_t width = 0;
    int32_t height = 0;
    reader r = {.draft = draft,
                .classes = classes,
                .n_classes = n_classes,
                .image = image,
                .keypoints = keypoints,
                .scored = assay_annotation_draft_scored(draft)};
    assay_annotation_draft_extent(&width, &height, draft, image);
    r.width = width;
    r.height = height;
    r.points = assay_alloc_raw((size_t)keypoints.n * 3, sizeof *r.points);
    if (r.points == NULL) {
        return assay_fail_memory(err);
    }
    assay_lines_init(&r.lines, bytes, size, ' ');
    while (status == ASSAY_OK && assay_lines_next(&r.lines)) {
        status =
            width > 0 && height > 0
                ? read_line(&r, err)
                : assay_fail(err, ASSAY_EFORMAT,
                             "the size of the image is not known, and YOLO boxes are shares of "
                             "it; say where the images are (--images)");
    }
    assay_free(r.numbers);
    assay_free(r.points);
    return status;
}
