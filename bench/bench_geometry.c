/*
 * Affine transforms and rotations, measured and served.
 *
 *   bench_geometry affine|rotate INTERPOLATION TYPE CHANNELS W H SECONDS
 *       a turn of 20 degrees; prints nanoseconds per output pixel, the best of the calls that fit
 *   bench_geometry --serve
 *       reads requests from standard input, so that tests/oracle/geometry.py can compare bytes: a
 *       line "affine|rotate INTERPOLATION TYPE CHANNELS W H OUT_W OUT_H M0 .. M5 F0 .. F3" (a
 *       rotation has its degrees in M0) and the packed samples; answers with a line "STATUS BYTES"
 *       and the samples.
 *
 * INTERPOLATION is 0 nearest, 1 bilinear, 2 bicubic; TYPE is u8, u16 or f32.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "codec/geometry.h"

typedef struct request {
    int rotate;
    int interpolation;
    assay_pixel type;
    int channels;
    int width;
    int height;
    int out_width;
    int out_height;
    double matrix[6];
    double fill[4];
} request;

static int parse_type(assay_pixel *out, const char *name)
{
    *out = strcmp(name, "u8") == 0    ? ASSAY_PIXEL_U8
           : strcmp(name, "u16") == 0 ? ASSAY_PIXEL_U16
                                      : ASSAY_PIXEL_F32;
    return *out != ASSAY_PIXEL_F32 || strcmp(name, "f32") == 0;
}

static int parse_line(request *r, const char *line)
{
    char what[8];
    char type[8];
    double *m = r->matrix;
    double *f = r->fill;
    const int n =
        sscanf(line, "%7s %d %7s %d %d %d %d %d %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf", what,
               &r->interpolation, type, &r->channels, &r->width, &r->height, &r->out_width,
               &r->out_height, m, m + 1, m + 2, m + 3, m + 4, m + 5, f, f + 1, f + 2, f + 3);
    r->rotate = strcmp(what, "rotate") == 0;
    return n == 18 && parse_type(&r->type, type);
}

static assay_status run(assay_image *out, const assay_image *in, const request *r, assay_error *err)
{
    const assay_interpolation interpolation = (assay_interpolation)r->interpolation;
    if (r->rotate) {
        return assay_image_rotate(out, in, r->matrix[0], interpolation, r->fill, err);
    }
    return assay_image_affine(out, in, r->matrix, r->out_width, r->out_height, interpolation,
                              r->fill, err);
}

static int serve(void)
{
    char line[1024];
    while (fgets(line, sizeof line, stdin) != NULL) {
        request r;
        assay_image in = {0};
        assay_image out = {0};
        assay_error err = {0};
        if (!parse_line(&r, line) ||
            assay_image_new(&in, r.width, r.height, r.channels, r.type, &err) != ASSAY_OK ||
            fread(in.data, in.stride, (size_t)in.height, stdin) != (size_t)in.height) {
            fprintf(stderr, "bench_geometry: bad request: %s", line);
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

static int parse_int(int *out, const char *text, int64_t most)
{
    int64_t value = 0;
    if (!assay_text_to_i64(&value, text) || value < 0 || value > most) {
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
        fprintf(stderr, "bench_geometry: %s\n", err.message);
        return 1;
    }
    double best = 1e30;
    const double start = assay_clock_seconds();
    while (assay_clock_seconds() - start < seconds) {
        assay_image out = {0};
        const double before = assay_clock_seconds();
        if (run(&out, &in, r, &err) != ASSAY_OK) {
            fprintf(stderr, "bench_geometry: %s\n", err.message);
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
    if (argc != 8 || !parse_int(&r.interpolation, argv[2], 2) || !parse_type(&r.type, argv[3]) ||
        !parse_int(&r.channels, argv[4], 4) || !parse_int(&r.width, argv[5], 65535) ||
        !parse_int(&r.height, argv[6], 65535) || !assay_text_to_real(&seconds, argv[7])) {
        fprintf(stderr,
                "usage: bench_geometry affine|rotate 0|1|2 u8|u16|f32 CHANNELS W H SECONDS\n"
                "       bench_geometry --serve\n");
        return 64;
    }
    const double turn[6] = {0.9397, 0.342, -3.0, -0.342, 0.9397, 5.0};
    r.rotate = strcmp(argv[1], "rotate") == 0;
    r.out_width = r.width;
    r.out_height = r.height;
    memcpy(r.matrix, turn, sizeof turn);
    if (r.rotate) {
        r.matrix[0] = 20.0;
    }
    return measure(&r, seconds);
}
