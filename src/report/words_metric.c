#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "report/words.h"

static const assay_metric_words metrics[] = {
    {"accuracy", "Accuracy", "How often the model's answer was right.", true, 1, NULL},
    {"balanced_accuracy", "Balanced accuracy",
     "Accuracy when every class counts the same, however rare it is in the data.", true, 1, NULL},
    {"top_k_accuracy", "Top-k accuracy",
     "How often the right answer was among the model's k best guesses.", true, 1, "k"},
    {"precision", "Precision",
     "When the model names this class: how often it is right. Low precision means false alarms.",
     true, 1, NULL},
    {"recall", "Recall",
     "Of all samples that really are this class: how many the model found. Low recall means "
     "misses.",
     true, 1, NULL},
    {"f1", "F1", "One number for precision and recall together; high only when both are high.",
     true, 1, NULL},
    {"log_loss", "Log loss",
     "How much probability the model gave to the right answers; 0 is perfect, confident mistakes "
     "cost most.",
     false, -1, NULL},
    {"brier_score", "Brier score",
     "Squared distance between the stated probabilities and what happened; 0 is perfect.", false,
     -1, NULL},
    {"expected_calibration_error", "Expected calibration error",
     "How far stated confidence and real accuracy lie apart on average; 0 % means that the model's "
     "confidence can be taken at its word.",
     true, -1, "bins"},
    {"maximum_calibration_error", "Maximum calibration error",
     "The largest distance between stated confidence and real accuracy.", true, -1, "bins"},
    {"aurc", "Area under the risk-coverage curve",
     "How often the model is wrong, averaged over all shares of cases that it might be allowed to "
     "answer; low when its confidence tells right answers from wrong ones.",
     true, -1, NULL},
    {"coco_average_precision", "Average precision",
     "Does the detector put real objects before false alarms? 1 is perfect; mean over classes and, "
     "unless another overlap is named, over overlaps of 50 to 95 %.",
     false, 1, "iou"},
    {"coco_average_recall", "Average recall",
     "Which share of the objects the detector finds when false alarms do not count.", false, 1,
     "max_detections"},
    {"detection_average_precision", "Average precision",
     "Does the detector put real objects before false alarms? 1 is perfect; mean over classes.",
     false, 1, "iou"},
    {"detection_average_recall", "Average recall",
     "Which share of the objects the detector finds when false alarms do not count.", false, 1,
     "max_detections"},
    {"selection_rate", "Selection rate", "How often the class is predicted, right or wrong.", true,
     0, NULL},
    {"false_positive_rate", "False positive rate",
     "Of all samples that are not this class: how many were mistaken for it.", true, -1, NULL},
    {"demographic_parity_difference", "Selection gap",
     "How far groups lie apart in how often the class is predicted.", true, -1, NULL},
    {"demographic_parity_ratio", "Selection ratio",
     "The lowest selection rate of a group as a share of the highest; below 80 % is the "
     "four-fifths "
     "rule's warning.",
     true, 1, NULL},
    {"equal_opportunity_difference", "Recall gap",
     "How far groups lie apart in how often members of the class are found.", true, -1, NULL},
    {"equalized_odds_difference", "Equalised odds gap",
     "How far groups lie apart in recall or in false positive rate, whichever is worse.", true, -1,
     NULL},
    {"predictive_equality_difference", "False positive gap",
     "How far groups lie apart in how often others are mistaken for the class.", true, -1, NULL},
    {"predictive_parity_difference", "Precision gap",
     "How far groups lie apart in how often a prediction of the class is right.", true, -1, NULL},
    {"accuracy_difference", "Accuracy gap", "How far groups lie apart in accuracy.", true, -1,
     NULL},
    {"worst_group_accuracy", "Accuracy of the worst group",
     "The accuracy in the group where it is lowest.", true, 1, NULL},
    {"worst_group_recall", "Recall of the worst group",
     "The recall in the group where it is lowest.", true, 1, NULL},
    {"robust_accuracy", "Robust accuracy",
     "How often the answer is right and stays right whatever the attacks change within eps.", true,
     1, "eps"},
    {"minimum_norm", "Smallest change that fools it",
     "The size of the change that the attacks need; of the images named, counting those that are "
     "wrong without any change as 0.",
     false, 1, "quantile"},
    {"error_rate", "Error rate", "How often the model's answer was wrong.", true, -1, NULL},
    {"specificity", "Specificity",
     "Of all samples that are not this class: how many the model left alone.", true, 1, NULL},
};

size_t assay_words_metrics(const assay_metric_words **out)
{
    *out = metrics;
    return ASSAY_COUNT(metrics);
}

static const assay_metric_words *find_words(const assay_metric_words *list, size_t n,
                                            const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (assay_text_equal(list[i].name, name)) {
            return &list[i];
        }
    }
    return NULL;
}

const assay_metric_words *assay_words_metric(const char *name)
{
    const assay_metric_words *list = NULL;
    size_t n = assay_words_boxes(&list);
    const assay_metric_words *found = find_words(metrics, ASSAY_COUNT(metrics), name);
    found = found != NULL ? found : find_words(list, n, name);
    n = assay_words_masks(&list);
    return found != NULL ? found : find_words(list, n, name);
}

void assay_words_metric_title(assay_buffer *out, const char *name)
{
    const assay_metric_words *words = assay_words_metric(name);
    if (words != NULL) {
        assay_buffer_puts(out, words->title);
        return;
    }
    for (const char *at = name; *at != '\0'; at++) {
        char c = *at == '_' ? ' ' : *at;
        assay_buffer_putc(out, at == name && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
}

static void put_members(assay_buffer *out, const assay_json_value *object, int depth);

static void put_value(assay_buffer *out, const assay_json_value *value, int depth)
{
    const char *text = assay_json_as_text(value, NULL);
    if (text != NULL) {
        assay_buffer_puts(out, text);
    } else if (assay_json_is_number(value)) {
        assay_buffer_puts(out, assay_figure_short(assay_json_as_real(value, NAN)).text);
    } else if (assay_json_is_null(value)) {
        assay_buffer_puts(out, "none");
    } else if (depth <= 0) {
        assay_buffer_puts(out, "\xe2\x80\xa6");
    } else if (assay_json_is_object(value)) {
        put_members(out, value, depth - 1);
    } else {
        for (size_t i = 0; i < assay_json_size(value) && i < 16; i++) {
            assay_buffer_puts(out, i > 0 ? ", " : "");
            put_value(out, assay_json_at(value, i), depth - 1);
        }
    }
}

/** "a = 1, b = x, c (d = 2)". */
static void put_members(assay_buffer *out, const assay_json_value *object, int depth)
{
    for (size_t i = 0; i < assay_json_size(object) && i < 32; i++) {
        const assay_json_value *value = NULL;
        const char *name = assay_json_member(object, i, &value);
        bool inner = assay_json_is_object(value) && assay_json_size(value) > 0;
        if (name == NULL) {
            return;
        }
        assay_buffer_puts(out, i > 0 ? ", " : "");
        assay_buffer_puts(out, name);
        assay_buffer_puts(out, inner ? " (" : " = ");
        if (assay_json_get_bool(object, name, true) == assay_json_get_bool(object, name, false)) {
            assay_buffer_puts(out, assay_json_get_bool(object, name, false) ? "yes" : "no");
        } else {
            put_value(out, value, depth);
        }
        assay_buffer_puts(out, inner ? ")" : "");
    }
}

void assay_words_params(assay_buffer *out, const assay_json_value *params)
{
    if (assay_json_is_object(params)) {
        put_members(out, params, 4);
    }
}

/* "worst of the groups 'by_sex'" */
static void put_extreme(assay_buffer *out, const assay_json_value *measure)
{
    const char *extreme = assay_json_get_text(measure, "extreme", NULL);
    if (extreme == NULL) {
        return;
    }
    bool gap = assay_text_equal(extreme, "difference") || assay_text_equal(extreme, "ratio");
    assay_buffer_puts(out, ", ");
    assay_buffer_puts(out, extreme);
    assay_buffer_puts(out,
                      gap ? " between the groups \xe2\x80\x98" : " of the groups \xe2\x80\x98");
    assay_buffer_puts(out, assay_json_get_text(measure, "group_title",
                                               assay_json_get_text(measure, "group", "")));
    assay_buffer_puts(out, "\xe2\x80\x99");
}

void assay_words_measure(assay_buffer *out, const assay_json_value *measure)
{
    const assay_json_value *params = assay_json_get(measure, "params");
    const char *average = assay_json_get_text(measure, "average", "");
    const char *class_name = assay_json_get_text(measure, "class", "");
    assay_words_metric_title(out, assay_json_get_text(measure, "metric", "measure"));
    if (class_name[0] != '\0') {
        assay_buffer_puts(out, " of class \xe2\x80\x98");
        assay_buffer_puts(out, class_name);
        assay_buffer_puts(out, "\xe2\x80\x99");
    } else if (average[0] != '\0') {
        assay_buffer_puts(out, ", ");
        assay_buffer_puts(out, average);
        assay_buffer_puts(out, " average");
    }
    const assay_metric_words *words =
        assay_words_metric(assay_json_get_text(measure, "metric", ""));
    if (words == NULL && assay_json_is_object(params) && assay_json_size(params) > 0) {
        assay_buffer_puts(out, " (");
        assay_words_params(out, params);
        assay_buffer_puts(out, ")");
    } else if (words != NULL && words->param != NULL &&
               !assay_json_is_null(assay_json_get(params, words->param))) {
        assay_buffer_puts(out, " (");
        assay_buffer_puts(out, words->param);
        assay_buffer_puts(out, " = ");
        put_value(out, assay_json_get(params, words->param), 1);
        assay_buffer_puts(out, ")");
    }
    put_extreme(out, measure);
}

void assay_words_rest(assay_buffer *out, const assay_json_value *measure)
{
    const assay_metric_words *words =
        assay_words_metric(assay_json_get_text(measure, "metric", ""));
    const assay_json_value *params = assay_json_get(measure, "params");
    size_t n = assay_json_is_object(params) ? assay_json_size(params) : 0;
    bool said = words != NULL && words->param != NULL &&
                !assay_json_is_null(assay_json_get(params, words->param));
    if (words != NULL && n > (said ? 1u : 0u)) {
        assay_words_params(out, params);
    }
}

void assay_words_perturbation(assay_buffer *out, const assay_json_value *perturbation)
{
    const assay_json_value *params = assay_json_get(perturbation, "params");
    assay_words_metric_title(out, assay_json_get_text(perturbation, "name", ""));
    if (assay_json_is_object(params) && assay_json_size(params) > 0) {
        assay_buffer_puts(out, " (");
        assay_words_params(out, params);
        assay_buffer_puts(out, ")");
    }
    int64_t severity = assay_json_get_int(perturbation, "severity", 0);
    if (severity > 0) {
        assay_buffer_puts(out, ", severity ");
        assay_buffer_puts(out, assay_figure_count(severity).text);
    }
}

assay_scale assay_words_scale(const assay_json_value *measure)
{
    const assay_metric_words *words =
        assay_words_metric(assay_json_get_text(measure, "metric", ""));
    return assay_scale_of(words != NULL && words->percent, assay_evidence_real(measure, "value"),
                          assay_evidence_real(measure, "low"),
                          assay_evidence_real(measure, "high"));
}

void assay_words_value(assay_buffer *out, const assay_json_value *measure)
{
    double value = assay_evidence_real(measure, "value");
    if (isnan(value)) {
        assay_buffer_puts(out, "not defined");
        return;
    }
    assay_buffer_puts(out, assay_figure_value(assay_words_scale(measure), value).text);
    const char *unit = assay_json_get_text(measure, "unit", "");
    if (unit[0] != '\0') {
        assay_buffer_puts(out, "\xc2\xa0");
        assay_buffer_puts(out, unit);
    }
}

void assay_words_interval(assay_buffer *out, const assay_json_value *measure)
{
    double low = assay_evidence_real(measure, "low"), high = assay_evidence_real(measure, "high");
    if (!isnan(low) && !isnan(high)) {
        assay_scale scale = assay_words_scale(measure);
        assay_buffer_puts(out, assay_figure_bare(scale, low).text);
        assay_buffer_puts(out, " to ");
        assay_buffer_puts(out, assay_figure_value(scale, high).text);
    }
}
