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
expect 1 "$assay" model check-gradient "$golden/onnx_gradient/rounds.onnx"
says out 'CANNOT be trusted'
expect 65 "$assay" model check-gradient "$golden/onnx_gradient/stopped.onnx"
says err 'GridSample "warp"'
says err 'no gradient rule'
expect 64 "$assay" model check-gradient "$digits" --samples -1
finish
