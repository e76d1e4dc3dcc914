/* One program over every registered operation. */
#include "operation/harness.h"
#include "operation/metric_data.h"

static void each(assay_op_kind kind, void (*check)(const assay_op *op))
{
    const assay_registry *registry = assay_ops();
    int checked = 0;
    for (size_t i = 0; i < registry->n; i++) {
        /* Metrics of detections are descriptors only: core/detection_measure.h measures. */
        if (registry->ops[i]->kind == kind && !assay_task_is_whole(registry->ops[i]->task)) {
            print_message("  %s %s\n", assay_op_kind_name(kind), registry->ops[i]->name);
            check(registry->ops[i]);
            checked++;
        }
    }
    assert_true(checked > 0);
}

static void test_description(void **state)
{
    (void)state;
    const assay_registry *registry = assay_ops();
    for (size_t i = 0; i < registry->n; i++) {
        check_description(registry->ops[i]);
    }
}

static void test_arguments(void **state)
{
    (void)state;
    const assay_registry *registry = assay_ops();
    for (size_t i = 0; i < registry->n; i++) {
        check_arguments(registry->ops[i]);
    }
}

static void test_metric_golden(void **state)
{
    (void)state;
    check_metric_golden();
}

static void test_metric_edges(void **state)
{
    (void)state;
    each(ASSAY_OP_METRIC, check_metric_edges);
}

static void test_metric_metamorphic(void **state)
{
    (void)state;
    each(ASSAY_OP_METRIC, check_metric_metamorphic);
}

static void test_metric_threads(void **state)
{
    (void)state;
    each(ASSAY_OP_METRIC, check_metric_threads);
}

static void test_metric_allocation(void **state)
{
    (void)state;
    each(ASSAY_OP_METRIC, check_metric_allocation);
}

static void test_metric_weights(void **state)
{
    (void)state;
    each(ASSAY_OP_METRIC, check_metric_weights);
}

static void test_multilabel(void **state)
{
    (void)state;
    each(ASSAY_OP_METRIC, check_multilabel);
}

static void test_interval_golden(void **state)
{
    (void)state;
    each(ASSAY_OP_INTERVAL, check_interval_golden);
}

static void test_interval_shape(void **state)
{
    (void)state;
    each(ASSAY_OP_INTERVAL, check_interval_shape);
}

static void test_perturbation_shape(void **state)
{
    (void)state;
    each(ASSAY_OP_PERTURBATION, check_perturbation_shape);
}

static void test_perturbation_identity(void **state)
{
    (void)state;
    each(ASSAY_OP_PERTURBATION, check_perturbation_identity);
}

static void test_perturbation_bounds(void **state)
{
    (void)state;
    each(ASSAY_OP_PERTURBATION, check_perturbation_bounds);
}

static void test_perturbation_severities(void **state)
{
    (void)state;
    each(ASSAY_OP_PERTURBATION, check_perturbation_severities);
}

static void test_perturbation_threads(void **state)
{
    (void)state;
    each(ASSAY_OP_PERTURBATION, check_perturbation_threads);
}

static void test_perturbation_allocation(void **state)
{
    (void)state;
    each(ASSAY_OP_PERTURBATION, check_perturbation_allocation);
}

static void test_perturbation_golden(void **state)
{
    (void)state;
    each(ASSAY_OP_PERTURBATION, check_perturbation_golden);
}

static void test_perturbation_distributions(void **state)
{
    (void)state;
    check_perturbation_distributions();
}

static void test_attack_results(void **state)
{
    (void)state;
    each(ASSAY_OP_ATTACK, check_attack_results);
}

static void test_attack_company(void **state)
{
    (void)state;
    each(ASSAY_OP_ATTACK, check_attack_company);
}

static void test_attack_flat(void **state)
{
    (void)state;
    each(ASSAY_OP_ATTACK, check_attack_flat);
}

static void test_attack_access(void **state)
{
    (void)state;
    each(ASSAY_OP_ATTACK, check_attack_access);
}

static void test_attack_allocation(void **state)
{
    (void)state;
    each(ASSAY_OP_ATTACK, check_attack_allocation);
}

static void test_decoder_golden(void **state)
{
    (void)state;
    each(ASSAY_OP_DECODER, check_decoder_golden);
}

static void test_decoder_classes(void **state)
{
    (void)state;
    each(ASSAY_OP_DECODER, check_decoder_classes);
}

/* An argument chooses tests by pattern: `operation_test_operations 'test_attack*'`. */
int main(int argc, char **argv)
{
    cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_description),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_metric_golden),
        cmocka_unit_test(test_metric_edges),
        cmocka_unit_test(test_metric_metamorphic),
        cmocka_unit_test(test_metric_threads),
        cmocka_unit_test(test_metric_allocation),
        cmocka_unit_test(test_metric_weights),
        cmocka_unit_test(test_multilabel),
        cmocka_unit_test(test_interval_shape),
        cmocka_unit_test(test_interval_golden),
        cmocka_unit_test(test_perturbation_golden),
        cmocka_unit_test(test_perturbation_shape),
        cmocka_unit_test(test_perturbation_identity),
        cmocka_unit_test(test_perturbation_bounds),
        cmocka_unit_test(test_perturbation_severities),
        cmocka_unit_test(test_perturbation_threads),
        cmocka_unit_test(test_perturbation_allocation),
        cmocka_unit_test(test_perturbation_distributions),
        cmocka_unit_test(test_attack_results),
        cmocka_unit_test(test_attack_company),
        cmocka_unit_test(test_attack_flat),
        cmocka_unit_test(test_attack_access),
        cmocka_unit_test(test_attack_allocation),
        cmocka_unit_test(test_decoder_golden),
        cmocka_unit_test(test_decoder_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
