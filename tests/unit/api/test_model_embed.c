/* `assay model embed` against what onnxruntime in Python gives for the same layer
 * (tests/oracle/model_cut.py). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/duckdb/duckdb_table.h"
#include "assay/model.h"
#include "codec/npy.h"
#include "support/temp_folder.h"
#include "unit/api/read_tensor.h"

#define GOLDEN ASSAY_TEST_DATA "/golden/model_cut/"

enum { N = 20, FEATURES = 8, CHANNELS = 6, PLACES = 16 };

static char *embed(const char *out, const char *layer, bool whole, int32_t threads)
{
    assay_error err = {0};
    assay_context *context = NULL;
    assay_embed_summary summary;
    char *json = NULL;
    const assay_context_options options = {.struct_size = sizeof options, .threads = threads};
    const assay_embed_request request = {.struct_size = sizeof request,
                                         .model = GOLDEN "classifier.onnx",
                                         .data = GOLDEN "images.npy",
                                         .out = out,
                                         .layer = layer,
                                         .whole = whole};
    assert_int_equal(assay_context_new(&context, &options, &err), ASSAY_OK);
    if (assay_model_embed(&summary, &json, NULL, context, &request, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    assay_context_free(context);
    assert_int_equal(summary.n, N);
    return json;
}

static void same(const char *path, const char *golden, int64_t width)
{
    assay_tensor got = {0};
    assay_tensor wanted = {0};
    read_tensor(&got, path);
    read_tensor(&wanted, golden);
    assert_int_equal(got.rank, 2);
    assert_int_equal(got.shape[0], N);
    assert_int_equal(got.shape[1], width);
    assert_int_equal(wanted.shape[1], width);
    for (int64_t k = 0; k < N * width; k++) {
        double a = (double)((const float *)got.data)[k];
        double b = (double)((const float *)wanted.data)[k];
        assert_true(fabs(a - b) <= 1e-5 * (1.0 + fabs(b)));
    }
    assay_tensor_dispose(&got);
    assay_tensor_dispose(&wanted);
}

static void test_layers(void **state)
{
    (void)state;
    temp_folder folder;
    assert_int_equal(temp_folder_make(&folder), 0);
    const char *path = temp_path(&folder, "e.npy");
    /* by itself: what the last layer with weights gets */
    char *json = embed(path, NULL, false, 1);
    assert_non_null(strstr(json, "\"layer\": \"features\""));
    assert_non_null(strstr(json, "\"chosen_because_it_feeds\": \"Gemm\""));
    assay_text_free(json);
    same(path, GOLDEN "features.npy", FEATURES);
    /* a map by name: the mean over its places, or all of them; the name of its node does too */
    json = embed(path, "trunk", false, 2);
    assert_non_null(strstr(json, "\"averaged_dimensions\": 2"));
    assay_text_free(json);
    same(path, GOLDEN "trunk_mean.npy", CHANNELS);
    json = embed(path, "to_trunk", true, 2);
    assay_text_free(json);
    same(path, GOLDEN "trunk.npy", CHANNELS * PLACES);
    temp_folder_remove(&folder);
}

static void test_table(void **state)
{
    (void)state;
    temp_folder folder;
    assay_table *table = NULL;
    assay_tensor wanted = {0};
    assert_int_equal(temp_folder_make(&folder), 0);
    const char *path = temp_path(&folder, "e.parquet");
    assay_text_free(embed(path, NULL, false, 2));
    assert_int_equal(assay_duckdb_read_table(&table, path, NULL), ASSAY_OK);
    assert_int_equal(table->rows, N);
    assert_int_equal(table->n_columns, FEATURES + 2);
    read_tensor(&wanted, GOLDEN "features.npy");
    for (int64_t k = 0; k < FEATURES; k++) {
        char name[8];
        (void)snprintf(name, sizeof name, "e%d", (int)k);
        const assay_column *column = assay_table_find(table, name);
        assert_non_null(column);
        for (int64_t i = 0; i < N; i++) {
            double b = (double)((const float *)wanted.data)[i * FEATURES + k];
            assert_true(fabs(column->reals[i] - b) <= 1e-5 * (1.0 + fabs(b)));
        }
    }
    assay_tensor_dispose(&wanted);
    assay_table_free(table);
    temp_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_layers), cmocka_unit_test(test_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
