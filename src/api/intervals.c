#include "api/intervals.h"

#include <string.h>

#include "api/context.h"
#include "api/run.h"

static assay_status place(assay_interval_choice *choice, assay_args *args, bool area,
                          assay_error *err)
{
    const assay_interval *interval = args->op->interval;
    bool resampled = assay_interval_is_resampled(args);
    assay_args **slot = interval->proportion     ? &choice->proportion
                        : interval->of_clusters  ? &choice->clustered
                        : area || interval->area ? &choice->area
                        : resampled              ? &choice->replicate
                                                 : &choice->clustered;

    if (area && !resampled && !interval->area) {
        assay_status status =
            assay_fail(err, ASSAY_EINVAL,
                       "interval: auc=%s: it is not made for areas; use delong, or "
                       "one from bootstrap replicates (bootstrap_percentile, "
                       "bootstrap_basic, bootstrap_studentised, bca)",
                       args->op->name);
        assay_args_free(args);
        return status;
    }
    if (interval->count) {
        assay_status status =
            assay_fail(err, ASSAY_EINVAL,
                       "interval: %s is for numbers of events; the metrics that count "
                       "events (false_alarms_per_exposure) use it by themselves",
                       args->op->name);
        assay_args_free(args);
        return status;
    }
    assay_args_free(*slot);
    *slot = args;
    return ASSAY_OK;
}

static assay_status parse(assay_interval_choice *choice, const char *text, assay_error *err)
{
    assay_args *args = NULL;
    bool area = strncmp(text, "auc=", 4) == 0;

    ASSAY_TRY(assay_args_parse(&args, ASSAY_OP_INTERVAL, area ? text + 4 : text, err));
    return place(choice, args, area, err);
}

assay_status assay_interval_choice_parse(assay_interval_choice *out, const char *const *texts,
                                         assay_error *err)
{
    ASSAY_TRY(parse(out, "clopper_pearson", err));
    ASSAY_TRY(parse(out, "bootstrap_percentile", err));
    for (size_t i = 0; texts && texts[i]; i++) {
        ASSAY_TRY(parse(out, texts[i], err));
    }
    return ASSAY_OK;
}

void assay_interval_choice_free(assay_interval_choice *choice)
{
    assay_args_free(choice->proportion);
    assay_args_free(choice->replicate);
    assay_args_free(choice->clustered);
    assay_args_free(choice->area);
}

void assay_interval_choice_apply(assay_evaluate_options *options,
                                 const assay_interval_choice *choice)
{
    options->proportion_interval = choice->proportion;
    options->replicate_interval = choice->replicate;
    options->clustered_interval = choice->clustered;
    options->area_interval = choice->area;
}

static bool has_stock(const assay_args *proportion)
{
    double size = 0.0;
    return proportion && assay_args_get(&size, proportion, "population");
}

const char *assay_estimand(bool clustered, bool weighted, const assay_args *proportion)
{
    if (clustered && weighted) {
        return "Values speak of this fixed test set; intervals, tests and verdicts speak of the "
               "population that its clusters are an independent random sample of, each row "
               "standing "
               "for as much of it as its weight says, and not of data of another kind.";
    }
    if (clustered) {
        return "Values speak of this fixed test set; intervals, tests and verdicts speak of the "
               "population that its clusters are an independent random sample of (rows of one "
               "cluster "
               "may depend on each other), and not of data of another kind.";
    }
    if (weighted) {
        return "Values speak of this fixed test set; intervals, tests and verdicts speak of the "
               "population that the rows are an independent random sample of, each row standing "
               "for "
               "as much of it as its weight says, and not of data of another kind.";
    }
    if (has_stock(proportion)) {
        return "Values speak of this fixed test set; intervals and verdicts of shares speak of the "
               "finite stock whose size was given (population=N), of which the rows are a random "
               "sample drawn without replacement, and not of things beyond it; all other intervals "
               "and tests speak of the population that the rows are an independent random sample "
               "of.";
    }
    return "Values speak of this fixed test set; intervals, tests and verdicts speak of the "
           "population that its rows are an independent random sample of, and not of data of "
           "another kind.";
}
