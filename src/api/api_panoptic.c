/* Panoptic quality: a JSON file and a folder of label maps for the truth, and for the prediction. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "adapters/filesystem/file.h"
#include "adapters/filesystem/file_stream.h"
#include "api/draws.h"
#include "api/panoptic.h"
#include "base/alloc.h"
#include "base/sort.h"
#include "base/text.h"
#include "core/evaluate_internal.h"

enum { FEWEST_IMAGES = 10, LARGEST_FILE = 1 << 30, GROUP = 32 };

typedef struct job {
    assay_panoptic_report *report;
    const char *truth_folder, *predicted_folder;
    int64_t *partner;               /* per image of the truth: its image in the prediction */
    assay_panoptic_counts **counts; /* per image, owned */
    int32_t *n_counts;
    assay_panoptic_counts *scratch; /* per worker: classes */
} job;

/* ---- reading ---- */

static assay_status read_json(assay_panoptic **out, const char *path, assay_error *err)
{
    assay_file_stream *stream = NULL;
    ASSAY_TRY(assay_file_stream_open(&stream, path, err));
    assay_status status = assay_panoptic_read(out, assay_file_stream_read, stream, 0, err);
    assay_file_stream_close(stream);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", path);
    }
    return status;
}

/* "x/panoptic.json" has its label maps in "x/panoptic". */
static assay_status folder_of(const char **out, const char *path, assay_arena *arena,
                              assay_error *err)
{
    size_t n = strlen(path);
    n -= assay_text_ends_nocase(path, ".json") ? 5 : 0;
    *out = assay_arena_printf(arena, "%.*s", (int)n, path);
    if (*out == NULL) {
        return assay_fail_memory(err);
    }
    return n < strlen(path) && assay_file_kind(*out) == 2
               ? ASSAY_OK
               : assay_fail(err, ASSAY_ENOTFOUND,
                            "%s: the folder of its label maps is not there; it is called like the "
                            "file without .json",
                            path);
}

/* Ids of classes become rows of the truth's classes. */
static assay_status number_classes(assay_panoptic *p, const assay_panoptic *truth, const char *path,
                                   assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t *order = assay_alloc_raw((size_t)truth->n_categories, sizeof *order);
    if (order == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_GOTO(assay_sort_order_i64(order, truth->category_id, truth->n_categories, err), done);
    for (int64_t i = 0; i < p->n_segments; i++) {
        int64_t low = 0;
        int64_t high = truth->n_categories;
        while (low < high) {
            int64_t middle = low + (high - low) / 2;
            if (truth->category_id[order[middle]] < p->segments[i].category) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low == truth->n_categories ||
            truth->category_id[order[low]] != p->segments[i].category) {
            status = assay_fail(err, ASSAY_EFORMAT,
                                "%s: segment %" PRId64 " has the class %" PRId64
                                ", which the truth's categories do not list",
                                path, p->segments[i].id, p->segments[i].category);
            goto done;
        }
        p->segments[i].category = order[low];
    }
done:
    assay_free(order);
    return status;
}

static assay_status pair_images(job *j, assay_error *err)
{
    const assay_panoptic *t = j->report->truth;
    const assay_panoptic *p = j->report->predicted;
    assay_status status = ASSAY_OK;
    int64_t *order = assay_alloc_raw((size_t)p->n_images, sizeof *order);
    j->partner = assay_arena_alloc(j->report->arena, (size_t)t->n_images + 1, sizeof *j->partner);
    if (order == NULL || j->partner == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_sort_order_i64(order, p->image_id, p->n_images, err), done);
    for (int64_t i = 0; i < t->n_images; i++) {
        int64_t low = 0;
        int64_t high = p->n_images;
        while (low < high) {
            int64_t middle = low + (high - low) / 2;
            if (p->image_id[order[middle]] < t->image_id[i]) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low == p->n_images || p->image_id[order[low]] != t->image_id[i]) {
            status = assay_fail(err, ASSAY_EFORMAT, "there is no prediction for the image %" PRId64,
                                t->image_id[i]);
            goto done;
        }
        j->partner[i] = order[low];
    }
    j->report->n_images = t->n_images;
    j->report->unused = p->n_images - t->n_images;
done:
    assay_free(order);
    return status;
}

static assay_status read_all(job *j, assay_error *err)
{
    assay_panoptic_report *r = j->report;
    const assay_evaluate_request *q = r->request;
    ASSAY_TRY(folder_of(&j->truth_folder, q->truth, r->arena, err));
    ASSAY_TRY(folder_of(&j->predicted_folder, q->predictions, r->arena, err));
    ASSAY_TRY(read_json(&r->truth, q->truth, err));
    ASSAY_TRY(read_json(&r->predicted, q->predictions, err));
    if (r->truth->n_categories == 0 || r->truth->n_images == 0) {
        return assay_fail(err, ASSAY_EFORMAT, "%s lists no %s", q->truth,
                          r->truth->n_images == 0 ? "annotations" : "categories");
    }
    for (int64_t i = 0; i < r->truth->n_segments; i++) {
        if (r->truth->segments[i].area < 0) {
            return assay_fail(err, ASSAY_EFORMAT, "%s: segment %" PRId64 " has no \"area\"",
                              q->truth, r->truth->segments[i].id);
        }
    }
    ASSAY_TRY(number_classes(r->predicted, r->truth, q->predictions, err));
    ASSAY_TRY(number_classes(r->truth, r->truth, q->truth, err));
    r->classes = (int32_t)r->truth->n_categories;
    return pair_images(j, err);
}

/* ---- counting ---- */

static assay_status read_map(assay_label_map *out, const char *folder, const char *name,
                             assay_error *err)
{
    char path[4096];
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (name[0] == '/' || strstr(name, "..") != NULL ||
        snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
        return assay_fail(err, ASSAY_EFORMAT, "the file name '%s' leads out of its folder", name);
    }
    ASSAY_TRY(assay_file_read(&bytes, &size, path, LARGEST_FILE, err));
    assay_status status = assay_label_map_decode(out, bytes, size, NULL, err);
    assay_free(bytes);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "%s", path);
    }
    return status;
}

static assay_status keep_counts(job *j, int64_t i, const assay_panoptic_counts *all,
                                assay_error *err)
{
    int32_t n = 0;
    for (int pass = 0; pass < 2; pass++) {
        int32_t at = 0;
        for (int32_t k = 0; k < j->report->classes; k++) {
            if (all[k].found + all[k].missed + all[k].false_alarms > 0) {
                if (pass == 1) {
                    j->counts[i][at] = all[k];
                    j->counts[i][at].class_index = k;
                }
                at++;
            }
        }
        if (pass == 0) {
            n = at;
            j->counts[i] = assay_alloc_raw((size_t)n, sizeof **j->counts);
            if (j->counts[i] == NULL) {
                return assay_fail_memory(err);
            }
        }
    }
    j->n_counts[i] = n;
    return ASSAY_OK;
}

static assay_status count_image(void *payload, int64_t i, int worker, assay_error *err)
{
    job *j = payload;
    const assay_panoptic *t = j->report->truth;
    const assay_panoptic *p = j->report->predicted;
    int64_t k = j->partner[i];
    assay_panoptic_counts *counts = j->scratch + (int64_t)worker * j->report->classes;
    assay_label_map truth = {0};
    assay_label_map predicted = {0};
    assay_status status = read_map(&truth, j->truth_folder, t->file[i], err);
    if (status == ASSAY_OK) {
        status = read_map(&predicted, j->predicted_folder, p->file[k], err);
    }
    if (status == ASSAY_OK) {
        const assay_panoptic_pair pair = {.truth = &truth,
                                          .predicted = &predicted,
                                          .truth_segments = t->segments + t->first[i],
                                          .predicted_segments = p->segments + p->first[k],
                                          .n_truth = t->first[i + 1] - t->first[i],
                                          .n_predicted = p->first[k + 1] - p->first[k]};
        memset(counts, 0, (size_t)j->report->classes * sizeof *counts);
        status = assay_panoptic_count(counts, j->report->classes, &pair, err);
        if (status != ASSAY_OK) {
            assay_error_prefix(err, "%s/%s", j->predicted_folder, p->file[k]);
        }
    }
    assay_label_map_dispose(&truth);
    assay_label_map_dispose(&predicted);
    return status == ASSAY_OK ? keep_counts(j, i, counts, err) : status;
}

static void add_counts(assay_panoptic_counts *to, const assay_panoptic_counts *c)
{
    to->found += c->found;
    to->missed += c->missed;
    to->false_alarms += c->false_alarms;
    to->overlap += c->overlap;
}

static assay_status gather(job *j, assay_error *err)
{
    assay_panoptic_report *r = j->report;
    int64_t total = 0;
    for (int64_t i = 0; i < r->n_images; i++) {
        total += j->n_counts[i];
    }
    r->first = assay_arena_alloc(r->arena, (size_t)r->n_images + 1, sizeof *r->first);
    r->counts = assay_arena_alloc(r->arena, (size_t)total + 1, sizeof *r->counts);
    r->sums = assay_arena_alloc(r->arena, (size_t)r->classes + 1, sizeof *r->sums);
    if (r->first == NULL || r->counts == NULL || r->sums == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < r->n_images; i++) {
        r->first[i + 1] = r->first[i] + j->n_counts[i];
        for (int32_t k = 0; k < j->n_counts[i]; k++) {
            r->counts[r->first[i] + k] = j->counts[i][k];
            add_counts(&r->sums[j->counts[i][k].class_index], &j->counts[i][k]);
        }
    }
    return ASSAY_OK;
}

static assay_status count_all(job *j, assay_context *context, assay_error *err)
{
    int64_t n = j->report->n_images;
    int workers = assay_parallel_workers(n, context->threads);
    assay_status status = ASSAY_OK;
    j->counts = assay_alloc((size_t)n, sizeof(assay_panoptic_counts *));
    j->n_counts = assay_alloc((size_t)n, sizeof *j->n_counts);
    j->scratch = assay_alloc((size_t)workers * (size_t)j->report->classes, sizeof *j->scratch);
    if (j->counts == NULL || j->n_counts == NULL || j->scratch == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_parallel(n, context->threads, count_image, j, &context->cancel, err), done);
    status = gather(j, err);
done:
    for (int64_t i = 0; j->counts != NULL && i < n; i++) {
        assay_free(j->counts[i]);
    }
    assay_free(j->counts);
    assay_free(j->n_counts);
    assay_free(j->scratch);
    return status;
}

/* ---- the numbers ---- */

typedef struct weighted {
    double overlap, found, missed, false_alarms;
} weighted;

/* PQ, SQ, RQ of all, things and stuff, then of every class; NaN = undefined. */
static void numbers(double *out, const weighted *sums, const assay_panoptic_report *r)
{
    double sum[ASSAY_PANOPTIC_GROUPS][ASSAY_PANOPTIC_NUMBERS] = {{0}};
    int n[ASSAY_PANOPTIC_GROUPS] = {0};
    for (int32_t k = 0; k < r->classes; k++) {
        double *one = out + (ASSAY_PANOPTIC_GROUPS + k) * ASSAY_PANOPTIC_NUMBERS;
        bool occurs = assay_panoptic_quality(one, sums[k].overlap, sums[k].found, sums[k].missed,
                                             sums[k].false_alarms);
        int group = r->truth->is_thing[k] != 0 ? 1 : 2;
        for (int i = 0; i < ASSAY_PANOPTIC_NUMBERS; i++) {
            sum[0][i] += one[i];
            sum[group][i] += one[i];
            one[i] = occurs ? one[i] : NAN;
        }
        n[0] += occurs;
        n[group] += occurs;
    }
    for (int g = 0; g < ASSAY_PANOPTIC_GROUPS; g++) {
        for (int i = 0; i < ASSAY_PANOPTIC_NUMBERS; i++) {
            out[g * ASSAY_PANOPTIC_NUMBERS + i] = n[g] > 0 ? sum[g][i] / n[g] : NAN;
        }
    }
}

static int64_t row_length(const assay_panoptic_report *r)
{
    return (int64_t)(ASSAY_PANOPTIC_GROUPS + r->classes) * ASSAY_PANOPTIC_NUMBERS;
}

typedef struct resampling {
    const assay_panoptic_report *report;
    double *out;
    weighted *sums; /* per worker: GROUP x classes */
} resampling;

static assay_status resample_group(void *payload, int64_t block, int worker, assay_error *err)
{
    const resampling *s = payload;
    const assay_panoptic_report *r = s->report;
    weighted *sums = s->sums + (int64_t)worker * GROUP * r->classes;
    (void)err;
    memset(sums, 0, (size_t)GROUP * (size_t)r->classes * sizeof *sums);
    for (int64_t i = 0; i < r->n_images; i++) {
        int32_t weight[GROUP];
        assay_bootstrap_weights(weight, r->seed, (uint64_t)i, (uint32_t)(block * GROUP / 4),
                                GROUP / 4);
        for (int64_t k = r->first[i]; k < r->first[i + 1]; k++) {
            const assay_panoptic_counts *c = &r->counts[k];
            for (int g = 0; g < GROUP; g++) {
                weighted *w = &sums[(int64_t)g * r->classes + c->class_index];
                w->overlap += weight[g] * c->overlap;
                w->found += weight[g] * (double)c->found;
                w->missed += weight[g] * (double)c->missed;
                w->false_alarms += weight[g] * (double)c->false_alarms;
            }
        }
    }
    for (int64_t g = 0; g < GROUP && block * GROUP + g < r->replicates; g++) {
        numbers(s->out + (block * GROUP + g) * row_length(r), sums + g * r->classes, r);
    }
    return ASSAY_OK;
}

static assay_status resample(double **out, const assay_panoptic_report *r,
                             const assay_context *context, assay_error *err)
{
    int64_t blocks = (r->replicates + GROUP - 1) / GROUP;
    int workers = assay_parallel_workers(blocks, context->threads);
    resampling s = {.report = r};
    *out = NULL;
    if (r->replicates == 0 || r->n_images < FEWEST_IMAGES) {
        return ASSAY_OK;
    }
    s.out = assay_alloc_raw((size_t)r->replicates, (size_t)row_length(r) * sizeof *s.out);
    s.sums = assay_alloc_raw((size_t)workers * GROUP * (size_t)r->classes, sizeof *s.sums);
    assay_status status =
        s.out != NULL && s.sums != NULL
            ? assay_parallel(blocks, context->threads, resample_group, &s, &context->cancel, err)
            : assay_fail_memory(err);
    assay_free(s.sums);
    *out = s.out;
    return status;
}

static assay_status add_measures(assay_panoptic_report *r, const double *values,
                                 const assay_draws *draws, const double *replicates,
                                 assay_error *err)
{
    static const char *const metrics[] = {"panoptic_quality", "panoptic_segmentation_quality",
                                          "panoptic_recognition_quality"};
    static const char *const groups[] = {NULL, "{\"classes\":\"things\"}",
                                         "{\"classes\":\"stuff\"}"};
    for (int64_t at = 0; at < row_length(r); at++) {
        int64_t k = at / ASSAY_PANOPTIC_NUMBERS;
        assay_measure *m = assay_result_measure(&r->measures);
        if (m == NULL) {
            return assay_fail_memory(err);
        }
        bool group = k < ASSAY_PANOPTIC_GROUPS;
        int64_t n = 0;
        for (int32_t c = 0; c < r->classes; c++) {
            bool in = group ? k == 0 || (k == 1) == (r->truth->is_thing[c] != 0)
                            : c == k - ASSAY_PANOPTIC_GROUPS;
            n += in ? r->sums[c].found + r->sums[c].missed : 0;
        }
        m->metric = metrics[at % ASSAY_PANOPTIC_NUMBERS];
        m->params = group ? groups[k] : NULL;
        m->class_name = group ? NULL : r->truth->category_name[k - ASSAY_PANOPTIC_GROUPS];
        m->unit = "";
        m->level = r->level;
        m->value = values[at];
        m->n = n;
        if (isnan(values[at])) {
            m->outcome = ASSAY_OUTCOME_UNDEFINED;
            m->reason = "no segment occurs";
        }
        ASSAY_TRY(assay_draws_bounds(m, draws, replicates, at, row_length(r), err));
    }
    return ASSAY_OK;
}

static assay_status measure(assay_panoptic_report *r, const assay_context *context,
                            assay_error *err)
{
    assay_draws draws = {0};
    double *replicates = NULL;
    assay_status status = ASSAY_OK;
    weighted *sums = assay_alloc((size_t)r->classes, sizeof *sums);
    double *values = assay_alloc((size_t)row_length(r), sizeof *values);
    if (sums == NULL || values == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int32_t k = 0; k < r->classes; k++) {
        const assay_panoptic_counts *c = &r->sums[k];
        sums[k] = (weighted){c->overlap, c->found, c->missed, c->false_alarms};
    }
    numbers(values, sums, r);
    ASSAY_GOTO(assay_draws_init(&draws, r->arena, r->level, r->replicates, err), done);
    ASSAY_GOTO(resample(&replicates, r, context, err), done);
    status = add_measures(r, values, &draws, replicates, err);
done:
    assay_draws_dispose(&draws);
    assay_free(replicates);
    assay_free(sums);
    assay_free(values);
    return status;
}

assay_status assay_evaluate_panoptic(char **json, char **table, assay_context *context,
                                     const assay_evaluate_request *q, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_panoptic_report r = {.request = q};
    job j = {.report = &r};
    if (q->ignore != NULL || (q->classes != NULL && q->classes[0] != NULL)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "--ignore and --classes belong to folders of label maps; a panoptic file "
                          "lists its classes");
    }
    r.level = q->level > 0.0 ? q->level : 0.95;
    r.replicates = q->replicates == 0 ? 1000 : q->replicates == -1 ? 0 : q->replicates;
    r.seed = q->seed != 0 ? q->seed : 1;
    ASSAY_GOTO(assay_arena_new(&r.arena, (size_t)16 << 30, err), done);
    assay_result_init(&r.measures, r.arena);
    ASSAY_GOTO(read_all(&j, err), done);
    ASSAY_GOTO(count_all(&j, context, err), done);
    ASSAY_GOTO(measure(&r, context, err), done);
    if (json != NULL) {
        ASSAY_GOTO(assay_panoptic_json(json, &r, err), done);
    }
    if (table != NULL) {
        ASSAY_GOTO(assay_panoptic_table(table, &r, err), done);
    }
done:
    assay_panoptic_free(r.truth);
    assay_panoptic_free(r.predicted);
    assay_arena_free(r.arena);
    return status;
}
