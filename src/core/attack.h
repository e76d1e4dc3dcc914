/**
 * @file attack.h
 * Adversarial attacks: the search for a small change of an image that changes the model's answer,
 * to measure how much change the model bears. For models that one is authorised to test.
 *
 * An attack works on a block of rows (one row = one image) in lockstep and asks the model through
 * the functions below. They batch, pad, count the queries of each row, average over repeats and
 * models, and *record*: every point that is put to the model is judged, and the adversarial one
 * nearest to the original is kept. So an attack cannot return anything but its best, and never
 * something that the model was not seen to get wrong. Rows do not see each other and random numbers
 * are addressed by (seed, attack, datum): a result does not depend on who else is in the block.
 *
 * Pixels are float32 in [0, 1], planar (channel, row, column; R, G, B), in the model's prepared
 * geometry: after the geometric steps, before scale, mean and std.
 */
#ifndef ASSAY_CORE_ATTACK_H
#define ASSAY_CORE_ATTACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/rng.h"
#include "core/model.h"
#include "core/op.h"

typedef enum assay_norm {
    ASSAY_NORM_LINF = 0, /* largest change of a value */
    ASSAY_NORM_L2,       /* square root of the sum of squares */
    ASSAY_NORM_L1,       /* sum of the changes */
    ASSAY_NORM_L0,       /* number of values (pixel x channel) that changed */
    ASSAY_NORMS
} assay_norm;

enum {
    ASSAY_LINF = 1u << ASSAY_NORM_LINF,
    ASSAY_L2 = 1u << ASSAY_NORM_L2,
    ASSAY_L1 = 1u << ASSAY_NORM_L1,
    ASSAY_L0 = 1u << ASSAY_NORM_L0
};

const char *assay_norm_name(assay_norm norm); /* "linf" */
bool assay_norm_parse(assay_norm *out, const char *name);

/** ||x - y|| over n values, in double, summed in a fixed shape. */
double assay_norm_distance(assay_norm norm, const float *x, const float *y, int64_t n);

/** What an attacker sees of the model. */
typedef enum assay_attack_access {
    ASSAY_ACCESS_LABELS = 1,
    ASSAY_ACCESS_SCORES,
    ASSAY_ACCESS_GRADIENTS
} assay_attack_access;

const char *assay_attack_access_name(assay_attack_access access); /* "gradients" */

enum {
    ASSAY_ATTACK_MINIMUM = 1u << 0,   /* looks for the smallest change: one run gives every eps */
    ASSAY_ATTACK_TARGETED = 1u << 1,  /* can aim at a class */
    ASSAY_ATTACK_CONTROL = 1u << 2,   /* no attack: what chance and the world do by themselves */
    ASSAY_ATTACK_UNIVERSAL = 1u << 3, /* one change for all data: the block is the whole data set */
    ASSAY_ATTACK_DRAWS = 1u << 4,     /* uses random numbers */
    ASSAY_ATTACK_ALL = 1u << 5        /* wants every row with a label, right or not (looks only) */
};

/** One adversarial point better than all before. */
typedef struct assay_attack_event {
    int64_t row;
    int64_t forwards, backwards; /* of this row until then */
    double distance;
} assay_attack_event;

struct assay_attack_oracle;

typedef struct assay_attack_block {
    /* Given. */
    int64_t n;
    int64_t datum; /* index of row 0 */
    int32_t channels, height, width, classes;
    int64_t size;          /* channels * height * width */
    const float *x0;       /* n x size, the originals */
    const int32_t *label;  /* n: the right class */
    const int32_t *target; /* n: the class to reach, or NULL = any other than label */
    const float *donors;   /* n_donors x size: images of the class to reach; NULL */
    int64_t n_donors;
    assay_norm norm;
    double eps; /* the budget; INFINITY for the smallest change and for attacks without a norm */
    int64_t budget;       /* most forwards of a row; INT64_MAX = none */
    assay_rng *rng;       /* one stream per row */
    assay_rng *shared;    /* for universal attacks: one stream for all rows */
    const float *logits0; /* n x classes at x0; NULL for models that give labels */
    assay_arena *arena;   /* for the attack's own arrays */
    struct assay_attack_oracle *oracle;
    /* The rows still to be worked on: those whose original is right and, with a finite eps, that
     * are not fooled yet. assay_attack_compact brings it up to date. */
    int32_t *active;
    int64_t n_active;
    /* Found so far, kept by the functions below. */
    uint8_t *fooled;       /* n: an adversarial point within eps is known */
    float *best;           /* n x size: the nearest one; undefined where not fooled */
    double *distance;      /* n: its distance; INFINITY without one */
    int32_t *answer;       /* n: the class the model gives it; -1 without one */
    int64_t *forwards;     /* n */
    int64_t *backwards;    /* n */
    int64_t *first;        /* n: forwards at the first adversarial point; -1 without one */
    uint8_t *flat;         /* n: a gradient that was exactly zero was seen */
    int32_t *stage;        /* n: `current_stage` when it was fooled; -1 */
    int32_t current_stage; /* set by attacks that are made of others */
    double confidence;     /* set by the attack: a wrong logit must lead by this much to count */
    bool silent;           /* set by the attack: points are neither judged nor kept */
    float *last;           /* n x size or NULL: the last point put to the model, for tests */
} assay_attack_block;

typedef struct assay_attack {
    assay_attack_access access;
    uint32_t norms;  /* bits; 0 = its parameters bound it, every norm is only reported */
    uint32_t traits; /* ASSAY_ATTACK_* */
    assay_status (*run)(assay_attack_block *block, const void *params, assay_error *err);
    const char *const *stages; /* NULL-terminated names of its parts, or NULL */
} assay_attack;

/** Points put to the model: point i lies at x + at[i] * size and belongs to row of[i]; its answers
 *  go to place at[i] of the outputs. */
typedef struct assay_points {
    int64_t n;
    const int32_t *at; /* NULL = 0, 1, 2, ... */
    const int32_t *of; /* NULL = the same as `at` */
} assay_points;

/** The active rows, each at its own place. */
assay_points assay_attack_active(const assay_attack_block *block);

/** Logits (log-probabilities when the model gives probabilities), classes values per place. */
ASSAY_NODISCARD assay_status assay_attack_scores(assay_attack_block *block, float *logits,
                                                 const float *x, const assay_points *points,
                                                 assay_error *err);
/** The class that the model answers. */
ASSAY_NODISCARD assay_status assay_attack_labels(assay_attack_block *block, int32_t *labels,
                                                 const float *x, const assay_points *points,
                                                 assay_error *err);
/**
 * Gradient of the loss of each point with respect to its pixels, size values per place, and the
 * logits. `label` and `other` have one class per place; label NULL = the rows' labels. Through
 * another model when a substitute is declared (the logits then still come from the attacked one, and
 * are left alone when the block is silent);
 * averaged over models and repeats when there are several.
 */
ASSAY_NODISCARD assay_status assay_attack_gradient(assay_attack_block *block, float *gradient,
                                                   float *logits, const float *x,
                                                   const assay_points *points, assay_loss_kind kind,
                                                   const int32_t *label, const int32_t *other,
                                                   assay_error *err);

/** The loss itself, from logits, in double; the definitions of assay_loss_kind. */
double assay_loss_value(assay_loss_kind kind, const float *logits, int32_t classes, int32_t label,
                        int32_t other);
/** The class with the highest score; the first one of equals. */
int32_t assay_class_of(const float *scores, int32_t classes);

/** Drop fooled rows (finite eps only) and rows whose budget of forwards is used up from `active`. */
void assay_attack_compact(assay_attack_block *block);
/** Forwards that row may still ask for. */
int64_t assay_attack_left(const assay_attack_block *block, int64_t row);

/** rows x size floats of the block's arena; NULL when memory is out. */
float *assay_attack_pixels(assay_attack_block *block, int64_t rows);
/** n x classes floats of the block's arena; NULL when memory is out. */
float *assay_attack_logits(assay_attack_block *block);

/** Whether `predicted` is what the attacker of `row` wants. */
static inline bool assay_attack_wants(const assay_attack_block *block, int64_t row,
                                      int32_t predicted)
{
    return block->target != NULL ? predicted == block->target[row] : predicted != block->label[row];
}

#endif
