#include "base/clock.h"

#include <stdlib.h>
#include <time.h>

#include "base/text.h"

double assay_clock_seconds(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void assay_clock_utc(char out[24])
{
    /* The last second of the year 9999: later ones do not fit the form. */
    const int64_t last = INT64_C(253402300799);
    int64_t epoch = 0;
    const char *fixed = getenv("SOURCE_DATE_EPOCH");
    if (fixed == NULL || !assay_text_to_i64(&epoch, fixed) || epoch < 0 || epoch > last) {
        epoch = (int64_t)time(NULL);
    }
    time_t seconds = (time_t)epoch;
    struct tm utc = {0};
    (void)gmtime_r(&seconds, &utc);
    if (strftime(out, 24, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0) {
        out[0] = '\0';
    }
}
