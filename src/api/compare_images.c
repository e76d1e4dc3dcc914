#include "api/compare_images.h"

#include <math.h>
#include <string.h>

#include "api/run.h"

static assay_status check(const assay_compare_images *c, assay_error *err)
{
    const assay_compare_request *r = c->request;
    const struct {
        const char *name;
        bool given;
    } foreign[] = {{"id", r->id != NULL},
                   {"target", r->target != NULL},
                   {"label", r->label != NULL},
                   {"scores", r->scores != NULL && r->scores[0] != NULL},
                   {"slice", r->slices != NULL && r->slices[0] != NULL},
                   {"by", r->by != NULL},
                   {"adjust", r->adjust != NULL},
                   {"exact", r->exact != 0},
                   {"equivalence", r->has_equivalence != 0},
                   {"rope", r->has_rope != 0},
                   {"permutations", r->permutations != 0},
                   {"on-error skip", r->skip_bad != 0}};
    for (size_t i = 0; i < ASSAY_COUNT(foreign); i++) {
        if (foreign[i].given) {
            return assay_fail(err, ASSAY_EINVAL, "--%s does not belong to the task %s",
                              foreign[i].name, c->task);
        }
    }
    return ASSAY_OK;
}

static assay_status name_models(assay_compare_images *c, assay_error *err)
{
    const assay_compare_request *r = c->request;
    for (c->n_models = 0; r->files[c->n_models] != NULL; c->n_models++) {
        const char *file = r->files[c->n_models];
        const char *slash = strrchr(file, '/');
        if (c->n_models == ASSAY_COMPARE_IMAGES_MODELS) {
            return assay_fail(err, ASSAY_EINVAL, "at most %d %ss are compared",
                              ASSAY_COMPARE_IMAGES_MODELS, c->model);
        }
        c->names[c->n_models] = slash != NULL && slash[1] != '\0' ? slash + 1 : file;
    }
    for (int32_t k = 0; k < c->n_models && r->names != NULL && r->names[0] != NULL; k++) {
        if (r->names[k] == NULL) {
            return assay_fail(err, ASSAY_EINVAL, "%d names are too few for %d files", k,
                              c->n_models);
        }
        c->names[k] = r->names[k];
    }
    return ASSAY_OK;
}

assay_status assay_compare_images_read(assay_compare_images *c, assay_error *err)
{
    const assay_compare_request *r = c->request;
    c->level = r->level > 0.0 ? r->level : 0.95;
    c->replicates = r->replicates == 0 ? 1000 : r->replicates < 0 ? 0 : r->replicates;
    c->seed = r->seed != 0 ? r->seed : 1;
    ASSAY_TRY(check(c, err));
    return name_models(c, err);
}

static const char *better(const assay_compare_images *c, const assay_paired *d, bool lower)
{
    bool more = lower ? d->difference < 0.0 : d->difference > 0.0;
    return d->p_adjusted <= 1.0 - c->level ? (more ? "b" : "a") : "undecided";
}

void assay_compare_images_put_run(assay_json *json, const assay_compare_images *c,
                                  const char *convention)
{
    assay_json_put_text(json, "task", c->task);
    if (convention != NULL) {
        assay_json_put_text(json, "convention", convention);
    }
    assay_json_put_int(json, "seed", (int64_t)c->seed);
    assay_json_put_real(json, "level", c->level);
    assay_json_put_int(json, "replicates", c->replicates);
    assay_json_put_text(json, "adjust", "westfall_young_maxt");
    assay_json_put_text(json, "family", c->family);
    if (c->request->cluster != NULL) {
        assay_json_put_text(json, "cluster", c->request->cluster);
        assay_json_put_int(json, "clusters", c->units);
    }
}

void assay_compare_images_put_models(assay_json *json, const assay_compare_images *c, int32_t later)
{
    assay_json_put_text(json, "a", c->names[0]);
    assay_json_put_text(json, "b", c->names[later]);
    assay_json_put_text(json, "context", c->request->where != NULL ? c->request->where : "all");
}

void assay_compare_images_put_values(assay_json *json, const assay_compare_images *c,
                                     const assay_paired *d, bool lower, const char *test)
{
    assay_json_put_text(json, "direction", lower ? "lower is better" : "higher is better");
    assay_json_put_real(json, "in_a", d->in_a);
    assay_json_put_real(json, "in_b", d->in_b);
    assay_json_put_real(json, "difference", d->difference);
    assay_json_put_real(json, "low", d->low);
    assay_json_put_real(json, "high", d->high);
    assay_json_put_real(json, "level", c->level);
    assay_json_put_int(json, "n", d->n);
    assay_json_put_text(json, "method", d->method);
    assay_json_put_real(json, "p", d->p);
    assay_json_put_real(json, "p_adjusted", d->p_adjusted);
    assay_json_put_text(json, "test", isnan(d->p) ? "none" : test);
    assay_json_put_real(json, "probability_b_better", d->probability_better);
    assay_json_put_text(json, "better", better(c, d, lower));
    assay_json_put_text(json, "outcome", isnan(d->difference) ? "undefined" : "value");
}

void assay_compare_images_head(assay_buffer *out, const assay_compare_images *c, int32_t later,
                               int width)
{
    assay_buffer_printf(out, "\na = %s, b = %s\n  %-*s %7s %7s %7s   %-16s   %-8s %-8s %s\n",
                        c->names[0], c->names[later], width, "", "a", "b", "b - a", "from, to", "p",
                        "adjusted", "better");
}

void assay_compare_images_row(assay_buffer *out, const assay_compare_images *c, const char *name,
                              int width, const assay_paired *d, bool lower)
{
    if (isnan(d->difference)) {
        assay_buffer_printf(out, "  %-*.*s       -       -       -\n", width, width, name);
        return;
    }
    assay_buffer_printf(out, "  %-*.*s %7.3f %7.3f %+7.3f", width, width, name, d->in_a, d->in_b,
                        d->difference);
    if (!isnan(d->low)) {
        assay_buffer_printf(out, "   %+0.3f to %+0.3f", d->low, d->high);
    } else {
        assay_buffer_printf(out, "   %-16s", "");
    }
    if (!isnan(d->p)) {
        assay_buffer_printf(out, "   %-8.3g %-8.3g %s", d->p, d->p_adjusted, better(c, d, lower));
    }
    assay_buffer_putc(out, '\n');
}

void assay_compare_images_legend(assay_buffer *out, const assay_compare_images *c)
{
    assay_buffer_printf(out,
                        "\nfrom, to: %g %% interval of the difference, paired; p: the %ss "
                        "change places in random %s; adjusted: over all rows (maxT).\n",
                        100.0 * c->level, c->model,
                        c->request->cluster != NULL ? "clusters" : "images");
}

void assay_compare_images_count(assay_compare_summary *out, const assay_compare_images *c,
                                const assay_paired *d)
{
    out->tests += !isnan(d->p);
    out->shown += d->p_adjusted <= 1.0 - c->level;
    out->not_compared += isnan(d->difference);
}

void assay_compare_images_judge(assay_compare_summary *out, const assay_compare_images *c,
                                const assay_paired *d, int64_t n_changed)
{
    double margin = c->request->margin;
    if (c->request->has_margin == 0) {
        return;
    }
    if (isnan(d->bound_low) && d->difference == 0.0 && n_changed == 0) {
        out->noninferior++; /* models that differ nowhere have no interval */
    } else if (!isnan(d->bound_low)) {
        out->noninferior += d->bound_low > -margin;
        out->inferior += d->bound_high < -margin;
        out->undecided += d->bound_low <= -margin && d->bound_high >= -margin;
    }
}
