/* How a run asks a model, whatever the model gives. */
#include "api/run.h"

const char *assay_run_file_part(assay_arena *arena, const char *name)
{
    char *part = assay_arena_printf(arena, "%.60s", name);
    for (char *c = part; c != NULL && *c != '\0'; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || *c == '-' || *c == '_' || (*c == '.' && c != part);
        *c = plain ? *c : '_';
    }
    return part;
}

assay_status assay_run_ask(assay_run_asking *out, assay_run *run, int32_t model, int32_t context,
                           bool again, assay_error *err)
{
    const assay_plan_context *c = &run->plan->contexts[context];
    const char *name = run->plan->models[model].name;
    const char *place = c->perturbation != NULL ? c->name : run->plan->data[c->data].name;
    const char *first = assay_run_file_part(run->arena, name);
    const char *second = assay_run_file_part(run->arena, place);
    run->group += again ? 0 : 1;
    out->what = again ? assay_arena_printf(run->arena, "%.100s on %.100s", name, place)
                      : assay_arena_printf(run->arena, "[%d/%d] %.100s on %.100s", run->group,
                                           run->n_groups, name, place);
    out->options = (assay_predict_options){.perturbation = c->perturbation,
                                           .seed = run->plan->seed,
                                           .threads = run->context->threads,
                                           .cancel = &run->context->cancel,
                                           .log = &run->context->log,
                                           .what = out->what};
    ASSAY_TRY(
        assay_predict_key(out->key, run->models[model], run->data[c->data], &out->options, err));
    out->store = assay_arena_printf(run->arena, "%s/cache/predictions/%.32s", run->out, out->key);
    out->stem = first != NULL && second != NULL
                    ? assay_arena_printf(run->arena, "%s/predictions/%s-%s-%.12s", run->out, first,
                                         second, out->key)
                    : NULL;
    return out->what != NULL && out->store != NULL && out->stem != NULL ? ASSAY_OK
                                                                        : assay_fail_memory(err);
}
