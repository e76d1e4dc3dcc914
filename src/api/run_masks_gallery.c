/* The images that are segmented worst: what is there, what the model says, and where they differ. */
#include <math.h>
#include <string.h>

#include "api/run_masks.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "base/sort.h"
#include "codec/image_encode.h"
#include "codec/resize.h"

enum { IMAGES = 8, LONGEST = 400, QUALITY = 85, STRIPE = 6, NOTHING = ASSAY_SEGMENT_NOTHING };

/* M. Okabe and K. Ito, "Color universal design" (2008), and lighter and darker versions: neighbours in
 * the list differ in lightness too. */
static const uint8_t colors[][3] = {
    {0, 114, 178},   {230, 159, 0}, {0, 158, 115},   {204, 121, 167},
    {86, 180, 233},  {213, 94, 0},  {240, 228, 66},  {60, 60, 60},
    {153, 204, 238}, {122, 78, 0},  {140, 220, 190}, {110, 30, 80},
    {190, 190, 190}, {0, 60, 110},  {255, 205, 150}, {0, 85, 60}};

void assay_mask_color(uint8_t out[3], int32_t class_index)
{
    memcpy(out, colors[(size_t)class_index % ASSAY_COUNT(colors)], 3);
}

typedef struct drawing {
    const assay_segment_pixels *pixels;
    const assay_image *photo; /* RGB of the size of the views; NULL = none */
    int32_t width, height;    /* of the views */
} drawing;

/* The pixel of the maps that a pixel of the view shows. */
static int64_t source(const drawing *d, int32_t x, int32_t y)
{
    const assay_segment_pixels *p = d->pixels;
    int64_t sx = ((int64_t)x * 2 + 1) * p->width / (2 * (int64_t)d->width);
    int64_t sy = ((int64_t)y * 2 + 1) * p->height / (2 * (int64_t)d->height);
    return sy * p->width + sx;
}

static uint8_t blend(double share, uint8_t a, uint8_t b)
{
    return (uint8_t)lrint(share * a + (1.0 - share) * b);
}

static void paint(uint8_t out[3], const uint8_t ground[3], const uint8_t color[3], double share)
{
    for (int k = 0; k < 3; k++) {
        out[k] = blend(share, color[k], ground[k]);
    }
}

/* Between two classes: a dark line, so that they can be told apart without colours. */
static bool is_edge(const drawing *d, const uint16_t *classes, int32_t x, int32_t y)
{
    uint16_t own = classes[source(d, x, y)];
    return (x + 1 < d->width && classes[source(d, x + 1, y)] != own) ||
           (y + 1 < d->height && classes[source(d, x, y + 1)] != own);
}

static void draw_pixel(uint8_t out[3], const drawing *d, const uint8_t ground[3], int view,
                       int32_t x, int32_t y)
{
    static const uint8_t dark[3] = {25, 25, 25};
    static const uint8_t white[3] = {255, 255, 255};
    static const uint8_t left_out[2][3] = {{150, 150, 150}, {205, 205, 205}};
    static const uint8_t wrong[3] = {213, 94, 0};
    int64_t at = source(d, x, y);
    uint16_t t = d->pixels->truth[at];
    uint16_t p = d->pixels->predicted[at];
    const uint16_t *classes = view == 0 ? d->pixels->truth : d->pixels->predicted;
    if (view == 2) {
        uint8_t grey = (uint8_t)((299 * ground[0] + 587 * ground[1] + 114 * ground[2]) / 1000);
        const uint8_t flat[3] = {grey, grey, grey};
        if (t == NOTHING) {
            memcpy(out, left_out[((x + y) / STRIPE) % 2], 3);
        } else if (t != p) {
            paint(out, flat, wrong, 0.85);
        } else {
            paint(out, flat, white, 0.55);
        }
        return;
    }
    if (classes[at] == NOTHING) {
        memcpy(out, left_out[((x + y) / STRIPE) % 2], 3);
    } else if (is_edge(d, classes, x, y)) {
        memcpy(out, dark, 3);
    } else {
        uint8_t color[3];
        assay_mask_color(color, classes[at]);
        paint(out, ground, color, d->photo != NULL ? 0.55 : 1.0);
    }
}

static assay_status draw(const char **out, assay_run *run, const drawing *d, int view,
                         assay_error *err)
{
    static const uint8_t paper[3] = {225, 225, 225};
    assay_status status = ASSAY_OK;
    assay_image image = {0};
    assay_buffer bytes;
    assay_buffer uri;
    assay_buffer_init(&bytes, 0);
    assay_buffer_init(&uri, 0);
    ASSAY_GOTO(assay_image_new(&image, d->width, d->height, 3, ASSAY_PIXEL_U8, err), done);
    for (int32_t y = 0; y < d->height; y++) {
        uint8_t *row = assay_image_row_mut(&image, y);
        const uint8_t *ground = d->photo != NULL ? assay_image_row(d->photo, y) : NULL;
        for (int32_t x = 0; x < d->width; x++) {
            draw_pixel(row + 3 * (size_t)x, d, ground != NULL ? ground + 3 * (size_t)x : paper,
                       view, x, y);
        }
    }
    if (d->photo != NULL) {
        ASSAY_GOTO(assay_image_encode_jpeg(&bytes, &image, QUALITY, err), done);
        assay_buffer_puts(&uri, "data:image/jpeg;base64,");
    } else {
        ASSAY_GOTO(assay_image_encode_png(&bytes, &image, err), done);
        assay_buffer_puts(&uri, "data:image/png;base64,");
    }
    assay_base64_append(&uri, bytes.data, bytes.size);
    ASSAY_GOTO(assay_buffer_status(&uri, err), done);
    *out = assay_arena_strdup(run->arena, uri.data);
    status = *out != NULL ? ASSAY_OK : assay_fail_memory(err);
done:
    assay_image_dispose(&image);
    assay_buffer_dispose(&bytes);
    assay_buffer_dispose(&uri);
    return status;
}

static assay_status load_photo(assay_image *out, const assay_run *run, int32_t data, int64_t image,
                               const drawing *d, assay_error *err)
{
    assay_status status = ASSAY_OK;
    assay_image raw = {0};
    assay_image bytes = {0};
    assay_image rgb = {0};
    const int64_t *row = run->boxes->truth[data].row;
    int64_t datum = 0;
    while (datum < run->data[data]->n && row[datum] != image) {
        datum++;
    }
    if (datum == run->data[data]->n) {
        return ASSAY_OK;
    }
    ASSAY_GOTO(assay_dataset_image(run->data[data], datum, &raw, err), done);
    ASSAY_GOTO(assay_image_to_u8(&bytes, &raw, err), done);
    ASSAY_GOTO(assay_image_to_rgb(&rgb, &bytes, err), done);
    status = assay_image_resize(out, &rgb, d->width, d->height, ASSAY_RESIZE_PILLOW_BILINEAR, err);
done:
    assay_image_dispose(&raw);
    assay_image_dispose(&bytes);
    assay_image_dispose(&rgb);
    return status;
}

/* The class that is most often taken for another one. */
static assay_status find_mistake(assay_mask_picture *g, const assay_segment_pixels *p,
                                 int32_t classes, const char *const *names, assay_error *err)
{
    size_t n = (size_t)classes;
    int64_t counted = 0;
    size_t most = 0;
    int64_t *pairs = assay_alloc(n * (n + 1) + 1, sizeof *pairs);
    if (pairs == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < (int64_t)p->width * p->height; i++) {
        if (p->truth[i] != NOTHING) {
            size_t to = p->predicted[i] == NOTHING ? n : p->predicted[i];
            counted++;
            pairs[p->truth[i] * (n + 1) + to] += to != p->truth[i];
        }
    }
    for (size_t k = 0; k < n * (n + 1); k++) {
        most = pairs[k] > pairs[most] ? k : most;
    }
    if (n > 0 && pairs[most] > 0) {
        g->taken = names[most / (n + 1)];
        g->as = most % (n + 1) < n ? names[most % (n + 1)] : "nothing";
        g->share = (double)pairs[most] / (double)counted;
    }
    assay_free(pairs);
    return ASSAY_OK;
}

static assay_status show_image(assay_run *run, const assay_run_cell *cell,
                               const assay_segment_view *view, int64_t image, double value,
                               assay_error *err)
{
    assay_run_masks *masks = run->masks;
    int32_t data = run->plan->contexts[cell->context].data;
    const assay_mask_cell *mine = assay_run_masks_cell(run, cell->model, cell->context);
    assay_status status = ASSAY_OK;
    assay_segment_pixels pixels = {0};
    assay_image photo = {0};
    assay_mask_picture *list = assay_run_grow(run, masks->gallery, masks->n_gallery,
                                              &masks->capacity_gallery, sizeof *list);
    if (list == NULL) {
        return assay_fail_memory(err);
    }
    masks->gallery = list;
    assay_mask_picture *g = &list[masks->n_gallery++];
    *g = (assay_mask_picture){.model = cell->model,
                              .context = cell->context,
                              .id = run->boxes->truth[data].truth->image_file[image],
                              .value = value};
    ASSAY_GOTO(assay_segment_view_pixels(&pixels, view, image, err), done);
    drawing d = {.pixels = &pixels, .width = pixels.width, .height = pixels.height};
    int32_t longest = d.width > d.height ? d.width : d.height;
    if (longest > LONGEST) {
        d.width = (int32_t)(((int64_t)pixels.width * LONGEST + longest / 2) / longest);
        d.height = (int32_t)(((int64_t)pixels.height * LONGEST + longest / 2) / longest);
        d.width = d.width < 1 ? 1 : d.width;
        d.height = d.height < 1 ? 1 : d.height;
    }
    g->width = d.width;
    g->height = d.height;
    if (run->data[data] != NULL) {
        ASSAY_GOTO(load_photo(&photo, run, data, image, &d, err), done);
        d.photo = photo.data != NULL ? &photo : NULL;
    }
    for (int k = 0; k < ASSAY_MASK_VIEWS; k++) {
        ASSAY_GOTO(draw(&g->views[k], run, &d, k, err), done);
    }
    status = find_mistake(g, &pixels, mine->sample.classes, mine->found->names, err);
done:
    assay_segment_pixels_dispose(&pixels);
    assay_image_dispose(&photo);
    return status;
}

assay_status assay_run_masks_gallery(assay_run *run, int32_t model, int32_t context,
                                     assay_error *err)
{
    const assay_run_cell *cell = assay_run_cell_at(run, model, context);
    const assay_mask_cell *mine = assay_run_masks_cell(run, model, context);
    const assay_segment_sample *s = &mine->sample;
    assay_status status = ASSAY_OK;
    assay_segment_view view = {0};
    double *value = assay_alloc_raw((size_t)s->n + 1, sizeof *value);
    int64_t *order = assay_alloc_raw((size_t)s->n + 1, sizeof *order);
    double *sums = assay_alloc_raw(((size_t)s->classes + 1) * ASSAY_SEGMENT_WIDTH, sizeof *sums);
    if (value == NULL || order == NULL || sums == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    for (int64_t i = 0; i < s->n; i++) {
        value[i] = assay_segment_of_image(s, i, sums);
        value[i] = isnan(value[i]) ? 2.0 : value[i]; /* nothing to look at: behind all others */
    }
    ASSAY_GOTO(assay_sort_order(order, value, s->n, 0, err), done);
    ASSAY_GOTO(assay_segment_view_open(&view, &run->masks->truth[run->plan->contexts[context].data],
                                       mine->predictions, s->classes, err),
               done);
    for (int64_t i = 0; i < s->n && i < IMAGES && value[order[i]] < 1.0; i++) {
        ASSAY_GOTO(show_image(run, cell, &view, order[i], value[order[i]], err), done);
    }
done:
    assay_segment_view_close(&view);
    assay_free(value);
    assay_free(order);
    assay_free(sums);
    return status;
}
