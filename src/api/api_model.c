#include "assay/model.h"

#include <inttypes.h>

#include "adapters/filesystem/file.h"
#include "adapters/onnxruntime/onnx_file.h"
#include "adapters/onnxruntime/onnx_source.h"
#include "api/context.h"
#include "assay/version.h"
#include "base/json_write.h"
#include "onnx/summary.h"

enum { LISTED = 12 };

typedef struct facts {
    const char *path;
    assay_onnx_source source;
    assay_onnx_summary summary;
    int64_t opset; /* as the file has it */
    int64_t size;
    char digest[ASSAY_DIGEST_HEX];
} facts;

static assay_status look(facts *f, assay_error *err)
{
    ASSAY_TRY(assay_onnx_source_open(&f->source, f->path, err));
    ASSAY_TRY(assay_onnx_file_check(f->digest, f->path, f->source.arena, err));
    f->size = assay_file_size(f->path);
    f->opset = f->source.graph->opset;
    return assay_onnx_summarise(&f->summary, f->source.graph, err);
}

static void put_list(assay_json *json, const char *key, const char *const *items, int32_t n)
{
    assay_json_key(json, key);
    assay_json_begin_array(json);
    for (int32_t i = 0; i < n; i++) {
        assay_json_text(json, items[i]);
    }
    assay_json_end_array(json);
}

static void put_known(assay_json *json, const char *key, int64_t value)
{
    assay_json_key(json, key);
    if (value < 0) {
        assay_json_null(json);
    } else {
        assay_json_int(json, value);
    }
}

static void put_header(assay_json *json, const facts *f)
{
    const assay_onnx_graph *graph = f->source.graph;
    assay_json_put_text(json, "file", f->path);
    assay_json_put_text(json, "digest", f->digest);
    assay_json_put_int(json, "bytes", f->size);
    assay_json_put_int(json, "ir_version", graph->ir_version);
    assay_json_put_int(json, "opset", f->opset);
    assay_json_key(json, "domains");
    assay_json_begin_object(json);
    for (int32_t i = 0; i < graph->n_domains; i++) {
        assay_json_put_int(json, graph->domains[i].domain, graph->domains[i].version);
    }
    assay_json_end_object(json);
    assay_json_put_text(json, "producer", graph->producer);
    assay_json_put_text(json, "producer_version", graph->producer_version);
    assay_json_put_text(json, "description", graph->description);
    assay_json_key(json, "metadata");
    assay_json_begin_object(json);
    for (int32_t i = 0; i < graph->n_metadata; i++) {
        assay_json_put_text(json, graph->metadata[i].key, graph->metadata[i].value);
    }
    assay_json_end_object(json);
}

static assay_status write_json(char **out, const facts *f, assay_error *err)
{
    const assay_onnx_summary *s = &f->summary;
    assay_buffer text;
    assay_json json;
    assay_buffer_init(&text, 0);
    assay_json_init(&json, &text, 1);
    assay_json_begin_object(&json);
    assay_json_put_text(&json, "assay", ASSAY_VERSION);
    assay_json_key(&json, "model");
    assay_json_begin_object(&json);
    put_header(&json, f);
    put_list(&json, "inputs", s->inputs, s->n_inputs);
    put_list(&json, "outputs", s->outputs, s->n_outputs);
    assay_json_put_text(&json, "closing_activation", s->activation);
    assay_json_put_int(&json, "nodes", s->nodes);
    assay_json_put_int(&json, "parameters", s->parameters);
    assay_json_put_int(&json, "parameter_bytes", s->parameter_bytes);
    put_known(&json, "flops_per_datum", s->flops);
    assay_json_key(&json, "operators");
    assay_json_begin_array(&json);
    for (int32_t i = 0; i < s->n_operators; i++) {
        assay_json_begin_object(&json);
        assay_json_put_text(&json, "name", s->operators[i].op);
        assay_json_put_int(&json, "nodes", s->operators[i].n);
        put_known(&json, "flops", s->operators[i].flops);
        assay_json_end_object(&json);
    }
    assay_json_end_array(&json);
    assay_json_put_bool(&json, "differentiable", s->differentiable);
    put_list(&json, "stopped_by", s->blockers.items, s->blockers.n);
    put_list(&json, "zero_behind", s->flat.items, s->flat.n);
    put_list(&json, "straight_through", s->steps.items, s->steps.n);
    assay_json_put_text(&json, "trouble", s->trouble);
    assay_json_end_object(&json);
    assay_json_end_object(&json);
    assay_buffer_putc(&text, '\n');
    return assay_text_take(out, &text, err);
}

/* 1234567 as "1.23 million" */
static void put_large(assay_buffer *out, int64_t value)
{
    static const struct {
        double from;
        const char *name;
    } names[] = {{1e12, "trillion"}, {1e9, "billion"}, {1e6, "million"}, {1e3, "thousand"}};
    for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
        if ((double)value >= names[i].from) {
            assay_buffer_printf(out, "%.3g %s", (double)value / names[i].from, names[i].name);
            return;
        }
    }
    assay_buffer_printf(out, "%" PRId64, value);
}

static void put_names(assay_buffer *out, const assay_onnx_names *names)
{
    for (int32_t i = 0; i < names->n && i < LISTED; i++) {
        assay_buffer_printf(out, "    %s\n", names->items[i]);
    }
    if (names->n > LISTED) {
        assay_buffer_printf(out, "    and %d more\n", names->n - LISTED);
    }
}

static void put_gradients(assay_buffer *out, const assay_onnx_summary *s)
{
    if (s->trouble != NULL) {
        assay_buffer_printf(out, "gradients    cannot be told: %s\n", s->trouble);
    } else if (s->differentiable) {
        assay_buffer_puts(out, "gradients    yes: every node from inputs to outputs has a rule\n");
    } else if (s->flat.n > 0) {
        assay_buffer_printf(out,
                            "gradients    no: zero everywhere, nothing passes %d node%s; attacks "
                            "that need scores\n             or labels only still work\n",
                            s->flat.n, s->flat.n == 1 ? "" : "s");
        put_names(out, &s->flat);
    } else if (s->blockers.n == 0) {
        assay_buffer_puts(out, "gradients    no: no output is of real numbers\n");
    } else {
        assay_buffer_printf(out,
                            "gradients    no: %d node%s without a rule; attacks that need scores "
                            "or labels only still work\n",
                            s->blockers.n, s->blockers.n == 1 ? "" : "s");
        put_names(out, &s->blockers);
    }
    if (s->steps.n > 0 && s->trouble == NULL) {
        assay_buffer_printf(out,
                            "             %d node%s round or quantise: gradients go straight "
                            "through them\n",
                            s->steps.n, s->steps.n == 1 ? "" : "s");
        put_names(out, &s->steps);
    }
}

static void put_operators(assay_buffer *out, const assay_onnx_summary *s)
{
    assay_buffer_printf(out, "\n%" PRId64 " nodes of %d operators\n", s->nodes, s->n_operators);
    for (int32_t i = 0; i < s->n_operators; i++) {
        const assay_onnx_count_of *of = &s->operators[i];
        assay_buffer_printf(out, "  %6" PRId64 "  %s", of->n, of->op);
        if (of->flops > 0 && s->flops > 0) {
            assay_buffer_printf(out, " (%.3g %% of the operations)",
                                100.0 * (double)of->flops / (double)s->flops);
        }
        assay_buffer_putc(out, '\n');
    }
}

static assay_status write_text(char **out, const facts *f, assay_error *err)
{
    const assay_onnx_summary *s = &f->summary;
    const assay_onnx_graph *graph = f->source.graph;
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_buffer_printf(&text, "%s\n", f->path);
    for (int32_t i = 0; i < s->n_inputs; i++) {
        assay_buffer_printf(&text, "input        %s\n", s->inputs[i]);
    }
    for (int32_t i = 0; i < s->n_outputs; i++) {
        assay_buffer_printf(&text, "output       %s%s%s\n", s->outputs[i],
                            i == 0 && s->activation != NULL ? ", closed by " : "",
                            i == 0 && s->activation != NULL ? s->activation : "");
    }
    assay_buffer_puts(&text, "parameters   ");
    put_large(&text, s->parameters);
    assay_buffer_printf(&text, " (%.3g MiB)\noperations   ",
                        (double)s->parameter_bytes / 1048576.0);
    if (s->flops >= 0) {
        put_large(&text, s->flops);
        assay_buffer_puts(&text, " per datum (a multiplication and an addition are two)\n");
    } else {
        assay_buffer_puts(&text, "not known: some shapes or operators are not\n");
    }
    put_gradients(&text, s);
    assay_buffer_printf(
        &text, "format       ONNX opset %" PRId64 ", IR version %" PRId64 "%s%s%s%s\n", f->opset,
        graph->ir_version, graph->producer[0] != '\0' ? ", written by " : "", graph->producer,
        graph->producer_version[0] != '\0' ? " " : "", graph->producer_version);
    for (int32_t i = 0; i < graph->n_metadata; i++) {
        assay_buffer_printf(&text, "metadata     %.60s = %.200s\n", graph->metadata[i].key,
                            graph->metadata[i].value);
    }
    assay_buffer_printf(&text, "digest       %s\n", f->digest);
    put_operators(&text, s);
    return assay_text_take(out, &text, err);
}

assay_status assay_model_info(char **json, char **text, const char *path, assay_error *err)
{
    facts f = {.path = path};
    if (json != NULL) {
        *json = NULL;
    }
    if (text != NULL) {
        *text = NULL;
    }
    assay_status status = look(&f, err);
    if (status == ASSAY_OK && json != NULL) {
        status = write_json(json, &f, err);
    }
    if (status == ASSAY_OK && text != NULL) {
        status = write_text(text, &f, err);
    }
    if (status != ASSAY_OK && json != NULL) {
        assay_text_free(*json);
        *json = NULL;
    }
    assay_onnx_source_close(&f.source);
    return status;
}
