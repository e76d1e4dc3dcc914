/** @file plan_read.h  What the files of the plan reader share. Not for other layers. */
#ifndef ASSAY_PLAN_PLAN_READ_H
#define ASSAY_PLAN_PLAN_READ_H

#include "plan/plan.h"
#include "plan/yaml_tree.h"

typedef struct assay_plan_reader {
    assay_plan *plan;
    const assay_registry *registry;
    const char *path;
    assay_arena *arena;
} assay_plan_reader;

/** A path of the file, relative to the file's folder, in the arena. */
const char *assay_plan_resolve(assay_arena *arena, const char *folder, const char *path);
/** The folder part of a path, in the arena; "." when there is none. */
const char *assay_plan_folder(assay_arena *arena, const char *path);

/** Members of a model (plan) or of a model.yaml (keys `input`, `output`, ...) into the spec. */
ASSAY_NODISCARD assay_status assay_plan_read_spec(assay_model_spec *spec, const assay_yaml *map,
                                                  const assay_plan_reader *r, const char *folder,
                                                  assay_error *err);
/** The member `output`: scores of a classifier, or the decoder of a detector and what follows it. */
ASSAY_NODISCARD assay_status assay_plan_read_output(assay_model_spec *spec, const assay_yaml *map,
                                                    const assay_plan_reader *r, const char *folder,
                                                    assay_error *err);
ASSAY_NODISCARD assay_status assay_plan_read_models(assay_plan_reader *r, const assay_yaml *root,
                                                    assay_error *err);
ASSAY_NODISCARD assay_status assay_plan_read_data(assay_plan_reader *r, const assay_yaml *root,
                                                  assay_error *err);
ASSAY_NODISCARD assay_status assay_plan_read_contexts(assay_plan_reader *r, const assay_yaml *root,
                                                      assay_error *err);
ASSAY_NODISCARD assay_status assay_plan_read_attacks(assay_plan_reader *r, const assay_yaml *root,
                                                     assay_error *err);
/** A budget: a number above 0, or a fraction such as 8/255. */
bool assay_plan_read_budget(double *out, const char *text);
/** A requirement on what attacks leave: `attack` with robust_accuracy at an `eps`, or minimum_norm at a
 *  `quantile`. `q->model` is known. */
ASSAY_NODISCARD assay_status assay_plan_read_attacked(assay_plan_requirement *q,
                                                      const assay_plan_reader *r,
                                                      const assay_yaml *node, assay_error *err);
/** The member `data`: index of a data set; the only one when nothing is said. */
ASSAY_NODISCARD assay_status assay_plan_read_data_ref(int32_t *out, const assay_plan_reader *r,
                                                      const assay_yaml *node, assay_error *err);
/** Refuses a name that no model has, with those that there are; `node` is where it stands. */
ASSAY_NODISCARD assay_status assay_plan_no_model(const assay_plan_reader *r, const assay_yaml *node,
                                                 const char *name, assay_error *err);
/** A list of model names as indices; *out NULL when the member is not there. */
ASSAY_NODISCARD assay_status assay_plan_read_model_refs(int32_t **out, int32_t *n, const char *key,
                                                        const assay_plan_reader *r,
                                                        const assay_yaml *node, assay_error *err);
/** Before everything that is measured. */
ASSAY_NODISCARD assay_status assay_plan_read_detection(assay_plan_reader *r, const assay_yaml *root,
                                                       assay_error *err);
/** The metric can be measured as the member `detection` says. */
ASSAY_NODISCARD assay_status assay_plan_check_detection(const assay_plan_reader *r,
                                                        const assay_args *args,
                                                        const assay_yaml *node, assay_error *err);
/** Before the metrics. */
ASSAY_NODISCARD assay_status assay_plan_read_groups(assay_plan_reader *r, const assay_yaml *root,
                                                    assay_error *err);
ASSAY_NODISCARD assay_status assay_plan_read_metrics(assay_plan_reader *r, const assay_yaml *root,
                                                     assay_error *err);
ASSAY_NODISCARD assay_status assay_plan_read_requirements(assay_plan_reader *r,
                                                          const assay_yaml *root, assay_error *err);
ASSAY_NODISCARD assay_status assay_plan_read_sequential(assay_plan_requirement *q,
                                                        const assay_plan_reader *r,
                                                        const assay_yaml *node, assay_error *err);
ASSAY_NODISCARD assay_status assay_plan_read_compare(assay_plan_reader *r, const assay_yaml *root,
                                                     assay_error *err);
ASSAY_NODISCARD assay_status assay_plan_read_families(assay_plan_reader *r, const assay_yaml *root,
                                                      assay_error *err);
/** `family`, `gate`, `all_of`, `any_of` of every requirement, and the order of evaluation; a circle
 *  is refused. `list` are the requirements' nodes. */
ASSAY_NODISCARD assay_status assay_plan_read_links(assay_plan_reader *r, const assay_yaml *list,
                                                   assay_error *err);

/** "name" or "name: {param: value}" as an operation with arguments; the caller frees it. severity
 *  (may be NULL) accepts the pseudo-parameter `severity` of perturbations. */
ASSAY_NODISCARD assay_status assay_plan_read_op(assay_args **out, int32_t *severity,
                                                const assay_yaml *node, assay_op_kind kind,
                                                const assay_plan_reader *r, assay_error *err);
/** Index of the metric with these arguments in plan->metrics, added when new; takes `args`. */
ASSAY_NODISCARD assay_status assay_plan_add_metric(int32_t *index, assay_plan_reader *r,
                                                   assay_args *args, assay_error *err);

#endif
