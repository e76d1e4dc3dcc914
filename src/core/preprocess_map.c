#include "core/preprocess_map.h"

#include <math.h>

enum { MOST_SIDE = 65535 };

static int32_t at_least_one(double value)
{
    return value < 1.0 ? 1 : (int32_t)value;
}

/* Python's int(round(n / 2.0)) for n >= 0: half to even. */
static int32_t half_even(int32_t n)
{
    return n / 2 + ((n % 2 != 0 && (n / 2) % 2 != 0) ? 1 : 0);
}

static bool short_side(assay_step_geometry *g, const assay_step *step, int32_t width,
                       int32_t height)
{
    bool wide = width > height;
    int64_t shorter = wide ? height : width;
    int64_t longer = wide ? width : height;
    /* Whole-number division equals Python's int(size * longer / shorter): the products are below
     * 2^53, so a quotient that is not whole never rounds up to a whole double. */
    int64_t side = (int64_t)step->size * longer / shorter;
    g->scaled_width = wide ? (int32_t)(side > INT32_MAX ? INT32_MAX : side) : step->size;
    g->scaled_height = wide ? step->size : (int32_t)(side > INT32_MAX ? INT32_MAX : side);
    g->width = g->scaled_width;
    g->height = g->scaled_height;
    return side <= MOST_SIDE;
}

static void letterbox(assay_step_geometry *g, const assay_step *step, int32_t width, int32_t height)
{
    double by_height = (double)step->height / height;
    double by_width = (double)step->width / width;
    g->ratio = by_height < by_width ? by_height : by_width;
    g->scaled_width = at_least_one(rint(width * g->ratio));
    g->scaled_height = at_least_one(rint(height * g->ratio));
    g->left = (step->width - g->scaled_width) / 2;
    g->top = (step->height - g->scaled_height) / 2;
}

static void center_crop(assay_step_geometry *g, const assay_step *step, int32_t width,
                        int32_t height)
{
    int32_t canvas_width = width > step->width ? width : step->width;
    int32_t canvas_height = height > step->height ? height : step->height;
    g->left = (canvas_width - width) / 2 - half_even(canvas_width - step->width);
    g->top = (canvas_height - height) / 2 - half_even(canvas_height - step->height);
}

bool assay_step_geometry_of(assay_step_geometry *out, const assay_step *step, int32_t width,
                            int32_t height)
{
    *out = (assay_step_geometry){.scaled_width = width,
                                 .scaled_height = height,
                                 .width = step->width,
                                 .height = step->height};
    switch (step->kind) {
    case ASSAY_STEP_RESIZE:
        out->scaled_width = step->width;
        out->scaled_height = step->height;
        return true;
    case ASSAY_STEP_RESIZE_SHORT:
        return short_side(out, step, width, height);
    case ASSAY_STEP_LETTERBOX:
        letterbox(out, step, width, height);
        return true;
    case ASSAY_STEP_CENTER_CROP:
        center_crop(out, step, width, height);
        return true;
    case ASSAY_STEP_CROP:
        out->left = -step->left;
        out->top = -step->top;
        return (int64_t)step->left + step->width <= width &&
               (int64_t)step->top + step->height <= height;
    case ASSAY_STEP_PAD:
        out->left = (step->width - width) / 2;
        out->top = (step->height - height) / 2;
        return width <= step->width && height <= step->height;
    case ASSAY_STEP_FIT_CONTENT:
    case ASSAY_STEP_CENTER_MASS:
        break;
    }
    return false;
}

static double cut(double value, double high)
{
    return value < 0.0 ? 0.0 : (value > high ? high : value);
}

/* What is left of the picture [from, to] after a step that keeps `length` pixels of it. */
static void see(double *from, double *to, double factor, int32_t shift, int32_t length)
{
    *from = cut(*from * factor + shift, length);
    *to = cut(*to * factor + shift, length);
}

assay_status assay_box_map_make(assay_box_map *out, int32_t width, int32_t height,
                                const assay_preprocess *preprocess, assay_inverse inverse,
                                assay_error *err)
{
    *out = (assay_box_map){.scale_x = 1.0,
                           .scale_y = 1.0,
                           .width = width,
                           .height = height,
                           .seen = {0.0, 0.0, width, height}};
    for (int32_t i = 0; i < preprocess->n_steps; i++) {
        const assay_step *step = &preprocess->steps[i];
        assay_step_geometry g;
        if (!assay_step_geometry_of(&g, step, width, height)) {
            return assay_fail(err, ASSAY_EUNSUPPORTED,
                              "boxes cannot be brought back through the step %s on an image of "
                              "%dx%d: use resize, letterbox, crop or pad for detectors",
                              assay_step_kind_name(step->kind), width, height);
        }
        bool by_ratio = inverse == ASSAY_INVERSE_ULTRALYTICS && g.ratio > 0.0;
        double x = by_ratio ? g.ratio : (double)g.scaled_width / width;
        double y = by_ratio ? g.ratio : (double)g.scaled_height / height;
        out->scale_x *= x;
        out->scale_y *= y;
        out->offset_x = out->offset_x * x + g.left;
        out->offset_y = out->offset_y * y + g.top;
        see(&out->seen[0], &out->seen[2], x, g.left, g.width);
        see(&out->seen[1], &out->seen[3], y, g.top, g.height);
        width = g.width;
        height = g.height;
    }
    out->input_width = width;
    out->input_height = height;
    return ASSAY_OK;
}

void assay_point_map_back(double xy[2], const assay_box_map *map, bool clip)
{
    double x = (xy[0] - map->offset_x) / map->scale_x;
    double y = (xy[1] - map->offset_y) / map->scale_y;
    xy[0] = clip ? cut(x, map->width) : x;
    xy[1] = clip ? cut(y, map->height) : y;
}

void assay_box_map_back(double box[4], const assay_box_map *map, bool clip)
{
    assay_point_map_back(box, map, clip);
    assay_point_map_back(box + 2, map, clip);
}
