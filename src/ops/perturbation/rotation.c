#include "base/error.h"
#include "codec/geometry.h"
#include "core/op.h"
#include "core/perturbation.h"
#include "ops/shared/fill.h"

typedef struct params {
    double angle;
    int32_t direction;
    double fill;
} params;

enum { COUNTERCLOCKWISE = 0, CLOCKWISE, RANDOM };

static assay_status apply(assay_image *out, const assay_image *in, const void *raw, assay_rng *rng,
                          assay_arena *scratch, assay_error *err)
{
    const params *p = raw;
    double fill[4];
    double angle = p->angle;

    (void)scratch;
    if (p->direction == CLOCKWISE ||
        (p->direction == RANDOM && assay_rng_u32(rng) >= UINT32_C(0x80000000))) {
        angle = -angle;
    }
    assay_fill_grey(fill, in, p->fill);
    return assay_image_rotate(out, in, angle, ASSAY_INTERPOLATION_BILINEAR, fill, err);
}

static const char *const direction_names[] = {"counterclockwise", "clockwise", "random", NULL};

static const assay_param param_list[] = {
    ASSAY_REAL(params, angle, 15.0, -360.0, 360.0, "degrees",
               "How far the image is turned about its centre."),
    ASSAY_CHOICE(params, direction, COUNTERCLOCKWISE, direction_names,
                 "Which way a positive angle turns; random tosses a fair coin for every image."),
    ASSAY_REAL(params, fill, 0.0, 0.0, 1.0, "fraction of full scale",
               "Grey level of the corners that the image leaves empty: 0 black, 1 white."),
};

static const char *const examples[] = {
    "assay predict --model digits.onnx --data digits.csv --perturb rotation:angle=30",
    "sweeps: {turned: {data: field, perturbation: rotation, values: {angle: [-30, -15, 15, 30]}}}",
    NULL,
};

static const assay_perturbation shape = {
    .apply = apply,
    .severity_param = "angle",
    .severities = {5.0, 10.0, 15.0, 20.0, 30.0},
    .identity = 0.0,
    .has_identity = 1,
    .moves_pixels = 1,
};

extern const assay_op assay_op_perturbation_rotation;
const assay_op assay_op_perturbation_rotation = {
    .kind = ASSAY_OP_PERTURBATION,
    .revision = 1,
    .name = "rotation",
    .title = "Rotation",
    .summary = "Turns the image about its centre, as when the camera or the object is tilted.",
    .description =
        "Pillow's `Image.rotate(angle, BILINEAR, fillcolor=...)` to the pixel: the size is kept, "
        "corners that leave it are cut off and empty ones filled. Multiples of 180 degrees, and of "
        "90 for square images, move pixels without resampling.\n\n"
        "Alpha turns with the image; empty corners are opaque. Pillow interpolates 8-bit images "
        "with "
        "alpha premultiplied and cuts 8-bit results instead of rounding them; so does this.\n\n"
        "With direction = random each image needs one draw.\n\n"
        "Severities 1 to 5 are 5, 10, 15, 20 and 30 degrees at every image size. They are Assay's "
        "own: ImageNet-C has no rotation. Does the turned image still mean the same? A 6 turned by "
        "180 degrees is a 9. A whole turn or none changes nothing.",
    .citation = "A. Clark et al., Pillow 13, Image.rotate; robustness to rotation: L. Engstrom et "
                "al., \"Exploring the landscape of spatial robustness\", ICML 2019, "
                "arXiv:1712.02779",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .perturbation = &shape,
};
