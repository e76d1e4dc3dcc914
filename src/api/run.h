/**
 * @file run.h
 * One execution of a plan: what its stages hand to each other. Inside src/api only.
 *
 * Stages, each in a file of its own: inputs (open models and data), predict, measure, compare, verify,
 * breakdown, findings, examples, results. Each reads what the earlier ones left and adds its own.
 */
#ifndef ASSAY_API_RUN_H
#define ASSAY_API_RUN_H

#include "api/context.h"
#include "assay/run.h"
#include "core/compare.h"
#include "core/dataset.h"
#include "core/evaluate.h"
#include "core/fairness.h"
#include "core/model.h"
#include "core/predict.h"
#include "plan/plan.h"
#include "stats/clustered.h"

/** What is known about one model in one context. */
typedef struct assay_run_cell {
    int32_t model, context;
    int evaluated;
    const char *reason; /* why not, when it was not */
    int64_t n;
    int64_t correct;
    double accuracy;        /* correct / n, by the weights of the data */
    double mean_confidence; /* NaN when the model gives no probabilities */
    double low, high;       /* interval of the accuracy at the plan's level */
    assay_result result;
    assay_fairness *fairness;   /* per groups of the plan; NULL or .groups NULL = not measured */
    const char **groups_reason; /* why not */
} assay_run_cell;

typedef enum assay_verdict_kind {
    ASSAY_VERDICT_MET = 1,
    ASSAY_VERDICT_NOT_MET,
    ASSAY_VERDICT_INCONCLUSIVE,
    ASSAY_VERDICT_NOT_EVALUATED
} assay_verdict_kind;

/** What a sequential requirement saw. */
typedef struct assay_run_sequence {
    bool known;
    const char *reason; /* why not, or NULL */
    int64_t unlabelled;
    assay_sequential_result result;
} assay_run_sequence;

typedef struct assay_verdict {
    assay_verdict_kind kind;
    const assay_plan_requirement *requirement;
    const assay_measure *measure; /* NULL when not evaluated */
    double low, high;             /* one-sided bounds, each at the requirement's confidence */
    double p_met, p_not_met;      /* one-sided p-values behind the bounds; NaN = none */
    double p_adjusted;            /* p_not_met, corrected within the family; NaN = not corrected */
    assay_verdict_kind objective; /* against the objective; 0 = the requirement has none */
    int64_t more_needed;          /* further samples that would decide; -1 = can't be said */
    double probability_met;       /* that it is MET once they are collected; NaN = not known */
    const char *reason;           /* why not evaluated; a remark on another verdict */
    const assay_run_sequence *sequence; /* of a sequential requirement that was judged, else NULL */
    const char *explanation;            /* one sentence for people */
} assay_verdict;

typedef struct assay_finding {
    const char *kind;
    int severity; /* 3 high, 2 medium, 1 low */
    const char *title, *text;
    int32_t model, context; /* -1 = none */
} assay_finding;

typedef struct assay_breakdown_bin {
    const char *label;
    double low, high; /* of the column; NaN for values */
    int64_t n, correct;
    int64_t clusters; /* 0 = rows are independent */
    double accuracy, accuracy_low, accuracy_high;
    const assay_measure *measure; /* when rows depend on each other or carry weights, else NULL */
} assay_breakdown_bin;

/** Accuracy along one metadata column. */
typedef struct assay_breakdown {
    int32_t model, data;
    const char *column;
    const char *method; /* of the intervals */
    int by_range;       /* 1: quantile ranges of a number; 0: single values */
    int32_t n_bins;
    assay_breakdown_bin *bins;
} assay_breakdown;

typedef struct assay_example {
    int32_t model, context;
    const char *id;
    int32_t target, label;
    double confidence, p_target;
    int32_t width, height;
    const char *image; /* data URI */
    const char *seen;  /* data URI or NULL */
} assay_example;

typedef struct assay_run {
    assay_context *context;
    const assay_run_request *request;
    assay_arena *arena; /* owned */
    assay_plan *plan;   /* owned */
    const char *out;    /* evidence folder */
    char started[24];
    assay_dataset **data;      /* n_data; NULL = known only through predictions */
    assay_model **models;      /* n_models; NULL = predictions file */
    assay_predictions **given; /* n_models; the predictions file's content, else NULL */
    assay_run_cell *cells;     /* n_models x n_contexts */
    assay_verdict *verdicts;   /* n_requirements */
    assay_finding *findings;
    int32_t n_findings, capacity_findings;
    assay_breakdown *breakdowns;
    int32_t n_breakdowns, capacity_breakdowns;
    assay_example *examples;
    int32_t n_examples, capacity_examples;
    int64_t recomputed, differences; /* measures computed twice, and how many disagree */
    int64_t not_recomputed;          /* measures with a value that were computed once only */
    const char **missing;            /* their metrics, each once */
    int32_t n_missing;
    int64_t relations,
        relations_off;              /* metamorphic relations that were tried, and how many break */
    int32_t shuffles, shuffles_off; /* label shuffles, and how many are not at chance */
    char rule_digest[ASSAY_DIGEST_HEX]; /* of the decision rule */
    const char *rule_before;            /* the digest it replaced in this folder, or NULL */
    assay_buffer log;                   /* becomes log.txt */
    assay_comparison comparison;
    assay_buffer attacks;          /* elements of the member "attacks" of results.json */
    assay_table **worst;           /* n_attacks x n_models, owned: run_attack; NULL = none */
    assay_run_sequence *sequences; /* n_requirements; NULL = none is sequential */
    struct assay_run_units {
        int64_t *of, n; /* cluster of each row of the data set; NULL = rows are independent */
        bool known;
    } * units; /* n_data; made when first asked for */
    struct assay_run_boxes
        *boxes; /* detection; of segmentation the images: run_boxes.h; else NULL */
    struct assay_run_masks *masks; /* task segmentation: run_masks.h; else NULL */
    int32_t group, n_groups;       /* model x data x perturbation: for the progress line */
} assay_run;

static inline assay_run_cell *assay_run_cell_at(const assay_run *run, int32_t model,
                                                int32_t context)
{
    return &run->cells[(int64_t)model * run->plan->n_contexts + context];
}

/** One line to the sink and to log.txt. */
void assay_run_log(assay_run *run, assay_log_level level, const char *format, ...)
    ASSAY_PRINTF(3, 4);
/** Room for one more element of a list in the run's arena; NULL when memory is out. */
void *assay_run_grow(assay_run *run, void *list, int32_t n, int32_t *capacity, size_t size);
assay_evaluate_options assay_run_options(const assay_run *run);
/** What the numbers of the plan speak about, in a sentence. */
const char *assay_run_estimand(const assay_run *run);
/** The model is measured in this context. */
int assay_run_wanted(const assay_run *run, int32_t model, int32_t context);
/** Rows of the context's data: mask[i] = 1 when row i belongs to it. The caller frees *mask; NULL =
 *  all rows. `table` is the data set's metadata. */
ASSAY_NODISCARD assay_status assay_run_mask(uint8_t **mask, int64_t *n, const assay_run *run,
                                            int32_t context, assay_error *err);
/** Metadata of a data set, or of the predictions that stand for it. */
const assay_table *assay_run_table(const assay_run *run, int32_t data);
int64_t assay_run_rows(const assay_run *run, int32_t data);
/** Weights of the rows of a data set, as the plan's key `weights` says, into predictions about it; nothing
 *  without one. The digest of the predictions stays. */
ASSAY_NODISCARD assay_status assay_run_weigh(const assay_run *run, assay_predictions *predictions,
                                             int32_t data, assay_table *table, const char *where,
                                             assay_error *err);
/** Clusters of the rows of a data set, as the plan's key `cluster` says; NULL without one. */
ASSAY_NODISCARD assay_status assay_run_units(const int64_t **out, assay_run *run, int32_t data,
                                             assay_error *err);
/** A predictions file that belongs to the data set, or NULL. */
const assay_predictions *assay_run_given_for(const assay_run *run, int32_t data);

/* stages */
ASSAY_NODISCARD assay_status assay_run_open_models(assay_run *run, assay_error *err);
ASSAY_NODISCARD assay_status assay_run_open_data(assay_run *run, assay_error *err);
ASSAY_NODISCARD assay_status assay_run_check_inputs(assay_run *run, assay_error *err);
/** Predict and measure: one model x data x perturbation at a time, so that only one set of
 *  predictions is in memory. */
ASSAY_NODISCARD assay_status assay_run_measure(assay_run *run, assay_error *err);
/** The accuracy of the rows with mask[i] != 0 (NULL = all) with its interval, for charts; lives in
 *  `arena`. */
ASSAY_NODISCARD assay_status assay_run_accuracy(const assay_measure **out, const assay_run *run,
                                                const assay_predictions *predictions,
                                                const uint8_t *mask, const int64_t *units,
                                                assay_arena *arena, assay_error *err);
/** Metrics of one context on predictions that are at hand. */
ASSAY_NODISCARD assay_status assay_run_measure_cell(assay_run *run, assay_run_cell *cell,
                                                    const assay_predictions *predictions,
                                                    assay_error *err);
ASSAY_NODISCARD assay_status assay_run_break_down(assay_run *run, int32_t model, int32_t data,
                                                  const assay_predictions *predictions,
                                                  assay_error *err);
ASSAY_NODISCARD assay_status assay_run_pick_examples(assay_run *run, int32_t model, int32_t context,
                                                     const assay_predictions *predictions,
                                                     assay_error *err);
/** A name of the plan as part of a file's name; NULL = out of memory. Names that differ only in other
 *  characters may meet here. */
const char *assay_run_file_part(assay_arena *arena, const char *name);

/** How a model is asked about the data of a context, and where what it says goes. In the run's arena. */
typedef struct assay_run_asking {
    const char *what;              /* for the progress line and messages */
    assay_predict_options options; /* without a store */
    char key[ASSAY_DIGEST_HEX];
    const char *store; /* folder of finished batches */
    const char *stem;  /* of the files in the evidence: the key in it keeps them apart */
} assay_run_asking;

/** Counts on run->group, unless it is asked again for what it said before. */
ASSAY_NODISCARD assay_status assay_run_ask(assay_run_asking *out, assay_run *run, int32_t model,
                                           int32_t context, bool again, assay_error *err);
/** The metric is one between groups of rows. */
int assay_compares_groups(const assay_args *args);
/** The plan's other metrics into out[n_metrics]; returns how many. */
size_t assay_run_whole_metrics(const assay_args **out, const assay_plan *plan);
/** The plan's groups in this cell, with the options of its measures; `table` holds their columns, `mask` as in assay_run_mask. */
ASSAY_NODISCARD assay_status assay_run_measure_groups(assay_run *run, assay_run_cell *cell,
                                                      const assay_predictions *predictions,
                                                      const assay_table *table, const uint8_t *mask,
                                                      const assay_evaluate_options *options,
                                                      assay_error *err);
/** The member "fairness" of results.json. */
void assay_results_fairness(assay_json *json, const assay_run *run);
/** The same predictions once more, from what the measuring stage has kept. */
ASSAY_NODISCARD assay_status assay_run_predict_again(assay_run *run, assay_predictions **out,
                                                     int32_t model, int32_t context,
                                                     assay_error *err);
/** Every entry of the plan's `attacks` on each of its models: run->attacks, findings. */
ASSAY_NODISCARD assay_status assay_run_attack(assay_run *run, assay_error *err);
struct assay_assessment;
/** Settings of an attack that its outcome depends on, besides model and data, in one line. */
ASSAY_NODISCARD assay_status assay_run_attack_settings(assay_buffer *out, const assay_plan *plan,
                                                       const assay_plan_attack *attack,
                                                       assay_error *err);
/** What the attack left of each image goes into run->worst and below the evidence folder. */
ASSAY_NODISCARD assay_status assay_run_keep_worst(assay_run *run, int32_t attack, int32_t m,
                                                  const struct assay_assessment *a,
                                                  assay_error *err);
/** The same from the evidence folder; nothing when it was made of another model, other data (digests)
 *  or with other settings. */
ASSAY_NODISCARD assay_status assay_run_read_worst(assay_run *run, const assay_plan_requirement *q,
                                                  const char *model, const char *data,
                                                  assay_error *err);
void assay_run_drop_worst(assay_run *run);
/** The measure of a requirement on an attack; NULL with a reason when there is none. */
const assay_measure *assay_run_find_attacked(const assay_run *run, const assay_plan_requirement *q,
                                             const char **reason);
ASSAY_NODISCARD assay_status assay_run_compare(assay_run *run, assay_error *err);
/** The members "comparisons" and "omnibus" of results.json. */
ASSAY_NODISCARD assay_status assay_results_comparison(assay_json *json, const assay_run *run,
                                                      assay_error *err);
ASSAY_NODISCARD assay_status assay_run_verify(assay_run *run, assay_error *err);
/** The verdict of a composite requirement from those of its parts, with its explanation. */
ASSAY_NODISCARD assay_status assay_run_join(const assay_run *run, assay_verdict *v,
                                            assay_error *err);
/** Correct NOT MET for multiplicity in every family that asks for it. */
ASSAY_NODISCARD assay_status assay_run_adjust(assay_run *run, assay_error *err);
void assay_run_count_verdicts(assay_run_summary *out, const assay_run *run);
/** run->rule_digest from the plan; run->rule_before from results that the folder
 *  run->out already holds. */
ASSAY_NODISCARD assay_status assay_run_rule(assay_run *run, assay_error *err);
/** One element of `verdicts`. */
ASSAY_NODISCARD assay_status assay_results_verdict(assay_json *json, const assay_run *run,
                                                   const assay_verdict *v, assay_error *err);
void assay_results_rule(assay_json *json, const assay_run *run);
/** `title` and `text` live in the run's arena or are static; NULL means that memory was out. */
ASSAY_NODISCARD assay_status assay_run_add_finding(assay_run *run, const char *kind, int severity,
                                                   int32_t model, int32_t context,
                                                   const char *title, const char *text,
                                                   assay_error *err);
/** Count a cell's measures again in another way; shuffle the labels of whole, clean data. */
ASSAY_NODISCARD assay_status assay_run_self_check(assay_run *run, const assay_run_cell *cell,
                                                  const assay_predictions *p, const uint8_t *mask,
                                                  assay_error *err);
void assay_results_validation(assay_json *json, const assay_run *run);
/** Data that come in groups, declared or by the looks of a column: a finding. */
ASSAY_NODISCARD assay_status assay_run_check_dependence(assay_run *run, int32_t m, int32_t d,
                                                        const assay_predictions *p,
                                                        assay_error *err);
ASSAY_NODISCARD assay_status assay_run_find(assay_run *run, assay_error *err);
ASSAY_NODISCARD assay_status assay_run_results(assay_buffer *out, const assay_run *run,
                                               assay_error *err);
/** One model, one data set, as objects of results.json. */
ASSAY_NODISCARD assay_status assay_results_model(assay_json *json, const assay_run *run, int32_t m,
                                                 assay_error *err);
ASSAY_NODISCARD assay_status assay_results_data(assay_json *json, const assay_run *run, int32_t d,
                                                assay_error *err);
/** The parts of results.json that assay_evaluate_file writes too. */
void assay_results_provenance(assay_json *json, const assay_args *const *operations, int32_t n,
                              const char *backend, const char *const *command);

/** For sequential requirements: leave rows without a true class out of the mask (made when there is
 *  none) and out of *n; *pool is what *n was. */
ASSAY_NODISCARD assay_status assay_run_labelled(uint8_t **mask, int64_t *n, int64_t *pool,
                                                const assay_run *run,
                                                const assay_predictions *predictions,
                                                assay_error *err);
/** Let the sequential requirements of an evaluated cell see its rows in their order of arrival. */
ASSAY_NODISCARD assay_status assay_run_sequential(assay_run *run, const assay_run_cell *cell,
                                                  const assay_predictions *predictions,
                                                  const uint8_t *mask, const assay_table *table,
                                                  int64_t pool, assay_error *err);
ASSAY_NODISCARD assay_status assay_run_judge_sequential(const assay_run *run, assay_verdict *v,
                                                        assay_error *err);
void assay_results_sequence(assay_json *json, const assay_verdict *v);
/** The measure that a requirement speaks of; NULL with a reason when there is none. */
const assay_measure *assay_run_find_measure(const assay_run *run, const assay_plan_requirement *q,
                                            const char **reason);
/** Of the groups of the requirement; NULL with a reason when they are not measured. */
const assay_fairness *assay_run_find_fairness(const assay_run *run, const assay_plan_requirement *q,
                                              const char **reason);
/** For requirements on the worst group, the difference, ...; `params` as JSON, or NULL. */
const assay_measure *assay_run_find_extreme(const assay_run *run, const assay_plan_requirement *q,
                                            const char *params, const char **reason);
const char *assay_verdict_name(assay_verdict_kind kind);

/** Predictions with the data's metadata as Parquet; what they depend on goes into the file's notes. */
ASSAY_NODISCARD assay_status assay_predictions_export(
    const char *path, const char *key, const assay_model *model, const assay_dataset *data,
    const assay_args *perturbation, assay_predictions *predictions, assay_error *err);

/** "name" or "name:param=value,param=value" as an operation with arguments; the caller frees it. */
ASSAY_NODISCARD assay_status assay_args_parse(assay_args **out, assay_op_kind kind,
                                              const char *text, assay_error *err);
/** Open the model that a file stands for: .onnx (with the description beside it), or a description
 *  (.yaml). `arena` holds the spec's texts and must outlive the model. */
ASSAY_NODISCARD assay_status assay_model_open_file(assay_model **out, const char *path,
                                                   const char *name, assay_arena *arena,
                                                   assay_error *err);
/** As above for a spec that is already known; with `describe` the file beside the model is read. */
ASSAY_NODISCARD assay_status assay_model_open_spec(assay_model **out, const assay_model_spec *spec,
                                                   int describe, const char *name,
                                                   assay_arena *arena, assay_error *err);

#endif
