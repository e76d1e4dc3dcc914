#include "stats/integrate.h"

#include <math.h>

enum { NODES = 8, DEEPEST = 40 };

/* Positive nodes of the 15-point rule with its weights; every second one belongs to the 7 points. */
static const double nodes[NODES] = {
    0.991455371120812639206854697526329, 0.949107912342758524526189684047851,
    0.864864423359769072789712788640926, 0.741531185599394439863864773280788,
    0.586087235467691130294144691693013, 0.405845151377397166906606412076961,
    0.207784955007898467600689403773245, 0.0};
static const double wide_weights[NODES] = {
    0.022935322010529224963732008058970, 0.063092092629978553290700663189204,
    0.104790010322250183839876322541518, 0.140653259715525918745189590510238,
    0.169004726639267902826583426598550, 0.190350578064785409913256402421014,
    0.204432940075298892414161999234649, 0.209482141084727828012999174891714};
static const double narrow_weights[NODES / 2] = {
    0.129484966168869693270611432679082, 0.279705391489276667901467771423780,
    0.381830050505118944950369775488975, 0.417959183673469387755102040816327};

typedef struct piece {
    double from, to, tolerance;
    int depth;
} piece;

static void rules(double *wide, double *narrow, double (*f)(double, const void *),
                  const void *context, const piece *p)
{
    double centre = 0.5 * (p->from + p->to);
    double half = 0.5 * (p->to - p->from);
    *wide = 0.0;
    *narrow = 0.0;
    for (int i = 0; i < NODES; i++) {
        double reach = half * nodes[i];
        double value = f(centre + reach, context);
        if (i < NODES - 1) {
            value += f(centre - reach, context);
        }
        *wide += wide_weights[i] * value;
        if (i % 2 == 1) {
            *narrow += narrow_weights[i / 2] * value;
        }
    }
    *wide *= half;
    *narrow *= half;
}

double assay_integrate(double (*f)(double x, const void *context), const void *context, double from,
                       double to, double tolerance)
{
    /* the halves still to do, left ones on top: at most one per level waits */
    piece stack[DEEPEST + 2];
    int height = 0;
    double total = 0.0;
    stack[height++] = (piece){from, to, tolerance, 0};
    while (height > 0) {
        piece p = stack[--height];
        double wide = 0.0, narrow = 0.0;
        rules(&wide, &narrow, f, context, &p);
        if (fabs(wide - narrow) <= p.tolerance || p.depth >= DEEPEST || isnan(wide)) {
            total += wide;
            continue;
        }
        double middle = 0.5 * (p.from + p.to);
        stack[height++] = (piece){middle, p.to, 0.5 * p.tolerance, p.depth + 1};
        stack[height++] = (piece){p.from, middle, 0.5 * p.tolerance, p.depth + 1};
    }
    return total;
}
