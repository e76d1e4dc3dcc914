/* Predictions files of classes, sets of classes and values, as CSV and JSON lines. The first byte chooses
 * the task, the format, and whether bad rows are skipped. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/duckdb/duckdb_table.h"

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

static void check_classes(const assay_predictions *p)
{
    for (int64_t i = 0; i < p->n; i++) {
        require(p->target[i] >= -1 && p->target[i] < p->classes);
        require(p->label[i] >= 0 && p->label[i] < p->classes);
    }
    for (int64_t i = 0; p->scores_f64 != NULL && i < p->n * p->classes; i++) {
        require(!isnan(p->scores_f64[i]));
    }
}

static void check_sets(const assay_predictions *p)
{
    for (int64_t i = 0; i < p->n * p->classes; i++) {
        require(p->truth_set[i] <= 1 && p->label_set[i] <= 1);
        require(p->scores_f64 == NULL || !isnan(p->scores_f64[i]));
    }
}

static void check(const assay_predictions *p, const assay_error *err, int skip)
{
    if (p == NULL) {
        require(err->message[0] != '\0' && strchr(err->message, '\n') == NULL);
        return;
    }
    require(p->n > 0 && p->skipped >= 0 && (skip || p->skipped == 0));
    require(p->columns == NULL || p->columns->rows == p->n);
    for (int64_t i = 0; i < p->n; i++) {
        require(assay_predictions_row(p, i) > (i > 0 ? assay_predictions_row(p, i - 1) : 0));
        require(p->ids == NULL || p->ids[i][0] != '\0');
    }
    if (p->task == ASSAY_TASK_CLASSIFICATION) {
        check_classes(p);
    } else if (p->task == ASSAY_TASK_MULTILABEL) {
        check_sets(p);
    } else {
        for (int64_t i = 0; i < p->n; i++) {
            require(isfinite(p->truth[i]) && isfinite(p->value[i]));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[128];
    assay_error err = {0};
    assay_predictions *p = NULL;
    if (size < 1) {
        return 0;
    }
    int choice = data[0] - '0', json = (choice / 3) & 1, skip = (choice / 6) & 1;
    (void)snprintf(path, sizeof path, "/tmp/assay_fuzz_predictions_%ld.%s", (long)getpid(),
                   json ? "jsonl" : "csv");
    FILE *file = fopen(path, "wb");
    require(file != NULL);
    require(fwrite(data + 1, 1, size - 1, file) == size - 1);
    (void)fclose(file);
    const assay_predictions_columns classes = {.skip_bad = skip, .threads = 1};
    const assay_label_sets_columns sets = {.skip_bad = skip};
    const assay_values_columns values = {.skip_bad = skip};
    assay_status status = ASSAY_OK;
    switch (choice % 3) {
    case 1:
        status = assay_duckdb_read_label_sets(&p, path, &sets, &err);
        break;
    case 2:
        status = assay_duckdb_read_values(&p, path, &values, &err);
        break;
    default:
        status = assay_duckdb_read_predictions(&p, path, &classes, &err);
        break;
    }
    require((status == ASSAY_OK) == (p != NULL));
    check(p, &err, skip);
    assay_predictions_free(p);
    (void)unlink(path);
    return 0;
}
