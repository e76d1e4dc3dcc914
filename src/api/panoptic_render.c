#include <inttypes.h>
#include <math.h>

#include "api/panoptic.h"
#include "api/run.h"
#include "api/segmentation.h"
#include "assay/version.h"
#include "base/text.h"

static void put_head(assay_json *json, const assay_panoptic_report *r)
{
    const char *const paths[] = {r->request->truth, r->request->predictions};
    const int64_t segments[] = {r->truth->n_segments, r->predicted->n_segments};
    assay_json_put_text(json, "assay", ASSAY_VERSION);
    assay_json_put_int(json, "schema", 1);
    assay_json_key(json, "run");
    assay_json_begin_object(json);
    assay_json_put_int(json, "seed", (int64_t)r->seed);
    assay_json_put_real(json, "level", r->level);
    assay_json_put_int(json, "replicates", r->replicates);
    assay_json_put_text(json, "task", "segmentation");
    assay_json_put_text(json, "convention", "coco-panoptic");
    assay_json_put_text(json, "estimand",
                        "The population that the images are an independent random sample of.");
    assay_json_end_object(json);
    assay_segmentation_put_inputs(json, paths, segments, r->n_images);
}

assay_status assay_panoptic_json(char **out, const assay_panoptic_report *r, assay_error *err)
{
    assay_buffer text;
    assay_json json;
    assay_buffer_init(&text, 0);
    assay_json_init(&json, &text, 1);
    assay_json_begin_object(&json);
    put_head(&json, r);
    assay_segmentation_put_measures(&json, &r->measures);
    assay_segmentation_put_end(&json, r->unused);
    assay_buffer_putc(&text, '\n');
    return assay_text_take(out, &text, err);
}

static void put_values(assay_buffer *out, const assay_measure *m)
{
    for (int i = 0; i < ASSAY_PANOPTIC_NUMBERS; i++) {
        if (m[i].outcome == ASSAY_OUTCOME_VALUE) {
            assay_buffer_printf(out, " %8.4f", m[i].value);
        } else {
            assay_buffer_printf(out, " %8s", "-");
        }
    }
}

static void put_interval(assay_buffer *out, const assay_measure *m)
{
    if (!isnan(m->low)) {
        assay_buffer_printf(out, "   %.4f to %.4f", m->low, m->high);
    }
    assay_buffer_putc(out, '\n');
}

assay_status assay_panoptic_table(char **out, const assay_panoptic_report *r, assay_error *err)
{
    static const char *const groups[] = {"all", "things", "stuff"};
    const assay_measure *m = r->measures.measures;
    assay_buffer text;
    assay_buffer_init(&text, 0);
    assay_buffer_printf(&text,
                        "%s and %s: %" PRId64 " images, %d classes, %" PRId64 " true and %" PRId64
                        " predicted segments\n\n",
                        r->request->truth, r->request->predictions, r->n_images, r->classes,
                        r->truth->n_segments, r->predicted->n_segments);
    assay_buffer_printf(&text, "%-20s %8s %8s %8s %8s %8s %8s   %s\n", "class", "found", "missed",
                        "false", "PQ", "SQ", "RQ", "PQ from, to");
    for (int32_t k = 0; k < ASSAY_PANOPTIC_GROUPS + r->classes; k++, m += ASSAY_PANOPTIC_NUMBERS) {
        char name[21];
        bool group = k < ASSAY_PANOPTIC_GROUPS;
        assay_text_printable(name, sizeof name, group ? groups[k] : m->class_name);
        assay_buffer_printf(&text, "%s%-20s", k == ASSAY_PANOPTIC_GROUPS ? "\n" : "", name);
        if (group) {
            assay_buffer_printf(&text, " %8s %8s %8s", "", "", "");
        } else {
            const assay_panoptic_counts *c = &r->sums[k - ASSAY_PANOPTIC_GROUPS];
            assay_buffer_printf(&text, " %8d %8d %8d", c->found, c->missed, c->false_alarms);
        }
        put_values(&text, m);
        put_interval(&text, m);
    }
    m = r->measures.measures;
    if (isnan(m->low)) {
        assay_buffer_printf(&text, "\nNo intervals: %s.\n",
                            assay_text_starts(m->method, "none: ") ? m->method + 6
                                                                   : "none were asked for");
    } else {
        assay_buffer_printf(&text,
                            "\nfrom, to: %g %% interval, two-sided, from %" PRId64
                            " bootstrap replicates of the images.\n",
                            100.0 * r->level, r->replicates);
    }
    if (r->unused > 0) {
        assay_buffer_printf(&text, "%" PRId64 " predictions without a truth: left out.\n",
                            r->unused);
    }
    return assay_text_take(out, &text, err);
}
