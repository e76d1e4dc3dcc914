#include "assay/attack.h"

#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "adapters/filesystem/dataset_open.h"
#include "adapters/filesystem/file.h"
#include "api/attack.h"
#include "api/run.h"
#include "base/alloc.h"
#include "base/text.h"
#include "codec/json_value.h"
#include "report/report.h"

typedef struct job {
    assay_context *context;
    const assay_attack_request *request;
    assay_arena *arena;
    assay_dataset *data;
    assay_model *models[ASSAY_ATTACK_MODELS], *transfer[ASSAY_ATTACK_MODELS], *substitute;
    assay_model *proxies[ASSAY_ATTACK_MODELS];
    int32_t n_models, n_transfer, n_proxies;
    assay_model
        *matrix[ASSAY_ATTACK_MODELS]; /* borrowed: the attacked one, then those of transfer */
    int32_t n_matrix;
    double matrix_eps;
    assay_args *attacks[ASSAY_ASSESS_ATTACKS];
    int32_t n_attacks;
    double eps[ASSAY_ATTACK_EPS];
    int32_t n_eps;
    assay_norm norm;
    uint8_t *mask;
    assay_attack_memory memory;
    assay_assessment *assessment;
} job;

/* "8/255" or "0.03". */
static bool parse_eps(double *out, const char *text)
{
    char first[64];
    const char *slash = strchr(text, '/');
    double below = 1.0;
    size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
    if (length >= sizeof first) {
        return false;
    }
    memcpy(first, text, length);
    first[length] = '\0';
    if (slash != NULL && (!assay_text_to_real(&below, slash + 1) || !(below > 0.0))) {
        return false;
    }
    if (!assay_text_to_real(out, first)) {
        return false;
    }
    *out /= below;
    return true;
}

assay_status assay_parse_budgets(double *eps, int32_t *n, const char *list, assay_error *err)
{
    char item[64];
    *n = 0;
    for (const char *at = list; *at != '\0';) {
        size_t length = strcspn(at, ",");
        if (length == 0 || length >= sizeof item || *n >= ASSAY_ATTACK_EPS) {
            return assay_fail(err, ASSAY_EINVAL,
                              "eps is '%s', expected up to %d numbers or fractions with commas "
                              "between them, such as 2/255,4/255",
                              list, (int)ASSAY_ATTACK_EPS);
        }
        memcpy(item, at, length);
        item[length] = '\0';
        if (!parse_eps(&eps[*n], item)) {
            return assay_fail(err, ASSAY_EINVAL,
                              "eps '%s' is not a number or a fraction such as 8/255", item);
        }
        ++*n;
        at += length;
        at += *at == ',';
    }
    return ASSAY_OK;
}

static const char *const usual_eps[ASSAY_NORMS] = {"2/255,4/255,8/255,16/255", "0.25,0.5,1,2",
                                                   "2,5,10,20", "1,5,10,50"};

static assay_status parse_budget(job *j, assay_error *err)
{
    const char *norm = j->request->norm != NULL ? j->request->norm : "linf";
    if (!assay_norm_parse(&j->norm, norm)) {
        return assay_fail(err, ASSAY_EINVAL, "norm is '%s', expected linf, l2, l1 or l0", norm);
    }
    const char *list = j->request->eps != NULL ? j->request->eps : usual_eps[j->norm];
    return assay_parse_budgets(j->eps, &j->n_eps, list, err);
}

static assay_status open_one(assay_model **out, int32_t *n, const char *path, job *j,
                             assay_error *err)
{
    if (*n >= ASSAY_ATTACK_MODELS) {
        return assay_fail(err, ASSAY_EINVAL, "more than %d models", (int)ASSAY_ATTACK_MODELS);
    }
    ASSAY_TRY(assay_model_open_file(&out[*n], path, path, j->arena, err));
    ++*n;
    return ASSAY_OK;
}

/* Every .onnx file of a folder, in the order of their names. */
static assay_status open_folder(assay_model **out, int32_t *n, const char *folder, job *j,
                                assay_error *err)
{
    const char **names = NULL;
    int64_t count = 0;
    int32_t before = *n;
    ASSAY_TRY(assay_folder_list(&names, &count, folder, j->arena, err));
    for (int64_t i = 0; i < count; i++) {
        if (assay_text_ends_nocase(names[i], ".onnx")) {
            const char *path = assay_path_join(j->arena, folder, names[i]);
            if (path == NULL) {
                return assay_fail_memory(err);
            }
            ASSAY_TRY(open_one(out, n, path, j, err));
        }
    }
    return *n > before ? ASSAY_OK
                       : assay_fail(err, ASSAY_ENOTFOUND, "there is no .onnx file in %s", folder);
}

static assay_status open_list(assay_model **out, int32_t *n, const char *const *paths, job *j,
                              assay_error *err)
{
    for (size_t i = 0; paths != NULL && paths[i] != NULL; i++) {
        if (assay_file_kind(paths[i]) == 2) {
            ASSAY_TRY(open_folder(out, n, paths[i], j, err));
        } else {
            ASSAY_TRY(open_one(out, n, paths[i], j, err));
        }
    }
    return ASSAY_OK;
}

static assay_status open_inputs(job *j, assay_error *err)
{
    const assay_attack_request *r = j->request;
    assay_dataset_options options = {.target = r->target,
                                     .labels = r->labels,
                                     .skip_bad = r->skip_bad,
                                     .measure = 1,
                                     .threads = j->context->threads,
                                     .cancel = &j->context->cancel,
                                     .log = &j->context->log};
    ASSAY_TRY(open_one(j->models, &j->n_models, r->model, j, err));
    if (assay_model_is_segmenter(j->models[0])) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "%s gives a class per pixel; what is attacked are classes of images",
                          r->model);
    }
    if (assay_model_is_detector(j->models[0])) {
        return assay_fail(
            err, ASSAY_EUNSUPPORTED,
            "%s is a detector: it gives boxes, not classes. `assay model cut %s --head "
            "verdict -o verdict.onnx` makes a classifier of it that can be attacked",
            r->model, r->model);
    }
    ASSAY_TRY(open_list(j->models, &j->n_models, r->with, j, err));
    ASSAY_TRY(open_list(j->proxies, &j->n_proxies, r->proxy, j, err));
    ASSAY_TRY(open_list(j->transfer, &j->n_transfer, r->transfer, j, err));
    if (r->gradients != NULL) {
        ASSAY_TRY(assay_model_open_file(&j->substitute, r->gradients, r->gradients, j->arena, err));
    }
    ASSAY_TRY(assay_dataset_open(&j->data, r->data, &options, err));
    if (r->where != NULL) {
        j->mask = assay_alloc((size_t)j->data->n, 1);
        if (j->mask == NULL) {
            return assay_fail_memory(err);
        }
        if (j->data->metadata == NULL) {
            return assay_fail(err, ASSAY_EINVAL, "'where' needs metadata columns, %s has none",
                              j->data->name);
        }
        return assay_duckdb_select(j->mask, j->data->metadata, r->where, err);
    }
    return ASSAY_OK;
}

int32_t assay_assess_repeats(const assay_assess_options *o)
{
    enum { RAND = 2, BY_CONVENTION = 20 }; /* of the authors' code: version "rand", eot_iter */
    double version = 0.0;
    for (int32_t k = 0; o->repeats == 0 && k < o->n_attacks; k++) {
        if (assay_text_equal(o->attacks[k]->op->name, "autoattack") &&
            assay_args_get(&version, o->attacks[k], "version") && (int)version == RAND) {
            return BY_CONVENTION;
        }
    }
    return o->repeats;
}

/* What is tried when nothing is named. Attacks without this norm are left out. */
assay_status assay_usual_attacks(assay_args **out, int32_t *n, assay_model *model,
                                 assay_model *substitute, assay_norm norm, assay_error *err)
{
    static const char *const gradients[] = {"fgsm", "pgd", "autoattack", "fmn", "noise", NULL};
    static const char *const scores[] = {"square", "noise", "spatial", NULL};
    static const char *const labels[] = {"noise", "spatial", NULL};
    assay_error unused = {0};
    bool slopes = substitute != NULL || assay_attack_gives_gradients(model, &unused);
    const char *const *names = model->spec.scores == ASSAY_SCORES_LABELS ? labels
                               : slopes                                  ? gradients
                                                                         : scores;
    for (size_t i = 0; names[i] != NULL; i++) {
        ASSAY_TRY(assay_args_parse(&out[*n], ASSAY_OP_ATTACK, names[i], err));
        const assay_attack *attack = out[*n]->op->attack;
        bool other_has = names == gradients && norm != ASSAY_NORM_L0 &&
                         strcmp(names[i], "fmn") == 0; /* autoattack says more */
        if ((attack->norms == 0 || attack->norms & 1u << norm) && !other_has) {
            ++*n;
        } else {
            assay_args_free(out[*n]);
            out[*n] = NULL;
        }
    }
    return ASSAY_OK;
}

static assay_status parse_attacks(job *j, assay_error *err)
{
    const char *const *names = j->request->attacks;
    if (names == NULL || names[0] == NULL) {
        return assay_usual_attacks(j->attacks, &j->n_attacks, j->models[0], j->substitute, j->norm,
                                   err);
    }
    for (size_t i = 0; names[i] != NULL; i++) {
        if (j->n_attacks >= ASSAY_ASSESS_ATTACKS) {
            return assay_fail(err, ASSAY_EINVAL, "more than %d attacks", (int)ASSAY_ASSESS_ATTACKS);
        }
        ASSAY_TRY(assay_args_parse(&j->attacks[j->n_attacks], ASSAY_OP_ATTACK, names[i], err));
        j->n_attacks++;
    }
    return ASSAY_OK;
}

static assay_status find_target(int32_t *out, const job *j, assay_error *err)
{
    const assay_model_spec *spec = &j->models[0]->spec;
    const char *wanted = j->request->target_class;
    *out = -1;
    for (int32_t c = 0; wanted != NULL && c < spec->classes; c++) {
        if (assay_text_equal(spec->class_names[c], wanted)) {
            *out = c;
        }
    }
    if (wanted != NULL && *out < 0) {
        const char *nearest = assay_text_nearest(wanted, spec->class_names, (size_t)spec->classes);
        return assay_fail(err, ASSAY_EINVAL, "model %s has no class '%s'%s%s%s", j->models[0]->name,
                          wanted, nearest != NULL ? ": did you mean '" : "",
                          nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
    }
    return ASSAY_OK;
}

/* A folder of models may hold the attacked one too: it counts once. */
static assay_status list_matrix(job *j, assay_error *err)
{
    if (j->request->matrix == NULL) {
        return ASSAY_OK;
    }
    if (!parse_eps(&j->matrix_eps, j->request->matrix)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the matrix's eps '%s' is not a number or a fraction such as 8/255",
                          j->request->matrix);
    }
    j->matrix[j->n_matrix++] = j->models[0];
    for (int32_t t = 0; t < j->n_transfer; t++) {
        if (assay_text_equal(j->transfer[t]->digest, j->models[0]->digest)) {
            continue;
        }
        if (j->n_matrix >= ASSAY_ATTACK_MODELS) {
            return assay_fail(err, ASSAY_EINVAL, "a transfer matrix of more than %d models",
                              (int)ASSAY_ATTACK_MODELS);
        }
        j->matrix[j->n_matrix++] = j->transfer[t];
    }
    return ASSAY_OK;
}

/* All that is said of an assessment, but for its attacks and the class to reach. */
static assay_assess_options options_of(const job *j)
{
    const assay_attack_request *r = j->request;
    return (assay_assess_options){.context = j->context,
                                  .models = j->models,
                                  .n_models = j->n_models,
                                  .substitute = j->substitute,
                                  .transfer = j->transfer,
                                  .n_transfer = j->n_transfer,
                                  .proxies = j->proxies,
                                  .n_proxies = j->n_proxies,
                                  .matrix = j->matrix,
                                  .n_matrix = j->n_matrix,
                                  .matrix_eps = j->matrix_eps,
                                  .data = j->data,
                                  .mask = j->mask,
                                  .norm = j->norm,
                                  .eps = j->eps,
                                  .n_eps = j->n_eps,
                                  .limit = r->limit,
                                  .budget = r->budget,
                                  .repeats = r->repeats,
                                  .noise = r->noise,
                                  .level = r->level > 0.0 ? r->level : 0.95,
                                  .seed = r->seed != 0 ? r->seed : 1,
                                  .certify = r->certify,
                                  .certify_draws = r->certify_draws,
                                  .by = r->by,
                                  .folder = r->out,
                                  .own_answers = r->own_answers != 0,
                                  .memory = &j->memory};
}

/* Before anybody asks the models. */
static assay_status fit_models(job *j, assay_error *err)
{
    int64_t allowed = 0;
    const char *text = j->request->memory;
    if (text != NULL && !assay_text_to_bytes(&allowed, text)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "memory is '%s', expected a number with a unit, such as 2GB or 512MB",
                          text);
    }
    const assay_assess_options options = options_of(j);
    return assay_assess_fit(&j->memory, &options, allowed, err);
}

static assay_status assess(job *j, assay_error *err)
{
    const assay_attack_request *r = j->request;
    assay_assess_options options = options_of(j);
    options.attacks = (const assay_args *const *)j->attacks;
    options.n_attacks = j->n_attacks;
    options.repeats = assay_assess_repeats(&options);
    assay_assess_options *kept = assay_arena_alloc(j->arena, 1, sizeof *kept);
    if (kept == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(find_target(&options.target, j, err));
    *kept = options;
    if (r->out != NULL) {
        ASSAY_TRY(assay_folder_make(r->out, err));
    }
    return assay_assess(&j->assessment, kept, err);
}

static assay_status summarise(assay_attack_summary *out, const assay_assessment *a,
                              assay_error *err)
{
    const assay_selection all = {.label = -1};
    assay_share share;
    ASSAY_TRY(assay_clean_share(&share, a, all, err));
    out->n = a->images.n;
    out->right = share.x;
    out->robust = share.x;
    if (a->options->n_eps > 0) {
        ASSAY_TRY(assay_robust_share(&share, a, -1, a->options->n_eps - 1, all, err));
        out->robust = share.x;
    }
    for (int32_t c = 0; c < a->n_checks; c++) {
        out->warnings += a->checks[c].state == ASSAY_CHECK_WARNING;
    }
    return ASSAY_OK;
}

static assay_status write_report(const job *j, const assay_buffer *json, assay_error *err)
{
    const char *path = assay_path_join(j->arena, j->request->out, "report.html");
    assay_json_doc *doc = NULL;
    assay_buffer html;
    if (path == NULL) {
        return assay_fail_memory(err);
    }
    assay_buffer_init(&html, 0);
    assay_status status = assay_json_parse(&doc, json->data, json->size, 0, err);
    if (status == ASSAY_OK) {
        status = assay_report_attack(&html, assay_json_root(doc), err);
    }
    if (status == ASSAY_OK) {
        status = assay_file_write(path, html.data, html.size, err);
    }
    assay_json_doc_free(doc);
    assay_buffer_dispose(&html);
    return status;
}

static assay_status render(char **json, char **table, const job *j, assay_error *err)
{
    assay_buffer text;
    assay_json writer;
    assay_status status = ASSAY_OK;
    assay_buffer_init(&text, 0);
    assay_json_init(&writer, &text, 1);
    ASSAY_GOTO(assay_assessment_json(&writer, j->assessment, err), done);
    assay_buffer_putc(&text, '\n');
    if (j->request->out != NULL) {
        const char *path = assay_path_join(j->arena, j->request->out, "attack.json");
        if (path == NULL) {
            status = assay_fail_memory(err);
            goto done;
        }
        ASSAY_GOTO(assay_file_write(path, text.data, text.size, err), done);
        ASSAY_GOTO(write_report(j, &text, err), done);
    }
    if (json != NULL) {
        ASSAY_GOTO(assay_text_take(json, &text, err), done);
    }
    if (table != NULL) {
        assay_buffer_clear(&text);
        ASSAY_GOTO(assay_assessment_text(&text, j->assessment, err), done);
        status = assay_text_take(table, &text, err);
    }
done:
    assay_buffer_dispose(&text);
    return status;
}

static assay_status carry_out(char **json, char **table, assay_attack_summary *summary, job *j,
                              assay_error *err)
{
    ASSAY_TRY(parse_budget(j, err));
    ASSAY_TRY(open_inputs(j, err));
    ASSAY_TRY(list_matrix(j, err));
    ASSAY_TRY(fit_models(j, err));
    ASSAY_TRY(parse_attacks(j, err));
    ASSAY_TRY(assess(j, err));
    ASSAY_TRY(summarise(summary, j->assessment, err));
    return render(json, table, j, err);
}

assay_status assay_attack_model(char **json, char **table, assay_attack_summary *summary,
                                assay_context *context, const assay_attack_request *request,
                                assay_error *err)
{
    assay_attack_summary unused = {0};
    if (json != NULL) {
        *json = NULL;
    }
    if (table != NULL) {
        *table = NULL;
    }
    summary = summary != NULL ? summary : &unused;
    memset(summary, 0, sizeof *summary);
    if (request->struct_size != sizeof *request || request->model == NULL ||
        request->data == NULL) {
        return assay_fail(err, ASSAY_EINVAL,
                          "assay_attack_request is incomplete: model and data are needed");
    }
    job *j = assay_alloc(1, sizeof *j);
    if (j == NULL) {
        return assay_fail_memory(err);
    }
    j->context = context;
    j->request = request;
    assay_status status = assay_arena_new(&j->arena, (size_t)1 << 30, err);
    if (status == ASSAY_OK) {
        status = carry_out(json, table, summary, j, err);
    }
    assay_assessment_free(j->assessment);
    for (int32_t k = 0; k < ASSAY_ASSESS_ATTACKS; k++) {
        assay_args_free(j->attacks[k]);
    }
    for (int32_t m = 0; m < ASSAY_ATTACK_MODELS; m++) {
        assay_model_free(j->models[m]);
        assay_model_free(j->transfer[m]);
        assay_model_free(j->proxies[m]);
    }
    assay_model_free(j->substitute);
    assay_dataset_free(j->data);
    assay_free(j->mask);
    assay_arena_free(j->arena);
    assay_free(j);
    return status;
}
