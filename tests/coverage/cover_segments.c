/* Measures of segmentations: ratios of sums over images, averaged over classes. Images, or the scenes that they come
 * from, are resampled. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "core/segment_sample.h"
#include "coverage/coverage.h"

enum { CLASSES = 4, MOST_IMAGES = 400, MOST_SCENE = 8, MEASURES = 4, POPULATION = 400000 };

/* What is drawn: images of scenes; how alike the images of a scene are. */
typedef struct world {
    int64_t scenes;
    int most_images; /* of a scene: 1 to this */
    double alike;    /* share of an image's difficulty that its scene decides */
} world;

typedef struct sample {
    int64_t n, first[MOST_IMAGES + 1], scene[MOST_IMAGES];
    assay_segment_row rows[MOST_IMAGES * (CLASSES + 1)];
} sample;

static double logistic(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

/* Frequent and rare, easy and hard classes. */
static const double occurs[CLASSES] = {1.0, 0.7, 0.5, 0.3};
static const double ease[CLASSES] = {3.0, 2.0, 1.2, 1.5};

/* Pixels of one class in one image that is `hard`. */
static assay_segment_counts pixels(int k, double hard, assay_rng *rng)
{
    double truth = exp(7.0 + 1.2 * assay_rng_normal(rng));
    double found = logistic(ease[k] - hard + 0.7 * assay_rng_normal(rng));
    double false_share = 0.6 * logistic(hard - 1.0 + 0.7 * assay_rng_normal(rng));
    int64_t both = llround(truth * found);
    return (assay_segment_counts){.class_index = k,
                                  .truth = llround(truth),
                                  .predicted = both + llround(truth * false_share),
                                  .both = both};
}

/* Segments of one class: found with a better or worse outline, missed, or seen where nothing is. */
static assay_panoptic_counts segments(int k, double hard, assay_rng *rng)
{
    assay_panoptic_counts c = {.class_index = k};
    int64_t n = 1 + assay_rng_poisson(rng, 2.0);
    for (int64_t i = 0; i < n; i++) {
        if (assay_rng_uniform(rng) < logistic(ease[k] - hard)) {
            c.found++;
            c.overlap += 0.5 + 0.5 * logistic(1.5 - hard + assay_rng_normal(rng));
        } else {
            c.missed++;
        }
    }
    c.false_alarms = (int32_t)assay_rng_poisson(rng, 0.6 * exp(0.5 * hard));
    return c;
}

static void add_image(sample *s, double hard, bool panoptic, assay_rng *rng)
{
    assay_segment_counts counts[CLASSES];
    int32_t n = 0;
    assay_segment_row *next = &s->rows[s->first[s->n]];
    for (int k = 0; k < CLASSES; k++) {
        if (assay_rng_uniform(rng) >= occurs[k]) {
            continue;
        }
        if (panoptic) {
            const assay_panoptic_counts c = segments(k, hard, rng);
            assay_segment_row_panoptic(next++, &c);
        } else {
            counts[n] = pixels(k, hard, rng);
            assay_segment_row_semantic(next++, &counts[n++]);
        }
    }
    if (!panoptic && assay_segment_row_image(next, counts, n, CLASSES)) {
        next++;
    }
    s->first[++s->n] = next - s->rows;
}

static void draw_scene(sample *s, const world *w, int64_t scene, bool panoptic, assay_rng *rng)
{
    double common = assay_rng_normal(rng);
    int64_t images = 1 + (int64_t)assay_rng_below(rng, (uint64_t)w->most_images);
    for (int64_t i = 0; i < images; i++) {
        double own = assay_rng_normal(rng);
        s->scene[s->n] = scene;
        add_image(s, sqrt(w->alike) * common + sqrt(1.0 - w->alike) * own, panoptic, rng);
    }
}

static assay_segment_sample view(const sample *s, bool panoptic, bool clustered)
{
    static const uint8_t things[CLASSES] = {1, 1, 1, 1};
    return (assay_segment_sample){.kind =
                                      panoptic ? &assay_segment_panoptic : &assay_segment_semantic,
                                  .classes = CLASSES,
                                  .is_thing = things,
                                  .n = s->n,
                                  .first = s->first,
                                  .rows = s->rows,
                                  .cluster = clustered ? s->scene : NULL};
}

/* The measures of interest: mean IoU, mean Dice, mean IoU of images; panoptic quality. */
static void pick(double out[MEASURES], const double *semantic, const double *panoptic)
{
    out[0] = semantic[ASSAY_SEGMENT_MEAN_IOU];
    out[1] = semantic[ASSAY_SEGMENT_MEAN_DICE];
    out[2] = semantic[ASSAY_SEGMENT_IMAGE_IOU];
    out[3] = panoptic[0];
}

/* From sums over a population so large that its own error is small beside an interval. */
static void truth_of(double out[MEASURES], const world *w)
{
    static double sums[2][(CLASSES + 1) * ASSAY_SEGMENT_WIDTH];
    static double part[(CLASSES + 1) * ASSAY_SEGMENT_WIDTH];
    static sample s;
    double overall[2][ASSAY_SEGMENT_OVERALL];
    memset(sums, 0, sizeof sums);
    for (int panoptic = 0; panoptic < 2; panoptic++) {
        assay_rng rng = stream("segments, population", panoptic);
        const assay_segment_sample v = view(&s, panoptic == 1, false);
        assay_segment_sample now = v;
        for (int64_t images = 0; images < POPULATION; images += s.n) {
            s.n = 0;
            while (s.n + MOST_SCENE <= MOST_IMAGES) {
                draw_scene(&s, w, 0, panoptic == 1, &rng);
            }
            now.n = s.n;
            assay_segment_sum(part, &now);
            for (int i = 0; i < (CLASSES + 1) * ASSAY_SEGMENT_WIDTH; i++) {
                sums[panoptic][i] += part[i];
            }
        }
        v.kind->finish(overall[panoptic], NULL, sums[panoptic], &v);
    }
    pick(out, overall[0], overall[1]);
}

static void count(int64_t covered[MEASURES], int64_t marked[MEASURES], const sample *s,
                  bool panoptic, bool clustered, const double truth[MEASURES], uint64_t seed)
{
    static const char *const names[CLASSES] = {"a", "b", "c", "d"};
    static const char *const wanted[] = {"mean_iou", "mean_dice", "mean_image_iou",
                                         "panoptic_quality", NULL};
    const assay_segment_sample v = view(s, panoptic, clustered);
    const assay_segment_request request = {
        .level = 0.95, .replicates = 400, .seed = seed, .threads = 1, .metrics = wanted};
    assay_arena *arena = NULL;
    must(assay_arena_new(&arena, 0, NULL));
    assay_result result = {.arena = arena};
    must(assay_segment_measure(&result, &v, names, &request, NULL));
    for (int i = 0; i < MEASURES; i++) {
        for (int64_t m = 0; m < result.n_measures; m++) {
            const assay_measure *one = &result.measures[m];
            if (strcmp(one->metric, wanted[i]) == 0 && one->class_name == NULL) {
                covered[i] += one->low <= truth[i] && truth[i] <= one->high;
                marked[i] += assay_measure_caution(one) != NULL;
                break; /* of panoptic quality the first one is over all classes */
            }
        }
    }
    assay_arena_free(arena);
}

static void table_of(coverage *c, const world *w, bool clustered, promise what, double slack)
{
    static const char *const names[MEASURES] = {"mean IoU", "mean Dice", "mean IoU of the images",
                                                "panoptic quality"};
    static sample s;
    int64_t runs = c->full ? 4000 : 100;
    int64_t covered[MEASURES] = {0}, marked[MEASURES] = {0};
    double truth[MEASURES];
    truth_of(truth, w);
    for (int64_t run = 0; run < runs; run++) {
        for (int panoptic = 0; panoptic < 2; panoptic++) {
            assay_rng rng = stream("segments", run * 2 + panoptic);
            s.n = 0;
            for (int64_t scene = 0; scene < w->scenes; scene++) {
                draw_scene(&s, w, scene, panoptic == 1, &rng);
            }
            count(covered, marked, &s, panoptic == 1, clustered, truth, (uint64_t)run);
        }
    }
    for (int i = 0; i < MEASURES; i++) {
        row r = {.method = clustered            ? "Bootstrap of scenes"
                           : w->most_images > 1 ? "Bootstrap of images, scenes ignored"
                                                : "Bootstrap of images",
                 .nominal = 0.95,
                 .promise = what,
                 .slack = slack};
        double share = 100.0 * (double)marked[i] / (double)runs;
        if (w->most_images > 1) {
            (void)snprintf(r.setting, sizeof r.setting,
                           "%s, %" PRId64 " scenes of 1 to %d images; %.0f %% with a caution",
                           names[i], w->scenes, w->most_images, share);
        } else {
            (void)snprintf(r.setting, sizeof r.setting,
                           "%s, %" PRId64 " images; %.0f %% with a caution", names[i], w->scenes,
                           share);
        }
        row_count(&r, covered[i], runs);
        row_end(c, &r);
    }
}

void cover_segments(coverage *c)
{
    section("Segmentations",
            "Four classes, frequent and rare, with pixels that differ greatly from image to image; "
            "an image is "
            "easy or hard as a whole, and with scenes half of that is the scene's. The intervals "
            "are those of "
            "`assay evaluate` and plans (400 replicates); the truth comes from 400,000 images.");
    const world few = {30, 1, 0.0};
    const world many = {200, 1, 0.0};
    const world scenes = {40, MOST_SCENE, 0.5};
    table_of(c, &few, false, ABOUT, 0.07);
    if (c->full) {
        table_of(c, &many, false, ABOUT, 0.04);
    }
    table_of(c, &scenes, true, ABOUT, 0.04);
    table_of(c, &scenes, false, BROKEN, 0.02);
}
