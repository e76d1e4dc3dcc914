#include "ops/shared/decode.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

static void put_shape(char *out, size_t size, const assay_raw *raw)
{
    size_t used = 0;
    out[0] = '\0';
    for (int32_t d = 0; d < raw->rank && used + 24 < size; d++) {
        used += (size_t)snprintf(out + used, size - used, "%s%" PRId64, d > 0 ? ", " : "",
                                 raw->shape[d]);
    }
}

assay_status assay_decode_misfit(const assay_raw *raw, assay_error *err, const char *format, ...)
{
    char shape[160];
    char text[320];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    put_shape(shape, sizeof shape, raw);
    return assay_fail(err, ASSAY_EFORMAT, "output \"%s\" is [%s] for one image; %s",
                      raw->name != NULL ? raw->name : "?", shape, text);
}

assay_status assay_decode_expect(const assay_raw *raw, int32_t rank, const int64_t *shape,
                                 assay_error *err)
{
    char text[160] = "";
    size_t used = 0;
    bool fits = raw->rank == rank;
    for (int32_t d = 0; d < rank; d++) {
        fits = fits && (shape[d] < 0 || raw->shape[d] == shape[d]);
        if (used + 24 < sizeof text) {
            used += shape[d] < 0 ? (size_t)snprintf(text + used, sizeof text - used, "%sn",
                                                    d > 0 ? ", " : "")
                                 : (size_t)snprintf(text + used, sizeof text - used, "%s%" PRId64,
                                                    d > 0 ? ", " : "", shape[d]);
        }
    }
    return fits ? ASSAY_OK : assay_decode_misfit(raw, err, "expected [%s]", text);
}

double assay_decode_sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

int64_t assay_decode_best(const float *values, int64_t n, int64_t stride)
{
    int64_t best = 0;
    for (int64_t i = 0; i < n; i++) {
        float value = values[i * stride];
        if (isnan(value)) {
            return i;
        }
        best = value > values[best * stride] ? i : best;
    }
    return best;
}

const char *const assay_head_layouts[] = {"auto", "channels_first", "anchors_first", NULL};

/* Channels come first unless told otherwise; 0 channels = their number is not known. */
static bool channels_first(const assay_raw *raw, int64_t channels, int32_t layout)
{
    if (layout != ASSAY_HEAD_AUTO) {
        return layout == ASSAY_HEAD_CHANNELS_FIRST;
    }
    if (channels > 0 && raw->shape[0] != raw->shape[1]) {
        return raw->shape[1] != channels;
    }
    return raw->shape[0] <= raw->shape[1];
}

int64_t assay_head_channels(const assay_raw *raw, int32_t layout)
{
    int64_t first = raw->shape[0];
    int64_t second = raw->shape[1];
    /* Of two numbers that are not far apart either may be the channels. */
    if (layout == ASSAY_HEAD_AUTO &&
        (first < 0 || second < 0 || (first < 4 * second && second < 4 * first))) {
        return 0;
    }
    return channels_first(raw, 0, layout) ? first : second;
}

assay_status assay_head_open(assay_head *out, const assay_raw *raw, int64_t channels,
                             int32_t layout, assay_error *err)
{
    bool first = channels_first(raw, channels, layout);
    const int64_t shape[2] = {first ? channels : -1, first ? -1 : channels};
    ASSAY_TRY(assay_decode_expect(raw, 2, shape, err));
    int64_t anchors = first ? raw->shape[1] : raw->shape[0];
    *out = (assay_head){.data = raw->data,
                        .anchors = anchors,
                        .step = first ? anchors : 1,
                        .next = first ? 1 : channels};
    return ASSAY_OK;
}
