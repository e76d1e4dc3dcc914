/* The plan reader: what it accepts, and the one line it gives for everything it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/interval.h"
#include "core/metric.h"
#include "core/perturbation.h"
#include "plan/plan.h"

/* A registry of its own: the plan layer knows operations only through their descriptors. */
typedef struct top_k {
    int64_t k;
} top_k;

typedef struct noise {
    double sigma;
} noise;

static const assay_param top_k_params[] = {ASSAY_INT(top_k, k, 1, 1, 1000, "", "How many.")};
static const assay_param noise_params[] = {ASSAY_REAL(noise, sigma, 0.1, 0, 1, "", "Strength.")};
static const assay_metric metric_shape = {0};

static assay_status proportion(double *low, double *high, int64_t successes, int64_t trials,
                               double alpha_low, double alpha_high, const void *params,
                               assay_error *err)
{
    (void)alpha_low;
    (void)alpha_high;
    (void)params;
    (void)err;
    *low = 0.0;
    *high = trials > 0 ? (double)successes / (double)trials : 1.0;
    return ASSAY_OK;
}

static assay_status replicates(double *low, double *high, const double *values, int64_t n,
                               double estimate, double alpha_low, double alpha_high,
                               const void *params, assay_error *err)
{
    (void)values;
    (void)n;
    (void)alpha_low;
    (void)alpha_high;
    (void)params;
    (void)err;
    *low = estimate;
    *high = estimate;
    return ASSAY_OK;
}

static const assay_interval counts_shape = {.proportion = proportion};
static const assay_interval replicates_shape = {.replicates = replicates};
static const assay_perturbation noise_shape = {.severity_param = "sigma",
                                               .severities = {0.08, 0.12, 0.18, 0.26, 0.38}};

#define METRIC(text)                                                                               \
    {                                                                                              \
        .kind = ASSAY_OP_METRIC, .name = text, .metric = &metric_shape                             \
    }
static const assay_op ops[] = {
    METRIC("accuracy"),
    METRIC("balanced_accuracy"),
    METRIC("confusion_matrix"),
    METRIC("expected_calibration_error"),
    METRIC("f1"),
    METRIC("log_loss"),
    METRIC("precision"),
    {.kind = ASSAY_OP_METRIC, .name = "r2", .metric = &metric_shape, .task = ASSAY_TASK_REGRESSION},
    METRIC("recall"),
    METRIC("reliability"),
    METRIC("risk_coverage"),
    {.kind = ASSAY_OP_METRIC,
     .name = "top_k_accuracy",
     .metric = &metric_shape,
     .params = top_k_params,
     .n_params = 1,
     .params_size = sizeof(top_k)},
    {.kind = ASSAY_OP_INTERVAL, .name = "bootstrap_percentile", .interval = &replicates_shape},
    {.kind = ASSAY_OP_INTERVAL, .name = "clopper_pearson", .interval = &counts_shape},
    {.kind = ASSAY_OP_PERTURBATION,
     .name = "gaussian_noise",
     .perturbation = &noise_shape,
     .params = noise_params,
     .n_params = 1,
     .params_size = sizeof(noise)},
};

static const assay_registry *registry(void)
{
    static const assay_op *table[ASSAY_COUNT(ops)];
    static const assay_registry all = {table, ASSAY_COUNT(ops)};

    for (size_t i = 0; i < ASSAY_COUNT(ops); i++) {
        table[i] = &ops[i];
    }
    return &all;
}

static assay_status parse(assay_plan **plan, const char *text, assay_error *err)
{
    return assay_plan_parse(plan, text, strlen(text), "dir/plan.yaml", registry(), err);
}

#define HEAD "assay: 1\nmodels:\n  m: {file: m.onnx}\ndata:\n  d: {path: d.csv}\n"

/** `text` must be refused, as usage, with a line that has `part` in it. */
static void refuse(const char *text, const char *part)
{
    assay_plan *plan = NULL;
    assay_error err = {0};

    assert_int_equal(parse(&plan, text, &err), ASSAY_EINVAL);
    assert_null(plan);
    if (!strstr(err.message, part)) {
        fail_msg("the message is \"%s\", expected \"%s\" in it", err.message, part);
    }
    assert_null(strchr(err.message, '\n'));
}

static void minimal_plan(void **state)
{
    assay_plan *plan = NULL;
    assay_error err = {0};

    (void)state;
    assert_int_equal(parse(&plan, HEAD, &err), ASSAY_OK);
    assert_int_equal(plan->n_models, 1);
    assert_string_equal(plan->models[0].spec.path, "dir/m.onnx");
    assert_false(plan->models[0].has_input);
    assert_string_equal(plan->data[0].path, "dir/d.csv");
    assert_int_equal(plan->n_contexts, 1);
    assert_string_equal(plan->contexts[0].name, "d");
    assert_int_equal(plan->n_metrics, 10);
    assert_int_equal(plan->seed, 1);
    assert_true(plan->level == 0.95);
    assay_plan_free(plan);
}

static void full_plan(void **state)
{
    static const char text[] =
        "assay: 1\ntitle: T\nmarking: SECRET\nseed: 7\nlevel: 0.9\nreplicates: 500\n"
        "on_error: skip\n"
        "models:\n"
        "  a:\n    file: /abs/m.onnx\n    classes: [\"0\", one]\n    batch: 8\n"
        "    input:\n      color: bgr\n      layout: nhwc\n      scale: 1/255\n"
        "      mean: [0.1, 0.2, 0.3]\n      std: 0.5\n"
        "      steps:\n        - resize_short: {size: 256}\n"
        "        - center_crop: {width: 224, height: 200}\n"
        "        - letterbox: {width: 64, height: 32, fill: 114}\n"
        "    output: {name: y, scores: logits}\n"
        "  b: {command: [./x, --flag], timeout: 2.5}\n"
        "  p: {predictions: p.csv}\n"
        "data:\n  d: {path: d.csv, root: /r, title: D}\n"
        "contexts:\n  all: {data: d}\n"
        "  dark: {data: d, where: mean < 0.2, models: [a]}\n"
        "  noisy: {data: d, perturbation: {gaussian_noise: {severity: 3}}}\n"
        "sweeps:\n  n: {data: d, perturbation: gaussian_noise, severity: [1, 5]}\n"
        "  v: {data: d, perturbation: gaussian_noise, values: {sigma: [0.5]}}\n"
        "metrics: [accuracy, {top_k_accuracy: {k: 3}}]\n"
        "requirements:\n"
        "  - {id: R1, text: t, metric: recall, class: 7, model: a, context: dark, at_least: 0.9}\n"
        "  - {id: R2, text: t, metric: {top_k_accuracy: {k: 3}}, model: b, context: n@5, "
        "at_most: 9/10, confidence: 0.99}\n";
    assay_plan *plan = NULL;
    assay_error err = {0};
    double value = 0.0;

    (void)state;
    if (parse(&plan, text, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    const assay_model_spec *spec = &plan->models[0].spec;
    assert_string_equal(spec->path, "/abs/m.onnx");
    assert_int_equal(spec->classes, 2);
    assert_string_equal(spec->class_names[1], "one");
    assert_int_equal(spec->preprocess.color, ASSAY_COLOR_BGR);
    assert_int_equal(spec->preprocess.layout, ASSAY_LAYOUT_NHWC);
    assert_true(spec->preprocess.scale == 1.0 / 255.0);
    assert_true(spec->preprocess.std[2] == 0.5);
    assert_int_equal(spec->preprocess.n_steps, 3);
    assert_int_equal(spec->preprocess.steps[1].height, 200);
    assert_int_equal(spec->preprocess.steps[2].mode, ASSAY_RESIZE_OPENCV_LINEAR);
    assert_int_equal(spec->scores, ASSAY_SCORES_LOGITS);
    assert_string_equal(plan->models[1].spec.command[1], "--flag");
    assert_null(plan->models[1].spec.command[2]);
    assert_int_equal(plan->n_data, 2); /* p is known through its predictions */
    assert_string_equal(plan->data[1].name, "p");
    assert_int_equal(plan->models[2].data, 1);
    assert_int_equal(plan->n_contexts, 3 + 3 + 2);
    assert_int_equal(plan->contexts[1].n_models, 1);
    assert_int_equal(plan->contexts[2].severity, 3);
    assert_true(assay_args_get(&value, plan->contexts[2].perturbation, "sigma"));
    assert_true(value == 0.18);
    assert_null(plan->contexts[3].perturbation); /* the clean point of the first sweep */
    assert_string_equal(plan->contexts[5].name, "n@5");
    assert_true(assay_args_get(&value, plan->contexts[5].perturbation, "sigma"));
    assert_true(value == 0.38);
    assert_int_equal(plan->n_metrics, 3); /* recall came with R1, top_k_accuracy(3) is shared */
    assert_int_equal(plan->requirements[1].metric_index, 1);
    assert_true(plan->requirements[1].threshold == 0.9);
    assert_true(plan->requirements[1].confidence == 0.99);
    assert_true(plan->skip_bad);
    assert_string_equal(plan->marking, "SECRET");
    assay_plan_free(plan);
}

static void refused_documents(void **state)
{
    (void)state;
    refuse("", "assay: 1");
    refuse("a: b\n", "unknown key 'a'");
    refuse("assay: 2\n", "expected a whole number from 1 to 1");
    refuse("\tassay: 1\n", "spaces, not tabs");
    refuse("assay: 1\nassay: 1\n",
           "plan.yaml:2:1: the key 'assay' is given twice, first on line 1");
    refuse("assay: [1\n", "plan.yaml:");
    refuse("- assay\n", "must be a group of keys, here is a list");
    refuse("assay: &a 1\n", "anchors");
    refuse("assay: 1\n---\nassay: 1\n", "second document");
    refuse("assay: 1\ntitle:\n", "title is empty");
    refuse("assay: 1\ntitle: [x]\n", "title must be one value, here is a list");
    refuse("assay: 1\nseed: -1\n", "seed is '-1'");
    refuse("assay: 1\nlevel: 1.5\n", "plan.yaml:2:8: level is 1.5, expected 0.5 to 0.999999");
    refuse("assay: 1\nlevel: NaN\n", "expected a number");
    refuse("assay: 1\nseed: \"1\"\n", "whole number");
    refuse("assay: 1\non_error: ignore\n", "expected stop or skip");
    refuse("assay: 1\nrequirments: []\n", "did you mean 'requirements'?");
    refuse("assay: 1\n", "names no model");
    refuse("assay: 1\nmodels: {}\n", "'models' is empty");
    refuse("assay: 1\nmodels: {m: {file: x, command: y}}\n", "exactly one of");
    refuse("assay: 1\nmodels: {m: {fil: x}}\n", "did you mean 'file'?");
    refuse("assay: 1\nmodels: {m: {file: x}}\n", "names no data");
    refuse("assay: 1\nmodels: {m: {file: x}}\ndata: {d: {}}\n", "has no 'path'");
}

static void refused_inputs(void **state)
{
    (void)state;
#define INPUT(text) "assay: 1\nmodels:\n  m:\n    file: x\n    input: {" text "}\n"
    refuse(INPUT("color: gray"), "did you mean 'grey'?");
    refuse(INPUT("std: 0"), "greater than 0");
    refuse(INPUT("mean: [1, 2]"), "list of three");
    refuse(INPUT("steps: [resize]"), "must be a group of keys");
    refuse(INPUT("steps: [{resise: {width: 1, height: 1}}]"), "did you mean 'resize'?");
    refuse(INPUT("steps: [{resize: {width: 1}}]"), "height is missing");
    refuse(INPUT("steps: [{resize: {width: 1, height: 1, mode: pillow_bilinera}}]"),
           "did you mean 'pillow_bilinear'?");
    refuse(INPUT("steps: [{pad: {width: 70000, height: 1}}]"), "from 1 to 65535");
    refuse(INPUT("steps: [{pad: {width: 7, height: 1, mode: x}}]"), "unknown key 'mode'");
#undef INPUT
}

static void refused_references(void **state)
{
    (void)state;
    refuse(HEAD "contexts: {c: {data: e}}\n", "no data set 'e'");
    refuse(HEAD "contexts: {c: {data: d, models: [x]}}\n", "no model 'x'");
    refuse(HEAD "contexts: {c: {data: d, perturbation: gausian_noise}}\n",
           "did you mean 'gaussian_noise'?");
    refuse(HEAD "contexts: {c: {data: d, perturbation: {gaussian_noise: {severity: 6}}}}\n",
           "expected 1 to 5");
    refuse(HEAD "contexts: {c: {data: d, perturbation: {gaussian_noise: {sigma: 2}}}}\n",
           "expected 0 to 1");
    refuse(HEAD "sweeps: {s: {data: d, perturbation: gaussian_noise}}\n", "one of 'severity");
    refuse(HEAD "sweeps: {s: {data: d, perturbation: gaussian_noise, severity: [0]}}\n",
           "expected 1 to 5");
    refuse(HEAD "sweeps: {s: {perturbation: gaussian_noise, values: {sigm: [0]}}}\n",
           "did you mean 'sigma'?");
    refuse(HEAD "metrics: [acuracy]\n", "did you mean 'accuracy'?");
    refuse(HEAD "metrics: [accuracy, r2]\n", "metric r2 is for regression");
    refuse(HEAD "metrics: [{top_k_accuracy: {k: 0}}]\n", "expected 1 to 1000");
    refuse(HEAD "metrics: [{top_k_accuracy: {k: 1.5}}]\n", "whole number");
    refuse(HEAD "intervals: {proportion: bootstrap_percentile}\n", "takes an interval");
}

static void refused_requirements(void **state)
{
    (void)state;
    refuse(HEAD "requirements: [{id: a, text: t}]\n", "needs 'id', 'text' and 'metric'");
    refuse(HEAD "requirements: [{id: a, text: t, metric: accuracy}]\n",
           "exactly one of 'at_least'");
    refuse(HEAD "requirements: [{id: a, text: t, metric: accuracy, at_least: x}]\n",
           "expected a number");
    refuse(HEAD "requirements: [{id: a, text: t, metric: accuracy, at_least: 1, model: n}]\n",
           "no model 'n'");
    refuse(HEAD "requirements: [{id: a, text: t, metric: accuracy, at_least: 1, context: e}]\n",
           "no context 'e'");
    refuse(HEAD "requirements: [{id: a, text: t, metric: accuracy, at_least: 1, confidence: 95}]\n",
           "confidence is 95");
    refuse(HEAD "requirements: [{id: a, text: t, metric: accuracy, at_least: 1}, "
                "{id: a, text: t, metric: accuracy, at_least: 1}]\n",
           "two requirements called 'a'");
}

#define ONE "metric: accuracy, at_least: 0.9"

static void links_between_requirements(void **state)
{
    static const char text[] =
        HEAD "families:\n"
             "  all: {logic: all_must_pass}\n"
             "  any: {logic: any_fail_is_found, adjust: hochberg, alpha: 0.1}\n"
             "  def: {logic: any_fail_is_found}\n"
             "requirements:\n"
             "  - {id: top, text: t, all_of: [a, b], gate: c, source: S 1}\n"
             "  - {id: a, text: t, " ONE ", objective: 0.95, gate: [b, c], family: any}\n"
             "  - {id: b, text: t, metric: accuracy, at_most: 0.9, objective: 0.8}\n"
             "  - {id: c, text: t, " ONE ", family: all}\n"
             "  - {id: either, text: t, any_of: [top, c]}\n";
    static const int32_t order[] = {3, 2, 1, 0, 4};
    assay_plan *plan = NULL;
    assay_error err = {0};

    (void)state;
    if (parse(&plan, text, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(plan->n_families, 3);
    assert_int_equal(plan->families[0].adjust, ASSAY_ADJUST_NONE);
    assert_int_equal(plan->families[1].adjust, ASSAY_ADJUST_HOCHBERG);
    assert_true(plan->families[1].alpha == 0.1);
    assert_int_equal(plan->families[2].adjust, ASSAY_ADJUST_HOLM);
    assert_true(plan->families[2].alpha == 0.05);
    const assay_plan_requirement *q = plan->requirements;
    assert_int_equal(q[0].tree, ASSAY_TREE_ALL);
    assert_int_equal(q[0].n_parts, 2);
    assert_int_equal(q[0].parts[1], 2);
    assert_null(q[0].metric);
    assert_int_equal(q[0].family, -1);
    assert_string_equal(q[0].source, "S 1");
    assert_true(q[1].objective == 0.95);
    assert_int_equal(q[1].family, 1);
    assert_int_equal(q[1].n_gate, 2);
    assert_true(q[3].objective != q[3].objective);
    assert_int_equal(q[4].tree, ASSAY_TREE_ANY);
    assert_memory_equal(plan->order, order, sizeof order);
    assay_plan_free(plan);
}

static void refused_links(void **state)
{
    (void)state;
    refuse(HEAD "families: {f: {adjust: holm}}\n", "needs 'logic'");
    refuse(HEAD "families: {f: {logic: all_must_pas}}\n", "did you mean 'all_must_pass'?");
    refuse(HEAD "families: {f: {logic: all_must_pass, adjust: holm}}\n", "nothing is adjusted");
    refuse(HEAD "families: {f: {logic: any_fail_is_found, adjust: hollm}}\n",
           "did you mean 'holm'?");
    refuse(HEAD "families: {f: {logic: any_fail_is_found, alpha: 0.9}}\n", "alpha is 0.9");
    refuse(HEAD "families: {side: {logic: all_must_pass}}\n"
                "requirements: [{id: a, text: t, " ONE ", family: sid}]\n",
           "did you mean 'side'?");
    refuse(HEAD "requirements: [{id: a, text: t, " ONE ", gate: [b]}]\n",
           "there is no requirement 'b'");
    refuse(HEAD "requirements: [{id: a, text: t, " ONE ", gate: [a]}]\n", "waits for itself");
    refuse(HEAD "requirements: [{id: a, text: t, all_of: [b]}, {id: b, text: t, any_of: [a]}]\n",
           "may not form a circle");
    refuse(HEAD "requirements: [{id: a, text: t, all_of: [a], any_of: [a]}]\n",
           "has all_of and any_of");
    refuse(HEAD "requirements: [{id: a, text: t, all_of: []}]\n", "all_of is an empty list");
    refuse(HEAD "requirements: [{id: a, text: t, all_of: [b], at_least: 1}]\n",
           "no 'at_least' of its own");
    refuse(HEAD "requirements: [{id: a, text: t, " ONE ", objective: 0.9}]\n",
           "must be higher than the threshold");
    refuse(HEAD "requirements: [{id: a, text: t, metric: accuracy, at_most: 0.1, objective: 1}]\n",
           "must be lower than the threshold");
}

static void hostile_documents(void **state)
{
    assay_plan *plan = NULL;
    assay_error err = {0};
    char deep[4096];
    static const char bytes[] = "assay: \xff\xfe 1\n";

    (void)state;
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    refuse(deep, "nested too deeply");
    assert_int_not_equal(assay_plan_parse(&plan, bytes, sizeof bytes - 1, "p", registry(), &err),
                         ASSAY_OK);
    assert_null(plan);
    assert_int_not_equal(assay_plan_parse(&plan, "a\0b: 1", 6, "p", registry(), &err), ASSAY_OK);
}

static void model_description(void **state)
{
    static const char text[] = "assay: 1\nfile: m.onnx\nclasses: [a, b]\n"
                               "input: {color: grey, steps: [{pad: {width: 28, height: 28}}]}\n"
                               "output: {scores: logits}\n";
    assay_model_spec spec = {0};
    assay_arena *arena = NULL;
    assay_error err = {0};

    (void)state;
    assert_int_equal(assay_arena_new(&arena, 0, &err), ASSAY_OK);
    assay_preprocess_init(&spec.preprocess);
    assert_int_equal(assay_model_spec_parse(&spec, text, sizeof text - 1, "x/model.yaml",
                                            registry(), arena, &err),
                     ASSAY_OK);
    assert_string_equal(spec.path, "x/m.onnx");
    assert_int_equal(spec.preprocess.color, ASSAY_COLOR_GREY);
    assert_int_equal(
        assay_model_spec_parse(&spec, "fiel: x\n", 8, "model.yaml", registry(), arena, &err),
        ASSAY_EINVAL);
    assert_non_null(strstr(err.message, "did you mean 'file'?"));
    assay_arena_free(arena);
}

static void schema_is_json(void **state)
{
    assay_buffer out;
    assay_error err = {0};

    (void)state;
    assay_buffer_init(&out, 0);
    assert_int_equal(assay_plan_schema(&out, registry(), &err), ASSAY_OK);
    assert_non_null(strstr(out.data, "\"gaussian_noise\""));
    assert_non_null(strstr(out.data, "\"maximum\": 1000"));
    assay_buffer_dispose(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minimal_plan),
        cmocka_unit_test(full_plan),
        cmocka_unit_test(refused_documents),
        cmocka_unit_test(refused_inputs),
        cmocka_unit_test(refused_references),
        cmocka_unit_test(refused_requirements),
        cmocka_unit_test(links_between_requirements),
        cmocka_unit_test(refused_links),
        cmocka_unit_test(hostile_documents),
        cmocka_unit_test(model_description),
        cmocka_unit_test(schema_is_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
