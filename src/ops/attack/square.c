#include "ops/shared/square.h"
#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"

typedef struct params {
    int64_t queries, restarts;
    double p;
    bool rescale;
} params;

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    const assay_square settings = {
        .queries = p->queries, .restarts = p->restarts, .p = p->p, .rescale = p->rescale};
    return assay_square_run(b, &settings, err);
}

static const assay_param param_list[] = {
    ASSAY_INT(params, queries, 5000, 1, 10000000, "", "Queries for each image and start."),
    ASSAY_INT(params, restarts, 1, 1, 1000, "", "Independent starts."),
    ASSAY_REAL(params, p, 0.8, 1e-6, 1.0, "share", "Share of the pixels in the first square."),
    ASSAY_BOOL(params, rescale, false,
               "Stretch the schedule of sizes, made for 10 000 queries, to `queries`."),
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_SCORES,
    .norms = ASSAY_LINF | ASSAY_L2 | ASSAY_L1,
    .traits = ASSAY_ATTACK_TARGETED | ASSAY_ATTACK_DRAWS,
    .run = run,
};

static const char *const examples[] = {
    "assay attack model.yaml photos/ --attack square:queries=1000 --norm linf --eps 8/255",
    NULL,
};

extern const assay_op assay_op_attack_square;
const assay_op assay_op_attack_square = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 2,
    .name = "square",
    .title = "Square attack",
    .summary =
        "Random search with squares that needs scores only; shows when gradients are hidden.",
    .description =
        "Linf: starts with vertical stripes of +-eps, then proposes a square of +-eps (one "
        "sign for each channel) at a random place and keeps it if the margin `z_y - max "
        "z_other` falls. L2: starts with a pattern of bumps, then moves the energy of one "
        "square to another, channel by channel; L1 the same with sizes instead of squares and "
        "sharper bumps (1/k^4 instead of 1/k^2), each proposal brought into ball and box. The "
        "squares cover a share p of the pixels that is halved after "
        "10, 50, 200, 500, 1000, 2000, 4000, 6000 and 8000 queries (torchattacks stretches that "
        "schedule unless told otherwise; see "
        "`rescale`).\n\nOne query for each "
        "proposal. Every image has squares of its own; the authors' code shares them within a"
        " batch, so numbers of one run agree in distribution, not to the digit. Any wrong "
        "answer ends the search. If this attack finds what white-box attacks miss, the model "
        "hides its gradients.",
    .citation = "M. Andriushchenko, F. Croce, N. Flammarion, M. Hein, \"Square Attack: a "
                "query-efficient black-box adversarial attack via random search\", ECCV 2020, "
                "arXiv:1912.00049",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
