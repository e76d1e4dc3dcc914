/* Replicates of segmentation statistics: images drawn with replacement, and models that change places. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "core/evaluate_internal.h"
#include "core/segment_internal.h"

enum { GROUP = 32, W = ASSAY_SEGMENT_WIDTH }; /* replicates of one parallel task */

typedef struct resampling {
    double *overall[2], *of_class[2];  /* [1]: of the exchanged model */
    const assay_segment_sample *a, *b; /* b NULL = bootstrap */
    int64_t replicates;
    uint64_t seed;
    double *sums; /* per worker: GROUP x (classes + 1) x W, twice with b */
} resampling;

static int32_t classes_of(const resampling *r)
{
    return r->b != NULL && r->b->classes > r->a->classes ? r->b->classes : r->a->classes;
}

static assay_status resample_group(void *payload, int64_t block, int worker, assay_error *err)
{
    const resampling *r = payload;
    const assay_segment_sample *a = r->a;
    int sides = r->b != NULL ? 2 : 1;
    size_t one = ((size_t)classes_of(r) + 1) * W;
    double *sums = r->sums + (size_t)worker * (size_t)sides * GROUP * one;
    (void)err;
    memset(sums, 0, (size_t)sides * GROUP * one * sizeof *sums);
    for (int64_t i = 0; i < a->n; i++) {
        int32_t weight[GROUP];
        uint64_t address = (uint64_t)(a->cluster != NULL ? a->cluster[i] : i);
        if (a->images != NULL && a->images[i] == 0) {
            continue;
        }
        if (r->b != NULL) {
            assay_bootstrap_coins(weight, r->seed, address, (uint32_t)(block * GROUP / 4),
                                  GROUP / 4);
        } else {
            assay_bootstrap_weights(weight, r->seed, address, (uint32_t)(block * GROUP / 4),
                                    GROUP / 4);
        }
        for (size_t g = 0; g < GROUP; g++) {
            if (r->b != NULL) {
                const assay_segment_sample *first = weight[g] != 0 ? a : r->b;
                assay_segment_add(sums + g * one, first, i, 1.0);
                assay_segment_add(sums + (GROUP + g) * one, first == a ? r->b : a, i, 1.0);
            } else if (weight[g] != 0) {
                assay_segment_add(sums + g * one, a, i, weight[g]);
            }
        }
    }
    for (int64_t g = 0; g < GROUP && block * GROUP + g < r->replicates; g++) {
        int64_t at = block * GROUP + g;
        for (int side = 0; side < sides; side++) {
            double *classes = r->of_class[side];
            a->kind->finish(r->overall[side] + at * a->kind->n_overall,
                            classes != NULL ? classes + at * a->classes * a->kind->n_of_class
                                            : NULL,
                            sums + ((size_t)side * GROUP + (size_t)g) * one, a);
        }
    }
    return ASSAY_OK;
}

static assay_status resample(resampling *r, int threads, const assay_cancel *cancel,
                             assay_error *err)
{
    int64_t blocks = (r->replicates + GROUP - 1) / GROUP;
    int workers = assay_parallel_workers(blocks, threads);
    size_t one = ((size_t)classes_of(r) + 1) * W;
    r->sums =
        assay_alloc_raw((size_t)workers * (r->b != NULL ? 2 : 1) * GROUP * one, sizeof *r->sums);
    assay_status status = r->sums != NULL
                              ? assay_parallel(blocks, threads, resample_group, r, cancel, err)
                              : assay_fail_memory(err);
    assay_free(r->sums);
    return status;
}

assay_status assay_segment_bootstrap(double *overall, double *of_class,
                                     const assay_segment_sample *sample, int64_t replicates,
                                     uint64_t seed, int threads, const assay_cancel *cancel,
                                     assay_error *err)
{
    resampling r = {.overall = {overall, NULL},
                    .of_class = {of_class, NULL},
                    .a = sample,
                    .replicates = replicates,
                    .seed = seed};
    return resample(&r, threads, cancel, err);
}

assay_status assay_segment_exchange(double *heads[2], double *tails[2],
                                    const assay_segment_sample *a, const assay_segment_sample *b,
                                    const assay_segment_request *request, assay_error *err)
{
    resampling r = {.overall = {heads[0], tails[0]},
                    .of_class = {heads[1], tails[1]},
                    .a = a,
                    .b = b,
                    .replicates = request->replicates,
                    .seed = request->seed};
    return resample(&r, request->threads, request->cancel, err);
}
