#include <math.h>
#include <string.h>

#include "api/run.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "base/sort.h"
#include "codec/image_encode.h"
#include "codec/resize.h"
#include "core/preprocess.h"

enum { EXAMPLES = 18, THUMBNAIL = 112 };

/** An image as a PNG data URI of at most THUMBNAIL pixels a side, in the run's arena. */
static assay_status to_uri(const char **out, assay_run *run, const assay_image *image,
                           assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_image bytes = {0};
    assay_image small = {0};
    assay_buffer png;
    assay_buffer uri;
    const assay_image *chosen = &bytes;

    assay_buffer_init(&png, 0);
    assay_buffer_init(&uri, 0);
    ASSAY_GOTO(assay_image_to_u8(&bytes, image, err), done);
    int32_t longest = bytes.width > bytes.height ? bytes.width : bytes.height;
    if (longest > THUMBNAIL) {
        int64_t width = ((int64_t)bytes.width * THUMBNAIL + longest / 2) / longest;
        int64_t height = ((int64_t)bytes.height * THUMBNAIL + longest / 2) / longest;
        ASSAY_GOTO(assay_image_resize(&small, &bytes, (int32_t)(width < 1 ? 1 : width),
                                      (int32_t)(height < 1 ? 1 : height),
                                      ASSAY_RESIZE_PILLOW_BILINEAR, err),
                   done);
        chosen = &small;
    }
    ASSAY_GOTO(assay_image_encode_png(&png, chosen, err), done);
    assay_buffer_puts(&uri, "data:image/png;base64,");
    assay_base64_append(&uri, png.data, png.size);
    ASSAY_GOTO(assay_buffer_status(&uri, err), done);
    *out = assay_arena_strdup(run->arena, uri.data);
    status = *out ? ASSAY_OK : assay_fail_memory(err);
done:
    assay_image_dispose(&bytes);
    assay_image_dispose(&small);
    assay_buffer_dispose(&png);
    assay_buffer_dispose(&uri);
    return status;
}

static assay_status add_pictures(assay_run *run, assay_example *e, int32_t data, int64_t row,
                                 assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_image image = {0};
    assay_image seen = {0};
    const assay_model *model = run->models[e->model];

    ASSAY_GOTO(assay_dataset_image(run->data[data], row, &image, err), done);
    e->width = image.width;
    e->height = image.height;
    ASSAY_GOTO(to_uri(&e->image, run, &image, err), done);
    if (model && !model->backend->wants_images) {
        ASSAY_GOTO(assay_preprocess_image(&seen, &image, &model->spec.preprocess, err), done);
        ASSAY_GOTO(to_uri(&e->seen, run, &seen, err), done);
    }
done:
    assay_image_dispose(&image);
    assay_image_dispose(&seen);
    return status;
}

static double score_at(const assay_predictions *p, int64_t row, int32_t class_index)
{
    int64_t at = row * p->classes + class_index;

    if (!p->scores_are_probabilities) {
        return NAN;
    }
    return p->scores_f32 ? (double)p->scores_f32[at] : p->scores_f64[at];
}

assay_status assay_run_pick_examples(assay_run *run, int32_t model, int32_t context,
                                     const assay_predictions *predictions, assay_error *err)
{
    const assay_predictions *p = predictions;
    int32_t data = run->plan->contexts[context].data;
    assay_status status = ASSAY_OK;
    int64_t n = 0;
    double *confidence = assay_alloc((size_t)p->n + 1, sizeof *confidence);
    int64_t *rows = assay_alloc((size_t)p->n + 1, sizeof *rows);
    int64_t *order = assay_alloc((size_t)p->n + 1, sizeof *order);

    if (!confidence || !rows || !order) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; run->data[data] && i < p->n; i++) {
        if (p->label[i] != p->target[i]) {
            double score = score_at(p, i, p->label[i]);
            confidence[n] = isnan(score) ? 0.0 : score;
            rows[n++] = i;
        }
    }
    ASSAY_GOTO(assay_sort_order(order, confidence, n, 1, err), done);
    for (int64_t k = 0; k < n && k < EXAMPLES; k++) {
        int64_t row = rows[order[k]];
        assay_example *list = assay_run_grow(run, run->examples, run->n_examples,
                                             &run->capacity_examples, sizeof *list);
        if (!list) {
            status = assay_fail_memory(err);
            goto done;
        }
        run->examples = list;
        assay_example *e = &list[run->n_examples++];
        *e = (assay_example){.model = model,
                             .context = context,
                             .id = run->data[data]->ids[row],
                             .target = p->target[row],
                             .label = p->label[row],
                             .confidence = score_at(p, row, p->label[row]),
                             .p_target = score_at(p, row, p->target[row])};
        ASSAY_GOTO(add_pictures(run, e, data, row, err), done);
    }
done:
    assay_free(confidence);
    assay_free(rows);
    assay_free(order);
    return status;
}
