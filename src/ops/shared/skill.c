#include "ops/shared/skill.h"

#include "ops/shared/confusion.h"

typedef struct state {
    double n;
    assay_sum loss;
    double of[]; /* weight of the rows of each class */
} state;

size_t assay_skill_size(const void *given, int32_t classes)
{
    (void)given;
    return sizeof(state) + (size_t)classes * sizeof(double);
}

void assay_skill_block(void *to, const assay_skill_kind *kind, const void *params,
                       const assay_rows *rows)
{
    state *s = to;
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        if (weight > 0.0) {
            s->n += weight;
            s->of[rows->target[i]] += weight;
            assay_sum_add(&s->loss, weight * kind->loss(params, rows, i));
        }
    }
}

void assay_skill_merge(void *into, const void *from, const void *given, int32_t classes)
{
    (void)given;
    state *s = into;
    const state *other = from;
    s->n += other->n;
    assay_sum_merge(&s->loss, &other->loss);
    for (int32_t c = 0; c < classes; c++) {
        s->of[c] += other->of[c];
    }
}

assay_status assay_skill_finish(assay_result *out, const void *from, const assay_skill_kind *kind,
                                const assay_rows *shape, assay_error *err)
{
    const state *s = from;
    assay_measure *measure = NULL;
    assay_sum null = {0};
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = s->n;
    int32_t present = 0;
    for (int32_t c = 0; c < shape->classes; c++) {
        double share = s->n > 0.0 ? s->of[c] / s->n : 0.0;
        present += share > 0.0;
        assay_sum_add(&null, kind->null_loss(share));
    }
    if (s->n == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
    } else if (present < 2) {
        assay_measure_undefine(measure, "only one class occurs in the truth");
    } else {
        measure->value = 1.0 - assay_sum_value(&s->loss) / s->n / assay_sum_value(&null);
    }
    return ASSAY_OK;
}
