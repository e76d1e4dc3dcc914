/**
 * @file attack.h
 * The adversarial assessment: several attacks on one model and one data set, checks that tell whether
 * they are to be believed, one JSON object for all of it. Inside src/api only.
 */
#ifndef ASSAY_API_ATTACK_H
#define ASSAY_API_ATTACK_H

#include "api/context.h"
#include "assay/attack.h"
#include "base/json_write.h"
#include "core/attack_planted.h"
#include "core/attack_probe.h"
#include "core/attack_run.h"
#include "core/smoothing.h"

enum { ASSAY_ASSESS_MODELS = 4 * ASSAY_ATTACK_MODELS + 1 };
enum { ASSAY_ASSESS_ATTACKS = 32, ASSAY_ASSESS_EXAMPLES = 6, ASSAY_ASSESS_DONORS = 10 };

/** A count with its interval. */
typedef struct assay_share {
    int64_t x, n;
    double value, low, high; /* NAN when n is 0 */
} assay_share;

/** What an assessment may take of the machine, and how its models were made to fit. */
typedef struct assay_attack_memory {
    int64_t allowed; /* bytes of the whole process; 0 = not known */
    bool given;      /* by the user; else a share of what the machine has left */
    bool fits;
    int64_t taken;  /* before: resident, models and data opened */
    int64_t opened; /* the most that opening them took */
    int64_t arrays; /* of the attacks' own */
    int64_t pixels; /* of the finished examples */
    int32_t n;
    assay_model *models[ASSAY_ASSESS_MODELS]; /* borrowed, each once */
    assay_model_fit fit[ASSAY_ASSESS_MODELS];
} assay_attack_memory;

typedef struct assay_assess_options {
    assay_context *context;
    assay_model *const *models; /* the first is the one that is assessed */
    int32_t n_models;
    assay_model *substitute;
    assay_model *const *transfer;
    int32_t n_transfer;
    const assay_dataset *data;
    const uint8_t *mask;              /* rows that are meant; NULL = all */
    const assay_args *const *attacks; /* n_attacks */
    int32_t n_attacks;
    assay_norm norm;
    const double *eps;
    int32_t n_eps;
    int32_t target; /* class to reach; -1 = untargeted */
    int64_t limit;  /* most images, drawn at random by the seed; 0 = all */
    int64_t budget;
    int32_t repeats;
    double noise, level;
    uint64_t seed;
    double certify;        /* sigma of the smoothing certificate; 0 = none */
    int64_t certify_draws; /* 0 = 1000 */
    /* Models of the attacker's own: each adds an attack that follows its gradients alone. */
    assay_model *const *proxies;
    int32_t n_proxies;
    /* Attacked one after the other, every example tried on all of them; none = no matrix. */
    assay_model *const *matrix;
    int32_t n_matrix;
    double matrix_eps;
    const char *by;     /* metadata column: robust accuracy for each of its values; NULL = none */
    const char *folder; /* for pixels and traces; NULL = none */
    bool own_answers;   /* the model's answers to the originals are the classes, not the data's */
    const assay_attack_memory *memory; /* NULL = nothing was fitted */
} assay_assess_options;

typedef struct assay_example_pixels {
    int64_t index;
    float *before, *after;
} assay_example_pixels;

typedef struct assay_assessed {
    const assay_args *attack;
    const assay_model *proxy; /* whose gradients it followed, without a query; NULL = no transfer */
    const char *title;        /* for people */
    assay_attack_result *result; /* owned */
    double seconds;
    int32_t n_examples;
    assay_example_pixels examples[ASSAY_ASSESS_EXAMPLES];
} assay_assessed;

/** What a check found. */
typedef enum assay_check_state {
    ASSAY_CHECK_PASSED = 1,
    ASSAY_CHECK_WARNING,
    ASSAY_CHECK_NOT_APPLICABLE
} assay_check_state;

typedef struct assay_check {
    const char *name;
    assay_check_state state;
    const char *text; /* what was found and what it means; in the arena or static */
} assay_check;

/** Examples made on one model, tried on another. */
typedef struct assay_transfer_cell {
    bool made;
    assay_share share; /* of the images that both answer rightly: the other one is fooled */
    double agreement;  /* share of originals that both answer alike */
} assay_transfer_cell;

typedef struct assay_transfer_matrix {
    const char *attack, *title;
    double eps;
    assay_transfer_cell *cells; /* (n + 1) x n: made on each, and on all the others together */
} assay_transfer_matrix;

typedef struct assay_assessment {
    assay_arena *arena; /* owned */
    const assay_assess_options *options;
    assay_attack_source source;
    assay_attack_images images, all; /* the chosen rows, and all of the data set */
    int64_t *rows;                   /* of the data set, images.n */
    int32_t *targets;                /* labels of all rows, in the model's classes */
    assay_assessed attacks[ASSAY_ASSESS_ATTACKS];
    int32_t n_attacks;
    assay_attack_probe probe;
    const char
        *no_gradients; /* why the model gives none after all; NULL = it does, or never could */
    assay_attack_planted planted; /* made 0 = not tried, or it could not be done */
    const char *planted_by;       /* the attack that looked for it */
    int64_t unbounded_left,
        unbounded_n;          /* right answers under an unbounded attack; n 0 = not run */
    assay_args *proxy_attack; /* owned; NULL without proxies */
    assay_transfer_matrix matrix;
    assay_smoothing smoothing; /* its settings; sigma 0 = not done */
    int32_t *certified;        /* images.n: class that the smoothed model gives; -1 = abstains */
    double *radius;            /* images.n */
    int32_t n_checks;
    assay_check checks[24];
} assay_assessment;

/**
 * Choose the batches of all models of the options so that the assessment takes at most `allowed` bytes (0 =
 * three quarters of what the machine has left), before any of them is asked. Attacks and eps are not looked
 * at. What was asked for and does not fit is ASSAY_ELIMIT; of the machine's share it is a warning.
 */
ASSAY_NODISCARD assay_status assay_assess_fit(assay_attack_memory *out,
                                              const assay_assess_options *options, int64_t allowed,
                                              assay_error *err);
/** What it should have taken, by the sessions that were opened; 0 = it cannot be told. */
int64_t assay_attack_memory_estimate(const assay_attack_memory *memory);
/** Member "memory"; its peak is that of the process until now. */
void assay_attack_memory_json(assay_json *json, const assay_attack_memory *memory);
void assay_attack_memory_text(assay_buffer *out, const assay_attack_memory *memory);

ASSAY_NODISCARD assay_status assay_assess(assay_assessment **out,
                                          const assay_assess_options *options, assay_error *err);
void assay_assessment_free(assay_assessment *assessment);

/** "2/255,0.1" as numbers, ASSAY_ATTACK_EPS at most. */
ASSAY_NODISCARD assay_status assay_parse_budgets(double *eps, int32_t *n, const char *list,
                                                 assay_error *err);
/** What is tried when nothing is named, appended to out[*n]; the caller frees them. */
ASSAY_NODISCARD assay_status assay_usual_attacks(assay_args **out, int32_t *n, assay_model *model,
                                                 assay_model *substitute, assay_norm norm,
                                                 assay_error *err);

/** Exact binomial interval (Clopper, Pearson). */
ASSAY_NODISCARD assay_status assay_share_of(assay_share *out, int64_t x, int64_t n, double level,
                                            assay_error *err);
/** Images of class `label` (-1: all) and, when `only` is not NULL, with only[i] = 1. */
typedef struct assay_selection {
    int32_t label;
    const uint8_t *only;
} assay_selection;
ASSAY_NODISCARD assay_status assay_clean_share(assay_share *out, const assay_assessment *a,
                                               assay_selection of, assay_error *err);
/** The images by the values of the column `by`. */
typedef struct assay_slices {
    int64_t n;
    const char *
        *names;    /* n, in the order of their first image: the value as text, or "(missing)" */
    int64_t *of;   /* slice of each image */
    uint8_t *only; /* images of the one that was picked */
    int64_t images;
} assay_slices;

/** Everything in the assessment's arena. */
ASSAY_NODISCARD assay_status assay_slices_make(assay_slices *out, const assay_assessment *a,
                                               assay_error *err);
/** The images of slice k; what was returned before changes. */
assay_selection assay_slices_pick(const assay_slices *slices, int64_t k);

/** Right and not fooled by attack `k` at eps `e`; k = -1: by none of those bounded by the norm. */
ASSAY_NODISCARD assay_status assay_robust_share(assay_share *out, const assay_assessment *a,
                                                int32_t k, int32_t e, assay_selection of,
                                                assay_error *err);

/** Whether attack `k` fools image `i` at eps `e`; k as above. */
bool assay_assess_fooled(const assay_assessment *a, int32_t k, int32_t e, int64_t i);

ASSAY_NODISCARD assay_status assay_assess_checks(assay_assessment *a, assay_error *err);
ASSAY_NODISCARD assay_status assay_assessment_json(assay_json *json, const assay_assessment *a,
                                                   assay_error *err);
/** Over how many calls gradients are averaged: what was asked for; when nothing was and autoattack in its
 *  version "rand" is among the attacks, its authors' 20; else 0, which is 1. */
int32_t assay_assess_repeats(const assay_assess_options *o);
/** One of those that go on when the attacked model is fooled: mi_fgsm, ni_fgsm, di_fgsm, ti_fgsm. */
bool assay_is_for_transfer(const assay_args *attack);
ASSAY_NODISCARD assay_status assay_assess_matrix(assay_assessment *a, assay_error *err);
/** Member "transfer_matrix", when it was asked for. */
void assay_assessment_matrix_json(assay_json *json, const assay_assessment *a);
void assay_assessment_matrix_text(assay_buffer *out, const assay_assessment *a);
/** The filled-in reporting checklist: member "checklist". */
void assay_assessment_checklist(assay_json *json, const assay_assessment *a);
ASSAY_NODISCARD assay_status assay_assessment_text(assay_buffer *out, const assay_assessment *a,
                                                   assay_error *err);
/** Finished rows of one attack in a folder; rows of other settings (models, pixels, parameters, version) do
 *  not count. */
typedef struct assay_resume assay_resume;
ASSAY_NODISCARD assay_status assay_resume_open(assay_resume **out, const char *folder,
                                               const assay_attack_images *images,
                                               const assay_attack_options *options,
                                               assay_error *err);
const assay_attack_store *assay_resume_store(const assay_resume *resume); /* NULL of NULL */
void assay_resume_free(assay_resume *resume);
/** Pixels as NPY, examples as PNG, rows and traces as Parquet below options->folder. */
ASSAY_NODISCARD assay_status assay_assess_save(const assay_assessment *a, int32_t k,
                                               const float *pixels, assay_error *err);
/** PNG as a data URI appended to the buffer. */
ASSAY_NODISCARD assay_status assay_pixels_png(assay_buffer *out, const assay_assessment *a,
                                              const float *pixels, assay_error *err);
/** after - before around grey (0.5), scaled so that the largest change is white or black; returns the
 *  factor. */
double assay_amplify(float *out, const float *before, const float *after, int64_t n);

#endif
