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

static void put_certificate(assay_buffer *out, const assay_assessment *a)
{
    static const double radii[] = {0.0, 0.25, 0.5, 1.0, 2.0};
    if (a->certified == NULL) {
        return;
    }
    assay_buffer_printf(out,
                        "\nCertified: right with Gaussian noise (sigma %g) averaged out, whatever "
                        "the change within an L2 radius\n ",
                        a->smoothing.sigma);
    for (size_t r = 0; r < ASSAY_COUNT(radii); r++) {
        int64_t x = 0;
        for (int64_t i = 0; i < a->images.n; i++) {
            x += a->certified[i] == a->images.labels[i] && a->radius[i] >= radii[r];
        }
        assay_buffer_printf(out, " %g: %.1f %%%s", radii[r],
                            100.0 * (double)x / (double)a->images.n,
                            r + 1 < ASSAY_COUNT(radii) ? "," : "\n");
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
    assay_buffer_putc(out, '\n');
    ASSAY_TRY(put_table(out, a, err));
    put_transfer(out, a);
    assay_assessment_matrix_text(out, a);
    put_certificate(out, a);
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
