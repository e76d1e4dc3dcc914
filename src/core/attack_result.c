/* What comes out of an attack; finished rows as bytes, and back. The layout is that of this machine: the
 * store lives next to it. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "core/attack_internal.h"

assay_status assay_attack_result_new(assay_attack_result **out, int64_t rows,
                                     const assay_attack_options *options, assay_error *err)
{
    size_t n = (size_t)rows;
    assay_attack_result *r = NULL;
    assay_arena *arena = NULL;
    ASSAY_TRY(assay_arena_new(&arena, (size_t)16 << 30, err));
    r = assay_arena_alloc(arena, 1, sizeof *r);
    if (r == NULL) {
        assay_arena_free(arena);
        return assay_fail_memory(err);
    }
    *out = r;
    r->arena = arena;
    r->n = rows;
    r->n_eps = options->n_eps;
    r->n_transfer = options->n_transfer;
    r->eps = assay_arena_alloc(arena, (size_t)r->n_eps + 1, sizeof *r->eps);
    r->label = assay_arena_alloc(arena, n, sizeof *r->label);
    r->clean = assay_arena_alloc(arena, n, sizeof *r->clean);
    r->success = assay_arena_alloc(arena, n * (size_t)r->n_eps + 1, 1);
    r->distance = assay_arena_alloc(arena, n, sizeof *r->distance);
    r->answer = assay_arena_alloc(arena, n, sizeof *r->answer);
    r->refuted = assay_arena_alloc(arena, n, 1);
    r->rounded = assay_arena_alloc(arena, n, sizeof *r->rounded);
    r->rounded_distance = assay_arena_alloc(arena, n, sizeof *r->rounded_distance);
    r->forwards = assay_arena_alloc(arena, n, sizeof *r->forwards);
    r->backwards = assay_arena_alloc(arena, n, sizeof *r->backwards);
    r->first = assay_arena_alloc(arena, n, sizeof *r->first);
    r->flat = assay_arena_alloc(arena, n, 1);
    r->stage = assay_arena_alloc(arena, n, sizeof *r->stage);
    size_t transferred = n * (size_t)r->n_transfer;
    r->transferred = assay_arena_alloc(arena, transferred + 1, sizeof *r->transferred);
    r->transferred_clean = assay_arena_alloc(arena, transferred + 1, sizeof *r->transferred_clean);
    if (!r->eps || !r->label || !r->clean || !r->success || !r->distance || !r->answer ||
        !r->refuted || !r->rounded || !r->rounded_distance || !r->forwards || !r->backwards ||
        !r->first || !r->flat || !r->stage || !r->transferred || !r->transferred_clean) {
        return assay_fail_memory(err);
    }
    if (r->n_eps > 0) {
        memcpy(r->eps, options->eps, (size_t)r->n_eps * sizeof *r->eps);
    }
    for (size_t i = 0; i < n; i++) {
        r->rounded[i] = -1;
        r->rounded_distance[i] = NAN;
    }
    for (size_t i = 0; i < transferred; i++) {
        r->transferred[i] = -1;
        r->transferred_clean[i] = -1;
    }
    return ASSAY_OK;
}

void assay_attack_result_free(assay_attack_result *result)
{
    if (result != NULL) {
        assay_arena_free(result->arena);
    }
}

void assay_attack_forget_row(assay_attack_result *r, int64_t i)
{
    r->refuted[i] = 0;
    r->rounded[i] = -1;
    r->rounded_distance[i] = NAN;
    r->forwards[i] = 0;
    r->backwards[i] = 0;
    for (int32_t e = 0; e < r->n_eps; e++) {
        r->success[(int64_t)e * r->n + i] = 0;
    }
    for (int32_t t = 0; t < r->n_transfer; t++) {
        r->transferred[(int64_t)t * r->n + i] = -1;
        r->transferred_clean[(int64_t)t * r->n + i] = -1;
    }
}

/* Every field of a row in one list, so that writing and reading cannot differ. `visit` sees each. */
typedef void visitor(void *with, void *field, size_t size);

static void visit_row(const assay_attack_result *r, int64_t i, visitor *visit, void *with)
{
    visit(with, &r->label[i], sizeof r->label[i]);
    visit(with, &r->clean[i], sizeof r->clean[i]);
    for (int32_t e = 0; e < r->n_eps; e++) {
        visit(with, &r->success[(int64_t)e * r->n + i], 1);
    }
    visit(with, &r->distance[i], sizeof r->distance[i]);
    visit(with, &r->answer[i], sizeof r->answer[i]);
    visit(with, &r->refuted[i], sizeof r->refuted[i]);
    visit(with, &r->rounded[i], sizeof r->rounded[i]);
    visit(with, &r->rounded_distance[i], sizeof r->rounded_distance[i]);
    visit(with, &r->forwards[i], sizeof r->forwards[i]);
    visit(with, &r->backwards[i], sizeof r->backwards[i]);
    visit(with, &r->first[i], sizeof r->first[i]);
    visit(with, &r->flat[i], sizeof r->flat[i]);
    visit(with, &r->stage[i], sizeof r->stage[i]);
    for (int32_t t = 0; t < r->n_transfer; t++) {
        visit(with, &r->transferred[(int64_t)t * r->n + i], sizeof *r->transferred);
        visit(with, &r->transferred_clean[(int64_t)t * r->n + i], sizeof *r->transferred_clean);
    }
}

static void append(void *with, void *field, size_t size)
{
    assay_buffer_append(with, field, size);
}

typedef struct reader {
    const char *at;
    size_t left;
    bool failed;
} reader;

static void take(void *with, void *field, size_t size)
{
    reader *in = with;
    if (in->left < size) {
        in->failed = true;
        return;
    }
    memcpy(field, in->at, size);
    in->at += size;
    in->left -= size;
}

void assay_attack_keep_row(assay_buffer *out, const assay_attack_result *r, int64_t i,
                           const float *best, int64_t size, const assay_attack_event *events,
                           int64_t n_events)
{
    uint8_t found = best != NULL;
    visit_row(r, i, append, out);
    assay_buffer_append(out, (const char *)&found, sizeof found);
    if (best != NULL) {
        assay_buffer_append(out, (const char *)best, (size_t)size * sizeof *best);
    }
    assay_buffer_append(out, (const char *)&n_events, sizeof n_events);
    assay_buffer_append(out, (const char *)events, (size_t)n_events * sizeof *events);
}

bool assay_attack_read_row(const assay_attack_result *r, int64_t i, bool *found, float *best,
                           int64_t size, assay_buffer *events, int64_t block_row,
                           const assay_buffer *bytes)
{
    reader in = {.at = bytes->data, .left = bytes->size};
    uint8_t has = 0;
    int64_t n = 0;
    visit_row(r, i, take, &in);
    take(&in, &has, sizeof has);
    if (has != 0) {
        take(&in, best, (size_t)size * sizeof *best);
    }
    take(&in, &n, sizeof n);
    if (in.failed || n < 0 || (uint64_t)n * sizeof(assay_attack_event) != in.left) {
        return false;
    }
    for (int64_t k = 0; k < n; k++) {
        assay_attack_event event;
        take(&in, &event, sizeof event);
        event.row = block_row;
        assay_buffer_append(events, (const char *)&event, sizeof event);
    }
    *found = has != 0;
    return true;
}
