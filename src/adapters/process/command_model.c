#include "adapters/process/command_model.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/filesystem/file.h"
#include "adapters/process/child.h"
#include "adapters/process/protocol.h"
#include "base/alloc.h"

enum { DEFAULT_BATCH = 32, DEFAULT_TIMEOUT = 60 };

typedef struct command_model {
    assay_child *child;
    pthread_mutex_t lock; /* one request at a time; guards everything below */
    bool has_lock;
    /* Once it failed its answers can no longer be told apart, so later requests fail alike: several
     * workers may wait here, and the error that is reported may be any of theirs. */
    assay_status failed;
    assay_error failure;
    int64_t requests;
    assay_buffer line;
} command_model;

static void free_model(void *self)
{
    command_model *command = self;
    assay_child_free(command->child);
    if (command->has_lock) {
        (void)pthread_mutex_destroy(&command->lock);
    }
    assay_buffer_dispose(&command->line);
    assay_free(command);
}

static double timeout_of(const assay_model *model)
{
    return model->spec.timeout > 0.0 ? model->spec.timeout : DEFAULT_TIMEOUT;
}

/* Ask and hear, under the lock. The number of the request goes before the images. */
static assay_status ask(assay_model *model, float *scores, int32_t *labels,
                        const assay_model_batch *batch, assay_buffer *request, assay_error *err)
{
    command_model *command = model->self;
    assay_asked asked = {.id = command->requests++,
                         .n = batch->n,
                         .classes = model->spec.classes,
                         .class_names = model->spec.class_names,
                         .scores = model->spec.scores};
    char head[40];
    int length = snprintf(head, sizeof head, "{\"id\":%" PRId64 ",", asked.id);
    /* The images were written after a gap that holds the longest head. */
    char *start = request->data + sizeof head - (size_t)length;
    memcpy(start, head, (size_t)length);
    assay_buffer_clear(&command->line);
    ASSAY_TRY(assay_child_exchange(
        &command->line, command->child, start, request->size - sizeof head + (size_t)length,
        assay_protocol_response_limit(&asked), timeout_of(model), batch->cancel, err));
    return assay_protocol_response(scores, labels, command->line.data, command->line.size, &asked,
                                   err);
}

static assay_status run_model(assay_model *model, float *scores, int32_t *labels,
                              const assay_model_batch *batch, assay_error *err)
{
    static const char gap[40] = {0};
    command_model *command = model->self;
    assay_status status = ASSAY_OK;
    assay_buffer request;
    assay_buffer_init(&request, (size_t)4 << 30);
    assay_buffer_append(&request, gap, sizeof gap);
    ASSAY_GOTO(assay_protocol_images(&request, batch, err), done);
    (void)pthread_mutex_lock(&command->lock);
    if (command->failed == ASSAY_OK) {
        command->failed = ask(model, scores, labels, batch, &request, &command->failure);
    }
    status = command->failed;
    if (status != ASSAY_OK && err != NULL) {
        *err = command->failure;
    }
    (void)pthread_mutex_unlock(&command->lock);
done:
    assay_buffer_dispose(&request);
    return status;
}

static const assay_model_backend backend = {
    .name = "command", .wants_images = 1, .concurrent = 1, .run = run_model, .free = free_model};

/* The program's file as PATH finds it; NULL when it cannot be told. */
static const char *find_program(assay_arena *arena, const char *name)
{
    const char *path = getenv("PATH");
    if (strchr(name, '/') != NULL) {
        return name;
    }
    while (path != NULL && *path != '\0') {
        size_t length = strcspn(path, ":");
        const char *file = assay_arena_printf(arena, "%.*s/%s", (int)length, path, name);
        if (file != NULL && assay_file_kind(file) == 1 && access(file, X_OK) == 0) {
            return file;
        }
        path += length + (path[length] == ':' ? 1 : 0);
    }
    return NULL;
}

/* The words of the command, and the content of the program and of every file among its arguments. */
static assay_status digest_command(assay_model *model, const assay_hello *hello, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_digest *sum = NULL;
    ASSAY_TRY(assay_digest_new(&sum, err));
    assay_digest_text(sum, hello->name);
    assay_digest_text(sum, hello->version);
    for (size_t i = 0; model->spec.command[i] != NULL; i++) {
        char content[ASSAY_DIGEST_HEX];
        const char *word = model->spec.command[i];
        const char *file = i == 0 ? find_program(model->arena, word) : word;
        assay_digest_text(sum, word);
        if (file != NULL && assay_file_kind(file) == 1) {
            ASSAY_GOTO(assay_file_digest(content, file, err), done);
            assay_digest_text(sum, content);
        }
    }
    status = assay_digest_hex(model->digest, sum, err);
done:
    assay_digest_free(sum);
    return status;
}

static assay_status set_version(assay_model *model, const assay_hello *hello, assay_error *err)
{
    model->backend_version = assay_arena_printf(
        model->arena, "command protocol %d%s%s%s%s", ASSAY_PROTOCOL_VERSION,
        hello->name != NULL ? ", " : "", hello->name != NULL ? hello->name : "",
        hello->version != NULL ? " " : "", hello->version != NULL ? hello->version : "");
    return model->backend_version == NULL ? assay_fail_memory(err) : ASSAY_OK;
}

static assay_status greet(assay_model *model, command_model *command, assay_error *err)
{
    assay_hello hello;
    ASSAY_TRY(assay_child_start(&command->child, model->spec.command, err));
    ASSAY_TRY(assay_child_exchange(&command->line, command->child, NULL, 0, ASSAY_HELLO_LIMIT,
                                   timeout_of(model), NULL, err));
    ASSAY_TRY(
        assay_protocol_hello(&hello, command->line.data, command->line.size, model->arena, err));
    if ((int)model->spec.scores != 0 && (int)hello.scores != 0 &&
        model->spec.scores != hello.scores) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "the kind of `scores` that is declared is not the one in its first line");
    }
    if ((int)model->spec.scores == 0) {
        model->spec.scores = hello.scores;
    }
    if ((int)model->spec.scores == 0) {
        return assay_fail(err, ASSAY_EBACKEND,
                          "its first line must hold \"scores\": \"probabilities\", \"logits\" or "
                          "\"labels\"");
    }
    ASSAY_TRY(assay_model_set_classes(model, hello.classes, hello.class_names, err));
    ASSAY_TRY(set_version(model, &hello, err));
    return digest_command(model, &hello, err);
}

assay_status assay_command_model_open(assay_model **out, const assay_model_spec *spec,
                                      const char *name, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_model *model = NULL;
    *out = NULL;
    if (spec->detector.decoder != NULL) {
        return assay_fail(
            err, ASSAY_EUNSUPPORTED,
            "%s: a decoder is for ONNX files; give the boxes of a command as a file of "
            "predictions (COCO results)",
            name);
    }
    if (spec->command == NULL || spec->command[0] == NULL) {
        return assay_fail(err, ASSAY_EINVAL, "the model has no command");
    }
    ASSAY_GOTO(assay_model_new(&model, spec, name, err), done);
    command_model *command = assay_alloc(1, sizeof *command);
    if (command == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    model->backend = &backend;
    model->self = command;
    assay_buffer_init(&command->line, 0);
    if (pthread_mutex_init(&command->lock, NULL) != 0) {
        status = assay_fail_memory(err);
        goto done;
    }
    command->has_lock = true;
    if (model->spec.batch == 0) {
        model->spec.batch = DEFAULT_BATCH;
    }
    status = greet(model, command, err);
    if (status != ASSAY_OK) {
        assay_error_prefix(err, "model %s", model->name);
        goto done;
    }
    *out = model;
    model = NULL;
done:
    assay_model_free(model);
    return status;
}
