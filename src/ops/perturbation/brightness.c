#include "base/error.h"
#include "core/op.h"
#include "core/perturbation.h"
#include "ops/shared/pixels.h"

typedef struct params {
    double change;
} params;

/* With hue and saturation fixed, R, G and B are proportional to the value V = max(R, G, B); black
 * has no hue and becomes grey. */
static void lift(double *row, size_t pixels, size_t colours, double change, double white)
{
    for (size_t i = 0; i < pixels; i++, row += colours) {
        double v = row[0];
        for (size_t c = 1; c < colours; c++) {
            v = row[c] > v ? row[c] : v;
        }
        double lifted = v + change;
        lifted = lifted < 0.0 ? 0.0 : lifted > white ? white : lifted;
        double ratio = v > 0.0 ? lifted / v : 0.0;
        double base = v > 0.0 ? 0.0 : lifted;
        for (size_t c = 0; c < colours; c++) {
            row[c] = row[c] * ratio + base;
        }
    }
}

static assay_status apply(assay_image *out, const assay_image *in, const void *raw, assay_rng *rng,
                          assay_arena *scratch, assay_error *err)
{
    const params *p = raw;
    size_t colours = (size_t)assay_pixels_colours(in);
    double white = assay_pixels_white(in->type);

    (void)rng;
    if (p->change == 0.0) {
        return assay_image_copy(out, in, err);
    }
    double *row = assay_arena_alloc(scratch, assay_pixels_row_size(in), sizeof *row);
    if (!row) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_image_copy(out, in, err));
    for (int32_t y = 0; y < in->height; y++) {
        assay_pixels_load(row, in, y);
        lift(row, (size_t)in->width, colours, p->change * white, white);
        assay_pixels_store(out, y, row);
    }
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_REAL(params, change, 0.1, -1.0, 1.0, "fraction of full scale",
               "Added to the value of every pixel; below 0 darkens."),
};

static const char *const examples[] = {
    "assay predict --model digits.onnx --data digits.csv --perturb brightness:change=-0.3",
    "sweeps: {glare: {data: field, perturbation: brightness, severity: [1, 2, 3, 4, 5]}}",
    NULL,
};

static const assay_perturbation shape = {
    .apply = apply,
    .severity_param = "change",
    .severities = {0.1, 0.2, 0.3, 0.4, 0.5},
    .identity = 0.0,
    .has_identity = 1,
};

extern const assay_op assay_op_perturbation_brightness;
const assay_op assay_op_perturbation_brightness = {
    .kind = ASSAY_OP_PERTURBATION,
    .revision = 1,
    .name = "brightness",
    .title = "Brightness",
    .summary =
        "Makes the image lighter or darker while colours keep their hue, as by over-exposure.",
    .description =
        "In HSV, V becomes `clip(V + change, 0, 1)`; hue and saturation stay. As R, G and B are "
        "proportional to V, each is multiplied by the ratio of the new V to the old; black becomes "
        "grey. Grey images: V is the grey value. Alpha is kept.\n\n"
        "Integer images are rounded to the nearest level, halves up. Float images are taken to lie "
        "in [0, 1] and are clipped to it.\n\n"
        "Severities 1 to 5 are those of ImageNet-C: 0.1, 0.2, 0.3, 0.4, 0.5, the same for "
        "Tiny-ImageNet-C (64 px); CIFAR-10-C (32 px) has 0.05, 0.1, 0.15, 0.2, 0.3. change = 0 "
        "changes nothing.",
    .citation = "D. Hendrycks, T. Dietterich, \"Benchmarking neural network robustness to common "
                "corruptions and perturbations\", ICLR 2019, arXiv:1903.12261; HSV: A. R. Smith, "
                "\"Color gamut transform pairs\", SIGGRAPH 1978",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .perturbation = &shape,
};
