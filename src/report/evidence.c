#include "report/evidence.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

static const assay_json_value *list_of(const assay_json_value *root, const char *key)
{
    const assay_json_value *list = assay_json_get(root, key);
    return assay_json_is_array(list) ? list : NULL;
}

double assay_evidence_real(const assay_json_value *object, const char *key)
{
    return assay_json_get_real(object, key, NAN);
}

static const char *verdict_names[] = {"MET", "NOT MET", "INCONCLUSIVE", "NOT EVALUATED"};

assay_verdict_kind assay_evidence_verdict(const assay_json_value *verdict)
{
    const char *name = assay_json_get_text(verdict, "verdict", "");
    for (int i = 0; i < ASSAY_VERDICT_NOT_EVALUATED; i++) {
        if (assay_text_equal(name, verdict_names[i])) {
            return (assay_verdict_kind)i;
        }
    }
    return ASSAY_VERDICT_NOT_EVALUATED;
}

const char *assay_evidence_verdict_name(assay_verdict_kind kind)
{
    return verdict_names[kind];
}

static assay_status read_names(assay_evidence *evidence, assay_error *err)
{
    evidence->n_models = assay_json_size(evidence->models);
    if (evidence->n_models > ASSAY_EVIDENCE_MODELS) {
        evidence->n_models = ASSAY_EVIDENCE_MODELS;
    }
    evidence->n_contexts = assay_json_size(evidence->contexts);
    if (evidence->n_contexts > ASSAY_EVIDENCE_CONTEXTS) {
        evidence->n_contexts = ASSAY_EVIDENCE_CONTEXTS;
    }
    evidence->model_names =
        assay_arena_alloc(evidence->arena, evidence->n_models + 1, sizeof(char *));
    evidence->context_names =
        assay_arena_alloc(evidence->arena, evidence->n_contexts + 1, sizeof(char *));
    evidence->headline_values = assay_arena_alloc(
        evidence->arena, evidence->n_models * evidence->n_contexts + 1, sizeof(void *));
    if (evidence->model_names == NULL || evidence->context_names == NULL ||
        evidence->headline_values == NULL) {
        return assay_fail_memory(err);
    }
    for (size_t i = 0; i < evidence->n_models; i++) {
        evidence->model_names[i] =
            assay_json_get_text(assay_json_at(evidence->models, i), "name", "");
    }
    for (size_t i = 0; i < evidence->n_contexts; i++) {
        evidence->context_names[i] =
            assay_json_get_text(assay_json_at(evidence->contexts, i), "name", "");
    }
    return ASSAY_OK;
}

/** Measures stand in order of models and contexts, so the last hit is tried first. */
static int find_name(const char *const *names, size_t n, const char *name, int hint)
{
    if (name == NULL) {
        return -1;
    }
    if (hint >= 0 && (size_t)hint < n && strcmp(names[hint], name) == 0) {
        return hint;
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* Average precision is a mean over classes by its nature. */
static bool is_overall(const assay_json_value *measure)
{
    return assay_json_is_null(assay_json_get(measure, "class")) &&
           (assay_json_is_null(assay_json_get(measure, "average")) ||
            assay_text_ends(assay_json_get_text(measure, "metric", ""), "_average_precision"));
}

static void choose_headline(assay_evidence *evidence)
{
    size_t n = assay_json_size(evidence->measures);
    evidence->headline = "accuracy";
    const char *first = NULL;
    evidence->headline_iou = "";
    for (size_t i = 0; i < n; i++) {
        const assay_json_value *measure = assay_json_at(evidence->measures, i);
        const char *metric = assay_json_get_text(measure, "metric", "");
        if (is_overall(measure)) {
            if (strcmp(metric, "accuracy") == 0) {
                return;
            }
            if (first == NULL) {
                first = metric;
                evidence->headline_iou =
                    assay_json_get_text(assay_json_get(measure, "params"), "iou", "");
            }
        }
    }
    if (first != NULL) {
        evidence->headline = first;
    }
}

static void index_headline(assay_evidence *evidence)
{
    size_t n = assay_json_size(evidence->measures);
    int model = 0, context = 0;
    for (size_t i = 0; i < n; i++) {
        const assay_json_value *measure = assay_json_at(evidence->measures, i);
        if (!is_overall(measure) ||
            strcmp(assay_json_get_text(measure, "metric", ""), evidence->headline) != 0) {
            continue;
        }
        model = find_name(evidence->model_names, evidence->n_models,
                          assay_json_get_text(measure, "model", NULL), model);
        context = find_name(evidence->context_names, evidence->n_contexts,
                            assay_json_get_text(measure, "context", NULL), context);
        if (model >= 0 && context >= 0) {
            size_t at = (size_t)model * evidence->n_contexts + (size_t)context;
            if (evidence->headline_values[at] == NULL) {
                evidence->headline_values[at] = measure;
            }
        }
    }
}

assay_status assay_evidence_open(assay_evidence *out, const assay_json_value *results,
                                 assay_error *err)
{
    *out = (assay_evidence){.root = results};
    if (!assay_json_is_object(results)) {
        return assay_fail(err, ASSAY_EFORMAT, "results: an object was expected");
    }
    ASSAY_TRY(assay_arena_new(&out->arena, 0, err));
    out->run = assay_json_get(results, "run");
    out->models = list_of(results, "models");
    out->data = list_of(results, "data");
    out->contexts = list_of(results, "contexts");
    out->sweeps = list_of(results, "sweeps");
    out->measures = list_of(results, "measures");
    out->curves = list_of(results, "curves");
    out->verdicts = list_of(results, "verdicts");
    out->findings = list_of(results, "findings");
    out->examples = list_of(results, "examples");
    out->breakdowns = list_of(results, "breakdowns");
    out->provenance = assay_json_get(results, "provenance");
    out->marking = assay_json_get_text(out->run, "marking", "");
    assay_status status = read_names(out, err);
    if (status != ASSAY_OK) {
        assay_arena_free(out->arena);
        *out = (assay_evidence){0};
        return status;
    }
    choose_headline(out);
    index_headline(out);
    for (size_t i = 0; i < assay_json_size(out->verdicts); i++) {
        out->counts[assay_evidence_verdict(assay_json_at(out->verdicts, i))]++;
    }
    return ASSAY_OK;
}

int assay_evidence_model(const assay_evidence *evidence, const char *name)
{
    return find_name(evidence->model_names, evidence->n_models, name, 0);
}

int assay_evidence_context(const assay_evidence *evidence, const char *name)
{
    return find_name(evidence->context_names, evidence->n_contexts, name, 0);
}

static const char *title_at(const assay_json_value *list, size_t i)
{
    const assay_json_value *item = assay_json_at(list, i);
    const char *title = assay_json_get_text(item, "title", "");
    return title[0] != '\0' ? title : assay_json_get_text(item, "name", "");
}

const char *assay_evidence_model_title(const assay_evidence *evidence, int model)
{
    return model < 0 ? "" : title_at(evidence->models, (size_t)model);
}

const char *assay_evidence_context_title(const assay_evidence *evidence, int context)
{
    return context < 0 ? "" : title_at(evidence->contexts, (size_t)context);
}

const char *assay_evidence_title(const assay_json_value *list, const char *name)
{
    for (size_t i = 0; i < assay_json_size(list); i++) {
        if (assay_text_equal(assay_json_get_text(assay_json_at(list, i), "name", NULL), name)) {
            return title_at(list, i);
        }
    }
    return name;
}

const char *assay_evidence_place(const assay_evidence *evidence, const assay_json_value *item)
{
    const char *attack = assay_json_get_text(item, "attack", NULL);

    return attack
               ? assay_evidence_title(assay_json_get(evidence->root, "attacks"), attack)
               : assay_evidence_title(evidence->contexts, assay_json_get_text(item, "context", ""));
}

const char *assay_evidence_data_title(const assay_evidence *evidence, const char *name)
{
    return assay_evidence_title(evidence->data, name);
}

const assay_json_value *assay_evidence_headline(const assay_evidence *evidence, int model,
                                                int context)
{
    if (model < 0 || context < 0 || (size_t)model >= evidence->n_models ||
        (size_t)context >= evidence->n_contexts) {
        return NULL;
    }
    return evidence->headline_values[(size_t)model * evidence->n_contexts + (size_t)context];
}

static bool belongs(const assay_evidence *evidence, const assay_json_value *item, int model,
                    int context)
{
    return assay_text_equal(assay_json_get_text(item, "model", NULL),
                            evidence->model_names[model]) &&
           assay_text_equal(assay_json_get_text(item, "context", NULL),
                            evidence->context_names[context]);
}

const assay_json_value *assay_evidence_find(const assay_evidence *evidence, int model, int context,
                                            assay_measure_fits *fits, const void *what,
                                            const char *class_name)
{
    size_t n = assay_json_size(evidence->measures);
    for (size_t i = 0; i < n; i++) {
        const assay_json_value *m = assay_json_at(evidence->measures, i);
        if (fits(m, what, class_name) &&
            assay_evidence_model(evidence, assay_json_get_text(m, "model", NULL)) == model &&
            assay_evidence_context(evidence, assay_json_get_text(m, "context", NULL)) == context) {
            return m;
        }
    }
    return NULL;
}

const assay_json_value *assay_evidence_curve(const assay_evidence *evidence, const char *name,
                                             int model, int context)
{
    size_t n = assay_json_size(evidence->curves);
    for (size_t i = 0; i < n; i++) {
        const assay_json_value *curve = assay_json_at(evidence->curves, i);
        if (assay_text_equal(assay_json_get_text(curve, "curve", ""), name) &&
            belongs(evidence, curve, model, context)) {
            return curve;
        }
    }
    return NULL;
}

int assay_evidence_column(const assay_json_value *curve, const char *name)
{
    const assay_json_value *columns = assay_json_get(curve, "columns");
    if (assay_json_is_array(columns)) {
        for (size_t i = 0; i < assay_json_size(columns) && i < 64; i++) {
            if (assay_text_equal(assay_json_as_text(assay_json_at(columns, i), NULL), name)) {
                return (int)i;
            }
        }
    }
    return -1;
}

bool assay_evidence_is_dataset(const assay_evidence *evidence, int context)
{
    const assay_json_value *item = assay_json_at(evidence->contexts, (size_t)context);
    return assay_text_equal(assay_json_get_text(item, "kind", ""), "dataset");
}

bool assay_evidence_in_sweep(const assay_evidence *evidence, int context)
{
    const assay_json_value *item = assay_json_at(evidence->contexts, (size_t)context);
    return assay_json_get_text(item, "sweep", "")[0] != '\0';
}

void *assay_evidence_alloc(const assay_evidence *evidence, assay_buffer *out, size_t count,
                           size_t size)
{
    void *memory = assay_arena_alloc(evidence->arena, count, size);
    if (memory == NULL && out->failed == ASSAY_OK) {
        out->failed = ASSAY_ENOMEM;
    }
    return memory;
}

bool assay_evidence_about(const assay_json_value *verdict, const assay_json_value *measure)
{
    if (assay_json_get_text(verdict, "extreme", NULL) != NULL) {
        return false; /* of the groups, not of all rows */
    }
    const assay_json_value *wanted = assay_json_get(verdict, "params");
    const assay_json_value *has = assay_json_get(measure, "params");
    for (size_t i = 0; i < assay_json_size(wanted); i++) {
        const assay_json_value *value = NULL;
        const char *name = assay_json_member(wanted, i, &value);
        const assay_json_value *other = assay_json_get(has, name);
        const char *text = assay_json_as_text(value, NULL);
        if (assay_json_is_null(other)) {
            continue;
        }
        if (text != NULL ? strcmp(text, assay_json_as_text(other, "")) != 0
                         : assay_json_as_real(value, 0.0) != assay_json_as_real(other, 0.0)) {
            return false;
        }
    }
    return true;
}
