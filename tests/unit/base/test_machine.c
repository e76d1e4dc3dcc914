/* What the machine and its control groups leave, read from files made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/machine.h"

static char root[] = "/tmp/assay_machine_XXXXXX";

/* The file below the root, its folders made. */
static void put(const char *path, const char *text)
{
    char full[512];
    (void)snprintf(full, sizeof full, "%s%s", root, path);
    for (char *at = full + strlen(root) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        (void)mkdir(full, 0700);
        *at = '/';
    }
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void test_available(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(root));
    assert_int_equal(assay_machine_available(root), -1); /* nothing can be told */
    put("/proc/meminfo", "MemTotal:       16000 kB\nMemFree: 10 kB\nMemAvailable:   8000 kB\n");
    assert_int_equal(assay_machine_available(root), 8000 * 1024);
    /* version 2: no limit; then one above this group; files that can be dropped are not used */
    put("/proc/self/cgroup", "0::/team/job\n");
    put("/sys/fs/cgroup/team/job/memory.max", "max\n");
    put("/sys/fs/cgroup/team/job/memory.current", "1000000\n");
    assert_int_equal(assay_machine_available(root), 8000 * 1024);
    put("/sys/fs/cgroup/team/memory.max", "3000000\n");
    put("/sys/fs/cgroup/team/memory.current", "1500000\n");
    assert_int_equal(assay_machine_available(root), 1500000);
    put("/sys/fs/cgroup/team/memory.stat", "anon 5\ninactive_file 500000\n");
    assert_int_equal(assay_machine_available(root), 2000000);
    put("/sys/fs/cgroup/team/job/memory.max", "999999\n"); /* spent */
    assert_int_equal(assay_machine_available(root), 0);
    /* version 1, as a container sees it: at the top, whatever the path says */
    put("/proc/self/cgroup", "5:cpu:/x\n4:memory:/docker/abc\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "700000\n");
    put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "300000\n");
    assert_int_equal(assay_machine_available(root), 400000);
    put("/proc/self/cgroup", "4:memory:/../..\nnonsense\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    assert_int_equal(assay_machine_available(root), 8000 * 1024);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r %s", root);
    assert_int_equal(system(command), 0);
}

static void test_process(void **state)
{
    (void)state;
    const size_t size = (size_t)64 << 20;
    /* The system counts pages in lots, so the two may differ by a few. */
    int64_t resident = assay_process_resident();
    assert_true(resident > 0 && assay_process_peak() >= resident - ((int64_t)1 << 20));
    char *block = assay_alloc_raw(size, 1);
    assert_non_null(block);
    memset(block, 1, size);
    assert_true(assay_process_resident() >= (int64_t)size);
    assay_free(block);
    assert_true(assay_process_peak() >= (int64_t)size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_available),
                                       cmocka_unit_test(test_process)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
