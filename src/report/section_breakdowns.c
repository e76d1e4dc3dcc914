#include <math.h>

#include "base/sort.h"
#include "base/text.h"
#include "report/section.h"

enum { SHOWN = 24, OPEN = 4, BINS = 40 };

/** One chart: a metadata column of a data set, with the breakdown of each model. */
typedef struct breakdown_chart {
    const char *data, *column;
    const assay_json_value *models[ASSAY_EVIDENCE_MODELS];
    double spread; /* between the surest good and the surest bad bin; negative when they overlap */
} breakdown_chart;

static breakdown_chart *find_chart(breakdown_chart *charts, size_t n, const char *data,
                                   const char *column)
{
    for (size_t i = 0; i < n; i++) {
        if (assay_text_equal(charts[i].data, data) && assay_text_equal(charts[i].column, column)) {
            return &charts[i];
        }
    }
    return NULL;
}

static double spread_of(const assay_json_value *breakdown)
{
    const assay_json_value *bins = assay_json_get(breakdown, "bins");
    double best = NAN, worst = NAN;
    for (size_t i = 0; assay_json_is_array(bins) && i < assay_json_size(bins); i++) {
        const assay_json_value *bin = assay_json_at(bins, i);
        best = fmax(best, assay_evidence_real(bin, "accuracy_low"));
        worst = fmin(worst, assay_evidence_real(bin, "accuracy_high"));
    }
    return isnan(best) || isnan(worst) ? -1 : best - worst;
}

static size_t read_charts(breakdown_chart *charts, size_t most, const assay_evidence *evidence)
{
    size_t n = 0;
    for (size_t i = 0; i < assay_json_size(evidence->breakdowns); i++) {
        const assay_json_value *item = assay_json_at(evidence->breakdowns, i);
        int model = assay_evidence_model(evidence, assay_json_get_text(item, "model", NULL));
        const char *data = assay_json_get_text(item, "data", "");
        const char *column = assay_json_get_text(item, "column", "");
        if (model < 0 || !assay_json_is_array(assay_json_get(item, "bins"))) {
            continue;
        }
        breakdown_chart *chart = find_chart(charts, n, data, column);
        if (chart == NULL && n < most) {
            chart = &charts[n++];
            chart->data = data;
            chart->column = column;
            chart->spread = -1;
        }
        if (chart != NULL) {
            chart->models[model] = item;
            chart->spread = fmax(chart->spread, spread_of(item));
        }
    }
    return n;
}

static const assay_json_value *bin_of(const assay_json_value *breakdown, size_t at,
                                      const char *label)
{
    const assay_json_value *bins = assay_json_get(breakdown, "bins");
    if (!assay_json_is_array(bins)) {
        return NULL;
    }
    const assay_json_value *bin = assay_json_at(bins, at);
    if (assay_text_equal(assay_json_get_text(bin, "label", NULL), label)) {
        return bin;
    }
    for (size_t i = 0; i < assay_json_size(bins) && i < BINS; i++) {
        bin = assay_json_at(bins, i);
        if (assay_text_equal(assay_json_get_text(bin, "label", NULL), label)) {
            return bin;
        }
    }
    return NULL;
}

/** Which dependence the intervals allow for; nothing for independent rows. */
static void put_method(assay_buffer *out, const breakdown_chart *chart)
{
    for (size_t i = 0; i < ASSAY_EVIDENCE_MODELS; i++) {
        const char *cluster = assay_json_get_text(chart->models[i], "cluster", "");
        if (cluster[0] != '\0') {
            assay_html_put(out,
                           " <span class=\"quiet\">Intervals allow for rows with the same %s being "
                           "alike (%s).</span>",
                           cluster, assay_json_get_text(chart->models[i], "method", "none"));
            return;
        }
    }
}

static void put_chart(assay_buffer *out, const assay_evidence *evidence,
                      const breakdown_chart *chart)
{
    assay_track track = {.ticks = assay_ticks_make(0, 1, 4), .percent = true};
    const assay_json_value *bins = NULL;
    for (size_t i = 0; i < evidence->n_models && bins == NULL; i++) {
        bins = assay_json_get(chart->models[i], "bins");
    }
    size_t n = assay_json_size(bins);
    assay_html_put(out,
                   "<figure class=\"rows\">\n<figcaption><b>%s</b> <span class=\"quiet\">%s"
                   "</span>",
                   chart->column, assay_evidence_data_title(evidence, chart->data));
    put_method(out, chart);
    assay_buffer_puts(out, "</figcaption>\n<div class=\"dots\">\n");
    for (size_t b = 0; b < n && b < BINS; b++) {
        const char *label = assay_json_get_text(assay_json_at(bins, b), "label", "");
        assay_dot dots[ASSAY_EVIDENCE_MODELS] = {{0}};
        for (size_t i = 0; i < evidence->n_models; i++) {
            const assay_json_value *bin = bin_of(chart->models[i], b, label);
            dots[i] = (assay_dot){.value = assay_evidence_real(bin, "accuracy"),
                                  .low = assay_evidence_real(bin, "accuracy_low"),
                                  .high = assay_evidence_real(bin, "accuracy_high"),
                                  .n = assay_json_get_int(bin, "n", 0)};
        }
        assay_section_dots(out, evidence, &track, label, NULL, dots, NULL);
    }
    assay_section_dots_foot(out, &track, assay_evidence_real(evidence->run, "level"));
    assay_buffer_puts(out, "</div>\n");
    assay_section_rest(out, n < BINS ? n : BINS, n, "values");
    assay_buffer_puts(out, "</figure>\n");
}

void assay_section_breakdowns(assay_buffer *out, const assay_evidence *evidence)
{
    size_t most = assay_json_size(evidence->breakdowns);
    most = most > 256 ? 256 : most;
    breakdown_chart *charts = assay_evidence_alloc(evidence, out, most + 1, sizeof *charts);
    double *keys = assay_evidence_alloc(evidence, out, most + 1, sizeof *keys);
    int64_t *order = assay_evidence_alloc(evidence, out, most + 1, sizeof *order);
    if (most == 0 || charts == NULL || keys == NULL || order == NULL) {
        return;
    }
    size_t n = read_charts(charts, most, evidence);
    for (size_t i = 0; i < n; i++) {
        keys[i] = charts[i].spread;
    }
    assay_status status = assay_sort_order(order, keys, (int64_t)n, 1, NULL);
    if (status != ASSAY_OK) {
        out->failed = status;
        return;
    }
    if (n == 0) {
        return;
    }
    assay_section_begin(out, "breakdowns", "Accuracy along the properties of the data",
                        "Each chart splits the data by one property. Where the marks wander and "
                        "the bars do not overlap, the property matters. Those that matter most "
                        "come first.");
    assay_section_legend(out, evidence);
    size_t shown = n < SHOWN ? n : SHOWN;
    for (size_t i = 0; i < shown; i++) {
        if (i == OPEN) {
            assay_html_put(out, "<details>\n<summary>%zu more properties</summary>\n",
                           shown - OPEN);
        }
        put_chart(out, evidence, &charts[order[i]]);
    }
    assay_buffer_puts(out, shown > OPEN ? "</details>\n" : "");
    assay_section_rest(out, shown, n, "properties");
    assay_section_end(out);
}
