#include <string.h>

#include "core/attack_internal.h"
#include "core/preprocess_tensor.h"

/* The same arithmetic as assay_preprocess_run on float images, so that what is attacked is what is
 * deployed, bit for bit. */
typedef struct channel_scale {
    float factor, divisor; /* divisor 0: multiply by factor; both 0: the pixel itself */
    float mean, std;
} channel_scale;

static channel_scale scale_of(const assay_preprocess *p, int32_t channel)
{
    channel_scale s = {.mean = (float)p->mean[channel], .std = (float)p->std[channel]};
    if (p->scale == 1.0 / 127.5) {
        s.divisor = 127.5F;
    } else if (p->scale != 1.0 / 255.0) {
        s.factor = (float)p->scale;
    }
    return s;
}

static float scaled(const channel_scale *s, float pixel)
{
    float x = s->divisor > 0.0F   ? pixel * 255.0F / s->divisor
              : s->factor != 0.0F ? pixel * 255.0F * s->factor
                                  : pixel;
    return (x - s->mean) / s->std;
}

static float to_level(float pixel)
{
    float level = pixel * 255.0F + 0.5F;
    return level <= 0.0F ? 0.0F : level >= 255.0F ? 255.0F : (float)(int32_t)level;
}

static double scaled_double(const assay_preprocess *p, int32_t channel, float pixel)
{
    double x = p->scale == 1.0 / 255.0   ? (double)pixel
               : p->scale == 1.0 / 127.5 ? (double)pixel * 255.0 / 127.5
                                         : (double)pixel * 255.0 * p->scale;
    return (x - p->mean[channel]) / p->std[channel];
}

static void put_float(float *to, const float *from, int64_t plane, int64_t stride,
                      const channel_scale *s)
{
    if (stride == 1 && s->divisor == 0.0F && s->factor == 0.0F && s->mean == 0.0F &&
        s->std == 1.0F) {
        memcpy(to, from, (size_t)plane * sizeof *to);
        return;
    }
    for (int64_t k = 0; k < plane; k++) {
        to[k * stride] = scaled(s, from[k]);
    }
}

static void put_other(void *tensor, int64_t first, const float *from, int64_t plane, int64_t stride,
                      const assay_model *model, int32_t channel)
{
    channel_scale s = scale_of(&model->spec.preprocess, channel);
    for (int64_t k = 0; k < plane; k++) {
        int64_t place = first + k * stride;
        switch (model->input_type) {
        case ASSAY_DTYPE_F64:
            ((double *)tensor)[place] = scaled_double(&model->spec.preprocess, channel, from[k]);
            break;
        case ASSAY_DTYPE_F16:
            ((uint16_t *)tensor)[place] = assay_float_to_half(scaled(&s, from[k]));
            break;
        case ASSAY_DTYPE_U8:
            ((uint8_t *)tensor)[place] = (uint8_t)to_level(from[k]);
            break;
        case ASSAY_DTYPE_I32:
            ((int32_t *)tensor)[place] = (int32_t)to_level(from[k]);
            break;
        default:
            ((int64_t *)tensor)[place] = (int64_t)to_level(from[k]);
            break;
        }
    }
}

static int32_t source_of(const assay_model *model, int32_t channel)
{
    return model->spec.preprocess.color == ASSAY_COLOR_BGR ? model->channels - 1 - channel
                                                           : channel;
}

void assay_attack_to_tensor(void *tensor, int64_t i, const assay_model *model, const float *pixels)
{
    bool last = model->spec.preprocess.layout == ASSAY_LAYOUT_NHWC;
    int64_t plane = (int64_t)model->height * model->width;
    int64_t stride = last ? model->channels : 1;
    for (int32_t c = 0; c < model->channels; c++) {
        const float *from = pixels + source_of(model, c) * plane;
        int64_t first = i * plane * model->channels + (last ? c : c * plane);
        if (model->input_type == ASSAY_DTYPE_F32) {
            channel_scale s = scale_of(&model->spec.preprocess, c);
            put_float((float *)tensor + first, from, plane, stride, &s);
        } else {
            put_other(tensor, first, from, plane, stride, model, c);
        }
    }
}

void assay_attack_from_tensor(float *out, const float *gradient, int64_t i,
                              const assay_model *model, float weight)
{
    const assay_preprocess *p = &model->spec.preprocess;
    bool last = p->layout == ASSAY_LAYOUT_NHWC;
    int64_t plane = (int64_t)model->height * model->width;
    int64_t stride = last ? model->channels : 1;
    double scale = p->scale == 1.0 / 255.0 ? 1.0 : p->scale * 255.0;
    for (int32_t c = 0; c < model->channels; c++) {
        float *to = out + source_of(model, c) * plane;
        const float *from = gradient + i * plane * model->channels + (last ? c : c * plane);
        float slope = (float)(scale / p->std[c]) * weight;
        for (int64_t k = 0; stride == 1 && k < plane; k++) {
            to[k] += slope * from[k];
        }
        for (int64_t k = 0; stride != 1 && k < plane; k++) {
            to[k] += slope * from[k * stride];
        }
    }
}

assay_status assay_attack_to_image(assay_image *out, const float *pixels, int32_t channels,
                                   int32_t height, int32_t width, assay_error *err)
{
    int64_t plane = (int64_t)height * width;
    ASSAY_TRY(assay_image_new(out, width, height, channels, ASSAY_PIXEL_U8, err));
    uint8_t *to = out->data;
    for (int64_t k = 0; k < plane; k++) {
        for (int32_t c = 0; c < channels; c++) {
            to[k * channels + c] = (uint8_t)to_level(pixels[c * plane + k]);
        }
    }
    return ASSAY_OK;
}
