/* coco_arrays TRUTH RESULTS bbox|segm|keypoints CONVENTION CAPS OUT: the arrays and statistics of an
 * evaluation as raw doubles (precision, recall, scores, statistics), for tests/oracle/coco.py and
 * conventions.py. CAPS is "-" for those of the convention; more settings as KEY=VALUE after OUT: iou,
 * areas, recalls, max (without the rule that AP is undefined), sigmas, pixel, hierarchy (a file; with
 * "+" before it results are of the broader classes too). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/detection.h"
#include "core/hierarchy_expand.h"

static assay_status read_stdio(void *context, void *to, size_t room, size_t *got, assay_error *err)
{
    (void)err;
    *got = fread(to, 1, room, context);
    return ASSAY_OK;
}

static assay_status load(assay_coco_truth **truth, assay_coco_rows **results, char **argv,
                         const assay_protocol *protocol, assay_error *err)
{
    assay_coco_options options = {.masks = protocol->iou == ASSAY_IOU_MASK,
                                  .keypoints = protocol->iou == ASSAY_IOU_KEYPOINTS};
    FILE *file = fopen(argv[1], "rb");
    if (file == NULL) {
        return ASSAY_EIO;
    }
    assay_status status = assay_coco_read_truth(truth, read_stdio, file, &options, err);
    fclose(file);
    file = status == ASSAY_OK ? fopen(argv[2], "rb") : NULL;
    if (file == NULL) {
        return status != ASSAY_OK ? status : ASSAY_EIO;
    }
    options.masks = true;
    status = assay_coco_read_results(results, read_stdio, file, &options, err);
    fclose(file);
    return status;
}

/* [class][area][cap][threshold][recall] in the order of pycocotools, [threshold][recall][class][area][cap] */
static void put_transposed(FILE *file, const assay_coco_arrays *a, const double *values)
{
    for (int64_t row = 0; row < (int64_t)a->n_thresholds * a->n_recalls; row++) {
        for (int64_t k = 0; k < a->classes; k++) {
            for (int part = 0; part < a->n_ranges * a->n_caps; part++) {
                int64_t at = assay_coco_curve(a, k, part / a->n_caps, part % a->n_caps, 0) + row;
                fwrite(&values[at], sizeof values[at], 1, file);
            }
        }
    }
}

static int store(const char *path, const assay_coco_arrays *a, const double *stats, int n)
{
    size_t cells = (size_t)(a->classes * a->n_ranges * a->n_caps) * (size_t)a->n_thresholds;
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return 1;
    }
    put_transposed(file, a, a->precision);
    fwrite(a->recall, sizeof(double), cells, file);
    put_transposed(file, a, a->scores);
    fwrite(stats, sizeof(double), (size_t)n, file);
    return fclose(file) != 0;
}

static assay_status expand(assay_coco_truth *truth, assay_coco_rows *results, const char *path,
                           assay_error *err)
{
    static char text[1 << 20];
    assay_expansion e = {0};
    assay_hierarchy *h = NULL;
    bool both = path[0] == '+';
    FILE *file = fopen(path + both, "rb");
    if (file == NULL) {
        return ASSAY_EIO;
    }
    size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    assay_status status = assay_hierarchy_read(&h, text, size, err);
    if (status == ASSAY_OK) {
        status = assay_hierarchy_expand_truth(&e, truth, h, err);
    }
    if (status == ASSAY_OK && both) {
        status = assay_hierarchy_expand_results(&e, results, truth, h, err);
    }
    assay_hierarchy_free(h);
    return status;
}

static assay_status setting(assay_protocol *p, const char *text, assay_error *err)
{
    static const struct {
        const char *key;
        assay_status (*set)(assay_protocol *, const char *, assay_error *);
    } all[] = {{"iou=", assay_protocol_set_iou},
               {"areas=", assay_protocol_set_areas},
               {"recalls=", assay_protocol_set_recalls},
               {"max=", assay_protocol_set_caps},
               {"sigmas=", assay_protocol_set_sigmas}};
    for (size_t i = 0; i < ASSAY_COUNT(all); i++) {
        size_t n = strlen(all[i].key);
        if (strncmp(text, all[i].key, n) == 0) {
            return all[i].set(p, text + n, err);
        }
    }
    p->rules |= strcmp(text, "pixel") == 0 ? ASSAY_RULE_PIXEL : 0;
    return ASSAY_OK;
}

static assay_status protocol_of(assay_protocol *p, int argc, char **argv, assay_error *err)
{
    assay_iou_type iou = strcmp(argv[3], "segm") == 0        ? ASSAY_IOU_MASK
                         : strcmp(argv[3], "keypoints") == 0 ? ASSAY_IOU_KEYPOINTS
                                                             : ASSAY_IOU_BOX;
    ASSAY_TRY(assay_protocol_init(p, argv[4], iou, err));
    if (strcmp(argv[5], "-") != 0) {
        uint32_t rules = p->rules;
        ASSAY_TRY(assay_protocol_set_caps(p, argv[5], err));
        p->rules = rules;
    }
    for (int i = 7; i < argc; i++) {
        ASSAY_TRY(setting(p, argv[i], err));
    }
    return ASSAY_OK;
}

int main(int argc, char **argv)
{
    assay_coco_truth *truth = NULL;
    assay_coco_rows *results = NULL;
    assay_detection *detection = NULL;
    assay_coco_arrays arrays = {0};
    assay_protocol protocol;
    double stats[ASSAY_MOST_STATISTICS];
    int n = 0;
    assay_error err = {0};
    assay_status status = ASSAY_OK;
    if (argc < 7) {
        fprintf(stderr, "coco_arrays TRUTH RESULTS TYPE CONVENTION CAPS OUT [KEY=VALUE]\n");
        return 64;
    }
    const assay_detection_options options = {.protocol = &protocol, .threads = 2};
    ASSAY_GOTO(protocol_of(&protocol, argc, argv, &err), done);
    ASSAY_GOTO(load(&truth, &results, argv, &protocol, &err), done);
    for (int i = 7; i < argc; i++) {
        if (strncmp(argv[i], "hierarchy=", 10) == 0) {
            ASSAY_GOTO(expand(truth, results, argv[i] + 10, &err), done);
        }
    }
    ASSAY_GOTO(assay_detection_match(&detection, truth, results, &options, &err), done);
    ASSAY_GOTO(assay_detection_accumulate(&arrays, detection, true, &err), done);
    ASSAY_GOTO(assay_detection_summarize(stats, &n, detection, &arrays, &err), done);
    status = store(argv[6], &arrays, stats, n) == 0 ? ASSAY_OK : ASSAY_EIO;
done:
    if (status != ASSAY_OK) {
        fprintf(stderr, "coco_arrays: %s\n", err.message);
    }
    assay_coco_arrays_dispose(&arrays);
    assay_detection_free(detection);
    assay_coco_results_free(results);
    assay_coco_truth_free(truth);
    return status == ASSAY_OK ? 0 : 1;
}
