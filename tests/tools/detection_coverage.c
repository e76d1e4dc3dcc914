/* detection_coverage [SIMULATIONS]: how often intervals of detection measures hold the true value. Images
 * are drawn from a population in which easy and hard images differ (so that what stands in one image
 * depends on each other), and evaluated as always; the true values come from 60,000 images. For
 * docs/detection.md. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/rng.h"
#include "core/detection_measure.h"

enum { CLASSES = 5, MOST_OBJECTS = 24, POPULATION = 60000, MEASURES = 5, SCENE = 5 };

typedef struct sample {
    assay_coco_truth truth;
    assay_coco_rows results;
    int64_t *cluster;
} sample;

static const double share[CLASSES] = {0.5, 0.25, 0.13, 0.08, 0.04};

static void *take(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (p == NULL) {
        abort();
    }
    return p;
}

static void rows_init(assay_coco_rows *r, size_t room)
{
    r->id = take(room, sizeof *r->id);
    r->image = take(room, sizeof *r->image);
    r->category = take(room, sizeof *r->category);
    r->box = take(room, 4 * sizeof *r->box);
    r->area = take(room, sizeof *r->area);
    r->score = take(room, sizeof *r->score);
    r->crowd = take(room, 1);
    r->has = take(room, 1);
    r->flags = take(room, 1);
}

static void rows_free(const assay_coco_rows *r)
{
    void *all[] = {r->id,    r->image, r->category, r->box,  r->area,
                   r->score, r->crowd, r->has,      r->flags};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        free(all[i]);
    }
}

static void put(assay_coco_rows *r, int64_t image, int label, double x, double y, double side,
                double score)
{
    int64_t n = r->n++;
    r->id[n] = n + 1;
    r->image[n] = image;
    r->category[n] = label;
    r->box[4 * n] = x;
    r->box[4 * n + 1] = y;
    r->box[4 * n + 2] = r->box[4 * n + 3] = side;
    r->area[n] = side * side;
    r->score[n] = score;
    r->has[n] = ASSAY_COCO_BOX | ASSAY_COCO_AREA | ASSAY_COCO_CROWD;
}

static int label_of(assay_rng *rng)
{
    double u = assay_rng_uniform(rng);
    int k = 0;
    while (k + 1 < CLASSES && u >= share[k]) {
        u -= share[k++];
    }
    return k + 1;
}

/* Objects stand in a row; a detection is moved so that it has a given overlap. Images of one scene share
 * most of their difficulty. */
static void draw_image(sample *s, int64_t i, uint64_t seed, bool scenes)
{
    assay_rng rng = assay_rng_stream(seed, 1, (uint64_t)i);
    assay_rng scene = assay_rng_stream(seed, 2, (uint64_t)(i / SCENE));
    double own = assay_rng_normal(&rng);
    double shared = assay_rng_normal(&scene);
    double ease = scenes ? 0.9 * shared + 0.436 * own : own;
    int64_t objects = assay_rng_poisson(&rng, 4.0);
    objects = objects < MOST_OBJECTS ? objects : MOST_OBJECTS;
    for (int64_t k = 0; k < objects; k++) {
        int label = label_of(&rng);
        double x = 300.0 * (double)k;
        double side = 20.0 + 120.0 * assay_rng_uniform(&rng);
        put(&s->truth.objects, i + 1, label, x, 0.0, side, 0.0);
        double found = 1.0 / (1.0 + exp(-(0.9 + ease)));
        double u = assay_rng_uniform(&rng);
        double v = assay_rng_uniform(&rng);
        double noise = assay_rng_normal(&rng);
        if (u < found) {
            double iou = 0.45 + 0.5 * pow(v, 1.0 / (1.0 + exp(0.5 * ease)));
            double shift = side * (1.0 - iou) / (1.0 + iou);
            put(&s->results, i + 1, label, x + shift, 0.0, side,
                1.0 / (1.0 + exp(-(0.6 + 0.5 * ease + 2.0 * (iou - 0.7) + noise))));
        }
    }
    int64_t alarms = assay_rng_poisson(&rng, exp(0.3 - 0.5 * ease));
    for (int64_t k = 0; k < alarms && k < MOST_OBJECTS; k++) {
        int label = label_of(&rng);
        put(&s->results, i + 1, label, 300.0 * (double)k, 500.0, 40.0,
            1.0 / (1.0 + exp(-(-0.8 - 0.3 * ease + assay_rng_normal(&rng)))));
    }
}

static void draw(sample *s, int64_t images, uint64_t seed, bool scenes)
{
    static char names[CLASSES][2] = {"a", "b", "c", "d", "e"};
    size_t n = (size_t)images;
    *s = (sample){0};
    s->truth.n_images = images;
    s->truth.image_id = take(n, sizeof *s->truth.image_id);
    s->truth.image_height = take(n, sizeof(int32_t));
    s->truth.image_width = take(n, sizeof(int32_t));
    s->truth.image_file = take(n, sizeof(char *));
    s->cluster = take(n, sizeof *s->cluster);
    s->truth.n_categories = CLASSES;
    s->truth.category_id = take(CLASSES, sizeof(int64_t));
    s->truth.category_name = take(CLASSES, sizeof(char *));
    for (int k = 0; k < CLASSES; k++) {
        s->truth.category_id[k] = k + 1;
        s->truth.category_name[k] = names[k];
    }
    rows_init(&s->truth.objects, n * MOST_OBJECTS + 1);
    rows_init(&s->results, 2 * n * MOST_OBJECTS + 1);
    for (int64_t i = 0; i < images; i++) {
        s->truth.image_id[i] = i + 1;
        s->cluster[i] = i / SCENE;
        draw_image(s, i, seed, scenes);
    }
}

static void release(const sample *s)
{
    rows_free(&s->truth.objects);
    rows_free(&s->results);
    free(s->truth.image_id);
    free(s->truth.image_height);
    free(s->truth.image_width);
    free((void *)s->truth.image_file);
    free(s->truth.category_id);
    free((void *)s->truth.category_name);
    free(s->cluster);
}

static const struct {
    const char *metric, *text;
    int nth; /* of the measures with this name over all classes, or of class a */
    bool of_class;
} wanted[MEASURES] = {{"coco_average_precision", "AP", 0, false},
                      {"coco_average_precision", "AP50", 1, false},
                      {"coco_average_precision", "AP of the commonest class", 0, true},
                      {"detection_f1", "F1 at a confidence of 0.5", 0, false},
                      {"tide_missed", "TIDE, missed", 0, false}};

static void measure(double value[MEASURES], double low[MEASURES], double high[MEASURES],
                    const sample *s, int64_t replicates, uint64_t seed, bool clusters)
{
    assay_arena *arena = NULL;
    assay_result result;
    assay_detection_summary summary;
    assay_error err = {0};
    const assay_detection_request request = {
        .analyses = ASSAY_ANALYSE_CLASSES | ASSAY_ANALYSE_OPERATION | ASSAY_ANALYSE_ERRORS,
        .has_confidence = true,
        .confidence = 0.5,
        .cluster = clusters ? s->cluster : NULL,
        .replicates = replicates,
        .seed = seed,
        .threads = 1};
    if (assay_arena_new(&arena, (size_t)1 << 32, &err) != ASSAY_OK) {
        abort();
    }
    assay_result_init(&result, arena);
    if (assay_detection_measure(&result, &summary, &s->truth, &s->results, &request, &err) !=
        ASSAY_OK) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    for (int k = 0; k < MEASURES; k++) {
        int nth = wanted[k].nth;
        for (int64_t i = 0; i < result.n_measures; i++) {
            const assay_measure *m = &result.measures[i];
            bool own = m->class_name != NULL && m->class_name[0] == 'a';
            if (strcmp(m->metric, wanted[k].metric) == 0 &&
                (wanted[k].of_class ? own : m->class_name == NULL) && nth-- == 0) {
                value[k] = m->value;
                low[k] = m->low;
                high[k] = m->high;
            }
        }
    }
    assay_arena_free(arena);
}

int main(int argc, char **argv)
{
    int simulations = argc > 1 ? atoi(argv[1]) : 200;
    static const struct {
        int images;
        bool scenes, clusters;
    } settings[] = {{50, false, false},
                    {200, false, false},
                    {1000, false, false},
                    {200, true, false},
                    {200, true, true}};
    double low[MEASURES];
    double high[MEASURES];
    double truth[2][MEASURES];
    for (int scenes = 0; scenes < 2; scenes++) {
        sample s;
        draw(&s, POPULATION, 1, scenes);
        measure(truth[scenes], low, high, &s, -1, 1, false);
        release(&s);
    }
    printf("| Images | Resampled | Measure | True value | Mean estimate | Coverage |\n"
           "|---|---|---|---:|---:|---:|\n");
    for (size_t k = 0; k < sizeof settings / sizeof *settings; k++) {
        double mean[MEASURES] = {0};
        int held[MEASURES] = {0};
        const double *real = truth[settings[k].scenes];
        for (int i = 0; i < simulations; i++) {
            sample s;
            double value[MEASURES];
            draw(&s, settings[k].images, 1000 + (uint64_t)i, settings[k].scenes);
            measure(value, low, high, &s, 400, (uint64_t)i + 1, settings[k].clusters);
            for (int m = 0; m < MEASURES; m++) {
                held[m] += low[m] <= real[m] && real[m] <= high[m];
                mean[m] += value[m] / simulations;
            }
            release(&s);
        }
        for (int m = 0; m < MEASURES; m++) {
            double p = (double)held[m] / simulations;
            printf("| %d%s | %s | %s | %.4f | %.4f | %.3f ± %.3f |\n", settings[k].images,
                   settings[k].scenes ? ", in scenes of 5" : "",
                   settings[k].clusters ? "scenes" : "images", wanted[m].text, real[m], mean[m], p,
                   sqrt(p * (1 - p) / simulations));
        }
        fflush(stdout);
    }
    return 0;
}
