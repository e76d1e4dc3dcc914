#!/bin/bash
# assay model: what is in a file, and whether its gradients can be trusted.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
digits=$ASSAY_SOURCE/examples/digits/digits.onnx
golden=$ASSAY_SOURCE/tests/golden
is() { checks=$((checks + 1)); [ "$1" = "$2" ] || fail "got '$1', expected '$2'"; }

expect 0 "$assay" model info "$digits"
says out '"image": float32[N, 1, 28, 28]'
says out '"probabilities": float32[N, 10], closed by Softmax'
says out 'gradients    yes'
says out 'opset 13'
expect 0 "$assay" model info "$digits" --json -
# 784 x 128 + 128 + 128 x 10 + 10 weights; two operations for each product, 128 Relu, 4 x 10 Softmax
is "$(jq -c '.model | [.parameters, .flops_per_datum, .nodes, .differentiable]' out)" \
    '[101770,203432,5,true]'
is "$(jq -c '.model.operators[0] | [.name, .nodes]' out)" '["Gemm",2]'

expect 0 "$assay" model info "$golden/onnx_gradient/stopped.onnx"
says out '1 node without a rule'
says out 'GridSample "warp"'
expect 0 "$assay" model info "$golden/onnx_gradient/rounds.onnx"
says out 'Round "quantised"'
# only a comparison leads to the scores: no gradient, though nothing lacks a rule
expect 0 "$assay" model info "$golden/attack_checks/masked.onnx"
says out 'gradients    no: zero everywhere, nothing passes 1 node'
says out 'Greater "g"'
expect 0 "$assay" model info "$golden/attack_checks/masked.onnx" --json -
is "$(jq -c '.model | [.differentiable, .zero_behind, .stopped_by]' out)" '[false,["Greater \"g\""],[]]'
expect 0 "$assay" model info "$golden/onnx/zipmap.onnx"
says out 'ai.onnx.ml.ZipMap'
expect 0 "$assay" model info "$golden/onnx/external.onnx"
expect 65 "$assay" model info "$golden/onnx/truncated.onnx"
says err 'cut short'
expect 65 "$assay" model info "$golden/onnx/pointer.onnx"
expect 66 "$assay" model info missing.onnx
expect 64 "$assay" model info
expect 64 "$assay" model explain "$digits"

expect 0 "$assay" model check-gradient "$digits" --samples 2 --directions 4
says out 'The gradients can be trusted.'
expect 0 "$assay" model check-gradient "$digits" --samples 2 --json -
is "$(jq '.gradient_check | .trusted and .median_error < 0.01 and .samples == 2' out)" true
# a slope that holds across kinks is right; one that does for less than a grey level is of no use
expect 0 "$assay" model check-gradient "$golden/onnx_gradient/kinks.onnx"
says out '100 % of the directions agree'
expect 1 "$assay" model check-gradient "$golden/attack_checks/rough.yaml" --data "$golden/attack_checks/patterns.npy"
expect 1 "$assay" model check-gradient "$golden/onnx_gradient/rounds.onnx"
says out 'CANNOT be trusted'
expect 65 "$assay" model check-gradient "$golden/onnx_gradient/stopped.onnx"
says err 'GridSample "warp"'
says err 'no gradient rule'
expect 64 "$assay" model check-gradient "$digits" --samples -1
# scores that pass sub-graphs: the node is named, attacks that need scores only go on
for node in 'If "chooser"' 'Loop "again"' 'Scan "rows"'; do
    file=$(echo "${node%% *}" | tr '[:upper:]' '[:lower:]').onnx
    cp "$golden/onnx_gradient/$file" .
    printf 'file: %s\nclasses: [a, b, c]\noutput: {scores: logits}\n' "$file" >sub.yaml
    expect 0 "$assay" model info "$file"
    says out 'gradients    no: 1 node without a rule'
    says out "$node"
    expect 65 "$assay" model check-gradient sub.yaml
    says err "node $node"
    says err 'has sub-graphs'
done

# embeddings: which layer it was is said; what is wrong too
cut=$golden/model_cut
expect 0 "$assay" model embed "$cut/classifier.onnx" --data "$cut/images.npy" -o e.npy
says out '20 rows of 8 numbers'
says out '"features", which the last layer with weights (Gemm) gets'
expect 0 "$assay" model embed "$cut/classifier.onnx" --data "$cut/images.npy" -o again.npy --threads 1
expect 0 cmp e.npy again.npy
refuse 64 'the model has no layer "nose"; its last ones are' "$assay" model embed "$cut/classifier.onnx" \
    --data "$cut/images.npy" -o e.npy --layer nose
refuse 64 'must end in .npy or .parquet' "$assay" model embed "$cut/classifier.onnx" --data "$cut/images.npy" -o e.txt
refuse 64 'embed needs --data and --out' "$assay" model embed "$cut/classifier.onnx"

# another end: earlier, without the closing softmax, a loss, its gradient
expect 0 "$assay" model cut "$cut/classifier.onnx" --output features --output to_z -o two.onnx
says out 'output "features": [N, 8]'
expect 0 "$assay" model cut "$cut/classifier.onnx" --strip -o logits.onnx
says out 'without the closing Softmax'
expect 0 "$assay" model info logits.onnx
silent out Softmax
expect 0 "$assay" model cut "$cut/classifier.onnx" --head cross_entropy --gradient --batch 2 -o loss.onnx
says out 'input  "label": [2]'
says out 'output "loss": [2]'
says out 'output "gradient": [2, 3, 16, 16]'

# a detector's verdict is a classifier: its gradients are checked, and it is attacked
expect 0 "$assay" model cut "$cut/yolov8.yaml" --head verdict --threshold 0.5 --batch 8 -o verdict.onnx
says verdict.yaml 'classes: ["nothing","cat","dog","cow"]'
expect 0 "$assay" model check-gradient verdict.onnx --data "$cut/images.npy" --directions 4
expect 0 "$assay" predict --model verdict.yaml --data "$cut/images.npy" --out p.parquet
expect 0 "$assay" attack verdict.onnx "$cut/images.npy" --own-answers --attack pgd --eps 0.05,0.3 --quiet \
    --target-class nothing --json a.json
is "$(jq '.clean.value' a.json)" 1
is "$(jq '.attacks[0].robust_accuracy[-1].value < 0.5' a.json)" true
refuse 65 'makes a classifier of it that can be attacked' "$assay" attack "$cut/yolov8.yaml" "$cut/images.npy" \
    --attack pgd --eps 0.1
for wrong in "--head smile|there is no head 'smile'" "--head vanish --strip|leave --output and --strip out" \
    "--strip --gradient|that of a head" "--head mislabel --class horse|has no class 'horse'" \
    "--output nose|no value or node \"nose\"" "|what shall be cut" "--head shift --class cat|for the head mislabel only" \
    "--head dlr|for those" "--head vanish --threshold 2|between 0 and 1"; do
    # shellcheck disable=SC2086
    refuse 64 "${wrong##*|}" "$assay" model cut "$cut/yolov8.yaml" ${wrong%%|*} -o x.onnx
done
refuse 65 'shift needs a box beside' "$assay" model cut "$cut/centernet.yaml" --head shift -o x.onnx
refuse 64 'is described as a classifier' "$assay" model cut "$cut/classifier.onnx" --head vanish -o x.onnx
cp "$golden/onnx/detector_torchvision.onnx" chosen.onnx
printf 'file: chosen.onnx\nclasses: [a, b]\noutput: {decoder: {decoded: {first_class: 1}}}\n' >chosen.yaml
refuse 65 'has already chosen among its candidates' "$assay" model cut chosen.yaml --head vanish -o x.onnx
finish
