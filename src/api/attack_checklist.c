/* The reporting checklist of Carlini et al., "On evaluating adversarial robustness",
 * arXiv:1902.06705, filled in from what was done. */
#include <string.h>

#include "api/attack.h"
#include "base/text.h"

static void item(assay_json *json, const char *question, const char *answer, const char *text)
{
    assay_json_begin_object(json);
    assay_json_put_text(json, "item", question);
    assay_json_put_text(json, "answer", answer);
    assay_json_put_text(json, "text", text);
    assay_json_end_object(json);
}

static const char *state_of(const assay_assessment *a, const char *check)
{
    for (int32_t c = 0; c < a->n_checks; c++) {
        if (assay_text_equal(a->checks[c].name, check)) {
            return a->checks[c].state == ASSAY_CHECK_PASSED    ? "yes"
                   : a->checks[c].state == ASSAY_CHECK_WARNING ? "no"
                                                               : "not done";
        }
    }
    return "not done";
}

static int count(const assay_assessment *a, assay_attack_access access, bool control)
{
    int n = 0;
    for (int32_t k = 0; k < a->n_attacks; k++) {
        const assay_attack *attack = a->attacks[k].attack->op->attack;
        n += attack->access == access && ((attack->traits & ASSAY_ATTACK_CONTROL) != 0) == control;
    }
    return n;
}

static const char *yes_if(bool condition)
{
    return condition ? "yes" : "no";
}

static bool has_stages(const assay_assessment *a)
{
    bool found = false;
    for (int32_t k = 0; k < a->n_attacks; k++) {
        found = found || a->attacks[k].attack->op->attack->stages != NULL;
    }
    return found;
}

void assay_assessment_checklist(assay_json *json, const assay_assessment *a)
{
    const assay_assess_options *o = a->options;
    int white = count(a, ASSAY_ACCESS_GRADIENTS, false);
    int scores = count(a, ASSAY_ACCESS_SCORES, false);
    int labels = count(a, ASSAY_ACCESS_LABELS, false);
    int controls = count(a, ASSAY_ACCESS_LABELS, true);
    assay_json_key(json, "checklist");
    assay_json_begin_array(json);
    item(json, "Precise threat model", "yes",
         o->target >= 0
             ? "Goal: one given class; budget: the norm and eps of this file; knowledge: "
               "the access that each attack names."
             : "Goal: any wrong answer; budget: the norm and eps of this file; "
               "knowledge: the access that each attack names.");
    item(json, "Accuracy without an attack is reported", "yes", "Member `clean`.");
    item(json, "Per-image worst case over attacks", "yes", "Member `worst_case`.");
    item(json, "All parameters are reported", "yes",
         "Member `params` of each attack, and the seed.");
    item(json, "Curve against eps, and it reaches zero", state_of(a, "curve_reaches_zero"),
         "Member `worst_case`.");
    item(json, "Iterative attacks beat a single step", state_of(a, "iterative_beats_single_step"),
         "`fgsm` against `pgd`.");
    item(json, "An unbounded attack reaches chance", state_of(a, "unbounded_attack"),
         "PGD with the whole pixel range.");
    item(json, "The attack finds an example that is known to be there",
         state_of(a, "planted_example"), "Zimmermann et al., arXiv:2206.13991.");
    item(json, "Attacks have converged", state_of(a, "converged"),
         "Few successes in the last steps.");
    item(json, "White-box attacks", yes_if(white > 0), "Attacks with access `gradients`.");
    item(json, "At least one attack without gradients", yes_if(scores > 0 || has_stages(a)),
         "Attacks with access `scores`; AutoAttack has Square among its parts.");
    item(json, "At least one attack on labels only", yes_if(labels > 0),
         "Attacks with access `labels` other than controls.");
    item(json, "Attacks without gradients find no more", state_of(a, "black_box_beats_white_box"),
         "Else gradients are masked.");
    item(json, "Random noise as control", state_of(a, "noise_control"),
         "10 000 draws and more for each image are recommended (noise:draws=10000).");
    item(json, "Rotations, translations or occlusion", yes_if(controls > 1),
         "Controls `spatial` and `occlusion`.");
    item(
        json, "Transfer", yes_if(o->n_transfer > 0 || o->n_proxies > 0 || o->n_matrix > 0),
        "Examples of similar models tried on this one (--proxy, --matrix), and its own on others.");
    item(json, "Randomness is averaged over", o->repeats > 1 ? "yes" : state_of(a, "deterministic"),
         "Yes when the model is deterministic or gradients are averaged over repeats.");
    item(json, "Non-differentiable parts have a substitute",
         o->substitute != NULL ? "yes" : state_of(a, "zero_gradient"),
         "Yes when no gradient is zero or a substitute is declared.");
    item(json, "Adaptive attacks on the defence as a whole", "for a person to judge",
         "If the model has a defence, attack the model with it, with a loss that knows it.");
    item(json, "Code and model can be had by others", "for a person to judge",
         "This file, the plan and the model repeat the run bit by bit.");
    assay_json_end_array(json);
}
