#include <math.h>

#include "base/sort.h"
#include "report/section.h"

enum { CONTEXTS = 6, MATRIX = 40, NUMBERS = 16, CLASSES = 20000, PAIRS = 6 };

typedef struct confusion {
    const assay_json_value *names; /* the model's classes */
    size_t n;                      /* classes */
    double *total;                 /* per true class */
    int64_t cells;
    const assay_json_value *rows;
    int truth, predicted, count; /* columns */
} confusion;

static bool read_cell(const confusion *matrix, size_t i, size_t *truth, size_t *predicted,
                      double *count)
{
    const assay_json_value *row = assay_json_at(matrix->rows, i);
    int64_t t = assay_json_as_int(assay_json_at(row, (size_t)matrix->truth), -1);
    int64_t p = assay_json_as_int(assay_json_at(row, (size_t)matrix->predicted), -1);
    *count = assay_json_as_real(assay_json_at(row, (size_t)matrix->count), 0);
    *truth = (size_t)t;
    *predicted = (size_t)p;
    return assay_json_is_array(row) && t >= 0 && p >= 0 && t < (int64_t)matrix->n &&
           p<(int64_t)matrix->n && * count> 0 && *count < 9e15;
}

/** False when the curve is not a usable confusion matrix. */
static bool read_matrix(confusion *out, assay_buffer *buffer, const assay_evidence *evidence,
                        const assay_json_value *curve, int model)
{
    *out = (confusion){.truth = assay_evidence_column(curve, "truth"),
                       .predicted = assay_evidence_column(curve, "predicted"),
                       .count = assay_evidence_column(curve, "count"),
                       .rows = assay_json_get(curve, "rows")};
    out->names = assay_json_get(assay_json_at(evidence->models, (size_t)model), "classes");
    if (out->truth < 0 || out->predicted < 0 || out->count < 0 || !assay_json_is_array(out->rows)) {
        return false;
    }
    out->n = assay_json_is_array(out->names) ? assay_json_size(out->names) : 0;
    for (size_t i = 0; i < assay_json_size(out->rows); i++) {
        const assay_json_value *row = assay_json_at(out->rows, i);
        for (int side = 0; assay_json_is_array(row) && side < 2; side++) {
            int column = side == 0 ? out->truth : out->predicted;
            int64_t at = assay_json_as_int(assay_json_at(row, (size_t)column), -1);
            if (at >= (int64_t)out->n && at < CLASSES) {
                out->n = (size_t)at + 1;
            }
        }
    }
    out->n = out->n < CLASSES ? out->n : CLASSES;
    out->total = assay_evidence_alloc(evidence, buffer, out->n + 1, sizeof(double));
    if (out->total == NULL) {
        return false;
    }
    for (size_t i = 0; i < assay_json_size(out->rows); i++) {
        size_t truth = 0, predicted = 0;
        double count = 0;
        if (read_cell(out, i, &truth, &predicted, &count)) {
            out->total[truth] += count;
            out->cells++;
        }
    }
    return out->cells > 0;
}

static const char *class_name(const confusion *matrix, size_t at, assay_figure *number)
{
    *number = assay_figure_count((int64_t)at);
    return assay_json_as_text(assay_json_at(matrix->names, at), number->text);
}

static void put_names(assay_buffer *out, const confusion *matrix, double left, double top,
                      double cell)
{
    assay_figure number;
    int limit = matrix->n <= NUMBERS ? 8 : 4;
    for (size_t i = 0; i < matrix->n; i++) {
        double middle = ((double)i + 0.5) * cell;
        const char *name = class_name(matrix, i, &number);
        assay_svg_text(out, "tick end", left - 6, top + middle + 4, name, 10);
        if (cell > 26) {
            assay_svg_text(out, "tick middle", left + middle, top - 6, name,
                           (int)(cell / 7) < limit ? (int)(cell / 7) : limit);
        } else {
            assay_buffer_puts(out, "<g transform=\"translate(");
            assay_buffer_puts(out, assay_figure_fixed(left + middle + 4, 1).text);
            assay_buffer_putc(out, ' ');
            assay_buffer_puts(out, assay_figure_fixed(top - 6, 1).text);
            assay_buffer_puts(out, ") rotate(-90)\">");
            assay_svg_text(out, "tick", 0, 0, name, 7);
            assay_buffer_puts(out, "</g>");
        }
    }
}

static void put_cell(assay_buffer *out, const confusion *matrix, const double *place, size_t truth,
                     size_t predicted, double count)
{
    double share = count / matrix->total[truth], cell = place[2];
    double x = place[0] + (double)predicted * cell, y = place[1] + (double)truth * cell;
    bool right = truth == predicted;
    double strength = right ? share : sqrt(share);
    assay_figure truth_number, predicted_number;
    assay_html_put(out, "<g><title>true %s, answered %s: %s (%s)</title>",
                   class_name(matrix, truth, &truth_number),
                   class_name(matrix, predicted, &predicted_number),
                   assay_figure_count((int64_t)count).text, assay_figure_percent(share, 1).text);
    assay_svg_rect(out, right ? "cell right" : "cell wrong", x + 0.5, y + 0.5, cell - 1, cell - 1,
                   0.12 + 0.88 * strength);
    if (matrix->n <= NUMBERS) {
        assay_svg_text(out, strength > 0.75 ? "count strong" : "count", x + cell / 2,
                       y + cell / 2 + 4, assay_figure_count((int64_t)count).text, 0);
    }
    assay_buffer_puts(out, "</g>");
}

static void put_heatmap(assay_buffer *out, const confusion *matrix, const char *title)
{
    double left = 84, top = 66, side = 420, cell = side / (double)matrix->n;
    cell = cell > 60 ? 60 : cell;
    side = cell * (double)matrix->n;
    const double place[3] = {left, top, cell};
    assay_plot_begin(out, left + side + 10, top + side + 8, title);
    assay_svg_text(out, "axis", left, 14, "the model answered \xe2\x86\x92", 0);
    assay_svg_text(out, "axis", 0, 34, "true class \xe2\x86\x93", 0);
    assay_svg_rect(out, "paper", left, top, side, side, 1);
    put_names(out, matrix, left, top, cell);
    for (size_t i = 0; i < assay_json_size(matrix->rows); i++) {
        size_t truth = 0, predicted = 0;
        double count = 0;
        if (read_cell(matrix, i, &truth, &predicted, &count)) {
            put_cell(out, matrix, place, truth, predicted, count);
        }
    }
    assay_plot_end(out);
}

/** The most frequent mistakes in words. */
static void put_pairs(assay_buffer *out, const assay_evidence *evidence, const confusion *matrix)
{
    size_t n = assay_json_size(matrix->rows), found = 0;
    double *keys = assay_evidence_alloc(evidence, out, n + 1, sizeof *keys);
    int64_t *order = assay_evidence_alloc(evidence, out, n + 1, sizeof *order);
    if (keys == NULL || order == NULL) {
        return;
    }
    size_t truth = 0, predicted = 0;
    double count = 0;
    for (size_t i = 0; i < n; i++) {
        bool wrong = read_cell(matrix, i, &truth, &predicted, &count) && truth != predicted;
        keys[i] = wrong ? count : 0;
        found += wrong;
    }
    assay_status status = assay_sort_order(order, keys, (int64_t)n, 1, NULL);
    if (status != ASSAY_OK) {
        out->failed = status;
        return;
    }
    assay_buffer_puts(out, found > 0 ? "<p class=\"note\"><b>Most frequent mistakes</b></p>\n"
                                       "<ol class=\"pairs\">\n"
                                     : "<p class=\"note\">No mistakes.</p>\n");
    for (size_t i = 0; i < found && i < PAIRS; i++) {
        if (!read_cell(matrix, (size_t)order[i], &truth, &predicted, &count)) {
            continue;
        }
        assay_figure a, b;
        assay_html_put(
            out,
            "<li>\xe2\x80\x98%s\xe2\x80\x99 taken for \xe2\x80\x98%s\xe2\x80\x99: <b>%s</b> "
            "<span class=\"quiet\">of %s (%s)</span></li>\n",
            class_name(matrix, truth, &a), class_name(matrix, predicted, &b),
            assay_figure_count((int64_t)count).text,
            assay_figure_count((int64_t)matrix->total[truth]).text,
            assay_figure_percent(count / matrix->total[truth], 1).text);
    }
    assay_buffer_puts(out, found > 0 ? "</ol>\n" : "");
}

static bool put_figure(assay_buffer *out, const assay_evidence *evidence, int model, int context,
                       bool first)
{
    confusion matrix;
    const assay_json_value *curve =
        assay_evidence_curve(evidence, "confusion_matrix", model, context);
    if (curve == NULL || !read_matrix(&matrix, out, evidence, curve, model)) {
        return false;
    }
    if (first) {
        assay_section_begin(out, "confusion", "Which classes it mixes up",
                            "One row per true class. Blue squares on the diagonal are right "
                            "answers, orange squares beside it are mistakes; the stronger the "
                            "colour, the larger the share of that class.");
        assay_buffer_puts(out, "<div class=\"cards\">\n");
    }
    assay_html_put(out,
                   "<figure class=\"card\">\n<figcaption><b>%s</b> <span class=\"quiet\">%s</span>"
                   "</figcaption>\n",
                   assay_evidence_context_title(evidence, context),
                   assay_evidence_model_title(evidence, model));
    if (matrix.n <= MATRIX) {
        put_heatmap(out, &matrix, "Confusion matrix");
    } else {
        assay_html_put(out,
                       "<p class=\"note\">%zu classes are too many for a picture; the whole "
                       "matrix is in results.json.</p>\n",
                       matrix.n);
    }
    put_pairs(out, evidence, &matrix);
    assay_buffer_puts(out, "</figure>\n");
    return true;
}

void assay_section_confusion(assay_buffer *out, const assay_evidence *evidence)
{
    int contexts[CONTEXTS];
    size_t n = assay_section_main_contexts(evidence, contexts, CONTEXTS), shown = 0;
    for (size_t c = 0; c < n; c++) {
        for (size_t m = 0; m < evidence->n_models && m < 4; m++) {
            shown += put_figure(out, evidence, (int)m, contexts[c], shown == 0);
        }
    }
    if (shown > 0) {
        assay_buffer_puts(out, "</div>\n");
        assay_section_end(out);
    }
}
