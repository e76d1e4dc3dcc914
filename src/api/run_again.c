/* Which measures are computed a second time, and how the values of classes are put together. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "api/run_again.h"
#include "base/alloc.h"
#include "base/sort.h"
#include "base/text.h"

enum { MOST_SCORES = 50000000 }; /* to be sorted; larger data are not */

/* Measures of one metric with the same parameters. */
typedef struct job {
    const assay_again_kind *kind;
    int64_t first, end;
    assay_json_doc *params;
    double *low, *high; /* of each class */
} job;

typedef struct work {
    assay_again a;
    double *sums; /* classes x 3 */
    int64_t *counts;
    job *jobs;
    int64_t n_jobs;
    double *values; /* of the jobs' classes */
    bool ranks;
} work;

static const assay_again_kind *find(const char *metric)
{
    static const assay_again_kind *const tables[] = {assay_again_counts, assay_again_scores,
                                                     assay_again_ranked, assay_again_calibration};
    for (size_t t = 0; t < ASSAY_COUNT(tables); t++) {
        for (const assay_again_kind *k = tables[t]; k->metric; k++) {
            if (strcmp(k->metric, metric) == 0) {
                return k;
            }
        }
    }
    return NULL;
}

/* ---- what the definitions ask for ---- */

double assay_again_score(const assay_again *a, int64_t k, int32_t c)
{
    int64_t at = a->row[k] * a->p->classes + c;
    return a->p->scores_f64 ? a->p->scores_f64[at] : (double)a->p->scores_f32[at];
}

int32_t assay_again_target(const assay_again *a, int64_t k)
{
    return a->p->target[a->row[k]];
}

int32_t assay_again_label(const assay_again *a, int64_t k)
{
    return a->p->label[a->row[k]];
}

int assay_again_is(const assay_again *a, const char *parameter, const char *value)
{
    return strcmp(assay_json_get_text(a->params, parameter, ""), value) == 0;
}

int assay_again_flag(const assay_again *a, const char *parameter)
{
    return assay_json_get_bool(a->params, parameter, false);
}

double assay_again_real(const assay_again *a, const char *parameter)
{
    return assay_json_get_real(a->params, parameter, NAN);
}

int64_t assay_again_ties(const assay_again *a, int64_t first)
{
    int64_t end = first + 1;
    while (end < a->n && a->value[a->order[end]] == a->value[a->order[first]]) {
        end++;
    }
    return end;
}

int assay_again_sort(const assay_again *a, int32_t c)
{
    for (int64_t k = 0; k < a->n; k++) {
        a->value[k] = assay_again_score(a, k, c < 0 ? assay_again_label(a, k) : c);
    }
    return assay_sort_order(a->order, a->value, a->n, 1, NULL) == ASSAY_OK;
}

/* ---- rows and counts ---- */

static void count(work *w)
{
    assay_again *a = &w->a;
    for (int64_t k = a->n - 1; k >= 0; k--) {
        int32_t target = assay_again_target(a, k), label = assay_again_label(a, k);
        a->total += a->weight[k];
        a->truth[target] += a->weight[k];
        a->label[label] += a->weight[k];
        a->other[target]--;
        a->neither[target]--;
        a->neither[label]--;
        if (target == label) {
            a->hits += a->weight[k];
            a->hit[target] += a->weight[k];
            a->neither[target]++;
        }
    }
    for (int32_t c = 0; c < a->p->classes; c++) {
        a->other[c] += a->n;
        a->neither[c] += a->n;
    }
}

static assay_status prepare(work *w, const assay_predictions *p, const uint8_t *mask,
                            assay_error *err)
{
    assay_again *a = &w->a;
    size_t rows = (size_t)p->n + 1, classes = (size_t)p->classes;
    a->p = p;
    a->weighted = p->weights != NULL;
    a->row = assay_alloc(rows, sizeof *a->row);
    a->weight = assay_alloc(rows, sizeof *a->weight);
    a->order = assay_alloc(rows, sizeof *a->order);
    a->value = assay_alloc(rows, sizeof *a->value);
    w->sums = assay_alloc(classes * 3, sizeof *w->sums);
    w->counts = assay_alloc(classes * 2, sizeof *w->counts);
    if (!a->row || !a->weight || !a->order || !a->value || !w->sums || !w->counts) {
        return assay_fail_memory(err);
    }
    memset(w->sums, 0, classes * 3 * sizeof *w->sums);
    memset(w->counts, 0, classes * 2 * sizeof *w->counts);
    a->truth = w->sums;
    a->label = a->truth + classes;
    a->hit = a->label + classes;
    a->neither = w->counts;
    a->other = a->neither + classes;
    for (int64_t i = 0; i < p->n; i++) {
        double weight = p->weights ? p->weights[i] : 1.0;
        if ((!mask || mask[i]) && p->target[i] >= 0 && p->label[i] >= 0 && weight > 0.0) {
            a->row[a->n] = i;
            a->weight[a->n++] = weight;
        }
    }
    count(w);
    w->ranks = (p->scores_f32 || p->scores_f64) && a->n <= MOST_SCORES / p->classes;
    return ASSAY_OK;
}

/* ---- metrics ---- */

static assay_status list_jobs(work *w, const assay_result *result, assay_error *err)
{
    size_t classes = (size_t)w->a.p->classes;
    w->jobs = assay_alloc((size_t)result->n_measures + 1, sizeof *w->jobs);
    if (!w->jobs) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < result->n_measures; i++) {
        const assay_measure *m = &result->measures[i], *before = i > 0 ? m - 1 : NULL;
        if (before && strcmp(before->metric, m->metric) == 0 &&
            assay_text_equal(before->params, m->params)) {
            w->jobs[w->n_jobs - 1].end++;
            continue;
        }
        job *j = &w->jobs[w->n_jobs++];
        *j = (job){.kind = find(m->metric), .first = i, .end = i + 1};
        if (m->params) {
            ASSAY_TRY(assay_json_parse(&j->params, m->params, strlen(m->params), 0, err));
        }
    }
    w->values = assay_alloc((size_t)w->n_jobs * classes * 2 + 1, sizeof *w->values);
    if (!w->values) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < w->n_jobs; i++) {
        w->jobs[i].low = w->values + (size_t)i * 2 * classes;
        w->jobs[i].high = w->jobs[i].low + classes;
    }
    return ASSAY_OK;
}

static void set_job(work *w, const job *j)
{
    w->a.params = j->params ? assay_json_root(j->params) : NULL;
    w->a.nudge = 0.0;
}

/* The value, and where it may jump, those with limits that are missed by rounding. */
static void evaluate(double *low, double *high, work *w, const assay_again_kind *kind, int32_t c)
{
    static const double nudges[] = {0.0, 1e-12, -1e-12};
    static const double same = 1e-9;
    size_t n = w->a.weighted && kind->limits ? ASSAY_COUNT(nudges) : 1;
    for (size_t i = 0; i < n; i++) {
        w->a.nudge = nudges[i];
        double value = kind->whole ? kind->whole(&w->a) : kind->of_class(&w->a, c);
        *low = i == 0 || !(value >= *low) ? value : *low;
        *high = i == 0 || !(value <= *high) ? value : *high;
    }
    if (kind->limits == 2 && *high - *low > same) {
        *low = -INFINITY; /* nothing is known of it, nor of an average with it */
        *high = INFINITY;
    }
}

static void take_ratio(double *value, const work *w, const assay_again_kind *kind, int32_t c)
{
    const assay_again *a = &w->a;
    assay_again_ratio r = kind->ratio(a, c);
    bool seen = a->truth[c] > 0.0 || a->label[c] > 0.0;
    bool zero = assay_again_is(a, "zero_division", "zero");
    *value = !seen ? NAN : r.bottom > 0.0 ? r.top / r.bottom : zero ? 0.0 : NAN;
}

/* All classes of all jobs; rows are sorted once for each class. */
static void take_classes(work *w)
{
    bool scores = false;
    for (int64_t i = 0; i < w->n_jobs; i++) {
        const assay_again_kind *kind = w->jobs[i].kind;
        scores = scores || (kind && kind->order == ASSAY_AGAIN_SCORE && !kind->whole);
    }
    for (int32_t c = 0; c < w->a.p->classes; c++) {
        bool sorted = scores && w->ranks && assay_again_sort(&w->a, c);
        for (int64_t i = 0; i < w->n_jobs; i++) {
            job *j = &w->jobs[i];
            j->low[c] = j->high[c] = NAN;
            if (!j->kind || j->kind->whole || (j->kind->order == ASSAY_AGAIN_SCORE && !sorted)) {
                continue;
            }
            set_job(w, j);
            if (j->kind->ratio) {
                take_ratio(&j->low[c], w, j->kind, c);
                j->high[c] = j->low[c];
            } else {
                evaluate(&j->low[c], &j->high[c], w, j->kind, c);
            }
        }
    }
}

/* ---- measures ---- */

/* Of the classes that have a value. */
static double mean(const work *w, const double *values, bool weighted)
{
    double sum = 0.0, weights = 0.0;
    for (int32_t c = 0; c < w->a.p->classes; c++) {
        if (!isnan(values[c])) {
            double weight = weighted ? w->a.truth[c] : 1.0;
            sum += weight * values[c];
            weights += weight;
        }
    }
    return weights > 0.0 ? sum / weights : NAN;
}

static double pooled(const work *w, const assay_again_kind *kind)
{
    double top = 0.0, bottom = 0.0;
    for (int32_t c = 0; c < w->a.p->classes; c++) {
        if (w->a.truth[c] > 0.0 || w->a.label[c] > 0.0) {
            assay_again_ratio r = kind->ratio(&w->a, c);
            top += r.top;
            bottom += r.bottom;
        }
    }
    return bottom > 0.0 ? top / bottom : NAN;
}

static int32_t class_of(const assay_predictions *p, const char *name, int32_t guess)
{
    for (int32_t i = 0; i < p->classes; i++) {
        int32_t c = (guess + i) % p->classes;
        if (strcmp(p->class_names[c], name) == 0) {
            return c;
        }
    }
    return -1;
}

static void put(double *low, double *high, work *w, const job *j, const assay_measure *m,
                int32_t *last)
{
    const assay_again_kind *kind = j->kind;
    const char *average = m->average ? m->average : "";
    *low = *high = NAN;
    if (m->class_name) {
        int32_t c = class_of(w->a.p, m->class_name, *last + 1);
        if (c >= 0) {
            *last = c;
            *low = j->low[c];
            *high = j->high[c];
        }
    } else if (strcmp(average, "macro") == 0 || strcmp(average, "weighted") == 0) {
        *low = mean(w, j->low, average[0] == 'w');
        *high = mean(w, j->high, average[0] == 'w');
    } else if (strcmp(average, "micro") == 0 && kind->ratio) {
        set_job(w, j);
        *low = *high = pooled(w, kind);
    }
}

static void take_whole(double *low, double *high, work *w, const job *j, const assay_measure *m)
{
    assay_again_order order = j->kind->order;
    *low = *high = NAN;
    if ((order == ASSAY_AGAIN_SCORE && !w->ranks) ||
        (order == ASSAY_AGAIN_CONFIDENCE && !assay_again_sort(&w->a, -1))) {
        return;
    }
    set_job(w, j);
    w->a.average = m->average;
    evaluate(low, high, w, j->kind, -1);
}

assay_status assay_run_again(double *low, double *high, const assay_result *result,
                             const assay_predictions *p, const uint8_t *mask, assay_error *err)
{
    assay_status status = ASSAY_OK;
    work w = {0};
    ASSAY_GOTO(prepare(&w, p, mask, err), done);
    ASSAY_GOTO(list_jobs(&w, result, err), done);
    take_classes(&w);
    for (int64_t k = 0; k < w.n_jobs; k++) {
        const job *j = &w.jobs[k];
        int32_t last = -1;
        for (int64_t i = j->first; i < j->end; i++) {
            low[i] = high[i] = NAN;
            const assay_measure *m = &result->measures[i];
            if (!j->kind || m->outcome != ASSAY_OUTCOME_VALUE) {
                continue;
            }
            if (j->kind->whole) {
                take_whole(&low[i], &high[i], &w, j, m);
            } else {
                put(&low[i], &high[i], &w, j, m, &last);
            }
            low[i] = isfinite(high[i] - low[i]) ? low[i] : NAN;
        }
    }
done:
    for (int64_t i = 0; i < w.n_jobs; i++) {
        assay_json_doc_free(w.jobs[i].params);
    }
    assay_free(w.jobs);
    assay_free(w.values);
    assay_free(w.counts);
    assay_free(w.sums);
    assay_free(w.a.value);
    assay_free(w.a.order);
    assay_free(w.a.weight);
    assay_free(w.a.row);
    return status;
}
