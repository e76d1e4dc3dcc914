#!/bin/bash
# assay predict: writes Parquet, reuses by content, resumes nothing that changed, refuses bad images.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
cp "$ASSAY_SOURCE/examples/digits/digits.onnx" m.onnx
cat >m.yaml <<'YAML'
file: m.onnx
input: {color: grey}
output: {scores: probabilities}
YAML
mkdir -p photos/0 photos/1
for i in 1 2 3 4 5; do
    { printf 'P5\n28 28\n255\n'; head -c 784 /dev/zero | tr '\0' "\\$((i + 100))"; } >photos/0/$i.pgm
    { printf 'P5\n28 28\n255\n'; head -c 784 /dev/zero | tr '\0' "\\$((i + 200))"; } >photos/1/$i.pgm
done

expect 0 "$assay" predict --model m.onnx --data photos --out p.parquet
says out "10 predictions"
silent out "reused"
cp out first
expect 0 "$assay" predict --model m.onnx --data photos --out p.parquet --threads 2
says out "reused"
expect 0 "$assay" predict --model m.onnx --data photos --out q.parquet --threads 1
expect 0 cmp p.parquet q.parquet
expect 0 "$assay" evaluate --predictions p.parquet -m accuracy
says out "10 rows, 10 classes"
# by content, never by name: another image, other preprocessing, a torn file
printf 'P5\n28 28\n255\n' >photos/0/1.pgm
head -c 784 /dev/zero | tr '\0' '\1' >>photos/0/1.pgm
expect 0 "$assay" predict --model m.onnx --data photos --out p.parquet
silent out "reused"
sed -i 's/color: grey/color: grey, invert: true/' m.yaml
expect 0 "$assay" predict --model m.onnx --data photos --out p.parquet
silent out "reused"
head -c 1000 p.parquet >torn && mv torn p.parquet
expect 0 "$assay" predict --model m.onnx --data photos --out p.parquet
silent out "reused"
expect 0 "$assay" predict --model m.onnx --data photos --out p.parquet
says out "reused"
expect 0 "$assay" predict --model m.onnx --data photos --out p.parquet --perturb gaussian_noise:sigma=0.1
silent out "reused"
refuse 64 "did you mean 'sigma'" "$assay" predict --model m.onnx --data photos --out p.parquet --perturb gaussian_noise:sigm=0.1
if find . -name '*.batches' | grep -q .; then fail "the journal stays behind"; fi

for case in truncated empty text folder.png; do
    rm -rf bad
    cp -r photos bad
    case $case in
    truncated) head -c 100 photos/0/2.pgm >bad/0/x.pgm ;;
    empty) : >bad/0/x.png ;;
    text) echo hello >bad/0/x.jpg ;;
    folder.png) mkdir bad/0/x.png && echo hello >bad/0/x.png/y.png ;;
    esac
    expect 65 "$assay" predict --model m.onnx --data bad --out bad.parquet
    one_line
    says err "bad/0/x."
    [ -e bad.parquet ] && fail "$case: predictions of a failed run"
    expect 0 "$assay" predict --model m.onnx --data bad --out bad.parquet --on-error skip
    says out "1 bad data were left out"
    rm -f bad.parquet
done
printf 'P5\n20 20\n255\n' >photos/1/small.pgm
head -c 400 /dev/zero >>photos/1/small.pgm
refuse 65 "the image is 20x20" "$assay" predict --model m.onnx --data photos --out s.parquet
rm photos/1/small.pgm
refuse 66 "nowhere" "$assay" predict --model m.onnx --data nowhere --out n.parquet
refuse 66 "none.onnx" "$assay" predict --model none.onnx --data photos --out n.parquet
ASSAY_ONNXRUNTIME=/nonexistent.so expect 69 "$assay" predict --model m.onnx --data photos --out n.parquet
one_line
expect 74 "$assay" predict --model m.onnx --data photos --out /proc/none/n.parquet
one_line
finish
