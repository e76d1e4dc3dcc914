/* Suppression of duplicates against torchvision and a reference soft-NMS; its invariants. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "core/nms.h"

enum { MOST = 256 };

typedef struct golden {
    assay_nms nms;
    double floor;
    int64_t before, most;
    assay_candidate in[MOST];
    int64_t index[MOST];
    double score[MOST];
    int n_in, n_out;
} golden;

static void compare(const golden *g)
{
    assay_candidates list = {0};
    for (int i = 0; i < g->n_in; i++) {
        assert_int_equal(assay_candidates_add(&list, &g->in[i], NULL), ASSAY_OK);
    }
    assert_int_equal(assay_nms_run(&list, &g->nms, g->floor, g->before, g->most, NULL), ASSAY_OK);
    assert_int_equal(list.n, g->n_out);
    for (int i = 0; i < g->n_out; i++) {
        const assay_candidate *from = &g->in[g->index[i]];
        assert_memory_equal(list.items[i].box, from->box, sizeof from->box);
        assert_int_equal(list.items[i].label, from->label);
        double wanted = g->score[i];
        assert_true(fabs(list.items[i].score - wanted) <= 1e-14 * wanted);
        if (g->nms.kind == ASSAY_NMS_NONE || g->nms.kind == ASSAY_NMS_HARD) {
            assert_true(list.items[i].score == wanted);
        }
    }
    assay_candidates_dispose(&list);
}

static void parse_case(golden *g, char *line)
{
    char *at = line;
    const char *kind = strtok_r(line, " ", &at);
    memset(g, 0, sizeof *g);
    for (int k = 1; assay_nms_kind_name((assay_nms_kind)k) != NULL; k++) {
        if (strcmp(assay_nms_kind_name((assay_nms_kind)k), kind) == 0) {
            g->nms.kind = (assay_nms_kind)k;
        }
    }
    g->nms.agnostic = strtol(at, &at, 10) != 0;
    g->nms.iou = strtod(at, &at);
    g->nms.sigma = strtod(at, &at);
    g->floor = strtod(at, &at);
    g->before = strtol(at, &at, 10);
    g->most = strtol(at, &at, 10);
}

static void test_golden(void **state)
{
    (void)state;
    golden *g = calloc(1, sizeof *g);
    char line[512];
    int cases = 0;
    FILE *file = fopen(ASSAY_TEST_DATA "/golden/nms.txt", "r");
    assert_non_null(g);
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "case ", 5) == 0) {
            if (cases++ > 0) {
                compare(g);
            }
            parse_case(g, line + 5);
        } else if (strncmp(line, "in ", 3) == 0) {
            char *at = line + 3;
            assay_candidate *c = &g->in[g->n_in++];
            for (int k = 0; k < 4; k++) {
                c->box[k] = strtod(at, &at);
            }
            c->score = strtod(at, &at);
            c->label = strtol(at, &at, 10);
        } else {
            char *at = line + 4;
            g->index[g->n_out] = strtol(at, &at, 10);
            g->score[g->n_out++] = strtod(at, &at);
        }
    }
    compare(g);
    assert_true(cases > 50);
    (void)fclose(file);
    free(g);
}

static assay_candidate candidate(double x, double score, int64_t label)
{
    return (assay_candidate){.box = {x, 0.0, x + 10.0, 10.0}, .score = score, .label = label};
}

/* IoU of boxes 10 wide that are 5 apart is exactly 1/3: "greater than" decides. */
static void test_edge(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        assay_candidates list = {0};
        assay_candidate a = candidate(0.0, 0.9, 0);
        assay_candidate b = candidate(5.0, 0.8, 0);
        const assay_nms nms = {.kind = ASSAY_NMS_HARD,
                               .iou = k == 0 ? 50.0 / 150.0 : nextafter(50.0 / 150.0, 0.0)};
        assert_int_equal(assay_candidates_add(&list, &a, NULL), ASSAY_OK);
        assert_int_equal(assay_candidates_add(&list, &b, NULL), ASSAY_OK);
        assert_int_equal(assay_nms_run(&list, &nms, 0.0, 0, 0, NULL), ASSAY_OK);
        assert_int_equal(list.n, k == 0 ? 2 : 1);
        assay_candidates_dispose(&list);
    }
}

/* Running it again changes nothing; the floor itself goes. */
static void test_idempotent(void **state)
{
    (void)state;
    const assay_nms nms = {.kind = ASSAY_NMS_HARD, .iou = 0.4};
    assay_candidates list = {0};
    for (int i = 0; i < 200; i++) {
        assay_candidate c = candidate((double)(i * 37 % 101), (double)(i * 53 % 97) / 97.0, i % 3);
        assert_int_equal(assay_candidates_add(&list, &c, NULL), ASSAY_OK);
    }
    assert_int_equal(assay_nms_run(&list, &nms, 0.5, 0, 0, NULL), ASSAY_OK);
    int64_t n = list.n;
    assert_true(n > 3 && n < 100);
    assay_candidate *before = malloc((size_t)n * sizeof *before);
    assert_non_null(before);
    memcpy(before, list.items, (size_t)n * sizeof *before);
    assert_int_equal(assay_nms_run(&list, &nms, 0.5, 0, 0, NULL), ASSAY_OK);
    assert_int_equal(list.n, n);
    assert_memory_equal(before, list.items, (size_t)n * sizeof *before);
    assert_int_equal(assay_nms_run(&list, &nms, before[0].score, 0, 0, NULL), ASSAY_OK);
    assert_int_equal(list.n, 0);
    free(before);
    assay_candidates_dispose(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_edge),
        cmocka_unit_test(test_idempotent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
