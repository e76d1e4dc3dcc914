#include "adapters/filesystem/dataset_columns.h"

#include <stdio.h>
#include <string.h>

/* Rows that were left out are closed up in place; the table is ours until the dataset is open. */
static void compact(assay_table *table, const int64_t *keep, int64_t n,
                    const assay_dataset_draft *draft)
{
    for (int32_t c = 0; c < table->n_columns; c++) {
        assay_column *column = &table->columns[c];
        for (int64_t k = 0; k < n; k++) {
            int64_t row = draft->data[keep[k]].row;
            if (column->ints != NULL) {
                column->ints[k] = column->ints[row];
            }
            if (column->reals != NULL) {
                column->reals[k] = column->reals[row];
            }
            if (column->texts != NULL) {
                column->texts[k] = column->texts[row];
            }
            column->valid[k] = column->valid[row];
        }
    }
    table->rows = n;
}

static assay_status add(assay_column **out, assay_dataset *dataset, const char *name,
                        assay_column_type type, assay_error *err)
{
    char other[64];
    if (assay_table_find(dataset->metadata, name) != NULL) {
        (void)snprintf(other, sizeof other, "image_%s", name);
        name = other;
    }
    ASSAY_TRY(assay_table_add(out, dataset->metadata, name, type, err));
    memset((*out)->valid, 1, (size_t)dataset->n);
    return ASSAY_OK;
}

static assay_status add_names(assay_dataset *dataset, const int64_t *keep,
                              assay_dataset_draft *draft, assay_error *err)
{
    assay_column *column = NULL;
    assay_table *table = dataset->metadata;
    if (assay_table_find(table, "id") == NULL) {
        ASSAY_TRY(add(&column, dataset, "id", ASSAY_COLUMN_TEXT, err));
        memcpy(column->texts, dataset->ids, (size_t)dataset->n * sizeof *column->texts);
    }
    if (draft->has_targets && assay_table_find(table, "target") == NULL) {
        ASSAY_TRY(add(&column, dataset, "target", ASSAY_COLUMN_TEXT, err));
        for (int64_t k = 0; k < dataset->n; k++) {
            column->valid[k] = dataset->targets[k] >= 0;
            column->texts[k] = column->valid[k] ? dataset->class_names[dataset->targets[k]] : NULL;
        }
    }
    if (draft->data[keep[0]].path != NULL && assay_table_find(table, "path") == NULL) {
        ASSAY_TRY(add(&column, dataset, "path", ASSAY_COLUMN_TEXT, err));
        for (int64_t k = 0; k < dataset->n; k++) {
            column->texts[k] = assay_draft_text(draft, draft->data[keep[k]].path, err);
            if (column->texts[k] == NULL) {
                return ASSAY_ENOMEM;
            }
        }
    }
    return ASSAY_OK;
}

static int64_t stat_int(const assay_datum_scan *scan, int which)
{
    switch (which) {
    case 0:
        return scan->stats.width;
    case 1:
        return scan->stats.height;
    case 2:
        return scan->stats.channels;
    default:
        return scan->file_size;
    }
}

static double stat_real(const assay_datum_scan *scan, int which)
{
    switch (which) {
    case 0:
        return scan->stats.mean;
    case 1:
        return scan->stats.contrast;
    case 2:
        return scan->stats.sharpness;
    default:
        return scan->stats.entropy;
    }
}

static assay_status add_measurements(assay_dataset *dataset, const int64_t *keep,
                                     const assay_datum_scan *scans, int is_array, assay_error *err)
{
    static const char *const names[] = {"width",    "height",    "channels", "mean",
                                        "contrast", "sharpness", "entropy",  "file_size"};
    static const int is_real[] = {0, 0, 0, 1, 1, 1, 1, 0};
    static const int which[] = {0, 1, 2, 0, 1, 2, 3, 3};
    assay_column *column = NULL;
    for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
        ASSAY_TRY(add(&column, dataset, names[i], is_real[i] ? ASSAY_COLUMN_REAL : ASSAY_COLUMN_INT,
                      err));
        for (int64_t k = 0; k < dataset->n; k++) {
            if (is_real[i]) {
                column->reals[k] = stat_real(&scans[keep[k]], which[i]);
            } else {
                column->ints[k] = stat_int(&scans[keep[k]], which[i]);
            }
        }
    }
    ASSAY_TRY(add(&column, dataset, "format", ASSAY_COLUMN_TEXT, err));
    for (int64_t k = 0; k < dataset->n; k++) {
        column->texts[k] = is_array ? "array" : assay_image_format_name(scans[keep[k]].format);
    }
    return ASSAY_OK;
}

assay_status assay_dataset_make_columns(assay_dataset *dataset, const int64_t *keep,
                                        assay_dataset_draft *draft, const assay_datum_scan *scans,
                                        assay_error *err)
{
    if (draft->manifest != NULL) {
        dataset->metadata = draft->manifest;
        draft->manifest = NULL;
        compact(dataset->metadata, keep, dataset->n, draft);
    } else {
        ASSAY_TRY(assay_table_new(&dataset->metadata, dataset->n, 0, err));
    }
    /* Texts of the draft live in the arena that is the dataset's by now. */
    draft->arena = dataset->arena;
    assay_status status = add_names(dataset, keep, draft, err);
    draft->arena = NULL;
    if (status == ASSAY_OK && draft->options->measure) {
        status = add_measurements(dataset, keep, scans, draft->data[keep[0]].path == NULL, err);
    }
    return status;
}
