#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"
#include "ops/shared/ball.h"

enum { KIND_UNIFORM, KIND_CORNERS };

typedef struct params {
    int64_t draws;
    int32_t kind;
} params;

/* The corners of the Linf ball, which are farther away than its inside. */
static void corner(float *x, const float *x0, double eps, assay_rng *rng, int64_t n)
{
    uint32_t bits = 0;
    for (int64_t i = 0; i < n; i++) {
        bits = i % 32 == 0 ? assay_rng_u32(rng) : bits >> 1;
        x[i] = assay_unit_clip((float)((double)x0[i] + (bits & 1U ? eps : -eps)));
    }
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    float *x = assay_attack_pixels(b, b->n);
    int32_t *labels = assay_arena_alloc(b->arena, (size_t)b->n, sizeof *labels);
    if (!x || !labels) {
        return assay_fail_memory(err);
    }
    for (int64_t draw = 0; draw < p->draws && b->n_active > 0; draw++) {
        for (int64_t i = 0; i < b->n_active; i++) {
            int64_t r = b->active[i];
            int64_t at = r * b->size;
            if (p->kind == KIND_CORNERS && b->norm == ASSAY_NORM_LINF) {
                corner(x + at, b->x0 + at, b->eps, &b->rng[r], b->size);
            } else {
                assay_ball_random(b->norm, x + at, b->x0 + at, b->eps, &b->rng[r], b->size);
            }
        }
        assay_points points = assay_attack_active(b);
        ASSAY_TRY(assay_attack_labels(b, labels, x, &points, err));
        assay_attack_compact(b);
    }
    return ASSAY_OK;
}

static const char *const kinds[] = {"uniform", "corners", NULL};

static const assay_param param_list[] = {
    ASSAY_INT(params, draws, 100, 1, 1000000, "", "Random points that are tried for each image."),
    ASSAY_CHOICE(params, kind, KIND_UNIFORM, kinds,
                 "Uniform in the ball, or (Linf only) at its corners, where every value changes by "
                 "eps."),
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack noise:draws=1000 --norm linf --eps 0.1",
    NULL,
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_LABELS,
    .norms = ASSAY_LINF | ASSAY_L2 | ASSAY_L1,
    .traits = ASSAY_ATTACK_TARGETED | ASSAY_ATTACK_CONTROL | ASSAY_ATTACK_DRAWS,
    .run = run,
};

extern const assay_op assay_op_attack_noise;
const assay_op assay_op_attack_noise = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 1,
    .name = "noise",
    .title = "Random noise of the same size",
    .summary = "Control: random points at the same distance. An attack must do better than chance.",
    .description =
        "Draws points of the eps ball at random and asks the model for its answer to each, until "
        "one "
        "is wrong. `uniform`: uniform in the ball (in many dimensions that is near its surface for "
        "L2 and L1); `corners`: every value goes up or down by the whole eps. Everything is cut to "
        "[0, 1].\n\n"
        "Carlini et al. ask for 10 000 draws and more for each image. If this control succeeds, "
        "the model is not even robust to chance; if an attack does no better than this, the attack "
        "is broken.",
    .citation = "N. Carlini et al., \"On evaluating adversarial robustness\", arXiv:1902.06705",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
