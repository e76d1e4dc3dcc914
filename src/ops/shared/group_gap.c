#include "ops/shared/group_gap.h"

#include <inttypes.h>
#include <math.h>

#include "stats/group_gaps.h"

const char *const assay_gap_method_choices[] = {"between_groups", "to_overall", NULL};
const char *const assay_gap_agg_choices[] = {"worst_case", "mean", NULL};

size_t assay_group_counts_size(const void *params, int32_t cells)
{
    return assay_class_counts_size(params, cells);
}

assay_status assay_group_counts_block(void *state, const void *params, const assay_rows *rows,
                                      assay_arena *scratch, assay_error *err)
{
    (void)params;
    (void)scratch;
    (void)err;
    for (int64_t i = 0; i < rows->n; i++) {
        assay_class_counts *counts =
            (assay_class_counts *)state + (int64_t)rows->group[i] * rows->classes;
        double weight = assay_rows_weight(rows, i);
        int32_t target = rows->target[i];
        int32_t label = rows->label[i];
        counts[target].truth += weight;
        counts[label].predicted += weight;
        counts[target].hits += target == label ? weight : 0.0;
    }
    return ASSAY_OK;
}

/* Weights of rows. */
typedef struct trials {
    double x, n;
} trials;

/* Behind one measure: the groups that take part, by rate. */
typedef struct evidence {
    const assay_gap_kind *kind;
    int32_t agg;
    int32_t n[2];
    trials *of[2];
    assay_trials *counts[2]; /* the same, of rows without weights */
    int32_t *group[2];       /* which they are */
} evidence;

static trials trials_of(const assay_class_counts *counts, int32_t classes, int32_t class_index,
                        assay_group_rate rate)
{
    trials all = {0};
    for (int32_t c = 0; c < classes; c++) {
        all.n += counts[c].truth;
        all.x += counts[c].hits;
    }
    const assay_class_counts *mine = &counts[class_index];
    switch (rate) {
    case ASSAY_RATE_SELECTED:
        return (trials){.x = mine->predicted, .n = all.n};
    case ASSAY_RATE_TRUE_POSITIVE:
        return (trials){.x = mine->hits, .n = mine->truth};
    case ASSAY_RATE_FALSE_POSITIVE:
        return (trials){.x = assay_class_rest(mine->predicted, mine->hits),
                        .n = assay_class_rest(all.n, mine->truth)};
    case ASSAY_RATE_PRECISION:
        return (trials){.x = mine->hits, .n = mine->predicted};
    case ASSAY_RATE_CORRECT:
        break;
    }
    return all;
}

static double share(trials t)
{
    return t.x / t.n;
}

/* ---- intervals ---- */

static double ordered_pairs(const evidence *e, int32_t rate)
{
    return (double)e->n[rate] * (double)(e->n[rate] - 1);
}

/* With two rates, the end that any pair may make has the pairs of both to allow for; the end that each
 * pair holds by itself is as good as with one, unless both rates enter a mean. */
static assay_status gap_bounds(double *low, double *high, const void *from, double alpha_low,
                               double alpha_high, assay_error *err)
{
    const evidence *e = from;
    bool ratio = e->kind->form == ASSAY_GAP_RATIO;
    bool two = e->kind->n_rates > 1;
    bool mean = e->agg == ASSAY_GAP_MEAN && two;
    double pairs = ordered_pairs(e, 0) + (two ? ordered_pairs(e, 1) : 0.0);
    double lows[2] = {0};
    double highs[2] = {0};
    for (int32_t r = 0; r < e->kind->n_rates; r++) {
        double together = ordered_pairs(e, r) / pairs;
        double alone = mean ? 0.5 : 1.0;
        ASSAY_TRY(ratio ? assay_smallest_ratio(&lows[r], &highs[r], e->counts[r], e->n[r],
                                               alpha_low * alone, alpha_high * together, err)
                        : assay_largest_difference(&lows[r], &highs[r], e->counts[r], e->n[r],
                                                   alpha_low * together, alpha_high * alone, err));
    }
    *low = lows[0];
    *high = highs[0];
    if (mean) {
        *low = (lows[0] + lows[1]) / 2.0;
        *high = (highs[0] + highs[1]) / 2.0;
    } else if (two) {
        *low = ratio ? fmin(lows[0], lows[1]) : fmax(lows[0], lows[1]);
        *high = ratio ? fmin(highs[0], highs[1]) : fmax(highs[0], highs[1]);
    }
    return ASSAY_OK;
}

static assay_status worst_bounds(double *low, double *high, const void *from, double alpha_low,
                                 double alpha_high, assay_error *err)
{
    const evidence *e = from;
    return assay_lowest_proportion(low, high, e->counts[0], e->n[0], alpha_low, alpha_high, err);
}

/* ---- values ---- */

typedef struct extremes {
    double value;            /* NaN: 0/0 */
    int32_t highest, lowest; /* groups */
} extremes;

static double inverse_ratio(double a, double b)
{
    return a < b ? a / b : b / a;
}

static extremes gap_of(const evidence *e, int32_t rate, trials overall, int32_t method)
{
    const trials *of = e->of[rate];
    int32_t highest = 0;
    int32_t lowest = 0;
    double ratio = 1.0;
    double difference = 0.0;
    for (int32_t g = 0; g < e->n[rate]; g++) {
        highest = share(of[g]) > share(of[highest]) ? g : highest;
        lowest = share(of[g]) < share(of[lowest]) ? g : lowest;
        difference = fmax(difference, fabs(share(of[g]) - share(overall)));
        if (overall.x > 0.0) {
            ratio = fmin(ratio, inverse_ratio(share(of[g]), share(overall)));
        }
    }
    extremes x = {.highest = e->group[rate][highest], .lowest = e->group[rate][lowest]};
    bool to_overall = method == ASSAY_GAP_TO_OVERALL;
    if (e->kind->form == ASSAY_GAP_WORST) {
        x.value = share(of[lowest]);
    } else if (e->kind->form == ASSAY_GAP_DIFFERENCE) {
        x.value = to_overall ? difference : share(of[highest]) - share(of[lowest]);
    } else if (of[highest].x == 0.0) {
        x.value = NAN;
    } else {
        x.value = to_overall ? ratio : share(of[lowest]) / share(of[highest]);
    }
    return x;
}

/* One measure: of a class, or of all. */
typedef struct gap_case {
    const assay_class_counts *counts;
    const assay_gap_kind *kind;
    const assay_gap_params *params;
    const assay_rows *shape;
    int32_t class_index;
    trials overall[2];
    int64_t left_out;
    const char *names[3];
} gap_case;

static assay_status gather(evidence **out, gap_case *c, assay_arena *arena, assay_error *err)
{
    const assay_groups *groups = c->shape->groups;
    evidence *e = assay_arena_alloc(arena, 1, sizeof *e);
    *out = e;
    if (e == NULL) {
        return assay_fail_memory(err);
    }
    e->kind = c->kind;
    e->agg = c->params->agg;
    for (int32_t r = 0; r < c->kind->n_rates; r++) {
        e->of[r] = assay_arena_alloc(arena, (size_t)groups->n, sizeof *e->of[r]);
        e->group[r] = assay_arena_alloc(arena, (size_t)groups->n, sizeof *e->group[r]);
        e->counts[r] = assay_arena_alloc(arena, (size_t)groups->n, sizeof *e->counts[r]);
        if (e->of[r] == NULL || e->group[r] == NULL || e->counts[r] == NULL) {
            return assay_fail_memory(err);
        }
        for (int32_t g = 0; g < groups->n; g++) {
            trials t = trials_of(c->counts + (int64_t)g * c->shape->classes, c->shape->classes,
                                 c->class_index, c->kind->rates[r]);
            c->overall[r].x += t.x;
            c->overall[r].n += t.n;
            if (t.n >= (double)c->params->least * c->shape->mean_weight) {
                e->group[r][e->n[r]] = g;
                e->counts[r][e->n[r]] = (assay_trials){(int64_t)t.x, (int64_t)t.n};
                e->of[r][e->n[r]++] = t;
            } else if (r == 0 || c->left_out == 0) {
                if (c->left_out < 3) {
                    c->names[c->left_out] = groups->names[g];
                }
                c->left_out++;
            }
        }
    }
    return ASSAY_OK;
}

static const char *left_out_text(const gap_case *c, assay_arena *arena)
{
    return assay_arena_printf(
        arena, "fewer than %" PRId64 " rows behind the rate, so left out: %s%s%s%s%s%s",
        c->params->least, c->names[0], c->left_out > 1 ? ", " : "",
        c->left_out > 1 ? c->names[1] : "", c->left_out > 2 ? ", " : "",
        c->left_out > 2 ? c->names[2] : "", c->left_out > 3 ? ", ..." : "");
}

/* Which groups make the gap, and which are left out. */
static assay_status remark(assay_measure *measure, const gap_case *c, extremes worst,
                           assay_arena *arena, assay_error *err)
{
    const char *const *names = c->shape->groups->names;
    const char *left_out = c->left_out > 0 ? left_out_text(c, arena) : "";
    if (left_out == NULL) {
        return assay_fail_memory(err);
    }
    const char *join = c->left_out > 0 ? "; " : "";
    measure->reason =
        c->kind->form == ASSAY_GAP_WORST
            ? assay_arena_printf(arena, "lowest: %s%s%s", names[worst.lowest], join, left_out)
            : assay_arena_printf(arena, "highest: %s, lowest: %s%s%s", names[worst.highest],
                                 names[worst.lowest], join, left_out);
    return measure->reason != NULL ? ASSAY_OK : assay_fail_memory(err);
}

static void too_few(assay_measure *measure, const char *reason)
{
    measure->outcome = ASSAY_OUTCOME_TOO_FEW;
    measure->reason = reason;
    measure->value = NAN;
}

static assay_status finish_case(assay_measure *measure, gap_case *c, assay_arena *arena,
                                assay_error *err)
{
    evidence *e = NULL;
    ASSAY_TRY(gather(&e, c, arena, err));
    bool worse_is_low = c->kind->form != ASSAY_GAP_DIFFERENCE;
    int32_t fewest = c->kind->form == ASSAY_GAP_WORST ? 1 : 2;
    extremes worst = {0};
    double sum = 0.0;
    for (int32_t r = 0; r < c->kind->n_rates; r++) {
        for (int32_t g = 0; g < e->n[r]; g++) {
            measure->weight += e->of[r][g].n;
        }
        if (c->overall[r].n == 0.0) {
            assay_measure_undefine(measure, "there are no rows behind the rate in any group");
            return ASSAY_OK;
        }
        if (e->n[r] < fewest) {
            const char *reason = left_out_text(c, arena);
            too_few(measure, reason);
            return reason != NULL ? ASSAY_OK : assay_fail_memory(err);
        }
        extremes x = gap_of(e, r, c->overall[r], c->params->method);
        if (isnan(x.value)) {
            assay_measure_undefine(measure, "the rate is 0 in every group, so there is no ratio");
            return ASSAY_OK;
        }
        sum += x.value;
        if (r == 0 || (worse_is_low ? x.value < worst.value : x.value > worst.value)) {
            worst = x;
        }
    }
    bool mean = c->params->agg == ASSAY_GAP_MEAN;
    measure->value = mean ? sum / (double)c->kind->n_rates : worst.value;
    if (c->kind->form == ASSAY_GAP_DIFFERENCE) {
        measure->distance = ASSAY_DISTANCE_PLAIN; /* when it is resampled: a norm of the rates */
    } else {
        measure->no_interval = ASSAY_GAP_NO_INTERVAL;
    }
    if (c->params->method == ASSAY_GAP_BETWEEN_GROUPS) {
        bool one = c->kind->form == ASSAY_GAP_WORST;
        measure->evidence = e;
        measure->bounds = one ? worst_bounds : gap_bounds;
        measure->bounds_name = one ? "clopper_pearson, simultaneous over all groups"
                                   : "miettinen_nurminen, simultaneous over all pairs of groups";
    }
    return remark(measure, c, worst, arena, err);
}

assay_status assay_group_gap_finish(assay_result *out, const void *state,
                                    const assay_gap_kind *kind, const assay_gap_params *params,
                                    const assay_rows *shape, assay_error *err)
{
    bool by_class = kind->rates[0] != ASSAY_RATE_CORRECT;
    int32_t positive = shape->groups->positive;
    for (int32_t c = 0; c < shape->classes; c++) {
        if (by_class ? positive >= 0 && c != positive : c > 0) {
            continue;
        }
        gap_case each = {
            .counts = state, .kind = kind, .params = params, .shape = shape, .class_index = c};
        assay_measure *measure = NULL;
        ASSAY_TRY(assay_result_new_measure(&measure, out, err));
        measure->class_name = by_class ? shape->class_names[c] : NULL;
        ASSAY_TRY(finish_case(measure, &each, out->arena, err));
    }
    return ASSAY_OK;
}
