/* Which model's examples fool which: every model attacked, every example tried on every model. */
#include <math.h>
#include <string.h>

#include "api/attack.h"
#include "api/run.h"
#include "base/text.h"

enum { NAME_WIDTH = 21 }; /* of a model in the table */

/* Made for transfer: they go on when the attacked model is fooled. */
bool assay_is_for_transfer(const assay_args *args)
{
    static const char *const names[] = {"mi_fgsm", "ni_fgsm", "di_fgsm", "ti_fgsm"};
    for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
        if (assay_text_equal(args->op->name, names[i])) {
            return true;
        }
    }
    return false;
}

/* The first attack named that is made for transfer; else mi_fgsm where the norm allows it; else the first
 * that follows gradients. *own is what was made here, to be freed. */
static assay_status choose_attack(const assay_args **out, assay_args **own,
                                  const assay_assess_options *o, assay_error *err)
{
    *out = NULL;
    *own = NULL;
    for (int32_t k = 0; k < o->n_attacks && *out == NULL; k++) {
        *out = assay_is_for_transfer(o->attacks[k]) ? o->attacks[k] : NULL;
    }
    if (*out == NULL && o->norm == ASSAY_NORM_LINF) {
        ASSAY_TRY(assay_args_parse(own, ASSAY_OP_ATTACK, "mi_fgsm", err));
        *out = *own;
    }
    for (int32_t k = 0; k < o->n_attacks && *out == NULL; k++) {
        const assay_attack *attack = o->attacks[k]->op->attack;
        bool universal = (attack->traits & ASSAY_ATTACK_UNIVERSAL) != 0;
        *out = attack->access == ASSAY_ACCESS_GRADIENTS && attack->norms != 0 && !universal
                   ? o->attacks[k]
                   : NULL;
    }
    return *out != NULL ? ASSAY_OK
                        : assay_fail(err, ASSAY_EINVAL,
                                     "the transfer matrix needs an attack that follows gradients "
                                     "with norm %s: name one (pgd)",
                                     assay_norm_name(o->norm));
}

/* Of the images that source and other model both answer rightly: those whose example, made within eps,
 * makes the other one fail. The source's own cell counts its own answers. */
static assay_status count_cell(assay_transfer_cell *cell, const assay_assessment *a,
                               const assay_attack_result *r, int32_t to, assay_error *err)
{
    const int32_t *clean = r->transferred_clean + (int64_t)to * r->n;
    const int32_t *answer = r->transferred + (int64_t)to * r->n;
    int64_t n = 0;
    int64_t fooled = 0;
    int64_t same = 0;
    int64_t all = 0;
    for (int64_t i = 0; i < r->n; i++) {
        int32_t label = r->label[i];
        if (label < 0) {
            continue;
        }
        all++;
        same += r->clean[i] == clean[i];
        if (r->clean[i] != label || clean[i] != label) {
            continue;
        }
        bool wanted =
            a->images.targets != NULL ? answer[i] == a->images.targets[i] : answer[i] != label;
        n++;
        fooled += r->success[i] && answer[i] >= 0 && wanted;
    }
    cell->made = true;
    cell->agreement = all > 0 ? (double)same / (double)all : NAN;
    return assay_share_of(&cell->share, fooled, n, a->options->level, err);
}

static assay_status run_row(assay_assessment *a, const assay_args *attack, int32_t row,
                            assay_model *const *sources, int32_t n_sources, int32_t without,
                            assay_error *err)
{
    const assay_assess_options *o = a->options;
    const double eps[] = {a->matrix.eps};
    assay_attack_result *r = NULL;
    const assay_attack_options options = {.attack = attack,
                                          .models = sources,
                                          .n_models = n_sources,
                                          .transfer = o->matrix,
                                          .n_transfer = o->n_matrix,
                                          .norm = o->norm,
                                          .eps = eps,
                                          .n_eps = 1,
                                          .budget = o->budget,
                                          .repeats = o->repeats,
                                          .noise = o->noise,
                                          .seed = o->seed,
                                          .threads = o->context->threads,
                                          .cancel = &o->context->cancel,
                                          .log = &o->context->log,
                                          .what = "transfer matrix"};
    ASSAY_TRY(assay_attack_run(&r, &a->images, &options, err));
    assay_status status = ASSAY_OK;
    for (int32_t to = 0; status == ASSAY_OK && to < o->n_matrix; to++) {
        if (without < 0 || without == to) {
            status = count_cell(&a->matrix.cells[(int64_t)row * o->n_matrix + to], a, r, to, err);
        }
    }
    assay_attack_result_free(r);
    return status;
}

static bool gives_gradients(assay_model *model)
{
    assay_error unused = {0};
    return assay_attack_gives_gradients(model, &unused);
}

/* The last row: examples made on all the other models together. */
static assay_status run_others(assay_assessment *a, const assay_args *attack, assay_error *err)
{
    const assay_assess_options *o = a->options;
    assay_model *sources[ASSAY_ATTACK_MODELS];
    for (int32_t to = 0; to < o->n_matrix; to++) {
        int32_t n = 0;
        for (int32_t m = 0; m < o->n_matrix; m++) {
            if (m != to && gives_gradients(o->matrix[m])) {
                sources[n++] = o->matrix[m];
            }
        }
        if (n > 1) {
            ASSAY_TRY(run_row(a, attack, o->n_matrix, sources, n, to, err));
        }
    }
    return ASSAY_OK;
}

assay_status assay_assess_matrix(assay_assessment *a, assay_error *err)
{
    const assay_assess_options *o = a->options;
    const assay_args *attack = NULL;
    assay_args *own = NULL;
    if (o->n_matrix == 0) {
        return ASSAY_OK;
    }
    if (o->n_matrix < 2) {
        return assay_fail(
            err, ASSAY_EINVAL,
            "the transfer matrix needs other models: name them, or their folder, with "
            "`transfer`");
    }
    size_t n = (size_t)o->n_matrix;
    a->matrix.cells = assay_arena_alloc(a->arena, (n + 1) * n, sizeof *a->matrix.cells);
    if (a->matrix.cells == NULL) {
        return assay_fail_memory(err);
    }
    a->matrix.eps = o->matrix_eps;
    ASSAY_TRY(choose_attack(&attack, &own, o, err));
    assay_status status = attack != NULL ? ASSAY_OK : assay_fail(err, ASSAY_EINTERNAL, "no attack");
    if (attack != NULL) {
        a->matrix.attack = attack->op->name;
        a->matrix.title = attack->op->title;
    }
    for (int32_t m = 0; status == ASSAY_OK && m < o->n_matrix; m++) {
        if (gives_gradients(o->matrix[m])) {
            status = run_row(a, attack, m, &o->matrix[m], 1, -1, err);
        }
    }
    status = status == ASSAY_OK && o->n_matrix > 2 ? run_others(a, attack, err) : status;
    assay_args_free(own);
    return status;
}

static bool row_is_made(const assay_assessment *a, int32_t row)
{
    for (int32_t to = 0; to < a->options->n_matrix; to++) {
        if (a->matrix.cells[(int64_t)row * a->options->n_matrix + to].made) {
            return true;
        }
    }
    return false;
}

void assay_assessment_matrix_json(assay_json *json, const assay_assessment *a)
{
    const assay_assess_options *o = a->options;
    if (o->n_matrix == 0) {
        return;
    }
    assay_json_key(json, "transfer_matrix");
    assay_json_begin_object(json);
    assay_json_put_text(json, "attack", a->matrix.attack);
    assay_json_put_text(json, "title", a->matrix.title);
    assay_json_put_real(json, "eps", a->matrix.eps);
    assay_json_put_text(json, "norm", assay_norm_name(o->norm));
    assay_json_key(json, "models");
    assay_json_begin_array(json);
    for (int32_t m = 0; m < o->n_matrix; m++) {
        assay_json_text(json, o->matrix[m]->name);
    }
    assay_json_end_array(json);
    assay_json_key(json, "rows");
    assay_json_begin_array(json);
    for (int32_t row = 0; row <= o->n_matrix; row++) {
        if (row == o->n_matrix && !row_is_made(a, row)) {
            continue;
        }
        assay_json_begin_object(json);
        assay_json_put_text(json, "made_on",
                            row < o->n_matrix ? o->matrix[row]->name : "all the others");
        assay_json_key(json, "tried_on");
        assay_json_begin_array(json);
        for (int32_t to = 0; to < o->n_matrix; to++) {
            const assay_transfer_cell *cell = &a->matrix.cells[(int64_t)row * o->n_matrix + to];
            assay_json_begin_object(json);
            assay_json_put_real(json, "value", cell->made ? cell->share.value : NAN);
            assay_json_put_real(json, "low", cell->made ? cell->share.low : NAN);
            assay_json_put_real(json, "high", cell->made ? cell->share.high : NAN);
            assay_json_put_int(json, "n", cell->share.n);
            assay_json_put_real(json, "agreement", cell->made ? cell->agreement : NAN);
            assay_json_end_object(json);
        }
        assay_json_end_array(json);
        assay_json_end_object(json);
    }
    assay_json_end_array(json);
    assay_json_end_object(json);
}

/* Does another model's path end in the same way? */
static bool is_shared(const assay_assess_options *o, int32_t m, const char *end)
{
    size_t n = strlen(end);
    for (int32_t k = 0; k < o->n_matrix; k++) {
        size_t whole = strlen(o->matrix[k]->name);
        if (k != m && whole >= n && strcmp(o->matrix[k]->name + whole - n, end) == 0) {
            return true;
        }
    }
    return false;
}

/* The file's name, with as many of its folders as tell it from the other models; long ones lose their
 * beginning. */
static void put_short_name(assay_buffer *out, const assay_assess_options *o, int32_t m)
{
    const char *name = o->matrix[m]->name;
    const char *at = name + strlen(name);
    do {
        at -= at > name ? 1 : 0; /* off the slash that stopped it before */
        while (at > name && at[-1] != '/') {
            at--;
        }
    } while (at > name && (at[0] == '\0' || is_shared(o, m, at)));
    size_t n = strlen(at);
    if (n > NAME_WIDTH) {
        assay_buffer_printf(out, "...%s", at + n - (NAME_WIDTH - 3));
    } else {
        assay_buffer_printf(out, "%-*s", NAME_WIDTH, at);
    }
}

void assay_assessment_matrix_text(assay_buffer *out, const assay_assessment *a)
{
    const assay_assess_options *o = a->options;
    if (o->n_matrix == 0) {
        return;
    }
    assay_buffer_printf(
        out,
        "\nExamples made on one model (row) that fool another (column): %s, eps %g\n"
        "  %-24s",
        a->matrix.attack, a->matrix.eps, "");
    for (int32_t to = 0; to < o->n_matrix; to++) {
        assay_buffer_printf(out, "  %-22d", to + 1);
    }
    assay_buffer_putc(out, '\n');
    for (int32_t row = 0; row <= o->n_matrix; row++) {
        if (row == o->n_matrix && !row_is_made(a, row)) {
            continue;
        }
        if (row < o->n_matrix) {
            assay_buffer_printf(out, "  %2d ", row + 1);
            put_short_name(out, o, row);
        } else {
            assay_buffer_printf(out, "     %-21s", "all the others");
        }
        for (int32_t to = 0; to < o->n_matrix; to++) {
            const assay_transfer_cell *cell = &a->matrix.cells[(int64_t)row * o->n_matrix + to];
            if (!cell->made || cell->share.n == 0) {
                assay_buffer_printf(out, "  %-22s", "-");
            } else {
                assay_buffer_printf(out, "  %5.1f %% [%4.1f, %5.1f]", 100.0 * cell->share.value,
                                    100.0 * cell->share.low, 100.0 * cell->share.high);
            }
        }
        assay_buffer_putc(out, '\n');
    }
}
