#!/bin/bash
# assay attack: each automatic check warns about a model that was made to deserve it
# (tests/oracle/attack_checks.py), and none about a sound one.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
cp "$ASSAY_SOURCE"/tests/golden/attack_checks/* .

attack() # MODEL EPS OPTIONS...: the table goes to `table`
{
    local model=$1 eps=$2
    shift 2
    expect 0 "$assay" attack "$model.onnx" "${data:-patterns}.npy" \
        --labels "${data:-patterns}_labels.npy" --eps "$eps" --threads 2 --quiet "$@"
    cp out table
}
warns() # CHECK...: exactly these, and those that may come as well ($maybe)
{
    expect 0 test "$(sed -n 's/^  WARNING  \([a-z_]*\):.*/\1/p' table | grep -vx "${maybe:-none}" |
        sort | tr '\n' ' ')" = \
        "$(printf '%s\n' "$@" | sort | tr '\n' ' ')"
}

all="--attack fgsm --attack pgd --attack apgd_ce --attack square:queries=300 --attack noise"
attack sound 0.1,0.2 $all --proxy sound.onnx
expect 1 grep -q WARNING table
for check in deterministic zero_gradient gradient_fidelity saturation black_box_beats_white_box \
    transfer_beats_white_box noise_control iterative_beats_single_step unbounded_attack \
    planted_example converged eight_bit confirmed curve_reaches_zero; do
    says table "ok       $check:"
done
attack sound 0.05 --attack pgd
warns curve_reaches_zero
# what is planted has two answers, which a loss of three classes does not have
attack sound 0.1,0.2 --attack pgd:loss=dlr
says table "ok       planted_example:"

# steps before the classifier: gradients are zero
attack masked 0.1,0.2 --attack pgd --attack square:queries=300 --proxy sound.onnx
warns zero_gradient gradient_fidelity black_box_beats_white_box transfer_beats_white_box \
    unbounded_attack planted_example
says table "is exactly zero"
attack masked 0.2 --attack pgd:random_start=false --attack noise:draws=300
warns zero_gradient gradient_fidelity noise_control unbounded_attack planted_example curve_reaches_zero

# the same answers with a smooth model's gradients (BPDA): the gradients are there again
attack masked 0.1,0.2 --attack pgd --attack square:queries=300 --gradients sound.onnx
warns planted_example # what the model answers is not quite what its substitute says

# noise on the answers, which has no gradient rule: the node is named, attacks that ask take over
attack random 0.1,0.2
# by chance of the model's own noise: about one run in forty
maybe=noise_control
warns gradient deterministic planted_example eight_bit confirmed curve_reaches_zero
maybe=
says table "RandomNormalLike"
says table "square "
attack saturated 0.1,0.2 --attack pgd
warns gradient_fidelity saturation unbounded_attack planted_example curve_reaches_zero
attack rough 0.1,0.2 --attack fgsm --attack pgd
warns gradient_fidelity iterative_beats_single_step planted_example eight_bit curve_reaches_zero

# two classes, a boundary within one level, steps that only just reach it
data=mean
attack mean 0.0008 --attack pgd:random_start=false,steps=10
warns few_classes converged eight_bit
says table "40 of 40 successes of pgd came in the last tenth of its steps"
finish
