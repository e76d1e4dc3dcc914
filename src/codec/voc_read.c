#include "codec/voc_read.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/text_fields.h"
#include "codec/xml_scan.h"

enum { LONGEST_NAME = 4096, MOST_POINTS = 1 << 16 };

typedef struct reader {
    assay_annotation_draft *draft;
    assay_xml xml;
    assay_voc_corners corners;
    char file[LONGEST_NAME];
    bool own_name;
    bool entered; /* the image is in the draft */
    double width, height;
    int64_t image;
    double *xy; /* outline of the object at work */
    int64_t numbers, room;
} reader;

/* The image enters the draft with the first object or at the end, when name and size are known. */
static assay_status enter(reader *r, assay_error *err)
{
    assay_error inner = {0};
    if (r->entered) {
        return ASSAY_OK;
    }
    bool sized =
        r->width >= 1.0 && r->height >= 1.0 && r->width <= INT32_MAX && r->height <= INT32_MAX;
    assay_status status = assay_annotation_draft_image(
        &r->image, r->draft, r->file, strlen(r->file), sized ? (int32_t)r->width : 0,
        sized ? (int32_t)r->height : 0, &inner);
    if (status != ASSAY_OK) {
        return assay_xml_fail(&r->xml, err, status, "%s", inner.message);
    }
    r->entered = true;
    return ASSAY_OK;
}

static assay_status read_size(reader *r, assay_error *err)
{
    assay_status status = ASSAY_OK;
    double known = r->width;
    while ((status = assay_xml_child(&r->xml, err)) == ASSAY_OK) {
        double value = NAN;
        bool width = strcmp(r->xml.name, "width") == 0;
        if (!width && strcmp(r->xml.name, "height") != 0) {
            ASSAY_TRY(assay_xml_skip(&r->xml, err));
            continue;
        }
        ASSAY_TRY(assay_xml_real(&value, &r->xml, err));
        if (known <= 0.0 && !isnan(value)) {
            *(width ? &r->width : &r->height) = value;
        }
    }
    return status == ASSAY_DONE ? ASSAY_OK : status;
}

static assay_status read_flag(uint8_t *flags, uint8_t flag, reader *r, assay_error *err)
{
    char text[32];
    ASSAY_TRY(assay_xml_text(text, sizeof text, &r->xml, err));
    *flags |= text[0] != '\0' && strcmp(text, "0") != 0 && strcmp(text, "False") != 0 &&
                      strcmp(text, "false") != 0 && strcmp(text, "Unspecified") != 0
                  ? flag
                  : 0;
    return ASSAY_OK;
}

static assay_status read_box(assay_annotation *a, bool *boxed, reader *r, assay_error *err)
{
    static const char *const names[] = {"xmin", "ymin", "xmax", "ymax"};
    double v[4] = {NAN, NAN, NAN, NAN};
    assay_status status = ASSAY_OK;
    while ((status = assay_xml_child(&r->xml, err)) == ASSAY_OK) {
        int i = 0;
        while (i < 4 && strcmp(r->xml.name, names[i]) != 0) {
            i++;
        }
        ASSAY_TRY(i < 4 ? assay_xml_real(&v[i], &r->xml, err) : assay_xml_skip(&r->xml, err));
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    for (int i = 0; i < 4; i++) {
        if (isnan(v[i])) {
            return assay_xml_fail(&r->xml, err, ASSAY_EFORMAT, "the box has no <%s>", names[i]);
        }
    }
    double one = r->corners == ASSAY_VOC_PIXELS ? 1.0 : 0.0;
    a->box[0] = v[0] - one;
    a->box[1] = v[1] - one;
    a->box[2] = v[2] - a->box[0];
    a->box[3] = v[3] - a->box[1];
    *boxed = true;
    return ASSAY_OK;
}

/* <polygon>: <x1>, <y1>, <x2>, ... in turn, or <pt><x/><y/></pt> */
static assay_status read_outline(reader *r, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int depth = r->xml.depth;
    r->numbers = 0;
    for (;;) {
        status = assay_xml_child(&r->xml, err);
        if (status == ASSAY_DONE && r->xml.depth >= depth) {
            continue; /* a point has ended */
        }
        if (status != ASSAY_OK) {
            break;
        }
        char axis = r->xml.name[0];
        if (axis == 'p') {
            continue; /* into the point */
        }
        if (axis != 'x' && axis != 'y') {
            ASSAY_TRY(assay_xml_skip(&r->xml, err));
            continue;
        }
        if ((axis == 'y') != (r->numbers % 2 == 1) || r->numbers >= MOST_POINTS) {
            return assay_xml_fail(&r->xml, err, ASSAY_EFORMAT,
                                  "the outline's x and y do not alternate, or are more than %d",
                                  MOST_POINTS);
        }
        if (r->numbers == r->room) {
            int64_t more = r->room * 2 + 64;
            double *grown =
                assay_realloc(r->xy, (size_t)r->room * sizeof *grown, (size_t)more, sizeof *grown);
            if (grown == NULL) {
                return assay_fail_memory(err);
            }
            r->xy = grown;
            r->room = more;
        }
        double value = NAN;
        ASSAY_TRY(assay_xml_real(&value, &r->xml, err));
        r->xy[r->numbers++] = value;
    }
    return status == ASSAY_DONE ? ASSAY_OK : status;
}

static assay_status read_object(reader *r, assay_error *err)
{
    assay_annotation a = {0};
    assay_error inner = {0};
    char name[LONGEST_NAME] = "";
    bool boxed = false;
    assay_status status = ASSAY_OK;
    r->numbers = 0;
    while ((status = assay_xml_child(&r->xml, err)) == ASSAY_OK) {
        const char *key = r->xml.name;
        if (strcmp(key, "name") == 0) {
            ASSAY_TRY(assay_xml_text(name, sizeof name, &r->xml, err));
        } else if (strcmp(key, "difficult") == 0) {
            ASSAY_TRY(read_flag(&a.flags, ASSAY_OBJECT_DIFFICULT, r, err));
        } else if (strcmp(key, "truncated") == 0) {
            ASSAY_TRY(read_flag(&a.flags, ASSAY_OBJECT_TRUNCATED, r, err));
        } else if (strcmp(key, "occluded") == 0) {
            ASSAY_TRY(read_flag(&a.flags, ASSAY_OBJECT_OCCLUDED, r, err));
        } else if (strcmp(key, "bndbox") == 0) {
            ASSAY_TRY(read_box(&a, &boxed, r, err));
        } else if (strcmp(key, "polygon") == 0) {
            ASSAY_TRY(read_outline(r, err));
        } else {
            ASSAY_TRY(assay_xml_skip(&r->xml, err));
        }
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    if (name[0] == '\0') {
        return assay_xml_fail(&r->xml, err, ASSAY_EFORMAT, "an <object> without <name>");
    }
    if (!boxed && r->numbers < 6) {
        return assay_xml_fail(&r->xml, err, ASSAY_EFORMAT, "an <object> without <bndbox>");
    }
    ASSAY_TRY(enter(r, err));
    a.image = r->image;
    a.unboxed = !boxed;
    a.xy = r->xy;
    a.points = r->numbers / 2;
    status = assay_annotation_draft_category(&a.category, r->draft, name, strlen(name), &inner);
    if (status == ASSAY_OK) {
        status = assay_annotation_draft_add(r->draft, &a, &inner);
    }
    return status == ASSAY_OK ? status : assay_xml_fail(&r->xml, err, status, "%s", inner.message);
}

static assay_status read_root(reader *r, assay_error *err)
{
    assay_status status = assay_xml_child(&r->xml, err);
    if (status < ASSAY_OK) {
        return status;
    }
    if (status == ASSAY_DONE || strcmp(r->xml.name, "annotation") != 0) {
        return assay_xml_fail(&r->xml, err, ASSAY_EFORMAT,
                              "the root is <%s>; a file of Pascal VOC has <annotation>",
                              r->xml.name);
    }
    while ((status = assay_xml_child(&r->xml, err)) == ASSAY_OK) {
        if (strcmp(r->xml.name, "filename") == 0 && !r->own_name) {
            char name[LONGEST_NAME];
            ASSAY_TRY(assay_xml_text(name, sizeof name, &r->xml, err));
            if (name[0] != '\0' && !r->entered) {
                memcpy(r->file, name, sizeof name);
            }
        } else if (strcmp(r->xml.name, "size") == 0) {
            ASSAY_TRY(read_size(r, err));
        } else if (strcmp(r->xml.name, "object") == 0) {
            ASSAY_TRY(read_object(r, err));
        } else {
            ASSAY_TRY(assay_xml_skip(&r->xml, err));
        }
    }
    if (status != ASSAY_DONE) {
        return status;
    }
    r->entered = false; /* the size may stand behind the objects */
    ASSAY_TRY(enter(r, err));
    status = assay_xml_child(&r->xml, err); /* nothing may follow */
    return status == ASSAY_DONE ? ASSAY_OK : status;
}

assay_status assay_voc_read(assay_annotation_draft *draft, const char *file, bool own_name,
                            int32_t width, int32_t height, assay_voc_corners corners,
                            const char *bytes, size_t size, assay_error *err)
{
    reader *r = assay_alloc(1, sizeof *r);
    if (r == NULL) {
        return assay_fail_memory(err);
    }
    *r = (reader){
        .draft = draft, .corners = corners, .own_name = own_name, .width = width, .height = height};
    size_t n = strlen(file);
    memcpy(r->file, file, n < sizeof r->file ? n : sizeof r->file - 1);
    assay_status status = assay_xml_init(&r->xml, bytes, size, err);
    if (status == ASSAY_OK) {
        status = read_root(r, err);
    }
    assay_free(r->xy);
    assay_free(r);
    return status;
}
