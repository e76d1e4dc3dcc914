/* Where models are compared: all rows, slices, the values of a column; and which rows belong
 * together. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "adapters/duckdb/duckdb_table.h"
#include "api/compare.h"
#include "api/run.h"
#include "base/alloc.h"
#include "base/json_write.h"
#include "base/sort.h"
#include "base/text.h"
#include "core/units.h"

static assay_status add_context(assay_compare_context **out, assay_compare_job *job,
                                const char *name, const char *where, assay_error *err)
{
    *out = NULL;
    if (job->n_contexts == job->capacity_contexts) {
        int64_t wanted = job->capacity_contexts ? job->capacity_contexts * 2 : 8;
        assay_compare_context *larger =
            assay_arena_alloc(job->arena, (size_t)wanted, sizeof *larger);
        if (!larger) {
            return assay_fail_memory(err);
        }
        if (job->n_contexts > 0) {
            memcpy(larger, job->contexts, (size_t)job->n_contexts * sizeof *larger);
        }
        job->contexts = larger;
        job->capacity_contexts = wanted;
    }
    for (int64_t c = 0; c < job->n_contexts; c++) {
        if (strcmp(job->contexts[c].name, name) == 0) {
            return assay_fail(err, ASSAY_EINVAL, "there are two slices named '%.80s'", name);
        }
    }
    assay_compare_context *made = &job->contexts[job->n_contexts++];
    memset(made, 0, sizeof *made);
    made->name = name;
    made->where = where;
    made->mask = assay_arena_alloc(job->arena, (size_t)job->models[0]->n + 1, 1);
    if (!made->mask) {
        return assay_fail_memory(err);
    }
    *out = made;
    return ASSAY_OK;
}

/** Only rows that every model has, and that the first context has, count in any. */
static void narrow(assay_compare_job *job, assay_compare_context *context)
{
    const uint8_t *usable = job->alignment.usable;
    const uint8_t *all = context == job->contexts ? NULL : job->contexts[0].mask;

    context->n = 0;
    for (int64_t i = 0; i < job->models[0]->n; i++) {
        context->mask[i] = context->mask[i] && (!usable || usable[i]) && (!all || all[i]) ? 1 : 0;
        context->n += context->mask[i];
    }
}

static assay_status add_predicate(assay_compare_job *job, const char *name, const char *where,
                                  assay_error *err)
{
    assay_compare_context *context = NULL;
    ASSAY_TRY(add_context(&context, job, name, where, err));
    assay_status status = ASSAY_OK;
    if (where) {
        status = assay_duckdb_select_predictions(context->mask, job->models[0], where, err);
    } else {
        memset(context->mask, 1, (size_t)job->models[0]->n);
    }
    if (status == ASSAY_OK) {
        narrow(job, context);
    } else {
        assay_error_prefix(err, "%s", name);
    }
    return status;
}

static assay_status add_slice(assay_compare_job *job, const char *text, assay_error *err)
{
    const char *equal = strchr(text, '=');

    if (!equal || equal == text || !equal[1]) {
        return assay_fail(err, ASSAY_EINVAL,
                          "slice '%.80s' is not name=SQL, e.g. --slice \"night=hour < 6\"", text);
    }
    const char *name = assay_arena_printf(job->arena, "%.*s", (int)strcspn(text, "="), text);
    return name ? add_predicate(job, name, equal + 1, err) : assay_fail_memory(err);
}

static assay_status find_column(const assay_column **out, const assay_compare_job *job,
                                const char *option, const char *name, assay_error *err)
{
    assay_table *columns = job->models[0]->columns;

    *out = columns ? assay_table_find(columns, name) : NULL;
    if (!*out) {
        return assay_fail(err, ASSAY_EINVAL, "--%s: %s has no metadata column '%.80s'; it has: %s",
                          option, job->request->files[0], name,
                          columns && columns->n_columns > 0 ? assay_table_names(columns) : "none");
    }
    if ((*out)->type == ASSAY_COLUMN_REAL) {
        return assay_fail(err, ASSAY_EINVAL,
                          "--%s: column '%.80s' holds real numbers, which are no groups; use "
                          "--slice \"name=SQL\" for ranges",
                          option, name);
    }
    return ASSAY_OK;
}

/** The values of a column as texts; NULL where it is missing. */
static assay_status column_texts(const char ***out, const assay_compare_job *job,
                                 const assay_column *column, assay_error *err)
{
    int64_t n = job->models[0]->n;
    const char **texts = assay_arena_alloc(job->arena, (size_t)n + 1, sizeof *texts);

    *out = texts;
    for (int64_t i = 0; texts && i < n; i++) {
        if (column->valid && !column->valid[i]) {
            continue;
        }
        texts[i] = column->type == ASSAY_COLUMN_TEXT
                       ? column->texts[i]
                       : assay_arena_printf(job->arena, "%" PRId64, column->ints[i]);
        if (!texts[i]) {
            return assay_fail_memory(err);
        }
    }
    return texts ? ASSAY_OK : assay_fail_memory(err);
}

/** Number the distinct texts in their order: group[i] = -1 where there is none. */
static assay_status number_texts(int64_t *group, int64_t *n_groups, const char ***values,
                                 const assay_compare_job *job, const char *const *texts,
                                 assay_error *err)
{
    int64_t n = job->models[0]->n;
    int64_t *order = assay_arena_alloc(job->arena, (size_t)n + 1, sizeof *order);
    const char **names = assay_arena_alloc(job->arena, (size_t)n + 1, sizeof *names);

    *n_groups = 0;
    if (!order || !names) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_sort_order_text(order, texts, n, err));
    for (int64_t i = 0; i < n; i++) {
        const char *text = texts[order[i]];
        if (!text) {
            group[order[i]] = -1;
            continue;
        }
        if (*n_groups == 0 || strcmp(names[*n_groups - 1], text) != 0) {
            names[(*n_groups)++] = text;
        }
        group[order[i]] = *n_groups - 1;
    }
    *values = names;
    return ASSAY_OK;
}

static assay_status add_groups(assay_compare_job *job, assay_error *err)
{
    const char *by = job->request->by;
    const assay_column *column = NULL;
    const char **texts = NULL, **values = NULL;
    int64_t n = job->models[0]->n, groups = 0;
    int64_t *group = assay_arena_alloc(job->arena, (size_t)n + 1, sizeof *group);

    if (!group) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(find_column(&column, job, "by", by, err));
    ASSAY_TRY(column_texts(&texts, job, column, err));
    ASSAY_TRY(number_texts(group, &groups, &values, job, texts, err));
    if (groups > ASSAY_COMPARE_GROUPS) {
        return assay_fail(err, ASSAY_EINVAL,
                          "--by: column '%.80s' has %" PRId64
                          " values, more than %d contexts; use --slice \"name=SQL\" for ranges",
                          by, groups, ASSAY_COMPARE_GROUPS);
    }
    for (int64_t g = 0; g < groups; g++) {
        assay_compare_context *context = NULL;
        char value[96];
        assay_text_printable(value, sizeof value, values[g]);
        const char *name = assay_arena_printf(job->arena, "%s = %s", by, value);
        if (!name) {
            return assay_fail_memory(err);
        }
        ASSAY_TRY(add_context(&context, job, name, NULL, err));
        context->group = true;
        for (int64_t i = 0; i < n; i++) {
            context->mask[i] = group[i] == g;
        }
        narrow(job, context);
    }
    return ASSAY_OK;
}

assay_status assay_compare_contexts(assay_compare_job *job, assay_error *err)
{
    const assay_compare_request *r = job->request;

    ASSAY_TRY(add_predicate(job, r->where ? r->where : "all", r->where, err));
    if (job->contexts[0].n == 0) {
        return assay_fail(err, ASSAY_EFORMAT, "there is nothing to compare: no row %s",
                          r->where ? "for which --where holds" : "that all files share");
    }
    for (size_t s = 0; r->slices && r->slices[s]; s++) {
        ASSAY_TRY(add_slice(job, r->slices[s], err));
    }
    return r->by ? add_groups(job, err) : ASSAY_OK;
}

assay_status assay_compare_clusters(assay_compare_job *job, assay_error *err)
{
    const char *cluster = job->request->cluster;

    if (!cluster) {
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_units_make(&job->units, &job->n_units, job->arena, job->models[0]->columns,
                               job->models[0]->ids, cluster, "--cluster", job->request->files[0],
                               err));
    if (job->n_units < ASSAY_COMPARE_FEWEST_UNITS) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "--cluster: column '%.80s' has %" PRId64
                          " values; with fewer than %d clusters no interval can be trusted",
                          cluster, job->n_units, ASSAY_COMPARE_FEWEST_UNITS);
    }
    if (job->n_units < 40) {
        assay_log_write(&job->context->log, ASSAY_LOG_WARNING,
                        "only %" PRId64 " clusters: intervals may be too narrow below about 40",
                        job->n_units);
    }
    return ASSAY_OK;
}
