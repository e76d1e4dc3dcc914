/** @file machine.h  What the machine has, and what this process takes of it. Never for results. */
#ifndef ASSAY_BASE_MACHINE_H
#define ASSAY_BASE_MACHINE_H

#include <stdint.h>

/**
 * Bytes that this process can still take without pushing others out: the least of what the kernel calls
 * available (/proc/meminfo), of what the control groups of the process leave (versions 1 and 2), and
 * of its own limit of addresses (RLIMIT_AS). -1 when none of them can be told. `root` stands before
 * the paths ("" outside of tests).
 */
int64_t assay_machine_available(const char *root);

/** Resident bytes of this process: now, and the most there ever were; -1 when it cannot be told. */
int64_t assay_process_resident(void);
int64_t assay_process_peak(void);

#endif
