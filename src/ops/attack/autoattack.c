#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"
#include "ops/shared/apgd.h"
#include "ops/shared/fab.h"
#include "ops/shared/square.h"

enum { STANDARD, PLUS, RAND };
enum { APGD_CE, APGD_DLR, APGD_T, FAB, FAB_T, SQUARE };

typedef struct params {
    int32_t version;
} params;

static const double rho = 0.75;
static const double first_square = 0.8;

static assay_status run_apgd(assay_attack_block *b, int part, bool plus, assay_error *err)
{
    bool l1 = b->norm == ASSAY_NORM_L1;
    assay_apgd settings = {.steps = 100,
                           .restarts = plus || (l1 && part != APGD_T) ? 5 : 1,
                           .targets = l1 ? 5 : 9,
                           .rho = rho,
                           .large_budgets = l1};
    /* With two or three classes the ratio of logit differences does not exist. */
    if (part == APGD_CE) {
        settings.loss = ASSAY_LOSS_CROSS_ENTROPY;
    } else if (part == APGD_DLR) {
        settings.loss = b->classes >= 3 ? ASSAY_LOSS_DLR : ASSAY_LOSS_MARGIN;
    } else {
        settings.restarts = 1;
        settings.loss = b->classes >= 4 ? ASSAY_LOSS_DLR_TARGETED : ASSAY_LOSS_LOGIT_DIFFERENCE;
    }
    return assay_apgd_run(b, &settings, err);
}

static assay_status run_part(assay_attack_block *b, int part, bool plus, assay_error *err)
{
    const assay_fab fab = {.steps = 100,
                           .restarts = plus && part == FAB ? 5 : 1,
                           .targets = part == FAB_T ? 9 : 0,
                           .alpha_max = 0.1,
                           .eta = 1.05,
                           .beta = 0.9};
    const assay_square square = {.queries = 5000, .restarts = 1, .p = first_square};
    b->current_stage = part;
    switch (part) {
    case FAB:
    case FAB_T:
        return assay_fab_run(b, &fab, err);
    case SQUARE:
        return assay_square_run(b, &square, err);
    default:
        return run_apgd(b, part, plus, err);
    }
}

static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    static const int standard[] = {APGD_CE, APGD_T, FAB_T, SQUARE, -1};
    static const int plus[] = {APGD_CE, APGD_DLR, FAB, SQUARE, APGD_T, FAB_T, -1};
    static const int rand[] = {APGD_CE, APGD_DLR, -1};
    static const int *const versions[] = {standard, plus, rand};
    const params *p = raw;
    for (const int *part = versions[p->version]; *part >= 0 && b->n_active > 0; part++) {
        ASSAY_TRY(run_part(b, *part, p->version == PLUS, err));
    }
    return ASSAY_OK;
}

static const char *const versions[] = {"standard", "plus", "rand", NULL};

static const assay_param param_list[] = {
    ASSAY_CHOICE(params, version, STANDARD, versions,
                 "Composition: standard, plus (five restarts, six parts), or rand for models that "
                 "answer at random (gradients averaged over --repeats calls, 20 when that is not "
                 "given: of all attacks named with it)."),
};

static const char *const stages[] = {"apgd_ce", "apgd_dlr", "apgd_t", "fab",
                                     "fab_t",   "square",   NULL};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_GRADIENTS,
    .norms = ASSAY_LINF | ASSAY_L2 | ASSAY_L1,
    .traits = ASSAY_ATTACK_DRAWS,
    .run = run,
    .stages = stages,
};

static const char *const examples[] = {
    "assay attack digits.onnx digits/ --attack autoattack --norm linf --eps 0.05,0.1,0.15",
    NULL,
};

extern const assay_op assay_op_attack_autoattack;
const assay_op assay_op_attack_autoattack = {
    .kind = ASSAY_OP_ATTACK,
    .revision = 3,
    .name = "autoattack",
    .title = "AutoAttack",
    .summary = "The ensemble that published robustness numbers are measured with.",
    .description =
        "Each part works on the images that the ones before it did not fool.\n\n`standard`: "
        "apgd_ce (100 steps, 1 start), apgd_t (100 steps, 9 target classes), fab_t (100 "
        "steps, 9 classes), square (5000 queries, p 0.8, schedule not stretched). L1: five "
        "starts and 3, 2, 1 times eps for apgd_ce, 5 target classes for apgd_t.\n\n`plus`: apgd_ce "
        "(5 starts), apgd_dlr (5), fab (5), square, apgd_t (9 "
        "classes), fab_t (9). `rand`: apgd_ce and apgd_dlr, gradients averaged over "
        "repeats.\n\nWith two or three classes the ratio of logit differences does not exist;"
        " the margin, or the difference of two logits, takes its place. ART's attack of this "
        "name is composed differently (DeepFool instead of FAB, no apgd_t) and its numbers "
        "cannot be compared.",
    .citation =
        "F. Croce, M. Hein, \"Reliable evaluation of adversarial robustness with an ensemble "
        "of diverse parameter-free attacks\", ICML 2020, arXiv:2003.01690; constants of the "
        "authors' code of 2023-01",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
};
