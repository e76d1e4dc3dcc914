#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "adapters/filesystem/file.h"
#include "api/attack.h"
#include "api/run.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/sort.h"
#include "base/text.h"
#include "core/perturb.h"
#include "core/predict.h"
#include "stats/intervals.h"

assay_status assay_share_of(assay_share *out, int64_t x, int64_t n, double level, assay_error *err)
{
    double alpha = (1.0 - level) / 2.0;
    *out = (assay_share){.x = x, .n = n, .value = NAN, .low = NAN, .high = NAN};
    if (n == 0) {
        return ASSAY_OK;
    }
    out->value = (double)x / (double)n;
    return assay_clopper_pearson(&out->low, &out->high, x, n, alpha, alpha, err);
}

static bool is_selected(const assay_assessment *a, int64_t i, assay_selection of)
{
    int32_t label = a->images.labels[i];
    return label >= 0 && (of.label < 0 || label == of.label) &&
           (of.only == NULL || of.only[i] != 0);
}

static bool is_right(const assay_assessment *a, int64_t i)
{
    return a->attacks[0].result->clean[i] == a->images.labels[i];
}

assay_status assay_clean_share(assay_share *out, const assay_assessment *a, assay_selection of,
                               assay_error *err)
{
    int64_t x = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < a->images.n; i++) {
        n += is_selected(a, i, of);
        x += is_selected(a, i, of) && is_right(a, i);
    }
    return assay_share_of(out, x, n, a->options->level, err);
}

bool assay_assess_fooled(const assay_assessment *a, int32_t k, int32_t e, int64_t i)
{
    int64_t at = (int64_t)e * a->images.n + i;
    if (k >= 0) {
        return a->attacks[k].result->success[at] != 0;
    }
    for (int32_t j = 0; j < a->n_attacks; j++) {
        if (a->attacks[j].attack->op->attack->norms != 0 &&
            a->attacks[j].result->success[at] != 0) {
            return true;
        }
    }
    return false;
}

assay_status assay_robust_share(assay_share *out, const assay_assessment *a, int32_t k, int32_t e,
                                assay_selection of, assay_error *err)
{
    int64_t x = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < a->images.n; i++) {
        n += is_selected(a, i, of);
        x += is_selected(a, i, of) && is_right(a, i) && !assay_assess_fooled(a, k, e, i);
    }
    return assay_share_of(out, x, n, a->options->level, err);
}

/* ---- which images --------------------------------------------------------------------------- */

/* The chosen rows in the order of the data: all, or `limit` of them by a draw for each datum. */
static assay_status choose_rows(assay_assessment *a, assay_error *err)
{
    const assay_assess_options *o = a->options;
    int64_t n = 0;
    a->rows = assay_arena_alloc(a->arena, (size_t)o->data->n, sizeof *a->rows);
    double *draws = assay_alloc((size_t)o->data->n, sizeof *draws);
    int64_t *order = assay_alloc((size_t)o->data->n, sizeof *order);
    uint8_t *kept = assay_alloc((size_t)o->data->n, 1);
    assay_status status = ASSAY_OK;
    if (a->rows == NULL || draws == NULL || order == NULL || kept == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    uint32_t operation = assay_rng_operation("attack rows");
    for (int64_t i = 0; i < o->data->n; i++) {
        bool meant = (o->mask == NULL || o->mask[i] != 0) && a->targets[i] >= 0;
        assay_rng rng =
            assay_rng_stream(o->seed, operation, assay_perturb_address(o->data->ids[i]));
        draws[i] = meant ? assay_rng_uniform(&rng) : 2.0;
        n += meant;
    }
    ASSAY_GOTO(assay_sort_order(order, draws, o->data->n, 0, err), done);
    int64_t most = o->limit > 0 && o->limit < n ? o->limit : n;
    for (int64_t i = 0; i < most; i++) {
        kept[order[i]] = 1;
    }
    n = 0;
    for (int64_t i = 0; i < o->data->n; i++) {
        if (kept[i]) {
            a->rows[n++] = i;
        }
    }
    a->images.n = n;
    if (n == 0) {
        status = assay_fail(err, ASSAY_EFORMAT, "data %s: there is no datum with a class to attack",
                            o->data->name);
    }
done:
    assay_free(draws);
    assay_free(order);
    assay_free(kept);
    return status;
}

static assay_status read_chosen(void *payload, int64_t i, float *pixels, assay_error *err)
{
    assay_assessment *a = payload;
    return a->all.read(a->all.payload, a->rows[i], pixels, err);
}

/* What the model answers to each datum as it is counts as the truth. */
static assay_status take_answers(assay_assessment *a, assay_error *err)
{
    const assay_assess_options *o = a->options;
    assay_predictions *p = NULL;
    const assay_predict_options options = {.threads = o->context->threads,
                                           .cancel = &o->context->cancel,
                                           .log = &o->context->log,
                                           .what = "its own answers"};
    ASSAY_TRY(assay_predict(&p, o->models[0], o->data, &options, err));
    memcpy(a->targets, p->label, (size_t)o->data->n * sizeof *a->targets);
    assay_predictions_free(p);
    return ASSAY_OK;
}

static assay_status prepare_images(assay_assessment *a, assay_error *err)
{
    const assay_assess_options *o = a->options;
    a->source = (assay_attack_source){.dataset = o->data, .model = o->models[0]};
    ASSAY_TRY(assay_attack_images_of(&a->all, &a->source, err));
    a->targets = assay_arena_alloc(a->arena, (size_t)o->data->n, sizeof *a->targets);
    if (a->targets == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(o->own_answers ? take_answers(a, err)
                             : assay_predict_targets(a->targets, o->models[0], o->data, err));
    a->images = a->all;
    ASSAY_TRY(choose_rows(a, err));
    size_t n = (size_t)a->images.n;
    int32_t *labels = assay_arena_alloc(a->arena, n, sizeof *labels);
    int32_t *targets = assay_arena_alloc(a->arena, n, sizeof *targets);
    const char **ids = assay_arena_alloc(a->arena, n, sizeof *ids);
    if (labels == NULL || targets == NULL || ids == NULL) {
        return assay_fail_memory(err);
    }
    int64_t kept = 0;
    for (int64_t i = 0; i < a->images.n; i++) {
        int64_t row = a->rows[i];
        if (o->target >= 0 && a->targets[row] == o->target) {
            continue; /* it is there already */
        }
        a->rows[kept] = row;
        labels[kept] = a->targets[row];
        targets[kept] = o->target;
        ids[kept++] = o->data->ids[row];
    }
    a->images.n = kept;
    if (kept == 0) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "all images are of the class to reach: there is nothing to "
                          "attack");
    }
    a->images.payload = a;
    a->images.read = read_chosen;
    a->images.labels = labels;
    a->images.targets = o->target >= 0 ? targets : NULL;
    a->images.ids = ids;
    return ASSAY_OK;
}

/* Images of the class to reach, the first of the data: where attacks that see classes only may start. */
static assay_status find_donors(assay_assessment *a, assay_error *err)
{
    const assay_assess_options *o = a->options;
    size_t size = (size_t)a->all.channels * (size_t)a->all.height * (size_t)a->all.width;
    if (o->target < 0) {
        return ASSAY_OK;
    }
    float *donors = assay_arena_alloc(a->arena, (size_t)ASSAY_ASSESS_DONORS * size, sizeof *donors);
    if (donors == NULL) {
        return assay_fail_memory(err);
    }
    a->images.donors = donors;
    for (int64_t i = 0; i < o->data->n && a->images.n_donors < ASSAY_ASSESS_DONORS; i++) {
        if (a->targets[i] == o->target) {
            ASSAY_TRY(
                a->all.read(a->all.payload, i, donors + (size_t)a->images.n_donors * size, err));
            a->images.n_donors++;
        }
    }
    return ASSAY_OK;
}

/* ---- one attack ----------------------------------------------------------------------------- */

typedef struct keeper {
    float *pixels; /* images.n x size, or NULL */
    int64_t size;
} keeper;

static assay_status keep_row(void *payload, const assay_attack_row *row, assay_error *err)
{
    const keeper *k = payload;
    (void)err;
    if (k->pixels != NULL && row->best != NULL) {
        memcpy(k->pixels + row->index * k->size, row->best, (size_t)k->size * sizeof(float));
    }
    return ASSAY_OK;
}

static assay_attack_options options_for(const assay_assessment *a, int32_t k)
{
    const assay_assess_options *o = a->options;
    const assay_args *attack = k < o->n_attacks ? o->attacks[k] : a->proxy_attack;
    assay_model *own = k < o->n_attacks ? o->substitute : o->proxies[k - o->n_attacks];
    return (assay_attack_options){.attack = attack,
                                  .models = o->models,
                                  .n_models = o->n_models,
                                  .substitute = own,
                                  .transfer = o->transfer,
                                  .n_transfer = o->n_transfer,
                                  .norm = o->norm,
                                  .eps = o->eps,
                                  .n_eps = o->n_eps,
                                  .budget = o->budget,
                                  .repeats = o->repeats,
                                  .noise = o->noise,
                                  .seed = o->seed,
                                  .threads = o->context->threads,
                                  .memory = o->memory != NULL ? o->memory->arrays : 0,
                                  .keep_events = o->folder != NULL,
                                  .cancel = &o->context->cancel,
                                  .log = &o->context->log,
                                  .what = attack->op->name};
}

static bool is_example(const assay_attack_result *r, int64_t i)
{
    return isfinite(r->distance[i]) && r->distance[i] > 0.0;
}

/* Images that were right and are fooled, with their pixels: evenly from all of them, as data often lie
 * class by class. */
static assay_status pick_examples(assay_assessment *a, int32_t k, const float *pixels,
                                  assay_error *err)
{
    assay_assessed *one = &a->attacks[k];
    int64_t size = (int64_t)a->images.channels * a->images.height * a->images.width;
    int64_t found = 0;
    int64_t seen = 0;
    for (int64_t i = 0; i < a->images.n; i++) {
        found += is_example(one->result, i);
    }
    if (found == 0) {
        return ASSAY_OK;
    }
    int64_t wanted = found < ASSAY_ASSESS_EXAMPLES ? found : ASSAY_ASSESS_EXAMPLES;
    for (int64_t i = 0; i < a->images.n && one->n_examples < wanted; i++) {
        if (!is_example(one->result, i) || seen++ < one->n_examples * found / wanted) {
            continue;
        }
        assay_example_pixels *e = &one->examples[one->n_examples];
        e->index = i;
        e->before = assay_arena_alloc(a->arena, (size_t)size, sizeof(float));
        e->after = assay_arena_alloc(a->arena, (size_t)size, sizeof(float));
        if (e->before == NULL || e->after == NULL) {
            return assay_fail_memory(err);
        }
        ASSAY_TRY(a->images.read(a->images.payload, i, e->before, err));
        memcpy(e->after, pixels + i * size, (size_t)size * sizeof(float));
        one->n_examples++;
    }
    return ASSAY_OK;
}

static assay_status open_resume(assay_resume **out, const assay_assessment *a, int32_t k,
                                const assay_attack_options *options, assay_error *err)
{
    if (a->options->folder == NULL) {
        return ASSAY_OK;
    }
    const char *own = assay_arena_printf(a->arena, "%d_%s", k + 1, options->attack->op->name);
    const char *folder = own != NULL ? assay_path_join(a->arena, a->options->folder, own) : NULL;
    folder = folder != NULL ? assay_path_join(a->arena, folder, "resume") : NULL;
    return folder != NULL ? assay_resume_open(out, folder, &a->images, options, err)
                          : assay_fail_memory(err);
}

static assay_status run_one(assay_assessment *a, int32_t k, assay_error *err)
{
    static const size_t most = (size_t)4 << 30;
    keeper keep = {.size = (int64_t)a->images.channels * a->images.height * a->images.width};
    size_t bytes = (size_t)a->images.n * (size_t)keep.size * sizeof(float);
    assay_attack_options options = options_for(a, k);
    assay_attack_sink sink = {.payload = &keep, .row = keep_row};
    assay_assessed *one = &a->attacks[k];
    if (bytes > most) {
        return assay_fail(err, ASSAY_ELIMIT,
                          "the examples of %" PRId64 " images take %zu MiB, more than 4 GiB: take "
                          "fewer (--limit)",
                          a->images.n, bytes >> 20);
    }
    keep.pixels = assay_alloc((size_t)a->images.n * (size_t)keep.size, sizeof(float));
    if (keep.pixels == NULL) {
        return assay_fail_memory(err);
    }
    options.sink = &sink;
    assay_resume *resume = NULL;
    assay_status status = open_resume(&resume, a, k, &options, err);
    options.store = assay_resume_store(resume);
    one->attack = options.attack;
    one->title = one->attack->op->title;
    if (k >= a->options->n_attacks) {
        one->proxy = options.substitute;
        one->title = assay_arena_printf(a->arena, "Transfer from %s", one->proxy->name);
    }
    if (status == ASSAY_OK && one->title == NULL) {
        status = assay_fail_memory(err);
    }
    double started = assay_clock_seconds();
    if (status == ASSAY_OK) {
        status = assay_attack_run(&one->result, &a->images, &options, err);
    }
    one->seconds = assay_clock_seconds() - started;
    a->n_attacks = status == ASSAY_OK ? k + 1 : k;
    if (status == ASSAY_OK) {
        status = pick_examples(a, k, keep.pixels, err);
    }
    if (status == ASSAY_OK && a->options->folder != NULL) {
        status = assay_assess_save(a, k, keep.pixels, err);
    }
    assay_resume_free(resume);
    assay_free(keep.pixels);
    return status;
}

/* ---- can it be believed? -------------------------------------------------------------------- */

static assay_status probe(assay_assessment *a, assay_error *err)
{
    enum { MOST = 64 };
    assay_attack_options options = options_for(a, 0);
    assay_attack_images few = a->images;
    few.n = few.n < MOST ? few.n : MOST;
    return assay_attack_probe_model(&a->probe, &few, &options, err);
}

/* PGD with the whole pixel range as budget must fool everything (ART's SecurityCurve). */
static assay_status run_unbounded(assay_assessment *a, assay_error *err)
{
    enum { MOST = 128 };
    static const double eps[] = {1.0};
    const assay_args *pgd = NULL;
    assay_args *args = NULL;
    assay_attack_result *r = NULL;
    assay_attack_images few = a->images;
    for (int32_t k = 0; k < a->options->n_attacks; k++) {
        pgd = strcmp(a->options->attacks[k]->op->name, "pgd") == 0 ? a->options->attacks[k] : pgd;
    }
    if (pgd == NULL || a->options->target >= 0) {
        return ASSAY_OK;
    }
    assay_attack_options options = options_for(a, 0);
    few.n = few.n < MOST ? few.n : MOST;
    assay_status status = ASSAY_OK;
    ASSAY_GOTO(assay_args_new(&args, pgd->op, err), done);
    ASSAY_GOTO(assay_args_set(args, "steps", "100", err), done);
    ASSAY_GOTO(assay_args_set(args, "rel_step", "0.02", err), done);
    options.attack = args;
    options.norm = ASSAY_NORM_LINF;
    options.eps = eps;
    options.n_eps = 1;
    options.n_transfer = 0;
    options.keep_events = false;
    options.log = NULL;
    ASSAY_GOTO(assay_attack_run(&r, &few, &options, err), done);
    a->unbounded_n = few.n;
    for (int64_t i = 0; i < few.n; i++) {
        a->unbounded_left += r->clean[i] == r->label[i] && !r->success[i];
    }
done:
    assay_attack_result_free(r);
    assay_args_free(args);
    return status;
}

/* Not controls alone. */
static bool has_attack(const assay_assess_options *o)
{
    for (int32_t k = 0; k < o->n_attacks; k++) {
        const assay_attack *attack = o->attacks[k]->op->attack;
        if (!(attack->traits & ASSAY_ATTACK_CONTROL) && attack->access != ASSAY_ACCESS_LABELS) {
            return true;
        }
    }
    return false;
}

/* The attack that has to find what is planted: the first one named that can follow cross-entropy, and
 * then does, since a question with two answers has no ratio of logit differences; else PGD; without
 * gradients Square. */
static assay_status planted_attack(assay_args **out, const assay_assess_options *o,
                                   assay_error *err)
{
    static const char *const names[] = {"pgd", "apgd_ce", "square"};
    assay_error unused = {0};
    assay_model *gradients = o->substitute != NULL ? o->substitute : o->models[0];
    size_t first = assay_attack_gives_gradients(gradients, &unused) ? 0 : 2;
    for (size_t i = first; i < ASSAY_COUNT(names); i++) {
        for (int32_t k = 0; k < o->n_attacks; k++) {
            if (assay_text_equal(o->attacks[k]->op->name, names[i])) {
                double loss = 0.0;
                ASSAY_TRY(assay_args_copy(out, o->attacks[k], err));
                return assay_args_get(&loss, *out, "loss") && first == 0
                           ? assay_args_set(*out, "loss", "ce", err)
                           : ASSAY_OK;
            }
        }
    }
    return assay_args_parse(out, ASSAY_OP_ATTACK, first == 0 ? "pgd" : "square:queries=500", err);
}

static assay_status run_planted(assay_assessment *a, assay_error *err)
{
    const assay_assess_options *o = a->options;
    bool norm = o->norm == ASSAY_NORM_LINF || o->norm == ASSAY_NORM_L2;
    assay_args *attack = NULL;
    if (!norm || o->n_eps < 1 || o->n_models != 1 ||
        o->models[0]->spec.scores == ASSAY_SCORES_LABELS || !has_attack(o)) {
        return ASSAY_OK;
    }
    assay_attack_options options = options_for(a, 0);
    assay_status status = planted_attack(&attack, o, err);
    if (status == ASSAY_OK) {
        options.attack = attack;
        options.eps = o->eps + o->n_eps - 1;
        a->planted_by = attack->op->name;
        status = assay_attack_plant(&a->planted, &a->images, &options, err);
    }
    assay_args_free(attack);
    return status;
}

/* 0.001^(1/n) is above one half from the tenth draw on. */
static assay_status check_certificate(const assay_assess_options *o, assay_error *err)
{
    enum { LEAST = 10 };
    return o->certify > 0.0 && o->certify_draws > 0 && o->certify_draws < LEAST
               ? assay_fail(err, ASSAY_EINVAL,
                            "%" PRId64 " draws for a certificate: fewer than %d show nothing, "
                            "whatever the answers",
                            o->certify_draws, (int)LEAST)
               : ASSAY_OK;
}

static assay_status certify(assay_assessment *a, assay_error *err)
{
    const assay_assess_options *o = a->options;
    if (o->certify <= 0.0) {
        return ASSAY_OK;
    }
    assay_attack_options options = options_for(a, 0);
    assay_attack_images untargeted = a->images;
    untargeted.targets = NULL;
    options.what = "certify";
    a->smoothing = (assay_smoothing){.sigma = o->certify,
                                     .first = 100,
                                     .draws = o->certify_draws > 0 ? o->certify_draws : 1000,
                                     .alpha = 0.001};
    a->certified = assay_arena_alloc(a->arena, (size_t)a->images.n, sizeof *a->certified);
    a->radius = assay_arena_alloc(a->arena, (size_t)a->images.n, sizeof *a->radius);
    if (a->certified == NULL || a->radius == NULL) {
        return assay_fail_memory(err);
    }
    return assay_smooth(a->certified, a->radius, &untargeted, &options, &a->smoothing, err);
}

/* Before the hours that attacks may take. */
static assay_status check_by(const assay_assess_options *o, assay_error *err)
{
    const assay_table *table = o->data->metadata;
    bool known = o->by == NULL || (table != NULL && assay_table_find(table, o->by) != NULL);
    return known ? ASSAY_OK
                 : assay_fail(err, ASSAY_EINVAL, "data %s has no metadata column '%s'",
                              o->data->name, o->by);
}

/* A transfer attack: the attacker's own model says where to go, the attacked one sees the last point. */
static assay_status prepare_proxies(assay_assessment *a, assay_error *err)
{
    const assay_assess_options *o = a->options;
    if (o->n_proxies == 0) {
        return ASSAY_OK;
    }
    for (int32_t k = 0; k < o->n_attacks; k++) {
        if (assay_is_for_transfer(o->attacks[k])) {
            return assay_args_copy(&a->proxy_attack, o->attacks[k], err);
        }
    }
    if (o->norm != ASSAY_NORM_LINF) {
        return assay_fail(
            err, ASSAY_EINVAL,
            "transfer from a proxy is made with mi_fgsm and its like, which have norm "
            "linf only");
    }
    return assay_args_parse(&a->proxy_attack, ASSAY_OP_ATTACK, "mi_fgsm", err);
}

/* An ONNX graph may hold a node without a gradient rule: said once, with the node. */
static assay_status look_for_gradients(assay_assessment *a, assay_error *err)
{
    assay_model *model = a->options->models[0];
    assay_error reason = {0};
    if (model->backend->gradient == NULL || assay_attack_gives_gradients(model, &reason)) {
        return ASSAY_OK;
    }
    a->no_gradients = assay_arena_strdup(a->arena, reason.message);
    return a->no_gradients != NULL ? ASSAY_OK : assay_fail_memory(err);
}

assay_status assay_assess(assay_assessment **out, const assay_assess_options *options,
                          assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_arena *arena = NULL;
    assay_assessment *a = NULL;
    *out = NULL;
    int32_t n = options->n_attacks + options->n_proxies;
    if (options->n_attacks < 1 || n > ASSAY_ASSESS_ATTACKS) {
        return assay_fail(err, ASSAY_EINVAL, "%d attacks, expected 1 to %d", n,
                          (int)ASSAY_ASSESS_ATTACKS);
    }
    ASSAY_TRY(assay_arena_new(&arena, (size_t)8 << 30, err));
    a = assay_arena_alloc(arena, 1, sizeof *a);
    if (a == NULL) {
        assay_arena_free(arena);
        return assay_fail_memory(err);
    }
    a->arena = arena;
    a->options = options;
    ASSAY_GOTO(check_by(options, err), done);
    ASSAY_GOTO(check_certificate(options, err), done);
    ASSAY_GOTO(prepare_images(a, err), done);
    ASSAY_GOTO(find_donors(a, err), done);
    ASSAY_GOTO(prepare_proxies(a, err), done);
    ASSAY_GOTO(look_for_gradients(a, err), done);
    for (int32_t k = 0; k < n; k++) {
        assay_attack_options one = options_for(a, k);
        ASSAY_GOTO(assay_attack_check(&a->images, &one, err), done);
    }
    ASSAY_GOTO(probe(a, err), done);
    for (int32_t k = 0; k < n; k++) {
        ASSAY_GOTO(run_one(a, k, err), done);
    }
    ASSAY_GOTO(run_unbounded(a, err), done);
    ASSAY_GOTO(run_planted(a, err), done);
    ASSAY_GOTO(assay_assess_matrix(a, err), done);
    ASSAY_GOTO(certify(a, err), done);
    ASSAY_GOTO(assay_assess_checks(a, err), done);
    *out = a;
    a = NULL;
done:
    assay_assessment_free(a);
    return status;
}

void assay_assessment_free(assay_assessment *a)
{
    if (a == NULL) {
        return;
    }
    for (int32_t k = 0; k < ASSAY_ASSESS_ATTACKS; k++) {
        assay_attack_result_free(a->attacks[k].result);
    }
    assay_args_free(a->proxy_attack);
    assay_arena_free(a->arena);
}
