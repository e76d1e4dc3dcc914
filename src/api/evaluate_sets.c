/* Predictions of sets of classes (task multilabel). */
#include "api/evaluate_sets.h"

#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "base/text.h"

const char *const assay_multilabel_metrics[] = {
    "f1",       "precision",         "recall",
    "jaccard",  "exact_match",       "hamming_loss",
    "roc_auc",  "average_precision", "label_ranking_average_precision",
    "log_loss", "brier_score",       NULL};

/* "0.5" for all classes, "cat=0.3" for one; separated by commas. */
static assay_status parse_thresholds(assay_label_sets_columns *columns, const char *text,
                                     assay_arena *arena, assay_error *err)
{
    char *list = assay_arena_strdup(arena, text);
    assay_class_threshold *each = assay_arena_alloc(arena, strlen(text) + 1, sizeof *each);
    if (list == NULL || each == NULL) {
        return assay_fail_memory(err);
    }
    columns->thresholds = each;
    for (char *part = list; part != NULL;) {
        char *comma = strchr(part, ',');
        if (comma != NULL) {
            *comma = '\0';
        }
        char *equals = strrchr(part, '=');
        const char *number = equals != NULL ? equals + 1 : part;
        double value = 0.0;
        if (!assay_text_to_real(&value, number) || (equals != NULL && equals == part)) {
            return assay_fail(err, ASSAY_EINVAL,
                              "threshold: '%.80s' is neither a number nor CLASS=NUMBER", part);
        }
        if (equals != NULL) {
            *equals = '\0';
            each[columns->n_thresholds++] = (assay_class_threshold){part, value};
        } else {
            columns->has_threshold = 1;
            columns->threshold = value;
        }
        part = comma != NULL ? comma + 1 : NULL;
    }
    return ASSAY_OK;
}

assay_status assay_evaluate_read_sets(assay_predictions **out, const assay_evaluate_request *r,
                                      assay_arena *arena, assay_error *err)
{
    assay_label_sets_columns columns = {.id = r->id,
                                        .target = r->target,
                                        .label = r->label,
                                        .scores = r->scores,
                                        .classes = r->classes,
                                        .skip_bad = r->skip_bad};
    *out = NULL;
    ASSAY_TRY(assay_score_kind_find(&columns.score_kind, r->score_kind, err));
    if (columns.classes != NULL && columns.classes[0] == NULL) {
        columns.classes = NULL;
    }
    if (r->threshold != NULL) {
        ASSAY_TRY(parse_thresholds(&columns, r->threshold, arena, err));
    }
    return assay_duckdb_read_label_sets(out, r->predictions, &columns, err);
}
