#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "core/segment_internal.h"

bool assay_segment_is_wanted(const char *const *metrics, const char *name)
{
    for (int32_t i = 0; metrics != NULL && metrics[i] != NULL; i++) {
        if (strcmp(metrics[i], name) == 0) {
            return true;
        }
    }
    return metrics == NULL;
}

bool assay_segment_needs_boundary(const char *const *metrics)
{
    const assay_segment_kind *kind = &assay_segment_semantic;
    for (int i = 0; i < kind->n_overall; i++) {
        if (kind->overall[i].boundary &&
            assay_segment_is_wanted(metrics, kind->overall[i].metric)) {
            return true;
        }
    }
    return false;
}

typedef struct measuring {
    assay_result *out;
    const char *const *metrics;
    const assay_segment_sample *sample;
    assay_interval_rule rule;
    const double *overall, *of_class; /* replicates; NULL = none */
    const double *count;              /* per class: images that count */
} measuring;

static assay_status add(const measuring *m, const assay_segment_metric *metric,
                        const char *class_name, int32_t class_index, double value, int64_t n,
                        const double *replicates, int64_t stride, assay_error *err)
{
    assay_measure *one = NULL;
    if ((metric->boundary && !m->sample->boundary) ||
        !assay_segment_is_wanted(m->metrics, metric->metric)) {
        return ASSAY_OK;
    }
    one = assay_result_measure(m->out);
    if (one == NULL) {
        return assay_fail_memory(err);
    }
    one->metric = metric->metric;
    one->params = metric->params;
    one->class_name = class_name;
    one->unit = "";
    one->level = m->rule.level;
    one->value = value;
    one->n = n;
    one->method = "none";
    if (isnan(value)) {
        one->outcome = ASSAY_OUTCOME_UNDEFINED;
        one->reason = class_name != NULL ? "the class does not occur" : "no class occurs";
    }
    ASSAY_TRY(assay_replicate_bounds(one, replicates, stride, &m->rule, m->out->arena, err));
    return assay_segment_doubt(one, m->sample, m->count, class_index, m->rule.units, m->out->arena,
                               err);
}

/* Images in which a class occurs, or its segments in the truth: what was drawn, not its pixels. */
static int64_t size_of(const assay_segment_sample *s, const double *sums)
{
    return (int64_t)(s->kind == &assay_segment_panoptic ? sums[1] + sums[2]
                                                        : sums[ASSAY_SEGMENT_ROW_IMAGES]);
}

static assay_status add_all(const measuring *m, const char *const *names, const double *sums,
                            const double *overall, const double *of_class, assay_error *err)
{
    const assay_segment_sample *s = m->sample;
    const assay_segment_kind *kind = s->kind;
    int64_t images = assay_segment_images(s);
    int64_t stride = (int64_t)s->classes * kind->n_of_class;
    for (int i = 0; i < kind->n_overall; i++) {
        ASSAY_TRY(add(m, &kind->overall[i], NULL, -1, overall[i], images,
                      m->overall != NULL ? m->overall + i : NULL, kind->n_overall, err));
    }
    for (int32_t k = 0; k < s->classes; k++) {
        for (int i = 0; i < kind->n_of_class; i++) {
            int64_t at = (int64_t)k * kind->n_of_class + i;
            ASSAY_TRY(add(m, &kind->of_class[i], names[k], k, of_class[at],
                          size_of(s, sums + (int64_t)k * ASSAY_SEGMENT_WIDTH),
                          m->of_class != NULL ? m->of_class + at : NULL, stride, err));
        }
    }
    return ASSAY_OK;
}

assay_status assay_segment_measure(assay_result *out, const assay_segment_sample *s,
                                   const char *const *names, const assay_segment_request *request,
                                   assay_error *err)
{
    assay_status status = ASSAY_OK;
    double overall[ASSAY_SEGMENT_OVERALL];
    size_t classes = (size_t)s->classes;
    size_t of = (size_t)s->kind->n_of_class;
    double *replicates = NULL;
    double *class_replicates = NULL;
    measuring m = {.out = out,
                   .metrics = request->metrics,
                   .sample = s,
                   .rule = {.level = request->level,
                            .replicates = request->replicates,
                            .clustered = s->cluster != NULL,
                            .most = 1.0}};
    double *sums = assay_alloc_raw((classes + 1) * ASSAY_SEGMENT_WIDTH, sizeof *sums);
    double *of_class = assay_alloc_raw(classes * of + 1, sizeof *of_class);
    double *count = assay_alloc_raw(classes + 1, 2 * sizeof *count);
    if (sums == NULL || of_class == NULL || count == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_segment_units(&m.rule.units, s, err), done);
    assay_segment_weigh(count, s, count + classes);
    m.count = count;
    assay_segment_sum(sums, s);
    s->kind->finish(overall, of_class, sums, s);
    if (assay_interval_resamples(&m.rule)) {
        size_t n = (size_t)request->replicates;
        replicates = assay_alloc_raw(n, (size_t)s->kind->n_overall * sizeof *replicates);
        class_replicates = assay_alloc_raw(n * of, (classes + 1) * sizeof *class_replicates);
        if (replicates == NULL || class_replicates == NULL) {
            status = assay_fail_memory(err);
            goto done;
        }
        ASSAY_GOTO(assay_segment_bootstrap(replicates, class_replicates, s, request->replicates,
                                           request->seed, request->threads, request->cancel, err),
                   done);
        m.overall = replicates;
        m.of_class = class_replicates;
    }
    status = add_all(&m, names, sums, overall, of_class, err);
done:
    assay_free(sums);
    assay_free(of_class);
    assay_free(count);
    assay_free(replicates);
    assay_free(class_replicates);
    return status;
}
