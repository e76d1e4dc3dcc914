/**
 * @file attack_planted.h
 * Would the attack find an adversarial example if there were one? After Zimmermann et al. 2022,
 * "Increasing confidence in adversarial robustness evaluations" (arXiv:2206.13991): a question with two
 * answers is put on top of the model, for each image its own, so that random points within the budget are
 * answered "no" and one known point of the budget's edge "yes". An attack that does not find a "yes" then
 * fails because of the model it has to go through.
 */
#ifndef ASSAY_CORE_ATTACK_PLANTED_H
#define ASSAY_CORE_ATTACK_PLANTED_H

#include "core/attack_run.h"

enum { ASSAY_PLANTED_IMAGES = 32 };

typedef struct assay_attack_planted {
    int64_t
        made; /* images with a planted example that random points within the budget do not show */
    int64_t found; /* of these: the attack found one */
} assay_attack_planted;

/**
 * The question is a linear one on differences of the model's logits (up to 8, of the highest classes); its
 * direction is Fisher's, between 40 points drawn within eps and the planted one, its threshold midway. The
 * options' attack looks for it at their first eps, in norm linf or l2 (others: ASSAY_EUNSUPPORTED). One
 * model that gives scores; gradients come from the options' substitute if there is one. At most
 * ASSAY_PLANTED_IMAGES of the images are taken.
 */
ASSAY_NODISCARD assay_status assay_attack_plant(assay_attack_planted *out,
                                                const assay_attack_images *images,
                                                const assay_attack_options *options,
                                                assay_error *err);

#endif
