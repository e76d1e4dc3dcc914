#include "base/error.h"
#include "core/op.h"
#include "core/perturbation.h"
#include "ops/shared/normals.h"
#include "ops/shared/pixels.h"

typedef struct params {
    double sigma;
} params;

static assay_status apply(assay_image *out, const assay_image *in, const void *raw, assay_rng *rng,
                          assay_arena *scratch, assay_error *err)
{
    const params *p = raw;
    size_t n = assay_pixels_row_size(in);
    float white = (float)assay_pixels_white(in->type);
    float scale = (float)p->sigma * white;

    if (p->sigma == 0.0) {
        return assay_image_copy(out, in, err);
    }
    float *row = assay_arena_alloc(scratch, n, sizeof *row);
    float *noise = assay_arena_alloc(scratch, n, sizeof *noise);
    if (!row || !noise) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_image_copy(out, in, err));
    for (int32_t y = 0; y < in->height; y++) {
        assay_pixels_load_float(row, in, y);
        assay_normals(noise, n, rng);
        for (size_t i = 0; i < n; i++) {
            float value = row[i] + scale * noise[i];
            row[i] = value < 0.0F ? 0.0F : value > white ? white : value;
        }
        assay_pixels_store_float(out, y, row);
    }
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_REAL(params, sigma, 0.1, 0.0, 10.0, "fraction of full scale",
               "Standard deviation of the noise; 1 is the distance from black to white."),
};

static const char *const examples[] = {
    "assay predict --model digits.onnx --data digits.csv --perturb gaussian_noise:sigma=0.1",
    "sweeps: {noise: {data: field, perturbation: gaussian_noise, severity: [1, 2, 3, 4, 5]}}",
    NULL,
};

static const assay_perturbation shape = {
    .apply = apply,
    .severity_param = "sigma",
    .severities = {0.08, 0.12, 0.18, 0.26, 0.38},
    .identity = 0.0,
    .has_identity = 1,
};

extern const assay_op assay_op_perturbation_gaussian_noise;
const assay_op assay_op_perturbation_gaussian_noise = {
    .kind = ASSAY_OP_PERTURBATION,
    .revision = 1,
    .name = "gaussian_noise",
    .title = "Gaussian noise",
    .summary = "Adds independent random noise to every pixel, like a sensor in poor light.",
    .description =
        "Every colour sample x in [0, 1] becomes `clip(x + sigma * z, 0, 1)` with z standard "
        "normal, independent for every pixel and channel. Alpha is kept.\n\n"
        "Draws: one normal (inverse of the normal distribution function, AS 241) per colour "
        "sample, "
        "row by row, pixel by pixel, R, G, B. The same image with the same seed gets the same z at "
        "every sigma, so curves over severities are smooth.\n\n"
        "Rounding: integer images are rounded to the nearest level, halves up. The script that "
        "made "
        "ImageNet-C cuts the fraction off instead, which darkens by half a level of 255 on "
        "average. "
        "Float images are taken to lie in [0, 1].\n\n"
        "Severities 1 to 5 are those of ImageNet-C, tuned for 224 px photographs: 0.08, 0.12, "
        "0.18, "
        "0.26, 0.38. For small images use sigma: CIFAR-10-C (32 px) has 0.04, 0.06, 0.08, 0.09, "
        "0.10 and Tiny-ImageNet-C (64 px) 0.04, 0.08, 0.12, 0.15, 0.18. sigma = 0 changes nothing.",
    .citation = "D. Hendrycks, T. Dietterich, \"Benchmarking neural network robustness to common "
                "corruptions and perturbations\", ICLR 2019, arXiv:1903.12261; normals: M. J. "
                "Wichura, \"Algorithm AS 241\", Applied Statistics 37 (1988)",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .perturbation = &shape,
};
