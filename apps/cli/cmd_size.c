#include "assay/size.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "command.h"

static const char *const kinds[] = {"proportion", "difference", "paired", "precision"};
enum { KINDS = sizeof kinds / sizeof kinds[0] };
static const int64_t not_given = INT64_MIN;

static int answer(const command *self, const assay_size_request *request, const char *file)
{
    assay_error err = {0};
    char *json = NULL;
    char *text = NULL;
    bool to_output = file && strcmp(file, "-") == 0;

    assay_status status = assay_size(file ? &json : NULL, to_output ? NULL : &text, request, &err);
    if (status != ASSAY_OK) {
        return session_fail(self, status, &err);
    }
    return write_answer(self, text, json, file);
}

/** What a kind of question cannot do without. */
static int check(const command *self, const assay_size_request *request)
{
    bool two = request->kind == ASSAY_SIZE_DIFFERENCE || request->kind == ASSAY_SIZE_PAIRED;

    if (two && (isnan(request->first) || isnan(request->second))) {
        return complain(self, EXIT_USAGE, "--first and --second are needed; usage: %s",
                        self->usage);
    }
    if (request->kind == ASSAY_SIZE_PRECISION &&
        (isnan(request->expect) || isnan(request->half_width))) {
        return complain(self, EXIT_USAGE, "--expect and --half-width are needed; usage: %s",
                        self->usage);
    }
    return 0;
}

static int run(const command *self, int argc, char **argv)
{
    common_options common = {0};
    assay_size_request request = {.struct_size = sizeof request,
                                  .kind = ASSAY_SIZE_PROPORTION,
                                  .at_least = NAN,
                                  .at_most = NAN,
                                  .expect = NAN,
                                  .failures = not_given,
                                  .first = NAN,
                                  .second = NAN,
                                  .half_width = NAN};
    const char *kind[1] = {"proportion"};
    const char *json = NULL;
    bool zero = false, exact = false, normal = false;
    size_t n = 0;
    const option options[] = {
        {"at-least", 0, OPTION_REAL, &request.at_least, "P", "the rate that is required"},
        {"at-most", 0, OPTION_REAL, &request.at_most, "P", "the rate that is allowed"},
        {"expect", 0, OPTION_REAL, &request.expect, "P", "what the true rate probably is"},
        {"confidence", 0, OPTION_REAL, &request.confidence, "P", "default 0.95"},
        {"power", 0, OPTION_REAL, &request.power, "P", "probability of success (default 0.8)"},
        {"failures", 0, OPTION_INT, &request.failures, "N", "failures that are to be allowed"},
        {"zero-failures", 0, OPTION_FLAG, &zero, NULL, "the same as --failures 0"},
        {"first", 0, OPTION_REAL, &request.first, "P",
         "difference: one rate; paired: share only the first gets right"},
        {"second", 0, OPTION_REAL, &request.second, "P", "the same of the second"},
        {"half-width", 0, OPTION_REAL, &request.half_width, "W", "precision: how exactly"},
        {"pool", 0, OPTION_INT, &request.pool, "N",
         "only N samples exist, the claim is about them"},
        {"deff", 0, OPTION_REAL, &request.design_effect, "D",
         "design effect: samples come in groups that are alike"},
        {"exact", 0, OPTION_FLAG, &exact, NULL,
         "difference, paired: for Fisher's, McNemar's exact test, without approximation"},
        {"normal", 0, OPTION_FLAG, &normal, NULL,
         "proportion, precision: by the formula of the normal approximation"},
        {"json", 0, OPTION_TEXT, &json, "FILE", "the answer as JSON; - for standard output"},
    };

    int code = option_parse(self, options, sizeof options / sizeof options[0], &common, argc, argv,
                            kind, 1, &n);
    if (code != 0 || common.help) {
        return code;
    }
    size_t k = 0;
    while (k < KINDS && strcmp(kinds[k], kind[0]) != 0) {
        k++;
    }
    if (k == KINDS) {
        return complain(self, EXIT_USAGE,
                        "there is no question '%s'; it is one of proportion, difference, paired, "
                        "precision",
                        kind[0]);
    }
    request.kind = (assay_size_kind)(k + 1);
    if (request.failures < 0 && request.failures != not_given) {
        return complain(self, EXIT_USAGE, "--failures is %" PRId64 ", expected 0 or more",
                        request.failures);
    }
    request.failures = zero ? 0 : request.failures == not_given ? -1 : request.failures;
    request.exact = exact;
    request.normal = normal;
    code = check(self, &request);
    return code ? code : answer(self, &request, json);
}

const command command_size = {
    .name = "size",
    .summary = "How many samples a question takes, before anything is measured.",
    .usage = "assay size [proportion|difference|paired|precision] [options]",
    .details =
        "proportion  show that a rate is at least (at most) something; the number is exact for "
        "the\n"
        "            rule that `assay run` judges by\n"
        "difference  find that two rates on different samples differ\n"
        "paired      find that two models differ on the same samples\n"
        "precision   know a rate to within a half width\n\n"
        "Rates are shares: 0.9 is 90 %. Confidence is one-sided for proportion, else two-sided.\n",
    .examples = "  assay size proportion --at-least 0.9 --expect 0.95\n"
                "  assay size proportion --at-least 0.95 --zero-failures\n"
                "  assay size proportion --at-most 0.01 --failures 2 --pool 5000\n"
                "  assay size difference --first 0.9 --second 0.93 --power 0.9\n"
                "  assay size paired --first 0.06 --second 0.03\n"
                "  assay size paired --first 0.06 --second 0.03 --exact\n"
                "  assay size precision --expect 0.9 --half-width 0.02 --deff 1.8\n",
    .run = run,
};
