#include <string.h>

#include "base/error.h"
#include "codec/resize.h"
#include "core/op.h"
#include "core/perturbation.h"
#include "ops/shared/pixels.h"

typedef struct params {
    double share;
} params;

static int32_t fewer(int32_t side, double share)
{
    int32_t kept = (int32_t)((double)side * share);
    return kept < 1 ? 1 : kept;
}

static assay_status down_and_up(assay_image *out, const assay_image *in, double share,
                                assay_error *err)
{
    assay_image small = {0};
    assay_status status =
        assay_image_resize(&small, in, fewer(in->width, share), fewer(in->height, share),
                           ASSAY_RESIZE_PILLOW_BOX, err);

    if (status == ASSAY_OK) {
        status =
            assay_image_resize(out, &small, in->width, in->height, ASSAY_RESIZE_PILLOW_BOX, err);
    }
    assay_image_dispose(&small);
    return status;
}

/* Copies `n` neighbouring channels between images of one size and type. */
static void move_channels(assay_image *to, int32_t to_channel, const assay_image *from,
                          int32_t from_channel, int32_t n)
{
    size_t sample = (size_t)from->type;

    for (int32_t y = 0; y < from->height; y++) {
        const uint8_t *a = assay_image_row(from, y) + (size_t)from_channel * sample;
        uint8_t *b = assay_image_row_mut(to, y) + (size_t)to_channel * sample;
        for (int32_t x = 0; x < from->width; x++) {
            memcpy(b, a, (size_t)n * sample);
            a += (size_t)from->channels * sample;
            b += (size_t)to->channels * sample;
        }
    }
}

/* `n` channels from `first` on, without the others. */
static assay_status treat_channels(assay_image *out, const assay_image *in, int32_t first,
                                   int32_t n, double share, assay_error *err)
{
    assay_image part = {0};
    assay_image done = {0};
    assay_status status = ASSAY_OK;

    ASSAY_GOTO(assay_image_new(&part, in->width, in->height, n, in->type, err), done);
    move_channels(&part, 0, in, first, n);
    ASSAY_GOTO(down_and_up(&done, &part, share, err), done);
    move_channels(out, first, &done, 0, n);
done:
    assay_image_dispose(&part);
    assay_image_dispose(&done);
    return status;
}

static assay_status apply(assay_image *out, const assay_image *in, const void *raw, assay_rng *rng,
                          assay_arena *scratch, assay_error *err)
{
    const params *p = raw;
    int32_t colours = assay_pixels_colours(in);
    /* 16-bit images are resampled one channel at a time, as Pillow has no others. */
    int32_t together = in->type == ASSAY_PIXEL_U16 ? 1 : colours;
    assay_status status = ASSAY_OK;

    (void)rng;
    (void)scratch;
    if (p->share == 1.0) {
        return assay_image_copy(out, in, err);
    }
    if (together == in->channels) {
        return down_and_up(out, in, p->share, err);
    }
    ASSAY_TRY(assay_image_copy(out, in, err));
    for (int32_t c = 0; c < colours && status == ASSAY_OK; c += together) {
        status = treat_channels(out, in, c, together, p->share, err);
    }
    if (status != ASSAY_OK) {
        assay_image_dispose(out);
    }
    return status;
}

static const assay_param param_list[] = {
    ASSAY_REAL(params, share, 0.5, 0.01, 1.0, "fraction of the side",
               "Resolution that is kept; smaller is coarser."),
};

static const char *const examples[] = {
    "assay predict --model digits.onnx --data digits.csv --perturb pixelate:share=0.5",
    "sweeps: {coarse: {data: field, perturbation: pixelate, severity: [1, 2, 3, 4, 5]}}",
    NULL,
};

static const assay_perturbation shape = {
    .apply = apply,
    .severity_param = "share",
    .severities = {0.6, 0.5, 0.4, 0.3, 0.25},
    .identity = 1.0,
    .has_identity = 1,
};

extern const assay_op assay_op_perturbation_pixelate;
const assay_op assay_op_perturbation_pixelate = {
    .kind = ASSAY_OP_PERTURBATION,
    .revision = 1,
    .name = "pixelate",
    .title = "Pixelation",
    .summary = "Replaces blocks of pixels by their mean, as a camera of lower resolution does.",
    .description =
        "The image is shrunk to floor(width * share) x floor(height * share) pixels, at least "
        "one, and enlarged to its size again, both with Pillow's box filter: `resize(..., "
        "BOX)`, to the pixel, as in ImageNet-C. Alpha is kept and does not weigh.\n\n"
        "Severities 1 to 5 are those of ImageNet-C, tuned for 224 px photographs: a share of "
        "0.6, 0.5, 0.4, 0.3, 0.25 of the side. For small images use share: CIFAR-10-C (32 px) "
        "has 0.95, 0.9, 0.85, 0.75, 0.65 and Tiny-ImageNet-C (64 px) 0.9, 0.8, 0.7, 0.6, 0.5. "
        "share = 1 changes nothing.",
    .citation = "D. Hendrycks, T. Dietterich, \"Benchmarking neural network robustness to common "
                "corruptions and perturbations\", ICLR 2019, arXiv:1903.12261; filter: Pillow 13, "
                "Image.resize",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .perturbation = &shape,
};
