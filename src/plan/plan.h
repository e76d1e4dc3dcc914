/**
 * @file plan.h
 * The test plan: what is measured, on what, in which contexts, and which requirements are judged.
 * A plan is YAML (docs/plan.md). Reading checks everything that can be known without opening data:
 * unknown keys (with the nearest known one), duplicate keys, wrong types, missing keys, references
 * to models, data and contexts that don't exist, operations and their parameters; each with file,
 * line and column.
 */
#ifndef ASSAY_PLAN_PLAN_H
#define ASSAY_PLAN_PLAN_H

#include "base/arena.h"
#include "base/digest.h"
#include "core/detection_protocol.h"
#include "core/groups.h"
#include "core/model.h"
#include "core/op.h"
#include "core/predictions.h"
#include "core/sequential.h"
#include "stats/multiplicity.h"

enum { ASSAY_PLAN_CONTEXTS = 4096, ASSAY_PLAN_METRICS = 256 };

/** Where in the file something stands, for messages of later stages ("plan.yaml:12:5: ..."). */
typedef struct assay_mark {
    int32_t line, column; /* 1-based */
} assay_mark;

typedef struct assay_plan_model {
    const char *name;
    assay_mark mark;
    const char *title;       /* for people; NULL = name */
    assay_model_spec spec;   /* path is resolved against the plan's folder */
    int has_input;           /* the plan itself declares the preprocessing */
    const char *predictions; /* predictions file instead of a model; NULL = a real model */
    int32_t data;            /* with predictions: the data set they belong to; else -1 */
    const char *target_column, *label_column, *id_column; /* of the predictions file, or NULL */
    const char *const *score_columns;                     /* NULL-terminated or NULL */
    assay_score_kind score_kind;                          /* of the predictions file */
} assay_plan_model;

typedef struct assay_plan_data {
    const char *name;
    assay_mark mark;
    const char *title;
    const char *path; /* resolved; NULL = known only through a model's predictions file */
    const char *target, *path_column, *id_column, *root, *labels, *images;
    const char *format;             /* detection: format of the annotations; NULL = by content */
    const char *metadata;           /* images: table with columns about them, resolved; or NULL */
    const char *ignore;             /* segmentation: label that does not count, "none", or NULL */
    const char *cluster;            /* column that says which data depend on each other; or NULL */
    const char *weights;            /* column that says how much each datum counts; or NULL */
    const char *const *class_names; /* NULL-terminated or NULL */
} assay_plan_data;

/** A context: a data set, or a part of it, or a perturbed version of either. */
typedef struct assay_plan_context {
    const char *name;
    assay_mark mark;
    const char *title;
    int32_t data;             /* index into data */
    const char *where;        /* SQL predicate or NULL */
    assay_args *perturbation; /* or NULL */
    int32_t severity;         /* 1..5 when the perturbation was given by severity, else 0 */
    int32_t sweep;            /* index into sweeps, or -1 */
    int32_t *models;          /* which models are measured here; NULL = all */
    int32_t n_models;
} assay_plan_context;

/** A perturbation over several strengths: expands into one context each, plus the clean one. */
typedef struct assay_plan_sweep {
    const char *name;
    assay_mark mark;
    const char *title;
    int32_t data;
    const char *where;
    const char *perturbation; /* operation name */
    const char *param;        /* the parameter that varies */
    int32_t first_context;    /* contexts first_context .. +n_points-1 belong to it */
    int32_t n_points;
} assay_plan_sweep;

enum { ASSAY_PLAN_BUDGETS = 64 };

/** Adversarial attacks on models of the plan. */
typedef struct assay_plan_attack {
    const char *name;
    assay_mark mark;
    const char *title;
    int32_t data;
    const char *where; /* SQL predicate or NULL */
    const char *by;    /* metadata column or NULL */
    int32_t *models;   /* attacked; NULL = all that can be asked */
    int32_t n_models;
    int32_t *with; /* attacked together with each of them */
    int32_t n_with;
    int32_t *proxies; /* of the attacker's own: examples are made on them alone */
    int32_t n_proxies;
    int32_t *transfer; /* tried on the examples */
    int32_t n_transfer;
    double matrix; /* eps at which models and transfer are all attacked, every example tried on all;
                      0 = not */
    int32_t gradients;        /* model that gradients come from; -1 = the attacked one */
    const char *target_class; /* NULL = any wrong answer */
    int64_t memory;           /* most bytes of the process; 0 = a share of the machine's */
    bool own_answers;         /* the model's own answers count as right, not the data's classes */
    assay_args **ops;         /* NULL = the usual ones for the model */
    int32_t n_ops;
    int32_t norm; /* an assay_norm */
    double *eps;  /* ascending */
    int32_t n_eps;
    int64_t limit, budget; /* 0 = none */
    int32_t repeats;       /* 0 = 1 */
    double noise;
} assay_plan_attack;
/** Groups of data that are compared, by columns of the metadata. */
typedef struct assay_plan_groups {
    const char *name;
    assay_mark mark;
    const char *title;
    assay_group_column *columns;
    int32_t n_columns;
    const char *positive; /* class that rates speak of; NULL = each in turn */
    int64_t least;        /* rows that a group must have; 0 = the default */
} assay_plan_groups;

typedef enum assay_compare { ASSAY_AT_LEAST = 1, ASSAY_AT_MOST } assay_compare;

/** A group of requirements that answer one question together. */
typedef enum assay_family_logic {
    ASSAY_FAMILY_ALL_MUST_PASS = 1, /* intersection-union: each at its full confidence */
    ASSAY_FAMILY_ANY_FAIL_IS_FOUND  /* union-intersection: NOT MET is corrected for multiplicity */
} assay_family_logic;

typedef struct assay_plan_family {
    const char *name;
    assay_mark mark;
    assay_family_logic logic;
    assay_adjustment adjust;
    double alpha; /* probability of any false NOT MET; any_fail_is_found only */
} assay_plan_family;

/** How the parts of a composite requirement are joined. */
typedef enum assay_requirement_tree {
    ASSAY_TREE_NONE = 0, /* a requirement on a measure */
    ASSAY_TREE_ALL,
    ASSAY_TREE_ANY
} assay_requirement_tree;

typedef struct assay_plan_requirement {
    const char *id;
    assay_mark mark;
    const char *text;
    const char *source; /* where it comes from: document, section; or NULL */
    assay_requirement_tree tree;
    const int32_t *parts; /* requirements of the tree */
    int32_t n_parts;
    const int32_t *gate; /* requirements that must be MET before this one is evaluated */
    int32_t n_gate;
    int32_t family; /* index, or -1 */
    /* a composite requirement has none of these: metric NULL, indices -1 */
    const char *metric; /* operation name; its arguments are metrics[metric_index] */
    int32_t metric_index;
    const char *average;    /* or NULL */
    const char *class_name; /* or NULL */
    int32_t model;          /* index */
    int32_t context;        /* index; -1 = of an attack */
    int32_t groups;         /* index; -1 = the measure is not of groups */
    assay_extreme extreme; /* of the groups, for a metric that is measured within each; else NONE */
    int32_t attack;        /* index; -1 = a measure of a context. Else metric_index is -1 */
    int32_t eps;           /* robust_accuracy: index of the attack's budget; -1 = minimum_norm */
    double quantile;       /* minimum_norm: of the images */
    assay_compare compare;
    double threshold;
    double objective;                 /* the better value that is hoped for; NaN = none */
    double confidence;                /* one-sided */
    assay_sequential_rule sequential; /* method NONE = judged once, on all samples */
} assay_plan_requirement;

/** How the models of the plan are compared. NaN margins are not asked for. */
typedef struct assay_plan_compare {
    assay_adjustment adjust; /* default holm */
    double margin, equivalence, rope;
    bool exact, per_class;
} assay_plan_compare;

/** How detections are evaluated. */
typedef struct assay_plan_detection {
    assay_protocol_words words; /* as they stand in the plan */
    assay_protocol protocol;
    bool usual;            /* COCO's as it is */
    const char *hierarchy; /* file; NULL = none */
    bool expand_predictions, voc_pixels;
} assay_plan_detection;

typedef struct assay_plan {
    assay_arena *arena; /* owned */
    const char *path;
    const char *folder;
    char digest[ASSAY_DIGEST_HEX]; /* of the file's bytes */
    const char *title;
    const char *description; /* or NULL */
    const char *marking;     /* classification marking; NULL = none */
    assay_task task;         /* classification, detection or segmentation */
    uint64_t seed;           /* default 1 */
    double level;            /* of two-sided intervals, default 0.95 */
    int64_t replicates;      /* default 1000 */
    int skip_bad;            /* on_error: skip */
    int32_t n_models;
    assay_plan_model *models;
    int32_t n_data;
    assay_plan_data *data;
    int32_t n_contexts;
    assay_plan_context *contexts;
    int32_t n_sweeps;
    assay_plan_sweep *sweeps;
    int32_t n_attacks;
    assay_plan_attack *attacks;
    int32_t n_groups;
    assay_plan_groups *groups;
    int32_t n_metrics;
    assay_args **metrics;            /* those of the plan and those that requirements add */
    assay_args *proportion_interval; /* default clopper_pearson */
    assay_args *replicate_interval;  /* default bootstrap_percentile */
    assay_args *clustered_interval;  /* of proportions of clustered data; NULL = korn_graubard */
    assay_args *area_interval;       /* of areas under the ROC curve; NULL = delong */
    assay_plan_compare compare;
    assay_plan_detection detection; /* task detection */
    int32_t n_families;
    assay_plan_family *families;
    int32_t n_requirements;
    assay_plan_requirement *requirements;
    int32_t *order; /* of evaluation: gates and parts before what depends on them */
} assay_plan;

/** `bytes` is the file's content, `path` only for messages and to resolve relative paths. */
ASSAY_NODISCARD assay_status assay_plan_parse(assay_plan **out, const char *bytes, size_t size,
                                              const char *path, const assay_registry *registry,
                                              assay_error *err);
void assay_plan_free(assay_plan *plan);

/** Some requirement is judged sample by sample: rows may be without a true class as yet. */
bool assay_plan_is_sequential(const assay_plan *plan);

/** The requirement is one on a measure of a context: not composite, not of an attack. */
static inline bool assay_requirement_in_context(const assay_plan_requirement *q)
{
    return q->tree == ASSAY_TREE_NONE && q->attack < 0;
}

/** "all_must_pass", "holm", ...: the words of the plan. */
const char *assay_family_logic_name(assay_family_logic logic);

/** What is measured when nobody says: NULL-terminated names of metrics. Static. */
const char *const *assay_default_metrics(void);

/** A model.yaml beside a model: fills the spec; texts live in the arena. */
ASSAY_NODISCARD assay_status assay_model_spec_parse(assay_model_spec *spec, const char *bytes,
                                                    size_t size, const char *path,
                                                    const assay_registry *registry,
                                                    assay_arena *arena, assay_error *err);

/** JSON Schema (2020-12) of plans, with every operation's parameters. */
ASSAY_NODISCARD assay_status assay_plan_schema(assay_buffer *out, const assay_registry *registry,
                                               assay_error *err);

#endif
