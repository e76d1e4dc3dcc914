#include "base/error.h"
#include "core/op.h"
#include "core/perturbation.h"
#include "ops/shared/filter.h"

enum { SIGMA_MOST = 50, CUT = 4 }; /* the kernel ends at CUT sigma */

typedef struct params {
    double sigma;
    int32_t border;
} params;

static assay_status apply(assay_image *out, const assay_image *in, const void *raw, assay_rng *rng,
                          assay_arena *scratch, assay_error *err)
{
    const params *p = raw;
    int32_t radius = (int32_t)((double)CUT * p->sigma + 0.5);
    double weights[CUT * SIGMA_MOST + 2];

    (void)rng;
    if (radius == 0) {
        return assay_image_copy(out, in, err);
    }
    assay_filter_gaussian(weights, radius, p->sigma);
    return assay_filter_separable(out, in, weights, radius, (assay_border)p->border, scratch, err);
}

static const char *const border_names[] = {"nearest", "reflect", "mirror", NULL};

static const assay_param param_list[] = {
    ASSAY_REAL(params, sigma, 1.0, 0.0, SIGMA_MOST, "px",
               "Standard deviation of the Gaussian; larger is blurrier."),
    ASSAY_CHOICE(params, border, ASSAY_BORDER_NEAREST, border_names,
                 "What lies outside the image: nearest repeats the edge, reflect mirrors with the "
                 "edge pixel repeated, mirror without."),
};

static const char *const examples[] = {
    "assay predict --model digits.onnx --data digits.csv --perturb gaussian_blur:sigma=2",
    "contexts: {blurred: {data: field, perturbation: {gaussian_blur: {severity: 3}}}}",
    NULL,
};

static const assay_perturbation shape = {
    .apply = apply,
    .severity_param = "sigma",
    .severities = {1.0, 2.0, 3.0, 4.0, 6.0},
    .identity = 0.0,
    .has_identity = 1,
};

extern const assay_op assay_op_perturbation_gaussian_blur;
const assay_op assay_op_perturbation_gaussian_blur = {
    .kind = ASSAY_OP_PERTURBATION,
    .revision = 1,
    .name = "gaussian_blur",
    .title = "Gaussian blur",
    .summary = "Blurs the image evenly, like a lens that is out of focus or a distant target.",
    .description =
        "Rows and columns are correlated with the sampled Gaussian `exp(-k^2 / (2 sigma^2))`, "
        "k = -r..r with r = floor(4 sigma + 1/2), scaled to sum 1: scipy.ndimage.gaussian_filter "
        "with truncate = 4, and so skimage.filters.gaussian, whose border `nearest` is the default "
        "here (SciPy's own is `reflect`). Colour channels are filtered one by one, alpha is "
        "kept.\n\n"
        "Sums are in single precision. Integer images are rounded to the nearest level, halves up; "
        "float images are not clipped.\n\n"
        "sigma below 0.125 px leaves no neighbour in the kernel and changes nothing.\n\n"
        "Severities 1 to 5 are those of ImageNet-C's extra corruptions, tuned for 224 px "
        "photographs: 1, 2, 3, 4, 6 px. For small images use sigma: CIFAR-10-C (32 px) has 0.4, "
        "0.6, 0.7, 0.8, 1.0 and Tiny-ImageNet-C (64 px) 0.5, 0.75, 1, 1.25, 1.5.",
    .citation = "D. Hendrycks, T. Dietterich, \"Benchmarking neural network robustness to common "
                "corruptions and perturbations\", ICLR 2019, arXiv:1903.12261; kernel and borders: "
                "scipy.ndimage.gaussian_filter, SciPy 1.17",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .perturbation = &shape,
};
