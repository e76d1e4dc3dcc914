#include "adapters/filesystem/batch_store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/filesystem/file.h"
#include "base/alloc.h"
#include "base/checked_int.h"

enum { BYTES = 2 };
enum { RECORD_MAGIC = 0x41425431, MOST_BATCHES = 1 << 28, PREFIX_BYTES = 96 };

#define JOURNAL "batches.bin"

/* Before the payload: n x classes float scores (when has_scores is 1), then n int32 labels; or, when
 * has_scores is BYTES, n bytes. */
typedef struct record_head {
    uint32_t magic; /* another byte order does not match */
    int32_t classes;
    int64_t index;
    int64_t n;
    int64_t has_scores;
    char digest[ASSAY_DIGEST_HEX + 7]; /* SHA-256 of the fields above and the payload */
} record_head;

typedef struct file_store {
    assay_batch_store batches;
    char *path;
    int descriptor;
    pthread_mutex_t lock; /* guards everything below */
    bool has_lock;
    int64_t end;      /* where the next record goes */
    int64_t *offsets; /* by batch index: place of the record + 1; 0 = none */
    int64_t capacity;
    int64_t found;
} file_store;

static assay_status read_at(int descriptor, void *bytes, size_t size, int64_t offset, bool *whole)
{
    uint8_t *to = bytes;
    *whole = false;
    while (size > 0) {
        ssize_t got = pread(descriptor, to, size, offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return ASSAY_EIO;
        }
        if (got == 0) {
            return ASSAY_OK;
        }
        to += got;
        size -= (size_t)got;
        offset += got;
    }
    *whole = true;
    return ASSAY_OK;
}

static assay_status write_at(int descriptor, const void *bytes, size_t size, int64_t offset)
{
    const uint8_t *from = bytes;
    while (size > 0) {
        ssize_t put = pwrite(descriptor, from, size, offset);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return ASSAY_EIO;
        }
        from += put;
        size -= (size_t)put;
        offset += put;
    }
    return ASSAY_OK;
}

/* False when the numbers cannot be those of a batch. */
static bool payload_size(size_t *out, const record_head *head)
{
    size_t scores = 0;
    if (head->magic != RECORD_MAGIC || head->n < 1 || head->n > INT32_MAX || head->classes < 1 ||
        head->index < 0 || head->index >= MOST_BATCHES || head->has_scores < 0 ||
        head->has_scores > BYTES) {
        return false;
    }
    if (head->has_scores == BYTES) {
        *out = (size_t)head->n;
        return true;
    }
    return assay_size_mul(&scores, (size_t)head->n * sizeof(float),
                          head->has_scores != 0 ? (size_t)head->classes : 0) &&
           assay_size_add(out, scores, (size_t)head->n * sizeof(int32_t)) &&
           *out < (size_t)INT64_MAX / 4;
}

static assay_status digest_record(char out[ASSAY_DIGEST_HEX], const record_head *head,
                                  const void *payload, size_t size, assay_error *err)
{
    assay_digest *sum = NULL;
    ASSAY_TRY(assay_digest_new(&sum, err));
    assay_digest_i64(sum, head->classes);
    assay_digest_i64(sum, head->index);
    assay_digest_i64(sum, head->n);
    assay_digest_i64(sum, head->has_scores);
    assay_digest_update(sum, payload, size);
    assay_status status = assay_digest_hex(out, sum, err);
    assay_digest_free(sum);
    return status;
}

static assay_status remember(file_store *store, int64_t index, int64_t offset, assay_error *err)
{
    if (index >= store->capacity) {
        int64_t capacity = index + 1 > store->capacity * 2 ? index + 1 : store->capacity * 2;
        int64_t *offsets = assay_realloc(store->offsets, (size_t)store->capacity * sizeof *offsets,
                                         (size_t)capacity, sizeof *offsets);
        if (offsets == NULL) {
            return assay_fail_memory(err);
        }
        store->offsets = offsets;
        store->capacity = capacity;
    }
    store->offsets[index] = offset + 1;
    return ASSAY_OK;
}

/* The record of a batch, if it is there and sound: its head, and its payload in *bytes, which the
 * caller frees; NULL = there is none. */
static assay_status load_record(file_store *store, int64_t index, record_head *head,
                                uint8_t **bytes, size_t *size, assay_error *err)
{
    char digest[ASSAY_DIGEST_HEX];
    bool whole = false;
    *bytes = NULL;
    (void)pthread_mutex_lock(&store->lock);
    int64_t offset = index < store->capacity ? store->offsets[index] - 1 : -1;
    (void)pthread_mutex_unlock(&store->lock);
    if (offset < 0 || read_at(store->descriptor, head, sizeof *head, offset, &whole) != ASSAY_OK ||
        !whole || !payload_size(size, head) || head->index != index) {
        return ASSAY_OK;
    }
    uint8_t *payload = assay_alloc_raw(*size, 1);
    if (payload == NULL) {
        return assay_fail_memory(err);
    }
    assay_status status = ASSAY_OK;
    if (read_at(store->descriptor, payload, *size, offset + (int64_t)sizeof *head, &whole) ==
            ASSAY_OK &&
        whole) {
        status = digest_record(digest, head, payload, *size, err);
        if (status == ASSAY_OK && memcmp(digest, head->digest, sizeof digest) == 0) {
            *bytes = payload;
            return ASSAY_OK;
        }
    }
    assay_free(payload);
    return status;
}

static void count_found(file_store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    store->found++;
    (void)pthread_mutex_unlock(&store->lock);
}

static assay_status load_batch(void *payload, int64_t index, int64_t n, int32_t classes,
                               float *scores, int32_t *labels, int *found, assay_error *err)
{
    file_store *store = payload;
    record_head head;
    uint8_t *bytes = NULL;
    size_t size = 0;
    *found = 0;
    ASSAY_TRY(load_record(store, index, &head, &bytes, &size, err));
    if (bytes != NULL && head.n == n && head.classes == classes &&
        head.has_scores == (scores != NULL ? 1 : 0)) {
        size_t part = size - (size_t)n * sizeof *labels;
        if (scores != NULL) {
            memcpy(scores, bytes, part);
        }
        memcpy(labels, bytes + part, (size_t)n * sizeof *labels);
        *found = 1;
        count_found(store);
    }
    assay_free(bytes);
    return ASSAY_OK;
}

static assay_status load_bytes(void *payload, int64_t index, uint8_t **out, size_t *size,
                               int *found, assay_error *err)
{
    file_store *store = payload;
    record_head head;
    *found = 0;
    ASSAY_TRY(load_record(store, index, &head, out, size, err));
    if (*out != NULL && head.has_scores != BYTES) {
        assay_free(*out);
        *out = NULL;
    }
    if (*out != NULL) {
        *found = 1;
        count_found(store);
    }
    return ASSAY_OK;
}

static assay_status append(file_store *store, const void *record, size_t size, int64_t index,
                           assay_error *err)
{
    (void)pthread_mutex_lock(&store->lock);
    assay_status status = write_at(store->descriptor, record, size, store->end);
    if (status != ASSAY_OK) {
        status = assay_fail_errno(err, ASSAY_EIO, "%s: saving a batch failed", store->path);
        /* Leave no half record; if even that fails its checksum tells. */
        if (ftruncate(store->descriptor, store->end) != 0) {
            errno = 0;
        }
    } else {
        status = remember(store, index, store->end, err);
        store->end += (int64_t)size;
    }
    (void)pthread_mutex_unlock(&store->lock);
    return status;
}

/* `record` has room for a head before the payload of `size` bytes. */
static assay_status save_record(file_store *store, record_head *head, uint8_t *record, size_t size,
                                assay_error *err)
{
    ASSAY_TRY(digest_record(head->digest, head, record + sizeof *head, size, err));
    memcpy(record, head, sizeof *head);
    return append(store, record, sizeof *head + size, head->index, err);
}

static assay_status save_batch(void *payload, int64_t index, int64_t n, int32_t classes,
                               const float *scores, const int32_t *labels, assay_error *err)
{
    record_head head = {.magic = RECORD_MAGIC,
                        .classes = classes,
                        .index = index,
                        .n = n,
                        .has_scores = scores != NULL};
    size_t size = 0;
    if (!payload_size(&size, &head)) {
        return assay_fail(err, ASSAY_ELIMIT, "batch %" PRId64 " is too large to be saved", index);
    }
    uint8_t *record = assay_alloc_raw(sizeof head + size, 1);
    if (record == NULL) {
        return assay_fail_memory(err);
    }
    uint8_t *bytes = record + sizeof head;
    size_t part = size - (size_t)n * sizeof *labels;
    if (scores != NULL) {
        memcpy(bytes, scores, part);
    }
    memcpy(bytes + part, labels, (size_t)n * sizeof *labels);
    assay_status status = save_record(payload, &head, record, size, err);
    assay_free(record);
    return status;
}

static assay_status save_bytes(void *payload, int64_t index, const void *bytes, size_t size,
                               assay_error *err)
{
    record_head head = {.magic = RECORD_MAGIC,
                        .classes = 1,
                        .index = index,
                        .n = (int64_t)size,
                        .has_scores = BYTES};
    if (size < 1 || size > INT32_MAX) {
        return assay_fail(err, ASSAY_ELIMIT, "batch %" PRId64 " is too large to be saved", index);
    }
    uint8_t *record = assay_alloc_raw(sizeof head + size, 1);
    if (record == NULL) {
        return assay_fail_memory(err);
    }
    memcpy(record + sizeof head, bytes, size);
    assay_status status = save_record(payload, &head, record, size, err);
    assay_free(record);
    return status;
}

/* Walk the records by their sizes; checksums are compared when a batch is asked for. The first
 * impossible record ends the sound part. */
static assay_status walk(file_store *store, int64_t size, assay_error *err)
{
    while (store->end < size) {
        record_head head;
        size_t payload = 0;
        bool whole = false;
        if (read_at(store->descriptor, &head, sizeof head, store->end, &whole) != ASSAY_OK) {
            return assay_fail_errno(err, ASSAY_EIO, "%s: reading failed", store->path);
        }
        if (!whole || !payload_size(&payload, &head) ||
            (int64_t)(payload + sizeof head) > size - store->end) {
            break;
        }
        ASSAY_TRY(remember(store, head.index, store->end, err));
        store->end += (int64_t)(payload + sizeof head);
    }
    return ASSAY_OK;
}

static assay_status open_journal(file_store *store, const char *key, bool fresh, assay_error *err)
{
    char prefix[PREFIX_BYTES] = {0};
    char there[PREFIX_BYTES] = {0};
    struct stat info;
    bool whole = false;
    (void)snprintf(prefix, sizeof prefix, "assay batches 1\n%.*s", PREFIX_BYTES - 20, key);
    store->descriptor = open(store->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (store->descriptor < 0) {
        return assay_fail_errno(err, ASSAY_EIO, "%s cannot be opened for writing", store->path);
    }
    if (flock(store->descriptor, LOCK_EX | LOCK_NB) != 0) {
        return assay_fail(err, ASSAY_EIO,
                          "%s is in use by another run: wait for it to end, or stop it",
                          store->path);
    }
    if (fstat(store->descriptor, &info) != 0 ||
        read_at(store->descriptor, there, sizeof there, 0, &whole) != ASSAY_OK) {
        return assay_fail_errno(err, ASSAY_EIO, "%s: reading failed", store->path);
    }
    store->end = PREFIX_BYTES;
    if (!fresh && whole && memcmp(prefix, there, sizeof prefix) == 0) {
        ASSAY_TRY(walk(store, info.st_size, err));
    }
    if (write_at(store->descriptor, prefix, sizeof prefix, 0) != ASSAY_OK ||
        ftruncate(store->descriptor, store->end) != 0) {
        return assay_fail_errno(err, ASSAY_EIO, "%s: writing failed", store->path);
    }
    return ASSAY_OK;
}

static void close_store(file_store *store)
{
    if (store->descriptor >= 0) {
        (void)close(store->descriptor);
    }
    if (store->has_lock) {
        (void)pthread_mutex_destroy(&store->lock);
    }
    assay_free(store->offsets);
    assay_free(store->path);
    assay_free(store);
}

static char *journal_path(const char *folder)
{
    size_t size = strlen(folder) + sizeof "/" JOURNAL;
    char *path = assay_alloc(size, 1);
    if (path != NULL) {
        (void)snprintf(path, size, "%s/" JOURNAL, folder);
    }
    return path;
}

assay_status assay_batch_store_open(assay_batch_store **out, const char *folder, const char *key,
                                    int fresh, assay_error *err)
{
    assay_status status = ASSAY_OK;
    *out = NULL;
    ASSAY_TRY(assay_folder_make(folder, err));
    file_store *store = assay_alloc(1, sizeof *store);
    if (store == NULL) {
        return assay_fail_memory(err);
    }
    store->descriptor = -1;
    store->path = journal_path(folder);
    if (store->path == NULL || pthread_mutex_init(&store->lock, NULL) != 0) {
        status = assay_fail_memory(err);
        goto done;
    }
    store->has_lock = true;
    ASSAY_GOTO(open_journal(store, key, fresh != 0, err), done);
    store->batches = (assay_batch_store){.payload = store,
                                         .load = load_batch,
                                         .save = save_batch,
                                         .load_bytes = load_bytes,
                                         .save_bytes = save_bytes};
    *out = &store->batches;
    store = NULL;
done:
    if (store != NULL) {
        close_store(store);
    }
    return status;
}

assay_status assay_batch_store_flush(assay_batch_store *batches, assay_error *err)
{
    file_store *store = batches->payload;
    if (fsync(store->descriptor) != 0) {
        return assay_fail_errno(err, ASSAY_EIO, "%s: writing failed", store->path);
    }
    return ASSAY_OK;
}

int64_t assay_batch_store_found(const assay_batch_store *batches)
{
    file_store *store = batches->payload;
    (void)pthread_mutex_lock(&store->lock);
    int64_t found = store->found;
    (void)pthread_mutex_unlock(&store->lock);
    return found;
}

void assay_batch_store_close(assay_batch_store *batches)
{
    if (batches != NULL) {
        close_store(batches->payload);
    }
}

void assay_batch_store_remove(const char *folder)
{
    char *path = journal_path(folder);
    if (path != NULL) {
        (void)unlink(path);
        (void)rmdir(folder);
    }
    assay_free(path);
}
