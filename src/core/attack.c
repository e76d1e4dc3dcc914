#include "core/attack.h"

#include <float.h>
#include <math.h>

#include "base/text.h"

static const char *const norm_names[ASSAY_NORMS] = {"linf", "l2", "l1", "l0"};

const char *assay_norm_name(assay_norm norm)
{
    return (unsigned)norm < ASSAY_NORMS ? norm_names[norm] : "unknown";
}

bool assay_norm_parse(assay_norm *out, const char *name)
{
    for (int norm = 0; norm < ASSAY_NORMS; norm++) {
        if (assay_text_equal(norm_names[norm], name)) {
            *out = (assay_norm)norm;
            return true;
        }
    }
    return false;
}

const char *assay_attack_access_name(assay_attack_access access)
{
    switch (access) {
    case ASSAY_ACCESS_LABELS:
        return "labels";
    case ASSAY_ACCESS_SCORES:
        return "scores";
    case ASSAY_ACCESS_GRADIENTS:
        return "gradients";
    }
    return "unknown";
}

/* Eight lanes in a fixed order: the compiler may use vectors, the bits stay. */
double assay_norm_distance(assay_norm norm, const float *x, const float *y, int64_t n)
{
    enum { LANES = 8 };
    double lane[LANES] = {0};
    for (int64_t first = 0; first < n; first += LANES) {
        int64_t count = n - first < LANES ? n - first : LANES;
        for (int64_t k = 0; k < count; k++) {
            double d = fabs((double)x[first + k] - (double)y[first + k]);
            switch (norm) {
            case ASSAY_NORM_LINF:
                lane[k] = d > lane[k] ? d : lane[k];
                break;
            case ASSAY_NORM_L2:
                lane[k] += d * d;
                break;
            case ASSAY_NORM_L1:
                lane[k] += d;
                break;
            default:
                lane[k] += d != 0.0 ? 1.0 : 0.0;
                break;
            }
        }
    }
    double all = lane[0];
    for (int k = 1; k < LANES; k++) {
        all = norm == ASSAY_NORM_LINF ? (lane[k] > all ? lane[k] : all) : all + lane[k];
    }
    return norm == ASSAY_NORM_L2 ? sqrt(all) : all;
}

int32_t assay_class_of(const float *scores, int32_t classes)
{
    int32_t best = 0;
    for (int32_t c = 1; c < classes; c++) {
        best = scores[c] > scores[best] ? c : best;
    }
    return best;
}

static double cross_entropy(const float *z, int32_t classes, int32_t label)
{
    int32_t best = assay_class_of(z, classes);
    double most = (double)z[best];
    double sum = 1.0; /* the best class's own */
    for (int32_t c = 0; c < classes; c++) {
        sum += c != best ? exp((double)z[c] - most) : 0.0;
    }
    return log(sum) + most - (double)z[label];
}

/* The four greatest logits, descending; -DBL_MAX where there are fewer classes. */
static void greatest(double top[4], const float *z, int32_t classes)
{
    for (int i = 0; i < 4; i++) {
        top[i] = -DBL_MAX;
    }
    for (int32_t c = 0; c < classes; c++) {
        double value = (double)z[c];
        for (int i = 0; i < 4; i++) {
            if (value > top[i]) {
                double lower = top[i];
                top[i] = value;
                value = lower;
            }
        }
    }
}

static double highest_other(const float *z, int32_t classes, int32_t label)
{
    double best = -INFINITY;
    for (int32_t c = 0; c < classes; c++) {
        if (c != label && (double)z[c] > best) {
            best = (double)z[c];
        }
    }
    return best;
}

double assay_loss_value(assay_loss_kind kind, const float *logits, int32_t classes, int32_t label,
                        int32_t other)
{
    double top[4];
    double right = (double)logits[label];
    switch (kind) {
    case ASSAY_LOSS_CROSS_ENTROPY:
        return cross_entropy(logits, classes, label);
    case ASSAY_LOSS_MARGIN:
        return highest_other(logits, classes, label) - right;
    case ASSAY_LOSS_LOGIT:
        return right;
    case ASSAY_LOSS_LOGIT_DIFFERENCE:
        return (double)logits[other] - right;
    case ASSAY_LOSS_DLR:
        greatest(top, logits, classes);
        return -(right - highest_other(logits, classes, label)) / (top[0] - top[2] + 1e-12);
    case ASSAY_LOSS_DLR_TARGETED:
        greatest(top, logits, classes);
        return -(right - (double)logits[other]) / (top[0] - (top[2] + top[3]) / 2.0 + 1e-12);
    }
    return NAN;
}

assay_points assay_attack_active(const assay_attack_block *block)
{
    return (assay_points){.n = block->n_active, .at = block->active};
}

int64_t assay_attack_left(const assay_attack_block *block, int64_t row)
{
    return block->budget > block->forwards[row] ? block->budget - block->forwards[row] : 0;
}

void assay_attack_compact(assay_attack_block *block)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < block->n_active; i++) {
        int32_t row = block->active[i];
        bool done = isfinite(block->eps) && block->fooled[row];
        if (!done && assay_attack_left(block, row) > 0) {
            block->active[kept++] = row;
        }
    }
    block->n_active = kept;
}

float *assay_attack_pixels(assay_attack_block *block, int64_t rows)
{
    return assay_arena_alloc(block->arena, (size_t)rows * (size_t)block->size, sizeof(float));
}

float *assay_attack_logits(assay_attack_block *block)
{
    return assay_arena_alloc(block->arena, (size_t)block->n * (size_t)block->classes,
                             sizeof(float));
}
