#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "api/run.h"
#include "base/alloc.h"
#include "base/sort.h"
#include "stats/clustered.h"

/** A word of the name is one that people give to what samples have in common. */
static bool looks_like_cluster(const char *name)
{
    static const char *const words[] = {"group",   "scene",     "sequence", "video",   "subject",
                                        "flight",  "patient",   "session",  "sortie",  "clip",
                                        "cluster", "recording", "writer",   "mission", "track"};

    for (const char *at = name; *at != '\0';) {
        size_t length = strcspn(at, "_-. ");
        for (size_t i = 0; i < ASSAY_COUNT(words); i++) {
            if (strlen(words[i]) == length && strncasecmp(at, words[i], length) == 0) {
                return true;
            }
        }
        at += length;
        at += strspn(at, "_-. ");
    }
    return false;
}

static bool all_present(const assay_column *column, int64_t n)
{
    for (int64_t i = 0; column->valid && i < n; i++) {
        if (!column->valid[i]) {
            return false;
        }
    }
    return true;
}

typedef struct clusters {
    int64_t n, clusters;
    double squares;         /* of the sizes */
    double between, within; /* sums of squares of right (1) and wrong (0) answers */
} clusters;

static bool same_cluster(const assay_column *column, int64_t a, int64_t b)
{
    return column->type == ASSAY_COLUMN_INT ? column->ints[a] == column->ints[b]
                                            : strcmp(column->texts[a], column->texts[b]) == 0;
}

static assay_status sort_rows(int64_t *order, const assay_column *column, int64_t n,
                              assay_error *err)
{
    if (column->type == ASSAY_COLUMN_TEXT) {
        return assay_sort_order_text(order, column->texts, n, err);
    }
    double *keys = assay_alloc((size_t)n + 1, sizeof *keys);
    if (!keys) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        keys[i] = (double)column->ints[i];
    }
    assay_status status = assay_sort_order(order, keys, n, 0, err);
    assay_free(keys);
    return status;
}

static assay_status count(clusters *out, const assay_column *column, const assay_predictions *p,
                          assay_error *err)
{
    int64_t *order = assay_alloc((size_t)p->n + 1, sizeof *order);
    int64_t correct = 0;

    *out = (clusters){.n = p->n};
    if (!order) {
        return assay_fail_memory(err);
    }
    assay_status status = sort_rows(order, column, p->n, err);
    for (int64_t i = 0; i < p->n; i++) {
        correct += p->label[i] == p->target[i];
    }
    double mean = (double)correct / (double)p->n;
    for (int64_t first = 0, next = 0; status == ASSAY_OK && first < p->n; first = next) {
        int64_t right = 0;
        for (next = first; next < p->n && same_cluster(column, order[first], order[next]); next++) {
            right += p->label[order[next]] == p->target[order[next]];
        }
        double size = (double)(next - first), share = (double)right / size;
        out->clusters++;
        out->squares += size * size;
        out->between += size * (share - mean) * (share - mean);
        out->within += size * share * (1.0 - share);
    }
    assay_free(order);
    return status;
}

/** The intraclass correlation by analysis of variance, at least 0 (Donner, Int. Stat. Rev. 54
 *  (1986)). */
static double correlation(const clusters *c)
{
    double n = (double)c->n, groups = (double)c->clusters;
    double between = c->between / (groups - 1.0);
    double within = c->within / (n - groups);
    double size = (n - c->squares / n) / (groups - 1.0);
    double bottom = between + (size - 1.0) * within;

    return bottom > 0.0 ? fmin(fmax((between - within) / bottom, 0.0), 1.0) : 0.0;
}

/* The finding about these data, when another model was asked about them before; NULL = none. */
static assay_finding *find_said(const assay_run *run, const char *title)
{
    for (int32_t i = 0; i < run->n_findings; i++) {
        assay_finding *finding = &run->findings[i];
        if (strcmp(finding->kind, "dependent_data") == 0 && strcmp(finding->title, title) == 0) {
            return finding;
        }
    }
    return NULL;
}

static assay_status report(assay_run *run, int32_t m, int32_t d, const assay_column *column,
                           const clusters *c, assay_error *err)
{
    double icc = correlation(c);
    double mean = (double)c->n / (double)c->clusters;
    double spread = sqrt(fmax(c->squares / (double)c->n / mean - 1.0, 0.0));
    double effect = 1.0;

    ASSAY_TRY(assay_design_effect(&effect, mean, spread, icc, err));
    const char *title =
        assay_arena_printf(run->arena,
                           "Data of \"%s\" come in groups (%s), intervals take them as "
                           "independent",
                           run->plan->data[d].title, column->name);
    const char *text = assay_arena_printf(run->arena,
                                          " For the accuracy of %s the correlation within a group "
                                          "is %.2g, the design effect %.2g: the "
                                          "data are worth about %.0f independent ones, and "
                                          "intervals that allow for it are about %.2g "
                                          "times as wide.",
                                          run->plan->models[m].title, icc, effect,
                                          (double)c->n / effect, sqrt(effect));
    int severity = effect >= 3.0 ? 3 : effect >= 1.3 ? 2 : 1;
    if (!title || !text) {
        return assay_fail_memory(err);
    }
    assay_finding *said = find_said(run, title);
    if (said) {
        said->text = assay_arena_printf(run->arena, "%s%s", said->text, text);
        said->severity = severity > said->severity ? severity : said->severity;
        said->model = -1;
        return said->text ? ASSAY_OK : assay_fail_memory(err);
    }
    text = assay_arena_printf(run->arena,
                              "%" PRId64 " data in %" PRId64
                              " groups. If the column says which data belong together, declare it: "
                              "'cluster' in the plan.%s",
                              c->n, c->clusters, text);
    return assay_run_add_finding(run, "dependent_data", severity, m, -1, title, text, err);
}

assay_status assay_run_check_dependence(assay_run *run, int32_t m, int32_t d,
                                        const assay_predictions *p, assay_error *err)
{
    const assay_table *table = assay_run_table(run, d);
    const char *declared = run->plan->data[d].cluster;

    if (declared && (!table || !assay_table_find(table, declared))) {
        return assay_fail(err, ASSAY_EINVAL, "data %s has no column '%s' (cluster)",
                          run->plan->data[d].name, declared);
    }
    if (declared) {
        return ASSAY_OK; /* the intervals allow for it */
    }
    for (int32_t i = 0; table && !p->truth && i < table->n_columns; i++) {
        const assay_column *column = &table->columns[i];
        clusters c;
        bool wanted = looks_like_cluster(column->name);
        if (!wanted || column->type == ASSAY_COLUMN_REAL || table->rows != p->n || p->n < 3 ||
            !all_present(column, p->n)) {
            continue;
        }
        ASSAY_TRY(count(&c, column, p, err));
        if (c.clusters >= 2 && c.clusters < c.n) {
            return report(run, m, d, column, &c, err);
        }
    }
    return ASSAY_OK;
}
