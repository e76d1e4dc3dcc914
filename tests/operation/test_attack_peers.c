/* Attacks against those of other libraries on the same model: tests/oracle/attack.py and
 * attack_queries.py. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operation/attack_scene.h"

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *values)
{
    qsort(values, N, sizeof *values, ascending);
    return values[N / 2];
}

/* A line of the golden: NAME SETTINGS NORM EPS RULE TOLERANCE VALUES...; what the rules mean stands in
 * tests/oracle/attack.py and attack_queries.py. */
typedef struct golden_line {
    const char *name, *settings, *norm_name, *rule;
    assay_norm norm;
    int32_t repeats; /* gradients are averaged over calls with noise */
    double noise, eps, tolerance, values[N];
} golden_line;

static golden_line read_line(char *text)
{
    char *save = NULL;
    golden_line l = {.name = strtok_r(text, " ", &save)};
    l.settings = strtok_r(NULL, " ", &save);
    l.norm_name = strtok_r(NULL, " ", &save);
    const char *eps = strtok_r(NULL, " ", &save);
    l.rule = strtok_r(NULL, " ", &save);
    const char *tolerance = strtok_r(NULL, " ", &save);
    assert_non_null(tolerance);
    assert_true(assay_norm_parse(&l.norm, l.norm_name));
    l.settings = strcmp(l.settings, "-") == 0 ? "" : l.settings;
    if (strncmp(l.rule, "average:", 8) == 0) {
        char *end = NULL;
        l.repeats = (int32_t)strtol(l.rule + 8, &end, 10);
        l.noise = strtod(end + 1, NULL);
    }
    l.eps = strtod(eps, NULL);
    l.tolerance = strtod(tolerance, NULL);
    for (int i = 0; i < N; i++) {
        const char *value = strtok_r(NULL, " ", &save);
        assert_non_null(value);
        l.values[i] = strtod(value, NULL);
    }
    return l;
}

static bool rules(const golden_line *l, const char *rule)
{
    return strncmp(l->rule, rule, strlen(rule)) == 0;
}

/* How many are left, as a mean over runs: at most theirs, or (alike) theirs either way. */
static void check_counts(scene *s, const golden_line *l)
{
    int runs = rules(l, "count") ? 1 : rules(l, "alike") ? 60 : 10;
    double robust = 0.0;
    double theirs = 0.0;
    for (int run = 0; run < runs; run++) {
        const slopes by = {.repeats = l->repeats, .noise = l->noise};
        assay_attack_result *r =
            attack_by(s, l->name, l->settings, l->norm, &l->eps, 1, (uint64_t)run + 1, &by);
        for (int i = 0; i < N; i++) {
            robust += r->success[i] ? 0.0 : 1.0 / runs;
        }
        assay_attack_result_free(r);
    }
    for (int i = 0; i < N; i++) {
        theirs += l->values[i];
    }
    print_message("  %s %s %s: left %.2f, theirs %.2f\n", l->name, l->settings, l->norm_name,
                  robust, theirs);
    assert_true(robust <= theirs + l->tolerance);
    assert_true(!rules(l, "alike") || robust >= theirs - l->tolerance);
}

/* Each at most so much farther; those that they missed count for us. */
static void check_each(const golden_line *l, const assay_attack_result *r)
{
    for (int i = 0; i < N; i++) {
        if (!(r->distance[i] <= l->values[i] * (1.0 + l->tolerance))) {
            fail_msg("%s %s %s: image %d at %.6g, theirs %.6g", l->name, l->settings, l->norm_name,
                     i, r->distance[i], l->values[i]);
        }
    }
}

/* Success image by image, and the sum of the pixels of what was found. */
static void check_exact(const golden_line *l, const assay_attack_result *r, const scene *s)
{
    for (int i = 0; i < N; i++) {
        assert_int_equal(r->success[i], !isinf(l->values[i]));
        double sum = 0.0;
        for (int k = 0; k < SIZE; k++) {
            sum += (double)s->found[i * SIZE + k];
        }
        assert_true(isinf(l->values[i]) || fabs(sum - l->values[i]) <= l->tolerance);
    }
}

static void check_nearness(const golden_line *l, const assay_attack_result *r)
{
    double ours = 0.0;
    double theirs = 0.0;
    double distances[2][N];
    for (int i = 0; i < N; i++) {
        distances[0][i] = r->distance[i];
        distances[1][i] = l->values[i];
        /* Over what they fool: whom they miss, nobody can be nearer to. */
        ours += isinf(l->values[i]) ? 0.0 : r->distance[i] / N;
        theirs += isinf(l->values[i]) ? 0.0 : l->values[i] / N;
    }
    if (rules(l, "median")) {
        ours = median_of(distances[0]);
        theirs = median_of(distances[1]);
        assert_true(isfinite(theirs));
    }
    print_message("  %s %s %s: distance %.4f, theirs %.4f\n", l->name, l->settings, l->norm_name,
                  ours, theirs);
    assert_true(ours <= theirs * (1.0 + l->tolerance));
}

static void check_line(char *text)
{
    const golden_line l = read_line(text);
    scene *s = new_scene(16, 5, 0.0, 1.0);
    int32_t aims[N];
    for (int i = 0; i < N; i++) {
        aims[i] = l.rule[5] == ':' ? (int32_t)strtol(l.rule + 6, NULL, 10) : (s->labels[i] + 1) % 5;
    }
    s->images.targets = rules(&l, "aimed") ? aims : NULL;
    if (rules(&l, "count") || rules(&l, "aimed") || rules(&l, "average") || rules(&l, "alike")) {
        check_counts(s, &l);
        assay_free(s);
        return;
    }
    assay_attack_result *r = attack(s, l.name, l.settings, l.norm, &l.eps, 1);
    if (rules(&l, "distance")) {
        check_each(&l, r);
    } else if (rules(&l, "exact")) {
        check_exact(&l, r, s);
    } else {
        check_nearness(&l, r);
    }
    assay_attack_result_free(r);
    assay_free(s);
}

static void check_golden(const char *path)
{
    char line[16384];
    int lines = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#') {
            check_line(line);
            lines++;
        }
    }
    (void)fclose(file);
    assert_true(lines > 10);
}

static void test_golden(void **state)
{
    (void)state;
    check_golden(ASSAY_TEST_DATA "/golden/attack.txt");
}

/* Attacks that draw at random, and those that only ask. */
static void test_golden_queries(void **state)
{
    (void)state;
    check_golden(ASSAY_TEST_DATA "/golden/attack_queries.txt");
}

/* An argument chooses tests by pattern, as in test_operations.c. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_golden_queries),
    };
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
