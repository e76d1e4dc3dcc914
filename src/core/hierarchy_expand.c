#include "core/hierarchy_expand.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"

enum { MOST_ROWS = INT32_MAX };

/* Classes of the truth and their broader ones, as rows of the truth's list. */
typedef struct relation {
    const assay_coco_truth *truth;
    int64_t *order;    /* rows of the classes by id */
    int64_t *first;    /* per class row, and one more */
    int64_t *broader;  /* class rows */
    int64_t *narrower; /* the other way round: first in back_first */
    int64_t *back_first;
    int64_t known; /* classes that the hierarchy has */
} relation;

static void relation_dispose(relation *r)
{
    assay_free(r->order);
    assay_free(r->first);
    assay_free(r->broader);
    assay_free(r->narrower);
    assay_free(r->back_first);
}

/* Per class of the hierarchy its row in the truth, or -1; of equal names the first row. */
static assay_status find_rows(int64_t **row_of, int64_t *node_of, relation *r,
                              const assay_hierarchy *h, assay_error *err)
{
    int64_t n = assay_hierarchy_size(h);
    int64_t *rows = assay_alloc_raw((size_t)n, sizeof *rows);
    *row_of = rows;
    if (rows == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        rows[i] = -1;
    }
    for (int64_t k = 0; k < r->truth->n_categories; k++) {
        const char *name = r->truth->category_name[k];
        node_of[k] = name != NULL ? assay_hierarchy_find(h, name) : -1;
        r->known += node_of[k] >= 0;
        if (node_of[k] >= 0 && rows[node_of[k]] < 0) {
            rows[node_of[k]] = k;
        }
    }
    return ASSAY_OK;
}

/* first and broader from the hierarchy; only counts when broader is NULL. */
static int64_t fill_broader(relation *r, const assay_hierarchy *h, const int64_t *row_of,
                            const int64_t *node_of)
{
    int64_t at = 0;
    for (int64_t k = 0; k < r->truth->n_categories; k++) {
        int64_t n = 0;
        const int64_t *nodes = node_of[k] >= 0 ? assay_hierarchy_broader(&n, h, node_of[k]) : NULL;
        r->first[k] = at;
        for (int64_t i = 0; i < n; i++) {
            int64_t row = row_of[nodes[i]];
            if (row >= 0 && r->broader != NULL) {
                r->broader[at] = row;
            }
            at += row >= 0;
        }
    }
    r->first[r->truth->n_categories] = at;
    return at;
}

static assay_status turn_around(relation *r, assay_error *err)
{
    int64_t n = r->truth->n_categories;
    int64_t pairs = r->first[n];
    r->back_first = assay_alloc((size_t)n + 2, sizeof *r->back_first);
    r->narrower = assay_alloc_raw((size_t)pairs, sizeof *r->narrower);
    if (r->back_first == NULL || r->narrower == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < pairs; i++) {
        r->back_first[r->broader[i] + 2]++;
    }
    for (int64_t k = 0; k < n; k++) {
        r->back_first[k + 2] += r->back_first[k + 1];
    }
    for (int64_t k = 0; k < n; k++) {
        for (int64_t i = r->first[k]; i < r->first[k + 1]; i++) {
            r->narrower[r->back_first[r->broader[i] + 1]++] = k;
        }
    }
    return ASSAY_OK;
}

static assay_status relation_make(relation *r, const assay_coco_truth *truth,
                                  const assay_hierarchy *h, assay_error *err)
{
    assay_status status = ASSAY_OK;
    size_t n = (size_t)truth->n_categories;
    int64_t *row_of = NULL;
    int64_t *node_of = assay_alloc_raw(n, sizeof *node_of);
    *r = (relation){.truth = truth};
    r->first = assay_alloc(n + 1, sizeof *r->first);
    r->order = assay_alloc_raw(n, sizeof *r->order);
    if (node_of == NULL || r->first == NULL || r->order == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    ASSAY_GOTO(assay_sort_order_i64(r->order, truth->category_id, truth->n_categories, err), done);
    ASSAY_GOTO(find_rows(&row_of, node_of, r, h, err), done);
    if (r->known == 0) {
        status =
            assay_fail(err, ASSAY_EFORMAT,
                       "none of its %" PRId64 " classes is one of the truth's, as '%s'; the "
                       "names must be the same",
                       assay_hierarchy_size(h),
                       n > 0 && truth->category_name[0] != NULL ? truth->category_name[0] : "");
        goto done;
    }
    int64_t pairs = fill_broader(r, h, row_of, node_of);
    r->broader = assay_alloc_raw((size_t)pairs, sizeof *r->broader);
    if (r->broader == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    (void)fill_broader(r, h, row_of, node_of);
    status = turn_around(r, err);
done:
    assay_free(row_of);
    assay_free(node_of);
    return status;
}

/* The row of a class id, or -1. */
static int64_t class_row(const relation *r, int64_t id)
{
    int64_t low = 0;
    int64_t high = r->truth->n_categories;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (r->truth->category_id[r->order[middle]] < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < r->truth->n_categories && r->truth->category_id[r->order[low]] == id
               ? r->order[low]
               : -1;
}

/* ---- rows ---- */

/* The column (the address of a pointer) of `width` bytes per row, if it is there: row i becomes what row
 * from[i] was. */
static assay_status gather(void *column, size_t width, const int64_t *from, int64_t n,
                           assay_error *err)
{
    unsigned char *old = NULL;
    memcpy(&old, column, sizeof old);
    if (old == NULL) {
        return ASSAY_OK;
    }
    unsigned char *made = assay_alloc_raw((size_t)n + 1, width);
    if (made == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        memcpy(made + (size_t)i * width, old + (size_t)from[i] * width, width);
    }
    memcpy(column, &made, sizeof made);
    assay_free(old);
    return ASSAY_OK;
}

/* All columns; outlines, runs and keypoints are shared with the row that was copied. */
static assay_status gather_rows(assay_coco_rows *r, const int64_t *from, int64_t n,
                                assay_error *err)
{
    const struct {
        void *column;
        size_t width;
    } columns[] = {{&r->id, sizeof *r->id},
                   {&r->image, sizeof *r->image},
                   {&r->box, 4 * sizeof *r->box},
                   {&r->area, sizeof *r->area},
                   {&r->score, sizeof *r->score},
                   {&r->crowd, sizeof *r->crowd},
                   {&r->has, sizeof *r->has},
                   {&r->flags, sizeof *r->flags},
                   {&r->shapes.first, sizeof *r->shapes.first},
                   {&r->shapes.count, sizeof *r->shapes.count},
                   {&r->shapes.height, sizeof *r->shapes.height},
                   {&r->shapes.width, sizeof *r->shapes.width},
                   {&r->points.first, sizeof *r->points.first},
                   {&r->points.count, sizeof *r->points.count},
                   {&r->points.visible, sizeof *r->points.visible}};
    for (size_t i = 0; i < ASSAY_COUNT(columns); i++) {
        ASSAY_TRY(gather(columns[i].column, columns[i].width, from, n, err));
    }
    return ASSAY_OK;
}

/* Copies get ids of their own, behind the largest. */
static assay_status number_rows(assay_coco_rows *rows, const int64_t *from, int64_t n,
                                assay_error *err)
{
    int64_t largest = 0;
    for (int64_t i = 0; i < n; i++) {
        largest = rows->id[i] > largest ? rows->id[i] : largest;
    }
    if (largest > INT64_MAX - n) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "the largest id of an object, %" PRId64
                          ", leaves no room for those of broader classes; renumber them",
                          largest);
    }
    for (int64_t i = 1; i < n; i++) {
        if (from[i] == from[i - 1]) {
            rows->id[i] = ++largest;
        }
    }
    return ASSAY_OK;
}

/* Every row and behind it its copies: where they come from and which class they have, so that equals
 * keep the order of the file; only counts when from is NULL. */
static int64_t list_rows(int64_t *from, int64_t *class_of, const assay_coco_rows *rows,
                         const relation *r)
{
    int64_t n = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t k = class_row(r, rows->category[i]);
        int64_t copies = k >= 0 ? r->first[k + 1] - r->first[k] : 0;
        for (int64_t c = -1; c < copies; c++, n++) {
            if (from != NULL) {
                from[n] = i;
                class_of[n] =
                    c < 0 ? rows->category[i] : r->truth->category_id[r->broader[r->first[k] + c]];
            }
        }
    }
    return n;
}

static assay_status expand_rows(int64_t *added, assay_coco_rows *rows, const relation *r,
                                assay_error *err)
{
    int64_t n = list_rows(NULL, NULL, rows, r);
    if (n > MOST_ROWS) {
        return assay_fail(err, ASSAY_ELIMIT,
                          "more than 2^31 objects or results with those of broader classes");
    }
    int64_t *from = assay_alloc_raw((size_t)n, sizeof *from);
    int64_t *class_of = assay_alloc_raw((size_t)n + 1, sizeof *class_of);
    assay_status status = from != NULL && class_of != NULL ? ASSAY_OK : assay_fail_memory(err);
    if (status == ASSAY_OK) {
        (void)list_rows(from, class_of, rows, r);
        status = gather_rows(rows, from, n, err);
    }
    if (status == ASSAY_OK && rows->id != NULL) {
        status = number_rows(rows, from, n, err);
    }
    if (status == ASSAY_OK) {
        assay_free(rows->category);
        rows->category = class_of;
        class_of = NULL;
        *added += n - rows->n;
        rows->n = n;
    }
    assay_free(from);
    assay_free(class_of);
    return status;
}

/* ---- classes that are known to be absent ---- */

/* The list with the narrower classes of its entries; only counts when ids is NULL. */
static int64_t list_absent(int64_t *ids, int64_t *first, const assay_coco_truth *t,
                           const relation *r)
{
    const assay_coco_lists *absent = &t->absent;
    int64_t n = 0;
    for (int64_t image = 0; image < t->n_images; image++) {
        if (first != NULL) {
            first[image] = n;
        }
        for (int64_t i = absent->first[image]; i < absent->first[image + 1]; i++) {
            int64_t k = class_row(r, absent->ids[i]);
            if (ids != NULL) {
                ids[n] = absent->ids[i];
            }
            n++;
            for (int64_t b = k >= 0 ? r->back_first[k] : 0; k >= 0 && b < r->back_first[k + 1];
                 b++) {
                if (ids != NULL) {
                    ids[n] = t->category_id[r->narrower[b]];
                }
                n++;
            }
        }
    }
    if (first != NULL) {
        first[t->n_images] = n;
    }
    return n;
}

static assay_status expand_absent(int64_t *added, assay_coco_truth *t, const relation *r,
                                  assay_error *err)
{
    if (t->absent.first == NULL) {
        return ASSAY_OK;
    }
    int64_t n = list_absent(NULL, NULL, t, r);
    int64_t *ids = assay_alloc_raw((size_t)n, sizeof *ids);
    int64_t *first = assay_alloc_raw((size_t)t->n_images + 1, sizeof *first);
    if (ids == NULL || first == NULL) {
        assay_free(ids);
        assay_free(first);
        return assay_fail_memory(err);
    }
    (void)list_absent(ids, first, t, r);
    *added += n - t->absent.n_ids;
    assay_free(t->absent.ids);
    assay_free(t->absent.first);
    t->absent.ids = ids;
    t->absent.first = first;
    t->absent.n_ids = n;
    return ASSAY_OK;
}

assay_status assay_hierarchy_expand_truth(assay_expansion *out, assay_coco_truth *truth,
                                          const assay_hierarchy *h, assay_error *err)
{
    relation r;
    assay_status status = relation_make(&r, truth, h, err);
    if (status == ASSAY_OK) {
        out->strange = truth->n_categories - r.known;
        status = expand_rows(&out->objects, &truth->objects, &r, err);
    }
    if (status == ASSAY_OK) {
        status = expand_absent(&out->absences, truth, &r, err);
    }
    relation_dispose(&r);
    return status;
}

assay_status assay_hierarchy_expand_results(assay_expansion *out, assay_coco_rows *results,
                                            const assay_coco_truth *truth, const assay_hierarchy *h,
                                            assay_error *err)
{
    relation r;
    assay_status status = relation_make(&r, truth, h, err);
    if (status == ASSAY_OK) {
        status = expand_rows(&out->results, results, &r, err);
    }
    relation_dispose(&r);
    return status;
}
