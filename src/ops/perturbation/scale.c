#include "base/error.h"
#include "codec/geometry.h"
#include "core/op.h"
#include "core/perturbation.h"
#include "ops/shared/fill.h"

typedef struct params {
    double factor;
    double fill;
} params;

static assay_status apply(assay_image *out, const assay_image *in, const void *raw, assay_rng *rng,
                          assay_arena *scratch, assay_error *err)
{
    const params *p = raw;
    double fill[4];

    (void)rng;
    (void)scratch;
    if (p->factor == 1.0) {
        return assay_image_copy(out, in, err);
    }
    double step = 1.0 / p->factor;
    double cx = (double)in->width / 2.0;
    double cy = (double)in->height / 2.0;
    const double matrix[6] = {step, 0.0, cx - step * cx, 0.0, step, cy - step * cy};
    assay_fill_grey(fill, in, p->fill);
    return assay_image_affine(out, in, matrix, in->width, in->height, ASSAY_INTERPOLATION_BILINEAR,
                              fill, err);
}

static const assay_param param_list[] = {
    ASSAY_REAL(params, factor, 0.8, 0.05, 20.0, "",
               "Size of the content: below 1 smaller, above 1 larger."),
    ASSAY_REAL(params, fill, 0.0, 0.0, 1.0, "fraction of full scale",
               "Grey level around content that has become smaller: 0 black, 1 white."),
};

static const char *const examples[] = {
    "assay predict --model digits.onnx --data digits.csv --perturb scale:factor=0.7",
    "sweeps: {zoom: {data: field, perturbation: scale, values: {factor: [0.5, 0.8, 1.25, 2]}}}",
    NULL,
};

static const assay_perturbation shape = {
    .apply = apply,
    .severity_param = "factor",
    .severities = {0.9, 0.8, 0.7, 0.6, 0.5},
    .identity = 1.0,
    .has_identity = 1,
    .moves_pixels = 1,
};

extern const assay_op assay_op_perturbation_scale;
const assay_op assay_op_perturbation_scale = {
    .kind = ASSAY_OP_PERTURBATION,
    .revision = 1,
    .name = "scale",
    .title = "Scale",
    .summary = "Makes the content smaller or larger in the same frame, as distance or zoom does.",
    .description =
        "The content is scaled about the image's centre by `factor`; the image keeps its size, so "
        "larger content is cut off and a border around smaller content filled. It is Pillow's "
        "`Image.transform(size, AFFINE, (1/f, 0, cx - cx/f, 0, 1/f, cy - cy/f), BILINEAR)` with "
        "(cx, cy) = (width / 2, height / 2), to the pixel.\n\n"
        "Interpolation is bilinear without smoothing, so below a factor of one half fine patterns "
        "alias; blur first if that is not wanted. Alpha is scaled along; the border is opaque.\n\n"
        "Severities 1 to 5 are factors 0.9, 0.8, 0.7, 0.6 and 0.5 at every image size. They are "
        "Assay's own: ImageNet-C has no scaling. factor = 1 changes nothing.",
    .citation = "A. Clark et al., Pillow 13, Image.transform; scaling as a test of robustness: D. "
                "Hendrycks, T. Dietterich, ICLR 2019, arXiv:1903.12261 (ImageNet-P)",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .perturbation = &shape,
};
