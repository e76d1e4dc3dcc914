#include <math.h>

#include "base/error.h"
#include "core/op.h"
#include "core/perturbation.h"
#include "ops/shared/filter.h"

enum { RADIUS_MOST = 100 };

typedef struct params {
    double sigma;
    double angle;
    int64_t radius;
    bool random;
} params;

/* One-sided half of a Gaussian along the line; whole pixels. */
static void make_line(assay_filter_tap *taps, int32_t n, double sigma, double degrees)
{
    double radians = degrees * (3.14159265358979323846 / 180.0);
    double across = cos(radians);
    double down = sin(radians);
    double sum = 0.0;

    for (int32_t i = n - 1; i >= 0; i--) { /* small terms first */
        sum += exp(-0.5 * (double)i * (double)i / (sigma * sigma));
    }
    for (int32_t i = 0; i < n; i++) {
        double weight = exp(-0.5 * (double)i * (double)i / (sigma * sigma)) / sum;
        taps[i] = (assay_filter_tap){.dx = (int32_t)ceil((double)i * across - 0.5),
                                     .dy = (int32_t)ceil((double)i * down - 0.5),
                                     .weight = (float)weight};
    }
}

static assay_status apply(assay_image *out, const assay_image *in, const void *raw, assay_rng *rng,
                          assay_arena *scratch, assay_error *err)
{
    const params *p = raw;
    assay_filter_tap taps[2 * RADIUS_MOST + 1];
    int32_t radius = (int32_t)p->radius;
    double angle = p->random ? assay_rng_uniform(rng) * 90.0 - 45.0 : p->angle;

    if (p->sigma == 0.0) {
        return assay_image_copy(out, in, err);
    }
    if (radius == 0) {
        radius = p->sigma <= 3.0 ? 10 : p->sigma <= 12.0 ? 15 : 20;
    }
    make_line(taps, 2 * radius + 1, p->sigma, angle);
    return assay_filter_taps(out, in, taps, 2 * (size_t)radius + 1, 2 * radius,
                             ASSAY_BORDER_NEAREST, scratch, err);
}

static const assay_param param_list[] = {
    ASSAY_REAL(params, sigma, 3.0, 0.0, 100.0, "px",
               "Length of the streak: standard deviation of the half Gaussian along it."),
    ASSAY_REAL(params, angle, 0.0, -180.0, 180.0, "degrees",
               "Direction of the streak: 0 along the rows, above 0 falling to the right."),
    ASSAY_INT(params, radius, 0, 0, RADIUS_MOST, "px",
              "The streak ends after twice this many pixels; 0 takes ImageNet-C's: 10 up to a "
              "sigma of 3, 15 up to 12, 20 above."),
    ASSAY_BOOL(params, random, false,
               "Draw the angle from -45 to 45 degrees for every image, as ImageNet-C does."),
};

static const char *const examples[] = {
    "assay predict --model digits.onnx --data digits.csv --perturb motion_blur:sigma=2,angle=90",
    "contexts: {shaken: {data: field, perturbation: {motion_blur: {severity: 2, random: true}}}}",
    NULL,
};

static const assay_perturbation shape = {
    .apply = apply,
    .severity_param = "sigma",
    .severities = {3.0, 5.0, 8.0, 12.0, 15.0},
    .identity = 0.0,
    .has_identity = 1,
};

extern const assay_op assay_op_perturbation_motion_blur;
const assay_op assay_op_perturbation_motion_blur = {
    .kind = ASSAY_OP_PERTURBATION,
    .revision = 1,
    .name = "motion_blur",
    .title = "Motion blur",
    .summary = "Smears the image along a line, as a moving camera or object does.",
    .description =
        "Pixel (x, y) becomes the weighted mean of the pixels (x + ceil(i cos a - 1/2), y + "
        "ceil(i sin a - 1/2)), i = 0..2 radius, with weights proportional to "
        "`exp(-i^2 / (2 sigma^2))`; the edge pixel is repeated outside the image. This is the "
        "kernel of the package imagecorruptions, which took it from ImageMagick. Where the streak "
        "is longer than the image that package leaves taps out, which darkens; here the weights "
        "always sum to 1. Colour channels are filtered one by one, alpha is kept.\n\n"
        "With `random` each image needs one draw.\n\n"
        "Sums are in single precision. Integer images are rounded to the nearest level, halves up; "
        "float images are not clipped.\n\n"
        "Severities 1 to 5 are those of ImageNet-C, tuned for 224 px photographs: sigma 3, 5, 8, "
        "12, 15 with radius 10, 15, 15, 15, 20, which is what radius = 0 stands for. For small "
        "images give both: CIFAR-10-C (32 px) has radius, sigma = (6, 1), (6, 1.5), (6, 2), "
        "(8, 2), (9, 2.5) and Tiny-ImageNet-C (64 px) (10, 1), (10, 1.5), (10, 2), (10, 2.5), "
        "(12, 3). sigma = 0 changes nothing.",
    .citation = "D. Hendrycks, T. Dietterich, \"Benchmarking neural network robustness to common "
                "corruptions and perturbations\", ICLR 2019, arXiv:1903.12261; kernel: C. "
                "Michaelis et al., imagecorruptions 1.1.2, arXiv:1907.07484",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .perturbation = &shape,
};
