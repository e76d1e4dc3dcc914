#include "codec/oriented.h"

#include <math.h>
#include <string.h>

enum { CLIPPED = 16 }; /* corners after clipping four by four: at most eight */

static double cross(const double *o, const double *a, const double *b)
{
    return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
}

static double area_of(const double *xy, int32_t n)
{
    double sum = 0.0;
    for (int32_t i = 1; i + 1 < n; i++) {
        sum += cross(xy, xy + 2 * (size_t)i, xy + 2 * (size_t)i + 2);
    }
    return sum / 2.0;
}

/* Andrew's monotone chain (1979) over four points. */
void assay_hull_of(assay_hull *out, const double xy[ASSAY_QUAD])
{
    double sorted[ASSAY_QUAD];
    double chain[2 * ASSAY_QUAD + 4] = {0};
    int32_t n = 0;
    memcpy(sorted, xy, sizeof sorted);
    for (int i = 1; i < ASSAY_HULL_MOST; i++) {
        for (int k = i; k > 0; k--) {
            double *a = sorted + 2 * (size_t)k - 2;
            if (a[0] < a[2] || (a[0] == a[2] && a[1] <= a[3])) {
                break;
            }
            const double swap[2] = {a[0], a[1]};
            memmove(a, a + 2, 2 * sizeof *a);
            memcpy(a + 2, swap, sizeof swap);
        }
    }
    for (int pass = 0; pass < 2; pass++) {
        int32_t base = n;
        for (int i = 0; i < ASSAY_HULL_MOST; i++) {
            const double *p = sorted + 2 * (size_t)(pass == 0 ? i : ASSAY_HULL_MOST - 1 - i);
            while (n - base >= 2 &&
                   cross(chain + 2 * (size_t)n - 4, chain + 2 * (size_t)n - 2, p) <= 0.0) {
                n--;
            }
            memcpy(chain + 2 * (size_t)n, p, 2 * sizeof *p);
            n++;
        }
        n--; /* the last point of a pass is the first of the other */
    }
    *out = (assay_hull){.n = n};
    out->low[0] = sorted[0];
    out->high[0] = sorted[ASSAY_QUAD - 2];
    out->low[1] = fmin(fmin(xy[1], xy[3]), fmin(xy[5], xy[7]));
    out->high[1] = fmax(fmax(xy[1], xy[3]), fmax(xy[5], xy[7]));
    if (n < 3) {
        out->n = 0;
        return;
    }
    memcpy(out->xy, chain, 2 * (size_t)n * sizeof *chain);
    out->area = area_of(chain, n);
    if (!(out->area > 0.0)) {
        out->area = 0.0;
        out->n = 0;
    }
}

void assay_hull_of_box(assay_hull *out, const double box[4])
{
    double right = box[0] + box[2];
    double bottom = box[1] + box[3];
    const double xy[ASSAY_QUAD] = {box[0], box[1], right, box[1], right, bottom, box[0], bottom};
    assay_hull_of(out, xy);
}

/* What of the polygon lies left of the line from a to b. */
static int32_t clip(double *out, const double *xy, int32_t n, const double *a, const double *b)
{
    int32_t m = 0;
    for (int32_t i = 0; i < n; i++) {
        const double *p = xy + 2 * (size_t)i;
        const double *q = xy + 2 * (size_t)((i + 1) % n);
        double at_p = cross(a, b, p);
        double at_q = cross(a, b, q);
        if (at_p >= 0.0) {
            memcpy(out + 2 * (size_t)m++, p, 2 * sizeof *p);
        }
        if ((at_p > 0.0 && at_q < 0.0) || (at_p < 0.0 && at_q > 0.0)) {
            double t = at_p / (at_p - at_q);
            out[2 * (size_t)m] = p[0] + t * (q[0] - p[0]);
            out[2 * (size_t)m + 1] = p[1] + t * (q[1] - p[1]);
            m++;
        }
    }
    return m;
}

double assay_hull_intersection(const assay_hull *a, const assay_hull *b)
{
    double one[2 * CLIPPED] = {0};
    double two[2 * CLIPPED] = {0};
    double edges[ASSAY_QUAD] = {0};
    if (a->n == 0 || b->n == 0 || a->low[0] >= b->high[0] || b->low[0] >= a->high[0] ||
        a->low[1] >= b->high[1] || b->low[1] >= a->high[1]) {
        return 0.0;
    }
    int32_t n = a->n;
    /* relative to a corner, so that places far from the origin lose nothing */
    for (int32_t i = 0; i < 2 * a->n; i++) {
        one[i] = a->xy[i] - a->xy[i % 2];
    }
    for (int32_t i = 0; i < 2 * b->n; i++) {
        edges[i] = b->xy[i] - a->xy[i % 2];
    }
    for (int32_t i = 0; i < b->n && n >= 3; i++) {
        n = clip(two, one, n, edges + 2 * (size_t)i, edges + 2 * (size_t)((i + 1) % b->n));
        memcpy(one, two, 2 * (size_t)n * sizeof *one);
    }
    double area = n >= 3 ? area_of(one, n) : 0.0;
    return fmin(fmax(area, 0.0), fmin(a->area, b->area));
}

double assay_hull_iou(const assay_hull *a, const assay_hull *b, int crowd)
{
    double both = assay_hull_intersection(a, b);
    double whole = crowd ? a->area : a->area + b->area - both;
    return both > 0.0 && whole > 0.0 ? both / whole : 0.0;
}
