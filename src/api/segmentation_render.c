#include <inttypes.h>
#include <math.h>

#include "api/run.h"
#include "api/segmentation.h"
#include "assay/version.h"
#include "base/text.h"

void assay_segmentation_put_inputs(assay_json *json, const char *const paths[2],
                                   const int64_t rows[2], int64_t images)
{
    static const char *const roles[] = {"truth", "predictions"};
    assay_json_key(json, "data");
    assay_json_begin_array(json);
    for (int i = 0; i < 2; i++) {
        assay_json_begin_object(json);
        assay_json_put_text(json, "role", roles[i]);
        assay_json_put_text(json, "path", paths[i]);
        assay_json_put_int(json, "n", rows[i]);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
    assay_json_key(json, "contexts");
    assay_json_begin_array(json);
    assay_json_begin_object(json);
    assay_json_put_text(json, "name", "all");
    assay_json_put_text(json, "kind", "dataset");
    assay_json_put_int(json, "n", images);
    assay_json_end_object(json);
    assay_json_end_array(json);
}

void assay_segmentation_put_measures(assay_json *json, const assay_result *result)
{
    assay_json_key(json, "measures");
    assay_json_begin_array(json);
    for (int64_t i = 0; i < result->n_measures; i++) {
        assay_json_begin_object(json);
        assay_json_put_text(json, "context", "all");
        assay_measure_json(json, &result->measures[i]);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

void assay_segmentation_put_end(assay_json *json, int64_t unused)
{
    assay_json_key(json, "remarks");
    assay_json_begin_array(json);
    if (unused > 0) {
        assay_json_begin_object(json);
        assay_json_put_int(json, "count", unused);
        assay_json_put_text(json, "text", "predictions without a truth: left out");
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
    assay_json_key(json, "verdicts");
    assay_json_raw(json, "[]");
    assay_json_key(json, "findings");
    assay_json_raw(json, "[]");
    assay_results_provenance(json, NULL, 0, NULL, NULL);
    assay_json_end_object(json);
}

static void put_head(assay_json *json, const assay_segmentation_report *r)
{
    const char *const paths[] = {r->request->truth, r->request->predictions};
    const int64_t rows[] = {r->n_images, r->n_images};
    assay_json_put_text(json, "assay", ASSAY_VERSION);
    assay_json_put_int(json, "schema", 1);
    assay_json_key(json, "run");
    assay_json_begin_object(json);
    assay_json_put_int(json, "seed", (int64_t)r->seed);
    assay_json_put_real(json, "level", r->level);
    assay_json_put_int(json, "replicates", r->replicates);
    assay_json_put_text(json, "task", "segmentation");
    assay_json_key(json, "ignore");
    if (r->ignore >= 0) {
        assay_json_int(json, r->ignore);
    } else {
        assay_json_null(json);
    }
    assay_json_put_real(json, "boundary_ratio", 0.02);
    assay_json_put_real(json, "contour_ratio", 0.008);
    assay_json_put_text(json, "estimand",
                        "The population that the images are an independent random sample of.");
    assay_json_end_object(json);
    assay_segmentation_put_inputs(json, paths, rows, r->n_images);
}

/* Rows = truth; the last column = predicted as no class. */
static void put_confusion(assay_json *json, const assay_segmentation_report *r)
{
    assay_json_key(json, "confusion");
    assay_json_begin_array(json);
    for (int32_t t = 0; t < r->classes; t++) {
        assay_json_begin_array(json);
        for (int32_t p = 0; p <= r->classes; p++) {
            assay_json_int(json, r->confusion[(int64_t)t * (r->classes + 1) + p]);
        }
        assay_json_end_array(json);
    }
    assay_json_end_array(json);
}

assay_status assay_segmentation_json(char **out, const assay_segmentation_report *r,
                                     assay_error *err)
{
    assay_buffer text;
    assay_json json;
    assay_buffer_init(&text, 0);
    assay_json_init(&json, &text, 1);
    assay_json_begin_object(&json);
    put_head(&json, r);
    assay_segmentation_put_measures(&json, &r->measures);
    put_confusion(&json, r);
    assay_segmentation_put_end(&json, r->unused);
    assay_buffer_putc(&text, '\n');
    return assay_text_take(out, &text, err);
}

static void put_value(assay_buffer *out, const assay_measure *m)
{
    if (m->outcome == ASSAY_OUTCOME_VALUE) {
        assay_buffer_printf(out, " %9.4f", m->value);
    } else {
        assay_buffer_printf(out, " %9s", "-");
    }
}

static void put_interval(assay_buffer *out, const assay_measure *m)
{
    if (!isnan(m->low)) {
        assay_buffer_printf(out, "   %.4f to %.4f", m->low, m->high);
    }
    assay_buffer_putc(out, '\n');
}

assay_status assay_segmentation_table(char **out, const assay_segmentation_report *r,
                                      assay_error *err)
{
    static const char *const titles[ASSAY_SEGMENT_STATISTICS] = {
        "mean IoU",           "mean Dice",
        "pixel accuracy",     "mean class accuracy",
        "weighted IoU",       "boundary IoU (mean of classes)",
        "boundary F (DAVIS)", "mean IoU per image"};
    const assay_measure *m = r->measures.measures;
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_buffer_printf(&text, "%s and %s: %" PRId64 " images, %d classes", r->request->truth,
                        r->request->predictions, r->n_images, r->classes);
    if (r->ignore >= 0) {
        assay_buffer_printf(&text, ", label %" PRId64 " is ignored", r->ignore);
    }
    assay_buffer_puts(&text, "\n\n");
    for (int i = 0; i < ASSAY_SEGMENT_STATISTICS; i++) {
        assay_buffer_printf(&text, "%-32s", titles[i]);
        put_value(&text, &m[i]);
        put_interval(&text, &m[i]);
    }
    assay_buffer_printf(&text, "\n%-20s %12s %9s %9s %9s %9s %9s %9s   %s\n", "class", "pixels",
                        "IoU", "Dice", "accuracy", "precision", "boundary", "contour F",
                        "IoU from, to");
    m += ASSAY_SEGMENT_STATISTICS;
    for (int32_t k = 0; k < r->classes; k++, m += ASSAY_SEGMENT_CLASS_STATISTICS) {
        char name[21];
        assay_text_printable(name, sizeof name, m->class_name);
        assay_buffer_printf(&text, "%-20s %12" PRId64, name, r->sums[k].truth);
        for (int i = 0; i < ASSAY_SEGMENT_CLASS_STATISTICS; i++) {
            put_value(&text, &m[i]);
        }
        put_interval(&text, &m[0]);
    }
    m = r->measures.measures;
    if (isnan(m->low)) {
        assay_buffer_printf(&text, "\nNo intervals: %s.\n",
                            assay_text_starts(m->method, "none: ") ? m->method + 6
                                                                   : "none were asked for");
    } else {
        assay_buffer_printf(&text,
                            "\nfrom, to: %g %% interval, two-sided, from %" PRId64
                            " bootstrap replicates of the images.\n",
                            100.0 * r->level, r->replicates);
    }
    if (r->unused > 0) {
        assay_buffer_printf(&text, "%" PRId64 " predictions without a truth: left out.\n",
                            r->unused);
    }
    return assay_text_take(out, &text, err);
}
