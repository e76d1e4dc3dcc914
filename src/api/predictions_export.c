#include "adapters/duckdb/duckdb_table.h"
#include "api/run.h"

assay_status assay_predictions_export(const char *path, const char *key, const assay_model *model,
                                      const assay_dataset *data, const assay_args *perturbation,
                                      assay_predictions *predictions, assay_error *err)
{
    assay_buffer text;

    assay_buffer_init(&text, 0);
    if (perturbation) {
        ASSAY_TRY(assay_args_text(&text, perturbation, err));
    }
    const char *notes[] = {"assay.key",
                           key,
                           "assay.digest",
                           predictions->digest,
                           "assay.model",
                           model->digest,
                           "assay.data",
                           data->digest,
                           "assay.perturbation",
                           text.data ? text.data : "none",
                           "assay.backend",
                           model->backend_version,
                           NULL};
    /* The metadata columns stay the data set's; they are lent for the time of writing. */
    assay_table *own = predictions->columns;
    predictions->columns = data->metadata;
    assay_status status = assay_duckdb_write_predictions(path, predictions, notes, err);
    predictions->columns = own;
    assay_buffer_dispose(&text);
    return status;
}
