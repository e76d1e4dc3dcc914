#include "core/classes.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/sort.h"
#include "base/text.h"

enum { FIRST_NAMES = 16, TEXT_MOST = 300 };

static assay_status add(int32_t *out, assay_classes *classes, const char *name, size_t size,
                        assay_error *err)
{
    if (classes->n == ASSAY_CLASSES_MOST) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "more than %d different targets: is this a column of classes?",
                          (int)ASSAY_CLASSES_MOST);
    }
    if (classes->n == classes->capacity) {
        int32_t capacity = classes->capacity > 0 ? 2 * classes->capacity : FIRST_NAMES;
        const char **names = assay_arena_alloc(classes->arena, (size_t)capacity, sizeof *names);
        if (names == NULL) {
            return assay_fail_memory(err);
        }
        if (classes->n > 0) {
            memcpy(names, classes->names, (size_t)classes->n * sizeof *names);
        }
        classes->names = names;
        classes->capacity = capacity;
    }
    char *copy = assay_arena_alloc(classes->arena, size + 1, 1);
    if (copy == NULL) {
        return assay_fail_memory(err);
    }
    memcpy(copy, name, size);
    classes->names[classes->n] = copy;
    int64_t found = -1;
    ASSAY_TRY(assay_text_index_put(&found, classes->index, classes->names, classes->n, err));
    *out = found >= 0 ? (int32_t)found : classes->n++;
    return ASSAY_OK;
}

assay_status assay_classes_init(assay_classes *classes, assay_arena *arena,
                                const char *const *names, assay_error *err)
{
    *classes = (assay_classes){.arena = arena};
    assay_status status = assay_text_index_new(&classes->index, 0, err);
    for (size_t i = 0; status == ASSAY_OK && names != NULL && names[i] != NULL; i++) {
        int32_t before = classes->n;
        int32_t at = 0;
        if (names[i][0] == '\0') {
            status = assay_fail(err, ASSAY_EINVAL, "class %zu has an empty name", i + 1);
        } else {
            status = add(&at, classes, names[i], strlen(names[i]), err);
        }
        if (status == ASSAY_OK && classes->n == before) {
            status = assay_fail(err, ASSAY_EINVAL, "class \"%s\" is named twice", names[i]);
        }
    }
    classes->fixed = names != NULL;
    if (status != ASSAY_OK) {
        assay_classes_dispose(classes);
    }
    return status;
}

assay_status assay_classes_index(int32_t *out, assay_classes *classes, const char *name,
                                 size_t size, assay_error *err)
{
    *out = -1;
    while (size > 0 && (name[0] == ' ' || name[0] == '\t')) {
        name++;
        size--;
    }
    while (size > 0 && (name[size - 1] == ' ' || name[size - 1] == '\t')) {
        size--;
    }
    if (size == 0) {
        return ASSAY_OK;
    }
    int64_t found = assay_text_index_find(classes->index, classes->names, name, size);
    if (found >= 0) {
        *out = (int32_t)found;
        return ASSAY_OK;
    }
    return classes->fixed ? ASSAY_OK : add(out, classes, name, size, err);
}

static assay_status sorted_order(int64_t *order, const assay_classes *classes, assay_error *err)
{
    int32_t n = classes->n;
    ASSAY_TRY(assay_sort_order_text(order, classes->names, n, err));
    double *values = assay_alloc((size_t)n, sizeof *values);
    int64_t *by_value = assay_alloc((size_t)n, sizeof *by_value);
    assay_status status = values != NULL && by_value != NULL ? ASSAY_OK : assay_fail_memory(err);
    int all_numbers = n > 0;
    /* The keys are taken in the order of the names, so that "1" and "1.0" have a fixed order too. */
    for (int32_t i = 0; status == ASSAY_OK && i < n && all_numbers; i++) {
        all_numbers = assay_text_to_real(&values[i], classes->names[order[i]]);
    }
    if (status == ASSAY_OK && all_numbers) {
        status = assay_sort_order(by_value, values, n, 0, err);
        for (int32_t i = 0; status == ASSAY_OK && i < n; i++) {
            by_value[i] = order[by_value[i]];
        }
        if (status == ASSAY_OK) {
            memcpy(order, by_value, (size_t)n * sizeof *order);
        }
    }
    assay_free(values);
    assay_free(by_value);
    return status;
}

assay_status assay_classes_sort(int32_t *moved, assay_classes *classes, assay_error *err)
{
    int32_t n = classes->n;
    for (int32_t i = 0; i < n; i++) {
        moved[i] = i;
    }
    if (classes->fixed || n == 0) {
        return ASSAY_OK;
    }
    assay_status status = ASSAY_OK;
    assay_text_index *index = NULL;
    int64_t *order = assay_alloc((size_t)n, sizeof *order);
    const char **names = assay_arena_alloc(classes->arena, (size_t)n, sizeof *names);
    if (order == NULL || names == NULL) {
        ASSAY_GOTO(assay_fail_memory(err), done);
    }
    ASSAY_GOTO(sorted_order(order, classes, err), done);
    ASSAY_GOTO(assay_text_index_new(&index, n, err), done);
    for (int32_t i = 0; i < n; i++) {
        int64_t found = 0;
        names[i] = classes->names[order[i]];
        moved[order[i]] = i;
        ASSAY_GOTO(assay_text_index_put(&found, index, names, i, err), done);
    }
    assay_text_index_free(classes->index);
    classes->index = index;
    index = NULL;
    classes->names = names;
    classes->capacity = n;
done:
    assay_text_index_free(index);
    assay_free(order);
    return status;
}

const char *assay_classes_text(const assay_classes *classes)
{
    assay_buffer text;
    assay_buffer_init(&text, 0);
    for (int32_t i = 0; i < classes->n; i++) {
        if (text.size + strlen(classes->names[i]) > TEXT_MOST) {
            assay_buffer_printf(&text, ", ... (%d more)", (int)(classes->n - i));
            break;
        }
        assay_buffer_puts(&text, i > 0 ? ", " : "");
        assay_buffer_puts(&text, classes->names[i]);
    }
    const char *copy = NULL;
    if (classes->n > 0 && assay_buffer_status(&text, NULL) == ASSAY_OK) {
        copy = assay_arena_strdup(classes->arena, text.data);
    }
    assay_buffer_dispose(&text);
    return copy != NULL ? copy : "(none)";
}

void assay_classes_dispose(assay_classes *classes)
{
    assay_text_index_free(classes->index);
    classes->index = NULL;
}
