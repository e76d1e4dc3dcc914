/* What an attack found, as files: pixels (NPY), pictures (PNG), rows and traces (Parquet). */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/file.h"
#include "api/attack.h"
#include "base/alloc.h"
#include "codec/npy.h"

static const char *path_of(const assay_assessment *a, const char *folder, const char *name,
                           assay_error *err)
{
    const char *path = assay_path_join(a->arena, folder, name);
    if (path == NULL) {
        (void)assay_fail_memory(err);
    }
    return path;
}

/* found x channels x height x width, float32 in [0, 1], rows in the order of rows.parquet with an
 * example. */
static assay_status save_pixels(const assay_assessment *a, int32_t k, const float *pixels,
                                const char *folder, assay_error *err)
{
    const assay_attack_result *r = a->attacks[k].result;
    size_t size = (size_t)a->images.channels * (size_t)a->images.height * (size_t)a->images.width;
    int64_t found = 0;
    for (int64_t i = 0; i < r->n; i++) {
        found += isfinite(r->distance[i]);
    }
    const int64_t shape[] = {found, a->images.channels, a->images.height, a->images.width};
    assay_tensor tensor = {0};
    assay_buffer bytes;
    assay_buffer_init(&bytes, (size_t)8 << 30);
    assay_status status = assay_tensor_new(&tensor, ASSAY_DTYPE_F32, 4, shape, err);
    const char *path = path_of(a, folder, "adversarial.npy", err);
    if (status == ASSAY_OK && path == NULL) {
        status = ASSAY_ENOMEM;
    }
    if (status == ASSAY_OK) {
        float *to = tensor.data;
        for (int64_t i = 0; i < r->n; i++) {
            if (isfinite(r->distance[i])) {
                memcpy(to, pixels + (size_t)i * size, size * sizeof *to);
                to += size;
            }
        }
        status = assay_npy_write(&bytes, &tensor, err);
    }
    if (status == ASSAY_OK) {
        status = assay_file_write(path, bytes.data, bytes.size, err);
    }
    assay_tensor_dispose(&tensor);
    assay_buffer_dispose(&bytes);
    return status;
}

static assay_status save_png(const assay_assessment *a, const float *pixels, const char *path,
                             assay_error *err)
{
    assay_buffer png;
    assay_buffer_init(&png, 0);
    assay_status status = assay_pixels_png(&png, a, pixels, err);
    if (status == ASSAY_OK) {
        status = assay_file_write(path, png.data, png.size, err);
    }
    assay_buffer_dispose(&png);
    return status;
}

static assay_status save_pictures(const assay_assessment *a, int32_t k, const char *folder,
                                  assay_error *err)
{
    static const char *const parts[] = {"before", "after", "difference"};
    const assay_assessed *one = &a->attacks[k];
    int64_t size = (int64_t)a->images.channels * a->images.height * a->images.width;
    float *difference = assay_alloc((size_t)size, sizeof *difference);
    assay_status status = difference == NULL ? assay_fail_memory(err) : ASSAY_OK;
    for (int32_t e = 0; status == ASSAY_OK && e < one->n_examples; e++) {
        const assay_example_pixels *x = &one->examples[e];
        (void)assay_amplify(difference, x->before, x->after, size);
        const float *const pixels[] = {x->before, x->after, difference};
        for (int p = 0; status == ASSAY_OK && p < 3; p++) {
            const char *name = assay_arena_printf(a->arena, "%02d_%s.png", e + 1, parts[p]);
            const char *path = name != NULL ? path_of(a, folder, name, err) : NULL;
            status = path == NULL ? assay_fail_memory(err) : save_png(a, pixels[p], path, err);
        }
    }
    assay_free(difference);
    return status;
}

static assay_status add_column(assay_column **out, assay_table *table, const char *name,
                               assay_column_type type, assay_error *err)
{
    ASSAY_TRY(assay_table_add(out, table, name, type, err));
    memset((*out)->valid, 1, (size_t)table->rows);
    return ASSAY_OK;
}

static assay_status fill_counts(assay_table *table, const assay_attack_result *r, assay_error *err)
{
    const struct {
        const char *name;
        const int64_t *values;
    } counts[] = {{"forwards", r->forwards}, {"backwards", r->backwards}, {"first", r->first}};
    for (size_t c = 0; c < ASSAY_COUNT(counts); c++) {
        assay_column *column = NULL;
        ASSAY_TRY(add_column(&column, table, counts[c].name, ASSAY_COLUMN_INT, err));
        for (int64_t i = 0; i < r->n; i++) {
            column->ints[i] = counts[c].values[i];
            column->valid[i] = counts[c].values[i] >= 0;
        }
    }
    return ASSAY_OK;
}

static assay_status fill_rows(assay_table *table, const assay_assessment *a, int32_t k,
                              assay_error *err)
{
    const assay_attack_result *r = a->attacks[k].result;
    const char *const *names = a->options->models[0]->spec.class_names;
    assay_column *column = NULL;
    const struct {
        const char *name;
        const int32_t *classes;
    } classes[] = {{"target", r->label},
                   {"clean", r->clean},
                   {"answer", r->answer},
                   {"answer_8_bit", r->rounded}};
    ASSAY_TRY(add_column(&column, table, "id", ASSAY_COLUMN_TEXT, err));
    for (int64_t i = 0; i < r->n; i++) {
        column->texts[i] = a->images.ids[i];
    }
    for (size_t c = 0; c < ASSAY_COUNT(classes); c++) {
        ASSAY_TRY(add_column(&column, table, classes[c].name, ASSAY_COLUMN_TEXT, err));
        for (int64_t i = 0; i < r->n; i++) {
            column->valid[i] = classes[c].classes[i] >= 0;
            column->texts[i] = column->valid[i] ? names[classes[c].classes[i]] : NULL;
        }
    }
    const struct {
        const char *name;
        const double *values;
    } reals[] = {{"distance", r->distance}, {"distance_8_bit", r->rounded_distance}};
    for (size_t c = 0; c < ASSAY_COUNT(reals); c++) {
        ASSAY_TRY(add_column(&column, table, reals[c].name, ASSAY_COLUMN_REAL, err));
        for (int64_t i = 0; i < r->n; i++) {
            column->valid[i] = isfinite(reals[c].values[i]);
            column->reals[i] = column->valid[i] ? reals[c].values[i] : 0.0;
        }
    }
    ASSAY_TRY(fill_counts(table, r, err));
    for (int32_t e = 0; e < r->n_eps; e++) {
        const char *name = assay_arena_printf(table->arena, "fooled_%d", e + 1);
        if (name == NULL) {
            return assay_fail_memory(err);
        }
        ASSAY_TRY(add_column(&column, table, name, ASSAY_COLUMN_INT, err));
        for (int64_t i = 0; i < r->n; i++) {
            column->ints[i] = r->success[(int64_t)e * r->n + i];
        }
    }
    return ASSAY_OK;
}

static assay_status fill_trace(assay_table *table, const assay_assessment *a, int32_t k,
                               assay_error *err)
{
    const assay_attack_result *r = a->attacks[k].result;
    assay_column *id = NULL;
    assay_column *forwards = NULL;
    assay_column *backwards = NULL;
    assay_column *distance = NULL;
    ASSAY_TRY(add_column(&id, table, "id", ASSAY_COLUMN_TEXT, err));
    id->texts = assay_arena_alloc(table->arena, (size_t)table->rows + 1, sizeof *id->texts);
    if (id->texts == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t e = 0; e < r->n_events; e++) {
        id->texts[e] = a->images.ids[r->events[e].row];
    }
    ASSAY_TRY(add_column(&forwards, table, "forwards", ASSAY_COLUMN_INT, err));
    for (int64_t e = 0; e < r->n_events; e++) {
        forwards->ints[e] = r->events[e].forwards;
    }
    ASSAY_TRY(add_column(&backwards, table, "backwards", ASSAY_COLUMN_INT, err));
    for (int64_t e = 0; e < r->n_events; e++) {
        backwards->ints[e] = r->events[e].backwards;
    }
    ASSAY_TRY(add_column(&distance, table, "distance", ASSAY_COLUMN_REAL, err));
    for (int64_t e = 0; e < r->n_events; e++) {
        distance->reals[e] = r->events[e].distance;
    }
    return ASSAY_OK;
}

static assay_status save_table(const assay_assessment *a, int32_t k, const char *folder,
                               const char *name, int64_t rows,
                               assay_status (*fill)(assay_table *table, const assay_assessment *a,
                                                    int32_t k, assay_error *err),
                               assay_error *err)
{
    assay_table *table = NULL;
    const char *path = path_of(a, folder, name, err);
    if (path == NULL) {
        return ASSAY_ENOMEM;
    }
    ASSAY_TRY(assay_table_new(&table, rows, 0, err));
    assay_status status = fill(table, a, k, err);
    if (status == ASSAY_OK) {
        status = assay_duckdb_write_table(path, table, err);
    }
    assay_table_free(table);
    return status;
}

assay_status assay_assess_save(const assay_assessment *a, int32_t k, const float *pixels,
                               assay_error *err)
{
    const assay_attack_result *r = a->attacks[k].result;
    const char *name = a->attacks[k].attack->op->name;
    /* The same attack may be there twice, with other parameters. */
    const char *own = assay_arena_printf(a->arena, "%d_%s", k + 1, name);
    const char *folder = own != NULL ? path_of(a, a->options->folder, own, err) : NULL;
    if (folder == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_folder_make(folder, err));
    ASSAY_TRY(save_pixels(a, k, pixels, folder, err));
    ASSAY_TRY(save_pictures(a, k, folder, err));
    ASSAY_TRY(save_table(a, k, folder, "rows.parquet", r->n, fill_rows, err));
    return save_table(a, k, folder, "trace.parquet", r->n_events, fill_trace, err);
}
