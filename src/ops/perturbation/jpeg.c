#include "base/buffer.h"
#include "base/error.h"
#include "codec/image_decode.h"
#include "codec/image_encode.h"
#include "core/op.h"
#include "core/perturbation.h"
#include "ops/shared/pixels.h"

typedef struct params {
    int64_t quality;
} params;

/* 8 bit without alpha, as JPEG takes it. */
static assay_status to_plain(assay_image *out, const assay_image *in, assay_error *err)
{
    assay_image bytes = {0};

    ASSAY_TRY(assay_image_to_u8(&bytes, in, err));
    assay_status status = in->channels < 3 ? assay_image_to_grey(out, &bytes, err)
                                           : assay_image_to_rgb(out, &bytes, err);
    assay_image_dispose(&bytes);
    return status;
}

static assay_status round_trip(assay_image *out, const assay_image *in, int quality,
                               assay_error *err)
{
    assay_buffer bytes = {0};
    assay_image_format format = ASSAY_IMAGE_UNKNOWN;
    /* The input is in memory already: its size needs no limit other than JPEG's own. */
    const assay_image_limits limits = {.max_pixels = INT64_MAX, .max_side = INT32_MAX};
    assay_status status = ASSAY_OK;

    assay_buffer_init(&bytes, 0);
    ASSAY_GOTO(assay_image_encode_jpeg(&bytes, in, quality, err), done);
    ASSAY_GOTO(
        assay_image_decode(out, &format, (const uint8_t *)bytes.data, bytes.size, &limits, err),
        done);
    if (out->width != in->width || out->height != in->height || out->channels != in->channels ||
        out->type != in->type) {
        assay_image_dispose(out);
        status = assay_fail(err, ASSAY_EINTERNAL,
                            "jpeg: the decoded image has another shape than the encoded one");
    }
done:
    assay_buffer_dispose(&bytes);
    return status;
}

/* Back to the caller's type; alpha is in `out` already. */
static void write_back(assay_image *out, const assay_image *decoded, double *row)
{
    double scale = assay_pixels_white(out->type) / 255.0;
    size_t n = assay_pixels_row_size(out);

    for (int32_t y = 0; y < out->height; y++) {
        assay_pixels_load(row, decoded, y);
        for (size_t i = 0; i < n; i++) {
            row[i] *= scale;
        }
        assay_pixels_store(out, y, row);
    }
}

static assay_status apply(assay_image *out, const assay_image *in, const void *raw, assay_rng *rng,
                          assay_arena *scratch, assay_error *err)
{
    const params *p = raw;
    assay_image plain = {0};
    assay_image decoded = {0};
    assay_status status = ASSAY_OK;

    (void)rng;
    if (in->type == ASSAY_PIXEL_U8 && (in->channels == 1 || in->channels == 3)) {
        return round_trip(out, in, (int)p->quality, err);
    }
    double *row = assay_arena_alloc(scratch, assay_pixels_row_size(in), sizeof *row);
    if (!row) {
        return assay_fail_memory(err);
    }
    ASSAY_GOTO(to_plain(&plain, in, err), done);
    ASSAY_GOTO(round_trip(&decoded, &plain, (int)p->quality, err), done);
    ASSAY_GOTO(assay_image_copy(out, in, err), done);
    write_back(out, &decoded, row);
done:
    assay_image_dispose(&plain);
    assay_image_dispose(&decoded);
    return status;
}

static const assay_param param_list[] = {
    ASSAY_INT(params, quality, 25, 1, 100, "",
              "JPEG quality on the usual scale; lower is smaller and worse."),
};

static const char *const examples[] = {
    "assay predict --model digits.onnx --data digits.csv --perturb jpeg:quality=10",
    "sweeps: {link: {data: field, perturbation: jpeg, severity: [1, 2, 3, 4, 5]}}",
    NULL,
};

static const assay_perturbation shape = {
    .apply = apply,
    .severity_param = "quality",
    .severities = {25.0, 18.0, 15.0, 10.0, 7.0},
};

extern const assay_op assay_op_perturbation_jpeg;
const assay_op assay_op_perturbation_jpeg = {
    .kind = ASSAY_OP_PERTURBATION,
    .revision = 1,
    .name = "jpeg",
    .title = "JPEG compression",
    .summary = "Compresses the image as a JPEG file and reads it back, like a narrow video link.",
    .description =
        "The image is encoded and decoded in memory with libjpeg(-turbo): baseline, standard "
        "Huffman tables, quantisation tables of Annex K scaled by the Independent JPEG Group's "
        "quality, chroma 4:2:0, accurate integer DCT, smooth upsampling: what Pillow's "
        "`save(quality=...)` and `open` do. Grey images become grey JPEG files.\n\n"
        "JPEG has 8 bits: 16-bit and float images are rounded to 8 bits first (65535 and 1.0 to "
        "255) and scaled back. Alpha is kept as it was. No quality leaves every image "
        "unchanged.\n\n"
        "Pixels can differ by a level or two between versions of libjpeg-turbo.\n\n"
        "Severities 1 to 5 are those of ImageNet-C: quality 25, 18, 15, 10, 7. For small images "
        "use "
        "quality: CIFAR-10-C (32 px) has 80, 65, 58, 50, 40 and Tiny-ImageNet-C (64 px) 65, 58, "
        "50, "
        "40, 25. Sides of at most 65500 px.",
    .citation = "D. Hendrycks, T. Dietterich, \"Benchmarking neural network robustness to common "
                "corruptions and perturbations\", ICLR 2019, arXiv:1903.12261; ITU-T T.81 (1992); "
                "quality scale: Independent JPEG Group, libjpeg",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .perturbation = &shape,
};
