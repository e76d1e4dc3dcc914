#include <math.h>
#include <string.h>

#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"
#include "ops/shared/ball.h"

typedef struct params {
    double area, value;
    int64_t grid;
} params;

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    float *x = assay_attack_pixels(b, b->n);
    int32_t *labels = assay_arena_alloc(b->arena, (size_t)b->n, sizeof *labels);
    if (!x || !labels) {
        return assay_fail_memory(err);
    }
    double side = sqrt(p->area);
    int64_t height = (int64_t)nearbyint(side * (double)b->height);
    int64_t width = (int64_t)nearbyint(side * (double)b->width);
    height = height > 0 ? height : 1;
    width = width > 0 ? width : 1;
    for (int64_t t = 0; t < p->grid * p->grid && b->n_active > 0; t++) {
        double share_y = p->grid > 1 ? (double)(t / p->grid) / (double)(p->grid - 1) : 0.5;
        double share_x = p->grid > 1 ? (double)(t % p->grid) / (double)(p->grid - 1) : 0.5;
        int64_t top = (int64_t)(share_y * (double)(b->height - height));
        int64_t left = (int64_t)(share_x * (double)(b->width - width));
        for (int64_t i = 0; i < b->n_active; i++) {
            int64_t at = b->active[i] * b->size;
            memcpy(x + at, b->x0 + at, (size_t)b->size * sizeof *x);
            for (int64_t k = 0; k < b->size; k++) {
                int64_t row = k / b->width % b->height;
                int64_t column = k % b->width;
                if (row >= top && row < top + height && column >= left && column < left + width) {
                    x[at + k] = (float)p->value;
                }
            }
        }
        assay_points points = assay_attack_active(b);
        ASSAY_TRY(assay_attack_labels(b, labels, x, &points, err));
        assay_attack_compact(b);
    }
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_REAL(params, area, 0.05, 0.0001, 1.0, "share", "Share of the image that is covered."),
    ASSAY_REAL(params, value, 0.5, 0.0, 1.0, "", "Grey of the patch: 0 black, 1 white."),
    ASSAY_INT(params, grid, 7, 1, 1000, "", "Places of the patch in each direction."),
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_LABELS,
    .traits = ASSAY_ATTACK_TARGETED | ASSAY_ATTACK_CONTROL,
    .run = run,
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack occlusion:area=0.1",
    NULL,
};

extern const assay_op assay_op_attack_occlusion;
const assay_op assay_op_attack_occlusion = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "occlusion",
    .title = "Occlusion by a neutral patch",
    .summary = "Control: a grey patch on a grid of places; what an adversarial patch must beat.",
    .description =
        "Covers the image by a grey patch of the given share of its area, at each of grid x "
        "grid places. Of the views that are answered wrongly the one nearest to the original "
        "in the chosen norm is kept.\n\nAn adversarial patch that does no better than this "
        "works by covering, not by fooling.",
    .citation =
        "M. Zeiler, R. Fergus, \"Visualizing and understanding convolutional networks\", ECCV"
        " 2014, arXiv:1311.2901",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
