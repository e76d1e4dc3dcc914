/* Intervals of metrics that read one rate at a limit of another (recall at a false positive rate): from order
 * statistics, which promise their level for any number of rows, where replicates do not. At a false positive
 * rate of 1 % the threshold is among the few highest of the other rows: replicates can put it no higher
 * than the highest of them, and not a single replicate shows how much higher it may lie. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "core/evaluate_internal.h"
#include "core/interval.h"

enum { AVERAGES = 2 }; /* measures before those of the classes: macro, weighted */

assay_status assay_rates_prepare(assay_job *job, const assay_evaluation *evaluation,
                                 const assay_args *replicate, assay_error *err)
{
    bool usual = replicate == NULL || replicate->op->interval->percentiles;
    if (job->unmet != NULL || job->metric->rates == NULL || !usual || evaluation->n == 0 ||
        evaluation->weights != NULL || evaluation->units != NULL || evaluation->replicates <= 0 ||
        evaluation->resample != ASSAY_RESAMPLE_POISSON) {
        return ASSAY_OK;
    }
    size_t classes = (size_t)evaluation->predictions->classes;
    assay_rates *rates = assay_arena_alloc(evaluation->arena, 1, sizeof *rates);
    if (rates == NULL) {
        return assay_fail_memory(err);
    }
    if (job->metric->rates(rates, job->params)) {
        job->kept = assay_alloc(classes * (size_t)rates->n, sizeof *job->kept);
        job->rates = rates;
        if (job->kept == NULL) {
            return assay_fail_memory(err);
        }
    }
    return ASSAY_OK;
}

/* The rows of the ranking from the end at which thresholds take them in. */
typedef struct walk {
    const assay_ranking *ranking;
    bool backwards, recall;
    int64_t at, limiting, counted;
} walk;

static int64_t place(const walk *w, int64_t i)
{
    return w->backwards ? w->ranking->n - 1 - i : i;
}

/* The next group of rows of equal score. */
static bool next(walk *w)
{
    const assay_ranking *ranking = w->ranking;
    if (w->at >= ranking->n) {
        return false;
    }
    uint64_t key = assay_ranking_key(ranking, place(w, w->at));
    do {
        bool mine = assay_ranking_target(ranking, place(w, w->at)) == ranking->class_index;
        w->limiting += mine != w->recall;
        w->counted += mine == w->recall;
        w->at++;
    } while (w->at < ranking->n && assay_ranking_key(ranking, place(w, w->at)) == key);
    return true;
}

static assay_status keep_one(assay_rate_kept *kept, const assay_ranking *ranking, bool recall,
                             double limit, assay_error *err)
{
    int64_t positives = (int64_t)ranking->positives, negatives = (int64_t)ranking->negatives;
    int64_t first = 0, last = 0;
    walk w = {.ranking = ranking, .backwards = !recall, .recall = recall};
    assay_rate_ranks *ranks = &kept->ranks;
    *ranks = (assay_rate_ranks){.limit = limit,
                                .limiting = recall ? negatives : positives,
                                .counted = recall ? positives : negatives};
    if (positives == 0 || negatives == 0) {
        return ASSAY_OK; /* the measure is undefined */
    }
    ASSAY_TRY(assay_rate_window(&first, &last, ranks->limiting, limit, err));
    ranks->first = first;
    ranks->n = last >= first ? last - first + 1 : 0;
    kept->counts = assay_alloc((size_t)ranks->n * 2 + 1, sizeof *kept->counts);
    if (kept->counts == NULL) {
        return assay_fail_memory(err);
    }
    int64_t limiting = 0, counted = 0; /* before the group */
    while (limiting < last && next(&w)) {
        for (int64_t rank = limiting + 1; rank <= w.limiting && rank <= last; rank++) {
            if (rank >= first) {
                kept->counts[rank - first] = counted;
                kept->counts[ranks->n + rank - first] = w.counted;
            }
        }
        limiting = w.limiting;
        counted = w.counted;
    }
    ranks->before = kept->counts;
    ranks->until = kept->counts + ranks->n;
    return ASSAY_OK;
}

assay_status assay_rates_keep(const assay_job *job, const assay_ranking *ranking, assay_error *err)
{
    const assay_rates *rates = job->rates;
    if (rates == NULL || ranking->pairs) {
        return ASSAY_OK;
    }
    double limiting = rates->recall ? ranking->negatives : ranking->positives;
    bool many = rates->enough > 0.0 && limiting * rates->limit[0] >= rates->enough;
    for (int i = 0; i < rates->n && !many; i++) {
        assay_rate_kept *kept = &job->kept[ranking->class_index * rates->n + i];
        ASSAY_TRY(keep_one(kept, ranking, rates->recall != 0, rates->limit[i], err));
    }
    return ASSAY_OK;
}

void assay_rates_free(assay_evaluation *evaluation)
{
    for (size_t j = 0; evaluation->jobs != NULL && j < evaluation->n_jobs; j++) {
        assay_job *job = &evaluation->jobs[j];
        int64_t n =
            job->kept != NULL ? (int64_t)evaluation->predictions->classes * job->rates->n : 0;
        for (int64_t i = 0; i < n; i++) {
            assay_free(job->kept[i].counts);
        }
        assay_free(job->kept);
        job->kept = NULL;
    }
}

/* A weighted sum of shares of one or of several classes. Ends of sums are sums of ends, as if all shares were
 * wrong in the same direction at once: never narrower than what they are together. */
typedef struct evidence {
    int64_t n;
    assay_rate_ranks *ranks;
    double *low, *high; /* their shares in the ends */
} evidence;

static assay_status bounds(double *low, double *high, const void *given, double alpha_low,
                           double alpha_high, assay_error *err)
{
    const evidence *e = given;
    assay_sum sums[2] = {0};
    for (int64_t i = 0; i < e->n; i++) {
        double ends[2];
        ASSAY_TRY(
            assay_rate_interval(&ends[0], &ends[1], &e->ranks[i], alpha_low, alpha_high, err));
        assay_sum_add(&sums[0], e->low[i] * ends[0]);
        assay_sum_add(&sums[1], e->high[i] * ends[1]);
    }
    *low = fmax(0.0, assay_sum_value(&sums[0]));
    *high = fmin(1.0, assay_sum_value(&sums[1]));
    return ASSAY_OK;
}

static bool is_kept(const assay_job *job, int64_t c)
{
    return job->kept[c * job->rates->n].counts != NULL;
}

static assay_status copy_ranks(assay_rate_ranks *to, const assay_rate_ranks *from,
                               assay_arena *arena, assay_error *err)
{
    size_t n = (size_t)from->n;
    int64_t *counts = assay_arena_alloc(arena, 2 * n + 1, sizeof *counts);
    if (counts == NULL) {
        return assay_fail_memory(err);
    }
    memcpy(counts, from->before, n * sizeof *counts);
    memcpy(counts + n, from->until, n * sizeof *counts);
    *to = *from;
    to->before = counts;
    to->until = counts + n;
    return ASSAY_OK;
}

/* Each class's ranks once, in the arena of the result. */
static assay_status copy_all(assay_rate_ranks **out, const assay_job *job, int32_t classes,
                             assay_arena *arena, assay_error *err)
{
    int64_t n = (int64_t)classes * job->rates->n;
    *out = assay_arena_alloc(arena, (size_t)n, sizeof **out);
    if (*out == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        if (job->kept[i].counts != NULL) {
            ASSAY_TRY(copy_ranks(&(*out)[i], &job->kept[i].ranks, arena, err));
        }
    }
    return ASSAY_OK;
}

/* share: of class c in the measure. */
static assay_status put_bounds(assay_measure *measure, const assay_job *job,
                               const assay_rate_ranks *ranks, const double *share, int32_t classes,
                               assay_arena *arena, assay_error *err)
{
    const assay_rates *rates = job->rates;
    size_t most = (size_t)classes * (size_t)rates->n;
    evidence *e = assay_arena_alloc(arena, 1, sizeof *e);
    if (e == NULL) {
        return assay_fail_memory(err);
    }
    e->ranks = assay_arena_alloc(arena, most, sizeof *e->ranks);
    e->low = assay_arena_alloc(arena, most, sizeof *e->low);
    e->high = assay_arena_alloc(arena, most, sizeof *e->high);
    if (e->ranks == NULL || e->low == NULL || e->high == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t c = 0; c < classes; c++) {
        for (int i = 0; i < rates->n && share[c] > 0.0; i++) {
            e->ranks[e->n] = ranks[c * rates->n + i];
            e->low[e->n] = share[c] * rates->low[i];
            e->high[e->n] = share[c] * rates->high[i];
            e->n++;
        }
    }
    measure->evidence = e;
    measure->bounds = bounds;
    measure->bounds_name = "order statistics and clopper_pearson";
    return ASSAY_OK;
}

/* The shares of the classes in a measure; false when one of them has no ranks. */
static bool find_shares(double *share, const assay_job *job, const assay_measure *measures,
                        int64_t m, int32_t classes)
{
    double total = 0.0;
    for (int64_t c = 0; c < classes; c++) {
        bool part = m < AVERAGES ? measures[AVERAGES + c].outcome == ASSAY_OUTCOME_VALUE
                                 : c == m - AVERAGES;
        const assay_rate_ranks *ranks = &job->kept[c * job->rates->n].ranks;
        int64_t rows = job->rates->recall ? ranks->counted : ranks->limiting;
        share[c] = !part ? 0.0 : m == 1 ? (double)rows : 1.0;
        total += share[c];
        if (part && !is_kept(job, c)) {
            return false;
        }
    }
    for (int64_t c = 0; c < classes; c++) {
        share[c] /= total;
    }
    return total > 0.0;
}

static assay_status put_job(assay_result *out, const assay_job *job, int32_t classes,
                            assay_error *err)
{
    assay_measure *measures = &out->measures[job->first_measure];
    assay_rate_ranks *ranks = NULL;
    double *share = assay_arena_alloc(out->arena, (size_t)classes, sizeof *share);
    if (share == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(copy_all(&ranks, job, classes, out->arena, err));
    for (int64_t m = 0; m < job->n_measures; m++) {
        if (measures[m].outcome == ASSAY_OUTCOME_VALUE &&
            find_shares(share, job, measures, m, classes)) {
            ASSAY_TRY(put_bounds(&measures[m], job, ranks, share, classes, out->arena, err));
        }
    }
    return ASSAY_OK;
}

assay_status assay_evaluate_rates(assay_result *out, const assay_evaluation *evaluation,
                                  assay_error *err)
{
    for (size_t j = 0; j < evaluation->n_jobs; j++) {
        const assay_job *job = &evaluation->jobs[j];
        if (job->kept != NULL) {
            ASSAY_TRY(put_job(out, job, evaluation->predictions->classes, err));
        }
    }
    return ASSAY_OK;
}
