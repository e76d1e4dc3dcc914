#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/coco_internal.h"

assay_status assay_coco_begin_list(assay_coco_lists *lists, assay_coco_list_room *room,
                                   int64_t image, assay_error *err)
{
    ASSAY_TRY(assay_coco_grow(&lists->first, &room->first, image, sizeof *lists->first, err));
    lists->first[image] = lists->n_ids;
    return ASSAY_OK;
}

assay_status assay_coco_read_list(assay_coco_lists *lists, assay_coco_list_room *room,
                                  assay_json_scan *scan, assay_error *err)
{
    enum { MOST = 1 << 28 };
    assay_status status = ASSAY_OK;
    int kind = 0;
    ASSAY_TRY(assay_json_scan_peek(&kind, scan, err));
    if (kind != '[') {
        return assay_json_scan_skip(scan, err);
    }
    lists->given++;
    ASSAY_TRY(assay_json_scan_array(scan, err));
    while ((status = assay_json_scan_item(scan, err)) == ASSAY_OK) {
        if (lists->n_ids >= MOST) {
            return assay_json_scan_fail(scan, err, ASSAY_ELIMIT,
                                        "lists of categories of more than %d entries in all", MOST);
        }
        ASSAY_TRY(assay_coco_grow(&lists->ids, &room->ids, lists->n_ids, sizeof *lists->ids, err));
        ASSAY_TRY(assay_json_scan_integer(&lists->ids[lists->n_ids], scan, err));
        lists->n_ids++;
    }
    return status == ASSAY_DONE ? ASSAY_OK : status;
}

assay_status assay_coco_end_lists(assay_coco_lists *lists, assay_coco_list_room *room, int64_t n,
                                  assay_error *err)
{
    if (lists->given == 0) {
        assay_coco_lists_dispose(lists);
        return ASSAY_OK;
    }
    return assay_coco_begin_list(lists, room, n, err);
}

void assay_coco_lists_dispose(assay_coco_lists *lists)
{
    assay_free(lists->first);
    assay_free(lists->ids);
    *lists = (assay_coco_lists){0};
}

assay_status assay_coco_read_points(assay_coco_builder *builder, assay_json_scan *scan,
                                    assay_error *err)
{
    assay_coco_points *p = &builder->rows->points;
    int64_t row = builder->rows->n;
    assay_status status = ASSAY_OK;
    int kind = 0;
    ASSAY_TRY(assay_json_scan_peek(&kind, scan, err));
    if (kind != '[') {
        return assay_json_scan_skip(scan, err);
    }
    p->first[row] = p->n_numbers;
    ASSAY_TRY(assay_json_scan_array(scan, err));
    while ((status = assay_json_scan_item(scan, err)) == ASSAY_OK) {
        if ((size_t)p->n_numbers >= builder->options.most_values) {
            return assay_json_scan_fail(scan, err, ASSAY_ELIMIT,
                                        "the keypoints of the file have more than %zu numbers",
                                        builder->options.most_values);
        }
        ASSAY_TRY(assay_coco_grow_raw(&p->numbers, &builder->room_points, p->n_numbers,
                                      sizeof *p->numbers, err));
        ASSAY_TRY(assay_json_scan_real(&p->numbers[p->n_numbers], scan, err));
        p->n_numbers++;
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    int64_t n = p->n_numbers - p->first[row];
    if (n % 3 != 0 || n / 3 > INT32_MAX) {
        return assay_json_scan_fail(scan, err, ASSAY_EFORMAT,
                                    "keypoints must be [x, y, visibility, x, y, visibility, ...]; "
                                    "these are %" PRId64 " numbers",
                                    n);
    }
    p->count[row] = (int32_t)(n / 3);
    return ASSAY_OK;
}
