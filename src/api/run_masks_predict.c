/* Label maps of the models that a run about segmentation has to ask. */
#include <string.h>

#include "api/label_maps.h"
#include "api/run_masks.h"
#include "base/alloc.h"

/* The number in the truth's maps of each of the model's classes, by name when both have names. */
static assay_status match_classes(assay_segment_labels *out, assay_run *run, int32_t model,
                                  int32_t data, assay_error *err)
{
    const assay_model *m = run->models[model];
    const assay_segment_truth *t = &run->masks->truth[data];
    const int32_t n = m->spec.classes;
    const bool by_name = t->n_names > 0 && m->class_names_declared;
    int32_t unknown = 0;
    int32_t *label = assay_arena_alloc(run->arena, (size_t)n + 1, sizeof *label);
    if (label == NULL) {
        return assay_fail_memory(err);
    }
    for (int32_t k = 0; k < n; k++) {
        label[k] = by_name ? -1 : k;
        for (int32_t c = 0; by_name && c < t->n_names && label[k] < 0; c++) {
            label[k] = strcmp(m->spec.class_names[k], t->names[c]) == 0 ? c : -1;
        }
        unknown += label[k] < 0;
    }
    if (unknown == n) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "none of the model's %d classes (\"%s\", ...) is one of the data's "
                          "(\"%s\", ...): the names must be spelt alike; correct `classes` of the "
                          "model or of the data",
                          n, m->spec.class_names[0], t->names[0]);
    }
    if (unknown > 0) {
        assay_run_log(run, ASSAY_LOG_WARNING,
                      "%d of the %d classes of model %s are not classes of data %s: their pixels "
                      "count as missed",
                      unknown, n, run->plan->models[model].name, run->plan->data[data].name);
    }
    *out = (assay_segment_labels){.label = label, .classes = by_name ? t->n_names : n};
    out->classes = t->n_names > out->classes ? t->n_names : out->classes;
    return ASSAY_OK;
}

/* The maps have the names of the truth's. */
static assay_status name_files(const char ***out, const assay_run *run, int32_t d, assay_error *err)
{
    const assay_dataset *data = run->data[d];
    const char **files = assay_arena_alloc(run->arena, (size_t)data->n + 1, sizeof *files);
    if (files == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < data->n; i++) {
        files[i] = run->masks->truth[d].file[run->boxes->truth[d].row[i]];
    }
    *out = files;
    return ASSAY_OK;
}

assay_status assay_run_masks_predict(const char **folder, assay_run *run, int32_t model,
                                     int32_t context, assay_error *err)
{
    const assay_plan_context *c = &run->plan->contexts[context];
    assay_run_asking ask;
    assay_segment_labels labels;
    assay_label_maps_summary summary;
    const char **files = NULL;
    ASSAY_TRY(match_classes(&labels, run, model, c->data, err));
    ASSAY_TRY(name_files(&files, run, c->data, err));
    ASSAY_TRY(assay_run_ask(&ask, run, model, context, false, err));
    const assay_label_maps_request q = {.model = run->models[model],
                                        .data = run->data[c->data],
                                        .options = &ask.options,
                                        .key = ask.key,
                                        .labels = &labels,
                                        .files = files,
                                        .folder = ask.stem,
                                        .store = ask.store,
                                        .keep_store = true,
                                        .fresh = run->request->fresh != 0};
    *folder = ask.stem;
    assay_status status = assay_label_maps_predict(&summary, &q, run->arena, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", ask.what);
        return status;
    }
    assay_run_log(run, ASSAY_LOG_INFO, "label maps of %s: sha256:%s%s", ask.what, summary.digest,
                  summary.reused ? " (nothing had changed)" : "");
    return ASSAY_OK;
}
