#include "api/temperature.h"

#include <math.h>
#include <stdio.h>

#include "api/run.h"

static const char *const diagnostic = "A diagnostic: the model is not changed. It says how much of "
                                      "the miscalibration one number for all "
                                      "rows would remove; what is left needs another remedy.";

assay_status assay_temperature_measure(assay_temperature *out, assay_arena *arena,
                                       const assay_predictions *predictions, const uint8_t *mask,
                                       const assay_evaluate_options *options, assay_error *err)
{
    static const char *const names[] = {"log_loss", "expected_calibration_error"};
    assay_args *metrics[ASSAY_COUNT(names)] = {0};
    assay_status status = ASSAY_OK;

    for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
        ASSAY_GOTO(assay_args_parse(&metrics[i], ASSAY_OP_METRIC, names[i], err), done);
    }
    ASSAY_GOTO(assay_temperature_fit(out, arena, predictions, mask,
                                     (const assay_args *const *)metrics, ASSAY_COUNT(names),
                                     options, err),
               done);
done:
    for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
        assay_args_free(metrics[i]);
    }
    return status;
}

static void put_measures(assay_json *json, const char *key, const assay_result *result)
{
    assay_json_key(json, key);
    assay_json_begin_array(json);
    for (int64_t i = 0; i < result->n_measures; i++) {
        assay_json_begin_object(json);
        assay_measure_json(json, &result->measures[i]);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
}

void assay_temperature_json(assay_json *json, const assay_temperature *t)
{
    assay_json_key(json, "temperature");
    assay_json_begin_object(json);
    assay_json_put_real(json, "value", t->value);
    assay_json_put_real(json, "low", t->low);
    assay_json_put_real(json, "high", t->high);
    assay_json_put_real(json, "level", t->level);
    assay_json_put_int(json, "n", t->n);
    assay_json_put_text(json, "method",
                        "least log loss; normal interval of ln T, sandwich variance");
    assay_json_put_text(json, "outcome", t->reason ? "undefined" : "value");
    if (t->reason) {
        assay_json_put_text(json, "reason", t->reason);
    } else {
        assay_json_key(json, "halves");
        assay_json_begin_array(json);
        assay_json_real(json, t->fold_value[0]);
        assay_json_real(json, t->fold_value[1]);
        assay_json_end_array(json);
    }
    put_measures(json, "before", &t->before);
    put_measures(json, "after", &t->after);
    assay_json_put_text(json, "note", diagnostic);
    assay_json_end_object(json);
}

static void put_number(assay_buffer *out, double value)
{
    char text[32] = "-";

    if (isfinite(value)) {
        assay_format_real(text, round(value * 1e4) / 1e4 + 0.0);
    }
    assay_buffer_printf(out, " %9s", text);
}

static void put_row(assay_buffer *out, const char *name, const assay_measure *m)
{
    assay_buffer_printf(out, "%-44s", name);
    put_number(out, m->value);
    put_number(out, m->low);
    put_number(out, m->high);
    assay_buffer_puts(out, "\n");
}

void assay_temperature_table(assay_buffer *out, const assay_temperature *t)
{
    assay_buffer_printf(out, "\n%-44s %9s %9s %9s\n", "temperature scaling", "value", "low",
                        "high");
    if (t->reason) {
        assay_buffer_printf(out, "undefined: %s\n", t->reason);
        return;
    }
    const assay_measure whole = {.value = t->value, .low = t->low, .high = t->high};
    put_row(out,
            t->low > 1.0    ? "temperature (the model is overconfident)"
            : t->high < 1.0 ? "temperature (the model is underconfident)"
                            : "temperature (1 = as it is)",
            &whole);
    for (int64_t i = 0; i < t->before.n_measures && i < t->after.n_measures; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s, as it is", t->before.measures[i].metric);
        put_row(out, name, &t->before.measures[i]);
        (void)snprintf(name, sizeof name, "%s, rescaled", t->after.measures[i].metric);
        put_row(out, name, &t->after.measures[i]);
    }
    assay_buffer_printf(out,
                        "%s\nEach half of the rows is rescaled by the temperature of the other.\n",
                        diagnostic);
}
