#include "core/preprocess_tensor.h"

#include <string.h>

/* One 8-bit value has 256 results per channel: computing those once and looking them up is exact by
 * construction and as fast as the arithmetic. */
typedef union value_table {
    uint8_t u8[3][256];
    uint16_t u16[3][256];
    uint32_t u32[3][256];
    uint64_t u64[3][256];
} value_table;

typedef struct scaling {
    float factor, divisor; /* divisor 0: multiply by factor */
    float mean, std;
    double factor64, divisor64, mean64, std64;
} scaling;

bool assay_tensor_is_integer(assay_dtype type)
{
    return type == ASSAY_DTYPE_U8 || type == ASSAY_DTYPE_I32 || type == ASSAY_DTYPE_I64;
}

static scaling scaling_of(const assay_preprocess *preprocess, int32_t channel)
{
    double divisor = preprocess->scale == 1.0 / 255.0   ? 255.0
                     : preprocess->scale == 1.0 / 127.5 ? 127.5
                                                        : 0.0;
    return (scaling){.factor = (float)preprocess->scale,
                     .divisor = (float)divisor,
                     .mean = (float)preprocess->mean[channel],
                     .std = (float)preprocess->std[channel],
                     .factor64 = preprocess->scale,
                     .divisor64 = divisor,
                     .mean64 = preprocess->mean[channel],
                     .std64 = preprocess->std[channel]};
}

static float value_f32(const scaling *s, float pixel)
{
    float x = s->divisor > 0.0F ? pixel / s->divisor : pixel * s->factor;
    return (x - s->mean) / s->std;
}

static double value_f64(const scaling *s, double pixel)
{
    double x = s->divisor64 > 0.0 ? pixel / s->divisor64 : pixel * s->factor64;
    return (x - s->mean64) / s->std64;
}

assay_status assay_preprocess_check_type(assay_dtype type, const assay_preprocess *preprocess,
                                         assay_error *err)
{
    bool plain = preprocess->scale == 1.0;
    for (int32_t c = 0; c < 3; c++) {
        plain = plain && preprocess->mean[c] == 0.0 && preprocess->std[c] == 1.0;
    }
    if (assay_tensor_is_integer(type) && !plain) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the model's input is %s and takes the pixel values themselves: declare "
                          "scale: 1, mean: 0 and std: 1 in its preprocessing",
                          assay_dtype_name(type));
    }
    return ASSAY_OK;
}

static uint32_t bits_of_float(float value)
{
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint64_t bits_of_double(double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void fill_table(value_table *table, assay_dtype type, int32_t channel, const scaling *s)
{
    for (uint32_t v = 0; v < 256; v++) {
        switch (type) {
        case ASSAY_DTYPE_U8:
            table->u8[channel][v] = (uint8_t)v;
            break;
        case ASSAY_DTYPE_F16:
            table->u16[channel][v] = assay_float_to_half(value_f32(s, (float)v));
            break;
        case ASSAY_DTYPE_F32:
            table->u32[channel][v] = bits_of_float(value_f32(s, (float)v));
            break;
        case ASSAY_DTYPE_I32:
            table->u32[channel][v] = v;
            break;
        case ASSAY_DTYPE_F64:
            table->u64[channel][v] = bits_of_double(value_f64(s, (double)v));
            break;
        default:
            table->u64[channel][v] = v;
            break;
        }
    }
}

/* One row of one channel: `from` steps by the image's channels, `to` by `stride` elements. */
#define ASSAY_LOOK_UP(name, element)                                                               \
    static void name(element *to, const element table[256], const uint8_t *from, int32_t n,        \
                     int32_t channels, int32_t stride)                                             \
    {                                                                                              \
        for (int32_t i = 0; i < n; i++) {                                                          \
            to[(size_t)i * (size_t)stride] = table[from[(size_t)i * (size_t)channels]];            \
        }                                                                                          \
    }
ASSAY_LOOK_UP(look_up_8, uint8_t)
ASSAY_LOOK_UP(look_up_16, uint16_t)
ASSAY_LOOK_UP(look_up_32, uint32_t)
ASSAY_LOOK_UP(look_up_64, uint64_t)

static void real_row(void *to, size_t first, assay_dtype type, const float *from, int32_t n,
                     int32_t channels, int32_t stride, const scaling *s, bool direct)
{
    for (int32_t i = 0; i < n; i++) {
        float pixel = from[(size_t)i * (size_t)channels];
        size_t place = first + (size_t)i * (size_t)stride;
        if (type == ASSAY_DTYPE_F64) {
            double x = (double)pixel;
            ((double *)to)[place] = direct ? (x - s->mean64) / s->std64 : value_f64(s, x * 255.0);
        } else {
            float x = direct ? (pixel - s->mean) / s->std : value_f32(s, pixel * 255.0F);
            if (type == ASSAY_DTYPE_F16) {
                ((uint16_t *)to)[place] = assay_float_to_half(x);
            } else {
                ((float *)to)[place] = x;
            }
        }
    }
}

static void table_row(void *to, size_t first, size_t size, const value_table *table, int32_t c,
                      const uint8_t *from, int32_t n, int32_t channels, int32_t stride)
{
    switch (size) {
    case 1:
        look_up_8((uint8_t *)to + first, table->u8[c], from, n, channels, stride);
        break;
    case 2:
        look_up_16((uint16_t *)to + first, table->u16[c], from, n, channels, stride);
        break;
    case 4:
        look_up_32((uint32_t *)to + first, table->u32[c], from, n, channels, stride);
        break;
    default:
        look_up_64((uint64_t *)to + first, table->u64[c], from, n, channels, stride);
        break;
    }
}

assay_status assay_region_to_tensor(void *out, assay_dtype type, const assay_region *region,
                                    const assay_preprocess *preprocess, assay_error *err)
{
    int32_t channels = region->image->channels;
    bool integer = assay_tensor_is_integer(type);
    if (!integer && type != ASSAY_DTYPE_F16 && type != ASSAY_DTYPE_F32 && type != ASSAY_DTYPE_F64) {
        return assay_fail(err, ASSAY_EUNSUPPORTED, "images cannot be given as %s",
                          assay_dtype_name(type));
    }
    ASSAY_TRY(assay_preprocess_check_type(type, preprocess, err));
    value_table table;
    scaling scalings[3];
    bool is_float = region->image->type == ASSAY_PIXEL_F32;
    bool direct = preprocess->scale == 1.0 / 255.0;
    for (int32_t c = 0; c < channels; c++) {
        scalings[c] = scaling_of(preprocess, c);
        if (!is_float) {
            fill_table(&table, type, c, &scalings[c]);
        }
    }
    bool last = preprocess->layout == ASSAY_LAYOUT_NHWC;
    size_t plane = (size_t)region->width * (size_t)region->height;
    int32_t stride = last ? channels : 1;
    for (int32_t y = 0; y < region->height; y++) {
        for (int32_t c = 0; c < channels; c++) {
            int32_t source = preprocess->color == ASSAY_COLOR_BGR ? channels - 1 - c : c;
            size_t row = (size_t)y * (size_t)region->width;
            size_t first = last ? row * (size_t)channels + (size_t)c : (size_t)c * plane + row;
            const uint8_t *from = assay_region_row(region, y);
            if (is_float) {
                real_row(out, first, type, (const float *)(const void *)from + source,
                         region->width, channels, stride, &scalings[c], direct);
            } else {
                table_row(out, first, assay_dtype_size(type), &table, c, from + source,
                          region->width, channels, stride);
            }
        }
    }
    return ASSAY_OK;
}
