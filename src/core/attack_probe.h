/**
 * @file attack_probe.h
 * What has to be known of a model before its robustness is worth a number: does it answer the same
 * twice, and are its gradients those of its answers?
 */
#ifndef ASSAY_CORE_ATTACK_PROBE_H
#define ASSAY_CORE_ATTACK_PROBE_H

#include "core/attack_run.h"

enum { ASSAY_PROBE_REPEATS = 5, ASSAY_PROBE_DIRECTIONS = 8 };

typedef struct assay_attack_probe {
    int64_t n;       /* images asked: those whose original is right */
    int64_t changed; /* images whose class changed over 5 repeats */
    double spread;   /* greatest L2 distance of the normalised logits of two repeats; > 1e-4 =
                         randomised (AutoAttack's rule); NAN for models that give labels */
    int64_t certain; /* images whose best probability is exactly 1 in float32 */
    int64_t n_gradient, zero; /* images whose gradient was asked for, and those where it is zero */
    double cosine; /* of directional derivatives and central differences, over 8 random directions
                         of each image; NAN without gradients */
    double error;  /* ||derivatives - differences|| / ||differences||; NAN */
} assay_attack_probe;

/** `options` as for an attack; its attack, norm and eps are not looked at. */
ASSAY_NODISCARD assay_status assay_attack_probe_model(assay_attack_probe *out,
                                                      const assay_attack_images *images,
                                                      const assay_attack_options *options,
                                                      assay_error *err);

#endif
