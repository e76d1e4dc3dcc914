/**
 * @file ball.h
 * Norm balls around an image, inside the box [0, 1]: projections, steps, random points. Arrays are n
 * float32 values; sums are in double in index order.
 */
#ifndef ASSAY_OPS_SHARED_BALL_H
#define ASSAY_OPS_SHARED_BALL_H

#include <stdint.h>

#include "base/rng.h"
#include "core/attack.h"

/** ||x||_p of n values. */
double assay_ball_norm(assay_norm norm, const float *x, int64_t n);

static inline float assay_unit_clip(float value)
{
    return value < 0.0F ? 0.0F : value > 1.0F ? 1.0F : value;
}

/**
 * Bring x into {y : ||y - x0|| <= eps, 0 <= y <= 1}. Linf: the nearest point. L2: the change is scaled
 * down, then cut to the box (as Foolbox, torchattacks and AutoAttack do). L1: the nearest point of
 * ball and box together: u_i = sign(d_i) min(max(|d_i| - t, 0), room_i) with t >= 0 such that the sum
 * is eps (Croce, Hein, "Mind the box", ICML 2021); t by bisection.
 */
void assay_ball_project(assay_norm norm, float *x, const float *x0, double eps, int64_t n);

/** L2: the nearest point of ball and box together: the change is scaled by the s <= 1 for which the
 *  change cut to the box has length eps. Uses the whole eps where the scaled and cut one does not. */
void assay_ball_project_nearest(float *x, const float *x0, double eps, int64_t n);

/** x + step * (unit direction of steepest ascent): sign(g), g / ||g||_2, g / ||g||_1. A gradient of
 *  zero moves nothing. */
void assay_ball_ascend(assay_norm norm, float *x, const float *g, double step, int64_t n);

/** Steepest ascent in the L1 norm, spread over the coordinates whose |g| is at least that of the
 *  `share` quantile from the top (Tramer, Boneh 2019: 0.01): x += step * sign(g_i) / count.
 *  `work` holds n values. */
void assay_ball_ascend_sparse(float *x, const float *g, double step, double share, float *work,
                              int64_t n);

/** Keep the `count` largest changes of x against x0 (more when some are equal), undo the others. */
void assay_ball_keep_largest(float *x, const float *x0, int64_t count, float *work, int64_t n);

/** A random point of the ball, cut to the box. Linf: uniform on [-eps, eps]^n; L2: uniform in the
 *  ball (normal direction, radius eps U^(1/n)); L1: uniform in the ball (signed exponentials). */
void assay_ball_random(assay_norm norm, float *x, const float *x0, double eps, assay_rng *rng,
                       int64_t n);

#endif
