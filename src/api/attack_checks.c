/* Whether the numbers of an assessment are to be believed: every check has a trigger and a meaning. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/attack.h"
#include "base/text.h"

static void add(assay_assessment *a, const char *name, assay_check_state state, const char *text)
{
    if (a->n_checks < (int32_t)ASSAY_COUNT(a->checks)) {
        a->checks[a->n_checks++] = (assay_check){
            name, state, text != NULL ? text : "memory ran out while this was written"};
    }
}

static int32_t find(const assay_assessment *a, const char *name)
{
    for (int32_t k = 0; k < a->n_attacks; k++) {
        if (assay_text_equal(a->attacks[k].attack->op->name, name)) {
            return k;
        }
    }
    return -1;
}

static int64_t left(const assay_assessment *a, int32_t k, int32_t e)
{
    assay_share share;
    const assay_selection all = {.label = -1};
    return assay_robust_share(&share, a, k, e, all, NULL) == ASSAY_OK ? share.x : 0;
}

static void check_random(assay_assessment *a)
{
    const assay_attack_probe *p = &a->probe;
    bool random = p->changed > 0 || p->spread > 1e-4;
    if (random) {
        add(a, "deterministic", ASSAY_CHECK_WARNING,
            assay_arena_printf(a->arena,
                               "The model answers differently when it is asked again (%" PRId64
                               " of %" PRId64 " images change class over 5 repeats). A single "
                               "gradient or answer means little: average over calls "
                               "(--repeats 20) and use autoattack:version=rand.",
                               p->changed, p->n));
    } else {
        add(a, "deterministic", ASSAY_CHECK_PASSED, "Five repeats give the same answers.");
    }
}

static void check_gradient(assay_assessment *a)
{
    const assay_attack_probe *p = &a->probe;
    if (a->no_gradients != NULL && a->options->substitute == NULL) {
        add(a, "gradient", ASSAY_CHECK_WARNING,
            assay_arena_printf(
                a->arena,
                "Attacks that only ask take the place of those that follow gradients, and "
                "find less: %s",
                a->no_gradients));
        return;
    }
    if (p->n_gradient == 0) {
        add(a, "gradient", ASSAY_CHECK_NOT_APPLICABLE,
            a->options->substitute != NULL ? "Gradients come from another model by declaration."
                                           : "The model gives no gradients.");
        return;
    }
    if (p->zero > 0) {
        add(a, "zero_gradient", ASSAY_CHECK_WARNING,
            assay_arena_printf(a->arena,
                               "For %" PRId64 " of %" PRId64
                               " images the gradient is exactly zero: it is masked (saturation, "
                               "rounding, a step function). Gradient attacks see nothing there; "
                               "trust attacks that need scores or labels, or name a smooth "
                               "substitute (--gradients).",
                               p->zero, p->n_gradient));
    } else {
        add(a, "zero_gradient", ASSAY_CHECK_PASSED, "No image has a gradient of exactly zero.");
    }
    bool defined = isfinite(p->cosine) && isfinite(p->error);
    bool good = defined && p->cosine > 0.99 && p->error < 0.1;
    const char *found = defined ? assay_arena_printf(a->arena, "cosine %.4f, relative error %.3f.",
                                                     p->cosine, p->error)
                                : "nothing to compare, as one of them is zero everywhere.";
    add(a, "gradient_fidelity", good ? ASSAY_CHECK_PASSED : ASSAY_CHECK_WARNING,
        assay_arena_printf(a->arena,
                           "Slopes promised by the gradient against central differences: %s%s",
                           found != NULL ? found : "",
                           good ? ""
                                : " They do not agree: the model is rough, rounds, or its gradient "
                                  "is not its own. Gradient attacks are weaker than they look."));
}

static void check_certain(assay_assessment *a)
{
    const assay_attack_probe *p = &a->probe;
    if (a->options->models[0]->spec.scores == ASSAY_SCORES_LABELS) {
        return;
    }
    bool saturated = 10 * p->certain > p->n && p->n > 0;
    bool probabilities = a->options->models[0]->spec.scores == ASSAY_SCORES_PROBABILITIES;
    if (saturated) {
        add(a, "saturation", ASSAY_CHECK_WARNING,
            assay_arena_printf(
                a->arena,
                "%" PRId64 " of %" PRId64
                " images get a probability of exactly 1%s. Cross-entropy has no slope there; the "
                "difference-of-logits ratio (apgd_dlr, apgd_t) and fab see through it.",
                p->certain, p->n,
                probabilities ? " and the model gives probabilities, not logits" : ""));
    } else {
        add(a, "saturation", ASSAY_CHECK_PASSED,
            probabilities ? "The model gives probabilities; their logarithms serve as logits and "
                            "are not saturated."
                          : "Scores are not saturated.");
    }
}

/* Best of the attacks with this access, at eps e: right answers left; -1 without one. Transfer is neither
 * with nor without gradients. */
static int64_t best_left(const assay_assessment *a, assay_attack_access access, bool control,
                         int32_t e)
{
    int64_t best = -1;
    for (int32_t k = 0; k < a->n_attacks; k++) {
        const assay_attack *attack = a->attacks[k].attack->op->attack;
        bool is_control = (attack->traits & ASSAY_ATTACK_CONTROL) != 0;
        if (a->attacks[k].proxy != NULL || attack->norms == 0 || is_control != control ||
            (!control &&
             (access == ASSAY_ACCESS_GRADIENTS) != (attack->access == ASSAY_ACCESS_GRADIENTS))) {
            continue;
        }
        int64_t now = left(a, k, e);
        best = best < 0 || now < best ? now : best;
    }
    return best;
}

static void check_black_box(assay_assessment *a)
{
    for (int32_t e = 0; e < a->options->n_eps; e++) {
        int64_t white = best_left(a, ASSAY_ACCESS_GRADIENTS, false, e);
        int64_t black = best_left(a, ASSAY_ACCESS_SCORES, false, e);
        if (white < 0 || black < 0) {
            add(a, "black_box_beats_white_box", ASSAY_CHECK_NOT_APPLICABLE,
                "This takes an attack with gradients and one without.");
            return;
        }
        if ((double)(white - black) > 0.002 * (double)a->images.n) {
            add(a, "black_box_beats_white_box", ASSAY_CHECK_WARNING,
                assay_arena_printf(a->arena,
                                   "At eps %g attacks without gradients leave %" PRId64
                                   " right answers, those with gradients %" PRId64
                                   ": gradients are masked, and robustness is overstated by "
                                   "white-box attacks.",
                                   a->options->eps[e], black, white));
            return;
        }
    }
    add(a, "black_box_beats_white_box", ASSAY_CHECK_PASSED,
        "Attacks without gradients find no more than those with gradients.");
}

/* The attacker's own model finds more than the gradients of the attacked one: they are masked. */
static void check_transfer(assay_assessment *a)
{
    for (int32_t e = 0; e < a->options->n_eps; e++) {
        int64_t white = best_left(a, ASSAY_ACCESS_GRADIENTS, false, e);
        for (int32_t k = 0; k < a->n_attacks && white >= 0; k++) {
            if (a->attacks[k].proxy == NULL ||
                (double)(white - left(a, k, e)) <= 0.002 * (double)a->images.n) {
                continue;
            }
            add(a, "transfer_beats_white_box", ASSAY_CHECK_WARNING,
                assay_arena_printf(a->arena,
                                   "At eps %g examples made on %s alone leave %" PRId64
                                   " right answers, attacks with the model's own gradients %" PRId64
                                   ": its gradients are masked.",
                                   a->options->eps[e], a->attacks[k].proxy->name, left(a, k, e),
                                   white));
            return;
        }
    }
    bool made = a->options->n_proxies > 0 && best_left(a, ASSAY_ACCESS_GRADIENTS, false, 0) >= 0;
    add(a, "transfer_beats_white_box", made ? ASSAY_CHECK_PASSED : ASSAY_CHECK_NOT_APPLICABLE,
        made ? "Examples made on other models find no more than the model's own gradients."
             : "This takes a proxy (--proxy) and an attack with gradients.");
}

static void check_control(assay_assessment *a)
{
    for (int32_t e = 0; e < a->options->n_eps; e++) {
        int64_t noise = best_left(a, 0, true, e);
        int64_t white = best_left(a, ASSAY_ACCESS_GRADIENTS, false, e);
        int64_t black = best_left(a, ASSAY_ACCESS_SCORES, false, e);
        int64_t best = white < 0 || (black >= 0 && black < white) ? black : white;
        if (noise < 0 || best < 0) {
            add(a, "noise_control", ASSAY_CHECK_NOT_APPLICABLE,
                "This takes an attack and the control `noise`.");
            return;
        }
        if (noise < best) {
            add(a, "noise_control", ASSAY_CHECK_WARNING,
                assay_arena_printf(a->arena,
                                   "At eps %g random noise fools more images than the attacks: the "
                                   "attacks do not work on this model.",
                                   a->options->eps[e]));
            return;
        }
    }
    add(a, "noise_control", ASSAY_CHECK_PASSED,
        "The attacks find at least what random noise of the same size finds.");
}

static void check_single_step(assay_assessment *a)
{
    int32_t fgsm = find(a, "fgsm");
    int32_t pgd = find(a, "pgd");
    if (fgsm < 0 || pgd < 0) {
        add(a, "iterative_beats_single_step", ASSAY_CHECK_NOT_APPLICABLE,
            "This takes `fgsm` and `pgd`.");
        return;
    }
    for (int32_t e = 0; e < a->options->n_eps; e++) {
        if (left(a, fgsm, e) < left(a, pgd, e)) {
            add(a, "iterative_beats_single_step", ASSAY_CHECK_WARNING,
                assay_arena_printf(a->arena,
                                   "At eps %g one step fools more images than many: the loss is "
                                   "rough or gradients are masked.",
                                   a->options->eps[e]));
            return;
        }
    }
    add(a, "iterative_beats_single_step", ASSAY_CHECK_PASSED,
        "Many steps find at least what one step finds.");
}

static void check_unbounded(assay_assessment *a)
{
    int32_t classes = a->options->models[0]->spec.classes;
    if (a->unbounded_n == 0) {
        add(a, "unbounded_attack", ASSAY_CHECK_NOT_APPLICABLE,
            "This takes `pgd`, untargeted: the whole pixel range as budget.");
        return;
    }
    double share = (double)a->unbounded_left / (double)a->unbounded_n;
    bool good = share <= 1.0 / (double)classes;
    add(a, "unbounded_attack", good ? ASSAY_CHECK_PASSED : ASSAY_CHECK_WARNING,
        assay_arena_printf(a->arena,
                           "PGD with the whole pixel range as budget leaves %" PRId64 " of %" PRId64
                           " right answers%s",
                           a->unbounded_left, a->unbounded_n,
                           good ? " (chance or less)."
                                : ", more than chance: gradients are obfuscated; robustness "
                                  "measured by gradients is not real."));
}

/* Zimmermann et al. 2022: 95 % of what is known to be there must be found. */
static void check_planted(assay_assessment *a)
{
    const assay_attack_planted *p = &a->planted;
    if (p->made == 0) {
        add(a, "planted_example", ASSAY_CHECK_NOT_APPLICABLE,
            "This takes one model that gives scores, an attack on more than labels, and an eps in "
            "norm "
            "linf or l2.");
        return;
    }
    bool good = 20 * p->found >= 19 * p->made;
    add(a, "planted_example", good ? ASSAY_CHECK_PASSED : ASSAY_CHECK_WARNING,
        assay_arena_printf(
            a->arena,
            "An example within eps %g was planted on top of the model for %" PRId64
            " images; %s found %" PRId64 "%s",
            a->options->eps[a->options->n_eps - 1], p->made, a->planted_by, p->found,
            good ? "."
                 : ": what is known to be there is missed, so failing to find an example proves "
                   "nothing here. Gradients are masked, or the attack is too weak."));
}

/* First successes late in the search: it was not over. */
static void check_converged(assay_assessment *a)
{
    int32_t k = find(a, "apgd_ce") >= 0 ? find(a, "apgd_ce") : find(a, "pgd");
    if (k < 0) {
        return;
    }
    const assay_attack_result *r = a->attacks[k].result;
    double steps = 0.0;
    double restarts = 1.0;
    int64_t late = 0;
    int64_t found = 0;
    (void)assay_args_get(&steps, a->attacks[k].attack, "steps");
    (void)assay_args_get(&restarts, a->attacks[k].attack, "restarts");
    for (int64_t i = 0; i < r->n; i++) {
        found += r->first[i] > 0;
        late += (double)r->first[i] > 0.9 * steps * restarts;
    }
    bool good = found < 20 || 20 * late <= found;
    add(a, "converged", good ? ASSAY_CHECK_PASSED : ASSAY_CHECK_WARNING,
        assay_arena_printf(a->arena,
                           "%" PRId64 " of %" PRId64
                           " successes of %s came in the last tenth of its steps%s",
                           late, found, a->attacks[k].attack->op->name,
                           good ? "." : ": more steps would find more."));
}

static void check_rounding(assay_assessment *a)
{
    int64_t found = 0;
    int64_t lost = 0;
    int64_t refuted = 0;
    for (int32_t k = 0; k < a->n_attacks; k++) {
        const assay_attack_result *r = a->attacks[k].result;
        for (int64_t i = 0; i < r->n; i++) {
            refuted += r->refuted[i];
            if (r->answer[i] >= 0 && r->distance[i] > 0.0) {
                bool wanted = a->images.targets != NULL ? r->rounded[i] == a->images.targets[i]
                                                        : r->rounded[i] != r->label[i];
                found++;
                lost += !wanted;
            }
        }
    }
    bool good = 10 * lost <= found;
    add(a, "eight_bit", good ? ASSAY_CHECK_PASSED : ASSAY_CHECK_WARNING,
        assay_arena_printf(a->arena,
                           "%" PRId64 " of %" PRId64
                           " examples stop working when they are rounded to 8 bit%s",
                           lost, found,
                           good ? "."
                                : ": they need pixel values that no image file holds. Small "
                                  "distances overstate the danger."));
    if (refuted > 0) {
        add(a, "confirmed", ASSAY_CHECK_WARNING,
            assay_arena_printf(a->arena,
                               "%" PRId64 " examples were taken back when the model was asked "
                               "again; they do not count as successes.",
                               refuted));
    } else {
        add(a, "confirmed", ASSAY_CHECK_PASSED, "Every example was confirmed by asking again.");
    }
}

static void check_reach(assay_assessment *a)
{
    int32_t e = a->options->n_eps - 1;
    if (e < 0) {
        return;
    }
    int64_t now = left(a, -1, e);
    bool zero = now == 0;
    add(a, "curve_reaches_zero", zero ? ASSAY_CHECK_PASSED : ASSAY_CHECK_WARNING,
        assay_arena_printf(a->arena,
                           "At the greatest eps (%g) %" PRId64 " right answers are left%s",
                           a->options->eps[e], now,
                           zero ? "."
                                : ": add a greater eps, so that the curve shows where the attacks "
                                  "succeed on all images. If none does, they do not work."));
}

static void check_classes(assay_assessment *a)
{
    int32_t classes = a->options->models[0]->spec.classes;
    if (classes < 4) {
        add(a, "few_classes", ASSAY_CHECK_WARNING,
            "With fewer than four classes the ratio of logit differences does not exist; margins "
            "take its place in autoattack.");
    }
}

assay_status assay_assess_checks(assay_assessment *a, assay_error *err)
{
    (void)err;
    check_random(a);
    check_gradient(a);
    check_certain(a);
    check_classes(a);
    check_black_box(a);
    check_transfer(a);
    check_control(a);
    check_single_step(a);
    check_unbounded(a);
    check_planted(a);
    check_converged(a);
    check_rounding(a);
    check_reach(a);
    add(a, "optimisation_at_inference", ASSAY_CHECK_NOT_APPLICABLE,
        "An ONNX graph or a command has no optimisation loop that could be seen from outside.");
    return ASSAY_OK;
}
