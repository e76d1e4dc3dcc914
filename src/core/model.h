/**
 * @file model.h
 * The model: maps a batch of prepared inputs to class scores or labels. Backends (ONNX Runtime, a
 * command) live in adapters and fill this struct. Queries are counted at this boundary.
 */
#ifndef ASSAY_CORE_MODEL_H
#define ASSAY_CORE_MODEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/parallel.h"
#include "codec/image.h"
#include "codec/npy.h"
#include "core/decoder.h"
#include "core/nms.h"
#include "core/op.h"
#include "core/preprocess.h"
#include "core/preprocess_map.h"

typedef enum assay_scores_kind {
    ASSAY_SCORES_PROBABILITIES = 1, /* non-negative, sum to one */
    ASSAY_SCORES_LOGITS,            /* softmax is applied by assay_predict */
    ASSAY_SCORES_LABELS             /* the class index only */
} assay_scores_kind;

/** What one role of the decoder is bound to. */
typedef struct assay_output_binding {
    const char *role;
    const char *name; /* of the model's output; a path to a .npy file: a constant, such as priors */
} assay_output_binding;

/** How boxes, or the classes of pixels, come out of a model; decoder NULL = they don't. */
typedef struct assay_detector_spec {
    const assay_args *decoder; /* lives as long as the spec */
    int32_t n_bindings;
    assay_output_binding bindings[ASSAY_DECODER_ROLES];
    assay_nms nms;          /* kind 0 = as the decoder says */
    bool has_confidence;    /* false: 0.001 */
    double confidence;      /* boxes with this score or less are left out */
    int32_t max_detections; /* of one image; 0 = 300 */
    int32_t max_candidates; /* of one image before duplicates are removed; 0 = 30000 */
    bool keep_outside;      /* boxes are not cut at the image's edges */
    assay_inverse inverse;  /* 0 = exact */
} assay_detector_spec;

/** What the user declares beside the model (model.yaml or the plan); zero fields = find out. */
typedef struct assay_model_spec {
    const char *path;  /* ONNX file; NULL for a command */
    const void *graph; /* this one is run in its place: a packed model made from it, needed
                                       while opening; NULL = the file's own. Gradients are the file's */
    size_t graph_bytes;
    const char *const *command;     /* NULL-terminated argv; NULL for an ONNX file */
    double timeout;                 /* seconds a command may take for one batch; 0 = 60 */
    const char *input;              /* tensor name; NULL = the only one */
    const char *output;             /* tensor name; NULL = the only one */
    assay_scores_kind scores;       /* 0 = probabilities if rows sum to one, else an error that says
                                       how to declare */
    int32_t classes;                /* 0 = from class_names or the model's output shape */
    const char *const *class_names; /* NULL = "0", "1", ...; `classes` texts, NULL-terminated when
                                       classes is 0 */
    int64_t batch;                  /* 0 = the model's fixed batch, else 1 to 64 by the
                                       input's size (commands: 32) */
    int32_t width, height;          /* of the input when the model leaves them dynamic; 0 = unset */
    assay_preprocess preprocess;
    assay_detector_spec detector;
} assay_model_spec;

/** One input or output as the model declares it. */
typedef struct assay_port {
    const char *name;
    assay_dtype type;
    int32_t rank;
    int64_t shape[ASSAY_TENSOR_RANK]; /* -1 = dynamic */
} assay_port;

typedef struct assay_model assay_model;

/** One batch. Tensor models read `tensor`; image models (commands) read `images` and `ids`. */
typedef struct assay_model_batch {
    int64_t n;                  /* rows in use, <= the model's batch */
    const void *tensor;         /* batch x (input shape), rows beyond n are zero */
    const assay_image *images;  /* n images, after perturbation, before preprocessing */
    const char *const *ids;     /* n ids */
    const assay_cancel *cancel; /* for backends that wait; NULL = none */
} assay_model_batch;

/** What a gradient is taken of, one number per datum; z are the logits. The data of a batch do not mix:
 *  the gradient is that of the sum over the batch. */
typedef enum assay_loss_kind {
    ASSAY_LOSS_CROSS_ENTROPY = 1, /* -log softmax(z)[label] */
    ASSAY_LOSS_MARGIN, /* max over k != label of z_k, minus z_label: > 0 = misclassified */
    ASSAY_LOSS_LOGIT,  /* z_label */
    ASSAY_LOSS_LOGIT_DIFFERENCE, /* z_other - z_label */
    ASSAY_LOSS_DLR,         /* -(z_label - max_{k != label} z_k) / (z_(1) - z_(3) + 1e-12), sorted
                                      descending; Croce, Hein 2020, eq. 6; 3 classes at least */
    ASSAY_LOSS_DLR_TARGETED /* -(z_label - z_other) / (z_(1) - (z_(3) + z_(4)) / 2 + 1e-12);
                                      the same, eq. 7; 4 classes at least */
} assay_loss_kind;

typedef struct assay_loss {
    assay_loss_kind kind;
    const int32_t *label; /* of each datum */
    const int32_t *other; /* of each datum, for the losses that name it; else NULL */
} assay_loss;

/** The outputs of one batch by role of the decoder; data lives until the function returns. `batch` is
 *  the number of rows that the tensors have, of which the first n count. */
typedef assay_status (*assay_infer_fn)(void *payload, const assay_raw raw[ASSAY_DECODER_ROLES],
                                       int64_t batch, assay_error *err);

/** What a model may take from now on, beside what it takes already. */
typedef struct assay_model_room {
    int64_t bytes;
    int32_t workers; /* calls at the same time */
    bool gradients;  /* it will be asked for them */
} assay_model_room;

/** How a model was made to fit, in bytes beside what it takes already. */
typedef struct assay_model_fit {
    bool known;       /* false: what it takes cannot be told, nothing was changed */
    bool fits;        /* false: not even the least does, which was chosen */
    int64_t batch;    /* chosen */
    int32_t sessions; /* most that may be open for gradients at a time; 0 = as many as there are */
    int64_t run;      /* values of all calls at the same time */
    int64_t session;  /* of each session for gradients: its weights */
    int64_t opening;  /* while one is opened */
} assay_model_fit;

typedef struct assay_model_backend {
    const char *name; /* "onnxruntime", "command" */
    int wants_images; /* 1: gets images, does its own preprocessing */
    int concurrent;   /* 1: run may be called from several threads at once */
    /** Fill n x classes raw scores (or labels[n] when the model gives labels). */
    assay_status (*run)(assay_model *model, float *scores, int32_t *labels,
                        const assay_model_batch *batch, assay_error *err);
    /** Gradient with respect to the prepared input tensor (float32, the shape of `batch->tensor`), the
     *  loss of each datum and the logits (n x classes) from one pass. NULL = no gradients. */
    assay_status (*gradient)(assay_model *model, float *gradient, float *loss, float *logits,
                             const assay_model_batch *batch, const assay_loss *what,
                             assay_error *err);
    /** Detectors: run the batch and hand over the raw outputs. NULL = no boxes. */
    assay_status (*infer)(assay_model *model, const assay_model_batch *batch, assay_infer_fn take,
                          void *payload, assay_error *err);
    /** Choose the batch, and the sessions, so that what is asked takes at most `room`. NULL = its
     *  memory is not known. */
    assay_status (*fit)(assay_model *model, assay_model_fit *out, const assay_model_room *room,
                        assay_error *err);
    void (*free)(void *self);
} assay_model_backend;

struct assay_model {
    assay_arena *arena; /* owned */
    const char *name;
    const assay_model_backend *backend;
    void *self;
    assay_model_spec spec; /* resolved: classes, class_names, batch, scores are set */
    int32_t n_inputs, n_outputs;
    assay_port *inputs, *outputs;    /* for provenance and messages */
    int32_t input;                   /* index of the port that gets the images */
    int32_t channels, height, width; /* of the prepared input; 0 for image models */
    assay_dtype input_type;
    int class_names_declared;      /* 0: class_names are "0", "1", ... for want of better */
    char digest[ASSAY_DIGEST_HEX]; /* of the file's (or the command's) content */
    const char *backend_version;   /* "onnxruntime 1.29.0" */
    atomic_llong queries;          /* data sent through run */
    atomic_llong gradient_queries; /* data sent through gradient */
    atomic_int gradient_sessions;  /* most that were open for gradients at a time */
};

/** For backends: an arena of its own, a deep copy of the spec, the name; everything else is zero.
 *  A preprocessing that makes no sense is ASSAY_EINVAL. */
ASSAY_NODISCARD assay_status assay_model_new(assay_model **out, const assay_model_spec *spec,
                                             const char *name, assay_error *err);

/** For backends: set spec.classes and spec.class_names from what was declared and from what the
 *  model says (`classes` 0 and `names` NULL = nothing); a contradiction is ASSAY_EFORMAT. `names`
 *  must live as long as the model. */
ASSAY_NODISCARD assay_status assay_model_set_classes(assay_model *model, int32_t classes,
                                                     const char *const *names, assay_error *err);

/**
 * Run one batch: counts the queries and checks the answer (NaN or an infinite probability, a row
 * declared as probabilities that isn't, a label out of range: ASSAY_EFORMAT naming the datum).
 * Fills n x classes raw scores, or labels[n] when spec.scores is ASSAY_SCORES_LABELS; the other
 * may be NULL.
 */
ASSAY_NODISCARD assay_status assay_model_run(assay_model *model, float *scores, int32_t *labels,
                                             const assay_model_batch *batch, assay_error *err);

/** Run one batch of a detector (spec.detector.decoder is set); counts the queries. */
ASSAY_NODISCARD assay_status assay_model_infer(assay_model *model, const assay_model_batch *batch,
                                               assay_infer_fn take, void *payload,
                                               assay_error *err);

/** The model leaves its batch open. */
static inline bool assay_model_batch_is_open(const assay_model *model)
{
    return model->inputs[model->input].shape[0] < 0;
}

/** The model's output has a decoder: it gives boxes, or a class per pixel. */
static inline bool assay_model_is_detector(const assay_model *model)
{
    return model->spec.detector.decoder != NULL;
}

/** The latter. */
static inline bool assay_model_is_segmenter(const assay_model *model)
{
    return assay_model_is_detector(model) &&
           model->spec.detector.decoder->op->decoder->shape == ASSAY_SHAPE_MAP;
}

/**
 * Gradient of a loss with respect to the prepared input: `gradient` has the shape of batch->tensor,
 * `loss` n and `logits` n x classes values; the latter two may be NULL. Counts the data in
 * `gradient_queries`. A model without gradients is ASSAY_EUNSUPPORTED and says why; labels out of
 * range are ASSAY_EINVAL; a gradient that is not finite is ASSAY_EFORMAT naming the datum.
 */
ASSAY_NODISCARD assay_status assay_model_gradient(assay_model *model, float *gradient, float *loss,
                                                  float *logits, const assay_model_batch *batch,
                                                  const assay_loss *what, assay_error *err);

/**
 * Choose the greatest batch with which the model, asked by so many workers, takes at most `room`
 * by estimate: at most the declared or usual one, at least two rows where that one has two, so that no
 * number changes (a product with one row is summed in another order). Before anybody asks the model.
 * Nothing is refused here: see `fits`.
 */
ASSAY_NODISCARD assay_status assay_model_fit_to(assay_model_fit *out, assay_model *model,
                                                const assay_model_room *room, assay_error *err);

void assay_model_free(assay_model *model);

#endif
