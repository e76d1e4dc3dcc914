#include "adapters/onnxruntime/ort_library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

/* Where the set-up put its copy; the build gives the real place. */
#ifndef ASSAY_SETUP_ONNXRUNTIME
#define ASSAY_SETUP_ONNXRUNTIME ".deps/onnxruntime/lib/libonnxruntime.so"
#endif

typedef const OrtApiBase *(ORT_API_CALL *api_base_fn)(void);

typedef struct search {
    char tried[600];  /* the places, ", " between */
    char reason[300]; /* why a file that is there could not be used */
} search;

static void note(char *list, size_t size, const char *text)
{
    size_t used = strlen(list);
    if (used + 3 < size) {
        (void)snprintf(list + used, size - used, "%s%s", used > 0 ? ", " : "", text);
    }
}

/* True when the file could be opened and speaks the interface. */
static bool try_open(assay_ort *out, search *where, const char *path)
{
    note(where->tried, sizeof where->tried, path);
    /* A name without '/' is looked for by the loader. */
    if (strchr(path, '/') != NULL && access(path, F_OK) != 0) {
        return false;
    }
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == NULL) {
        if (strchr(path, '/') != NULL) {
            const char *text = dlerror();
            note(where->reason, sizeof where->reason, text != NULL ? text : path);
        }
        return false;
    }
    api_base_fn get = NULL;
    void *symbol = dlsym(handle, "OrtGetApiBase");
    memcpy(&get, &symbol, sizeof get);
    const OrtApiBase *base = get != NULL ? get() : NULL;
    const OrtApi *api = base != NULL ? base->GetApi(ASSAY_ORT_API) : NULL;
    if (api == NULL) {
        char text[200];
        (void)snprintf(text, sizeof text, "%s is %s %s, version 1.%d or later is needed", path,
                       base != NULL ? "ONNX Runtime" : "not ONNX Runtime",
                       base != NULL ? base->GetVersionString() : "", (int)ASSAY_ORT_API);
        note(where->reason, sizeof where->reason, text);
        (void)dlclose(handle);
        return false;
    }
    out->handle = handle;
    out->api = api;
    assay_text_printable(out->version, sizeof out->version, base->GetVersionString());
    return true;
}

/* The folder of a file, without the last '/'; false when there is none or it does not fit. */
static bool folder_of(char *folder, size_t size, const char *file)
{
    const char *slash = strrchr(file, '/');
    size_t length = slash != NULL ? (size_t)(slash - file) : 0;
    if (length == 0 || length >= size) {
        return false;
    }
    memcpy(folder, file, length);
    folder[length] = '\0';
    return true;
}

static bool try_folder(assay_ort *out, search *where, const char *folder)
{
    static const char *const below[] = {"libonnxruntime.so", "../lib/libonnxruntime.so",
                                        "../lib/assay/libonnxruntime.so"};
    char path[4400];
    for (size_t i = 0; i < ASSAY_COUNT(below); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, below[i]);
        if (try_open(out, where, path)) {
            return true;
        }
    }
    return false;
}

/* Beside the program, and beside the library that holds this function when that is elsewhere (a
 * Python package, say). */
static bool try_beside(assay_ort *out, search *where)
{
    char program[4096];
    char folder[4096] = "";
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length > 0) {
        program[length] = '\0';
        if (folder_of(folder, sizeof folder, program) && try_folder(out, where, folder)) {
            return true;
        }
    }
    Dl_info info;
    char other[4096];
    void *self = NULL;
    assay_status (*function)(assay_ort *, assay_error *) = assay_ort_open;
    memcpy(&self, &function, sizeof self);
    return dladdr(self, &info) != 0 && info.dli_fname != NULL &&
           folder_of(other, sizeof other, info.dli_fname) && strcmp(other, folder) != 0 &&
           other[0] == '/' && try_folder(out, where, other);
}

assay_status assay_ort_open(assay_ort *out, assay_error *err)
{
    search where = {{0}, {0}};
    *out = (assay_ort){0};
    const char *given = getenv("ASSAY_ONNXRUNTIME");
    if (given != NULL && given[0] != '\0') {
        /* What the user names is used or refused, never silently replaced. */
        if (try_open(out, &where, given)) {
            return ASSAY_OK;
        }
        return assay_fail(err, ASSAY_EBACKEND, "ASSAY_ONNXRUNTIME=%s cannot be used: %s", given,
                          where.reason[0] != '\0' ? where.reason : "there is no such file");
    }
    if (try_beside(out, &where) || try_open(out, &where, "libonnxruntime.so.1") ||
        try_open(out, &where, "libonnxruntime.so") ||
        try_open(out, &where, ASSAY_SETUP_ONNXRUNTIME)) {
        return ASSAY_OK;
    }
    return assay_fail(err, ASSAY_EBACKEND,
                      "ONNX Runtime was not found: run tools/setup, or set ASSAY_ONNXRUNTIME to a "
                      "libonnxruntime.so; looked for %s%s%s",
                      where.tried, where.reason[0] != '\0' ? "; " : "", where.reason);
}

void assay_ort_close(assay_ort *ort)
{
    if (ort->handle != NULL) {
        (void)dlclose(ort->handle);
    }
    *ort = (assay_ort){0};
}

assay_status assay_ort_check(const assay_ort *ort, OrtStatus *result, assay_status otherwise,
                             assay_error *err)
{
    if (result == NULL) {
        return ASSAY_OK;
    }
    OrtErrorCode code = ort->api->GetErrorCode(result);
    const char *message = ort->api->GetErrorMessage(result);
    assay_status status = otherwise;
    /* The caller names the file. */
    const char *after =
        assay_text_starts(message, "Load model from ") ? strstr(message, " failed:") : NULL;
    message = after != NULL ? after + strlen(" failed:") : message;
    if (code == ORT_NOT_IMPLEMENTED || strstr(message, "not a registered function/op") != NULL ||
        strstr(message, "no opset import") != NULL) {
        status = ASSAY_EUNSUPPORTED;
    } else if (strstr(message, "bad_alloc") != NULL ||
               strstr(message, "Failed to allocate memory") != NULL) {
        status = ASSAY_ENOMEM;
    }
    status =
        assay_fail(err, status, "ONNX Runtime says: %.*s", (int)strcspn(message, "\n"), message);
    ort->api->ReleaseStatus(result);
    return status;
}
