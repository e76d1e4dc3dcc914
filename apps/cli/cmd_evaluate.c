#include "assay/evaluate.h"

#include <math.h>
#include <string.h>

#include "command.h"

typedef struct arguments {
    assay_evaluate_request request;
    option_list scores, classes, metrics, columns, intervals, groups;
    const char *json;
    int64_t seed;
    bool temperature;
    const char *on_error;
    bool pixel;
    bool expand;
    double confidence;
} arguments;

static int evaluate(const command *self, const common_options *common, arguments *a)
{
    cli_session session;
    assay_error err = {0};
    char *json = NULL;
    char *table = NULL;

    int code = session_open(&session, self, common);
    if (code != 0) {
        return code;
    }
    a->request.scores = a->scores.items;
    a->request.classes = a->classes.items;
    a->request.metrics = a->metrics.items;
    a->request.intervals = a->intervals.items;
    a->request.columns = a->columns.items;
    a->request.groups = a->groups.items;
    a->request.seed = (uint64_t)a->seed;
    a->request.temperature = a->temperature;
    assay_status status =
        assay_evaluate_file(a->json ? &json : NULL, a->json && a->json[0] == '-' ? NULL : &table,
                            session.context, &a->request, &err);
    session_close(&session);
    if (status != ASSAY_OK) {
        return session_fail(self, status, &err);
    }
    if (table) {
        code = write_output(self, "-", table);
    }
    if (json && code == 0) {
        code = write_output(self, a->json, json);
    }
    assay_text_free(json);
    assay_text_free(table);
    return code;
}

/* Options of the task detection; returns how many. */
static size_t detection_options(option *out, arguments *a)
{
    const option options[] = {
        {"truth", 0, OPTION_TEXT, &a->request.truth, "PATH",
         "detection: annotations; segmentation: folder of label maps"},
        {"iou-type", 0, OPTION_TEXT, &a->request.iou_type, "TYPE",
         "detection: overlap of bbox (the default), segm, obb or keypoints"},
        {"convention", 0, OPTION_TEXT, &a->request.convention, "NAME",
         "detection: coco (the default), coco-corrected, lvis, voc2007, voc2012, open-images, "
         "open-images-challenge, torchmetrics"},
        {"hierarchy", 0, OPTION_TEXT, &a->request.hierarchy, "FILE",
         "detection: classes within classes (Open Images' JSON): objects are of the broader too"},
        {"expand-predictions", 0, OPTION_FLAG, &a->expand, NULL,
         "detection: with --hierarchy also results are of the broader classes"},
        {"iou", 0, OPTION_TEXT, &a->request.iou, "LIST",
         "detection: IoU thresholds, as 0.5,0.75 or 0.5:0.95:0.05"},
        {"areas", 0, OPTION_TEXT, &a->request.areas, "LIST",
         "detection: area ranges, as small:0:1024,large:1024:inf"},
        {"max-detections", 0, OPTION_TEXT, &a->request.max_detections, "LIST",
         "detection: most per image and class, as 1,10,100"},
        {"recalls", 0, OPTION_TEXT, &a->request.recalls, "GRID",
         "detection: number of recall points, the points, or area"},
        {"sigmas", 0, OPTION_TEXT, &a->request.sigmas, "LIST",
         "keypoints: one number per keypoint"},
        {"analyse", 0, OPTION_TEXT, &a->request.analyse, "LIST",
         "detection: curves, operation, confusion, errors, or all"},
        {"analysis-iou", 0, OPTION_TEXT, &a->request.analysis_iou, "IOU",
         "detection: IoU of the analyses (default 0.5); for errors also a list"},
        {"confidence", 0, OPTION_REAL, &a->confidence, "C",
         "detection: operating point of the analyses (default: that of the best F1)"},
        {"cluster", 0, OPTION_TEXT, &a->request.cluster, "COLUMN",
         "rows (detection: images) with equal values depend on each other: scene, flight"},
        {"metadata", 0, OPTION_TEXT, &a->request.metadata, "FILE",
         "detection, segmentation: table about images, by image_id or file_name, for --where and "
         "--cluster"},
        {"pixel", 0, OPTION_FLAG, &a->pixel, NULL,
         "detection: widths and heights count one pixel more (VOC's development kit)"},
        {"ignore", 0, OPTION_TEXT, &a->request.ignore, "LABEL|none",
         "segmentation: pixels of this label do not count (default 255)"},
        {"truth-format", 0, OPTION_TEXT, &a->request.truth_format, "NAME",
         "detection: coco, yolo, voc, labelme, visdrone, dota, table (default: told)"},
        {"predictions-format", 0, OPTION_TEXT, &a->request.predictions_format, "NAME",
         "detection: the same of the predictions"},
        {"images", 0, OPTION_TEXT, &a->request.images, "FOLDER",
         "detection: where the images of the truth are (default: looked for)"},
        {"split", 0, OPTION_TEXT, &a->request.split, "NAME",
         "detection: part of a data.yaml (default: val, test or train)"},
        {"voc-corners", 0, OPTION_TEXT, &a->request.voc_corners, "edges|pixels",
         "detection: what xmax in VOC files means (default: edges)"},
        {"columns", 0, OPTION_LIST, &a->columns, "ROLE=COLUMN,...",
         "detection: columns of tables (default: by name)"},
    };
    memcpy(out, options, sizeof options);
    return sizeof options / sizeof options[0];
}

/* What was asked for, once the options are read. */
static int answer(const command *self, const common_options *common, arguments *a)
{
    a->request.pixel = a->pixel;
    a->request.expand_predictions = a->expand;
    a->request.has_confidence = !isnan(a->confidence);
    a->request.confidence = a->request.has_confidence ? a->confidence : 0.0;
    a->request.skip_bad = strcmp(a->on_error, "skip") == 0;
    if (!a->request.predictions) {
        return complain(self, EXIT_USAGE, "--predictions FILE is missing; usage: %s", self->usage);
    }
    if (!a->request.skip_bad && strcmp(a->on_error, "stop") != 0) {
        return complain(self, EXIT_USAGE, "--on-error is '%s', expected stop or skip", a->on_error);
    }
    return evaluate(self, common, a);
}

static int run(const command *self, int argc, char **argv)
{
    common_options common = {0};
    size_t n = 0;
    const char *none[1];
    arguments a = {.request = {.struct_size = sizeof a.request, .task = "classification"},
                   .seed = 1,
                   .on_error = "stop",
                   .confidence = (double)NAN};
    a.scores.split = true;
    a.classes.split = true;
    a.columns.split = true;
    const option options[] = {
        {"predictions", 0, OPTION_TEXT, &a.request.predictions, "FILE",
         "predictions: .csv, .parquet or .jsonl; detection: also COCO, YOLO, ..."},
        {"task", 0, OPTION_TEXT, &a.request.task, "TASK",
         "classification (the default), multilabel, regression, detection or segmentation"},
        {"target", 0, OPTION_TEXT, &a.request.target, "COLUMN",
         "true class or value (default: target)"},
        {"label", 0, OPTION_TEXT, &a.request.label, "COLUMN",
         "predicted class (default: label) or value (prediction)"},
        {"id", 0, OPTION_TEXT, &a.request.id, "COLUMN", "id of the datum (default: id)"},
        {"scores", 0, OPTION_LIST, &a.scores, "A,B,C", "one score column per class"},
        {"classes", 0, OPTION_LIST, &a.classes, "A,B,C", "class names in the order of --scores"},
        {"score-kind", 0, OPTION_TEXT, &a.request.score_kind, "KIND",
         "what the scores are: probabilities, any (logits, votes) or auto (the default)"},
        {"metric", 'm', OPTION_LIST, &a.metrics, "NAME[:P=V]",
         "a metric with parameters; repeatable"},
        {"threshold", 0, OPTION_TEXT, &a.request.threshold, "T",
         "multilabel: score from which on a class is predicted, as 0.5 or cat=0.3,dog=0.6"},
        {"weights", 0, OPTION_TEXT, &a.request.weights, "COLUMN",
         "how much each row counts: a column of numbers >= 0 (default: all alike)"},
        {"group", 'g', OPTION_LIST, &a.groups, "COLUMN[:CUTS]",
         "compare groups of rows; repeat to combine columns, age:25,60 cuts a number"},
        {"positive", 0, OPTION_TEXT, &a.request.positive, "CLASS",
         "class that the groups' rates speak of (default: each class)"},
        {"least", 0, OPTION_INT, &a.request.least, "N",
         "rows that a group must have behind a number (default 10)"},
        {"temperature", 0, OPTION_FLAG, &a.temperature, NULL,
         "how much of the miscalibration temperature scaling would remove (a diagnostic)"},
        {"where", 0, OPTION_TEXT, &a.request.where, "SQL", "only rows for which this holds"},
        {"interval", 0, OPTION_LIST, &a.intervals, "NAME",
         "an interval (assay describe interval); auc=NAME for ROC AUC; repeatable"},
        {"level", 0, OPTION_REAL, &a.request.level, "P", "confidence of intervals (default 0.95)"},
        {"replicates", 0, OPTION_INT, &a.request.replicates, "N",
         "bootstrap replicates (default 1000, -1 for none)"},
        {"seed", 0, OPTION_INT, &a.seed, "N", "seed of the bootstrap (default 1)"},
        {"on-error", 0, OPTION_TEXT, &a.on_error, "stop|skip", "what happens to a bad row"},
        {"json", 0, OPTION_TEXT, &a.json, "FILE", "results as JSON; - for standard output"},
    };

    option all[64];
    memcpy(all, options, sizeof options);
    size_t given = sizeof options / sizeof options[0];
    given += detection_options(all + given, &a);
    int code = option_parse(self, all, given, &common, argc, argv, none, 0, &n);
    if (code == 0 && !common.help) {
        code = answer(self, &common, &a);
    }
    option_list_free(&a.scores);
    option_list_free(&a.classes);
    option_list_free(&a.metrics);
    option_list_free(&a.intervals);
    option_list_free(&a.columns);
    option_list_free(&a.groups);
    return code;
}

const command command_evaluate = {
    .name = "evaluate",
    .summary = "Metrics with intervals from a predictions file; no model and no images needed.",
    .usage = "assay evaluate --predictions FILE [options]",
    .details =
        "The file has one row per datum: the true class (target), the predicted class (label)\n"
        "and/or one score column per class, called like the class or score_CLASS. All other\n"
        "columns can be used in --where.\n"
        "With --task multilabel a row has a set of classes: one column of 0 and 1 per class with "
        "the\n"
        "truth (target_CLASS), one with the prediction (label_CLASS) and/or the score "
        "(score_CLASS).\n"
        "With --task regression it has two columns of numbers: target and prediction.\n"
        "With --group the same metrics are taken within each group of rows, and the groups are\n"
        "compared: selection rates, true and false positive rates, precision, accuracy.\n"
        "With --task detection it holds detections, and --truth names the annotations: COCO, a\n"
        "YOLO folder with data.yaml, Pascal VOC, labelme, VisDrone, DOTA or a table; the format\n"
        "is told from the content (docs/annotations.md).\n"
        "With --task segmentation both are folders of label maps (PNG) with the same file names.\n",
    .examples =
        "  assay evaluate --predictions p.csv\n"
        "  assay evaluate --predictions p.csv --json -\n"
        "  assay evaluate --predictions p.parquet --target truth --scores cat,dog,bird\n"
        "  assay evaluate --predictions p.csv -m accuracy -m top_k_accuracy:k=3\n"
        "  assay evaluate --predictions p.csv --weights sampling_weight\n"
        "  assay evaluate --task multilabel --predictions p.csv --threshold 0.4,rain=0.6\n"
        "  assay evaluate --predictions p.csv --group sex --group age:25,60 --positive yes\n"
        "  assay evaluate --task regression --predictions p.csv\n"
        "  assay evaluate --task detection --truth gt.json --predictions dt.json\n"
        "  assay evaluate --task detection --truth set/data.yaml --predictions runs/labels\n"
        "  assay evaluate --task segmentation --truth masks --predictions out --classes road,car\n"
        "  assay evaluate --predictions p.csv --where \"contrast < 0.2 AND source = 'field'\"\n",
    .run = run,
};
