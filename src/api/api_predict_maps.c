/* assay predict with a segmentation model. */
#include <math.h>
#include <string.h>

#include "api/label_maps.h"
#include "api/predict.h"
#include "base/alloc.h"

assay_status assay_predict_maps(assay_predict_summary *out, const assay_predict_request *request,
                                assay_model *model, const assay_dataset *data,
                                const assay_predict_options *options, const char *key,
                                assay_arena *arena, assay_error *err)
{
    const size_t n = (size_t)data->n;
    const int32_t classes = model->spec.classes;
    const char **files = assay_arena_alloc(arena, n + 1, sizeof *files);
    int32_t *label = assay_arena_alloc(arena, (size_t)classes + 1, sizeof *label);
    const assay_segment_labels labels = {.label = label, .classes = classes};
    const assay_label_maps_request q = {.model = model,
                                        .data = data,
                                        .options = options,
                                        .key = key,
                                        .labels = &labels,
                                        .files = files,
                                        .folder = request->out,
                                        .store =
                                            assay_arena_printf(arena, "%s.batches", request->out),
                                        .fresh = request->fresh != 0};
    assay_label_maps_summary summary;
    if (files == NULL || label == NULL || q.store == NULL) {
        return assay_fail_memory(err);
    }
    if (request->truth != NULL) {
        return assay_fail(err, ASSAY_EINVAL, "--truth is for detectors; %s gives a class per pixel",
                          request->model);
    }
    for (int32_t k = 0; k < classes; k++) {
        label[k] = k;
    }
    for (size_t i = 0; i < n; i++) {
        files[i] = assay_label_map_name(arena, data->ids[i]);
        if (files[i] == NULL) {
            return assay_fail_memory(err);
        }
    }
    ASSAY_TRY(assay_label_maps_predict(&summary, &q, arena, err));
    out->maps = 1;
    out->accuracy = NAN;
    out->n = out->images = data->n;
    out->reused = summary.reused;
    memcpy(out->digest, summary.digest, sizeof out->digest);
    return ASSAY_OK;
}
