/**
 * @file harness.h
 * The harness over the registry: test_operations.c loops, check_common.c checks what every operation
 * has (description, arguments), check_<kind>.c what one kind promises. A new operation inherits all
 * of it; a new kind adds a check_<kind>.c and one line in test_operations.c.
 */
#ifndef ASSAY_TESTS_OPERATION_HARNESS_H
#define ASSAY_TESTS_OPERATION_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/op.h"
#include "ops/op_table.h"

/* check_common.c */
void check_description(const assay_op *op);
void check_arguments(const assay_op *op);

/** Arguments from "name=value,name=value" ("" = defaults); fails the test when they are refused. */
assay_args *harness_args(const assay_op *op, const char *settings);
assay_args *harness_metric_args(const char *metric, const char *settings);

/** Call `run` with allocation number 1, 2, ... failing until it succeeds: every failure must be
 *  ASSAY_ENOMEM, and nothing may stay allocated after `run` returns. run uses one thread. */
void check_allocation_failures(const char *what, assay_status (*run)(void *payload), void *payload);

/* check_metric.c */
void check_metric_threads(const assay_op *op);
void check_metric_edges(const assay_op *op);
void check_metric_metamorphic(const assay_op *op);
void check_metric_allocation(const assay_op *op);
void check_metric_golden(void);
/* check_weights.c */
void check_metric_weights(const assay_op *op);

/* check_perturbation.c */
void check_perturbation_shape(const assay_op *op);
void check_perturbation_identity(const assay_op *op);
void check_perturbation_bounds(const assay_op *op);
void check_perturbation_severities(const assay_op *op);
void check_perturbation_threads(const assay_op *op);
void check_perturbation_allocation(const assay_op *op);
void check_perturbation_golden(const assay_op *op);
void check_perturbation_distributions(void);

/* check_attack.c */
void check_attack_results(const assay_op *op);
void check_attack_company(const assay_op *op);
void check_attack_flat(const assay_op *op);
void check_attack_access(const assay_op *op);
void check_attack_allocation(const assay_op *op);

/* check_interval.c */
void check_interval_golden(const assay_op *op);
void check_interval_shape(const assay_op *op);

/* check_decoder.c */
void check_decoder_golden(const assay_op *op);
void check_decoder_classes(const assay_op *op);

#endif
