#include <math.h>

#include "plan/plan_read.h"

assay_status assay_plan_read_sequential(assay_plan_requirement *q, const assay_plan_reader *r,
                                        const assay_yaml *node, assay_error *err)
{
    static const char *const known[] = {"method", "order", "beta", "pool"};
    const assay_yaml *map = assay_yaml_get(node, "sequential");
    const char *method = "mixture";

    q->sequential = (assay_sequential_rule){.beta = 0.1};
    if (!map) {
        return ASSAY_OK;
    }
    if (map->kind == ASSAY_YAML_MAP) {
        ASSAY_TRY(
            assay_yaml_check_keys(map, known, ASSAY_COUNT(known), "sequential", r->path, err));
        ASSAY_TRY(assay_yaml_text(&method, map, "method", r->path, err));
        ASSAY_TRY(assay_yaml_text(&q->sequential.order, map, "order", r->path, err));
        ASSAY_TRY(assay_yaml_real(&q->sequential.beta, map, "beta", 1e-9, 0.499, r->path, err));
        ASSAY_TRY(assay_yaml_int(&q->sequential.pool, map, "pool", 1, 1000000000, r->path, err));
    } else {
        ASSAY_TRY(assay_yaml_text(&method, node, "sequential", r->path, err));
    }
    if (assay_task_is_whole(r->plan->task)) {
        return assay_yaml_fail(
            r->path, map, err,
            "sequential requirements are for classification; those on detections and "
            "segmentations are judged on all images");
    }
    q->sequential.method = assay_sequential_find(method);
    if (q->sequential.method == ASSAY_SEQUENTIAL_NONE) {
        return assay_yaml_fail(r->path, map, err,
                               "sequential: '%s' is no method; expected mixture, betting, "
                               "empirical_bernstein, normal_mixture, sprt or pool",
                               method);
    }
    if (!(q->threshold > 0.0 && q->threshold < 1.0)) {
        return assay_yaml_fail(
            r->path, map, err,
            "requirement '%s' is sequential, so its threshold must lie between 0 "
            "and 1",
            q->id);
    }
    if (q->sequential.method == ASSAY_SEQUENTIAL_SPRT &&
        !(q->objective > 0.0 && q->objective < 1.0)) {
        return assay_yaml_fail(r->path, map, err,
                               "requirement '%s': an SPRT needs an 'objective' between 0 and 1, to "
                               "tell it from the threshold",
                               q->id);
    }
    return ASSAY_OK;
}

bool assay_plan_is_sequential(const assay_plan *plan)
{
    for (int32_t i = 0; i < plan->n_requirements; i++) {
        if (plan->requirements[i].sequential.method != ASSAY_SEQUENTIAL_NONE) {
            return true;
        }
    }
    return false;
}
