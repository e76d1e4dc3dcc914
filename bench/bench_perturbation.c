/*
 * Perturbations, measured and served.
 *
 *   bench_perturbation NAME[:P=V,...] TYPE CHANNELS W H SECONDS
 *       prints megabytes of pixels per second, the best of the calls that fit
 *   bench_perturbation --serve
 *       reads requests from standard input: a line "NAME[:P=V,...] TYPE CHANNELS W H DATUM" and the
 *       packed samples; answers with a line "STATUS BYTES" and the samples. The seed is 1.
 *
 * TYPE is u8, u16 or f32.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "core/perturbation.h"
#include "ops/op_table.h"

enum { SEED = 1, WORDS = 6 };

typedef struct request {
    assay_args *args;
    assay_image in;
    int64_t datum;
} request;

static void request_dispose(request *r)
{
    assay_args_free(r->args);
    assay_image_dispose(&r->in);
    r->args = NULL;
}

static assay_pixel type_of(const char *name)
{
    return strcmp(name, "u8") == 0    ? ASSAY_PIXEL_U8
           : strcmp(name, "u16") == 0 ? ASSAY_PIXEL_U16
                                      : ASSAY_PIXEL_F32;
}

/* "name:a=1,b=2", taken apart in place. */
static assay_status parse_op(assay_args **args, char *text, assay_error *err)
{
    const assay_op *op = NULL;
    char *at = strchr(text, ':');

    if (at) {
        *at++ = '\0';
    }
    ASSAY_TRY(assay_registry_get(&op, assay_ops(), ASSAY_OP_PERTURBATION, text, err));
    ASSAY_TRY(assay_args_new(args, op, err));
    while (at) {
        char *next = strchr(at, ',');
        char *equals = strchr(at, '=');
        if (next) {
            *next++ = '\0';
        }
        if (!equals) {
            return assay_fail(err, ASSAY_EINVAL, "expected P=V, not '%s'", at);
        }
        *equals = '\0';
        ASSAY_TRY(assay_args_set(*args, at, equals + 1, err));
        at = next;
    }
    return ASSAY_OK;
}

/* The first five words; makes the image, zeroed. */
static assay_status parse(request *r, char *const words[WORDS], assay_error *err)
{
    int64_t n[3];

    for (int i = 0; i < 3; i++) {
        if (!assay_text_to_i64(&n[i], words[2 + i]) || n[i] < 1 || n[i] > 65535) {
            return assay_fail(err, ASSAY_EINVAL, "'%s' is no size", words[2 + i]);
        }
    }
    ASSAY_TRY(parse_op(&r->args, words[0], err));
    return assay_image_new(&r->in, (int32_t)n[1], (int32_t)n[2], (int32_t)n[0], type_of(words[1]),
                           err);
}

static assay_status run(assay_image *out, const request *r, assay_arena *scratch, assay_error *err)
{
    const assay_op *op = r->args->op;
    assay_rng rng = assay_rng_stream(SEED, assay_rng_operation(op->name), (uint64_t)r->datum);

    assay_arena_reset(scratch);
    return op->perturbation->apply(out, &r->in, r->args->params, &rng, scratch, err);
}

static size_t split(char *words[WORDS], char *line)
{
    size_t n = 0;

    line[strcspn(line, "\n")] = '\0';
    for (char *at = line; at && n < WORDS; n++) {
        words[n] = at;
        at = strchr(at, ' ');
        if (at) {
            *at++ = '\0';
        }
    }
    return n;
}

static int serve(assay_arena *scratch)
{
    char line[1024];

    while (fgets(line, sizeof line, stdin) != NULL) {
        char *words[WORDS];
        request r = {0};
        assay_image out = {0};
        assay_error err = {0};
        if (split(words, line) != WORDS || parse(&r, words, &err) != ASSAY_OK ||
            !assay_text_to_i64(&r.datum, words[5]) ||
            fread(r.in.data, r.in.stride, (size_t)r.in.height, stdin) != (size_t)r.in.height) {
            fprintf(stderr, "bench_perturbation: bad request: %s\n", err.message);
            request_dispose(&r);
            return 1;
        }
        assay_status status = run(&out, &r, scratch, &err);
        size_t bytes = status == ASSAY_OK ? out.stride * (size_t)out.height : 0;
        printf("%d %zu\n", (int)status, bytes);
        if (bytes > 0) {
            fwrite(out.data, 1, bytes, stdout);
        }
        fflush(stdout);
        assay_image_dispose(&out);
        request_dispose(&r);
    }
    return 0;
}

/* A slope with texture, the same for every type, between 0 and full scale. */
static void draw(assay_image *image)
{
    size_t n = (size_t)image->width * (size_t)image->height * (size_t)image->channels;

    for (size_t i = 0; i < n; i++) {
        uint32_t value = ((uint32_t)i / 7 % 180 + ((uint32_t)i * 2654435761U >> 26)) & 255U;
        if (image->type == ASSAY_PIXEL_U8) {
            ((uint8_t *)image->data)[i] = (uint8_t)value;
        } else if (image->type == ASSAY_PIXEL_U16) {
            ((uint16_t *)image->data)[i] = (uint16_t)(value * 257U);
        } else {
            ((float *)image->data)[i] = (float)value / 255.0F;
        }
    }
}

static assay_status measure(double *best, const request *r, double seconds, assay_arena *scratch,
                            assay_error *err)
{
    const double start = assay_clock_seconds();

    *best = 1e30;
    while (assay_clock_seconds() - start < seconds) {
        assay_image out = {0};
        const double before = assay_clock_seconds();
        ASSAY_TRY(run(&out, r, scratch, err));
        const double took = assay_clock_seconds() - before;
        *best = took < *best ? took : *best;
        assay_image_dispose(&out);
    }
    return ASSAY_OK;
}

int main(int argc, char **argv)
{
    assay_arena *scratch = NULL;
    assay_error err = {0};
    request r = {0};
    double seconds = 0.0;
    double best = 0.0;
    int code = 1;

    if (assay_arena_new(&scratch, 0, &err) != ASSAY_OK) {
        fprintf(stderr, "bench_perturbation: %s\n", err.message);
        return 1;
    }
    if (argc == 2 && strcmp(argv[1], "--serve") == 0) {
        code = serve(scratch);
    } else if (argc != WORDS + 1 || !assay_text_to_real(&seconds, argv[WORDS])) {
        fprintf(stderr, "usage: bench_perturbation NAME[:P=V,...] u8|u16|f32 CHANNELS W H SECONDS\n"
                        "       bench_perturbation --serve\n");
        code = 64;
    } else if (parse(&r, argv + 1, &err) != ASSAY_OK) {
        fprintf(stderr, "bench_perturbation: %s\n", err.message);
    } else {
        draw(&r.in);
        if (measure(&best, &r, seconds, scratch, &err) == ASSAY_OK) {
            printf("%.2f\n", (double)(r.in.stride * (size_t)r.in.height) / best * 1e-6);
            code = 0;
        } else {
            fprintf(stderr, "bench_perturbation: %s\n", err.message);
        }
    }
    request_dispose(&r);
    assay_arena_free(scratch);
    return code;
}
