/* What every operation has: a complete description and arguments within bounds. Also the allocator
 * that fails on purpose. */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operation/harness.h"

/* The linker sends every aligned_alloc and free of the project here (see tests/CMakeLists.txt). */
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *pointer);
void __wrap_free(void *pointer);

static atomic_llong allocations, live, fail_at;

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    long long number = atomic_fetch_add(&allocations, 1) + 1;
    if (number == atomic_load(&fail_at)) {
        return NULL;
    }
    void *memory = __real_aligned_alloc(alignment, size);
    if (memory != NULL) {
        atomic_fetch_add(&live, 1);
    }
    return memory;
}

void __wrap_free(void *pointer)
{
    if (pointer != NULL) {
        atomic_fetch_sub(&live, 1);
    }
    __real_free(pointer);
}

void check_allocation_failures(const char *what, assay_status (*run)(void *payload), void *payload)
{
    for (long long number = 1;; number++) {
        long long before = atomic_load(&live);
        atomic_store(&allocations, 0);
        atomic_store(&fail_at, number);
        assay_status status = run(payload);
        atomic_store(&fail_at, 0);
        if (atomic_load(&live) != before) {
            fail_msg("%s: %lld allocations are left when number %lld fails", what,
                     atomic_load(&live) - before, number);
        }
        if (status == ASSAY_OK) {
            if (atomic_load(&allocations) >= number) {
                fail_msg("%s: allocation %lld failed and nobody noticed", what, number);
            }
            assert_true(number > 1); /* something was allocated at all */
            return;
        }
        if (status != ASSAY_ENOMEM) {
            fail_msg("%s: status %d, not out of memory, when allocation %lld fails", what,
                     (int)status, number);
        }
    }
}

void check_description(const assay_op *op)
{
    assay_error err = {0};
    if (assay_op_check(op, &err) != ASSAY_OK) {
        fail_msg("%s", err.message);
    }
    const assay_op *found = assay_registry_find(assay_ops(), op->kind, op->name);
    assert_ptr_equal(found, op);
}

assay_args *harness_args(const assay_op *op, const char *settings)
{
    assay_args *args = NULL;
    assay_error err = {0};
    char text[512];
    (void)snprintf(text, sizeof text, "%s", settings);
    assert_int_equal(assay_args_new(&args, op, &err), ASSAY_OK);
    for (char *at = text; at != NULL && *at != '\0';) {
        char *next = strchr(at, ',');
        if (next != NULL) {
            *next++ = '\0';
        }
        char *value = strchr(at, '=');
        assert_non_null(value);
        *value++ = '\0';
        if (assay_args_set(args, at, value, &err) != ASSAY_OK) {
            fail_msg("%s: %s", op->name, err.message);
        }
        at = next;
    }
    return args;
}

assay_args *harness_metric_args(const char *metric, const char *settings)
{
    const assay_op *op = assay_registry_find(assay_ops(), ASSAY_OP_METRIC, metric);
    if (op == NULL) {
        fail_msg("there is no metric %s", metric);
        return NULL;
    }
    return harness_args(op, settings);
}

static void accepted(assay_args *args, const char *name, const char *text)
{
    assay_error err = {0};
    if (assay_args_set(args, name, text, &err) != ASSAY_OK) {
        fail_msg("%s: %s=%s refused: %s", args->op->name, name, text, err.message);
    }
}

static void refused(assay_args *args, const char *name, const char *text)
{
    assay_error err = {0};
    assay_status status = assay_args_set(args, name, text, &err);
    if (status != ASSAY_EINVAL) {
        fail_msg("%s: %s=%s is accepted (status %d)", args->op->name, name, text, (int)status);
    }
    if (strstr(err.message, name) == NULL) {
        fail_msg("%s: the message does not name %s: %s", args->op->name, name, err.message);
    }
}

static void check_number(assay_args *args, const assay_param *param)
{
    char text[64];
    bool whole = param->type == ASSAY_PARAM_INT;
    const double good[] = {param->low, param->high, param->otherwise};
    const double bad[] = {param->low - 1.0, param->high + 1.0};
    for (size_t i = 0; i < ASSAY_COUNT(good) + ASSAY_COUNT(bad); i++) {
        double value = i < ASSAY_COUNT(good) ? good[i] : bad[i - ASSAY_COUNT(good)];
        (void)(whole ? snprintf(text, sizeof text, "%.0f", value)
                     : snprintf(text, sizeof text, "%.17g", value));
        (i < ASSAY_COUNT(good) ? accepted : refused)(args, param->name, text);
    }
    refused(args, param->name, "nan");
    refused(args, param->name, "");
    refused(args, param->name, "1x");
    if (whole) {
        refused(args, param->name, "1.5");
    }
}

void check_arguments(const assay_op *op)
{
    assay_args *args = harness_args(op, "");
    assay_error err = {0};
    for (size_t i = 0; i < op->n_params; i++) {
        const assay_param *param = &op->params[i];
        double value = 0;
        assert_true(assay_args_get(&value, args, param->name));
        assert_true(value == param->otherwise);
        switch (param->type) {
        case ASSAY_PARAM_INT:
        case ASSAY_PARAM_REAL:
            check_number(args, param);
            break;
        case ASSAY_PARAM_BOOL:
            accepted(args, param->name, "true");
            accepted(args, param->name, "false");
            refused(args, param->name, "perhaps");
            break;
        case ASSAY_PARAM_CHOICE:
            for (const char *const *choice = param->choices; *choice != NULL; choice++) {
                accepted(args, param->name, *choice);
            }
            refused(args, param->name, "no_such_choice");
            break;
        case ASSAY_PARAM_MATRIX:
            accepted(args, param->name, "0 1; 20 0");
            accepted(args, param->name, " 1 ;2;3 ");
            accepted(args, param->name, "");
            refused(args, param->name, "0 1; 2");
            refused(args, param->name, "0 x");
            refused(args, param->name, "0 nan");
            refused(args, param->name, ";");
            refused(args, param->name, "0 1e300");
            break;
        case ASSAY_PARAM_WORD:
            accepted(args, param->name, "tiny");
            accepted(args, param->name, "");
            refused(args, param->name, "two words");
            refused(args, param->name, "a\"b");
            refused(args, param->name, "0123456789012345678901234567890123456789");
            break;
        }
    }
    assert_int_equal(assay_args_set(args, "no_such_parameter", "1", &err), ASSAY_EINVAL);
    assert_non_null(strstr(err.message, "no_such_parameter"));
    assay_args_free(args);
}
