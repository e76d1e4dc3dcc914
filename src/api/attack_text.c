#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/attack.h"

static const assay_selection everything = {.label = -1};

static void put_share(assay_buffer *out, const assay_share *share)
{
    if (share->n == 0) {
        assay_buffer_puts(out, "  -");
        return;
    }
    assay_buffer_printf(out, "  %5.1f %% [%4.1f, %5.1f]", 100.0 * share->value, 100.0 * share->low,
                        100.0 * share->high);
}

static assay_status put_row(assay_buffer *out, const char *name, const assay_assessment *a,
                            int32_t k, assay_error *err)
{
    bool bounded = k < 0 || a->attacks[k].attack->op->attack->norms != 0;
    assay_buffer_printf(out, "  %-16.16s", name);
    for (int32_t e = 0; e < a->options->n_eps; e++) {
        if (!bounded && e > 0) {
            assay_buffer_printf(out, "  %-21s", "(not bounded by eps)");
            continue;
        }
        assay_share share;
        ASSAY_TRY(assay_robust_share(&share, a, k, e, everything, err));
        put_share(out, &share);
    }
    return ASSAY_OK;
}

static void put_cost(assay_buffer *out, const assay_assessed *one)
{
    int64_t forwards = 0;
    int64_t backwards = 0;
    for (int64_t i = 0; i < one->result->n; i++) {
        forwards += one->result->forwards[i];
        backwards += one->result->backwards[i];
    }
    assay_buffer_printf(out, "   %" PRId64 " + %" PRId64 ", %.1f s\n", forwards, backwards,
                        one->seconds);
}

static assay_status put_table(assay_buffer *out, const assay_assessment *a, assay_error *err)
{
    assay_buffer_printf(out, "\nRight answers left at eps (%s)\n  %-16s",
                        assay_norm_name(a->options->norm), "");
    for (int32_t e = 0; e < a->options->n_eps; e++) {
        assay_buffer_printf(out, "  %-21.4g", a->options->eps[e]);
    }
    assay_buffer_puts(out, "   forward + backward queries\n");
    for (int32_t k = 0; k < a->n_attacks; k++) {
        const char *name =
            a->attacks[k].proxy != NULL ? "transfer" : a->attacks[k].attack->op->name;
        ASSAY_TRY(put_row(out, name, a, k, err));
        put_cost(out, &a->attacks[k]);
    }
    ASSAY_TRY(put_row(out, "worst case", a, -1, err));
    assay_buffer_putc(out, '\n');
    return ASSAY_OK;
}

static void put_transfer(assay_buffer *out, const assay_assessment *a)
{
    for (int32_t t = 0; t < a->options->n_transfer; t++) {
        if (t == 0) {
            assay_buffer_puts(out, "\nExamples that fool another model too\n");
        }
        assay_buffer_printf(out, "  %s:", a->options->transfer[t]->name);
        for (int32_t k = 0; k < a->n_attacks; k++) {
            const assay_attack_result *r = a->attacks[k].result;
            int64_t n = 0;
            int64_t fooled = 0;
            for (int64_t i = 0; i < r->n; i++) {
                int32_t answer = r->transferred[(int64_t)t * r->n + i];
                bool counts = answer >= 0 && r->distance[i] > 0.0;
                n += counts;
                fooled += counts && (a->images.targets != NULL ? answer == a->images.targets[i]
                                                               : answer != r->label[i]);
            }
            assay_buffer_printf(out, "%s %s %" PRId64 " of %" PRId64, k > 0 ? "," : "",
                                a->attacks[k].attack->op->name, fooled, n);
        }
        assay_buffer_putc(out, '\n');
    }
}

static assay_status put_certificate(assay_buffer *out, const assay_assessment *a, assay_error *err)
{
    double radii[ASSAY_SMOOTHING_RADII];
    int32_t n_radii = 0;
    if (a->certified == NULL) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_smoothing_radii(&n_radii, radii, &a->smoothing, err));
    assay_buffer_printf(out,
                        "\nCertified: right with Gaussian noise (sigma %g) averaged out, whatever "
                        "the change within an L2 radius\n ",
                        a->smoothing.sigma);
    for (int32_t r = 0; r < n_radii; r++) {
        int64_t x = 0;
        for (int64_t i = 0; i < a->images.n; i++) {
            x += a->certified[i] == a->images.labels[i] && a->radius[i] >= radii[r];
        }
        assay_buffer_printf(out, " %g: %.1f %%%s", radii[r],
                            100.0 * (double)x / (double)a->images.n, r + 1 < n_radii ? "," : "");
    }
    double most = 0.0;
    ASSAY_TRY(assay_smoothing_radius(&most, a->smoothing.draws, &a->smoothing, err));
    assay_buffer_printf(out, "\n  %" PRId64 " draws can show a radius of %.3g at most\n",
                        a->smoothing.draws, most);
    return ASSAY_OK;
}

/* Worst case of each slice; the rest when there are many. */
static assay_status put_slices(assay_buffer *out, const assay_assessment *a, assay_error *err)
{
    enum { MOST = 20 };
    const assay_assess_options *o = a->options;
    if (o->by == NULL) {
        return ASSAY_OK;
    }
    assay_slices slices;
    ASSAY_TRY(assay_slices_make(&slices, a, err));
    assay_buffer_printf(out, "\nWorst case by %s\n  %-16s  %-21s", o->by, "", "without an attack");
    for (int32_t e = 0; e < o->n_eps; e++) {
        assay_buffer_printf(out, "  %-21.4g", o->eps[e]);
    }
    assay_buffer_puts(out, "  images\n");
    for (int64_t k = 0; k < slices.n && k < MOST; k++) {
        assay_share share;
        const assay_selection of = assay_slices_pick(&slices, k);
        ASSAY_TRY(assay_clean_share(&share, a, of, err));
        assay_buffer_printf(out, "  %-16.16s", slices.names[k]);
        put_share(out, &share);
        int64_t n = share.n;
        for (int32_t e = 0; e < o->n_eps; e++) {
            ASSAY_TRY(assay_robust_share(&share, a, -1, e, of, err));
            put_share(out, &share);
        }
        assay_buffer_printf(out, "  %" PRId64 "\n", n);
    }
    if (slices.n > MOST) {
        assay_buffer_printf(out, "  and %" PRId64 " more: see --json or --out\n", slices.n - MOST);
    }
    return ASSAY_OK;
}

/* What the gradients are not: those of the model itself at the image itself. */
static void put_gradients(assay_buffer *out, const assay_assess_options *o)
{
    if (o->substitute != NULL) {
        assay_buffer_printf(out, "\nGradients come from %s, as declared", o->substitute->name);
    }
    if (o->repeats > 1) {
        assay_buffer_printf(out, "\nGradients are averaged over %" PRId32 " calls", o->repeats);
    }
    if (o->noise > 0.0) {
        assay_buffer_printf(out, "\nGradients are taken with noise of sigma %g on the image",
                            o->noise);
    }
}

assay_status assay_assessment_text(assay_buffer *out, const assay_assessment *a, assay_error *err)
{
    static const char *const marks[] = {"", "ok", "WARNING", "-"};
    const assay_assess_options *o = a->options;
    assay_share share;
    ASSAY_TRY(assay_clean_share(&share, a, everything, err));
    assay_buffer_printf(out, "%s on %" PRId64 " images of %s\nRight answers without an attack",
                        o->models[0]->name, a->images.n, o->data->name);
    put_share(out, &share);
    if (o->own_answers) {
        assay_buffer_puts(out, "\nAn answer is right when it is the one without an attack");
    }
    if (o->target >= 0) {
        assay_buffer_printf(out, "\nThe attacker wants the answer %s",
                            o->models[0]->spec.class_names[o->target]);
    }
    put_gradients(out, o);
    assay_buffer_putc(out, '\n');
    ASSAY_TRY(put_table(out, a, err));
    ASSAY_TRY(put_slices(out, a, err));
    put_transfer(out, a);
    assay_assessment_matrix_text(out, a);
    ASSAY_TRY(put_certificate(out, a, err));
    if (o->memory != NULL) {
        assay_attack_memory_text(out, o->memory);
    }
    assay_buffer_puts(out, "\nAre the numbers to be believed?\n");
    for (int32_t c = 0; c < a->n_checks; c++) {
        if (a->checks[c].state != ASSAY_CHECK_NOT_APPLICABLE) {
            assay_buffer_printf(out, "  %-8s %s: %s\n", marks[a->checks[c].state],
                                a->checks[c].name, a->checks[c].text);
        }
    }
    return assay_buffer_status(out, err);
}
