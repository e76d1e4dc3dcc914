#include "ops/shared/curve_points.h"

#include <string.h>

size_t assay_curve_size(const void *params, int32_t classes)
{
    (void)params;
    size_t points = (size_t)assay_curve_points(classes) * ASSAY_CURVE_COLUMNS * sizeof(double);
    return (size_t)classes * (sizeof(assay_curve_count) + points);
}

/* The points that are not dropped, one after the other, each known with its neighbours. */
typedef struct thinned {
    const assay_ranking *ranking;
    bool (*between)(const assay_ranked_walk *, const assay_ranked_walk *,
                    const assay_ranked_walk *); /* NULL: all points */
    assay_ranked_walk before, at, ahead;
    int64_t steps;
    bool more; /* `ahead` is a point */
} thinned;

static thinned begin(const assay_ranking *ranking, const assay_curve_params *params,
                     const assay_curve_rule *rule)
{
    thinned t = {.ranking = ranking, .between = params->drop_intermediate ? rule->between : NULL};
    t.more = assay_ranked_next(&t.ahead, ranking);
    return t;
}

static bool next(thinned *t)
{
    while (t->more) {
        t->before = t->at;
        t->at = t->ahead;
        t->more = assay_ranked_next(&t->ahead, t->ranking);
        bool inner = t->steps++ > 0 && t->more;
        if (!inner || t->between == NULL || !t->between(&t->before, &t->at, &t->ahead)) {
            return true;
        }
    }
    return false;
}

void assay_curve_list(void *state, const assay_curve_params *params, const assay_curve_rule *rule,
                      const assay_ranking *ranking)
{
    assay_curve_count *counts = state;
    int64_t most = assay_curve_points(ranking->classes);
    double *values = (double *)(void *)(counts + ranking->classes) +
                     ranking->class_index * most * ASSAY_CURVE_COLUMNS;
    if (ranking->positives == 0.0 || (rule->negatives && ranking->negatives == 0.0)) {
        return;
    }
    int64_t points = 0;
    for (thinned t = begin(ranking, params, rule); next(&t);) {
        points++;
    }
    int64_t seen = 0;
    int64_t n = 0;
    for (thinned t = begin(ranking, params, rule); next(&t);) {
        bool last = ++seen == points;
        double progress = rule->progress(&t.at, ranking);
        if (points <= most || last ||
            (n < most - 1 && progress * (double)most >= (double)(n + 1))) {
            double *point = values + n * ASSAY_CURVE_COLUMNS;
            point[0] = (double)ranking->class_index;
            point[1] = assay_ranking_score(ranking, t.at.at - 1);
            rule->point(point + 2, &t.at, ranking);
            n++;
        }
    }
    counts[ranking->class_index].n = n;
}

assay_status assay_curve_finish(assay_result *out, const void *state, const char *name,
                                const char *const *columns, const assay_rows *shape,
                                assay_error *err)
{
    const assay_curve_count *counts = state;
    const double *values = (const double *)(const void *)(counts + shape->classes);
    int64_t most = assay_curve_points(shape->classes);
    int64_t total = 0;
    for (int32_t c = 0; c < shape->classes; c++) {
        total += counts[c].n;
    }
    double *rows = assay_arena_alloc(out->arena, (size_t)total, ASSAY_CURVE_COLUMNS * sizeof *rows);
    if (rows == NULL) {
        return assay_fail_memory(err);
    }
    int64_t at = 0;
    for (int32_t c = 0; c < shape->classes; c++) {
        memcpy(rows + at * ASSAY_CURVE_COLUMNS, values + c * most * ASSAY_CURVE_COLUMNS,
               (size_t)counts[c].n * ASSAY_CURVE_COLUMNS * sizeof *rows);
        at += counts[c].n;
    }
    return assay_result_curve(out, name, columns, ASSAY_CURVE_COLUMNS, rows, total, err);
}
