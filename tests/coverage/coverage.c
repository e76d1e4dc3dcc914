/* stats_coverage [--full] [SECTION]: Markdown tables on standard output, of one section of the list below or of
 * all; exit code 1 when a promise is broken.
 * docs/coverage.md is the output of --full. */
#include "coverage/coverage.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void must(assay_status status)
{
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "coverage: the library failed with status %d\n", (int)status);
        exit(2);
    }
}

assay_rng stream(const char *name, int64_t run)
{
    return assay_rng_stream(20260101, assay_rng_operation(name), (uint64_t)run);
}

void section(const char *title, const char *text)
{
    (void)printf("\n## %s\n\n%s\n\n", title, text);
    (void)printf("| Method | Setting | Nominal | Mean | Worst | Promise | Kept |\n");
    (void)printf("|---|---|---:|---:|---:|---|---|\n");
}

static void row_worst(row *r, double covered, double error)
{
    if (r->settings + r->probes == 0 || covered < r->worst) {
        r->worst = covered;
        r->worst_error = error;
    }
}

void row_add(row *r, double covered, double error)
{
    row_worst(r, covered, error);
    r->sum += covered;
    r->settings++;
}

void row_probe(row *r, double covered)
{
    row_worst(r, covered, 0.0);
    r->probes++;
}

void row_count(row *r, int64_t covered, int64_t runs)
{
    double share = (double)covered / (double)runs;
    /* the error at the nominal level: an observed 100 % is not without error */
    row_add(r, share, sqrt(r->nominal * (1.0 - r->nominal) / (double)runs));
}

void row_end(coverage *c, row *r)
{
    char words[32] = "none";
    double mean = r->sum / (double)r->settings;
    bool kept = false;
    switch (r->promise) {
    case AT_LEAST:
        (void)snprintf(words, sizeof words, "at least");
        kept = r->worst >= r->nominal - 4.0 * r->worst_error - 1e-12;
        break;
    case ABOUT:
        (void)snprintf(words, sizeof words, "about");
        if (r->slack > 0.0) {
            (void)snprintf(words, sizeof words, "about, −%.3f", r->slack);
        }
        kept = mean >= r->nominal - r->slack - 4.0 * r->worst_error;
        break;
    case BROKEN:
        kept = r->worst < r->nominal - r->slack;
        break;
    }
    char worst[48];
    if (r->worst_error > 0.0) {
        (void)snprintf(worst, sizeof worst, "%.4f ± %.4f", r->worst, r->worst_error);
    } else {
        (void)snprintf(worst, sizeof worst, "%.4f", r->worst);
    }
    const char *verdict = r->promise == BROKEN ? (kept ? "fails, as shown" : "NOT AS EXPECTED")
                                               : (kept ? "yes" : "NO");
    (void)printf("| %s | %s | %.3f | %.4f | %s | %s | %s |\n", r->method, r->setting, r->nominal,
                 mean, worst, words, verdict);
    c->failures += !kept;
    c->rows++;
}

static const struct {
    const char *name;
    void (*cover)(coverage *c);
} sections[] = {
    {"proportions", cover_proportions},
    {"pools", cover_pools_and_rates},
    {"clusters", cover_clusters},
    {"weights", cover_weights},
    {"bootstrap", cover_bootstrap},
    {"intervals", cover_intervals},
    {"distances", cover_distances},
    {"segments", cover_segments},
    {"metrics", cover_metrics},
    {"pairs", cover_pairs},
    {"samples", cover_samples},
    {"compare", cover_compare},
    {"groups", cover_groups},
    {"gaps", cover_gaps},
    {"tests", cover_tests},
    {"verdicts", cover_verdicts},
    {"peeking", cover_peeking},
};

int main(int argc, char **argv)
{
    const char *only = argc > 1 && argv[argc - 1][0] != '-' ? argv[argc - 1] : NULL;
    bool full = argc > 1 && strcmp(argv[1], "--full") == 0;
    coverage c = {.full = full, .runs = full ? 10000 : 200};
    (void)printf(
        "# Coverage of the intervals and error rates of the tests\n\n"
        "Measured by `stats_coverage --full`, which is part of the test suite (a fast subset "
        "runs with every test run). Where the table gives no ± the number is exact: all "
        "outcomes were enumerated. Elsewhere it comes from %lld simulated data sets per "
        "setting (for the bootstrap and weighted rows: 4000, for every metric: 100), and ± is the "
        "Monte Carlo standard error.\n\n"
        "*Mean* is over the settings of the row (values of the true parameter, cluster "
        "correlation and so on), *worst* is the worst of them. A promise of *at least* is "
        "checked for the worst setting, *about* for the mean; *none* marks methods in "
        "settings they are not made for, to show what happens. For tests the coverage is "
        "one minus the rate of false rejections.\n",
        (long long)c.runs);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        if (only == NULL || strcmp(only, sections[i].name) == 0) {
            sections[i].cover(&c);
        }
    }
    (void)printf("\n%lld rows; %d promises broken.\n", (long long)c.rows, c.failures);
    return c.failures == 0 ? 0 : 1;
}
