/**
 * @file op.h
 * The operation: a registered, self-describing unit of work. One C file holds the kernel, the
 * parameter struct, the descriptor, the documentation and the citation; one line in
 * ops/op_table.def registers it. Command-line help, reference documents, the JSON Schema of plans
 * and the test harness are derived from the descriptor and from nothing else.
 */
#ifndef ASSAY_CORE_OP_H
#define ASSAY_CORE_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

typedef enum assay_op_kind {
    ASSAY_OP_METRIC = 1,
    ASSAY_OP_INTERVAL,
    ASSAY_OP_PERTURBATION,
    ASSAY_OP_ATTACK,
    ASSAY_OP_DECODER,
    ASSAY_OP_KINDS = ASSAY_OP_DECODER
} assay_op_kind;

typedef enum assay_param_type {
    ASSAY_PARAM_INT = 1, /* int64_t field */
    ASSAY_PARAM_REAL,    /* double field, finite */
    ASSAY_PARAM_BOOL,    /* bool field */
    ASSAY_PARAM_CHOICE,  /* int32_t field: index into choices */
    ASSAY_PARAM_MATRIX,  /* assay_matrix field */
    ASSAY_PARAM_WORD     /* assay_word field: any short text, empty unless given */
} assay_param_type;

enum { ASSAY_MATRIX_MOST = 1024 };

/** Row-major, at most ASSAY_MATRIX_MOST numbers; as text "0 1; 20 0". Empty: no rows. */
typedef struct assay_matrix {
    int32_t rows, columns;
    double value[ASSAY_MATRIX_MOST]; /* zero behind the last */
} assay_matrix;

enum { ASSAY_WORD_MOST = 32 };

/** A name that the data or the plan give, as of a range of sizes. NULs behind the text. */
typedef struct assay_word {
    char text[ASSAY_WORD_MOST];
} assay_word;

/** One parameter. Bounds are inclusive. Make entries with the macros below: the parameter's name is
 *  the field's name, and a field of the wrong C type does not compile. */
typedef struct assay_param {
    const char *name;
    assay_param_type type;
    int typed; /* 1; only there so that the macros can check the field's type */
    size_t offset;
    double otherwise; /* the default; for a choice its index */
    double low, high;
    const char *const *choices; /* NULL-terminated, for ASSAY_PARAM_CHOICE */
    const char *unit;           /* "" = dimensionless */
    const char *doc;            /* one sentence */
} assay_param;

#define ASSAY_FIELD_IS(type, field, wanted) _Generic(((type *)0)->field, wanted : 1)
#define ASSAY_INT(type, field, otherwise, low, high, unit, doc)                                    \
    {                                                                                              \
#field, ASSAY_PARAM_INT, ASSAY_FIELD_IS(type, field, int64_t), offsetof(type, field),      \
            (double)(otherwise), (double)(low), (double)(high), NULL, unit, doc                    \
    }
#define ASSAY_REAL(type, field, otherwise, low, high, unit, doc)                                   \
    {                                                                                              \
#field, ASSAY_PARAM_REAL, ASSAY_FIELD_IS(type, field, double), offsetof(type, field),      \
            otherwise, low, high, NULL, unit, doc                                                  \
    }
#define ASSAY_BOOL(type, field, otherwise, doc)                                                    \
    {                                                                                              \
#field, ASSAY_PARAM_BOOL, ASSAY_FIELD_IS(type, field, bool), offsetof(type, field),        \
            (otherwise) ? 1.0 : 0.0, 0.0, 1.0, NULL, "", doc                                       \
    }
#define ASSAY_CHOICE(type, field, otherwise, choices, doc)                                         \
    {                                                                                              \
#field, ASSAY_PARAM_CHOICE, ASSAY_FIELD_IS(type, field, int32_t), offsetof(type, field),   \
            (double)(otherwise), 0.0, 1e9, choices, "", doc                                        \
    }
/** Empty unless given; the bounds are those of its numbers. */
#define ASSAY_MATRIX(type, field, low, high, unit, doc)                                            \
    {                                                                                              \
#field, ASSAY_PARAM_MATRIX, ASSAY_FIELD_IS(type, field, assay_matrix),                     \
            offsetof(type, field), low, low, high, NULL, unit, doc                                 \
    }

#define ASSAY_WORD(type, field, doc)                                                               \
    {                                                                                              \
#field, ASSAY_PARAM_WORD, ASSAY_FIELD_IS(type, field, assay_word), offsetof(type, field),  \
            0.0, 0.0, 0.0, NULL, "", doc                                                           \
    }

/** What is predicted; a metric is for one of them. */
typedef enum assay_task {
    ASSAY_TASK_CLASSIFICATION = 0, /* a class per row */
    ASSAY_TASK_REGRESSION,         /* a real number per row */
    ASSAY_TASK_DETECTION,          /* boxes per image; measured by core/detection_measure.h */
    ASSAY_TASK_MULTILABEL,         /* a set of classes per row */
    ASSAY_TASK_SEGMENTATION,       /* a class per pixel; measured by core/segment_sample.h */
    ASSAY_TASKS
} assay_task;

const char *assay_task_name(assay_task task); /* "classification" */
/** Everything about such a task is measured at once: its metrics are descriptions. */
bool assay_task_is_whole(assay_task task);

/** What an operation needs from the predictions (metrics). */
enum {
    ASSAY_NEEDS_LABEL = 1u << 0,      /* target and predicted class */
    ASSAY_NEEDS_CONFIDENCE = 1u << 1, /* score of the predicted class, a probability */
    ASSAY_NEEDS_P_TARGET = 1u << 2,   /* score of the target class, a probability */
    ASSAY_NEEDS_RANK = 1u << 3,       /* rank of the target among the scores */
    ASSAY_NEEDS_SCORES = 1u << 4,     /* the whole score rows */
    ASSAY_NEEDS_GROUPS = 1u << 5,     /* the group of each row (core/groups.h) */
    ASSAY_NEEDS_QUANTILES = 1u << 6,  /* regression: columns of predicted quantiles */
    ASSAY_NEEDS_SIGMA = 1u << 7,      /* regression: a column with the standard deviation */
    ASSAY_NEEDS_MEMBERS = 1u << 8     /* regression: columns of the members of an ensemble */
};

typedef enum assay_direction {
    ASSAY_NO_DIRECTION = 0,
    ASSAY_HIGHER_IS_BETTER,
    ASSAY_LOWER_IS_BETTER
} assay_direction;

struct assay_metric;       /* core/metric.h */
struct assay_interval;     /* core/interval.h */
struct assay_perturbation; /* core/perturbation.h */
struct assay_attack;       /* core/attack.h */
struct assay_decoder;      /* core/decoder.h */

typedef struct assay_op {
    assay_op_kind kind;
    int32_t revision;        /* raised when any output bit may change */
    const char *name;        /* lower_snake_case, unique within the kind */
    const char *title;       /* "Expected calibration error" */
    const char *summary;     /* one plain sentence that a test engineer understands */
    const char *description; /* Markdown: definition, formula, range, conventions, edge cases */
    const char *citation;    /* paper, standard or library convention with version */
    const char *since;       /* first version with it */
    assay_task task;         /* metrics */
    bool multilabel;         /* metrics of classification: for sets of classes per row too */
    uint32_t needs;
    assay_direction direction;
    const assay_param *params;
    size_t n_params;
    size_t params_size;          /* bytes of the parameter struct; 0 when there are no parameters */
    const char *const *examples; /* NULL-terminated command lines or plan snippets */
    const struct assay_metric *metric; /* NULL for detection and segmentation */
    const struct assay_interval *interval;
    const struct assay_perturbation *perturbation;
    const struct assay_attack *attack;
    const struct assay_decoder *decoder;
} assay_op;

/** All registered operations, sorted by kind and name. The one table is ops/op_table.c. */
typedef struct assay_registry {
    const assay_op *const *ops;
    size_t n;
} assay_registry;

const char *assay_op_kind_name(assay_op_kind kind); /* "metric" */
bool assay_op_kind_parse(assay_op_kind *out, const char *name);

/** NULL when there is none. */
const assay_op *assay_registry_find(const assay_registry *registry, assay_op_kind kind,
                                    const char *name);
/** As find, but an unknown name is ASSAY_EINVAL with the nearest known one in the message. */
ASSAY_NODISCARD assay_status assay_registry_get(const assay_op **out,
                                                const assay_registry *registry, assay_op_kind kind,
                                                const char *name, assay_error *err);

/** An operation with its parameters filled in: the only way in which operations are called. */
typedef struct assay_args {
    const assay_op *op;
    void *params; /* params_size bytes, owned */
    uint32_t set; /* bit i: parameter i was given, not defaulted */
} assay_args;

/** The same operation with the same parameters; NULL = none. */
bool assay_args_same(const assay_args *a, const assay_args *b);
/** Starts with all defaults. */
ASSAY_NODISCARD assay_status assay_args_new(assay_args **out, const assay_op *op, assay_error *err);
ASSAY_NODISCARD assay_status assay_args_copy(assay_args **out, const assay_args *args,
                                             assay_error *err);
/** A copy that lives in the arena and is not freed. */
ASSAY_NODISCARD assay_status assay_args_copy_into(const assay_args **out, assay_arena *arena,
                                                  const assay_args *args, assay_error *err);
/** Set from text; unknown names, wrong types and out-of-range values are ASSAY_EINVAL and name the
 *  parameter, what was given and what is allowed. */
ASSAY_NODISCARD assay_status assay_args_set(assay_args *args, const char *name, const char *text,
                                            assay_error *err);
/** The value of a parameter as a number (bool 0/1, choice = index); false when there is none. */
bool assay_args_get(double *out, const assay_args *args, const char *name);
/** Canonical text "name(a=1,b=0.5)" with every parameter, defaults included: for digests, labels. */
ASSAY_NODISCARD assay_status assay_args_text(assay_buffer *out, const assay_args *args,
                                             assay_error *err);
/** The parameters as a JSON object, compact. */
ASSAY_NODISCARD assay_status assay_args_json(assay_buffer *out, const assay_args *args,
                                             assay_error *err);
void assay_args_free(assay_args *args);

/** Check a descriptor: complete, bounds sane, citation present. Used by the harness. */
ASSAY_NODISCARD assay_status assay_op_check(const assay_op *op, assay_error *err);

#endif
