/**
 * @file attack_run.h
 * An attack over many images: blocks, workers, budgets, what comes out.
 */
#ifndef ASSAY_CORE_ATTACK_RUN_H
#define ASSAY_CORE_ATTACK_RUN_H

#include "base/buffer.h"
#include "base/log.h"
#include "core/attack.h"
#include "core/dataset.h"

enum { ASSAY_ATTACK_EPS = 64, ASSAY_ATTACK_MODELS = 32 };
/** Arrays of pixels that an attack has at most for each of its rows. */
enum { ASSAY_ATTACK_ARRAYS = 20 };

/** Where the images come from: fill size values of datum i, planar in [0, 1]. Any thread. */
typedef struct assay_attack_images {
    void *payload;
    assay_status (*read)(void *payload, int64_t i, float *pixels, assay_error *err);
    int64_t n;
    int32_t channels, height, width;
    const int32_t *labels;  /* n: model's classes; -1 = no target: left out */
    const int32_t *targets; /* n: class to reach; NULL = untargeted */
    const float *donors; /* n_donors images of that class: where a search that sees classes only may
                               start; NULL = none */
    int64_t n_donors;
    const char *const *ids; /* n */
} assay_attack_images;

/** One finished row, while its pixels are at hand. */
typedef struct assay_attack_row {
    int64_t index;          /* of the datum */
    const float *x0, *best; /* best is NULL without an adversarial example */
    double distance;
    int32_t answer;
} assay_attack_row;

typedef struct assay_attack_sink {
    void *payload;
    /** Any thread, rows in any order. */
    assay_status (*row)(void *payload, const assay_attack_row *row, assay_error *err);
} assay_attack_sink;

/** Where finished rows are kept, so that an attack that was interrupted goes on. The bytes are opaque; whose
 *  settings they belong to is the store's business. Any thread. */
typedef struct assay_attack_store {
    void *payload;
    /** Append what is kept of datum i to `out`; nothing when there is none. */
    assay_status (*get)(void *payload, int64_t i, assay_buffer *out, assay_error *err);
    /** Keep n rows at once: row[k] of the data has bytes[at[k]] .. bytes[at[k + 1] - 1]. */
    assay_status (*put)(void *payload, const int64_t *row, const int64_t *at, int64_t n,
                        const char *bytes, assay_error *err);
} assay_attack_store;

typedef struct assay_attack_options {
    const assay_args *attack;
    assay_model *const *models; /* attacked together: their logits and gradients are averaged */
    int32_t n_models;
    assay_model *substitute;      /* gradients come from it; NULL = from the models */
    assay_model *const *transfer; /* tried on the finished examples */
    int32_t n_transfer;
    assay_norm norm;
    const double *eps; /* ascending, > 0; at least one unless the attack has no norm */
    int32_t n_eps;
    int64_t budget;  /* most forwards of a datum at one eps; 0 = the attack's own */
    int32_t repeats; /* gradients are averaged over so many calls; 0 = 1 */
    double noise;    /* standard deviation of the noise put on each repeat; 0 = none */
    uint64_t seed;
    int threads;
    int64_t block;  /* most rows of a block; 0 = by memory */
    int64_t memory; /* bytes that the pixels of all blocks in flight may take; 0 = 1 GiB */
    bool keep_events;
    const assay_attack_sink *sink;
    const assay_attack_store *store; /* NULL = none; not used by universal attacks */
    const assay_cancel *cancel;
    const assay_log *log;
    const char *what; /* for the progress line */
} assay_attack_options;

/** Row i is datum i of the images. Owned by one arena. */
typedef struct assay_attack_result {
    assay_arena *arena;
    int64_t n;
    int32_t n_eps, n_transfer;
    double *eps;
    int32_t *label;   /* -1: had no target, nothing was done */
    int32_t *clean;   /* the answer to the original; -1 */
    uint8_t *success; /* n_eps x n: adversarial within eps (0 too when the original is) */
    double *distance; /* n: of the nearest adversarial point; INFINITY without one */
    int32_t *answer;  /* n: its class; -1 */
    uint8_t *refuted; /* n: found, but the model takes it back when asked again: not a success */
    int32_t *rounded; /* n: the class of the example rounded to 8 bit; -1 without one */
    double *rounded_distance;      /* n: its distance; NAN without one */
    int64_t *forwards, *backwards; /* n: queries over all eps, without those of checks */
    int64_t *first;       /* n: forwards until the first adversarial point, at the eps it was found
                          at; 0 when the original is one; -1 without one */
    uint8_t *flat;        /* n: a gradient that was exactly zero was seen */
    int32_t *stage;       /* n: part of the attack that found it; -1 */
    int32_t *transferred; /* n_transfer x n: class that the other model gives the example; -1 */
    int32_t *transferred_clean; /* n_transfer x n: and the original; -1 without a target */
    int64_t reused;             /* rows that came from the store */
    int64_t n_events;
    assay_attack_event *events; /* by datum, then in time; rows are data */
} assay_attack_result;

/**
 * ASSAY_EINVAL when the attack cannot be made with this norm, these classes or this model; the
 * message says what would do.
 */
ASSAY_NODISCARD assay_status assay_attack_run(assay_attack_result **out,
                                              const assay_attack_images *images,
                                              const assay_attack_options *options,
                                              assay_error *err);
/** Whether the attack can be made at all. */
ASSAY_NODISCARD assay_status assay_attack_check(const assay_attack_images *images,
                                                const assay_attack_options *options,
                                                assay_error *err);
/** Whether the model answers a question for a gradient, by asking one: a graph may hold a node without a
 *  rule. `reason` (never NULL) says why not. */
bool assay_attack_gives_gradients(assay_model *model, assay_error *reason);
void assay_attack_result_free(assay_attack_result *result);

/** Images of a dataset as the model's preparation leaves them before scaling. */
typedef struct assay_attack_source {
    const assay_dataset *dataset;
    const assay_model *model;
    int32_t channels, height, width; /* set by assay_attack_images_of */
} assay_attack_source;

/** `out->payload` is `source`, which must outlive it; labels and targets stay NULL. For models that
 *  take images themselves all must have the size of the first: ASSAY_EFORMAT names the odd one. */
ASSAY_NODISCARD assay_status assay_attack_images_of(assay_attack_images *out,
                                                    assay_attack_source *source, assay_error *err);

/** An 8-bit image of the pixels, rounded half up. `out` is {0}. */
ASSAY_NODISCARD assay_status assay_attack_to_image(assay_image *out, const float *pixels,
                                                   int32_t channels, int32_t height, int32_t width,
                                                   assay_error *err);

#endif
