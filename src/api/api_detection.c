#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/detection.h"
#include "base/alloc.h"

assay_status assay_detection_protocol_of(assay_protocol *out, const assay_evaluate_request *r,
                                         assay_error *err)
{
    const assay_protocol_words words = {.iou_type = r->iou_type,
                                        .convention = r->convention,
                                        .iou = r->iou,
                                        .areas = r->areas,
                                        .max_detections = r->max_detections,
                                        .recalls = r->recalls,
                                        .sigmas = r->sigmas,
                                        .pixel = r->pixel != 0};
    return assay_protocol_of(out, &words, err);
}

/* A word of a list with commas. */
static bool names(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = list; at != NULL;
         at = strchr(at, ',') != NULL ? strchr(at, ',') + 1 : NULL) {
        if (strncmp(at, word, n) == 0 && (at[n] == ',' || at[n] == '\0')) {
            return true;
        }
    }
    return false;
}

static assay_status analyses_of(assay_detection_request *out, const assay_evaluate_request *r,
                                assay_error *err)
{
    static const struct {
        const char *name;
        uint32_t flag;
    } all[] = {{"curves", ASSAY_ANALYSE_CURVES},
               {"operation", ASSAY_ANALYSE_OPERATION},
               {"confusion", ASSAY_ANALYSE_CONFUSION},
               {"errors", ASSAY_ANALYSE_ERRORS}};
    assay_protocol grid = {0};
    size_t length = 0;
    out->analyses = ASSAY_ANALYSE_CLASSES;
    for (size_t i = 0; i < ASSAY_COUNT(all) && r->analyse != NULL; i++) {
        bool listed = names(r->analyse, all[i].name);
        length += listed ? strlen(all[i].name) + 1 : 0;
        out->analyses |= listed || strcmp(r->analyse, "all") == 0 ? all[i].flag : 0U;
    }
    if (r->analyse != NULL && strcmp(r->analyse, "all") != 0 && length != strlen(r->analyse) + 1) {
        return assay_fail(err, ASSAY_EINVAL,
                          "--analyse is '%s', expected curves, operation, confusion and/or errors "
                          "with commas between them, or all",
                          r->analyse);
    }
    if (r->hierarchy != NULL &&
        (out->analyses & (ASSAY_ANALYSE_CONFUSION | ASSAY_ANALYSE_ERRORS)) != 0) {
        return assay_fail(err, ASSAY_EINVAL,
                          "--analyse confusion and errors tell classes apart, and with --hierarchy "
                          "one object is of several; leave one of the two out");
    }
    if (r->analysis_iou != NULL) {
        ASSAY_TRY(assay_protocol_set_iou(&grid, r->analysis_iou, err));
        out->iou = grid.thresholds[0];
        out->n_error_ious = grid.n_thresholds;
        memcpy(out->error_ious, grid.thresholds, sizeof out->error_ious);
    }
    if (r->analyse == NULL && (r->analysis_iou != NULL || r->has_confidence != 0)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "--analysis-iou and --confidence belong to --analyse LIST");
    }
    out->has_confidence = r->has_confidence != 0;
    out->confidence = r->confidence;
    return ASSAY_OK;
}

static assay_status check(const assay_evaluate_request *r, assay_error *err)
{
    if (r->truth == NULL) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the task detection needs the truth: --truth FILE (annotations)");
    }
    const struct {
        const char *name;
        bool given;
    } foreign[] = {{"id", r->id != NULL},
                   {"target", r->target != NULL},
                   {"label", r->label != NULL},
                   {"scores", r->scores != NULL && r->scores[0] != NULL},
                   {"classes", r->classes != NULL && r->classes[0] != NULL},
                   {"metric", r->metrics != NULL && r->metrics[0] != NULL},
                   {"on-error skip", r->skip_bad != 0}};
    for (size_t i = 0; i < ASSAY_COUNT(foreign); i++) {
        if (foreign[i].given) {
            return assay_fail(err, ASSAY_EINVAL, "--%s does not belong to the task detection",
                              foreign[i].name);
        }
    }
    return ASSAY_OK;
}

assay_status assay_evaluate_no_detection(const assay_evaluate_request *request, assay_error *err)
{
    const assay_evaluate_request *r = request;
    const struct {
        const char *name;
        bool given;
    } own[] = {{"truth", r->truth != NULL},
               {"truth_format", r->truth_format != NULL},
               {"predictions_format", r->predictions_format != NULL},
               {"images", r->images != NULL},
               {"split", r->split != NULL},
               {"voc_corners", r->voc_corners != NULL},
               {"columns", r->columns != NULL && r->columns[0] != NULL},
               {"iou_type", r->iou_type != NULL},
               {"convention", r->convention != NULL},
               {"iou", r->iou != NULL},
               {"areas", r->areas != NULL},
               {"max_detections", r->max_detections != NULL},
               {"recalls", r->recalls != NULL},
               {"sigmas", r->sigmas != NULL},
               {"pixel", r->pixel != 0},
               {"hierarchy", r->hierarchy != NULL},
               {"expand_predictions", r->expand_predictions != 0},
               {"analyse", r->analyse != NULL},
               {"analysis_iou", r->analysis_iou != NULL},
               {"confidence", r->has_confidence != 0},
               {"metadata", r->metadata != NULL}};
    for (size_t i = 0; i < ASSAY_COUNT(own); i++) {
        if (own[i].given) {
            return assay_fail(err, ASSAY_EINVAL, "%s belongs to the task detection", own[i].name);
        }
    }
    return ASSAY_OK;
}

assay_status assay_evaluate_detection(char **json, char **table, assay_context *context,
                                      const assay_evaluate_request *request, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_arena *arena = NULL;
    assay_detection_inputs inputs = {0};
    assay_detection_selection selection = {0};
    assay_detection_report report = {.request = request};
    ASSAY_TRY(check(request, err));
    ASSAY_TRY(assay_detection_protocol_of(&report.protocol, request, err));
    report.options = (assay_detection_request){
        .protocol = &report.protocol,
        .level = request->level > 0.0 ? request->level : 0.95,
        .replicates = request->replicates == 0 ? 1000 : request->replicates,
        .seed = request->seed != 0 ? request->seed : 1,
        .threads = context->threads,
        .cancel = &context->cancel};
    ASSAY_GOTO(analyses_of(&report.options, request, err), done);
    ASSAY_GOTO(assay_arena_new(&arena, (size_t)16 << 30, err), done);
    assay_result_init(&report.measures, arena);
    ASSAY_GOTO(assay_detection_inputs_read(&inputs, context, request, report.protocol.iou,
                                           json != NULL, err),
               done);
    report.truth = inputs.truth;
    report.results = inputs.results->n;
    report.inputs = &inputs;
    const assay_detection_choice choice = {
        .where = request->where, .cluster = request->cluster, .metadata = request->metadata};
    ASSAY_GOTO(assay_detection_select(&selection, inputs.truth, inputs.results, &choice, err),
               done);
    report.selection = &selection;
    report.options.slice = selection.slice;
    report.options.cluster = selection.cluster;
    status = assay_detection_measure(&report.measures, &report.summary, inputs.truth,
                                     inputs.results, &report.options, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s and %s", request->truth, request->predictions);
        goto done;
    }
    if (json != NULL) {
        ASSAY_GOTO(assay_detection_json(json, &report, err), done);
    }
    if (table != NULL) {
        ASSAY_GOTO(assay_detection_table(table, &report, err), done);
    }
done:
    assay_detection_selection_dispose(&selection);
    assay_detection_inputs_dispose(&inputs);
    assay_arena_free(arena);
    return status;
}
