#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "adapters/filesystem/file.h"
#include "base/alloc.h"
#include "support/temp_folder.h"

static int set_up(void **state)
{
    static temp_folder folder;
    *state = &folder;
    return temp_folder_make(&folder);
}

static int tear_down(void **state)
{
    temp_folder_remove(*state);
    return 0;
}

/* Names in the folder, hidden ones too: nothing temporary may stay behind. */
static int64_t entries(temp_folder *folder)
{
    assay_arena *arena = NULL;
    const char **names = NULL;
    int64_t n = 0;
    assert_int_equal(assay_arena_new(&arena, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_folder_list(&names, &n, folder->path, arena, NULL), ASSAY_OK);
    assay_arena_free(arena);
    return n;
}

static void test_read(void **state)
{
    temp_folder *folder = *state;
    uint8_t *bytes = NULL;
    size_t size = 0;
    assay_error err = {0};
    assert_int_equal(temp_text(folder, "a", "hello"), 0);
    assert_int_equal(assay_file_read(&bytes, &size, temp_path(folder, "a"), 0, &err), ASSAY_OK);
    assert_int_equal(size, 5);
    assert_string_equal(bytes, "hello");
    assay_free(bytes);
    assert_int_equal(assay_file_read(&bytes, &size, temp_path(folder, "a"), 5, &err), ASSAY_OK);
    assay_free(bytes);
    assert_int_equal(assay_file_read(&bytes, &size, temp_path(folder, "a"), 4, &err), ASSAY_ELIMIT);
    assert_null(bytes);
    assert_int_equal(assay_file_read(&bytes, &size, temp_path(folder, "b"), 0, &err),
                     ASSAY_ENOTFOUND);
    assert_non_null(strstr(err.message, "No such file"));
    assert_int_equal(assay_file_read(&bytes, &size, folder->path, 0, &err), ASSAY_EFORMAT);
    assert_non_null(strstr(err.message, "is a folder"));
    assert_int_equal(assay_file_read(&bytes, &size, "/dev/zero", 0, &err), ASSAY_EFORMAT);
    /* Files whose size is told as 0. */
    assert_int_equal(assay_file_read(&bytes, &size, "/proc/self/status", 0, &err), ASSAY_OK);
    assert_true(size > 100 && bytes[size] == 0);
    assay_free(bytes);
    assert_int_equal(mkfifo(temp_path(folder, "pipe"), 0600), 0);
    assert_int_equal(assay_file_read(&bytes, &size, temp_path(folder, "pipe"), 0, &err),
                     ASSAY_EFORMAT);
}

static void test_digest(void **state)
{
    temp_folder *folder = *state;
    char digest[ASSAY_DIGEST_HEX];
    assert_int_equal(temp_text(folder, "abc", "abc"), 0);
    assert_int_equal(assay_file_digest(digest, temp_path(folder, "abc"), NULL), ASSAY_OK);
    assert_string_equal(digest, /* FIPS 180-4, appendix */
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(assay_file_digest(digest, temp_path(folder, "nothing"), NULL),
                     ASSAY_ENOTFOUND);
}

static void test_write(void **state)
{
    temp_folder *folder = *state;
    assay_error err = {0};
    uint8_t *bytes = NULL;
    size_t size = 0;
    const char *path = temp_path(folder, "out");
    assert_int_equal(assay_file_write(path, "one", 3, &err), ASSAY_OK);
    assert_int_equal(assay_file_write(path, "second", 6, &err), ASSAY_OK);
    assert_int_equal(assay_file_read(&bytes, &size, path, 0, &err), ASSAY_OK);
    assert_string_equal(bytes, "second");
    assay_free(bytes);
    assert_int_equal(entries(folder), 1);
    assert_int_equal(assay_file_write(folder->path, "x", 1, &err), ASSAY_EIO);
    assert_non_null(strstr(err.message, "folder"));
    assert_int_equal(assay_file_write(temp_path(folder, "no/such"), "x", 1, &err), ASSAY_EIO);
    assert_int_equal(assay_file_write("", "x", 1, &err), ASSAY_EINVAL);
    /* Nobody may write here, root neither. */
    assert_int_equal(assay_file_write("/proc/assay-test", "x", 1, &err), ASSAY_EIO);
    assert_int_not_equal(err.os_errno, 0);
}

static void test_full_device(void **state)
{
    (void)state;
    assay_error err = {0};
    if (assay_file_kind("/dev/full") != 3) {
        skip();
    }
    assert_int_equal(assay_file_write("/dev/full", "x", 1, &err), ASSAY_EIO);
    assert_int_equal(err.os_errno, ENOSPC);
    assert_non_null(strstr(err.message, "No space left"));
    assert_int_equal(assay_file_kind("/dev/full"), 3); /* not replaced by a file */
}

static void test_size_limit(void **state)
{
    temp_folder *folder = *state;
    assay_error err = {0};
    const char *path = temp_path(folder, "large");
    assert_int_equal(assay_file_write(path, "old", 3, &err), ASSAY_OK);
    static char bytes[1 << 16];
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 1 << 12, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assay_status status = assay_file_write(path, bytes, sizeof bytes, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    assert_int_equal(status, ASSAY_EIO);
    assert_int_equal(err.os_errno, EFBIG);
    assert_int_equal(entries(folder), 1);
    uint8_t *kept = NULL;
    size_t size = 0;
    assert_int_equal(assay_file_read(&kept, &size, path, 0, &err), ASSAY_OK);
    assert_string_equal(kept, "old");
    assay_free(kept);
}

static void test_folders(void **state)
{
    temp_folder *folder = *state;
    assay_error err = {0};
    assay_arena *arena = NULL;
    const char **names = NULL;
    int64_t n = 0;
    assert_int_equal(assay_arena_new(&arena, 0, &err), ASSAY_OK);
    assert_int_equal(assay_folder_make(temp_path(folder, "x/y//z"), &err), ASSAY_OK);
    assert_int_equal(assay_folder_make(temp_path(folder, "x/y/z"), &err), ASSAY_OK);
    assert_int_equal(assay_file_kind(temp_path(folder, "x/y/z")), 2);
    assert_int_equal(temp_text(folder, "x/file", ""), 0);
    assert_int_equal(assay_folder_make(temp_path(folder, "x/file/below"), &err), ASSAY_EIO);
    assert_non_null(strstr(err.message, "is a file"));
    assert_int_equal(assay_folder_make("/proc/assay/test", &err), ASSAY_EIO);
    assert_int_equal(temp_text(folder, "x/B", ""), 0);
    assert_int_equal(temp_text(folder, "x/a", ""), 0);
    assert_int_equal(temp_text(folder, "x/\xff\xfe", ""), 0);
    assert_int_equal(assay_folder_list(&names, &n, temp_path(folder, "x"), arena, &err), ASSAY_OK);
    assert_int_equal(n, 5);
    static const char *const sorted[] = {"B", "a", "file", "y", "\xff\xfe"};
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(names[i], sorted[i]);
    }
    assert_int_equal(assay_folder_list(&names, &n, temp_path(folder, "none"), arena, &err),
                     ASSAY_ENOTFOUND);
    assert_null(names);
    assert_string_equal(assay_path_join(arena, "a", "b"), "a/b");
    assert_string_equal(assay_path_join(arena, "a/", "b"), "a/b");
    assert_string_equal(assay_path_join(arena, "a", "/b"), "/b");
    assert_string_equal(assay_path_join(arena, ".", "b"), "b");
    assert_string_equal(assay_path_folder(arena, "a/b/c"), "a/b");
    assert_string_equal(assay_path_folder(arena, "/c"), "/");
    assert_string_equal(assay_path_folder(arena, "c"), ".");
    assay_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_digest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_device, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_size_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folders, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
