/**
 * @file evidence.h
 * results.json as the renderers walk through it: the lists of its top level, and the measure that
 * charts speak about, found once per model and context. Everything is borrowed from the document
 * or lives in the arena. Absent or mistyped members are empty lists and empty texts.
 */
#ifndef ASSAY_REPORT_EVIDENCE_H
#define ASSAY_REPORT_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "codec/json_value.h"

enum {
    ASSAY_EVIDENCE_MODELS = 32,     /* shown; more are counted */
    ASSAY_EVIDENCE_CONTEXTS = 4096, /* the most a plan may have */
    ASSAY_EVIDENCE_COLORS = 8
};

typedef struct assay_evidence {
    assay_arena *arena;
    const assay_json_value *root, *run, *models, *data, *contexts, *sweeps, *measures, *curves;
    const assay_json_value *verdicts, *findings, *examples, *breakdowns, *provenance;
    const char *marking; /* "" = none */
    size_t n_models, n_contexts;
    const char **model_names, **context_names;
    const char *headline;                     /* metric of the charts, "accuracy" where it exists */
    const char *headline_iou;                 /* of an average precision: the first one's overlap */
    const assay_json_value **headline_values; /* n_models x n_contexts, NULL = none */
    int64_t counts[4];                        /* verdicts, by assay_verdict_kind */
} assay_evidence;

typedef enum assay_verdict_kind {
    ASSAY_VERDICT_MET,
    ASSAY_VERDICT_NOT_MET,
    ASSAY_VERDICT_INCONCLUSIVE,
    ASSAY_VERDICT_NOT_EVALUATED
} assay_verdict_kind;

/** The arena in it is the caller's to free. */
ASSAY_NODISCARD assay_status assay_evidence_open(assay_evidence *out,
                                                 const assay_json_value *results, assay_error *err);

/** Anything but the first three strings is NOT EVALUATED. */
assay_verdict_kind assay_evidence_verdict(const assay_json_value *verdict);
/** "MET", "NOT MET", "INCONCLUSIVE", "NOT EVALUATED". */
const char *assay_evidence_verdict_name(assay_verdict_kind kind);

/** Position in the lists that are shown, or -1. */
int assay_evidence_model(const assay_evidence *evidence, const char *name);
int assay_evidence_context(const assay_evidence *evidence, const char *name);
/** Title, or the name when there is none. */
const char *assay_evidence_model_title(const assay_evidence *evidence, int model);
const char *assay_evidence_context_title(const assay_evidence *evidence, int context);
/** The title of where a verdict was measured: a context, or an entry of `attacks`. */
const char *assay_evidence_place(const assay_evidence *evidence, const assay_json_value *item);
/** The title of a data set by its name. */
const char *assay_evidence_data_title(const assay_evidence *evidence, const char *name);
/** As above by name; the name itself when it is not listed. */
const char *assay_evidence_title(const assay_json_value *list, const char *name);

/** NULL when there is none; no bounds to check. */
const assay_json_value *assay_evidence_headline(const assay_evidence *evidence, int model,
                                                int context);
/** Whether a measure is the one that is looked for: `what` as its caller knows it, for one class, or
 *  (NULL) over all. */
typedef bool assay_measure_fits(const assay_json_value *measure, const void *what,
                                const char *class_name);
/** The first measure of a model in a context that fits, or NULL. */
const assay_json_value *assay_evidence_find(const assay_evidence *evidence, int model, int context,
                                            assay_measure_fits *fits, const void *what,
                                            const char *class_name);
/** The verdict speaks of the very measure: parameters that both name are the same. */
bool assay_evidence_about(const assay_json_value *verdict, const assay_json_value *measure);
/** The curve of that name, or NULL. */
const assay_json_value *assay_evidence_curve(const assay_evidence *evidence, const char *name,
                                             int model, int context);
/** Column of a curve by its name, or -1. */
int assay_evidence_column(const assay_json_value *curve, const char *name);
/** True when the context is a whole data set. */
bool assay_evidence_is_dataset(const assay_evidence *evidence, int context);
bool assay_evidence_in_sweep(const assay_evidence *evidence, int context);

/** Zeroed memory of the arena; when there is none, `out` fails and NULL is returned. */
void *assay_evidence_alloc(const assay_evidence *evidence, assay_buffer *out, size_t count,
                           size_t size);

/** JSON null, absent and non-numbers are NaN. */
double assay_evidence_real(const assay_json_value *object, const char *key);

#endif
