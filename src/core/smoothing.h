/**
 * @file smoothing.h
 * A guarantee from answers alone: the model smoothed by Gaussian noise g(x) = most probable class of
 * f(x + N(0, sigma^2)) keeps its class within an L2 radius of sigma * InverseNormal(p), where p is a
 * lower confidence bound of that class's probability. J. Cohen, E. Rosenfeld, Z. Kolter, "Certified
 * adversarial robustness via randomized smoothing", ICML 2019, arXiv:1902.02918, Certify. Works on
 * every model; says something about g, not about f.
 */
#ifndef ASSAY_CORE_SMOOTHING_H
#define ASSAY_CORE_SMOOTHING_H

#include "core/attack_run.h"

typedef struct assay_smoothing {
    double sigma;  /* in units of the pixel range 0 to 1; > 0 */
    int64_t first; /* draws that choose the class (100) */
    int64_t draws; /* draws that bound its probability */
    double alpha;  /* probability that a certificate is wrong (0.001) */
} assay_smoothing;

/** Radius of `successes` out of `draws`: sigma * InverseNormal of the one-sided Clopper-Pearson lower
 *  bound; 0 when the bound is not above one half (the smoothed model abstains). */
ASSAY_NODISCARD assay_status assay_smoothing_radius(double *radius, int64_t successes,
                                                    const assay_smoothing *settings,
                                                    assay_error *err);

enum { ASSAY_SMOOTHING_RADII = 8 };

/** The radii to report accuracy at: 0, 1/2, 1, 3/2, ... sigma, for as long as the draws can show that
 *  much when all of them agree. How many. */
ASSAY_NODISCARD assay_status assay_smoothing_radii(int32_t *n, double radii[ASSAY_SMOOTHING_RADII],
                                                   const assay_smoothing *settings,
                                                   assay_error *err);

/** label[i] and radius[i] of every image; -1 and 0 where it abstains or has no label. Of `options`
 *  only models, seed, threads, cancel and log matter. Noise is not cut to [0, 1], as in the paper. */
ASSAY_NODISCARD assay_status assay_smooth(int32_t *label, double *radius,
                                          const assay_attack_images *images,
                                          const assay_attack_options *options,
                                          const assay_smoothing *settings, assay_error *err);

#endif
