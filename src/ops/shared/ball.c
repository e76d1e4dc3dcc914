#include "ops/shared/ball.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

double assay_ball_norm(assay_norm norm, const float *x, int64_t n)
{
    double sum = 0.0;
    switch (norm) {
    case ASSAY_NORM_LINF:
        for (int64_t i = 0; i < n; i++) {
            sum = fabs((double)x[i]) > sum ? fabs((double)x[i]) : sum;
        }
        return sum;
    case ASSAY_NORM_L2:
        for (int64_t i = 0; i < n; i++) {
            sum += (double)x[i] * (double)x[i];
        }
        return sqrt(sum);
    case ASSAY_NORM_L1:
        for (int64_t i = 0; i < n; i++) {
            sum += fabs((double)x[i]);
        }
        return sum;
    default:
        for (int64_t i = 0; i < n; i++) {
            sum += x[i] != 0.0F ? 1.0 : 0.0;
        }
        return sum;
    }
}

enum { LANES = 8 };

typedef float floats __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t words __attribute__((vector_size(LANES * sizeof(int32_t))));

#define WHERE(mask, yes, no) ((floats)(((words)(yes) & (mask)) | ((words)(no) & ~(mask))))

__attribute__((always_inline)) static inline void nearest_linf(float *x, const float *x0, float e,
                                                               size_t n)
{
    const floats none = {0.0F};
    floats at = none;
    floats from = none;
    memcpy(&at, x, n * sizeof *x);
    memcpy(&from, x0, n * sizeof *x0);
    const floats low = from - e;
    const floats high = from + e;
    at = WHERE(at < low, low, WHERE(at > high, high, at));
    at = WHERE(at < none, none, WHERE(at > none + 1.0F, none + 1.0F, at));
    memcpy(x, &at, n * sizeof *x);
}

/* Of every step of most attacks: as comparisons of one number after the other it took as long as the
 * gradient of a small model. Lanes do not touch each other: the bits are the same in any registers. */
__attribute__((always_inline)) static inline void nearest_all(float *x, const float *x0, float e,
                                                              int64_t n)
{
    const int64_t whole = n - n % LANES;
    for (int64_t i = 0; i < whole; i += LANES) {
        nearest_linf(x + i, x0 + i, e, LANES);
    }
    nearest_linf(x + whole, x0 + whole, e, (size_t)(n - whole));
}

__attribute__((always_inline)) static inline void sign_all(float *x, const float *g, float step,
                                                           int64_t n)
{
    const floats none = {0.0F};
    const floats up = none + step;
    const int64_t whole = n - n % LANES;
    for (int64_t i = 0; i < whole; i += LANES) {
        floats at;
        floats slope;
        memcpy(&at, x + i, sizeof at);
        memcpy(&slope, g + i, sizeof slope);
        at += WHERE(slope > none, up, WHERE(slope < none, -up, none));
        memcpy(x + i, &at, sizeof at);
    }
    for (int64_t i = whole; i < n; i++) {
        x[i] += g[i] > 0.0F ? step : g[i] < 0.0F ? -step : 0.0F;
    }
}

static void nearest_plain(float *x, const float *x0, float e, int64_t n)
{
    nearest_all(x, x0, e, n);
}

static void sign_plain(float *x, const float *g, float step, int64_t n)
{
    sign_all(x, g, step, n);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void nearest_wide(float *x, const float *x0, float e,
                                                         int64_t n)
{
    nearest_all(x, x0, e, n);
}

__attribute__((target("avx2"))) static void sign_wide(float *x, const float *g, float step,
                                                      int64_t n)
{
    sign_all(x, g, step, n);
}

static bool is_wide(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}
#else
#define nearest_wide nearest_plain
#define sign_wide sign_plain

static bool is_wide(void)
{
    return false;
}
#endif

static void project_linf(float *x, const float *x0, double eps, int64_t n)
{
    (is_wide() ? nearest_wide : nearest_plain)(x, x0, (float)eps, n);
}

static void project_l2(float *x, const float *x0, double eps, int64_t n)
{
    double distance = assay_norm_distance(ASSAY_NORM_L2, x, x0, n);
    float scale = distance > eps ? (float)(eps / distance) : 1.0F;
    for (int64_t i = 0; i < n; i++) {
        x[i] = assay_unit_clip(distance > eps ? x0[i] + scale * (x[i] - x0[i]) : x[i]);
    }
}

static double room_of(float x, float x0)
{
    return x > x0 ? 1.0 - (double)x0 : (double)x0;
}

void assay_ball_project_nearest(float *x, const float *x0, double eps, int64_t n)
{
    double scale = 0.0;
    /* Coordinates at the end of their room stay there when the scale grows: a few rounds. */
    for (;;) {
        double free = 0.0;
        double stuck = 0.0;
        for (int64_t i = 0; i < n; i++) {
            double d = fabs((double)x[i] - (double)x0[i]);
            double room = room_of(x[i], x0[i]);
            if (scale > 0.0 && scale * d >= room) {
                stuck += room * room;
            } else {
                free += d * d;
            }
        }
        double left = eps * eps - stuck;
        double next = free > 0.0 && left > 0.0 ? sqrt(left / free) : scale;
        next = next < 1.0 ? next : 1.0;
        if (!(next > scale * (1.0 + 1e-12))) {
            break;
        }
        scale = next;
    }
    for (int64_t i = 0; i < n; i++) {
        x[i] = assay_unit_clip((float)((double)x0[i] + scale * ((double)x[i] - (double)x0[i])));
    }
}

static double shrunk(float x, float x0, double threshold)
{
    double d = (double)x - (double)x0;
    double room = d > 0.0 ? 1.0 - (double)x0 : (double)x0;
    double size = fabs(d) - threshold;
    size = size < 0.0 ? 0.0 : size;
    return size < room ? size : room;
}

static double sum_shrunk(const float *x, const float *x0, double threshold, int64_t n)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += shrunk(x[i], x0[i], threshold);
    }
    return sum;
}

static void project_l1(float *x, const float *x0, double eps, int64_t n)
{
    double low = 0.0;
    double high = 0.0;
    if (sum_shrunk(x, x0, 0.0, n) > eps) {
        high = assay_norm_distance(ASSAY_NORM_LINF, x, x0, n);
        for (int step = 0; step < 64 && high - low > 1e-12 * high; step++) {
            double middle = 0.5 * (low + high);
            if (sum_shrunk(x, x0, middle, n) > eps) {
                low = middle;
            } else {
                high = middle;
            }
        }
    }
    for (int64_t i = 0; i < n; i++) {
        double size = shrunk(x[i], x0[i], high);
        x[i] = assay_unit_clip((float)((double)x0[i] + (x[i] > x0[i] ? size : -size)));
    }
}

void assay_ball_project(assay_norm norm, float *x, const float *x0, double eps, int64_t n)
{
    switch (norm) {
    case ASSAY_NORM_LINF:
        project_linf(x, x0, eps, n);
        break;
    case ASSAY_NORM_L2:
        project_l2(x, x0, eps, n);
        break;
    default:
        project_l1(x, x0, eps, n);
        break;
    }
}

void assay_ball_ascend(assay_norm norm, float *x, const float *g, double step, int64_t n)
{
    if (norm == ASSAY_NORM_LINF) {
        (is_wide() ? sign_wide : sign_plain)(x, g, (float)step, n);
        return;
    }
    double size = assay_ball_norm(norm, g, n);
    if (size > 0.0) {
        double scale = step / size;
        for (int64_t i = 0; i < n; i++) {
            x[i] += (float)(scale * (double)g[i]);
        }
    }
}

/* The value that would stand at `rank` of the sorted array (Hoare's selection). Reorders values. */
static float select_rank(float *values, int64_t n, int64_t rank)
{
    int64_t low = 0;
    int64_t high = n - 1;
    while (low < high) {
        float pivot = values[low + (high - low) / 2];
        int64_t i = low;
        int64_t j = high;
        while (i <= j) {
            while (values[i] < pivot) {
                i++;
            }
            while (values[j] > pivot) {
                j--;
            }
            if (i <= j) {
                float swapped = values[i];
                values[i++] = values[j];
                values[j--] = swapped;
            }
        }
        if (rank <= j) {
            high = j;
        } else if (rank >= i) {
            low = i;
        } else {
            break;
        }
    }
    return values[rank];
}

void assay_ball_ascend_sparse(float *x, const float *g, double step, double share, float *work,
                              int64_t n)
{
    int64_t wanted = (int64_t)ceil(share * (double)n);
    wanted = wanted < 1 ? 1 : wanted > n ? n : wanted;
    for (int64_t i = 0; i < n; i++) {
        work[i] = fabsf(g[i]);
    }
    float least = select_rank(work, n, n - wanted);
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        count += fabsf(g[i]) >= least && g[i] != 0.0F;
    }
    for (int64_t i = 0; count > 0 && i < n; i++) {
        if (fabsf(g[i]) >= least && g[i] != 0.0F) {
            x[i] += (float)((g[i] > 0.0F ? step : -step) / (double)count);
        }
    }
}

void assay_ball_keep_largest(float *x, const float *x0, int64_t count, float *work, int64_t n)
{
    if (count >= n) {
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        work[i] = fabsf(x[i] - x0[i]);
    }
    float least = count > 0 ? select_rank(work, n, n - count) : INFINITY;
    for (int64_t i = 0; i < n; i++) {
        x[i] = fabsf(x[i] - x0[i]) >= least ? x[i] : x0[i];
    }
}

void assay_ball_random(assay_norm norm, float *x, const float *x0, double eps, assay_rng *rng,
                       int64_t n)
{
    double scale = eps;
    if (norm == ASSAY_NORM_LINF) {
        for (int64_t i = 0; i < n; i++) {
            x[i] = (float)(2.0 * assay_rng_uniform(rng) - 1.0);
        }
    } else if (norm == ASSAY_NORM_L2) {
        for (int64_t i = 0; i < n; i++) {
            x[i] = (float)assay_rng_normal(rng);
        }
        double radius = pow(assay_rng_uniform(rng), 1.0 / (double)n);
        scale = eps * radius / assay_ball_norm(norm, x, n);
    } else {
        double sum = -log(1.0 - assay_rng_uniform(rng));
        for (int64_t i = 0; i < n; i++) {
            double size = -log(1.0 - assay_rng_uniform(rng));
            sum += size;
            x[i] = (float)(assay_rng_u32(rng) & 1U ? size : -size);
        }
        scale = eps / sum;
    }
    for (int64_t i = 0; i < n; i++) {
        x[i] = assay_unit_clip((float)((double)x0[i] + scale * (double)x[i]));
    }
}
