#include <math.h>

#include "assay/compare.h"
#include "assay/independent.h"

#include <string.h>

#include "command.h"

enum { MOST_FILES = 33 };

typedef struct arguments {
    assay_compare_request request;
    option_list scores, classes, metrics, slices, names, intervals;
    const char *json, *flips;
    int64_t seed;
    double margin, equivalence, rope;
    const char *on_error;
    bool per_class, exact, expand, pixel, independent, failures;
} arguments;

/** With --equivalence the exit code answers whether no two models differ by more. */
static int judge_equivalence(const assay_compare_summary *summary)
{
    if (summary->different > 0) {
        return EXIT_NOT_MET;
    }
    if (summary->unsettled > 0) {
        return EXIT_INCONCLUSIVE;
    }
    return summary->equivalent > 0 ? EXIT_MET : EXIT_NOT_EVALUATED;
}

/** With a margin the exit code answers whether the later models are not worse than the first. */
static int judge(const arguments *a, const assay_compare_summary *summary)
{
    if (a->request.has_equivalence && !a->request.has_margin) {
        return judge_equivalence(summary);
    }
    if (!a->request.has_margin) {
        return 0;
    }
    if (summary->inferior > 0) {
        return EXIT_NOT_MET;
    }
    if (summary->undecided > 0) {
        return EXIT_INCONCLUSIVE;
    }
    return summary->noninferior > 0 ? EXIT_MET : EXIT_NOT_EVALUATED;
}

static int compare(const command *self, const common_options *common, arguments *a)
{
    cli_session session;
    assay_error err = {0};
    assay_compare_summary summary = {0};
    char *json = NULL, *table = NULL, *flips = NULL;

    int code = session_open(&session, self, common);
    if (code != 0) {
        return code;
    }
    a->request.scores = a->scores.items;
    a->request.classes = a->classes.items;
    a->request.metrics = a->metrics.items;
    a->request.slices = a->slices.items;
    a->request.names = a->names.items;
    a->request.intervals = a->intervals.n > 0 ? a->intervals.items : NULL;
    a->request.seed = (uint64_t)a->seed;
    a->request.per_class = a->per_class;
    a->request.exact = a->exact;
    a->request.expand_predictions = a->expand;
    a->request.pixel = a->pixel;
    a->request.has_margin = !isnan(a->margin);
    a->request.margin = a->margin;
    a->request.has_equivalence = !isnan(a->equivalence);
    a->request.equivalence = a->equivalence;
    a->request.has_rope = !isnan(a->rope);
    a->request.rope = a->rope;
    bool quiet = (a->json && strcmp(a->json, "-") == 0) || (a->flips && strcmp(a->flips, "-") == 0);
    assay_status status =
        assay_compare_files(a->json ? &json : NULL, quiet ? NULL : &table, a->flips ? &flips : NULL,
                            &summary, session.context, &a->request, &err);
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
    if (flips && code == 0) {
        code = write_output(self, a->flips, flips);
    }
    assay_text_free(json);
    assay_text_free(table);
    assay_text_free(flips);
    return code != 0 ? code : judge(a, &summary);
}

/** Counts, or files about different data. */
static int compare_independent(const command *self, const common_options *common,
                               const arguments *a, const char *const *samples)
{
    cli_session session;
    assay_error err = {0};
    assay_independent_summary end = {0};
    char *json = NULL, *table = NULL;
    const assay_compare_request *r = &a->request;
    const assay_independent_request request = {.struct_size = sizeof request,
                                               .samples = samples,
                                               .names = a->names.items,
                                               .id = r->id,
                                               .target = r->target,
                                               .label = r->label,
                                               .scores = a->scores.items,
                                               .classes = a->classes.items,
                                               .score_kind = r->score_kind,
                                               .metrics = a->metrics.items,
                                               .where = r->where,
                                               .level = r->level,
                                               .replicates = r->replicates,
                                               .seed = (uint64_t)a->seed,
                                               .skip_bad = strcmp(a->on_error, "skip") == 0,
                                               .has_margin = !isnan(a->margin),
                                               .margin = a->margin,
                                               .has_equivalence = !isnan(a->equivalence),
                                               .equivalence = a->equivalence,
                                               .has_rope = !isnan(a->rope),
                                               .rope = a->rope,
                                               .lower_is_better = a->failures};
    if (r->task || r->by || r->cluster || r->weights || r->adjust || a->slices.n > 0 || a->flips ||
        a->exact || a->per_class || a->intervals.n > 0) {
        return complain(
            self, EXIT_USAGE,
            "samples of different data have no pairs: --task, --slice, --by, --cluster, "
            "--weights, --adjust, --flips, --interval, --exact and --per-class do not go with "
            "them");
    }
    int code = session_open(&session, self, common);
    if (code != 0) {
        return code;
    }
    bool quiet = a->json && strcmp(a->json, "-") == 0;
    assay_status status = assay_compare_independent(a->json ? &json : NULL, quiet ? NULL : &table,
                                                    &end, session.context, &request, &err);
    session_close(&session);
    if (status != ASSAY_OK) {
        return session_fail(self, status, &err);
    }
    code = write_answer(self, table, json, a->json);
    const assay_compare_summary summary = {.noninferior = end.noninferior,
                                           .inferior = end.inferior,
                                           .undecided = end.undecided,
                                           .equivalent = end.equivalent,
                                           .different = end.different,
                                           .unsettled = end.unsettled};
    arguments asked = *a;
    asked.request.has_margin = request.has_margin;
    asked.request.has_equivalence = request.has_equivalence;
    return code != 0 ? code : judge(&asked, &summary);
}

static int check(const command *self, arguments *a, const char **files, size_t n)
{
    a->request.skip_bad = strcmp(a->on_error, "skip") == 0;
    if (n < 2) {
        return complain(self, EXIT_USAGE, "a comparison takes at least two files; usage: %s",
                        self->usage);
    }
    if (!a->request.skip_bad && strcmp(a->on_error, "stop") != 0) {
        return complain(self, EXIT_USAGE, "--on-error is '%s', expected stop or skip", a->on_error);
    }
    if (!isnan(a->margin) && !(a->margin >= 0.0)) {
        return complain(self, EXIT_USAGE,
                        "--margin is how much worse still counts as not worse: "
                        "0 or more");
    }
    a->request.files = files;
    return 0;
}

static void free_lists(arguments *a)
{
    option_list_free(&a->scores);
    option_list_free(&a->classes);
    option_list_free(&a->metrics);
    option_list_free(&a->slices);
    option_list_free(&a->names);
    option_list_free(&a->intervals);
}

enum { DETECTION_OPTIONS = 14 };

/* The options of detection and segmentation, behind `n` others. */
static size_t add_detection(option *options, size_t n, arguments *a)
{
    const option own[DETECTION_OPTIONS] = {
        {"truth", 0, OPTION_TEXT, &a->request.truth, "PATH",
         "detection: annotations; segmentation: label maps or a panoptic file"},
        {"iou-type", 0, OPTION_TEXT, &a->request.iou_type, "TYPE",
         "detection: bbox (the default), segm, obb or keypoints"},
        {"convention", 0, OPTION_TEXT, &a->request.convention, "NAME",
         "detection: whose rules count (default: coco)"},
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
        {"pixel", 0, OPTION_FLAG, &a->pixel, NULL,
         "detection: widths and heights count one pixel more (VOC's development kit)"},
        {"voc-corners", 0, OPTION_TEXT, &a->request.voc_corners, "edges|pixels",
         "detection: what xmax in VOC files means (default: edges)"},
        {"hierarchy", 0, OPTION_TEXT, &a->request.hierarchy, "FILE",
         "detection: classes within classes (Open Images' JSON)"},
        {"expand-predictions", 0, OPTION_FLAG, &a->expand, NULL,
         "detection: with --hierarchy also results are of the broader classes"},
        {"metadata", 0, OPTION_TEXT, &a->request.metadata, "FILE",
         "detection, segmentation: table about images, for --where and --cluster"},
        {"ignore", 0, OPTION_TEXT, &a->request.ignore, "LABEL|none",
         "segmentation: pixels of this label do not count (default 255)"}};
    memcpy(options + n, own, sizeof own);
    return n + DETECTION_OPTIONS;
}

static int answer(const command *self, const common_options *common, arguments *a,
                  const char **files, size_t n)
{
    if (a->independent || (n > 0 && assay_is_count(files[0]))) {
        return compare_independent(self, common, a, files);
    }
    int code = check(self, a, files, n);
    return code == 0 ? compare(self, common, a) : code;
}

static int run(const command *self, int argc, char **argv)
{
    common_options common = {0};
    size_t n = 0;
    const char *files[MOST_FILES + 1] = {NULL};
    arguments a = {.request = {.struct_size = sizeof a.request},
                   .seed = 1,
                   .margin = NAN,
                   .equivalence = NAN,
                   .rope = NAN,
                   .on_error = "stop"};
    a.scores.split = true;
    a.classes.split = true;
    a.names.split = true;
    const option first[] = {
        {"task", 0, OPTION_TEXT, &a.request.task, "TASK",
         "classification (the default), detection or segmentation"},
        {"name", 0, OPTION_LIST, &a.names, "A,B", "names of the models (default: the file names)"},
        {"target", 0, OPTION_TEXT, &a.request.target, "COLUMN", "true class (default: target)"},
        {"label", 0, OPTION_TEXT, &a.request.label, "COLUMN", "predicted class (default: label)"},
        {"id", 0, OPTION_TEXT, &a.request.id, "COLUMN", "id of the datum (default: id)"},
        {"scores", 0, OPTION_LIST, &a.scores, "A,B,C", "one score column per class"},
        {"classes", 0, OPTION_LIST, &a.classes, "A,B,C", "class names in the order of --scores"},
        {"score-kind", 0, OPTION_TEXT, &a.request.score_kind, "KIND",
         "what the scores are: probabilities, any (logits, votes) or auto (the default)"},
        {"metric", 'm', OPTION_LIST, &a.metrics, "NAME[:P=V]",
         "a metric with parameters; repeatable"},
        {"per-class", 0, OPTION_FLAG, &a.per_class, NULL, "compare single classes too"},
        {"where", 0, OPTION_TEXT, &a.request.where, "SQL", "only rows for which this holds"},
        {"slice", 's', OPTION_LIST, &a.slices, "NAME=SQL", "a further context; repeatable"},
        {"by", 0, OPTION_TEXT, &a.request.by, "COLUMN", "each value of the column is a context"},
        {"cluster", 0, OPTION_TEXT, &a.request.cluster, "COLUMN",
         "rows that depend on each other: image, scene, flight"},
        {"weights", 0, OPTION_TEXT, &a.request.weights, "COLUMN",
         "how much each row counts: a column of numbers >= 0 of the first file"},
        {"margin", 0, OPTION_REAL, &a.margin, "M",
         "are the later models not worse than the first by more than M?"},
        {"equivalence", 0, OPTION_REAL, &a.equivalence, "M",
         "do the models differ by less than M (two one-sided tests)?"},
        {"independent", 0, OPTION_FLAG, &a.independent, NULL,
         "the two files are about different data: nothing is paired"},
        {"failures", 0, OPTION_FLAG, &a.failures, NULL, "counts are of failures: less is better"},
        {"rope", 0, OPTION_REAL, &a.rope, "R",
         "posterior probabilities of a difference below, within and above R"},
        {"adjust", 0, OPTION_TEXT, &a.request.adjust, "HOW",
         "holm (default), hochberg, holm_sidak, sidak, bonferroni, bh, by, max_t, "
         "fixed_sequence or none"},
        {"interval", 0, OPTION_LIST, &a.intervals, "NAME",
         "an interval; of differences bootstrap_percentile (default), bootstrap_basic or bca"},
        {"exact", 0, OPTION_FLAG, &a.exact, NULL, "McNemar's exact test, not its mid-P version"},
        {"level", 0, OPTION_REAL, &a.request.level, "P", "confidence of intervals (default 0.95)"},
        {"replicates", 0, OPTION_INT, &a.request.replicates, "N",
         "bootstrap replicates (default 1000, -1 for none)"},
        {"permutations", 0, OPTION_INT, &a.request.permutations, "N",
         "of the sign-flip test (default: what the number of tests takes)"},
        {"seed", 0, OPTION_INT, &a.seed, "N", "seed of the resampling (default 1)"},
        {"on-error", 0, OPTION_TEXT, &a.on_error, "stop|skip",
         "what happens to bad rows and to rows that not all files have"},
        {"json", 0, OPTION_TEXT, &a.json, "FILE", "results as JSON; - for standard output"},
        {"flips", 0, OPTION_TEXT, &a.flips, "FILE",
         "rows that one has right and another wrong, as CSV"},
    };
    option options[sizeof first / sizeof first[0] + DETECTION_OPTIONS];
    memcpy(options, first, sizeof first);
    size_t all = add_detection(options, sizeof first / sizeof first[0], &a);
    int code = option_parse(self, options, all, &common, argc, argv, files, MOST_FILES, &n);
    code = code == 0 && !common.help ? answer(self, &common, &a, files, n) : code;
    free_lists(&a);
    return code;
}

const command command_compare = {
    .name = "compare",
    .summary = "Two or more models on the same data: differences, who wins where, what flipped.",
    .usage = "assay compare A B [C...] [options], or assay compare X/N X/N [options]",
    .details =
        "Each file is a predictions file as for `assay evaluate`, about the same data: rows are\n"
        "matched by id, or by their order when there are no ids. Differences are later minus\n"
        "earlier file, with a paired interval and a test; p-values are adjusted over all tests.\n"
        "With --margin the exit code is 0 when no later model is worse than the first by more\n"
        "than M in any context and metric, 1 when one is, 2 when the data do not tell.\n"
        "Counts (45/50 = 45 successes in 50 trials) in the place of files, or --independent with "
        "two\n"
        "files about different data, compare two independent samples: difference, ratio and odds\n"
        "ratio with intervals, exact tests, --margin, --equivalence and --rope.\n"
        "With --task detection the files hold detections: differences of AP and AR, of every\n"
        "class's AP, and the images that changed (--flips); the margin is judged on AP.\n",
    .examples =
        "  assay compare old.csv new.csv\n"
        "  assay compare old.csv new.csv -m accuracy --slice \"night=hour < 6\" --by sensor\n"
        "  assay compare old.csv new.csv -m accuracy --margin 0.02 --cluster flight\n"
        "  assay compare 45/50 38/60 --rope 0.05\n"
        "  assay compare spring.csv autumn.csv --independent -m accuracy -m f1\n"
        "  assay compare --task detection --truth gt.json a.json b.json\n"
        "  assay compare --task segmentation --truth masks old new --margin 0.02\n"
        "  assay compare a.parquet b.parquet c.parquet --json - --flips flips.csv\n",
    .run = run,
};
