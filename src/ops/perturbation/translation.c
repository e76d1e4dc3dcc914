#include <math.h>

#include "base/error.h"
#include "codec/geometry.h"
#include "core/op.h"
#include "core/perturbation.h"
#include "ops/shared/fill.h"

typedef struct params {
    double shift;
    int32_t direction;
    double fill;
} params;

enum { RANDOM = 8 };

/* In the order of the eight compass points, then random. x to the right, y down. */
static const struct {
    signed char x, y;
} steps[] = {{1, 0}, {-1, 0}, {0, -1}, {0, 1}, {1, -1}, {-1, -1}, {1, 1}, {-1, 1}};

static const char *const direction_names[] = {"right",    "left",    "up",         "down",
                                              "up_right", "up_left", "down_right", "down_left",
                                              "random",   NULL};

static assay_status apply(assay_image *out, const assay_image *in, const void *raw, assay_rng *rng,
                          assay_arena *scratch, assay_error *err)
{
    const params *p = raw;
    double fill[4];
    double x = 0.0;
    double y = 0.0;

    (void)scratch;
    if (p->direction == RANDOM) {
        double angle = assay_rng_uniform(rng) * 6.283185307179586477;
        x = cos(angle);
        y = -sin(angle);
    } else {
        x = (double)steps[p->direction].x;
        y = (double)steps[p->direction].y;
    }
    x *= p->shift * (double)in->width;
    y *= p->shift * (double)in->height;
    if (x == 0.0 && y == 0.0) {
        return assay_image_copy(out, in, err);
    }
    /* Whole pixels are moved as they are: interpolation would round premultiplied alpha. */
    bool whole = x == floor(x) && y == floor(y);
    const double matrix[6] = {1.0, 0.0, -x, 0.0, 1.0, -y};
    assay_fill_grey(fill, in, p->fill);
    return assay_image_affine(out, in, matrix, in->width, in->height,
                              whole ? ASSAY_INTERPOLATION_NEAREST : ASSAY_INTERPOLATION_BILINEAR,
                              fill, err);
}

static const assay_param param_list[] = {
    ASSAY_REAL(params, shift, 0.1, 0.0, 1.0, "fraction of the side",
               "How far: sideways a fraction of the width, up and down a fraction of the height."),
    ASSAY_CHOICE(params, direction, 0, direction_names,
                 "Where to; diagonals move by the whole shift both ways, random draws an angle for "
                 "every image."),
    ASSAY_REAL(params, fill, 0.0, 0.0, 1.0, "fraction of full scale",
               "Grey level of the border that the image leaves empty: 0 black, 1 white."),
};

static const char *const examples[] = {
    "assay predict --model digits.onnx --data digits.csv --perturb translation:shift=0.1",
    "contexts: {shifted: {data: field, perturbation: {translation: {severity: 2, direction: "
    "random}}}}",
    NULL,
};

static const assay_perturbation shape = {
    .apply = apply,
    .severity_param = "shift",
    .severities = {0.02, 0.05, 0.1, 0.15, 0.2},
    .identity = 0.0,
    .has_identity = 1,
    .moves_pixels = 1,
};

extern const assay_op assay_op_perturbation_translation;
const assay_op assay_op_perturbation_translation = {
    .kind = ASSAY_OP_PERTURBATION,
    .revision = 1,
    .name = "translation",
    .title = "Translation",
    .summary =
        "Moves the image sideways, up or down, as when an object is not framed in the middle.",
    .description =
        "The content moves by `shift` times the width (right, left) and height (up, down); what "
        "leaves the image is cut off and the empty border filled. It is Pillow's "
        "`Image.transform(size, AFFINE, (1, 0, -dx, 0, 1, -dy), BILINEAR)` to the pixel; moves by "
        "whole pixels copy pixels unchanged. With direction = random the offset is "
        "(shift * width * cos a, -shift * height * sin a) with a uniform on [0, 2 pi), one draw "
        "per image.\n\n"
        "Alpha moves with the image; the empty border is opaque. As in Pillow, a border of less "
        "than half a pixel repeats the edge instead of filling.\n\n"
        "Severities 1 to 5 are 0.02, 0.05, 0.1, 0.15 and 0.2 of the side at every image size (at "
        "20 px: 0.4, 1, 2, 3 and 4 px). They are Assay's own: ImageNet-C has no translation. "
        "shift = 0 changes nothing.",
    .citation = "A. Clark et al., Pillow 13, Image.transform; robustness to translation: L. "
                "Engstrom et al., \"Exploring the landscape of spatial robustness\", ICML 2019, "
                "arXiv:1712.02779",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .perturbation = &shape,
};
