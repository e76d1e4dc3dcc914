#include "base/error.h"
#include "core/op.h"
#include "core/perturbation.h"
#include "ops/shared/pixels.h"

typedef struct params {
    double amount;
} params;

static assay_status apply(assay_image *out, const assay_image *in, const void *raw, assay_rng *rng,
                          assay_arena *scratch, assay_error *err)
{
    const params *p = raw;
    size_t n = assay_pixels_row_size(in);
    float white = (float)assay_pixels_white(in->type);
    uint64_t half = (uint64_t)(p->amount * 0x1p31);

    if (p->amount == 0.0) {
        return assay_image_copy(out, in, err);
    }
    float *row = assay_arena_alloc(scratch, n, sizeof *row);
    uint32_t *words = assay_arena_alloc(scratch, n, sizeof *words);
    if (!row || !words) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_image_copy(out, in, err));
    for (int32_t y = 0; y < in->height; y++) {
        assay_pixels_load_float(row, in, y);
        assay_rng_words(words, n, rng);
        for (size_t i = 0; i < n; i++) {
            row[i] = words[i] < half ? white : words[i] < 2 * half ? 0.0F : row[i];
        }
        assay_pixels_store_float(out, y, row);
    }
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_REAL(params, amount, 0.03, 0.0, 1.0, "", "Probability that a sample is replaced."),
};

static const char *const examples[] = {
    "assay predict --model digits.onnx --data digits.csv --perturb impulse_noise:amount=0.05",
    "sweeps: {specks: {data: field, perturbation: impulse_noise, severity: [1, 2, 3, 4, 5]}}",
    NULL,
};

static const assay_perturbation shape = {
    .apply = apply,
    .severity_param = "amount",
    .severities = {0.03, 0.06, 0.09, 0.17, 0.27},
    .identity = 0.0,
    .has_identity = 1,
};

extern const assay_op assay_op_perturbation_impulse_noise;
const assay_op assay_op_perturbation_impulse_noise = {
    .kind = ASSAY_OP_PERTURBATION,
    .revision = 1,
    .name = "impulse_noise",
    .title = "Impulse noise",
    .summary = "Turns single samples fully black or white, as dead pixels and bit errors do.",
    .description =
        "Every colour sample is replaced with probability `amount`: by white or by black with "
        "even chance. Channels are drawn apart, so specks in colour images are coloured. "
        "Alpha is kept.\n\n"
        "Draws: one 32-bit word u per colour sample, row by row, pixel by pixel, R, G, B: "
        "white if u < floor(amount * 2^31), black if u lies from there to below twice that. A "
        "sample hit at one amount is hit at every larger one.\n\n"
        "White is 255, 65535 or 1.0. This is `random_noise(mode='s&p')` of scikit-image, "
        "which ImageNet-C uses, with other random numbers.\n\n"
        "Severities 1 to 5 are those of ImageNet-C, tuned for 224 px photographs: 0.03, 0.06, "
        "0.09, 0.17, 0.27. For small images use amount: CIFAR-10-C (32 px) has 0.01, 0.02, "
        "0.03, 0.05, 0.07 and Tiny-ImageNet-C (64 px) 0.01, 0.02, 0.05, 0.08, 0.14. amount = "
        "0 changes nothing.",
    .citation = "D. Hendrycks, T. Dietterich, \"Benchmarking neural network robustness to common "
                "corruptions and perturbations\", ICLR 2019, arXiv:1903.12261",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .perturbation = &shape,
};
