#include "adapters/process/protocol.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/base64.h"
#include "base/json_write.h"
#include "base/text.h"
#include "codec/image_encode.h"
#include "codec/json_value.h"

enum { MOST_CLASSES = 1 << 20, SCORE_TEXT = 40 };

static assay_status parse(assay_json_doc **doc, const char *line, size_t size, assay_error *err)
{
    assay_error why = {0};
    char start[48];
    assay_status status = assay_json_parse(doc, line, size, 0, &why);
    if (status == ASSAY_ENOMEM) {
        return assay_fail_memory(err);
    }
    if (status != ASSAY_OK || !assay_json_is_object(assay_json_root(*doc))) {
        size_t shown = size < sizeof start - 1 ? size : sizeof start - 1;
        memcpy(start, line, shown);
        start[shown] = '\0';
        return assay_fail(
            err, ASSAY_EBACKEND, "expected a line with one JSON object, got \"%s%s\"%s%s", start,
            size > shown ? "..." : "", why.message[0] != '\0' ? ": " : "", why.message);
    }
    return ASSAY_OK;
}

static assay_status copy_text(const char **out, const assay_json_value *object, const char *key,
                              assay_arena *arena, assay_error *err)
{
    const char *text = assay_json_get_text(object, key, NULL);
    *out = assay_arena_strdup(arena, text);
    return text != NULL && *out == NULL ? assay_fail_memory(err) : ASSAY_OK;
}

static assay_status parse_classes(assay_hello *out, const assay_json_value *root,
                                  assay_arena *arena, assay_error *err)
{
    const assay_json_value *list = assay_json_get(root, "classes");
    size_t n = assay_json_size(list);
    if (assay_json_is_null(list)) {
        return ASSAY_OK;
    }
    if (!assay_json_is_array(list) || n < 1 || n > MOST_CLASSES) {
        return assay_fail(err, ASSAY_EBACKEND,
                          "\"classes\" in the first line must be a list of class names");
    }
    const char **names = assay_arena_alloc(arena, n + 1, sizeof *names);
    if (names == NULL) {
        return assay_fail_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        const char *text = assay_json_as_text(assay_json_at(list, i), NULL);
        if (text == NULL || text[0] == '\0') {
            return assay_fail(err, ASSAY_EBACKEND,
                              "\"classes\" in the first line: class %zu is not a name", i);
        }
        names[i] = assay_arena_strdup(arena, text);
        if (names[i] == NULL) {
            return assay_fail_memory(err);
        }
    }
    out->classes = (int32_t)n;
    out->class_names = names;
    return ASSAY_OK;
}

static assay_status check_unique(const assay_hello *hello, assay_error *err)
{
    for (int32_t i = 1; i < hello->classes; i++) {
        for (int32_t j = 0; j < i && hello->classes <= 4096; j++) {
            if (strcmp(hello->class_names[i], hello->class_names[j]) == 0) {
                return assay_fail(err, ASSAY_EBACKEND,
                                  "\"classes\" in the first line names \"%s\" twice",
                                  hello->class_names[i]);
            }
        }
    }
    return ASSAY_OK;
}

static assay_status parse_scores(assay_scores_kind *out, const assay_json_value *root,
                                 assay_error *err)
{
    static const char *const kinds[] = {"probabilities", "logits", "labels"};
    const assay_json_value *value = assay_json_get(root, "scores");
    const char *text = assay_json_as_text(value, "");
    *out = (assay_scores_kind)0;
    if (assay_json_is_null(value)) {
        return ASSAY_OK;
    }
    for (size_t i = 0; i < ASSAY_COUNT(kinds); i++) {
        if (strcmp(text, kinds[i]) == 0) {
            *out = (assay_scores_kind)(ASSAY_SCORES_PROBABILITIES + (int)i);
            return ASSAY_OK;
        }
    }
    return assay_fail(err, ASSAY_EBACKEND,
                      "\"scores\" in the first line is \"%.40s\", expected \"probabilities\", "
                      "\"logits\" or \"labels\"",
                      text);
}

assay_status assay_protocol_hello(assay_hello *out, const char *line, size_t size,
                                  assay_arena *arena, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_json_doc *doc = NULL;
    *out = (assay_hello){0};
    ASSAY_GOTO(parse(&doc, line, size, err), done);
    const assay_json_value *root = assay_json_root(doc);
    int64_t version = assay_json_get_int(root, "assay", 0);
    if (version != ASSAY_PROTOCOL_VERSION) {
        status = assay_fail(err, ASSAY_EBACKEND,
                            "the first line must hold \"assay\": %d, the version of the protocol",
                            (int)ASSAY_PROTOCOL_VERSION);
        goto done;
    }
    ASSAY_GOTO(parse_classes(out, root, arena, err), done);
    ASSAY_GOTO(check_unique(out, err), done);
    ASSAY_GOTO(parse_scores(&out->scores, root, err), done);
    ASSAY_GOTO(copy_text(&out->name, root, "name", arena, err), done);
    ASSAY_GOTO(copy_text(&out->version, root, "version", arena, err), done);
done:
    assay_json_doc_free(doc);
    return status;
}

static assay_status parse_score_rows(float *scores, const assay_json_value *rows,
                                     const assay_asked *asked, assay_error *err)
{
    if (!assay_json_is_array(rows) || assay_json_size(rows) != (size_t)asked->n) {
        return assay_fail(err, ASSAY_EBACKEND,
                          "the answer must hold \"scores\" with one row for each of the %" PRId64
                          " images; it has %zu",
                          asked->n, assay_json_size(rows));
    }
    for (int64_t i = 0; i < asked->n; i++) {
        const assay_json_value *row = assay_json_at(rows, (size_t)i);
        if (!assay_json_is_array(row) || assay_json_size(row) != (size_t)asked->classes) {
            return assay_fail(err, ASSAY_EBACKEND,
                              "row %" PRId64
                              " of \"scores\" must hold one number for each of the %d classes; it "
                              "has %zu",
                              i, asked->classes, assay_json_size(row));
        }
        for (int32_t c = 0; c < asked->classes; c++) {
            const assay_json_value *value = assay_json_at(row, (size_t)c);
            float score = (float)assay_json_as_real(value, (double)NAN);
            if (!assay_json_is_number(value) || !isfinite(score)) {
                return assay_fail(err, ASSAY_EBACKEND,
                                  "row %" PRId64
                                  " of \"scores\": the score of class %s is not a finite number",
                                  i, asked->class_names[c]);
            }
            scores[i * asked->classes + c] = score;
        }
    }
    return ASSAY_OK;
}

static assay_status parse_labels(int32_t *labels, const assay_json_value *list,
                                 const assay_asked *asked, assay_error *err)
{
    if (!assay_json_is_array(list) || assay_json_size(list) != (size_t)asked->n) {
        return assay_fail(err, ASSAY_EBACKEND,
                          "the answer must hold \"labels\" with one class name for each of the "
                          "%" PRId64 " images; it has %zu",
                          asked->n, assay_json_size(list));
    }
    for (int64_t i = 0; i < asked->n; i++) {
        const char *text = assay_json_as_text(assay_json_at(list, (size_t)i), NULL);
        labels[i] = -1;
        for (int32_t c = 0; text != NULL && labels[i] < 0 && c < asked->classes; c++) {
            labels[i] = strcmp(text, asked->class_names[c]) == 0 ? c : -1;
        }
        if (labels[i] < 0) {
            return assay_fail(err, ASSAY_EBACKEND,
                              "label %" PRId64 " is \"%.60s\", which is none of the %d class names",
                              i, text != NULL ? text : "(no text)", asked->classes);
        }
    }
    return ASSAY_OK;
}

assay_status assay_protocol_response(float *scores, int32_t *labels, const char *line, size_t size,
                                     const assay_asked *asked, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_json_doc *doc = NULL;
    ASSAY_GOTO(parse(&doc, line, size, err), done);
    const assay_json_value *root = assay_json_root(doc);
    int64_t id = assay_json_get_int(root, "id", -1);
    const assay_json_value *error = assay_json_get(root, "error");
    if (!assay_json_is_null(error)) {
        status = assay_fail(err, ASSAY_EBACKEND, "it says: %.400s",
                            assay_json_as_text(error, "(an error without a text)"));
        goto done;
    }
    if (id != asked->id) {
        status =
            assay_fail(err, ASSAY_EBACKEND,
                       "it answered request %" PRId64 ", expected \"id\": %" PRId64, id, asked->id);
        goto done;
    }
    status = asked->scores == ASSAY_SCORES_LABELS
                 ? parse_labels(labels, assay_json_get(root, "labels"), asked, err)
                 : parse_score_rows(scores, assay_json_get(root, "scores"), asked, err);
done:
    assay_json_doc_free(doc);
    return status;
}

size_t assay_protocol_response_limit(const assay_asked *asked)
{
    size_t names = 0;
    for (int32_t c = 0; c < asked->classes; c++) {
        size_t length = strlen(asked->class_names[c]) * 6;
        names = length > names ? length : names;
    }
    size_t row = asked->scores == ASSAY_SCORES_LABELS ? names + SCORE_TEXT
                                                      : (size_t)asked->classes * SCORE_TEXT;
    return ((size_t)1 << 20) + (size_t)asked->n * row;
}

assay_status assay_protocol_images(assay_buffer *out, const assay_model_batch *batch,
                                   assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_buffer png;
    assay_buffer text;
    assay_image bytes = {0};
    assay_buffer_init(&png, 0);
    assay_buffer_init(&text, 0);
    assay_buffer_puts(out, "\"images\":[");
    for (int64_t i = 0; i < batch->n; i++) {
        const assay_image *image = &batch->images[i];
        assay_json json;
        if (image->type == ASSAY_PIXEL_F32) {
            ASSAY_GOTO(assay_image_to_u8(&bytes, image, err), done);
            image = &bytes;
        }
        assay_buffer_clear(&png);
        assay_buffer_clear(&text);
        ASSAY_GOTO(assay_image_encode_png(&png, image, err), done);
        assay_image_dispose(&bytes);
        assay_base64_append(&text, png.data, png.size);
        ASSAY_GOTO(assay_buffer_status(&text, err), done);
        assay_buffer_puts(out, i > 0 ? "," : "");
        assay_json_init(&json, out, 0);
        assay_json_begin_object(&json);
        assay_json_put_text(&json, "id", batch->ids[i]);
        assay_json_put_text(&json, "png", text.data);
        assay_json_end_object(&json);
    }
    assay_buffer_puts(out, "]}\n");
    status = assay_buffer_status(out, err);
done:
    assay_image_dispose(&bytes);
    assay_buffer_dispose(&png);
    assay_buffer_dispose(&text);
    return status;
}
