/* Decoders: goldens written a second time in numpy, shapes that do not fit, NaN, failing
 * allocations. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "core/decoder.h"
#include "operation/harness.h"

enum { MOST_VALUES = 1 << 16, MOST_BOXES = 4096 };

typedef struct golden {
    assay_args *args;
    assay_decoder_input in;
    float *values[ASSAY_DECODER_ROLES];
    assay_candidate expected[MOST_BOXES];
    double extra[MOST_BOXES * 4]; /* behind the boxes' own numbers, of all boxes */
    int n, n_extra;
    assay_box_map map; /* of decoders that give a class per pixel, with the classes */
    uint16_t labels[MOST_VALUES];
    int n_labels;
} golden;

static void start_case(golden *g, const assay_op *op, char *line)
{
    char *at = line;
    const char *arguments = strtok_r(line, " ", &at);
    g->args = harness_args(op, strcmp(arguments, "-") == 0 ? "" : arguments);
    g->in = (assay_decoder_input){0};
    g->in.width = (int32_t)strtol(at, &at, 10);
    g->in.height = (int32_t)strtol(at, &at, 10);
    g->in.classes = (int32_t)strtol(at, &at, 10);
    g->in.floor = strtod(at, &at);
    g->n = 0;
    g->n_extra = 0;
    g->n_labels = 0;
}

static void read_raw(golden *g, const assay_op *op, char *line)
{
    char *at = line;
    const char *role = strtok_r(line, " ", &at);
    const assay_decoder *decoder = op->decoder;
    int32_t r = 0;
    while (r < decoder->n_roles && strcmp(decoder->roles[r].name, role) != 0) {
        r++;
    }
    assert_true(r < decoder->n_roles);
    assay_raw *raw = &g->in.raw[r];
    size_t n = 1;
    raw->name = decoder->roles[r].name;
    raw->rank = (int32_t)strtol(at, &at, 10);
    for (int32_t d = 0; d < raw->rank; d++) {
        raw->shape[d] = strtol(at, &at, 10);
        n *= (size_t)raw->shape[d];
    }
    assert_true(n <= MOST_VALUES);
    g->values[r] = assay_alloc(n, sizeof(float));
    for (size_t i = 0; i < n; i++) {
        g->values[r][i] = (float)strtod(at, &at);
    }
    raw->data = g->values[r];
}

static void read_box(golden *g, char *line)
{
    char *at = line;
    assert_true(g->n < MOST_BOXES);
    assay_candidate *c = &g->expected[g->n++];
    for (int k = 0; k < 4; k++) {
        c->box[k] = strtod(at, &at);
    }
    c->score = strtod(at, &at);
    c->label = strtol(at, &at, 10);
    while (*at == ' ') {
        assert_true(g->n_extra < (int)ASSAY_COUNT(g->extra));
        g->extra[g->n_extra++] = strtod(at, &at);
    }
}

static void read_image(golden *g, char *line)
{
    char *at = line;
    g->map = (assay_box_map){.input_width = g->in.width, .input_height = g->in.height};
    g->map.width = (int32_t)strtol(at, &at, 10);
    g->map.height = (int32_t)strtol(at, &at, 10);
    g->map.scale_x = strtod(at, &at);
    g->map.offset_x = strtod(at, &at);
    g->map.scale_y = strtod(at, &at);
    g->map.offset_y = strtod(at, &at);
    const double ends[4] = {g->map.offset_x, g->map.offset_y,
                            g->map.offset_x + g->map.scale_x * g->map.width,
                            g->map.offset_y + g->map.scale_y * g->map.height};
    for (int i = 0; i < 4; i++) {
        g->map.seen[i] = fmin(fmax(ends[i], 0.0), i % 2 == 0 ? g->in.width : g->in.height);
    }
}

static void read_labels(golden *g, char *line)
{
    char *at = line;
    while (*at != '\0') {
        assert_true(g->n_labels < MOST_VALUES);
        g->labels[g->n_labels++] = (uint16_t)strtol(at, &at, 10);
    }
    assert_int_equal(g->n_labels, g->map.width * g->map.height);
}

static void compare_map(const golden *g, const assay_op *op)
{
    static uint16_t found[MOST_VALUES];
    assay_error err = {0};
    if (op->decoder->map(found, &g->in, &g->map, g->args->params, &err) != ASSAY_OK) {
        fail_msg("%s: %s", op->name, err.message);
    }
    for (int i = 0; i < g->n_labels; i++) {
        if (found[i] != g->labels[i]) {
            fail_msg("%s: column %d, row %d is of class %d, expected %d", op->name,
                     i % g->map.width, i / g->map.width, found[i], g->labels[i]);
        }
    }
}

static int close_to(double a, double b)
{
    return fabs(a - b) <= 1e-12 * fmax(1.0, fabs(b));
}

static void compare(const golden *g, const assay_op *op)
{
    assay_candidates found = {0};
    assay_error err = {0};
    if (op->decoder->decode(&found, &g->in, g->args->params, &err) != ASSAY_OK) {
        fail_msg("%s: %s", op->name, err.message);
    }
    assert_int_equal(found.n, g->n);
    assert_int_equal(found.n_extra * found.width, g->n_extra);
    for (int i = 0; i < g->n; i++) {
        const assay_candidate *a = &found.items[i];
        const assay_candidate *b = &g->expected[i];
        int same = a->label == b->label && close_to(a->score, b->score);
        for (int k = 0; k < 4; k++) {
            same = same && close_to(a->box[k], b->box[k]);
        }
        const double *extra = assay_candidate_extra(&found, i);
        for (int32_t k = 0; extra != NULL && k < found.width; k++) {
            same = same && close_to(extra[k], g->extra[(int64_t)i * found.width + k]);
        }
        if (!same) {
            fail_msg("%s, box %d: (%.17g %.17g %.17g %.17g) %.17g class %d, expected (%.17g %.17g "
                     "%.17g %.17g) %.17g class %d",
                     op->name, i, a->box[0], a->box[1], a->box[2], a->box[3], a->score,
                     (int)a->label, b->box[0], b->box[1], b->box[2], b->box[3], b->score,
                     (int)b->label);
        }
    }
    assay_candidates_dispose(&found);
}

static const golden *being_failed;

static assay_status decode_once(void *payload)
{
    const assay_op *op = payload;
    static uint16_t classes[MOST_VALUES];
    if (op->decoder->shape == ASSAY_SHAPE_MAP) {
        return op->decoder->map(classes, &being_failed->in, &being_failed->map,
                                being_failed->args->params, NULL);
    }
    assay_candidates found = {0};
    assay_status status =
        op->decoder->decode(&found, &being_failed->in, being_failed->args->params, NULL);
    assay_candidates_dispose(&found);
    return status;
}

/* The same of maps; here nobody else looks for NaN. */
static void misuse_map(golden *g, const assay_op *op)
{
    static uint16_t found[MOST_VALUES];
    assay_error err = {0};
    assay_raw *raw = &g->in.raw[0];
    const assay_raw kept = *raw;
    float before = g->values[0][0];
    being_failed = g;
    check_allocation_failures(op->name, decode_once, (void *)(uintptr_t)op);
    raw->rank--;
    assert_int_equal(op->decoder->map(found, &g->in, &g->map, g->args->params, &err),
                     ASSAY_EFORMAT);
    assert_non_null(strstr(err.message, op->decoder->roles[0].name));
    *raw = kept;
    g->values[0][0] = NAN;
    assert_int_equal(op->decoder->map(found, &g->in, &g->map, g->args->params, &err),
                     ASSAY_EFORMAT);
    g->values[0][0] = before;
}

/* What does not fit is refused with the tensor's name; NaN comes through, so that it is refused by
 * who calls; memory may run out. */
static void misuse(golden *g, const assay_op *op)
{
    assay_candidates found = {0};
    assay_error err = {0};
    assay_raw kept = g->in.raw[0];
    being_failed = g;
    check_allocation_failures(op->name, decode_once, (void *)(uintptr_t)op);
    g->in.raw[0].rank--;
    assert_int_equal(op->decoder->decode(&found, &g->in, g->args->params, &err), ASSAY_EFORMAT);
    assert_non_null(strstr(err.message, op->decoder->roles[0].name));
    g->in.raw[0] = kept;
    assay_candidates_dispose(&found);
    for (int32_t r = 0; r < op->decoder->n_roles; r++) {
        for (int64_t i = 0; g->values[r] != NULL && strcmp(op->decoder->roles[r].name, "count") &&
                            strcmp(op->decoder->roles[r].name, "labels") && i < 1;
             i++) {
            float before = g->values[r][i];
            g->values[r][i] = NAN;
            (void)!op->decoder->decode(&found, &g->in, g->args->params, &err);
            g->values[r][i] = before;
            assay_candidates_dispose(&found);
        }
    }
}

static void end_case(golden *g, const assay_op *op, int cases)
{
    bool map = op->decoder->shape == ASSAY_SHAPE_MAP;
    if (map) {
        compare_map(g, op);
    } else {
        compare(g, op);
    }
    if (cases == 0 && map) {
        misuse_map(g, op);
    } else if (cases == 0) {
        misuse(g, op);
    }
    for (int32_t r = 0; r < ASSAY_DECODER_ROLES; r++) {
        assay_free(g->values[r]);
        g->values[r] = NULL;
    }
    assay_args_free(g->args);
}

void check_decoder_golden(const assay_op *op)
{
    char path[512];
    char *line = NULL;
    size_t room = 0;
    int cases = 0;
    (void)snprintf(path, sizeof path, "%s/golden/decoder/%s.txt", ASSAY_TEST_DATA, op->name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("%s has no golden values: there is no %s", op->name, path);
    }
    golden *g = calloc(1, sizeof *g);
    assert_non_null(g);
    while (getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "case ", 5) == 0) {
            start_case(g, op, line + 5);
        } else if (strncmp(line, "raw ", 4) == 0) {
            read_raw(g, op, line + 4);
        } else if (strncmp(line, "box ", 4) == 0) {
            read_box(g, line + 4);
        } else if (strncmp(line, "image ", 6) == 0) {
            read_image(g, line + 6);
        } else if (strncmp(line, "labels ", 7) == 0) {
            read_labels(g, line + 7);
        } else {
            assert_string_equal(line, "end");
            end_case(g, op, cases++);
        }
    }
    free(g);
    free(line);
    (void)fclose(file);
    if (cases == 0) {
        fail_msg("%s has no golden values: run tests/oracle/decoders.py", op->name);
    }
}

/* The number of classes comes from the shape, or is asked for. */
void check_decoder_classes(const assay_op *op)
{
    assay_args *args = harness_args(op, "");
    assay_raw raw[ASSAY_DECODER_ROLES] = {0};
    for (int32_t r = 0; r < op->decoder->n_roles; r++) {
        raw[r].name = op->decoder->roles[r].name;
        raw[r].rank = op->decoder->roles[r].rank > 0 ? op->decoder->roles[r].rank : 2;
        for (int32_t d = 0; d < raw[r].rank; d++) {
            raw[r].shape[d] = -1;
        }
    }
    assert_int_equal(op->decoder->classes(raw, args->params), 0);
    for (int32_t r = 0; r < op->decoder->n_roles; r++) {
        for (int32_t d = 0; d < raw[r].rank; d++) {
            raw[r].shape[d] = 20;
        }
    }
    int32_t classes = op->decoder->classes(raw, args->params);
    assert_true(classes >= 0 && classes <= 20);
    assert_true(op->decoder->nms_iou >= 0.0 && op->decoder->nms_iou <= 1.0);
    assay_args_free(args);
}
