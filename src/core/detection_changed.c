#include "core/detection_changed.h"

#include <math.h>

#include "base/alloc.h"
#include "base/sort.h"

static int64_t errors_of(const assay_operating_image *i)
{
    return (int64_t)i->objects - i->found + i->false_alarms;
}

assay_status assay_detection_changed(assay_changed_image **out, int64_t *n_out,
                                     const assay_operating_image *a, const assay_operating_image *b,
                                     int64_t n, int64_t rows, assay_arena *arena, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t *of_row = assay_alloc_raw((size_t)rows, sizeof *of_row);
    int64_t *key = assay_alloc_raw((size_t)n, sizeof *key);
    int64_t *order = assay_alloc_raw((size_t)n, sizeof *order);
    assay_changed_image *all = assay_alloc_raw((size_t)n, sizeof *all);
    *n_out = 0;
    *out = assay_arena_alloc(arena, (size_t)n + 1, sizeof **out);
    if (of_row == NULL || key == NULL || order == NULL || all == NULL || *out == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < n; i++) {
        of_row[b[i].row] = i;
    }
    for (int64_t i = 0; i < n; i++) {
        const assay_operating_image *other = &b[of_row[a[i].row]];
        if (a[i].found != other->found || a[i].false_alarms != other->false_alarms) {
            int64_t change = errors_of(other) - errors_of(&a[i]);
            key[*n_out] = -(change < 0 ? -change : change);
            all[(*n_out)++] = (assay_changed_image){a[i].row, a[i], *other};
        }
    }
    ASSAY_GOTO(assay_sort_order_i64(order, key, *n_out, err), done);
    for (int64_t i = 0; i < *n_out; i++) {
        (*out)[i] = all[order[i]];
    }
done:
    assay_free(of_row);
    assay_free(key);
    assay_free(order);
    assay_free(all);
    return status;
}

assay_status assay_detection_best_images(assay_operating_image **out, int64_t *n,
                                         const assay_coco_truth *truth,
                                         const assay_coco_rows *results,
                                         const assay_detection_options *options, assay_error *err)
{
    assay_detection_options own = *options;
    assay_protocol single;
    assay_detection *d = NULL;
    assay_operation *o = NULL;
    assay_status status = ASSAY_OK;
    *out = NULL;
    *n = 0;
    if (options->protocol != NULL) {
        single = *options->protocol;
    } else {
        ASSAY_TRY(assay_protocol_init(&single, "coco", ASSAY_IOU_BOX, err));
    }
    single.caps[0] = single.caps[single.n_caps - 1];
    single.thresholds[0] = 0.5;
    single.n_thresholds = single.n_ranges = single.n_caps = 1;
    own.protocol = &single;
    own.details = true;
    ASSAY_TRY(assay_detection_match(&d, truth, results, &own, err));
    ASSAY_GOTO(assay_operation_new(&o, d, (double)NAN, err), done);
    status = assay_operation_images(out, n, o, err);
done:
    assay_operation_free(o);
    assay_detection_free(d);
    return status;
}
