#include "base/error.h"
#include "base/reduce.h"
#include "core/op.h"
#include "core/perturbation.h"
#include "ops/shared/pixels.h"

typedef struct params {
    double factor;
} params;

/* Means of the colour channels: exact integer sums for integer images, else pairwise within a row
 * and compensated over rows. `row` and `plane` have room for a row of all colours. */
static void channel_means(double means[3], const assay_image *in, double *row, double *plane)
{
    size_t colours = (size_t)assay_pixels_colours(in);
    assay_sum sums[3] = {{0}};

    for (int32_t y = 0; y < in->height; y++) {
        assay_pixels_load(row, in, y);
        for (size_t c = 0; c < colours; c++) {
            for (size_t x = 0; x < (size_t)in->width; x++) {
                plane[x] = row[x * colours + c];
            }
            assay_sum_add(&sums[c], assay_sum_pairwise(plane, in->width));
        }
    }
    for (size_t c = 0; c < colours; c++) {
        means[c] = assay_sum_value(&sums[c]) / ((double)in->width * (double)in->height);
    }
}

static assay_status apply(assay_image *out, const assay_image *in, const void *raw, assay_rng *rng,
                          assay_arena *scratch, assay_error *err)
{
    const params *p = raw;
    size_t colours = (size_t)assay_pixels_colours(in);
    size_t n = assay_pixels_row_size(in);
    double means[3] = {0.0};

    (void)rng;
    if (p->factor == 1.0) {
        return assay_image_copy(out, in, err);
    }
    double *row = assay_arena_alloc(scratch, n, sizeof *row);
    double *plane = assay_arena_alloc(scratch, n, sizeof *plane);
    if (!row || !plane) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_image_copy(out, in, err));
    channel_means(means, in, row, plane);
    for (int32_t y = 0; y < in->height; y++) {
        assay_pixels_load(row, in, y);
        for (size_t i = 0; i < n; i += colours) {
            for (size_t c = 0; c < colours; c++) {
                row[i + c] = (row[i + c] - means[c]) * p->factor + means[c];
            }
        }
        assay_pixels_store(out, y, row);
    }
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_REAL(params, factor, 0.5, 0.0, 10.0, "",
               "Distance from the mean is multiplied by this; 0 leaves a flat image, above 1 "
               "exaggerates."),
};

static const char *const examples[] = {
    "assay predict --model digits.onnx --data digits.csv --perturb contrast:factor=0.3",
    "sweeps: {haze: {data: field, perturbation: contrast, severity: [1, 2, 3, 4, 5]}}",
    NULL,
};

static const assay_perturbation shape = {
    .apply = apply,
    .severity_param = "factor",
    .severities = {0.4, 0.3, 0.2, 0.1, 0.05},
    .identity = 1.0,
    .has_identity = 1,
};

extern const assay_op assay_op_perturbation_contrast;
const assay_op assay_op_perturbation_contrast = {
    .kind = ASSAY_OP_PERTURBATION,
    .revision = 1,
    .name = "contrast",
    .title = "Contrast",
    .summary = "Flattens the image towards its mean brightness, as mist or a dirty window does.",
    .description =
        "Every colour sample x becomes `(x - m) * factor + m`, clipped to [0, 1], where m is the "
        "mean of its channel over the whole image. Alpha is kept and does not weigh in m.\n\n"
        "Integer images are rounded to the nearest level, halves up. Float images are taken to lie "
        "in [0, 1] and are clipped to it.\n\n"
        "Severities 1 to 5 are those of ImageNet-C: 0.4, 0.3, 0.2, 0.1, 0.05, the same for "
        "Tiny-ImageNet-C (64 px); CIFAR-10-C (32 px) has 0.75, 0.5, 0.4, 0.3, 0.15. factor = 1 "
        "changes nothing.",
    .citation = "D. Hendrycks, T. Dietterich, \"Benchmarking neural network robustness to common "
                "corruptions and perturbations\", ICLR 2019, arXiv:1903.12261",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .perturbation = &shape,
};
