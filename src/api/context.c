#include "api/context.h"

#include "base/alloc.h"

static void hand_message(void *payload, assay_log_level level, const char *text)
{
    assay_context *context = payload;

    if (context->sink.message) {
        pthread_mutex_lock(&context->lock);
        context->sink.message(context->sink.payload, (int)level, text);
        pthread_mutex_unlock(&context->lock);
    }
}

static void hand_progress(void *payload, const char *what, int64_t done, int64_t total)
{
    assay_context *context = payload;

    if (context->sink.progress) {
        pthread_mutex_lock(&context->lock);
        context->sink.progress(context->sink.payload, what, done, total);
        pthread_mutex_unlock(&context->lock);
    }
}

assay_status assay_context_new(assay_context **out, const assay_context_options *options,
                               assay_error *err)
{
    *out = NULL;
    if (options && options->struct_size != sizeof *options) {
        return assay_fail(err, ASSAY_EINVAL,
                          "assay_context_options has an unknown size; was the "
                          "program built with other headers?");
    }
    if (options && (options->threads < 0 || options->threads > 4096)) {
        return assay_fail(err, ASSAY_EINVAL, "threads is %d, expected 0 (all cores) to 4096",
                          options->threads);
    }
    assay_context *context = assay_alloc(1, sizeof *context);
    if (!context) {
        return assay_fail_memory(err);
    }
    context->threads = options ? options->threads : 0;
    if (options && options->sink) {
        context->sink = *options->sink;
    }
    context->log = (assay_log){context, hand_message, hand_progress};
    atomic_init(&context->cancel.requested, 0);
    pthread_mutex_init(&context->lock, NULL);
    *out = context;
    return ASSAY_OK;
}

void assay_context_cancel(assay_context *context)
{
    atomic_store(&context->cancel.requested, 1);
}

void assay_context_free(assay_context *context)
{
    if (context) {
        pthread_mutex_destroy(&context->lock);
        assay_free(context);
    }
}

assay_status assay_text_take(char **out, assay_buffer *buffer, assay_error *err)
{
    assay_status status = assay_buffer_status(buffer, err);

    *out = NULL;
    if (status == ASSAY_OK) {
        *out = buffer->data ? buffer->data : assay_strdup("");
        buffer->data = NULL;
        status = *out ? ASSAY_OK : assay_fail_memory(err);
    }
    assay_buffer_dispose(buffer);
    return status;
}
