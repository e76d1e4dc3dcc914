/* Perturbations: goldens of outside libraries, identity, bounds, severities, threads, failing
 * allocations, distributions. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_write.h"
#include "base/parallel.h"
#include "base/sort.h"
#include "base/text.h"
#include "core/perturbation.h"
#include "operation/harness.h"

enum { SEED = 7, DATUM = 3 };

/* ---- input, as `picture` in tests/oracle/perturbation.py ------------------------------------ */

static uint32_t hash(uint32_t i)
{
    uint32_t h = i * 2654435761U + 0x9E3779B9U;
    h ^= h >> 15;
    h *= 0x2C1B3C6DU;
    return h ^ h >> 12;
}

static void picture(assay_image *image, int32_t width, int32_t height, int32_t channels,
                    assay_pixel type)
{
    assert_int_equal(assay_image_new(image, width, height, channels, type, NULL), ASSAY_OK);
    uint32_t i = 0;
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++) {
            for (int32_t c = 0; c < channels; c++, i++) {
                const uint32_t h = hash(i);
                const uint32_t coarse = ((uint32_t)(x * 7 + y * 5 + c * 60) + (h >> 26)) & 255U;
                const uint32_t fine = x == 0 && y == 0 ? 0 : coarse * 256U + (h >> 8 & 255U);
                if (type == ASSAY_PIXEL_U8) {
                    ((uint8_t *)image->data)[i] = (uint8_t)(fine >> 8);
                } else if (type == ASSAY_PIXEL_U16) {
                    ((uint16_t *)image->data)[i] = (uint16_t)fine;
                } else {
                    ((float *)image->data)[i] = (float)((double)fine / 65535.0);
                }
            }
        }
    }
}

static double sample(const assay_image *image, size_t i)
{
    switch (image->type) {
    case ASSAY_PIXEL_U8:
        return (double)((const uint8_t *)image->data)[i];
    case ASSAY_PIXEL_U16:
        return (double)((const uint16_t *)image->data)[i];
    case ASSAY_PIXEL_F32:
        break;
    }
    return (double)((const float *)image->data)[i];
}

static size_t samples(const assay_image *image)
{
    return (size_t)image->width * (size_t)image->height * (size_t)image->channels;
}

static size_t bytes_of(const assay_image *image)
{
    return image->stride * (size_t)image->height;
}

/* ---- one call ------------------------------------------------------------------------------- */

static assay_status run(assay_image *out, const assay_image *in, const assay_args *args,
                        uint64_t datum)
{
    assay_arena *scratch = NULL;
    assay_error err = {0};
    assay_rng rng = assay_rng_stream(SEED, assay_rng_operation(args->op->name), datum);
    assert_int_equal(assay_arena_new(&scratch, 0, NULL), ASSAY_OK);
    const assay_status status =
        args->op->perturbation->apply(out, in, args->params, &rng, scratch, &err);
    if (status != ASSAY_OK) {
        print_message("%s: %s\n", args->op->name, err.message);
    }
    assay_arena_free(scratch);
    return status;
}

static void set(assay_args *args, const char *name, double value)
{
    char text[32];
    assay_format_real(text, value);
    assert_int_equal(assay_args_set(args, name, text, NULL), ASSAY_OK);
}

static const assay_pixel types[] = {ASSAY_PIXEL_U8, ASSAY_PIXEL_U16, ASSAY_PIXEL_F32};
static const int32_t sizes[][2] = {{1, 1}, {1, 9}, {20, 20}, {33, 17}};

/* Calls `visit` with images of every type, number of channels and a few sizes. */
static void each_image(const assay_args *args,
                       void (*visit)(const assay_args *args, const assay_image *in))
{
    for (size_t t = 0; t < ASSAY_COUNT(types); t++) {
        for (int32_t channels = 1; channels <= 4; channels++) {
            for (size_t s = 0; s < ASSAY_COUNT(sizes); s++) {
                assay_image in = {0};
                picture(&in, sizes[s][0], sizes[s][1], channels, types[t]);
                visit(args, &in);
                assay_image_dispose(&in);
            }
        }
    }
}

/* ---- goldens -------------------------------------------------------------------------------- */

enum { ARGUMENTS, TYPE, CHANNELS, WIDTH, HEIGHT, TOLERANCE, OFFSET, FIELDS };

typedef struct golden_case {
    char *arguments;
    char *type;
    int channels, width, height;
    double tolerance;
    long offset;
} golden_case;

/* Takes the line apart in place; false for anything but FIELDS words. */
static int parse_case(golden_case *g, char *line)
{
    char *words[FIELDS] = {NULL};
    int64_t numbers[4];
    int n = 0;
    line[strcspn(line, "\n")] = '\0';
    for (char *at = line; at != NULL && n < FIELDS; n++) {
        words[n] = at;
        at = strchr(at, ' ');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    if (n != FIELDS || !assay_text_to_real(&g->tolerance, words[TOLERANCE]) ||
        !assay_text_to_i64(&numbers[0], words[CHANNELS]) ||
        !assay_text_to_i64(&numbers[1], words[WIDTH]) ||
        !assay_text_to_i64(&numbers[2], words[HEIGHT]) ||
        !assay_text_to_i64(&numbers[3], words[OFFSET])) {
        return 0;
    }
    g->arguments = words[ARGUMENTS];
    g->type = words[TYPE];
    g->channels = (int)numbers[0];
    g->width = (int)numbers[1];
    g->height = (int)numbers[2];
    g->offset = (long)numbers[3];
    return 1;
}

static void check_case(const assay_op *op, const golden_case *g, FILE *expected)
{
    assay_args *args = harness_args(op, strcmp(g->arguments, "-") == 0 ? "" : g->arguments);
    assay_image in = {0};
    assay_image out = {0};
    const assay_pixel type = strcmp(g->type, "u8") == 0    ? ASSAY_PIXEL_U8
                             : strcmp(g->type, "u16") == 0 ? ASSAY_PIXEL_U16
                                                           : ASSAY_PIXEL_F32;
    picture(&in, g->width, g->height, g->channels, type);
    assert_int_equal(run(&out, &in, args, DATUM), ASSAY_OK);
    assert_int_equal(fseek(expected, g->offset * (long)sizeof(float), SEEK_SET), 0);
    for (size_t i = 0; i < samples(&in); i++) {
        float wanted = 0.0F;
        assert_int_equal(fread(&wanted, sizeof wanted, 1, expected), 1);
        if (!(fabs(sample(&out, i) - (double)wanted) <= g->tolerance)) {
            fail_msg("%s(%s) %s, %d channels, %dx%d: sample %zu is %.9g, expected %.9g", op->name,
                     g->arguments, g->type, g->channels, g->width, g->height, i, sample(&out, i),
                     (double)wanted);
        }
    }
    assay_args_free(args);
    assay_image_dispose(&in);
    assay_image_dispose(&out);
}

static FILE *open_golden(const assay_op *op, const char *extension)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/golden/perturbation/%s.%s", ASSAY_TEST_DATA, op->name,
                   extension);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("%s has no golden values: there is no %s", op->name, path);
    }
    return file;
}

void check_perturbation_golden(const assay_op *op)
{
    FILE *index = open_golden(op, "txt");
    FILE *expected = open_golden(op, "f32");
    char line[256];
    int cases = 0;
    while (fgets(line, sizeof line, index) != NULL) {
        golden_case g;
        assert_true(parse_case(&g, line));
        check_case(op, &g, expected);
        cases++;
    }
    fclose(index);
    fclose(expected);
    if (cases == 0) {
        fail_msg("%s has no golden values: run its script in tests/oracle", op->name);
    }
}

/* ---- what holds for every perturbation ------------------------------------------------------ */

void check_perturbation_shape(const assay_op *op)
{
    const assay_perturbation *shape = op->perturbation;
    assay_args *args = harness_args(op, "");
    double value = 0.0;
    assert_non_null(shape->severity_param);
    assert_true(assay_args_get(&value, args, shape->severity_param));
    for (int s = 0; s < 5; s++) {
        set(args, shape->severity_param, shape->severities[s]);
    }
    if (shape->has_identity) {
        set(args, shape->severity_param, shape->identity);
    }
    assay_args_free(args);
}

static void same_as_input(const assay_args *args, const assay_image *in)
{
    assay_image out = {0};
    assert_int_equal(run(&out, in, args, DATUM), ASSAY_OK);
    assert_int_equal(bytes_of(&out), bytes_of(in));
    assert_memory_equal(out.data, in->data, bytes_of(in));
    assay_image_dispose(&out);
}

void check_perturbation_identity(const assay_op *op)
{
    if (!op->perturbation->has_identity) {
        return;
    }
    assay_args *args = harness_args(op, "");
    set(args, op->perturbation->severity_param, op->perturbation->identity);
    each_image(args, same_as_input);
    assay_args_free(args);
}

static int moves_pixels(const assay_op *op)
{
    return op->perturbation->moves_pixels;
}

/* Same shape, input left alone, values in range, alpha kept by what does not move pixels. */
static void well_formed(const assay_args *args, const assay_image *in)
{
    const double white = in->type == ASSAY_PIXEL_F32 ? 1.0 : 65535.0;
    assay_image copy = {0};
    assay_image out = {0};
    assert_int_equal(assay_image_copy(&copy, in, NULL), ASSAY_OK);
    assert_int_equal(run(&out, in, args, DATUM), ASSAY_OK);
    assert_memory_equal(copy.data, in->data, bytes_of(in));
    assert_int_equal(out.width, in->width);
    assert_int_equal(out.height, in->height);
    assert_int_equal(out.channels, in->channels);
    assert_int_equal(out.type, in->type);
    assert_int_equal(out.stride, in->stride);
    for (size_t i = 0; i < samples(in); i++) {
        assert_true(sample(&out, i) >= 0.0 && sample(&out, i) <= white * (1.0 + 1e-6));
        if (in->channels % 2 == 0 && (i + 1) % (size_t)in->channels == 0 &&
            !moves_pixels(args->op)) {
            assert_true(sample(&out, i) == sample(in, i));
        }
    }
    assay_image_dispose(&copy);
    assay_image_dispose(&out);
}

void check_perturbation_bounds(const assay_op *op)
{
    assay_args *args = harness_args(op, "");
    each_image(args, well_formed);
    for (size_t i = 0; i < op->n_params; i++) {
        const assay_param *param = &op->params[i];
        if (param->type == ASSAY_PARAM_BOOL) {
            set(args, param->name, 1.0);
            each_image(args, well_formed);
            set(args, param->name, param->otherwise);
        } else if (param->type == ASSAY_PARAM_CHOICE) {
            for (size_t k = 0; param->choices[k] != NULL; k++) {
                assert_int_equal(assay_args_set(args, param->name, param->choices[k], NULL),
                                 ASSAY_OK);
                each_image(args, well_formed);
            }
        } else {
            set(args, param->name, param->low);
            each_image(args, well_formed);
            set(args, param->name, param->high);
            each_image(args, well_formed);
            set(args, param->name, param->otherwise);
        }
    }
    assay_args_free(args);
}

/* Each severity is further from the input than the one before, on a picture of ImageNet-C's size. */
void check_perturbation_severities(const assay_op *op)
{
    assay_args *args = harness_args(op, "");
    assay_image in = {0};
    double before = 0.0;
    assert_int_equal(assay_image_new(&in, 224, 224, 3, ASSAY_PIXEL_U8, NULL), ASSAY_OK);
    for (size_t i = 0; i < samples(&in); i++) {
        const size_t x = i / 3 % 224;
        const size_t y = i / 672;
        const size_t far = (x - 100) * (x - 100) + (y - 120) * (y - 120);
        ((uint8_t *)in.data)[i] =
            (uint8_t)(40 + (x + y) / 4 + (far < 3600 ? 60 : 0) + (hash((uint32_t)i) >> 27));
    }
    for (int s = 0; s < 5; s++) {
        assay_image out = {0};
        double away = 0.0;
        set(args, op->perturbation->severity_param, op->perturbation->severities[s]);
        assert_int_equal(run(&out, &in, args, DATUM), ASSAY_OK);
        for (size_t i = 0; i < samples(&in); i++) {
            away += fabs(sample(&out, i) - sample(&in, i));
        }
        if (!(away > before)) {
            fail_msg("%s: severity %d is no worse than the one before", op->name, s + 1);
        }
        before = away;
        assay_image_dispose(&out);
    }
    assay_image_dispose(&in);
    assay_args_free(args);
}

/* ---- threads, order, memory ----------------------------------------------------------------- */

enum { DATA = 24 };

typedef struct job {
    const assay_args *args;
    const assay_image *in;
    assay_image out[DATA];
} job;

static assay_status one_datum(void *payload, int64_t block, int worker, assay_error *err)
{
    job *j = payload;
    (void)worker;
    (void)err;
    const int64_t datum = DATA - 1 - block; /* not the order of the first run */
    return run(&j->out[datum], j->in, j->args, (uint64_t)datum);
}

void check_perturbation_threads(const assay_op *op)
{
    static const int threads[] = {1, 2, 7, 16};
    assay_args *args = harness_args(op, "");
    assay_image in = {0};
    assay_image wanted[DATA] = {{0}};
    for (size_t i = 0; i < op->n_params; i++) { /* draws of its own, where there are any */
        if (strcmp(op->params[i].name, "direction") == 0) {
            assert_int_equal(assay_args_set(args, "direction", "random", NULL), ASSAY_OK);
        } else if (strcmp(op->params[i].name, "random") == 0) {
            assert_int_equal(assay_args_set(args, "random", "true", NULL), ASSAY_OK);
        }
    }
    picture(&in, 21, 18, 3, ASSAY_PIXEL_U8);
    for (uint64_t datum = 0; datum < DATA; datum++) {
        assert_int_equal(run(&wanted[datum], &in, args, datum), ASSAY_OK);
    }
    for (size_t t = 0; t < ASSAY_COUNT(threads); t++) {
        job j = {.args = args, .in = &in};
        assert_int_equal(assay_parallel(DATA, threads[t], one_datum, &j, NULL, NULL), ASSAY_OK);
        for (int datum = 0; datum < DATA; datum++) {
            assert_memory_equal(j.out[datum].data, wanted[datum].data, bytes_of(&in));
            assay_image_dispose(&j.out[datum]);
        }
    }
    for (int datum = 0; datum < DATA; datum++) {
        assay_image_dispose(&wanted[datum]);
    }
    assay_image_dispose(&in);
    assay_args_free(args);
}

typedef struct call {
    const assay_args *args;
    const assay_image *in;
} call;

static assay_status one_call(void *payload)
{
    const call *c = payload;
    assay_arena *scratch = NULL;
    assay_image out = {0};
    assay_error err = {0};
    assay_rng rng = assay_rng_stream(SEED, assay_rng_operation(c->args->op->name), DATUM);
    ASSAY_TRY(assay_arena_new(&scratch, 0, &err));
    const assay_status status =
        c->args->op->perturbation->apply(&out, c->in, c->args->params, &rng, scratch, &err);
    if (status != ASSAY_OK) {
        assert_null(out.data);
        assert_true(err.message[0] != '\0');
    }
    assay_image_dispose(&out);
    assay_arena_free(scratch);
    return status;
}

void check_perturbation_allocation(const assay_op *op)
{
    assay_args *args = harness_args(op, "");
    assay_image in = {0};
    picture(&in, 40, 30, 4, ASSAY_PIXEL_U16);
    call c = {args, &in};
    check_allocation_failures(op->name, one_call, &c);
    assay_image_dispose(&in);
    assay_args_free(args);
}

/* ---- distributions -------------------------------------------------------------------------- */

static const assay_op *find(const char *name)
{
    const assay_op *op = assay_registry_find(assay_ops(), ASSAY_OP_PERTURBATION, name);
    assert_non_null(op);
    return op;
}

static void flat(assay_image *image, int32_t side, float value)
{
    assert_int_equal(assay_image_new(image, side, side, 1, ASSAY_PIXEL_F32, NULL), ASSAY_OK);
    for (size_t i = 0; i < samples(image); i++) {
        ((float *)image->data)[i] = value;
    }
}

/* Kolmogorov-Smirnov: sqrt(n) D stays under 1.95 with probability 0.999. */
static void check_noise_is_normal(void)
{
    enum { SIDE = 160, N = SIDE * SIDE };
    const double sigma = 0.05; /* ten of them to either end of the range: nothing is clipped */
    assay_args *args = harness_args(find("gaussian_noise"), "");
    assay_image in = {0};
    assay_image out = {0};
    double *z = assay_alloc(N, sizeof *z);
    int64_t *order = assay_alloc(N, sizeof *order);
    double distance = 0.0;
    assert_non_null(z);
    assert_non_null(order);
    set(args, "sigma", sigma);
    flat(&in, SIDE, 0.5F);
    assert_int_equal(run(&out, &in, args, 11), ASSAY_OK);
    for (size_t i = 0; i < N; i++) {
        z[i] = (sample(&out, i) - 0.5) / sigma;
    }
    assert_int_equal(assay_sort_order(order, z, N, false, NULL), ASSAY_OK);
    for (size_t i = 0; i < N; i++) {
        const double p = 0.5 * erfc(-z[order[i]] / sqrt(2.0));
        distance = fmax(distance, fmax(p - (double)i / N, (double)(i + 1) / N - p));
    }
    assert_true(sqrt((double)N) * distance < 1.95);
    assay_free(z);
    assay_free(order);
    assay_image_dispose(&in);
    assay_image_dispose(&out);
    assay_args_free(args);
}

/* Every sample 0.6, so Poisson with mean 3 at five photons; what would be above 1 is clipped. */
static void check_shot_noise_is_poisson(void)
{
    enum { SIDE = 200, N = SIDE * SIDE, CELLS = 6 };
    static const double mass[CELLS] = {0.049787068, 0.149361205, 0.224041808,
                                       0.224041808, 0.168031356, 0.184736755};
    assay_args *args = harness_args(find("shot_noise"), "photons=5");
    assay_image in = {0};
    assay_image out = {0};
    int64_t counts[CELLS] = {0};
    double chi_square = 0.0;
    flat(&in, SIDE, 0.6F);
    assert_int_equal(run(&out, &in, args, 11), ASSAY_OK);
    for (size_t i = 0; i < N; i++) {
        const double k = sample(&out, i) * 5.0;
        const size_t cell = (size_t)(k + 0.5);
        assert_true(cell < CELLS && fabs(k - (double)cell) < 1e-6);
        counts[cell]++;
    }
    for (size_t c = 0; c < CELLS; c++) {
        const double expected = mass[c] * N;
        chi_square += ((double)counts[c] - expected) * ((double)counts[c] - expected) / expected;
    }
    assert_true(chi_square < 20.52); /* five degrees of freedom, 0.999 */
    assay_image_dispose(&in);
    assay_image_dispose(&out);
    assay_args_free(args);
}

static void check_impulses_are_even(void)
{
    enum { SIDE = 200, N = SIDE * SIDE };
    assay_args *args = harness_args(find("impulse_noise"), "amount=0.2");
    assay_image in = {0};
    assay_image out = {0};
    double low = 0.0;
    double high = 0.0;
    flat(&in, SIDE, 0.25F);
    assert_int_equal(run(&out, &in, args, 11), ASSAY_OK);
    for (size_t i = 0; i < N; i++) {
        low += sample(&out, i) == 0.0;
        high += sample(&out, i) == 1.0;
        assert_true(sample(&out, i) == 0.0 || sample(&out, i) == 1.0 || sample(&out, i) == 0.25);
    }
    const double spread = sqrt(N * 0.1 * 0.9); /* each binomial: 3.3 of them hold 0.999 */
    assert_true(fabs(low - 0.1 * N) < 3.3 * spread);
    assert_true(fabs(high - 0.1 * N) < 3.3 * spread);
    assay_image_dispose(&in);
    assay_image_dispose(&out);
    assay_args_free(args);
}

void check_perturbation_distributions(void)
{
    check_noise_is_normal();
    check_shot_noise_is_poisson();
    check_impulses_are_even();
}
