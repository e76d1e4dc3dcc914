#include <stdio.h>
#include <string.h>

#include "assay/attack.h"
#include "command.h"

static int attack(const command *self, const common_options *common,
                  const assay_attack_request *request, const char *json_path)
{
    cli_session session;
    assay_error err = {0};
    assay_attack_summary summary;
    char *json = NULL;
    char *table = NULL;
    bool wants_table = !(json_path != NULL && strcmp(json_path, "-") == 0);
    int code = session_open(&session, self, common);
    if (code != 0) {
        return code;
    }
    assay_status status =
        assay_attack_model(json_path != NULL ? &json : NULL, wants_table ? &table : NULL, &summary,
                           session.context, request, &err);
    session_close(&session);
    if (status != ASSAY_OK) {
        return session_fail(self, status, &err);
    }
    if (table != NULL) {
        code = write_output(self, "-", table);
    }
    if (code == 0 && json != NULL) {
        code = write_output(self, json_path, json);
    }
    assay_text_free(table);
    assay_text_free(json);
    return code;
}

/* 0, or one line about what makes no sense. */
static int refuse(const command *self, const assay_attack_request *r, const char *on_error)
{
    if (!r->skip_bad && strcmp(on_error, "stop") != 0) {
        return complain(self, EXIT_USAGE, "--on-error is '%s', expected stop or skip", on_error);
    }
    if (r->limit < 0 || r->budget < 0 || r->repeats < 0 || r->repeats > 100000 ||
        !(r->noise >= 0.0 && r->noise <= 1.0) || !(r->certify >= 0.0 && r->certify <= 100.0) ||
        r->certify_draws < 0) {
        return complain(
            self, EXIT_USAGE,
            "--limit, --budget, --repeats and --certify-draws are whole numbers from 0, "
            "--noise is 0 to 1, --certify 0 to 100");
    }
    if (r->level != 0.0 && !(r->level > 0.0 && r->level < 1.0)) {
        return complain(self, EXIT_USAGE, "--level is %g, expected between 0 and 1", r->level);
    }
    return 0;
}

static int run(const command *self, int argc, char **argv)
{
    common_options common = {0};
    assay_attack_request request = {.struct_size = sizeof request};
    option_list attacks = {0};
    option_list with = {0};
    option_list transfer = {0};
    option_list proxy = {0};
    const char *inputs[2] = {NULL, NULL};
    const char *json = NULL;
    const char *on_error = "stop";
    int64_t seed = 1;
    int64_t repeats = 0;
    bool own = false;
    size_t n = 0;
    const option options[] = {
        {"attack", 'a', OPTION_LIST, &attacks, "NAME[:P=V]", "attack or control (repeatable)"},
        {"norm", 0, OPTION_TEXT, &request.norm, "NORM", "linf (default), l2, l1 or l0"},
        {"eps", 0, OPTION_TEXT, &request.eps, "E,E", "budgets: 2/255,4/255 (pixels are 0 to 1)"},
        {"out", 'o', OPTION_TEXT, &request.out, "FOLDER", "examples, traces, attack.json"},
        {"json", 0, OPTION_TEXT, &json, "FILE", "the assessment as JSON; - for standard output"},
        {"limit", 0, OPTION_INT, &request.limit, "N", "at most N images, drawn by the seed"},
        {"memory", 0, OPTION_TEXT, &request.memory, "BYTES", "take at most this, such as 2GB"},
        {"target-class", 0, OPTION_TEXT, &request.target_class, "CLASS", "the answer wanted"},
        {"transfer", 0, OPTION_LIST, &transfer, "MODEL",
         "try the examples on it; a folder: on all in it"},
        {"proxy", 0, OPTION_LIST, &proxy, "MODEL", "also attack with MODEL's gradients alone"},
        {"matrix", 0, OPTION_TEXT, &request.matrix, "EPS", "attack those too, try all on all"},
        {"with", 0, OPTION_LIST, &with, "MODEL", "attack it together with MODEL (repeatable)"},
        {"gradients", 0, OPTION_TEXT, &request.gradients, "MODEL", "take gradients from it"},
        {"budget", 0, OPTION_INT, &request.budget, "N", "most queries of an image at one eps"},
        {"repeats", 0, OPTION_INT, &repeats, "N", "average gradients over N calls"},
        {"noise", 0, OPTION_REAL, &request.noise, "S", "noise of this sigma on each of them"},
        {"certify", 0, OPTION_REAL, &request.certify, "SIGMA",
         "certify it by randomised smoothing"},
        {"certify-draws", 0, OPTION_INT, &request.certify_draws, "N",
         "draws for each image (1000)"},
        {"target", 0, OPTION_TEXT, &request.target, "COLUMN", "true class in the manifest"},
        {"own-answers", 0, OPTION_FLAG, &own, NULL, "the model's own answers are the classes"},
        {"labels", 0, OPTION_TEXT, &request.labels, "FILE", "targets, for IDX and NPY data"},
        {"where", 0, OPTION_TEXT, &request.where, "SQL", "only data that fulfil this"},
        {"by", 0, OPTION_TEXT, &request.by, "COLUMN", "also for each value of this column"},
        {"level", 0, OPTION_REAL, &request.level, "P", "confidence of intervals (default 0.95)"},
        {"seed", 0, OPTION_INT, &seed, "N", "of everything drawn (default 1)"},
        {"on-error", 0, OPTION_TEXT, &on_error, "stop|skip", "what happens to a bad datum"},
    };
    int code = option_parse(self, options, sizeof options / sizeof options[0], &common, argc, argv,
                            inputs, 2, &n);
    if (code == 0 && !common.help) {
        request.model = inputs[0];
        request.data = inputs[1];
        request.attacks = attacks.items;
        request.with = with.items;
        request.transfer = transfer.items;
        request.proxy = proxy.items;
        request.skip_bad = strcmp(on_error, "skip") == 0;
        request.seed = (uint64_t)seed;
        request.repeats = repeats < 0 || repeats > 100000 ? -1 : (int32_t)repeats;
        request.own_answers = own;
        code = n < 2 ? complain(self, EXIT_USAGE, "a model and data are needed; usage: %s",
                                self->usage)
                     : refuse(self, &request, on_error);
        if (code == 0) {
            code = attack(self, &common, &request, json);
        }
    }
    option_list_free(&attacks);
    option_list_free(&with);
    option_list_free(&transfer);
    option_list_free(&proxy);
    return code;
}

const command command_attack = {
    .name = "attack",
    .summary = "How much deliberate change a classifier bears, and whether to believe it.",
    .usage = "assay attack MODEL DATA [options]",
    .details =
        "For models that you are authorised to test. Without --attack: fgsm, pgd, autoattack and\n"
        "noise; square, noise and spatial for models that give no gradients; noise and spatial\n"
        "for models that give labels only. `assay describe attack` lists all.\n\n"
        "eps is in units of the pixel range 0 to 1. The table says how many right answers are\n"
        "left, with exact intervals, and what the automatic checks found.\n",
    .examples =
        "  assay attack digits.onnx digits/ --eps 0.05,0.1,0.2\n"
        "  assay attack cats.onnx photos/ --attack autoattack --norm l2 --eps 0.5 --limit 500\n"
        "  assay attack cats.onnx photos/ --attack mi_fgsm --eps 8/255 --transfer other.onnx\n"
        "  assay attack cats.onnx photos/ --eps 8/255 --transfer models/ --matrix 8/255 --out "
        "evidence/m\n"
        "  assay attack model.yaml photos/ --attack square:queries=1000 --out evidence/attack\n"
        "  assay attack verdict.onnx photos/ --own-answers --target-class nothing   # a detector: "
        "see "
        "assay model cut\n",
    .run = run,
};
