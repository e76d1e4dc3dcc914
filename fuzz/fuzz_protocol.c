/* The lines of a model command. The first byte chooses what is expected: 0 the hello, else an answer
 * with 1..4 images, 1..4 classes, scores or labels. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "adapters/process/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_hello(const char *line, size_t size)
{
    assay_arena *arena = NULL;
    assay_hello hello;
    if (assay_arena_new(&arena, 0, NULL) != ASSAY_OK) {
        return;
    }
    if (assay_protocol_hello(&hello, line, size, arena, NULL) == ASSAY_OK) {
        for (int32_t c = 0; c < hello.classes; c++) {
            if (hello.class_names[c][0] == '\0') {
                abort();
            }
        }
    }
    assay_arena_free(arena);
}

static void fuzz_answer(uint8_t choice, const char *line, size_t size)
{
    static const char *const names[] = {"cat", "dog", "7", "\xC3\xA9"};
    float scores[16] = {0};
    int32_t labels[4] = {0};
    assay_asked asked = {.id = choice >> 6,
                         .n = 1 + (choice & 3),
                         .classes = 1 + (choice >> 2 & 3),
                         .class_names = names,
                         .scores = (choice >> 4 & 1) != 0 ? ASSAY_SCORES_LABELS
                                                          : ASSAY_SCORES_PROBABILITIES};
    if (assay_protocol_response(scores, labels, line, size, &asked, NULL) != ASSAY_OK) {
        return;
    }
    for (int64_t i = 0; i < asked.n; i++) {
        if (labels[i] < 0 || labels[i] >= asked.classes) {
            abort();
        }
        for (int32_t c = 0; c < asked.classes; c++) {
            if (!isfinite(scores[i * asked.classes + c])) {
                abort();
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    const char *line = (const char *)data + 1;
    if (data[0] == 0) {
        fuzz_hello(line, size - 1);
    } else {
        fuzz_answer(data[0], line, size - 1);
    }
    return 0;
}
