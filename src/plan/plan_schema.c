#include "core/describe.h"
#include "core/perturbation.h"
#include "plan/plan.h"

static void open_object(assay_json *json, const char *description)
{
    assay_json_begin_object(json);
    assay_json_put_text(json, "type", "object");
    if (description) {
        assay_json_put_text(json, "description", description);
    }
}

static void put_typed(assay_json *json, const char *key, const char *type, const char *description)
{
    assay_json_key(json, key);
    assay_json_begin_object(json);
    assay_json_put_text(json, "type", type);
    if (description) {
        assay_json_put_text(json, "description", description);
    }
    assay_json_end_object(json);
}

static void put_ref(assay_json *json, const char *key, const char *name)
{
    assay_json_key(json, key);
    assay_json_begin_object(json);
    assay_json_key(json, "$ref");
    char reference[96] = "#/$defs/";
    size_t at = 8;
    while (*name && at + 1 < sizeof reference) {
        reference[at++] = *name++;
    }
    reference[at] = '\0';
    assay_json_text(json, reference);
    assay_json_end_object(json);
}

static void put_texts(assay_json *json, const char *key)
{
    assay_json_key(json, key);
    assay_json_raw(json, "{\"type\":\"array\",\"items\":{\"type\":[\"string\",\"number\"]}}");
}

/** "name", or {"name": {parameters}}: one alternative per operation. */
/* Plans test classification, detection and segmentation. */
static bool is_offered(const assay_op *op, assay_op_kind kind)
{
    return op->kind == kind && op->task != ASSAY_TASK_REGRESSION;
}

static void put_operations(assay_json *json, const assay_registry *registry, assay_op_kind kind)
{
    assay_json_key(json, assay_op_kind_name(kind));
    assay_json_begin_object(json);
    assay_json_key(json, "oneOf");
    assay_json_begin_array(json);
    assay_json_begin_object(json);
    assay_json_key(json, "enum");
    assay_json_begin_array(json);
    for (size_t i = 0; i < registry->n; i++) {
        if (is_offered(registry->ops[i], kind)) {
            assay_json_text(json, registry->ops[i]->name);
        }
    }
    assay_json_end_array(json);
    assay_json_end_object(json);
    open_object(json, NULL);
    assay_json_put_int(json, "minProperties", 1);
    assay_json_put_int(json, "maxProperties", 1);
    assay_json_put_bool(json, "additionalProperties", false);
    assay_json_key(json, "properties");
    assay_json_begin_object(json);
    for (size_t i = 0; i < registry->n; i++) {
        if (is_offered(registry->ops[i], kind)) {
            assay_json_key(json, registry->ops[i]->name);
            assay_describe_schema(json, registry->ops[i]);
        }
    }
    assay_json_end_object(json);
    assay_json_end_object(json);
    assay_json_end_array(json);
    assay_json_end_object(json);
}

static void put_model(assay_json *json)
{
    assay_json_key(json, "model");
    open_object(json, "exactly one of file, command, predictions");
    assay_json_put_bool(json, "additionalProperties", false);
    assay_json_key(json, "properties");
    assay_json_begin_object(json);
    put_typed(json, "title", "string", NULL);
    put_typed(json, "file", "string", "ONNX file");
    put_texts(json, "command");
    put_typed(json, "predictions", "string", "predictions file instead of a model");
    put_typed(json, "data", "string", "with predictions: the data set they belong to");
    put_typed(json, "target_column", "string", NULL);
    put_typed(json, "label_column", "string", NULL);
    put_typed(json, "id_column", "string", NULL);
    put_texts(json, "score_columns");
    put_typed(json, "score_kind", "string",
              "what the scores of the predictions file are: auto, probabilities or any");
    put_texts(json, "classes");
    put_typed(json, "input", "object", "preprocessing, see docs/preprocessing.md");
    put_typed(json, "output", "object",
              "scores of a classifier, or the decoder of a detector; see docs/detectors.md");
    put_typed(json, "batch", "integer", NULL);
    put_typed(json, "timeout", "number", "seconds that a command may take for one batch");
    assay_json_end_object(json);
    assay_json_end_object(json);
}

static void put_data(assay_json *json)
{
    static const char *const keys[] = {"title",     "path",   "target",  "path_column",
                                       "id_column", "root",   "labels",  "images",
                                       "cluster",   "format", "weights", "metadata"};

    assay_json_key(json, "data");
    open_object(json, NULL);
    assay_json_put_bool(json, "additionalProperties", false);
    assay_json_key(json, "properties");
    assay_json_begin_object(json);
    for (size_t i = 0; i < ASSAY_COUNT(keys); i++) {
        put_typed(json, keys[i], "string", NULL);
    }
    put_texts(json, "classes");
    assay_json_key(json, "ignore");
    assay_json_raw(json, "{\"type\":[\"string\",\"integer\"]}");
    assay_json_end_object(json);
    assay_json_end_object(json);
}

static void put_context(assay_json *json)
{
    assay_json_key(json, "context");
    open_object(json, NULL);
    assay_json_put_bool(json, "additionalProperties", false);
    assay_json_key(json, "properties");
    assay_json_begin_object(json);
    put_typed(json, "title", "string", NULL);
    put_typed(json, "data", "string", NULL);
    put_typed(json, "where", "string", "SQL predicate over metadata columns");
    put_ref(json, "perturbation", "perturbation");
    put_texts(json, "models");
    assay_json_end_object(json);
    assay_json_end_object(json);
}

static void put_sweep(assay_json *json)
{
    assay_json_key(json, "sweep");
    open_object(json, "one perturbation over several strengths");
    assay_json_put_bool(json, "additionalProperties", false);
    assay_json_key(json, "required");
    assay_json_raw(json, "[\"perturbation\"]");
    assay_json_key(json, "properties");
    assay_json_begin_object(json);
    put_typed(json, "title", "string", NULL);
    put_typed(json, "data", "string", NULL);
    put_typed(json, "where", "string", NULL);
    put_typed(json, "perturbation", "string", NULL);
    assay_json_key(json, "severity");
    assay_json_raw(
        json, "{\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":5}}");
    assay_json_key(json, "values");
    assay_json_raw(json, "{\"type\":\"object\",\"minProperties\":1,\"maxProperties\":1,"
                         "\"additionalProperties\":{\"type\":\"array\"}}");
    put_texts(json, "models");
    assay_json_end_object(json);
    assay_json_end_object(json);
}

static void put_attacks(assay_json *json)
{
    static const char *const texts[] = {"title", "data",      "where",
                                        "by",    "gradients", "target_class"};

    assay_json_key(json, "attack_plan");
    open_object(json, "attacks on models that one is authorised to test");
    assay_json_put_bool(json, "additionalProperties", false);
    assay_json_key(json, "properties");
    assay_json_begin_object(json);
    for (size_t i = 0; i < ASSAY_COUNT(texts); i++) {
        put_typed(json, texts[i], "string", NULL);
    }
    put_texts(json, "models");
    put_texts(json, "with");
    put_texts(json, "proxies");
    put_texts(json, "transfer");
    assay_json_key(json, "matrix");
    assay_json_raw(json,
                   "{\"type\":[\"string\",\"number\"],\"description\":\"an eps: attack those of "
                   "transfer too and try all on all\"}");
    assay_json_key(json, "attacks");
    assay_json_raw(json, "{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/attack\"}}");
    assay_json_key(json, "norm");
    assay_json_raw(json, "{\"enum\":[\"linf\",\"l2\",\"l1\",\"l0\"]}");
    put_texts(json, "eps");
    put_typed(json, "memory", "string", "most memory of the process, such as 2GB");
    put_typed(json, "own_answers", "boolean", "the model's own answers count as right");
    put_typed(json, "limit", "integer", "most images, drawn by the seed");
    put_typed(json, "budget", "integer", "most queries of an image at one eps");
    put_typed(json, "repeats", "integer", "gradients are averaged over so many calls");
    put_typed(json, "noise", "number", "noise of this sigma on each of them");
    assay_json_end_object(json);
    assay_json_end_object(json);
}

static void put_groups(assay_json *json)
{
    assay_json_key(json, "grouping");
    open_object(json, "groups of data that are compared, by columns of the metadata");
    assay_json_put_bool(json, "additionalProperties", false);
    assay_json_key(json, "required");
    assay_json_raw(json, "[\"columns\"]");
    assay_json_key(json, "properties");
    assay_json_begin_object(json);
    put_typed(json, "title", "string", NULL);
    put_texts(json, "columns");
    assay_json_key(json, "ranges");
    assay_json_raw(json, "{\"type\":\"object\",\"description\":\"cuts of numbers\","
                         "\"additionalProperties\":{\"type\":\"array\",\"items\":{\"type\":"
                         "\"number\"}}}");
    assay_json_key(json, "positive");
    assay_json_raw(json,
                   "{\"type\":[\"string\",\"number\"],\"description\":\"class that rates speak "
                   "of; absent: each class in turn\"}");
    put_typed(json, "least", "integer", "rows that a group must have; default 10");
    assay_json_end_object(json);
    assay_json_end_object(json);
}

static void put_requirement(assay_json *json)
{
    assay_json_key(json, "requirement");
    open_object(json, "exactly one of at_least, at_most; or all_of or any_of instead of a metric");
    assay_json_put_bool(json, "additionalProperties", false);
    assay_json_key(json, "required");
    assay_json_raw(json, "[\"id\",\"text\"]");
    assay_json_key(json, "properties");
    assay_json_begin_object(json);
    put_typed(json, "id", "string", NULL);
    put_typed(json, "text", "string", NULL);
    assay_json_key(json, "metric");
    assay_json_raw(json, "{\"anyOf\":[{\"$ref\":\"#/$defs/metric\"},"
                         "{\"enum\":[\"robust_accuracy\",\"minimum_norm\"]}]}");
    put_typed(json, "attack", "string", "an entry of attacks, for these two");
    assay_json_key(json, "eps");
    assay_json_raw(json, "{\"type\":[\"string\",\"number\"],\"description\":\"robust_accuracy: "
                         "one of the attack's budgets\"}");
    put_typed(json, "quantile", "number", "minimum_norm: of the images; default 0.5");
    assay_json_key(json, "class");
    assay_json_raw(json, "{\"type\":[\"string\",\"number\"]}");
    assay_json_key(json, "average");
    assay_json_raw(json, "{\"enum\":[\"macro\",\"micro\",\"weighted\"]}");
    put_typed(json, "model", "string", NULL);
    put_typed(json, "context", "string", NULL);
    put_typed(json, "at_least", "number", NULL);
    put_typed(json, "at_most", "number", NULL);
    put_typed(json, "confidence", "number", "one-sided; default 0.95");
    put_typed(json, "objective", "number", "the better value that is hoped for");
    assay_json_key(json, "sequential");
    assay_json_raw(
        json, "{\"description\":\"judge sample by sample, in the order of arrival\",\"anyOf\":["
              "{\"enum\":[\"mixture\",\"betting\",\"empirical_bernstein\",\"normal_mixture\","
              "\"sprt\",\"pool\"]},"
              "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
              "\"method\":{\"enum\":[\"mixture\",\"betting\",\"empirical_bernstein\",\"normal_"
              "mixture\",\"sprt\",\"pool\"]},"
              "\"order\":{\"type\":\"string\"},\"beta\":{\"type\":\"number\"},"
              "\"pool\":{\"type\":\"integer\"}}}]}");
    put_typed(json, "group", "string",
              "name of groups, for metrics that compare groups, and with extreme for any other");
    assay_json_key(json, "extreme");
    assay_json_raw(json, "{\"enum\":[\"worst\",\"best\",\"lowest\",\"highest\",\"difference\","
                         "\"ratio\"],\"description\":\"of the metric within the groups; "
                         "difference: highest less lowest, ratio: lowest by highest\"}");
    put_typed(json, "family", "string", "name of a family");
    put_typed(json, "source", "string", "document and section that it comes from");
    put_texts(json, "gate");
    put_texts(json, "all_of");
    put_texts(json, "any_of");
    assay_json_end_object(json);
    assay_json_end_object(json);
}

static void put_family(assay_json *json)
{
    assay_json_key(json, "family");
    open_object(json, "requirements that answer one question together");
    assay_json_put_bool(json, "additionalProperties", false);
    assay_json_key(json, "required");
    assay_json_raw(json, "[\"logic\"]");
    assay_json_key(json, "properties");
    assay_json_begin_object(json);
    assay_json_key(json, "logic");
    assay_json_raw(json, "{\"enum\":[\"all_must_pass\",\"any_fail_is_found\"]}");
    assay_json_key(json, "adjust");
    assay_json_raw(
        json, "{\"enum\":[\"none\",\"bonferroni\",\"sidak\",\"holm\",\"holm_sidak\",\"hochberg\","
              "\"bh\",\"by\",\"fixed_sequence\",\"e_bh\"]}");
    put_typed(json, "alpha", "number",
              "probability of any false NOT MET, of bh, by and e_bh the share of false ones; "
              "default 0.05");
    assay_json_end_object(json);
    assay_json_end_object(json);
}

static void put_map_of(assay_json *json, const char *key, const char *name)
{
    assay_json_key(json, key);
    assay_json_begin_object(json);
    assay_json_put_text(json, "type", "object");
    put_ref(json, "additionalProperties", name);
    assay_json_end_object(json);
}

static void put_list_of(assay_json *json, const char *key, const char *name)
{
    assay_json_key(json, key);
    assay_json_begin_object(json);
    assay_json_put_text(json, "type", "array");
    put_ref(json, "items", name);
    assay_json_end_object(json);
}

static void put_compare(assay_json *json)
{
    assay_json_key(json, "compare");
    open_object(json, NULL);
    assay_json_put_bool(json, "additionalProperties", false);
    assay_json_key(json, "properties");
    assay_json_begin_object(json);
    assay_json_key(json, "adjust");
    assay_json_raw(
        json, "{\"enum\":[\"holm\",\"hochberg\",\"holm_sidak\",\"sidak\",\"bonferroni\",\"bh\","
              "\"by\",\"max_t\",\"fixed_sequence\",\"none\"]}");
    put_typed(json, "margin", "number", "how much worse still counts as not worse");
    put_typed(json, "equivalence", "number",
              "how much models may differ and count as equally good");
    put_typed(json, "rope", "number", "differences up to it do not matter in practice");
    put_typed(json, "per_class", "boolean", "compare single classes too");
    put_typed(json, "exact", "boolean", "McNemar's exact test, not its mid-P version");
    assay_json_end_object(json);
    assay_json_end_object(json);
}

static void put_conventions(assay_json *json)
{
    assay_json_key(json, "convention");
    assay_json_begin_object(json);
    assay_json_key(json, "enum");
    assay_json_begin_array(json);
    for (size_t i = 0; assay_convention_name(i) != NULL; i++) {
        assay_json_text(json, assay_convention_name(i));
    }
    assay_json_end_array(json);
    assay_json_end_object(json);
}

static void put_detection(assay_json *json)
{
    static const char list[] = "{\"type\":[\"string\",\"number\",\"array\"]}";
    assay_json_key(json, "detection");
    open_object(json, "how detections are evaluated (docs/detection.md)");
    assay_json_put_bool(json, "additionalProperties", false);
    assay_json_key(json, "properties");
    assay_json_begin_object(json);
    assay_json_key(json, "iou_type");
    assay_json_raw(json, "{\"enum\":[\"bbox\",\"segm\",\"obb\",\"keypoints\"]}");
    put_conventions(json);
    assay_json_key(json, "iou");
    assay_json_raw(json, list);
    assay_json_key(json, "areas");
    assay_json_raw(json,
                   "{\"type\":[\"string\",\"object\"],\"description\":\"ranges beside all, in "
                   "square pixels: {small: [0, 1024], large: [1024, inf]}\"}");
    assay_json_key(json, "max_detections");
    assay_json_raw(json, list);
    assay_json_key(json, "recalls");
    assay_json_raw(json, list);
    assay_json_key(json, "sigmas");
    assay_json_raw(json, list);
    put_typed(json, "pixel", "boolean", "widths and heights count one pixel more");
    put_typed(json, "hierarchy", "string", "file of classes within classes (Open Images)");
    put_typed(json, "expand_predictions", "boolean",
              "with a hierarchy: results are of the broader classes too");
    assay_json_key(json, "voc_corners");
    assay_json_raw(json, "{\"enum\":[\"edges\",\"pixels\"]}");
    assay_json_end_object(json);
    assay_json_end_object(json);
}

static void put_root(assay_json *json)
{
    assay_json_key(json, "properties");
    assay_json_begin_object(json);
    assay_json_key(json, "assay");
    assay_json_raw(json, "{\"const\":1,\"description\":\"version of the plan format\"}");
    put_typed(json, "title", "string", NULL);
    put_typed(json, "description", "string", NULL);
    put_typed(json, "marking", "string", "at the top and bottom of every page of every format");
    assay_json_key(json, "task");
    assay_json_raw(json, "{\"enum\":[\"classification\",\"detection\",\"segmentation\"]}");
    put_typed(json, "seed", "integer", NULL);
    put_typed(json, "level", "number", "two-sided confidence of intervals; default 0.95");
    put_typed(json, "replicates", "integer", "bootstrap replicates; default 1000");
    assay_json_key(json, "on_error");
    assay_json_raw(json, "{\"enum\":[\"stop\",\"skip\"]}");
    put_map_of(json, "models", "model");
    put_map_of(json, "data", "data");
    put_map_of(json, "contexts", "context");
    put_map_of(json, "sweeps", "sweep");
    put_map_of(json, "attacks", "attack_plan");
    put_map_of(json, "groups", "grouping");
    put_list_of(json, "metrics", "metric");
    assay_json_key(json, "intervals");
    open_object(json, NULL);
    assay_json_put_bool(json, "additionalProperties", false);
    assay_json_key(json, "properties");
    assay_json_begin_object(json);
    put_ref(json, "proportion", "interval");
    put_ref(json, "other", "interval");
    put_ref(json, "clustered", "interval");
    put_ref(json, "auc", "interval");
    assay_json_end_object(json);
    assay_json_end_object(json);
    put_compare(json);
    put_detection(json);
    put_map_of(json, "families", "family");
    put_list_of(json, "requirements", "requirement");
    assay_json_end_object(json);
}

assay_status assay_plan_schema(assay_buffer *out, const assay_registry *registry, assay_error *err)
{
    assay_json json;

    assay_json_init(&json, out, 1);
    open_object(&json, "A test plan for Assay (docs/plan.md)");
    assay_json_put_text(&json, "$schema", "https://json-schema.org/draft/2020-12/schema");
    assay_json_put_text(&json, "title", "Assay test plan");
    assay_json_key(&json, "required");
    assay_json_raw(&json, "[\"assay\",\"models\"]");
    assay_json_put_bool(&json, "additionalProperties", false);
    put_root(&json);
    assay_json_key(&json, "$defs");
    assay_json_begin_object(&json);
    put_model(&json);
    put_data(&json);
    put_context(&json);
    put_sweep(&json);
    put_attacks(&json);
    put_family(&json);
    put_groups(&json);
    put_requirement(&json);
    for (int kind = 1; kind <= ASSAY_OP_KINDS; kind++) {
        put_operations(&json, registry, (assay_op_kind)kind);
    }
    assay_json_end_object(&json);
    assay_json_end_object(&json);
    assay_buffer_putc(out, '\n');
    return assay_buffer_status(out, err);
}
