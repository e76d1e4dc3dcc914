/* Golden lines "name count argument... value": every function is found by its name in a table and
 * called with the arguments; each name of the table must occur. */
#ifndef ASSAY_TEST_GOLDEN_FUNCTIONS_H
#define ASSAY_TEST_GOLDEN_FUNCTIONS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { GOLDEN_ARGUMENTS = 6, GOLDEN_LINE = 1 << 16 };

typedef struct golden_function {
    const char *name;
    double (*call)(const double *arguments);
    int count;        /* of arguments */
    double tolerance; /* relative, 0 = exactly equal */
    int lines;        /* seen so far */
} golden_function;

static inline void golden_near(const char *what, double got, double wanted, double tolerance)
{
    if (!(got == wanted || fabs(got - wanted) <= tolerance * fabs(wanted))) {
        fail_msg("%s: got %.17g, wanted %.17g, relative difference %.3g", what, got, wanted,
                 fabs(got - wanted) / fabs(wanted));
    }
}

static inline double golden_number(char **at)
{
    char *end = NULL;
    double value = strtod(*at, &end);
    if (end == *at) {
        fail_msg("a number was expected: %s", *at);
    }
    *at = end;
    return value;
}

/* false and a message when the function is wrong */
static inline int golden_line(char *line, golden_function *table, size_t functions)
{
    char *at = strchr(line, ' ');
    assert_non_null(at);
    size_t length = (size_t)(at - line);
    for (size_t i = 0; i < functions; i++) {
        golden_function *f = &table[i];
        if (strlen(f->name) != length || strncmp(f->name, line, length) != 0) {
            continue;
        }
        double arguments[GOLDEN_ARGUMENTS] = {0};
        int count = (int)golden_number(&at);
        assert_int_equal(count, f->count);
        for (int j = 0; j < count; j++) {
            arguments[j] = golden_number(&at);
        }
        double wanted = golden_number(&at);
        double got = f->call(arguments);
        f->lines++;
        /* the logarithm of a density is 0 where the density happens to be 1 */
        double scale = strstr(f->name, "log_p") != NULL ? fmax(fabs(wanted), 1.0) : fabs(wanted);
        if (got == wanted || fabs(got - wanted) <= f->tolerance * scale) {
            return 1;
        }
        print_error("%s: got %.17g, relative difference %.3g\n", line, got,
                    fabs(got - wanted) / fabs(wanted));
        return 0;
    }
    fail_msg("nobody knows this function: %s", line);
    return 0;
}

static inline void golden_check(const char *path, golden_function *table, size_t functions)
{
    static char line[GOLDEN_LINE];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    int wrong = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#' && line[0] != '\0') {
            wrong += !golden_line(line, table, functions);
        }
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(wrong, 0);
    for (size_t i = 0; i < functions; i++) {
        if (table[i].lines == 0) {
            fail_msg("%s has no golden value", table[i].name);
        }
    }
}

/* The generator of oracle/stats_common.py: small whole numbers, the same on both sides. */
static inline int64_t sequence_next(uint32_t *state, int64_t limit)
{
    *state = (UINT32_C(1103515245) * *state + UINT32_C(12345)) & UINT32_C(0x7fffffff);
    return (int64_t)(*state >> 8) % limit;
}

/* A function of the table that is an expression in its arguments, a[0], a[1], ... */
#define GOLDEN_CALL(f, expression)                                                                 \
    static double call_##f(const double *a)                                                        \
    {                                                                                              \
        return (expression);                                                                       \
    }
#define GOLDEN_CALL_1(f) GOLDEN_CALL(f, assay_##f(a[0]))
#define GOLDEN_CALL_2(f) GOLDEN_CALL(f, assay_##f(a[0], a[1]))
#define GOLDEN_CALL_3(f) GOLDEN_CALL(f, assay_##f(a[0], a[1], a[2]))
#define GOLDEN_ROW(f, count, tolerance)                                                            \
    {                                                                                              \
#f, call_##f, count, tolerance, 0                                                          \
    }

#endif
