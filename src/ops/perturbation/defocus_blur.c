#include <math.h>
#include <string.h>

#include "base/error.h"
#include "core/op.h"
#include "core/perturbation.h"
#include "ops/shared/filter.h"

enum { RADIUS_MOST = 50, GRID_LEAST = 8 };

static const double LEAST = 1e-9; /* smaller weights are left out */

typedef struct params {
    double radius;
    double alias;
} params;

/* Separable smoothing of the kernel itself with taps w[0], w[1], ... on both sides, mirrored at the
 * edge of its grid; along rows with step 1, along columns with step `side`. */
static void soften(double *to, const double *from, int32_t side, int32_t across, int32_t along,
                   const double *w, int32_t reach)
{
    for (int32_t i = 0; i < side; i++) {
        for (int32_t j = 0; j < side; j++) {
            double sum = 0.0;
            for (int32_t k = -reach; k <= reach; k++) {
                int32_t at = assay_border_index(ASSAY_BORDER_MIRROR, j + k, side);
                sum += w[k < 0 ? -k : k] * from[i * across + at * along];
            }
            to[i * across + j * along] = sum;
        }
    }
}

/* `spare` is overwritten too. */
static void make_disk(double *kernel, double *spare, int32_t grid, double radius, double alias)
{
    int32_t side = 2 * grid + 1;
    int32_t reach = radius <= GRID_LEAST ? 1 : 2;
    double weights[3];
    double inside = 0.0;

    for (int32_t y = -grid, i = 0; y <= grid; y++) {
        for (int32_t x = -grid; x <= grid; x++, i++) {
            spare[i] = (double)x * x + (double)y * y <= radius * radius ? 1.0 : 0.0;
            inside += spare[i];
        }
    }
    for (int32_t i = 0; i < side * side; i++) {
        spare[i] /= inside;
    }
    assay_filter_gaussian(weights, reach, alias);
    soften(kernel, spare, side, side, 1, weights, reach);
    soften(spare, kernel, side, 1, side, weights, reach);
    memcpy(kernel, spare, (size_t)side * (size_t)side * sizeof *kernel);
}

/* The lower right quarter of the kernel as far as it reaches; returns that reach. */
static int32_t cut_quarter(double *quarter, const double *kernel, int32_t grid)
{
    const double *centre = kernel + (size_t)grid * (size_t)(2 * grid + 2);
    int32_t reach = 0;

    for (int32_t k = 1; k <= grid; k++) {
        reach = centre[k] < LEAST ? reach : k; /* along its axis it reaches furthest */
    }
    for (int32_t y = 0; y <= reach; y++) {
        for (int32_t x = 0; x <= reach; x++) {
            double weight = centre[y * (2 * grid + 1) + x];
            *quarter++ = weight < LEAST ? 0.0 : weight;
        }
    }
    return reach;
}

static assay_status apply(assay_image *out, const assay_image *in, const void *raw, assay_rng *rng,
                          assay_arena *scratch, assay_error *err)
{
    const params *p = raw;
    double alias = p->alias > 0.0 ? p->alias : p->radius <= 3.0 ? 0.1 : 0.5;
    int32_t grid = p->radius <= GRID_LEAST ? GRID_LEAST : (int32_t)ceil(p->radius);
    size_t size = (size_t)(2 * grid + 1) * (size_t)(2 * grid + 1);

    (void)rng;
    if (p->radius == 0.0) {
        return assay_image_copy(out, in, err);
    }
    double *disk = assay_arena_alloc(scratch, size, sizeof *disk);
    double *room = assay_arena_alloc(scratch, size, sizeof *room);
    if (!disk || !room) {
        return assay_fail_memory(err);
    }
    make_disk(disk, room, grid, p->radius, alias);
    int32_t reach = cut_quarter(room, disk, grid);
    return assay_filter_quarter(out, in, room, reach, ASSAY_BORDER_MIRROR, scratch, err);
}

static const assay_param param_list[] = {
    ASSAY_REAL(params, radius, 3.0, 0.0, RADIUS_MOST, "px", "Radius of the disk."),
    ASSAY_REAL(params, alias, 0.0, 0.0, 5.0, "px",
               "Standard deviation of the Gaussian that softens the edge of the disk; 0 takes "
               "ImageNet-C's: 0.1 up to a radius of 3, 0.5 above."),
};

static const char *const examples[] = {
    "assay predict --model digits.onnx --data digits.csv --perturb defocus_blur:radius=2",
    "sweeps: {focus: {data: field, perturbation: defocus_blur, severity: [1, 2, 3, 4, 5]}}",
    NULL,
};

static const assay_perturbation shape = {
    .apply = apply,
    .severity_param = "radius",
    .severities = {3.0, 4.0, 6.0, 8.0, 10.0},
    .identity = 0.0,
    .has_identity = 1,
};

extern const assay_op assay_op_perturbation_defocus_blur;
const assay_op assay_op_perturbation_defocus_blur = {
    .kind = ASSAY_OP_PERTURBATION,
    .revision = 1,
    .name = "defocus_blur",
    .title = "Defocus blur",
    .summary = "Spreads every point into a disk, as a lens set to the wrong distance does.",
    .description =
        "The image is correlated with a disk: pixels (x, y) with x^2 + y^2 <= radius^2 have "
        "equal weights, which a Gaussian of `alias` px on 3 x 3 pixels (5 x 5 above a radius "
        "of 8) softens; the weights sum to 1. The grid of the kernel reaches to 8 px, or to "
        "the radius rounded up when that is more, and mirrors there while it is softened, as "
        "in ImageNet-C. The image is mirrored at its border without repeating the edge pixel. "
        "Colour channels are filtered one by one, alpha is kept.\n\n"
        "Sums are in single precision; weights below 1e-9 are left out. Integer images are "
        "rounded to the nearest level, halves up; float images are not clipped.\n\n"
        "Severities 1 to 5 are those of ImageNet-C, tuned for 224 px photographs: radius 3, "
        "4, 6, 8, 10 px with alias 0.1 for the first and 0.5 for the others, which is what "
        "alias = 0 stands for. For small images give both: CIFAR-10-C (32 px) has radius, "
        "alias = (0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1) and Tiny-ImageNet-C "
        "(64 px) (0.5, 0.6), (1, 0.1), (1.5, 0.1), (2.5, 0.01), (3, 0.1). radius = 0 changes "
        "nothing.",
    .citation =
        "D. Hendrycks, T. Dietterich, \"Benchmarking neural network robustness to common "
        "corruptions and perturbations\", ICLR 2019, arXiv:1903.12261; kernel: cv2.GaussianBlur "
        "and cv2.filter2D, OpenCV 5.0",
    .since = "0.1.0",
    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .perturbation = &shape,
};
