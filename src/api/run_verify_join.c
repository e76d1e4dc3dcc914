#include <math.h>
#include <string.h>

#include "api/run.h"
#include "stats/multiplicity.h"

/** all_of: the worst part decides. any_of: the best one does. NOT EVALUATED is worse than
 *  INCONCLUSIVE: it says nothing at all. */
static int rank(assay_verdict_kind kind)
{
    switch (kind) {
    case ASSAY_VERDICT_MET:
        return 3;
    case ASSAY_VERDICT_INCONCLUSIVE:
        return 2;
    case ASSAY_VERDICT_NOT_EVALUATED:
        return 1;
    case ASSAY_VERDICT_NOT_MET:
        break;
    }
    return 0;
}

assay_status assay_run_join(const assay_run *run, assay_verdict *v, assay_error *err)
{
    const assay_plan_requirement *q = v->requirement;
    bool all = q->tree == ASSAY_TREE_ALL;
    assay_status status = ASSAY_OK;
    assay_buffer text;

    assay_buffer_init(&text, 0);
    assay_buffer_puts(&text, all ? "All of these must be MET: " : "One of these must be MET: ");
    v->kind = run->verdicts[q->parts[0]].kind;
    for (int32_t i = 0; i < q->n_parts; i++) {
        const assay_verdict *part = &run->verdicts[q->parts[i]];
        bool decides = all ? rank(part->kind) < rank(v->kind) : rank(part->kind) > rank(v->kind);
        v->kind = decides ? part->kind : v->kind;
        assay_buffer_puts(&text, i == 0 ? "" : ", ");
        assay_buffer_puts(&text, part->requirement->id);
        assay_buffer_puts(&text, " is ");
        assay_buffer_puts(&text, assay_verdict_name(part->kind));
    }
    assay_buffer_puts(&text, ".");
    ASSAY_GOTO(assay_buffer_status(&text, err), done);
    v->explanation = assay_arena_strdup(run->arena, text.data);
    v->reason = v->kind == ASSAY_VERDICT_NOT_EVALUATED ? v->explanation : NULL;
    status = v->explanation ? ASSAY_OK : assay_fail_memory(err);
done:
    assay_buffer_dispose(&text);
    return status;
}

/** e-BH takes e-values, which sequential requirements judged by mixtures have. Others count with e = 0:
 *  nothing was shown. */
static assay_status adjust_e_values(const assay_plan_family *family, assay_verdict **members,
                                    double *p, int32_t m, assay_error *err)
{
    for (int32_t i = 0; i < m; i++) {
        const assay_run_sequence *s = members[i]->sequence;
        bool has = s && s->known && !isnan(s->result.log_e_not_met);
        if (members[i]->kind != ASSAY_VERDICT_NOT_EVALUATED && !has) {
            return assay_fail(err, ASSAY_EINVAL,
                              "family '%s': e_bh takes e-values, which a requirement has with "
                              "'sequential: mixture'; %s has none",
                              family->name, members[i]->requirement->id);
        }
        p[i] = has ? exp(s->result.log_e_not_met) : 0.0;
    }
    return assay_e_benjamini_hochberg(p, p, m, err);
}

/** Requirements that could not be tested count as tested with p = 1, which is conservative. */
static assay_status adjust_family(assay_run *run, int32_t index, assay_verdict **members, double *p,
                                  assay_error *err)
{
    const assay_plan_family *family = &run->plan->families[index];
    int32_t m = 0;

    for (int32_t i = 0; i < run->plan->n_requirements; i++) {
        assay_verdict *v = &run->verdicts[i];
        if (v->requirement->family == index) {
            p[m] = isnan(v->p_not_met) ? 1.0 : v->p_not_met;
            members[m++] = v;
        }
    }
    if (m == 0) {
        return ASSAY_OK;
    }
    ASSAY_TRY(family->adjust == ASSAY_ADJUST_E_BH ? adjust_e_values(family, members, p, m, err)
                                                  : assay_adjust(p, p, m, family->adjust, err));
    for (int32_t i = 0; i < m; i++) {
        assay_verdict *v = members[i];
        if (isnan(v->p_not_met)) {
            continue;
        }
        v->p_adjusted = p[i];
        if (v->kind == ASSAY_VERDICT_NOT_MET && !(v->p_adjusted < family->alpha)) {
            v->kind = ASSAY_VERDICT_INCONCLUSIVE;
            v->more_needed = -1;
            v->reason = assay_arena_printf(
                run->arena,
                "on its own it would be NOT MET, but %d requirements of the family '%s' were "
                "looked at: corrected for that (%s), the p-value is %.3g and not below %g",
                m, family->name, assay_adjustment_name(family->adjust), v->p_adjusted,
                family->alpha);
            if (!v->reason) {
                return assay_fail_memory(err);
            }
        }
    }
    return ASSAY_OK;
}

assay_status assay_run_adjust(assay_run *run, assay_error *err)
{
    const assay_plan *plan = run->plan;
    assay_verdict **members =
        assay_arena_alloc(run->arena, (size_t)plan->n_requirements + 1, sizeof *members);
    double *p = assay_arena_alloc(run->arena, (size_t)plan->n_requirements + 1, sizeof *p);

    if (!members || !p) {
        return assay_fail_memory(err);
    }
    for (int32_t f = 0; f < plan->n_families; f++) {
        if (plan->families[f].logic == ASSAY_FAMILY_ANY_FAIL_IS_FOUND) {
            ASSAY_TRY(adjust_family(run, f, members, p, err));
        }
    }
    return ASSAY_OK;
}

void assay_run_count_verdicts(assay_run_summary *out, const assay_run *run)
{
    for (int32_t i = 0; i < run->plan->n_requirements; i++) {
        switch (run->verdicts[i].kind) {
        case ASSAY_VERDICT_MET:
            out->met++;
            break;
        case ASSAY_VERDICT_NOT_MET:
            out->not_met++;
            break;
        case ASSAY_VERDICT_INCONCLUSIVE:
            out->inconclusive++;
            break;
        case ASSAY_VERDICT_NOT_EVALUATED:
            out->not_evaluated++;
            break;
        }
    }
}
