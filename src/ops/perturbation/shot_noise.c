#include "base/error.h"
#include "core/op.h"
#include "core/perturbation.h"
#include "ops/shared/pixels.h"

typedef struct params {
    double photons;
} params;

static assay_status apply(assay_image *out, const assay_image *in, const void *raw, assay_rng *rng,
                          assay_arena *scratch, assay_error *err)
{
    const params *p = raw;
    size_t n = assay_pixels_row_size(in);
    double white = assay_pixels_white(in->type);
    double *row = assay_arena_alloc(scratch, n, sizeof *row);

    if (!row) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_image_copy(out, in, err));
    for (int32_t y = 0; y < in->height; y++) {
        assay_pixels_load(row, in, y);
        for (size_t i = 0; i < n; i++) {
            double x = row[i] < white ? row[i] / white : 1.0; /* below 0 counts as 0 */
            row[i] = (double)assay_rng_poisson(rng, x * p->photons) / p->photons * white;
        }
        assay_pixels_store(out, y, row);
    }
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_REAL(params, photons, 60.0, 0.1, 1e6, "photons",
               "Mean number of photons that a white sample collects; fewer is noisier."),
};

static const char *const examples[] = {
    "assay predict --model digits.onnx --data digits.csv --perturb shot_noise:photons=25",
    "sweeps: {dusk: {data: field, perturbation: shot_noise, severity: [1, 2, 3, 4, 5]}}",
    NULL,
};

static const assay_perturbation shape = {
    .apply = apply,
    .severity_param = "photons",
    .severities = {60.0, 25.0, 12.0, 5.0, 3.0},
};

extern const assay_op assay_op_perturbation_shot_noise;
const assay_op assay_op_perturbation_shot_noise = {
    .kind = ASSAY_OP_PERTURBATION,
    .revision = 1,
    .name = "shot_noise",
    .title = "Shot noise",
    .summary = "Adds the grain of few photons: dark images get noisier than bright ones.",
    .description =
        "Every colour sample x in [0, 1] becomes `clip(Poisson(x * photons) / photons, 0, "
        "1)`, independent for every pixel and channel: a sensor that counts `photons` "
        "electrons at white. Black stays black. Alpha is kept.\n\n"
        "Draws: one Poisson number per colour sample, row by row, pixel by pixel, R, G, B "
        "(inversion for means below 10, transformed rejection above, so the number of random "
        "words differs).\n\n"
        "Integer images are rounded to the nearest level, halves up; the script that made "
        "ImageNet-C cuts the fraction off. Float images are taken to lie in [0, 1]; samples "
        "outside are clipped first.\n\n"
        "Severities 1 to 5 are those of ImageNet-C, tuned for 224 px photographs: 60, 25, 12, "
        "5, 3 photons. For small images use photons: CIFAR-10-C (32 px) has 500, 250, 100, "
        "75, 50 and Tiny-ImageNet-C (64 px) 250, 100, 50, 30, 15. No number of photons leaves "
        "every image unchanged.",
    .citation = "D. Hendrycks, T. Dietterich, \"Benchmarking neural network robustness to common "
                "corruptions and perturbations\", ICLR 2019, arXiv:1903.12261",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .perturbation = &shape,
};
