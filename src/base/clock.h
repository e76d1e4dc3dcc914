/** @file clock.h  Time for progress, logs and provenance; never for results. */
#ifndef ASSAY_BASE_CLOCK_H
#define ASSAY_BASE_CLOCK_H

#include <stdint.h>

/** Seconds from an arbitrary start, monotonic. */
double assay_clock_seconds(void);
/** UTC now as "2026-11-23T17:41:48Z"; honours SOURCE_DATE_EPOCH so that runs can be repeated to
 *  the byte. */
void assay_clock_utc(char out[24]);

#endif
