/*
 * Resampling, measured and served.
 *
 *   bench_resize MODE TYPE CHANNELS W H OUT_W OUT_H SECONDS
 *       prints nanoseconds per output pixel, the best of the calls that fit into SECONDS
 *   bench_resize --serve
 *       reads requests from standard input, so that tests/oracle/resize_sweep.py can compare bytes:
 *       a line "MODE TYPE CHANNELS W H OUT_W OUT_H X0 Y0 X1 Y1" and the packed samples; answers
 *       with a line "STATUS BYTES" and the samples. The whole image as box means no box.
 *
 * TYPE is u8, u16 or f32.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"
#include "codec/image.h"
#include "codec/resize.h"

typedef struct request {
    assay_resize_mode mode;
    assay_pixel type;
    int channels;
    int width;
    int height;
    int out_width;
    int out_height;
    double box[4];
} request;

static int parse_type(assay_pixel *out, const char *name)
{
    if (strcmp(name, "u8") == 0) {
        *out = ASSAY_PIXEL_U8;
    } else if (strcmp(name, "u16") == 0) {
        *out = ASSAY_PIXEL_U16;
    } else if (strcmp(name, "f32") == 0) {
        *out = ASSAY_PIXEL_F32;
    } else {
        return 0;
    }
    return 1;
}

static int parse_line(request *r, const char *line)
{
    char mode[32];
    char type[8];
    const int n = sscanf(line, "%31s %7s %d %d %d %d %d %lf %lf %lf %lf", mode, type, &r->channels,
                         &r->width, &r->height, &r->out_width, &r->out_height, &r->box[0],
                         &r->box[1], &r->box[2], &r->box[3]);
    return n == 11 && assay_resize_mode_parse(&r->mode, mode) && parse_type(&r->type, type);
}

static assay_status run(assay_image *out, const assay_image *in, const request *r, assay_error *err)
{
    const int whole =
        r->box[0] == 0.0 && r->box[1] == 0.0 && r->box[2] == r->width && r->box[3] == r->height;
    if (whole) {
        return assay_image_resize(out, in, r->out_width, r->out_height, r->mode, err);
    }
    return assay_image_resize_box(out, in, r->box, r->out_width, r->out_height, r->mode, err);
}

static int serve(void)
{
    char line[512];
    while (fgets(line, sizeof line, stdin) != NULL) {
        request r;
        assay_image in = {0};
        assay_image out = {0};
        assay_error err = {0};
        if (!parse_line(&r, line) ||
            assay_image_new(&in, r.width, r.height, r.channels, r.type, &err) != ASSAY_OK ||
            fread(in.data, in.stride, (size_t)in.height, stdin) != (size_t)in.height) {
            fprintf(stderr, "bench_resize: bad request: %s", line);
            assay_image_dispose(&in);
            return 1;
        }
        const assay_status status = run(&out, &in, &r, &err);
        const size_t bytes = status == ASSAY_OK ? out.stride * (size_t)out.height : 0;
        printf("%d %zu\n", (int)status, bytes);
        if (bytes > 0) {
            fwrite(out.data, 1, bytes, stdout);
        }
        fflush(stdout);
        assay_image_dispose(&in);
        assay_image_dispose(&out);
    }
    return 0;
}

static void fill(assay_image *image)
{
    assay_rng rng = assay_rng_stream(1, assay_rng_operation("bench.resize"), 0);
    for (int32_t y = 0; y < image->height; y++) {
        uint8_t *row = assay_image_row_mut(image, y);
        const size_t n = (size_t)image->width * (size_t)image->channels;
        for (size_t i = 0; i < n; i++) {
            if (image->type == ASSAY_PIXEL_F32) {
                ((float *)(void *)row)[i] = (float)assay_rng_uniform(&rng);
            } else if (image->type == ASSAY_PIXEL_U16) {
                ((uint16_t *)(void *)row)[i] = (uint16_t)assay_rng_below(&rng, 65536);
            } else {
                row[i] = (uint8_t)assay_rng_below(&rng, 256);
            }
        }
    }
}

static int parse_side(int *out, const char *text)
{
    int64_t value = 0;
    if (!assay_text_to_i64(&value, text) || value < 1 || value > 65535) {
        return 0;
    }
    *out = (int)value;
    return 1;
}

static int measure(const request *r, double seconds)
{
    assay_image in = {0};
    assay_error err = {0};
    if (assay_image_new(&in, r->width, r->height, r->channels, r->type, &err) != ASSAY_OK) {
        fprintf(stderr, "bench_resize: %s\n", err.message);
        return 1;
    }
    fill(&in);
    double best = 1e30;
    const double start = assay_clock_seconds();
    while (assay_clock_seconds() - start < seconds) {
        assay_image out = {0};
        const double before = assay_clock_seconds();
        if (run(&out, &in, r, &err) != ASSAY_OK) {
            fprintf(stderr, "bench_resize: %s\n", err.message);
            assay_image_dispose(&in);
            return 1;
        }
        const double took = assay_clock_seconds() - before;
        best = took < best ? took : best;
        assay_image_dispose(&out);
    }
    assay_image_dispose(&in);
    printf("%.4f\n", best * 1e9 / ((double)r->out_width * r->out_height));
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--serve") == 0) {
        return serve();
    }
    request r = {0};
    double seconds = 0.0;
    if (argc != 9 || !assay_resize_mode_parse(&r.mode, argv[1]) || !parse_type(&r.type, argv[2]) ||
        !parse_side(&r.channels, argv[3]) || !parse_side(&r.width, argv[4]) ||
        !parse_side(&r.height, argv[5]) || !parse_side(&r.out_width, argv[6]) ||
        !parse_side(&r.out_height, argv[7]) || !assay_text_to_real(&seconds, argv[8])) {
        fprintf(stderr, "usage: bench_resize MODE u8|u16|f32 CHANNELS W H OUT_W OUT_H SECONDS\n"
                        "       bench_resize --serve\n");
        return 64;
    }
    r.box[2] = r.width;
    r.box[3] = r.height;
    return measure(&r, seconds);
}
