/* Detection: which kinds of errors cost how much, and what is taken for what. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "report/section.h"

enum { CONTEXTS = 6, SHOWN = 24, KINDS = 6 };

static const struct {
    const char *metric, *title, *meaning;
} kinds[KINDS] = {
    {"tide_classification", "Called by the wrong name", "the box is right, the class is not"},
    {"tide_localisation", "Box not exact enough", "right class, overlap below the threshold"},
    {"tide_both", "Name and box wrong", "some overlap with an object of another class"},
    {"tide_duplicate", "Reported twice", "the object was found already"},
    {"tide_background", "Seen where nothing is", "no overlap with any object"},
    {"tide_missed", "Not seen at all", "objects that no box comes near"},
};

static bool fits(const assay_json_value *measure, const void *metric, const char *class_name)
{
    (void)class_name; /* over all classes only */
    return assay_text_equal(assay_json_get_text(measure, "metric", ""), metric) &&
           assay_json_is_null(assay_json_get(measure, "class"));
}

/* One row per kind of error: what AP50 would gain if it were put right. */
static void put_kinds(assay_buffer *out, const assay_evidence *evidence, int context)
{
    assay_dot *dots =
        assay_evidence_alloc(evidence, out, KINDS * evidence->n_models + 1, sizeof *dots);
    double high = 0.05;
    bool any = false;
    for (size_t i = 0; dots != NULL && i < KINDS * evidence->n_models; i++) {
        assay_section_read_dot(
            &dots[i], assay_evidence_find(evidence, (int)(i % evidence->n_models), context, fits,
                                          kinds[i / evidence->n_models].metric, NULL));
        high = fmax(high, fmax(dots[i].value, dots[i].high));
        any = any || !isnan(dots[i].value);
    }
    if (!any) {
        return;
    }
    const assay_track track = {.ticks = assay_ticks_make(0, high, 5), .most = 3};
    assay_html_put(out,
                   "<figure class=\"rows\">\n<figcaption><b>What the errors cost: %s</b> "
                   "<span class=\"quiet\">what AP50 would gain if errors of this kind were put "
                   "right; n counts the errors (TIDE)</span></figcaption>\n",
                   assay_evidence_context_title(evidence, context));
    for (size_t k = 0; k < KINDS; k++) {
        assay_section_dots(out, evidence, &track, kinds[k].title, kinds[k].meaning,
                           dots + k * evidence->n_models, NULL);
    }
    assay_section_dots_foot(out, &track, assay_evidence_real(evidence->run, "level"));
    assay_buffer_puts(out, "</figure>\n");
}

/* ---- what is taken for what ---- */

typedef struct mix {
    const assay_json_value *names; /* classes in the order of the curve's numbers */
    size_t n;                      /* the background's number */
    double *count;                 /* (n + 1) x (n + 1): truth by predicted */
    size_t shown[SHOWN];           /* classes with something to show */
    size_t n_shown, total;
} mix;

static const assay_json_value *names_of(const assay_evidence *evidence, int context)
{
    const assay_json_value *truth = assay_json_get(evidence->root, "truth");
    const char *data =
        assay_json_get_text(assay_json_at(evidence->contexts, (size_t)context), "data", "");
    for (size_t i = 0; i < assay_json_size(truth); i++) {
        const assay_json_value *item = assay_json_at(truth, i);
        if (assay_text_equal(assay_json_get_text(item, "data", ""), data)) {
            return assay_json_get(item, "categories");
        }
    }
    return NULL;
}

static double cell(const assay_json_value *row, int at)
{
    return at >= 0 ? assay_json_as_real(assay_json_at(row, (size_t)at), -1.0) : -1.0;
}

static bool read_mix(mix *m, const assay_evidence *evidence, int context, assay_buffer *out,
                     const assay_json_value *curve)
{
    const assay_json_value *rows = assay_json_get(curve, "rows");
    int truth = assay_evidence_column(curve, "truth");
    int predicted = assay_evidence_column(curve, "predicted");
    int count = assay_evidence_column(curve, "count");
    *m = (mix){.names = names_of(evidence, context)};
    m->n = assay_json_size(m->names);
    if (m->n == 0 || m->n > 4096) {
        return false;
    }
    size_t side = m->n + 1;
    m->count = assay_evidence_alloc(evidence, out, side * side, sizeof *m->count);
    if (m->count == NULL) {
        return false;
    }
    for (size_t i = 0; i < assay_json_size(rows); i++) {
        const assay_json_value *row = assay_json_at(rows, i);
        double t = cell(row, truth);
        double p = cell(row, predicted);
        if (t >= 0.0 && p >= 0.0 && t <= (double)m->n && p <= (double)m->n) {
            m->count[(size_t)t * side + (size_t)p] += fmax(cell(row, count), 0.0);
        }
    }
    for (size_t k = 0; k < m->n; k++) {
        double sum = 0.0;
        for (size_t j = 0; j < side; j++) {
            sum += m->count[k * side + j] + m->count[j * side + k];
        }
        m->total += sum > 0.0;
        if (sum > 0.0 && m->n_shown < SHOWN) {
            m->shown[m->n_shown++] = k;
        }
    }
    return m->n_shown > 0;
}

static void put_mix_cell(assay_buffer *out, const mix *m, size_t truth, size_t predicted)
{
    double count = m->count[truth * (m->n + 1) + predicted];
    double all = 0.0;
    for (size_t j = 0; j <= m->n; j++) {
        all += m->count[truth * (m->n + 1) + j];
    }
    if (!(count > 0.0)) {
        assay_buffer_puts(out, "<td></td>");
        return;
    }
    assay_html_put(out, "<td class=\"%s\" style=\"--s:%s\">%s</td>",
                   truth == predicted ? "right" : "wrong", assay_figure_fixed(count / all, 2).text,
                   assay_figure_count((int64_t)count).text);
}

static void put_mix(assay_buffer *out, const assay_evidence *evidence, int model, int context,
                    const mix *m)
{
    assay_html_put(out,
                   "<details%s>\n<summary>What is taken for what: %s <span class=\"quiet\">%s"
                   "</span></summary>\n<div class=\"wide\"><table class=\"mix\">\n<thead><tr>"
                   "<th scope=\"col\">object</th>",
                   model == 0 ? " open" : "", assay_evidence_context_title(evidence, context),
                   assay_evidence_model_title(evidence, model));
    for (size_t k = 0; k < m->n_shown; k++) {
        assay_html_put(out, "<th scope=\"col\"><span>%s</span></th>",
                       assay_json_as_text(assay_json_at(m->names, m->shown[k]), "?"));
    }
    assay_buffer_puts(out, "<th scope=\"col\"><span>missed</span></th></tr></thead>\n<tbody>\n");
    for (size_t r = 0; r <= m->n_shown; r++) {
        size_t truth = r < m->n_shown ? m->shown[r] : m->n;
        assay_html_put(out, "<tr><th scope=\"row\">%s</th>",
                       r < m->n_shown ? assay_json_as_text(assay_json_at(m->names, truth), "?")
                                      : "nothing there");
        for (size_t k = 0; k < m->n_shown; k++) {
            put_mix_cell(out, m, truth, m->shown[k]);
        }
        if (r < m->n_shown) {
            put_mix_cell(out, m, truth, m->n);
        } else {
            assay_buffer_puts(out, "<td></td>");
        }
        assay_buffer_puts(out, "</tr>\n");
    }
    assay_buffer_puts(out, "</tbody>\n</table></div>\n");
    assay_section_rest(out, m->n_shown, m->total, "classes");
    assay_buffer_puts(out, "</details>\n");
}

void assay_section_boxes_errors(assay_buffer *out, const assay_evidence *evidence)
{
    int contexts[CONTEXTS];
    size_t n = assay_section_main_contexts(evidence, contexts, CONTEXTS);
    bool begun = false;
    for (size_t c = 0; c < n; c++) {
        put_kinds(out, evidence, contexts[c]);
    }
    for (size_t c = 0; c < n; c++) {
        for (size_t m = 0; m < evidence->n_models; m++) {
            const assay_json_value *curve =
                assay_evidence_curve(evidence, "detection_confusion", (int)m, contexts[c]);
            mix matrix;
            if (curve == NULL || !read_mix(&matrix, evidence, contexts[c], out, curve)) {
                continue;
            }
            if (!begun) {
                begun = true;
                assay_buffer_puts(
                    out, "<h3>What is taken for what?</h3>\n<p class=\"lead\">A row is what is "
                         "there, a column what the model says, at the score with the best F1. The "
                         "last column counts objects that it did not report, the last row boxes "
                         "where nothing is. The diagonal is right.</p>\n");
            }
            put_mix(out, evidence, (int)m, contexts[c], &matrix);
        }
    }
}
