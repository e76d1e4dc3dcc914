/* assay evaluate --task segmentation: label maps of the truth and of the prediction, pair by pair. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "adapters/filesystem/file.h"
#include "adapters/filesystem/folder_walk.h"
#include "api/detection.h"
#include "api/draws.h"
#include "api/panoptic.h"
#include "api/segmentation.h"
#include "base/alloc.h"
#include "base/text.h"

enum { FEWEST_IMAGES = 10, LARGEST_FILE = 1 << 30 };

typedef struct job {
    assay_segmentation_report *report;
    assay_context *context;
    const char *truth, *predictions; /* folders */
    const char **names;              /* relative */
    assay_segmentation_options options;
    assay_segment_counts **counts; /* per image, owned */
    int32_t *n_counts;
    int64_t **confusion; /* per worker */
    assay_segmentation_scratch *scratch;
    assay_segment_counts *found; /* per worker: room for all classes */
} job;

static assay_status read_map(assay_label_map *out, const char *folder, const char *name,
                             assay_error *err)
{
    char path[4096];
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
        return assay_fail(err, ASSAY_ELIMIT, "%s/%s: the path is too long", folder, name);
    }
    ASSAY_TRY(assay_file_read(&bytes, &size, path, LARGEST_FILE, err));
    assay_status status = assay_label_map_decode(out, bytes, size, NULL, err);
    assay_free(bytes);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", path);
    }
    return status;
}

static assay_status count_pair(job *j, int64_t i, int worker, assay_error *err)
{
    assay_label_map truth = {0};
    assay_label_map predicted = {0};
    assay_segment_counts *found = j->found + (int64_t)worker * j->options.classes;
    int32_t n = 0;
    assay_status status = read_map(&truth, j->truth, j->names[i], err);
    if (status == ASSAY_OK) {
        status = read_map(&predicted, j->predictions, j->names[i], err);
    }
    if (status == ASSAY_OK && (truth.colored || predicted.colored)) {
        status = assay_fail(err, ASSAY_EFORMAT,
                            "%s/%s has three channels; label maps are grey or have a palette",
                            truth.colored ? j->truth : j->predictions, j->names[i]);
    } else if (status == ASSAY_OK) {
        status = assay_segmentation_count(found, &n, j->confusion[worker], &truth, &predicted,
                                          &j->options, &j->scratch[worker], err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "%s/%s", j->predictions, j->names[i]);
        }
    }
    assay_label_map_dispose(&truth);
    assay_label_map_dispose(&predicted);
    ASSAY_TRY(status);
    j->counts[i] = assay_alloc_raw((size_t)n, sizeof **j->counts);
    if (j->counts[i] == NULL) {
        return assay_fail_memory(err);
    }
    memcpy(j->counts[i], found, (size_t)n * sizeof *found);
    j->n_counts[i] = n;
    return ASSAY_OK;
}

static assay_status count_block(void *payload, int64_t block, int worker, assay_error *err)
{
    return count_pair(payload, block, worker, err);
}

/* ---- all images ---- */

static assay_status workers_new(job *j, int workers, assay_error *err)
{
    size_t classes = (size_t)j->options.classes;
    int64_t n = j->report->n_images;
    j->counts = assay_alloc((size_t)n, sizeof(assay_segment_counts *));
    j->n_counts = assay_alloc((size_t)n, sizeof *j->n_counts);
    j->confusion = assay_alloc((size_t)workers, sizeof(int64_t *));
    j->scratch = assay_alloc((size_t)workers, sizeof *j->scratch);
    j->found = assay_alloc((size_t)workers * classes, sizeof *j->found);
    if (j->counts == NULL || j->n_counts == NULL || j->confusion == NULL || j->scratch == NULL ||
        j->found == NULL) {
        return assay_fail_memory(err);
    }
    for (int w = 0; w < workers; w++) {
        j->confusion[w] = assay_alloc(classes * (classes + 1), sizeof **j->confusion);
        if (j->confusion[w] == NULL) {
            return assay_fail_memory(err);
        }
    }
    return ASSAY_OK;
}

static void workers_free(job *j, int workers)
{
    for (int64_t i = 0; j->counts != NULL && i < j->report->n_images; i++) {
        assay_free(j->counts[i]);
    }
    for (int w = 0; w < workers; w++) {
        if (j->confusion != NULL) {
            assay_free(j->confusion[w]);
        }
        if (j->scratch != NULL) {
            assay_segmentation_scratch_dispose(&j->scratch[w]);
        }
    }
    assay_free(j->counts);
    assay_free(j->n_counts);
    assay_free(j->confusion);
    assay_free(j->scratch);
    assay_free(j->found);
}

/* The counts one behind the other, and the classes up to the last one that occurs or is named. */
static assay_status gather(job *j, int workers, assay_error *err)
{
    assay_segmentation_report *r = j->report;
    int64_t total = 0;
    int32_t last = (int32_t)r->n_names - 1;
    for (int64_t i = 0; i < r->n_images; i++) {
        total += j->n_counts[i];
        for (int32_t k = 0; k < j->n_counts[i]; k++) {
            int32_t class_index = j->counts[i][k].class_index;
            last = class_index > last ? class_index : last;
        }
    }
    int64_t *first = assay_arena_alloc(r->arena, (size_t)r->n_images + 1, sizeof *first);
    assay_segment_counts *all = assay_arena_alloc(r->arena, (size_t)total + 1, sizeof *all);
    r->classes = last + 1;
    r->sums = assay_arena_alloc(r->arena, (size_t)r->classes + 1, sizeof *r->sums);
    r->confusion = assay_arena_alloc(r->arena, (size_t)r->classes * ((size_t)r->classes + 1) + 1,
                                     sizeof *r->confusion);
    if (first == NULL || all == NULL || r->sums == NULL || r->confusion == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < r->n_images; i++) {
        first[i + 1] = first[i] + j->n_counts[i];
        for (int32_t k = 0; k < j->n_counts[i]; k++) {
            const assay_segment_counts *c = &j->counts[i][k];
            all[first[i] + k] = *c;
            assay_segment_sums_add(&r->sums[c->class_index], c, 1);
        }
    }
    int32_t wide = j->options.classes;
    for (int w = 0; w < workers; w++) {
        for (int32_t t = 0; t < r->classes; t++) {
            for (int32_t p = 0; p <= r->classes; p++) {
                int32_t from = p == r->classes ? wide : p;
                r->confusion[(int64_t)t * (r->classes + 1) + p] +=
                    j->confusion[w][(int64_t)t * (wide + 1) + from];
            }
        }
    }
    r->images = (assay_segmentation_images){r->n_images, first, all};
    return ASSAY_OK;
}

static assay_status count_all(job *j, assay_error *err)
{
    int64_t n = j->report->n_images;
    int workers = assay_parallel_workers(n, j->context->threads);
    assay_status status = workers_new(j, workers, err);
    if (status == ASSAY_OK) {
        status = assay_parallel(n, j->context->threads, count_block, j, &j->context->cancel, err);
    }
    if (status == ASSAY_OK) {
        status = gather(j, workers, err);
    }
    workers_free(j, workers);
    return status;
}

/* ---- which files ---- */

static assay_status list_pairs(job *j, assay_error *err)
{
    static const char *const endings[] = {".png", NULL};
    const char **predicted = NULL;
    int64_t n = 0;
    assay_segmentation_report *r = j->report;
    if (assay_file_kind(j->truth) != 2 || assay_file_kind(j->predictions) != 2) {
        return assay_fail(err, ASSAY_ENOTFOUND,
                          "%s is neither a folder of label maps (PNG) nor a panoptic file",
                          assay_file_kind(j->truth) != 2 ? j->truth : j->predictions);
    }
    ASSAY_TRY(assay_folder_walk(&j->names, &r->n_images, j->truth, endings, r->arena, err));
    ASSAY_TRY(assay_folder_walk(&predicted, &n, j->predictions, endings, r->arena, err));
    if (r->n_images == 0) {
        return assay_fail(err, ASSAY_EFORMAT, "%s: there are no PNG files", j->truth);
    }
    for (int64_t i = 0; i < r->n_images; i++) {
        const char *path = assay_path_join(r->arena, j->predictions, j->names[i]);
        if (path == NULL) {
            return assay_fail_memory(err);
        }
        if (assay_file_kind(path) != 1) {
            return assay_fail(err, ASSAY_ENOTFOUND,
                              "%s: there is no prediction for %s/%s (the names must be the same)",
                              path, j->truth, j->names[i]);
        }
    }
    r->unused = n - r->n_images;
    return ASSAY_OK;
}

static assay_status read_options(job *j, const assay_evaluate_request *q, assay_error *err)
{
    assay_segmentation_report *r = j->report;
    while (q->classes != NULL && q->classes[r->n_names] != NULL) {
        r->n_names++;
    }
    if (r->n_names > ASSAY_SEGMENTATION_CLASSES) {
        return assay_fail(err, ASSAY_ELIMIT, "more than %d classes", ASSAY_SEGMENTATION_CLASSES);
    }
    r->names = q->classes;
    r->ignore = 255;
    if (q->ignore != NULL && strcmp(q->ignore, "none") == 0) {
        r->ignore = -1;
    } else if (q->ignore != NULL && (!assay_text_to_i64(&r->ignore, q->ignore) || r->ignore < 0)) {
        return assay_fail(err, ASSAY_EINVAL, "--ignore is '%s', expected a label or 'none'",
                          q->ignore);
    }
    j->options = (assay_segmentation_options){
        .classes = r->n_names > 0 ? (int32_t)r->n_names : ASSAY_SEGMENTATION_CLASSES,
        .ignore = r->ignore};
    return ASSAY_OK;
}

/* ---- measures ---- */

static const char *const all_metrics[ASSAY_SEGMENT_STATISTICS] = {
    "mean_iou",     "mean_dice",    "pixel_accuracy", "mean_class_accuracy",
    "weighted_iou", "boundary_iou", "boundary_f",     "mean_image_iou"};
static const char *const class_metrics[ASSAY_SEGMENT_CLASS_STATISTICS] = {
    "iou", "dice", "class_accuracy", "class_precision", "boundary_iou", "boundary_f"};

typedef struct replicates {
    assay_draws draws;
    double *all, *by_class; /* NULL = none */
} replicates;

static assay_measure *add(assay_segmentation_report *r, const char *metric, const char *class_name,
                          double value, int64_t n, const char *reason)
{
    assay_measure *m = assay_result_measure(&r->measures);
    if (m != NULL) {
        m->metric = metric;
        m->params = NULL;
        m->class_name = class_name;
        m->average = NULL;
        m->unit = "";
        m->level = r->level;
        m->value = value;
        m->n = n;
        if (isnan(value)) {
            m->outcome = ASSAY_OUTCOME_UNDEFINED;
            m->reason = reason;
        }
    }
    return m;
}

static assay_status measure_with(assay_segmentation_report *r, const replicates *d,
                                 assay_error *err)
{
    double all[ASSAY_SEGMENT_STATISTICS];
    double sum = 0.0;
    int64_t n = 0;
    assay_segment_all(all, r->sums, r->classes);
    for (int64_t i = 0; i < r->n_images; i++) {
        const int64_t *first = r->images.first + i;
        double value =
            assay_segment_image_iou(r->images.counts + first[0], (int32_t)(first[1] - first[0]));
        sum += isnan(value) ? 0.0 : value;
        n += !isnan(value);
    }
    all[ASSAY_SEGMENT_IMAGE_IOU] = n > 0 ? sum / (double)n : NAN;
    for (int i = 0; i < ASSAY_SEGMENT_STATISTICS; i++) {
        assay_measure *m = add(r, all_metrics[i], NULL, all[i], r->n_images, "no pixel counts");
        if (m == NULL) {
            return assay_fail_memory(err);
        }
        ASSAY_TRY(assay_draws_bounds(m, &d->draws, d->all, i, ASSAY_SEGMENT_STATISTICS, err));
    }
    for (int32_t k = 0; k < r->classes; k++) {
        double one[ASSAY_SEGMENT_CLASS_STATISTICS];
        const char *name = k < r->n_names ? r->names[k] : assay_arena_printf(r->arena, "%d", k);
        assay_segment_class(one, &r->sums[k]);
        for (int i = 0; i < ASSAY_SEGMENT_CLASS_STATISTICS; i++) {
            assay_measure *m = add(r, class_metrics[i], name, one[i], r->sums[k].truth,
                                   "the class does not occur");
            if (m == NULL || name == NULL) {
                return assay_fail_memory(err);
            }
            ASSAY_TRY(assay_draws_bounds(
                m, &d->draws, d->by_class, (int64_t)k * ASSAY_SEGMENT_CLASS_STATISTICS + i,
                (int64_t)r->classes * ASSAY_SEGMENT_CLASS_STATISTICS, err));
        }
    }
    return ASSAY_OK;
}

static assay_status measure(assay_segmentation_report *r, const assay_context *context,
                            assay_error *err)
{
    replicates d = {0};
    assay_status status = ASSAY_OK;
    size_t n = (size_t)r->replicates;
    ASSAY_GOTO(assay_draws_init(&d.draws, r->arena, r->level, r->replicates, err), done);
    if (n > 0 && r->n_images >= FEWEST_IMAGES) {
        d.all = assay_alloc_raw(n, ASSAY_SEGMENT_STATISTICS * sizeof *d.all);
        d.by_class = assay_alloc_raw(n * (size_t)r->classes,
                                     ASSAY_SEGMENT_CLASS_STATISTICS * sizeof *d.by_class);
        if (d.all == NULL || d.by_class == NULL) {
            status = assay_fail_memory(err);
            goto done;
        }
        ASSAY_GOTO(assay_segmentation_bootstrap(d.all, d.by_class, &r->images, r->classes,
                                                r->replicates, r->seed, context->threads, err),
                   done);
    }
    status = measure_with(r, &d, err);
done:
    assay_free(d.all);
    assay_free(d.by_class);
    assay_draws_dispose(&d.draws);
    return status;
}

static assay_status check(const assay_evaluate_request *q, assay_error *err)
{
    const struct {
        const char *name;
        bool given;
    } foreign[] = {{"target", q->target != NULL},
                   {"label", q->label != NULL},
                   {"id", q->id != NULL},
                   {"scores", q->scores != NULL && q->scores[0] != NULL},
                   {"metric", q->metrics != NULL && q->metrics[0] != NULL},
                   {"where", q->where != NULL},
                   {"on-error skip", q->skip_bad != 0}};
    assay_evaluate_request others = *q;
    others.truth = NULL;
    ASSAY_TRY(assay_evaluate_no_detection(&others, err));
    if (q->truth == NULL) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the task segmentation needs the truth: --truth FOLDER (label maps) or "
                          "FILE (panoptic)");
    }
    for (size_t i = 0; i < ASSAY_COUNT(foreign); i++) {
        if (foreign[i].given) {
            return assay_fail(err, ASSAY_EINVAL, "--%s does not belong to the task segmentation",
                              foreign[i].name);
        }
    }
    return ASSAY_OK;
}

assay_status assay_evaluate_segmentation(char **json, char **table, assay_context *context,
                                         const assay_evaluate_request *q, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_segmentation_report r = {.request = q};
    job j = {.report = &r, .context = context, .truth = q->truth, .predictions = q->predictions};
    ASSAY_TRY(check(q, err));
    if (assay_file_kind(q->truth) == 1) {
        return assay_evaluate_panoptic(json, table, context, q, err);
    }
    r.level = q->level > 0.0 ? q->level : 0.95;
    r.replicates = q->replicates == 0 ? 1000 : q->replicates == -1 ? 0 : q->replicates;
    r.seed = q->seed != 0 ? q->seed : 1;
    ASSAY_GOTO(assay_arena_new(&r.arena, (size_t)16 << 30, err), done);
    assay_result_init(&r.measures, r.arena);
    ASSAY_GOTO(read_options(&j, q, err), done);
    ASSAY_GOTO(list_pairs(&j, err), done);
    ASSAY_GOTO(count_all(&j, err), done);
    ASSAY_GOTO(measure(&r, context, err), done);
    if (json != NULL) {
        ASSAY_GOTO(assay_segmentation_json(json, &r, err), done);
    }
    if (table != NULL) {
        ASSAY_GOTO(assay_segmentation_table(table, &r, err), done);
    }
done:
    assay_arena_free(r.arena);
    return status;
}
