#include <math.h>
#include <string.h>

#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"
#include "ops/shared/ball.h"

static const double pi = 3.14159265358979323846;

typedef struct params {
    double max_rotation, max_shift;
    int64_t rotations, shifts;
} params;

static float pixel(const float *plane, int32_t height, int32_t width, int64_t y, int64_t x)
{
    return y >= 0 && y < height && x >= 0 && x < width ? plane[y * width + x] : 0.0F;
}

/* out(p) = in(R p + shift), bilinear, black outside, about the centre of the image. */
static void turn(float *out, const float *in, const assay_attack_block *b, double degrees,
                 double shift_y, double shift_x)
{
    double c = cos(degrees * pi / 180.0);
    double s = sin(degrees * pi / 180.0);
    double cy = 0.5 * (double)(b->height - 1);
    double cx = 0.5 * (double)(b->width - 1);
    for (int32_t y = 0; y < b->height; y++) {
        for (int32_t x = 0; x < b->width; x++) {
            double v = (double)y - cy - shift_y;
            double u = (double)x - cx - shift_x;
            double from_y = cy + s * u + c * v;
            double from_x = cx + c * u - s * v;
            int64_t top = (int64_t)floor(from_y);
            int64_t left = (int64_t)floor(from_x);
            float sy = (float)(from_y - (double)top);
            float sx = (float)(from_x - (double)left);
            for (int32_t k = 0; k < b->channels; k++) {
                const float *plane = in + (int64_t)k * b->height * b->width;
                float above = pixel(plane, b->height, b->width, top, left) * (1.0F - sx) +
                              pixel(plane, b->height, b->width, top, left + 1) * sx;
                float below = pixel(plane, b->height, b->width, top + 1, left) * (1.0F - sx) +
                              pixel(plane, b->height, b->width, top + 1, left + 1) * sx;
                out[((int64_t)k * b->height + y) * b->width + x] =
                    assay_unit_clip(above * (1.0F - sy) + below * sy);
            }
        }
    }
}

static double grid(int64_t i, int64_t n, double most)
{
    return n > 1 ? most * (2.0 * (double)i / (double)(n - 1) - 1.0) : 0.0;
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    float *x = assay_attack_pixels(b, b->n);
    int32_t *labels = assay_arena_alloc(b->arena, (size_t)b->n, sizeof *labels);
    if (!x || !labels) {
        return assay_fail_memory(err);
    }
    int64_t tries = p->rotations * p->shifts * p->shifts;
    for (int64_t t = 0; t < tries && b->n_active > 0; t++) {
        double degrees = grid(t / (p->shifts * p->shifts), p->rotations, p->max_rotation);
        double shift_y = grid(t / p->shifts % p->shifts, p->shifts, p->max_shift);
        double shift_x = grid(t % p->shifts, p->shifts, p->max_shift);
        for (int64_t i = 0; i < b->n_active; i++) {
            int64_t at = b->active[i] * b->size;
            turn(x + at, b->x0 + at, b, degrees, shift_y, shift_x);
        }
        assay_points points = assay_attack_active(b);
        ASSAY_TRY(assay_attack_labels(b, labels, x, &points, err));
        assay_attack_compact(b);
    }
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_REAL(params, max_rotation, 30.0, 0.0, 180.0, "degrees", "Rotations up to this angle."),
    ASSAY_REAL(params, max_shift, 3.0, 0.0, 10000.0, "pixels", "Shifts up to this far."),
    ASSAY_INT(params, rotations, 5, 1, 1000, "", "Angles of the grid."),
    ASSAY_INT(params, shifts, 5, 1, 1000, "", "Shifts of the grid in each direction."),
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_LABELS,
    .traits = ASSAY_ATTACK_TARGETED | ASSAY_ATTACK_CONTROL,
    .run = run,
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack spatial:max_rotation=15,max_shift=2",
    NULL,
};

extern const assay_op assay_op_attack_spatial;
const assay_op assay_op_attack_spatial = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "spatial",
    .title = "Rotations and translations",
    .summary = "Control: turns and shifts that happen by themselves, on a grid.",
    .description =
        "Tries every combination of `rotations` angles from -max_rotation to max_rotation and"
        " `shifts` by `shifts` shifts from -max_shift to max_shift pixels; bilinear, black "
        "where nothing is. Of the views that are answered wrongly the one nearest to the "
        "original in the chosen norm is kept. 5 x 5 x 5 views, 30 degrees and 3 pixels are "
        "Foolbox's and the authors' grid.\n\nNo adversary is needed for such changes: a model"
        " that fails here fails in the field.",
    .citation = "L. Engstrom et al., \"Exploring the landscape of spatial robustness\", ICML 2019, "
                "arXiv:1712.02779; grid of Foolbox 3.3.4",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
