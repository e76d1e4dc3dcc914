/* The command is this program itself, started again as `test_command_model --model BEHAVIOUR`. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/process/command_model.h"
#include "adapters/process/protocol.h"
#include "base/clock.h"
#include "codec/image_decode.h"
#include "core/predict.h"

enum { LINE = 1 << 24 };

/* The command's side. */

static int base64_digit(int c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != 0 ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* Mean of the image whose base64 PNG starts at `text`, 0..1. */
static double mean_of(const char *text)
{
    uint8_t *png = malloc(LINE);
    size_t size = 0;
    uint32_t bits = 0;
    int have = 0;
    double sum = 0.0;
    if (png == NULL) {
        exit(90);
    }
    for (; base64_digit(*text) >= 0; text++) {
        bits = bits << 6 | (uint32_t)base64_digit(*text);
        have += 6;
        if (have >= 8) {
            have -= 8;
            png[size++] = (uint8_t)(bits >> have);
        }
    }
    assay_image image = {0};
    if (assay_image_decode(&image, NULL, png, size, NULL, NULL) != ASSAY_OK) {
        exit(91);
    }
    int64_t n = (int64_t)image.width * image.height * image.channels;
    for (int64_t i = 0; i < n; i++) {
        sum += ((const uint8_t *)image.data)[i];
    }
    assay_image_dispose(&image);
    free(png);
    return sum / (double)n / 255.0;
}

static void answer(const char *behaviour, char *line, int request)
{
    const char *at = line;
    bool labels = strcmp(behaviour, "labels") == 0;
    bool logits = strcmp(behaviour, "logits") == 0;
    printf("{\"id\":%d,\"%s\":[", strcmp(behaviour, "wrong_id") == 0 ? request + 1 : request,
           labels ? "labels" : "scores");
    for (int n = 0; (at = strstr(at, "\"png\":\"")) != NULL; n++) {
        at += strlen("\"png\":\"");
        double mean = mean_of(at);
        if (n > 0) {
            putchar(',');
        }
        if (labels) {
            printf("\"%s\"", mean > 0.5 ? "light" : "dark");
        } else if (strcmp(behaviour, "nan") == 0) {
            printf("[NaN,1]");
        } else if (strcmp(behaviour, "null") == 0) {
            printf("[null,1]");
        } else if (strcmp(behaviour, "huge") == 0) {
            printf("[1e300,0]");
        } else if (strcmp(behaviour, "short_row") == 0) {
            printf("[1]");
        } else if (logits) {
            printf("[%.9g,%.9g]", 0.0, mean);
        } else {
            printf("[%.17g,%.17g]", 1.0 - mean, mean);
        }
    }
    if (strcmp(behaviour, "too_many") == 0) {
        printf(",[0.5,0.5]");
    }
    printf("]}\n");
    if (strcmp(behaviour, "two_lines") == 0) {
        printf("debug: done\n");
    }
}

static void misbehave(const char *behaviour)
{
    if (strcmp(behaviour, "dies") == 0) {
        fprintf(stderr, "loading\nout of memory on the graphics card\n\n");
        exit(3);
    } else if (strcmp(behaviour, "killed") == 0) {
        (void)raise(SIGKILL);
    } else if (strcmp(behaviour, "hangs") == 0) {
        fprintf(stderr, "still thinking\n");
        sleep(30);
    } else if (strcmp(behaviour, "not_json") == 0) {
        printf("Predicting 2 images...\n");
    } else if (strcmp(behaviour, "endless") == 0) {
        for (int i = 0; i < 1 << 20; i++) {
            printf("0123456789abcdef");
        }
    } else if (strcmp(behaviour, "error") == 0) {
        printf("{\"id\":0,\"error\":\"image a is not a photograph\"}\n");
    } else if (strcmp(behaviour, "closes") == 0) {
        (void)fclose(stdout);
        (void)close(STDOUT_FILENO);
        sleep(1);
        exit(0);
    } else if (strcmp(behaviour, "chatty") == 0) {
        for (int i = 0; i < 20000; i++) {
            fprintf(stderr, "step %d of 20000\n", i);
        }
    }
}

static int act(const char *behaviour)
{
    static char line[LINE];
    if (strncmp(behaviour, "hello:", 6) == 0) {
        printf("%s\n", behaviour + 6);
    } else if (strcmp(behaviour, "silent") == 0) {
        sleep(30);
    } else if (strcmp(behaviour, "dies_first") == 0) {
        fprintf(stderr, "no such model file\n");
        return 7;
    } else {
        printf("{\"assay\":1,\"name\":\"toy\",\"version\":\"1.5\",\"classes\":[\"dark\",\"light\"],"
               "\"scores\":\"%s\"}\n",
               strcmp(behaviour, "labels") == 0   ? "labels"
               : strcmp(behaviour, "logits") == 0 ? "logits"
                                                  : "probabilities");
    }
    (void)fflush(stdout);
    if (strcmp(behaviour, "deaf") == 0) {
        (void)close(STDIN_FILENO);
        sleep(1);
        return 4;
    }
    if (strcmp(behaviour, "stubborn") == 0) {
        (void)signal(SIGTERM, SIG_IGN);
        for (;;) {
            (void)pause();
        }
    }
    for (int request = 0; fgets(line, LINE, stdin) != NULL; request++) {
        misbehave(behaviour);
        answer(behaviour, line, request);
        (void)fflush(stdout);
    }
    return 0;
}

/* Our side. */

static char self_path[4096];

static assay_status open_model(assay_model **out, const char *behaviour, double timeout,
                               assay_error *err)
{
    const char *const command[] = {self_path, "--model", behaviour, NULL};
    assay_model_spec spec = {.command = command, .timeout = timeout, .batch = 2};
    assay_preprocess_init(&spec.preprocess);
    return assay_command_model_open(out, &spec, "toy", err);
}

static assay_model *open_good(const char *behaviour, double timeout)
{
    assay_model *model = NULL;
    assay_error err = {0};
    assay_status status = open_model(&model, behaviour, timeout, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, ASSAY_OK);
    return model;
}

static void flat_image(assay_image *image, int32_t side, uint8_t value)
{
    assert_int_equal(assay_image_new(image, side, side, 3, ASSAY_PIXEL_U8, NULL), ASSAY_OK);
    memset(image->data, value, (size_t)(side * side * 3));
}

/* Noise does not shrink in PNG: a request that is larger than a pipe's buffer. */
static void noisy_image(assay_image *image, int32_t side)
{
    uint32_t h = 1;
    assert_int_equal(assay_image_new(image, side, side, 3, ASSAY_PIXEL_U8, NULL), ASSAY_OK);
    for (int32_t i = 0; i < side * side * 3; i++) {
        h = h * 1664525U + 1013904223U;
        ((uint8_t *)image->data)[i] = (uint8_t)(h >> 24);
    }
}

static assay_status run_two(assay_model *model, float scores[4], int32_t labels[2],
                            const assay_cancel *cancel, assay_error *err)
{
    static const char *const ids[] = {"a \"quoted\" name.png", "b"};
    assay_image pictures[2] = {{0}, {0}};
    flat_image(&pictures[0], 4, 51);
    noisy_image(&pictures[1], 200);
    assay_model_batch batch = {.n = 2, .images = pictures, .ids = ids, .cancel = cancel};
    assay_status status = assay_model_run(model, scores, labels, &batch, err);
    assay_image_dispose(&pictures[0]);
    assay_image_dispose(&pictures[1]);
    return status;
}

static void no_children_left(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void test_scores(void **state)
{
    (void)state;
    static const char *const kinds[] = {"good", "chatty", "logits"};
    for (size_t k = 0; k < ASSAY_COUNT(kinds); k++) {
        assay_model *model = open_good(kinds[k], 0.0);
        assert_string_equal(model->spec.class_names[1], "light");
        assert_string_equal(model->backend_version, "command protocol 1, toy 1.5");
        assert_int_equal(model->spec.scores,
                         k == 2 ? ASSAY_SCORES_LOGITS : ASSAY_SCORES_PROBABILITIES);
        for (int repeat = 0; repeat < 3; repeat++) {
            float scores[4] = {0};
            assay_error err = {0};
            assert_int_equal(run_two(model, scores, NULL, NULL, &err), ASSAY_OK);
            assert_true(scores[1] == 0.2F);
            assert_true(fabs((double)scores[3] - 0.5) < 0.01);
        }
        assert_int_equal(atomic_load(&model->queries), 6);
        assay_model_free(model);
        no_children_left();
    }
}

static void test_labels(void **state)
{
    (void)state;
    int32_t labels[2] = {-1, -1};
    assay_model *model = open_good("labels", 0.0);
    assert_int_equal(model->spec.scores, ASSAY_SCORES_LABELS);
    assert_int_equal(run_two(model, NULL, labels, NULL, NULL), ASSAY_OK);
    assert_int_equal(labels[0], 0);
    assay_model_free(model);
}

static void test_bad_answers(void **state)
{
    (void)state;
    static const struct {
        const char *behaviour, *first, *second;
    } cases[] = {
        {"dies", "ended with exit status 3", "out of memory on the graphics card"},
        {"killed", "killed by signal SIGKILL", ""},
        {"not_json", "one JSON object", "Predicting 2 images..."},
        {"wrong_id", "request 1", "\"id\": 0"},
        {"nan", "one JSON object", ""},
        {"null", "class dark", "finite number"},
        {"huge", "class dark", "finite number"},
        {"short_row", "each of the 2 classes", "it has 1"},
        {"too_many", "each of the 2 images", "it has 3"},
        {"error", "it says: image a is not a photograph", ""},
        {"endless", "a line of more than", ""},
        {"closes", "without answering", ""},
        {"deaf", "ended with exit status 4", ""},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        float scores[4] = {0};
        assay_error err = {0};
        assay_model *model = open_good(cases[i].behaviour, 20.0);
        assay_status status = run_two(model, scores, NULL, NULL, &err);
        if (status != ASSAY_EBACKEND || strstr(err.message, cases[i].first) == NULL ||
            strstr(err.message, cases[i].second) == NULL ||
            strstr(err.message, "model toy") == NULL) {
            fail_msg("%s: status %d, message: %s", cases[i].behaviour, status, err.message);
        }
        /* Nothing can be told apart after a failure: whoever asks later hears of the first one. */
        assert_int_equal(run_two(model, scores, NULL, NULL, &err), ASSAY_EBACKEND);
        assert_non_null(strstr(err.message, cases[i].first));
        assay_model_free(model);
        no_children_left();
    }
}

static void test_time(void **state)
{
    (void)state;
    float scores[4];
    assay_error err = {0};
    assay_model *model = open_good("hangs", 0.4);
    double start = assay_clock_seconds();
    assert_int_equal(run_two(model, scores, NULL, NULL, &err), ASSAY_EBACKEND);
    assert_non_null(strstr(err.message, "did not answer within 0.4 seconds"));
    assert_non_null(strstr(err.message, "still thinking"));
    assert_true(assay_clock_seconds() - start < 5.0);
    assay_model_free(model);
    no_children_left();
    model = NULL;
    assert_int_equal(open_model(&model, "silent", 0.3, &err), ASSAY_EBACKEND);
    assert_non_null(strstr(err.message, "did not answer within 0.3 seconds"));
    assert_null(model);
    no_children_left();
    /* One that does not end when its input ends is killed. */
    model = open_good("stubborn", 5.0);
    start = assay_clock_seconds();
    assay_model_free(model);
    assert_true(assay_clock_seconds() - start < 10.0);
    no_children_left();
    /* An interruption does not wait for the answer. */
    assay_cancel cancel;
    atomic_init(&cancel.requested, 1);
    model = open_good("hangs", 20.0);
    start = assay_clock_seconds();
    assert_int_equal(run_two(model, scores, NULL, &cancel, &err), ASSAY_ECANCELLED);
    assert_true(assay_clock_seconds() - start < 5.0);
    assay_model_free(model);
    no_children_left();
}

static void test_extra_line(void **state)
{
    (void)state;
    float scores[4];
    assay_error err = {0};
    assay_model *model = open_good("two_lines", 5.0);
    assert_int_equal(run_two(model, scores, NULL, NULL, &err), ASSAY_OK);
    assert_int_equal(run_two(model, scores, NULL, NULL, &err), ASSAY_EBACKEND);
    assert_true(strstr(err.message, "more than one line") != NULL ||
                strstr(err.message, "one JSON object") != NULL);
    assay_model_free(model);
}

static void refuse_hello(const char *hello, assay_status wanted, const char *words)
{
    char behaviour[256];
    assay_model *model = NULL;
    assay_error err = {0};
    (void)snprintf(behaviour, sizeof behaviour, "hello:%s", hello);
    assay_status status = open_model(&model, behaviour, 20.0, &err);
    if (status != wanted || strstr(err.message, words) == NULL) {
        fail_msg("%s: status %d, message: %s", hello, status, err.message);
    }
    assert_null(model);
    no_children_left();
}

static void test_bad_hello(void **state)
{
    (void)state;
    refuse_hello("ready", ASSAY_EBACKEND, "one JSON object");
    refuse_hello("[1]", ASSAY_EBACKEND, "one JSON object");
    refuse_hello("{\"assay\":2}", ASSAY_EBACKEND, "\"assay\": 1");
    refuse_hello("{\"assay\":1,\"classes\":[]}", ASSAY_EBACKEND, "list of class names");
    refuse_hello("{\"assay\":1,\"classes\":[\"a\",3]}", ASSAY_EBACKEND, "class 1 is not a name");
    refuse_hello("{\"assay\":1,\"classes\":[\"a\",\"a\"]}", ASSAY_EBACKEND, "\"a\" twice");
    refuse_hello("{\"assay\":1,\"classes\":[\"a\",\"b\"],\"scores\":\"votes\"}", ASSAY_EBACKEND,
                 "\"votes\"");
    refuse_hello("{\"assay\":1,\"classes\":[\"a\",\"b\"]}", ASSAY_EBACKEND, "\"scores\"");
    refuse_hello("{\"assay\":1,\"scores\":\"labels\"}", ASSAY_EFORMAT, "how many classes");
    assay_model *model = NULL;
    assay_error err = {0};
    assert_int_equal(open_model(&model, "dies_first", 20.0, &err), ASSAY_EBACKEND);
    assert_non_null(strstr(err.message, "exit status 7"));
    assert_non_null(strstr(err.message, "no such model file"));
    const char *const missing[] = {"/nonexistent/model", NULL};
    assay_model_spec spec = {.command = missing};
    assay_preprocess_init(&spec.preprocess);
    assert_int_equal(assay_command_model_open(&model, &spec, "toy", &err), ASSAY_ENOTFOUND);
    assert_non_null(strstr(err.message, "/nonexistent/model"));
    no_children_left();
}

static assay_status read_flat(const assay_dataset *dataset, int64_t i, assay_image *out,
                              assay_image_format *format, size_t *file_size, assay_error *err)
{
    (void)dataset;
    (void)format;
    (void)file_size;
    ASSAY_TRY(assay_image_new(out, 5, 4, 1, ASSAY_PIXEL_U8, err));
    memset(out->data, (int)(i * 5), 20);
    return ASSAY_OK;
}

/* Several workers share one command; every datum gets its own answer. */
static void test_predict(void **state)
{
    (void)state;
    enum { N = 51 };
    static const assay_dataset_source source = {.image = read_flat};
    static const char *names[] = {"dark", "light"};
    static const int threads[] = {1, 5};
    char text[N][4];
    const char *ids[N];
    for (int i = 0; i < N; i++) {
        (void)snprintf(text[i], sizeof text[i], "%d", i);
        ids[i] = text[i];
    }
    assay_dataset dataset = {
        .name = "flat", .n = N, .ids = ids, .classes = 2, .class_names = names, .source = &source};
    for (size_t t = 0; t < ASSAY_COUNT(threads); t++) {
        assay_predictions *p = NULL;
        assay_error err = {0};
        assay_predict_options options = {.threads = threads[t]};
        assay_model *model = open_good("good", 0.0);
        assert_int_equal(assay_predict(&p, model, &dataset, &options, &err), ASSAY_OK);
        for (int i = 0; i < N; i++) {
            assert_true(fabs((double)p->scores_f32[2 * i + 1] - i * 5 / 255.0) < 1e-7);
            assert_int_equal(p->label[i], i * 5 > 127);
            assert_int_equal(p->target[i], -1);
        }
        assay_predictions_free(p);
        assay_model_free(model);
    }
}

/* The identity follows the command's words and the content of its files. */
static void test_digest(void **state)
{
    (void)state;
    char before[ASSAY_DIGEST_HEX];
    char script[] = "/tmp/assay_script_XXXXXX";
    int file = mkstemp(script);
    assert_true(file >= 0);
    static const char hello[] =
        "echo '{\"assay\":1,\"classes\":[\"a\",\"b\"],\"scores\":\"labels\"}'\ncat >/dev/null\n";
    assert_int_equal(write(file, hello, sizeof hello - 1), sizeof hello - 1);
    const char *const command[] = {"sh", script, NULL};
    assay_model_spec spec = {.command = command};
    assay_preprocess_init(&spec.preprocess);
    assay_model *model = NULL;
    assert_int_equal(assay_command_model_open(&model, &spec, "toy", NULL), ASSAY_OK);
    memcpy(before, model->digest, sizeof before);
    assay_model_free(model);
    assert_int_equal(assay_command_model_open(&model, &spec, "other", NULL), ASSAY_OK);
    assert_string_equal(before, model->digest);
    assay_model_free(model);
    assert_int_equal(write(file, "# changed\n", 10), 10);
    assert_int_equal(assay_command_model_open(&model, &spec, "toy", NULL), ASSAY_OK);
    assert_string_not_equal(before, model->digest);
    assay_model_free(model);
    (void)close(file);
    (void)unlink(script);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--model") == 0) {
        return act(argv[2]);
    }
    if (readlink("/proc/self/exe", self_path, sizeof self_path - 1) < 0) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scores),      cmocka_unit_test(test_labels),
        cmocka_unit_test(test_bad_answers), cmocka_unit_test(test_time),
        cmocka_unit_test(test_extra_line),  cmocka_unit_test(test_bad_hello),
        cmocka_unit_test(test_digest),      cmocka_unit_test(test_predict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
