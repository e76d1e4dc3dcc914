/**
 * @file conformance.h
 * The models of libonnx-testdata, for the tests that go through all of them.
 */
#ifndef ASSAY_TESTS_CONFORMANCE_H
#define ASSAY_TESTS_CONFORMANCE_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

static const char conformance_root[] = "/usr/share/libonnx-testdata/data";

/* A whole file, NULL if there is none; the caller frees it. */
static uint8_t *conformance_read(size_t *size, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long end = ftell(file);
    assert_true(end >= 0);
    rewind(file);
    uint8_t *bytes = malloc((size_t)end + 1);
    assert_non_null(bytes);
    *size = fread(bytes, 1, (size_t)end, file);
    assert_int_equal(fclose(file), 0);
    return bytes;
}

/* Calls `check` with the folder of every model in alphabetical order; skips the test where the data are not
 * installed. */
static void conformance_each(void *all, void (*check)(void *all, const char *folder))
{
    static const char *const kinds[] = {"node", "simple", "pytorch-converted", "pytorch-operator"};
    for (size_t k = 0; k < ASSAY_COUNT(kinds); k++) {
        char folder[512];
        (void)snprintf(folder, sizeof folder, "%s/%s", conformance_root, kinds[k]);
        struct dirent **list = NULL;
        int n = scandir(folder, &list, NULL, alphasort);
        if (n < 0) {
            print_message("%s is not installed (libonnx-testdata)\n", conformance_root);
            skip();
        }
        for (int i = 0; i < n; i++) {
            char model[1024];
            (void)snprintf(model, sizeof model, "%s/%s", folder, list[i]->d_name);
            if (list[i]->d_name[0] != '.') {
                check(all, model);
            }
            free(list[i]);
        }
        free(list);
    }
}

#endif
