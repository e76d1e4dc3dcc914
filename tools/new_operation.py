#!/usr/bin/env python3
"""tools/new_operation.py KIND NAME [--root FOLDER]

Starts an operation: a metric, an interval, a perturbation, an attack or a decoder. Writes

    src/ops/KIND/NAME.c              descriptor and kernel; compiles as it is
    src/ops/op_table.def             its line, in its place
    tests/oracle/KIND_NAME.py        the same by an independent library; writes the golden
    tests/golden/KIND/NAME.txt|json  empty

`make test` then fails, and says what is lacking, until the descriptor is filled in and the golden is
there. Nothing that exists is overwritten.
"""
import argparse
import pathlib
import re
import sys

KINDS = ("metric", "interval", "perturbation", "attack", "decoder")  # in the order of assay_op_kind
GOLDEN = {"metric": "json", "interval": "txt", "perturbation": "txt", "attack": "txt",
          "decoder": "txt"}

DESCRIPTOR = '''
static const char *const examples[] = {
    "@EXAMPLE@",
    NULL,
};

const assay_op assay_op_@KIND@_@NAME@ = {
    .kind = ASSAY_OP_@UPPER@,
    .revision = 1,
    .name = "@NAME@",
    .title = "",       /* as a heading: "Expected calibration error" */
    .summary = "",     /* one plain sentence that a test engineer understands */
    .description = "", /* Markdown: definition, formula, range, conventions, edge cases */
    .citation = "",    /* paper, standard or library convention with its version */
    .since = "@VERSION@",
@FIELDS@};
'''

METRIC = '''#include "base/error.h"
#include "core/metric.h"
#include "ops/shared/confusion.h"

typedef struct state {
    double n;
    double hits;
} state;

static size_t state_size(const void *params, int32_t classes)
{
    (void)params;
    (void)classes;
    return sizeof(state);
}

/* Adds rows; a row counts as often as its weight says, which is how the bootstrap resamples. */
static assay_status block(void *raw, const void *params, const assay_rows *rows,
                          assay_arena *scratch, assay_error *err)
{
    state *s = raw;

    (void)params;
    (void)scratch;
    (void)err;
    for (int64_t i = 0; i < rows->n; i++) {
        double weight = assay_rows_weight(rows, i);
        s->n += weight;
        s->hits += rows->label[i] == rows->target[i] ? weight : 0.0;
    }
    return ASSAY_OK;
}

static void merge(void *into, const void *from, const void *params, int32_t classes)
{
    state *a = into;
    const state *b = from;

    (void)params;
    (void)classes;
    a->n += b->n;
    a->hits += b->hits;
}

static assay_status finish(assay_result *out, const void *raw, const void *params,
                           const assay_rows *shape, assay_error *err)
{
    const state *s = raw;
    assay_measure *measure = NULL;

    (void)params;
    (void)shape;
    ASSAY_TRY(assay_result_new_measure(&measure, out, err));
    measure->weight = s->n;
    if (s->n == 0.0) {
        assay_measure_undefine(measure, "there are no rows");
        return ASSAY_OK;
    }
    measure->value = s->hits / s->n;
    return ASSAY_OK;
}

static const assay_metric shape = {
    .state_size = state_size,
    .block = block,
    .merge = merge,
    .finish = finish,
};
'''

INTERVAL = '''#include "base/error.h"
#include "core/interval.h"
#include "core/op.h"

static assay_status proportion(double *low, double *high, int64_t successes, int64_t trials,
                               double alpha_low, double alpha_high, const void *params,
                               assay_error *err)
{
    (void)alpha_low;
    (void)alpha_high;
    (void)params;
    *low = 0.0;
    *high = 1.0;
    if (successes < 0 || successes > trials) {
        return assay_fail(err, ASSAY_EINVAL, "successes must lie between 0 and the trials");
    }
    return ASSAY_OK;
}

static const assay_interval shape = {.proportion = proportion};
'''

PERTURBATION = '''#include "base/error.h"
#include "core/op.h"
#include "core/perturbation.h"
#include "ops/shared/pixels.h"

typedef struct params {
    double strength;
} params;

static assay_status apply(assay_image *out, const assay_image *in, const void *raw, assay_rng *rng,
                          assay_arena *scratch, assay_error *err)
{
    const params *p = raw;
    size_t n = assay_pixels_row_size(in);

    (void)rng; /* the only source of randomness */
    if (p->strength == 0.0) {
        return assay_image_copy(out, in, err);
    }
    double *row = assay_arena_alloc(scratch, n, sizeof *row);
    if (!row) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_image_copy(out, in, err)); /* brings alpha along */
    for (int32_t y = 0; y < in->height; y++) {
        assay_pixels_load(row, in, y);
        for (size_t i = 0; i < n; i++) {
            row[i] *= 1.0 - p->strength;
        }
        assay_pixels_store(out, y, row);
    }
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_REAL(params, strength, 0.5, 0.0, 1.0, "", "How strong; 0 changes nothing."),
};

static const assay_perturbation shape = {
    .apply = apply,
    .severity_param = "strength",
    .severities = {0.1, 0.2, 0.3, 0.4, 0.5},
    .identity = 0.0,
    .has_identity = 1,
};
'''

ATTACK = '''#include <string.h>

#include "base/error.h"
#include "core/attack.h"
#include "core/op.h"
#include "ops/shared/ball.h"

typedef struct params {
    int64_t steps;
} params;

/* Every point that is put to the model is judged and kept by the framework; rows that are fooled
 * leave with assay_attack_compact. */
static assay_status run(assay_attack_block *b, const void *raw, assay_error *err)
{
    const params *p = raw;
    float *x = assay_attack_pixels(b, b->n);
    float *g = assay_attack_pixels(b, b->n);
    float *logits = assay_arena_alloc(b->arena, (size_t)(b->n * b->classes), sizeof *logits);
    if (!x || !g || !logits) {
        return assay_fail_memory(err);
    }
    memcpy(x, b->x0, (size_t)(b->n * b->size) * sizeof *x);
    for (int64_t t = 0; t < p->steps && b->n_active > 0; t++) {
        assay_points points = assay_attack_active(b);
        ASSAY_TRY(assay_attack_gradient(b, g, logits, x, &points, ASSAY_LOSS_CROSS_ENTROPY, NULL,
                                        NULL, err));
        assay_attack_compact(b);
        for (int64_t i = 0; i < b->n_active; i++) {
            int64_t at = b->active[i] * b->size;
            assay_ball_ascend(b->norm, x + at, g + at, b->eps, b->size);
            assay_ball_project(b->norm, x + at, b->x0 + at, b->eps, b->size);
        }
    }
    return ASSAY_OK;
}

static const assay_param param_list[] = {
    ASSAY_INT(params, steps, 10, 1, 100000, "", "Steps."),
};

static const assay_attack shape = {
    .access = ASSAY_ACCESS_GRADIENTS,
    .norms = ASSAY_LINF | ASSAY_L2,
    .run = run,
};
'''

DECODER = '''#include "core/op.h"
#include "ops/shared/decode.h"

/* The number of classes, when the shape tells; else 0. */
static int32_t classes(const assay_raw *raw, const void *params)
{
    (void)raw;
    (void)params;
    return 0;
}

static assay_status decode(assay_candidates *out, const assay_decoder_input *in, const void *params,
                           assay_error *err)
{
    const assay_raw *raw = &in->raw[0];
    const int64_t shape[2] = {-1, 6};

    (void)params;
    ASSAY_TRY(assay_decode_expect(raw, 2, shape, err));
    for (int64_t i = 0; i < raw->shape[0]; i++) {
        assay_candidate c = {.score = (double)raw->data[i * 6 + 4]};
        if (!(c.score <= in->floor)) {
            ASSAY_TRY(assay_candidates_add(out, &c, err));
        }
    }
    return ASSAY_OK;
}

static const assay_decoder_role roles[] = {{"predictions", false, 2, false}};

static const assay_decoder shape = {
    .roles = roles, .n_roles = 1, .nms_iou = 0.0, .classes = classes, .decode = decode};
'''

FIELDS = {
    "decoder": '''    .examples = examples,
    .decoder = &shape,
''',
    "metric": '''    .needs = ASSAY_NEEDS_LABEL,
    .direction = ASSAY_HIGHER_IS_BETTER,
    .examples = examples,
    .metric = &shape,
''',
    "interval": '''    .examples = examples,
    .interval = &shape,
''',
    "perturbation": '''    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .perturbation = &shape,
''',
    "attack": '''    .params = param_list,
    .n_params = ASSAY_COUNT(param_list),
    .params_size = sizeof(params),
    .examples = examples,
    .attack = &shape,
''',
}
EXAMPLE = {
    "decoder": "output: {decoder: @NAME@}",
    "metric": "assay evaluate --predictions predictions.csv --metric @NAME@",
    "interval": "assay describe interval @NAME@",
    "perturbation": "assay predict --model digits.onnx --data digits.csv --perturb @NAME@",
    "attack": "assay attack digits.onnx digits/ --attack @NAME@ --norm linf --eps 0.1",
}
KERNEL = {"metric": METRIC, "interval": INTERVAL, "perturbation": PERTURBATION,
          "attack": ATTACK, "decoder": DECODER}

ORACLE_METRIC = '''#!/usr/bin/env python3
"""Golden values of the metric @NAME@. Writes tests/golden/metric/@NAME@.json, which has the form of
tests/golden/metric_classification.json (tests/oracle/metrics.py).

Pinned: numpy 2.4.6
"""
import json
import pathlib

import numpy as np

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "metric" / "@NAME@.json"


def reference(target, scores):
    """The metric by an independent library."""
    raise SystemExit("@NAME@: compute it here with an independent library first")


def main():
    assert np.__version__ == "2.4.6", np.__version__
    rng = np.random.default_rng(1)
    target = rng.integers(0, 3, 50)
    scores = np.round(rng.dirichlet(np.ones(3), 50), 6)
    expected = [{"metric": "@NAME@", "params": {},
                 "measures": [{"value": float(reference(target, scores)), "n": len(target)}]}]
    data = {"name": "random", "repeat": 1, "classes": 3, "target": target.tolist(), "single": False,
            "scores": scores.ravel().tolist(), "expected": expected}
    GOLDEN.write_text(json.dumps({"source": "numpy 2.4.6", "datasets": [data]}) + "\\n")


if __name__ == "__main__":
    main()
'''

ORACLE_INTERVAL = '''#!/usr/bin/env python3
"""Golden values of the interval @NAME@. Writes tests/golden/interval/@NAME@.txt, one case per line:
    SUCCESSES TRIALS ALPHA_LOW ALPHA_HIGH LOW HIGH

Pinned: scipy 1.17.1
"""
import scipy

from interval import write


def reference(successes, trials, alpha_low, alpha_high):
    """(low, high) by an independent library."""
    raise SystemExit("@NAME@: compute it here with an independent library first")


if __name__ == "__main__":
    assert scipy.__version__ == "1.17.1", scipy.__version__
    write("@NAME@", reference)
'''

ORACLE_PERTURBATION = '''#!/usr/bin/env python3
"""Golden values of the perturbation @NAME@: tests/golden/perturbation/@NAME@.txt and .f32, as
tests/oracle/perturbation.py describes them.

Pinned: what perturbation.py pins.
"""
from perturbation import photometric, write


@photometric
def @NAME@(values, white, strength):
    """Colour samples (height, width, colours) in 0..white, before rounding to the type."""
    raise SystemExit("@NAME@: compute it here with an independent library first")


if __name__ == "__main__":
    write(@NAME@, [dict(strength=0.1), dict(strength=0.5)])
'''
ORACLE_ATTACK = '''#!/usr/bin/env python3
"""Golden values of the attack @NAME@: tests/golden/attack/@NAME@.txt, as tests/oracle/attack.py
describes it.

Pinned: what attack.py pins.
"""
from attack import write


def reference():
    """Cases by an independent library."""
    raise SystemExit("@NAME@: compute it here with an independent library first")


if __name__ == "__main__":
    write("@NAME@", reference())
'''
ORACLE_DECODER = '''#!/usr/bin/env python3
"""Golden values of the decoder @NAME@: tests/golden/decoder/@NAME@.txt, as tests/oracle/decoders.py
describes them.

Pinned: what decoders.py pins.
"""
from decoders import Golden

if __name__ == "__main__":
    golden = Golden("@NAME@")
    raise SystemExit("@NAME@: decode a few outputs here a second time, and golden.case(...) them")
'''
ORACLE = {"metric": ORACLE_METRIC, "interval": ORACLE_INTERVAL,
          "perturbation": ORACLE_PERTURBATION, "attack": ORACLE_ATTACK,
          "decoder": ORACLE_DECODER}
EMPTY = {"json": '{"source":"","datasets":[]}\n', "txt": ""}


def version_of(root):
    header = (root / "include/assay/version.h").read_text(encoding="utf-8")
    return ".".join(re.search(rf"ASSAY_VERSION_{part} (\d+)", header).group(1)
                    for part in ("MAJOR", "MINOR", "PATCH"))


def fill(template, kind, name, version=""):
    text = template
    for _ in range(2):  # EXAMPLE contains NAME
        for key, value in (("EXAMPLE", EXAMPLE[kind]), ("FIELDS", FIELDS[kind]), ("KIND", kind),
                           ("UPPER", kind.upper()), ("NAME", name), ("VERSION", version)):
            text = text.replace(f"@{key}@", value)
    return text


def table_with(table, kind, name):
    """The table with the operation's line in its place: by kind, then by name."""
    lines = table.splitlines()
    entries = [re.fullmatch(r"ASSAY_OP\((\w+), (\w+)\)", line) for line in lines]
    key = (KINDS.index(kind), name)
    place = len(lines)
    for i, entry in enumerate(entries):
        if entry and (KINDS.index(entry.group(1)), entry.group(2)) > key:
            place = i
            break
    lines.insert(place, f"ASSAY_OP({kind}, {name})")
    return "\n".join(lines) + "\n"


def main(arguments):
    parser = argparse.ArgumentParser(usage=__doc__.split("\n", 1)[0])
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("name")
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    given = parser.parse_args(arguments)
    kind, name, root = given.kind, given.name, given.root
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        parser.error(f"'{name}' is not lower_snake_case")
    files = {
        root / f"src/ops/{kind}/{name}.c":
            fill(KERNEL[kind] + DESCRIPTOR, kind, name, version_of(root)),
        root / f"tests/oracle/{kind}_{name}.py": fill(ORACLE[kind], kind, name),
        root / f"tests/golden/{kind}/{name}.{GOLDEN[kind]}": EMPTY[GOLDEN[kind]],
    }
    table = root / "src/ops/op_table.def"
    for path in files:
        if path.exists():
            parser.error(f"{path.relative_to(root)} exists already")
    lines = table_with(table.read_text(encoding="utf-8"), kind, name)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(root))
    table.write_text(lines, encoding="utf-8")
    print(table.relative_to(root))


if __name__ == "__main__":
    main(sys.argv[1:])
