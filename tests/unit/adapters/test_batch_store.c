#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/filesystem/batch_store.h"

enum { BATCHES = 9, ROWS = 4, CLASSES = 3 };

typedef struct place {
    char root[32];
    char folder[64];
    char file[96];
} place;

static void make_place(place *p)
{
    (void)snprintf(p->root, sizeof p->root, "/tmp/assay_store_XXXXXX");
    assert_non_null(mkdtemp(p->root));
    (void)snprintf(p->folder, sizeof p->folder, "%s/a/batches", p->root);
    (void)snprintf(p->file, sizeof p->file, "%s/batches.bin", p->folder);
}

static void clear_place(const place *p)
{
    char parent[64];
    struct stat info;
    assay_batch_store_remove(p->folder);
    assert_int_not_equal(stat(p->folder, &info), 0);
    (void)snprintf(parent, sizeof parent, "%s/a", p->root);
    assert_int_equal(rmdir(parent), 0);
    assert_int_equal(rmdir(p->root), 0);
}

static assay_batch_store *open_store(const place *p, const char *key, int fresh)
{
    assay_batch_store *store = NULL;
    assay_error err = {0};
    assay_status status = assay_batch_store_open(&store, p->folder, key, fresh, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, ASSAY_OK);
    return store;
}

static void fill(float *scores, int32_t *labels, int64_t index)
{
    for (int i = 0; i < ROWS * CLASSES; i++) {
        scores[i] = (float)(index * 100 + i);
    }
    for (int i = 0; i < ROWS; i++) {
        labels[i] = (int32_t)(index + i);
    }
}

static void save(assay_batch_store *store, int64_t index)
{
    float scores[ROWS * CLASSES];
    int32_t labels[ROWS];
    fill(scores, labels, index);
    assert_int_equal(store->save(store->payload, index, ROWS, CLASSES, scores, labels, NULL),
                     ASSAY_OK);
}

/* 1 when the batch is there (and then it must be right). */
static int has(const assay_batch_store *store, int64_t index)
{
    float scores[ROWS * CLASSES] = {0};
    int32_t labels[ROWS] = {0};
    float wanted[ROWS * CLASSES];
    int32_t wanted_labels[ROWS];
    int found = -1;
    fill(wanted, wanted_labels, index);
    assert_int_equal(
        store->load(store->payload, index, ROWS, CLASSES, scores, labels, &found, NULL), ASSAY_OK);
    if (found) {
        assert_memory_equal(scores, wanted, sizeof scores);
        assert_memory_equal(labels, wanted_labels, sizeof labels);
    }
    return found;
}

static int count(const assay_batch_store *store)
{
    int n = 0;
    for (int64_t i = 0; i < BATCHES + 3; i++) {
        n += has(store, i);
    }
    return n;
}

static void test_round_trip(void **state)
{
    (void)state;
    place p;
    make_place(&p);
    assay_batch_store *store = open_store(&p, "k1", 0);
    assert_int_equal(count(store), 0);
    for (int64_t i = BATCHES; i-- > 0;) {
        save(store, i);
    }
    assert_int_equal(count(store), BATCHES);
    assert_int_equal(assay_batch_store_flush(store, NULL), ASSAY_OK);
    assay_batch_store_close(store);
    store = open_store(&p, "k1", 0);
    assert_int_equal(count(store), BATCHES);
    assert_int_equal(assay_batch_store_found(store), BATCHES);
    /* Another shape than was asked for is not found. */
    float scores[ROWS * CLASSES];
    int32_t labels[ROWS];
    int found = -1;
    assert_int_equal(
        store->load(store->payload, 0, ROWS - 1, CLASSES, scores, labels, &found, NULL), ASSAY_OK);
    assert_int_equal(found, 0);
    assert_int_equal(
        store->load(store->payload, 0, ROWS, CLASSES - 1, scores, labels, &found, NULL), ASSAY_OK);
    assert_int_equal(found, 0);
    assert_int_equal(store->load(store->payload, 0, ROWS, CLASSES, NULL, labels, &found, NULL),
                     ASSAY_OK);
    assert_int_equal(found, 0);
    assay_batch_store_close(store);
    /* Another key, and a fresh start, begin empty. */
    store = open_store(&p, "k2", 0);
    assert_int_equal(count(store), 0);
    save(store, 4);
    assay_batch_store_close(store);
    store = open_store(&p, "k2", 1);
    assert_int_equal(count(store), 0);
    assay_batch_store_close(store);
    assay_batch_store_close(NULL);
    clear_place(&p);
}

static void test_labels_only(void **state)
{
    (void)state;
    place p;
    int32_t labels[ROWS] = {3, 1, 2, 0};
    int32_t read[ROWS] = {0};
    int found = 0;
    make_place(&p);
    assay_batch_store *store = open_store(&p, "k", 0);
    assert_int_equal(store->save(store->payload, 2, ROWS, CLASSES, NULL, labels, NULL), ASSAY_OK);
    assay_batch_store_close(store);
    store = open_store(&p, "k", 0);
    assert_int_equal(store->load(store->payload, 2, ROWS, CLASSES, NULL, read, &found, NULL),
                     ASSAY_OK);
    assert_int_equal(found, 1);
    assert_memory_equal(labels, read, sizeof read);
    assay_batch_store_close(store);
    clear_place(&p);
}

/* The journal cut anywhere: whole batches before the cut are there, and writing goes on. */
static void test_every_cut(void **state)
{
    (void)state;
    place p;
    struct stat info;
    make_place(&p);
    assay_batch_store *store = open_store(&p, "k", 0);
    for (int64_t i = 0; i < BATCHES; i++) {
        save(store, i);
    }
    assay_batch_store_close(store);
    assert_int_equal(stat(p.file, &info), 0);
    for (off_t size = info.st_size - 1; size > 0; size -= 41) {
        assert_int_equal(truncate(p.file, size), 0);
        store = open_store(&p, "k", 0);
        int n = count(store);
        assert_true(n < BATCHES);
        for (int64_t i = 0; i < n; i++) {
            assert_int_equal(has(store, i), 1);
        }
        save(store, BATCHES + 1);
        assert_int_equal(has(store, BATCHES + 1), 1);
        assay_batch_store_close(store);
    }
    clear_place(&p);
}

/* Any flipped byte costs at most the batches from there on, and never gives wrong numbers. */
static void test_flipped_bytes(void **state)
{
    (void)state;
    place p;
    struct stat info;
    make_place(&p);
    assay_batch_store *store = open_store(&p, "k", 0);
    for (int64_t i = 0; i < BATCHES; i++) {
        save(store, i);
    }
    assay_batch_store_close(store);
    assert_int_equal(stat(p.file, &info), 0);
    size_t size = (size_t)info.st_size;
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    int file = open(p.file, O_RDWR);
    assert_true(file >= 0);
    assert_int_equal(pread(file, bytes, size, 0), size);
    for (size_t at = 0; at < size; at += 17) {
        uint8_t flipped = bytes[at] ^ 0x10;
        assert_int_equal(ftruncate(file, 0), 0);
        assert_int_equal(pwrite(file, bytes, size, 0), size);
        assert_int_equal(pwrite(file, &flipped, 1, (off_t)at), 1);
        store = open_store(&p, "k", 0);
        int n = count(store);
        assert_true(n <= BATCHES);
        assay_batch_store_close(store);
    }
    (void)close(file);
    free(bytes);
    clear_place(&p);
}

static void test_in_use(void **state)
{
    (void)state;
    place p;
    assay_error err = {0};
    assay_batch_store *second = NULL;
    make_place(&p);
    assay_batch_store *store = open_store(&p, "k", 0);
    assert_int_equal(assay_batch_store_open(&second, p.folder, "k", 0, &err), ASSAY_EIO);
    assert_non_null(strstr(err.message, "in use by another run"));
    assert_null(second);
    assay_batch_store_close(store);
    clear_place(&p);
}

/* A full disk: the error is reported, nothing half-written stays. */
static void test_no_room(void **state)
{
    (void)state;
    place p;
    struct rlimit before;
    struct rlimit small;
    struct stat info;
    float scores[ROWS * CLASSES] = {0};
    int32_t labels[ROWS] = {0};
    assay_error err = {0};
    make_place(&p);
    assay_batch_store *store = open_store(&p, "k", 0);
    save(store, 0);
    assert_int_equal(stat(p.file, &info), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = (rlim_t)info.st_size + 50;
    void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assay_status status = store->save(store->payload, 1, ROWS, CLASSES, scores, labels, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, old);
    assert_int_equal(status, ASSAY_EIO);
    assert_non_null(strstr(err.message, "batches.bin"));
    struct stat after;
    assert_int_equal(stat(p.file, &after), 0);
    assert_int_equal(after.st_size, info.st_size);
    assert_int_equal(has(store, 0), 1);
    assert_int_equal(has(store, 1), 0);
    save(store, 1);
    assert_int_equal(has(store, 1), 1);
    assay_batch_store_close(store);
    clear_place(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_labels_only),
        cmocka_unit_test(test_every_cut),  cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_in_use),     cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
