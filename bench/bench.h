/** @file bench.h  What programs of benchmarks share: a clock, arrays from files, memory. */
#ifndef ASSAY_BENCH_BENCH_H
#define ASSAY_BENCH_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/** Seconds of a clock: CLOCK_MONOTONIC, or of processor time, of the process or the thread. */
static inline double bench_seconds(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/** The first bytes of a file; -1 when it can't be read or has fewer. */
static inline int bench_load(const char *path, void *to, size_t bytes)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return -1;
    }
    size_t got = fread(to, 1, bytes, file);
    (void)fclose(file);
    return got == bytes ? 0 : -1;
}

/** Peak resident memory of this program alone: getrusage's figure starts with that of the program that
 *  started it. */
static inline long bench_peak_kib(void)
{
    char line[256];
    long peak = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            peak = strtol(line + 6, NULL, 10);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return peak;
}

#endif
