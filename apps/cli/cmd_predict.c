#include "assay/predict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "assay/text.h"
#include "command.h"

static int predict(const command *self, const common_options *common,
                   const assay_predict_request *request)
{
    cli_session session;
    assay_error err = {0};
    assay_predict_summary summary;

    int code = session_open(&session, self, common);
    if (code != 0) {
        return code;
    }
    assay_status status = assay_predict_file(&summary, session.context, request, &err);
    session_close(&session);
    if (status != ASSAY_OK) {
        return session_fail(self, status, &err);
    }
    if (!common->quiet) {
        const char *reused = summary.reused ? " (reused: nothing had changed)" : "";
        if (summary.boxes) {
            printf("%lld boxes of %lld images in %s%s", (long long)summary.n,
                   (long long)summary.images, request->out, reused);
        } else if (summary.maps) {
            printf("%lld label maps in %s%s", (long long)summary.n, request->out, reused);
        } else {
            printf("%lld predictions in %s%s", (long long)summary.n, request->out, reused);
        }
        if (summary.skipped > 0) {
            printf("; %lld bad data were left out", (long long)summary.skipped);
        }
        if (!isnan(summary.accuracy)) {
            printf("; accuracy %.4f", summary.accuracy);
        }
        printf("\ndigest sha256:%s\n", summary.digest);
    }
    return 0;
}

static int run(const command *self, int argc, char **argv)
{
    common_options common = {0};
    assay_predict_request request = {.struct_size = sizeof request};
    const char *on_error = "stop";
    const char *none[1];
    int64_t seed = 1;
    bool fresh = false;
    size_t n = 0;
    const option options[] = {
        {"model", 0, OPTION_TEXT, &request.model, "FILE", "ONNX file or model description (.yaml)"},
        {"data", 0, OPTION_TEXT, &request.data, "PATH",
         "folder, manifest (.csv .parquet .jsonl), COCO annotations (.json), IDX, .npy, .npz"},
        {"out", 'o', OPTION_TEXT, &request.out, "FILE",
         "what to write: .parquet; detectors also .json (COCO results); segmentations: a\n"
         "folder of label maps"},
        {"target", 0, OPTION_TEXT, &request.target, "COLUMN", "true class in the manifest"},
        {"labels", 0, OPTION_TEXT, &request.labels, "FILE", "targets, for IDX and NPY data"},
        {"root", 0, OPTION_TEXT, &request.root, "FOLDER", "folder of the images of a manifest"},
        {"truth", 0, OPTION_TEXT, &request.truth, "FILE",
         "detectors: COCO annotations whose category numbers are used"},
        {"perturb", 0, OPTION_TEXT, &request.perturbation, "NAME[:P=V]",
         "perturb every image first"},
        {"seed", 0, OPTION_INT, &seed, "N", "seed of the perturbation (default 1)"},
        {"on-error", 0, OPTION_TEXT, &on_error, "stop|skip", "what happens to a bad datum"},
        {"fresh", 0, OPTION_FLAG, &fresh, NULL, "compute even if FILE already holds this result"},
    };

    int code = option_parse(self, options, sizeof options / sizeof options[0], &common, argc, argv,
                            none, 0, &n);
    if (code != 0 || common.help) {
        return code;
    }
    if (!request.model || !request.data || !request.out) {
        return complain(self, EXIT_USAGE, "--model, --data and --out are needed; usage: %s",
                        self->usage);
    }
    request.skip_bad = strcmp(on_error, "skip") == 0;
    if (!request.skip_bad && strcmp(on_error, "stop") != 0) {
        return complain(self, EXIT_USAGE, "--on-error is '%s', expected stop or skip", on_error);
    }
    request.seed = (uint64_t)seed;
    request.fresh = fresh;
    return predict(self, &common, &request);
}

const command command_predict = {
    .name = "predict",
    .summary = "Run a model over a data set and keep what it said, as Parquet.",
    .usage = "assay predict --model FILE --data PATH --out FILE [options]",
    .details =
        "Preprocessing is read from FILE.yaml (same name as the model) or model.yaml beside\n"
        "the model. Predictions are reused when model, data, preprocessing and version are\n"
        "unchanged; interrupted work is resumed. A detector (output: {decoder: ...}) gives boxes:\n"
        "`assay describe decoder` lists what can be read. A segmentation (output: {decoder:\n"
        "semantic}) gives a folder of label maps with the names of the images.\n",
    .examples = "  assay predict --model cats.onnx --data photos/ --out cats.parquet\n"
                "  assay predict --model cats.onnx --data field.csv --out noisy.parquet \\\n"
                "      --perturb gaussian_noise:sigma=0.1\n"
                "  assay predict --model yolo.onnx --data annotations.json --out boxes.json\n"
                "  assay predict --model roads.onnx --data photos/ --out maps\n",
    .run = run,
};
