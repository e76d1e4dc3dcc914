#include "base/machine.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { LINE = 512, PATH = 1024 };

/* The number after `key` in a file of such lines, times 1024 where they are in kB; -1 without one. An
 * empty key: the first number of the file. */
static int64_t number_in(const char *path, const char *key, int64_t unit)
{
    char line[LINE];
    int64_t found = -1;
    size_t length = strlen(key);
    FILE *file = fopen(path, "re");
    while (file != NULL && found < 0 && fgets(line, sizeof line, file) != NULL) {
        char *end = line;
        long long value = strncmp(line, key, length) == 0 ? strtoll(line + length, &end, 10) : -1;
        if (end > line + length && value >= 0 && value <= INT64_MAX / unit) {
            found = (int64_t)value * unit;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return found;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Where a control group keeps its numbers: version 2 and version 1 name them differently. */
typedef struct names {
    const char *mount, *limit, *used, *idle;
} names;

/* What the group of `path` and those above it leave. Files that were only read and can be dropped do not
 * count as used. */
static int64_t left_by(const char *root, const char *path, const names *n)
{
    char group[PATH];
    char file[3 * PATH];
    int64_t left = -1;
    if (strlen(path) >= sizeof group) {
        return -1;
    }
    memcpy(group, path, strlen(path) + 1);
    for (;;) {
        (void)snprintf(file, sizeof file, "%s%s%s/%s", root, n->mount, group, n->limit);
        int64_t limit = number_in(file, "", 1);
        (void)snprintf(file, sizeof file, "%s%s%s/%s", root, n->mount, group, n->used);
        int64_t used = number_in(file, "", 1);
        (void)snprintf(file, sizeof file, "%s%s%s/memory.stat", root, n->mount, group);
        int64_t idle = number_in(file, n->idle, 1);
        if (limit >= 0 && used >= 0) {
            int64_t busy = used - (idle > 0 && idle < used ? idle : 0);
            left = least(left, limit > busy ? limit - busy : 0);
        }
        char *slash = strrchr(group, '/');
        if (slash == NULL) {
            return left;
        }
        *slash = '\0';
    }
}

/* Lines of /proc/self/cgroup: "0::/path" (version 2), "9:memory:/path" (version 1). A container sees its own
 * group at the mount's top, whatever the path says. */
static int64_t left_by_groups(const char *root)
{
    static const names second = {"/sys/fs/cgroup", "memory.max", "memory.current",
                                 "inactive_file "};
    static const names first = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                "memory.usage_in_bytes", "total_inactive_file "};
    char line[PATH];
    char path[PATH];
    (void)snprintf(path, sizeof path, "%.500s/proc/self/cgroup", root);
    int64_t left = least(left_by(root, "", &second), left_by(root, "", &first));
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        const char *colon = strchr(line, ':');
        const char *group = colon != NULL ? strchr(colon + 1, ':') : NULL;
        if (group == NULL || strstr(group, "..") != NULL) {
            continue;
        }
        bool memory = strstr(colon, ":memory:") != NULL || strstr(colon, ",memory") != NULL;
        if (group == colon + 1 || memory) {
            left = least(left, left_by(root, group + 1, memory ? &first : &second));
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return left;
}

int64_t assay_machine_available(const char *root)
{
    char path[PATH];
    struct rlimit limit;
    (void)snprintf(path, sizeof path, "%.500s/proc/meminfo", root);
    int64_t left = least(number_in(path, "MemAvailable:", 1024), left_by_groups(root));
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        limit.rlim_cur <= (rlim_t)INT64_MAX) {
        int64_t mapped = number_in("/proc/self/status", "VmSize:", 1024);
        int64_t most = (int64_t)limit.rlim_cur;
        left = least(left, mapped < 0 ? most : most > mapped ? most - mapped : 0);
    }
    return left;
}

int64_t assay_process_resident(void)
{
    return number_in("/proc/self/status", "VmRSS:", 1024);
}

int64_t assay_process_peak(void)
{
    return number_in("/proc/self/status", "VmHWM:", 1024);
}
