#include "core/detection_protocol.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { IOUS = 10, RECALLS = 101, VOC_RECALLS = 11, PERSON_KEYPOINTS = 17 };

void assay_linspace(double *out, int32_t n, double low, double high)
{
    double step = n > 1 ? (high - low) / (n - 1) : 0.0;
    for (int32_t i = 0; i < n; i++) {
        out[i] = i * step + low;
    }
    if (n > 1) {
        out[n - 1] = high;
    }
}

/* Whole hundredths, each the double nearest to its decimal. */
static void decimals(double *out, int32_t n, double first, double step, double per)
{
    for (int32_t i = 0; i < n; i++) {
        out[i] = (first + i * step) / per;
    }
}

/* As torch.linspace in single precision: from both ends towards the middle, each point rounded once
 * (torch 2.14 fuses the product and the sum). */
static void linspace_single(double *out, int32_t n, float low, float high)
{
    double step = (double)((high - low) / (float)(n - 1));
    for (int32_t i = 0; i < n; i++) {
        double exact = i < n / 2 ? (double)low + step * i : (double)high - step * (n - 1 - i);
        out[i] = (double)(float)exact;
    }
}

static void set_range(assay_protocol *p, const char *name, double low, double high)
{
    assay_area_range *r = &p->ranges[p->n_ranges++];
    (void)snprintf(r->name, sizeof r->name, "%s", name);
    r->low = low;
    r->high = high;
}

static void coco_ranges(assay_protocol *p)
{
    const double small = 32.0 * 32.0;
    const double medium = 96.0 * 96.0;
    const double end = (p->rules & ASSAY_RULE_HALF_OPEN) != 0 ? (double)INFINITY : 1e5 * 1e5;
    set_range(p, "all", 0.0, end);
    if (p->iou != ASSAY_IOU_KEYPOINTS) {
        set_range(p, "small", 0.0, small);
    }
    set_range(p, "medium", small, medium);
    set_range(p, "large", medium, end);
}

static void set_caps(assay_protocol *p, const int32_t *caps, int32_t n)
{
    p->n_caps = n;
    for (int32_t i = 0; i < n; i++) {
        p->caps[i] = caps[i];
    }
}

static void coco_caps(assay_protocol *p)
{
    static const int32_t detections[] = {1, 10, 100};
    static const int32_t keypoints[] = {20};
    if (p->iou == ASSAY_IOU_KEYPOINTS) {
        set_caps(p, keypoints, 1);
    } else {
        set_caps(p, detections, 3);
    }
}

static void person_sigmas(assay_protocol *p)
{
    static const double tenths[PERSON_KEYPOINTS] = {.26, .25, .25,  .35,  .35, .79, .79, .72, .72,
                                                    .62, .62, 1.07, 1.07, .87, .87, .89, .89};
    p->n_sigmas = PERSON_KEYPOINTS;
    for (int i = 0; i < PERSON_KEYPOINTS; i++) {
        p->sigmas[i] = tenths[i] / 10.0;
    }
}

static void init_coco(assay_protocol *p)
{
    p->rules = ASSAY_RULE_ID_ZERO | ASSAY_RULE_EPSILON;
    p->rules |= p->iou != ASSAY_IOU_KEYPOINTS ? ASSAY_RULE_AP_AT_100 : 0U;
    p->n_thresholds = IOUS;
    p->n_recalls = RECALLS;
    assay_linspace(p->thresholds, IOUS, 0.5, 0.95);
    assay_linspace(p->recalls, RECALLS, 0.0, 1.0);
    coco_ranges(p);
    coco_caps(p);
    person_sigmas(p);
}

static void init_corrected(assay_protocol *p)
{
    p->rules = ASSAY_RULE_IGNORE_FIELD | ASSAY_RULE_HALF_OPEN | ASSAY_RULE_FIRST_EQUAL |
               ASSAY_RULE_ABSENT_ZERO | ASSAY_RULE_TIES | ASSAY_RULE_MASK_AREA;
    p->n_thresholds = IOUS;
    p->n_recalls = RECALLS;
    decimals(p->thresholds, IOUS, 50.0, 5.0, 100.0);
    decimals(p->recalls, RECALLS, 0.0, 1.0, 100.0);
    coco_ranges(p);
    coco_caps(p);
    person_sigmas(p);
}

static void init_lvis(assay_protocol *p)
{
    static const int32_t caps[] = {300};
    p->rules = ASSAY_RULE_ID_ZERO | ASSAY_RULE_EPSILON | ASSAY_RULE_IGNORE_FIELD |
               ASSAY_RULE_CROWD_PLAIN | ASSAY_RULE_FEDERATED | ASSAY_RULE_CAP_IMAGE |
               ASSAY_RULE_AREA_NEEDED;
    p->n_thresholds = IOUS;
    p->n_recalls = RECALLS;
    assay_linspace(p->thresholds, IOUS, 0.5, 0.95);
    assay_linspace(p->recalls, RECALLS, 0.0, 1.0);
    coco_ranges(p);
    set_caps(p, caps, 1);
}

static void init_voc(assay_protocol *p, bool eleven)
{
    static const int32_t caps[] = {1000000};
    p->rules = ASSAY_RULE_IGNORE_FIELD | ASSAY_RULE_CROWD_PLAIN | ASSAY_RULE_FIRST_EQUAL |
               ASSAY_RULE_CLAIM | (eleven ? 0U : (uint32_t)ASSAY_RULE_AREA_UNDER);
    p->n_thresholds = 1;
    p->thresholds[0] = 0.5;
    /* The development kit counts upwards in steps of 0.1: 0.3 is 0.30000000000000004. */
    p->n_recalls = eleven ? VOC_RECALLS : 1;
    for (int i = 0; i < p->n_recalls; i++) {
        p->recalls[i] = i * 0.1;
    }
    set_range(p, "all", 0.0, (double)INFINITY);
    set_caps(p, caps, 1);
}

static void init_open_images(assay_protocol *p, bool challenge)
{
    init_voc(p, false);
    p->rules |= ASSAY_RULE_GROUPS | ASSAY_RULE_FEDERATED;
    p->rules |= challenge ? (uint32_t)ASSAY_RULE_GROUP_COUNTS : 0U;
}

static void init_torchmetrics(assay_protocol *p)
{
    init_coco(p);
    p->rules =
        (p->rules & ~(uint32_t)ASSAY_RULE_ID_ZERO) | ASSAY_RULE_FLOAT32 | ASSAY_RULE_MASK_AREA;
    linspace_single(p->thresholds, IOUS, 0.5F, 0.95F);
    linspace_single(p->recalls, RECALLS, 0.0F, 1.0F);
}

static const char *const convention_names[] = {
    "coco",    "coco-corrected", "lvis",         "voc2007",
    "voc2012", "open-images",    "torchmetrics", "open-images-challenge"};

const char *assay_convention_name(size_t which)
{
    return which < ASSAY_COUNT(convention_names) ? convention_names[which] : NULL;
}

assay_status assay_protocol_init(assay_protocol *out, const char *convention, assay_iou_type iou,
                                 assay_error *err)
{
    const char *name = convention != NULL ? convention : convention_names[0];
    size_t which = 0;
    while (which < ASSAY_COUNT(convention_names) && strcmp(name, convention_names[which]) != 0) {
        which++;
    }
    if (which == ASSAY_COUNT(convention_names)) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the convention is '%s', expected coco, coco-corrected, lvis, voc2007, "
                          "voc2012, open-images, open-images-challenge or torchmetrics",
                          name);
    }
    if (iou == ASSAY_IOU_KEYPOINTS && which > 1) {
        return assay_fail(err, ASSAY_EINVAL,
                          "keypoints are evaluated by coco and coco-corrected, not by '%s'", name);
    }
    *out = (assay_protocol){.name = convention_names[which], .iou = iou != 0 ? iou : ASSAY_IOU_BOX};
    switch (which) {
    case 0:
        init_coco(out);
        break;
    case 1:
        init_corrected(out);
        break;
    case 2:
        init_lvis(out);
        break;
    case 3:
        init_voc(out, true);
        break;
    case 4:
        init_voc(out, false);
        break;
    case 5:
        init_open_images(out, false);
        break;
    case 6:
        init_torchmetrics(out);
        break;
    default:
        init_open_images(out, true);
        break;
    }
    return ASSAY_OK;
}

static const char *const iou_names[] = {"bbox", "segm", "keypoints", "obb"};

const char *assay_iou_type_name(assay_iou_type iou)
{
    return iou >= ASSAY_IOU_BOX && iou <= ASSAY_IOU_ORIENTED ? iou_names[iou - 1] : iou_names[0];
}

static assay_status parse_iou_type(assay_iou_type *out, const char *name, assay_error *err)
{
    *out = ASSAY_IOU_BOX;
    for (size_t i = 0; i < ASSAY_COUNT(iou_names) && name != NULL; i++) {
        if (strcmp(name, iou_names[i]) == 0) {
            *out = (assay_iou_type)(i + 1);
            return ASSAY_OK;
        }
    }
    return name == NULL
               ? ASSAY_OK
               : assay_fail(err, ASSAY_EINVAL,
                            "the IoU type is '%s', expected bbox, segm, obb or keypoints", name);
}

assay_status assay_protocol_of(assay_protocol *out, const assay_protocol_words *words,
                               assay_error *err)
{
    assay_iou_type iou = ASSAY_IOU_BOX;
    const struct {
        const char *text;
        assay_status (*set)(assay_protocol *, const char *, assay_error *);
    } settings[] = {{words->iou, assay_protocol_set_iou},
                    {words->areas, assay_protocol_set_areas},
                    {words->max_detections, assay_protocol_set_caps},
                    {words->recalls, assay_protocol_set_recalls},
                    {words->sigmas, assay_protocol_set_sigmas}};
    ASSAY_TRY(parse_iou_type(&iou, words->iou_type, err));
    if (iou != ASSAY_IOU_KEYPOINTS && words->sigmas != NULL) {
        return assay_fail(err, ASSAY_EINVAL, "sigmas belong to the IoU type keypoints");
    }
    if (iou != ASSAY_IOU_BOX && words->pixel) {
        return assay_fail(err, ASSAY_EINVAL, "pixel belongs to the IoU type bbox");
    }
    ASSAY_TRY(assay_protocol_init(out, words->convention, iou, err));
    for (size_t i = 0; i < ASSAY_COUNT(settings); i++) {
        if (settings[i].text != NULL) {
            ASSAY_TRY(settings[i].set(out, settings[i].text, err));
        }
    }
    out->rules |= words->pixel ? (uint32_t)ASSAY_RULE_PIXEL : 0U;
    return ASSAY_OK;
}

/* ---- grids from text ---- */

/* A number up to one of the characters of `ends` or the end of the text. */
static bool number(double *out, const char **at, const char *ends)
{
    char text[64];
    size_t n = strcspn(*at, ends);
    if (n == 0 || n >= sizeof text) {
        return false;
    }
    memcpy(text, *at, n);
    text[n] = '\0';
    if (strcmp(text, "inf") == 0) {
        *out = (double)INFINITY;
    } else if (!assay_text_to_real(out, text) || !isfinite(*out)) {
        return false;
    }
    *at += n;
    return true;
}

/* The double nearest to the decimal that is meant: 0.5 + 8 * 0.05 is 0.9. */
static double decimal(double value)
{
    char text[40];
    double out = value;
    (void)snprintf(text, sizeof text, "%.12g", value);
    (void)assay_text_to_real(&out, text);
    return out;
}

static void sort_few(double *v, int32_t n)
{
    for (int32_t i = 1; i < n; i++) {
        double value = v[i];
        int32_t at = i;
        for (; at > 0 && v[at - 1] > value; at--) {
            v[at] = v[at - 1];
        }
        v[at] = value;
    }
}

/* "a,b,c" or "first:last:step", sorted; -1 when it is neither or more than `most`. */
static int32_t numbers(double *out, int32_t most, const char *text)
{
    const char *at = text;
    int32_t n = 0;
    double three[3];
    if (strchr(text, ':') != NULL) {
        for (int i = 0; i < 3; i++) {
            if (!number(&three[i], &at, ":") || (*at == ':') != (i < 2)) {
                return -1;
            }
            at += *at == ':';
        }
        double steps = (three[1] - three[0]) / three[2];
        if (!(steps >= 0.0 && steps < most) || fabs(steps - round(steps)) > 1e-6) {
            return -1;
        }
        for (; n <= (int32_t)round(steps); n++) {
            out[n] = decimal(three[0] + n * three[2]);
        }
        return n;
    }
    for (;; at++) {
        if (n == most || !number(&out[n++], &at, ",")) {
            return -1;
        }
        if (*at == '\0') {
            break;
        }
    }
    sort_few(out, n);
    for (int32_t i = 1; i < n; i++) {
        if (out[i] == out[i - 1]) {
            return -1;
        }
    }
    return n;
}

/* Whether a grid in words means the one that is there. Conventions have their own last digits (numpy's
 * 0.35 is 0.35 and a bit), which decide ties of recall: who states the usual grid gets the usual
 * numbers. */
static bool same_grid(const double *values, int32_t n, const double *own, int32_t n_own)
{
    bool same = n == n_own;
    for (int32_t i = 0; same && i < n; i++) {
        same = fabs(values[i] - own[i]) < 1e-6;
    }
    return same;
}

assay_status assay_protocol_set_iou(assay_protocol *protocol, const char *text, assay_error *err)
{
    double values[ASSAY_MOST_THRESHOLDS];
    int32_t n = numbers(values, ASSAY_MOST_THRESHOLDS, text);
    if (n < 1 || !(values[0] > 0.0) || values[n - 1] > 1.0) {
        return assay_fail(
            err, ASSAY_EINVAL,
            "the IoU thresholds are '%s', expected up to %d different numbers above 0 "
            "and at most 1, as 0.5,0.75 or first:last:step as 0.5:0.95:0.05",
            text, ASSAY_MOST_THRESHOLDS);
    }
    if (!same_grid(values, n, protocol->thresholds, protocol->n_thresholds)) {
        protocol->n_thresholds = n;
        memcpy(protocol->thresholds, values, (size_t)n * sizeof *values);
    }
    return ASSAY_OK;
}

assay_status assay_protocol_set_recalls(assay_protocol *protocol, const char *text,
                                        assay_error *err)
{
    double values[ASSAY_MOST_RECALLS];
    if (strcmp(text, "area") == 0) {
        protocol->rules |= ASSAY_RULE_AREA_UNDER;
        protocol->n_recalls = 1;
        protocol->recalls[0] = 0.0;
        return ASSAY_OK;
    }
    int32_t n = numbers(values, ASSAY_MOST_RECALLS, text);
    if (n == 1 && values[0] >= 2.0 && values[0] <= ASSAY_MOST_RECALLS &&
        values[0] == floor(values[0])) {
        n = (int32_t)values[0];
        decimals(values, n, 0.0, 1.0, n - 1);
    }
    if (n < 1 || values[0] < 0.0 || values[n - 1] > 1.0) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the recall grid is '%s', expected a number of points from 2 to %d, the "
                          "points themselves (between 0 and 1), or area",
                          text, ASSAY_MOST_RECALLS);
    }
    protocol->rules &= ~(uint32_t)ASSAY_RULE_AREA_UNDER;
    if (!same_grid(values, n, protocol->recalls, protocol->n_recalls)) {
        protocol->n_recalls = n;
        memcpy(protocol->recalls, values, (size_t)n * sizeof *values);
    }
    return ASSAY_OK;
}

assay_status assay_protocol_set_caps(assay_protocol *protocol, const char *text, assay_error *err)
{
    double values[ASSAY_MOST_CAPS];
    int32_t n = numbers(values, ASSAY_MOST_CAPS, text);
    bool good = n >= 1 && values[0] >= 1.0 && values[n - 1] <= 1e6;
    for (int32_t i = 0; i < n; i++) {
        good = good && values[i] == floor(values[i]);
    }
    if (!good) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the most detections are '%s', expected up to %d different whole numbers "
                          "from 1 to 1000000, as 1,10,100",
                          text, ASSAY_MOST_CAPS);
    }
    protocol->n_caps = n;
    for (int32_t i = 0; i < n; i++) {
        protocol->caps[i] = (int32_t)values[i];
    }
    protocol->rules &= ~(uint32_t)ASSAY_RULE_AP_AT_100;
    return ASSAY_OK;
}

assay_status assay_protocol_set_sigmas(assay_protocol *protocol, const char *text, assay_error *err)
{
    const char *at = text;
    int32_t n = 0;
    bool good = true;
    for (;; at++) {
        good = n < ASSAY_MOST_KEYPOINTS && number(&protocol->sigmas[n], &at, ",") &&
               protocol->sigmas[n] > 0.0 && isfinite(protocol->sigmas[n]);
        n++;
        if (!good || *at == '\0') {
            break;
        }
    }
    if (!good) {
        return assay_fail(
            err, ASSAY_EINVAL,
            "the sigmas of the keypoints are '%s', expected up to %d positive numbers "
            "with commas between them, one per keypoint",
            text, ASSAY_MOST_KEYPOINTS);
    }
    protocol->n_sigmas = n;
    return ASSAY_OK;
}

assay_status assay_protocol_set_areas(assay_protocol *protocol, const char *text, assay_error *err)
{
    const char *at = text;
    bool good = true;
    assay_protocol p = *protocol;
    p.n_ranges = 1;
    for (;; at++) {
        assay_area_range *r = &p.ranges[p.n_ranges];
        size_t name = strcspn(at, ":,");
        good = p.n_ranges < ASSAY_MOST_RANGES && at[name] == ':' && name > 0 &&
               name < ASSAY_RANGE_NAME;
        if (!good) {
            break;
        }
        memcpy(r->name, at, name);
        r->name[name] = '\0';
        at += name + 1;
        good = number(&r->low, &at, ":") && *at == ':';
        if (good) {
            at++;
            good = number(&r->high, &at, ",") && r->low >= 0.0 && r->low < r->high;
        }
        for (int32_t i = 0; good && i < p.n_ranges; i++) {
            good = strcmp(p.ranges[i].name, r->name) != 0;
        }
        p.n_ranges++;
        if (!good || *at == '\0') {
            break;
        }
    }
    if (!good) {
        return assay_fail(err, ASSAY_EINVAL,
                          "the area ranges are '%s', expected up to %d of the form name:from:to in "
                          "square pixels, as small:0:1024,large:1024:inf ('all' is always there)",
                          text, ASSAY_MOST_RANGES - 1);
    }
    *protocol = p;
    return ASSAY_OK;
}

/* ---- the summary ---- */

static int32_t threshold_at(const assay_protocol *p, double value)
{
    for (int32_t t = 0; t < p->n_thresholds; t++) {
        if (p->thresholds[t] == value) {
            return t;
        }
    }
    return -1;
}

static int put(assay_statistic *out, int n, bool recall, int32_t threshold, int32_t range,
               int32_t cap, int32_t group)
{
    out[n] = (assay_statistic){recall, threshold, range, cap, group};
    return n + 1;
}

/* Mean over all, the single thresholds 0.5 and 0.75 (all of them when the grid is another), ranges. */
static int put_thresholds(assay_statistic *out, int n, const assay_protocol *p, bool recall,
                          int32_t cap, int32_t cap_all)
{
    bool usual = threshold_at(p, 0.5) >= 0 && threshold_at(p, 0.75) >= 0;
    n = put(out, n, recall, p->n_thresholds == 1 ? 0 : -1, 0, cap_all, -1);
    for (int32_t t = 0; t < p->n_thresholds && p->n_thresholds > 1; t++) {
        bool wanted = !usual || t == threshold_at(p, 0.5) || t == threshold_at(p, 0.75);
        if (wanted) {
            n = put(out, n, recall, t, 0, cap, -1);
        }
    }
    return n;
}

int assay_protocol_statistics(assay_statistic out[ASSAY_MOST_STATISTICS], const assay_protocol *p)
{
    int n = 0;
    int32_t last = p->n_caps - 1;
    int32_t cap_all = last;
    int32_t every = p->n_thresholds == 1 ? 0 : -1;
    bool keypoints = p->iou == ASSAY_IOU_KEYPOINTS;
    if ((p->rules & ASSAY_RULE_AP_AT_100) != 0) {
        cap_all = -1;
        for (int32_t m = 0; m < p->n_caps; m++) {
            cap_all = p->caps[m] == 100 ? m : cap_all;
        }
    }
    n = put_thresholds(out, n, p, false, last, cap_all);
    for (int32_t a = 1; a < p->n_ranges; a++) {
        n = put(out, n, false, every, a, last, -1);
    }
    for (int32_t g = 0; g < 3 && strcmp(p->name, "lvis") == 0; g++) {
        n = put(out, n, false, every, 0, last, g);
    }
    if (keypoints) {
        n = put_thresholds(out, n, p, true, last, last);
    } else {
        for (int32_t m = 0; m < p->n_caps; m++) {
            n = put(out, n, true, every, 0, m, -1);
        }
    }
    for (int32_t a = 1; a < p->n_ranges; a++) {
        n = put(out, n, true, every, a, last, -1);
    }
    return n;
}

void assay_protocol_iou_text(char *out, size_t size, const assay_protocol *p, int32_t threshold)
{
    if (threshold >= 0) {
        (void)snprintf(out, size, "%.2f", p->thresholds[threshold]);
    } else {
        (void)snprintf(out, size, "%.2f:%.2f", p->thresholds[0],
                       p->thresholds[p->n_thresholds - 1]);
    }
}
