/* Which average a requirement means, by what it says of overlap, area and number of detections. */
#include <math.h>
#include <string.h>

#include "api/run_boxes.h"
#include "base/text.h"
#include "codec/json_value.h"
#include "ops/shared/boxes.h"

#define ROUNDED 0.0050000001 /* measures name overlaps in hundredths */

/* A number up to ':' or the end; *text goes behind it. */
static bool next_number(double *out, const char **text)
{
    char word[32];
    size_t n = strcspn(*text, ":");
    if (n == 0 || n >= sizeof word) {
        return false;
    }
    memcpy(word, *text, n);
    word[n] = '\0';
    *text += n;
    return assay_text_to_real(out, word);
}

/* "0.5" is "0.50", "0.333" what measures call "0.33"; the step of "first:last:step" they do not say. */
static bool same_overlap(const char *wanted, const char *own)
{
    double x = 0.0;
    double y = 0.0;
    bool first = next_number(&x, &wanted) && next_number(&y, &own) && fabs(x - y) <= ROUNDED;
    if (!first || *wanted != *own || *wanted == '\0') {
        return first && *wanted == *own;
    }
    wanted++;
    own++;
    return next_number(&x, &wanted) && next_number(&y, &own) && fabs(x - y) <= ROUNDED;
}

static bool fits(const assay_measure *m, const assay_boxes_statistic *wanted)
{
    assay_json_doc *doc = NULL;
    if (m->params == NULL ||
        assay_json_parse(&doc, m->params, strlen(m->params), 0, NULL) != ASSAY_OK) {
        return false;
    }
    const assay_json_value *p = assay_json_root(doc);
    bool good = wanted->iou.text[0] == '\0' ||
                same_overlap(wanted->iou.text, assay_json_get_text(p, "iou", ""));
    good = good &&
           (assay_text_equal(assay_json_get_text(p, "area", ""),
                             wanted->area.text[0] != '\0' ? wanted->area.text : "all")) &&
           assay_json_get_text(p, "frequency", NULL) == NULL;
    good = good && (wanted->max_detections == 0 ||
                    assay_json_get_int(p, "max_detections", 0) == wanted->max_detections);
    assay_json_doc_free(doc);
    return good;
}

const assay_measure *assay_run_boxes_find(const assay_result *result,
                                          const assay_plan_requirement *q, const assay_args *args)
{
    const char *kind = strcmp(q->metric, "detection_average_recall") == 0 ? "recall" : "precision";
    for (int64_t i = 0; i < result->n_measures; i++) {
        const assay_measure *m = &result->measures[i];
        bool average = strncmp(m->metric, "coco_average_", 13) == 0 ||
                       strncmp(m->metric, "detection_average_", 18) == 0;
        if (average && assay_text_ends(m->metric, kind) &&
            assay_text_equal(m->class_name, q->class_name) && fits(m, args->params)) {
            return m;
        }
    }
    return NULL;
}
