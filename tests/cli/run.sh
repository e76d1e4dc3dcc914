#!/bin/bash
# assay run: a small plan from images to report; check, resume, repeat, wrong input.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
data=$ASSAY_SOURCE/examples/digits

python3 - <<'PY'
# Ten crude 20 x 20 digits, many times, as PGM: vertical bars whose number of pixels tells the class.
import os, random
random.seed(7)
os.makedirs('images', exist_ok=True)
with open('m.csv', 'w') as out:
    out.write('id,path,target,side\n')
    for i in range(120):
        digit = i % 10
        rows = []
        for y in range(20):
            rows.append(bytes(200 if 4 <= x < 4 + digit and 3 <= y < 17 else random.randrange(20)
                              for x in range(20)))
        name = f'images/{i:03d}.pgm'
        with open(name, 'wb') as f:
            f.write(b'P5\n20 20\n255\n' + b''.join(rows))
        out.write(f'd{i:03d},{name},{digit},{"even" if i % 2 == 0 else "odd"}\n')
PY
cat >plan.yaml <<YAML
assay: 1
title: "Small <b>run</b> & check"
marking: TEST MARKING
models:
  m:
    file: $data/digits.onnx
    input: {color: grey, steps: [{pad: {width: 28, height: 28}}]}
    output: {scores: probabilities}
data: {d: {path: m.csv}}
contexts:
  all: {data: d}
  even: {data: d, where: side = 'even'}
sweeps:
  noise: {data: d, perturbation: gaussian_noise, severity: [1, 3]}
requirements:
  - {id: LOW, text: at least nothing, metric: accuracy, context: all, at_least: 0}
  - {id: HIGH, text: all right, metric: accuracy, context: all, at_least: 0.99}
YAML
expect 0 "$assay" run --check plan.yaml
says out "in order"
[ -e evidence ] && fail "--check wrote something"
expect 1 "$assay" run plan.yaml --threads 1
[ "$(tail -n 1 out)" = "./evidence/report.html" ] || [ "$(tail -n 1 out)" = "evidence/report.html" ] ||
    fail "the last line is not the path of the report: $(tail -n 1 out)"
for file in results.json report.html report.md junit.xml results.sarif oscal.json log.txt; do
    [ -s evidence/$file ] || fail "evidence/$file is missing"
done
says evidence/results.json '"verdict": "MET"'
says evidence/results.json '"verdict": "NOT MET"'
says evidence/junit.xml 'NOT MET'
for file in report.html report.md junit.xml results.sarif oscal.json log.txt; do
    says evidence/$file "TEST MARKING"
done
silent evidence/report.html "<b>run</b>"
silent evidence/report.html "https://"
ls evidence/predictions/*.parquet >/dev/null || fail "no predictions"
if find evidence -name '*.tmp*' | grep -q .; then fail "temporary files stay behind"; fi

# the same numbers again, with other threads, from scratch, and from the cache
strip() { grep -vE '"(started|finished)"' "$1" | sed '/"command"/,/\]/d; /"queries"/d'; }
strip evidence/results.json >first
expect 1 "$assay" run plan.yaml --out second --threads 2 --quiet
strip second/results.json >again
expect 0 cmp first again
expect 1 "$assay" run plan.yaml --out second --threads 2 --quiet
strip second/results.json >again
expect 0 cmp first again

# a report can be rendered again, and only from results
expect 0 cp evidence/report.html before.html
cp evidence/oscal.json before.json
rm evidence/report.html evidence/junit.xml evidence/oscal.json
expect 0 "$assay" report evidence
expect 0 cmp before.html evidence/report.html
expect 0 cmp before.json evidence/oscal.json
refuse 66 "results.json" "$assay" report nowhere
mkdir broken
printf '{"assay": ' >broken/results.json
expect 65 "$assay" report broken
one_line

# what is wrong is said with file, line and column, before anything runs
sed 's/^requirements:/requirments:/' plan.yaml >typo.yaml
refuse 64 "did you mean 'requirements'?" "$assay" run typo.yaml
says err "typo.yaml:15:1"
sed 's/m.csv/none.csv/' plan.yaml >p2.yaml
refuse 66 "none.csv" "$assay" run p2.yaml
sed "s/side = 'even'/sied = 'even'/" plan.yaml >p3.yaml
refuse 64 "did you mean \"side\"" "$assay" run p3.yaml
sed "s|$data/digits.onnx|none.onnx|" plan.yaml >p4.yaml
refuse 66 "none.onnx" "$assay" run p4.yaml
cp plan.yaml text.onnx
sed "s|$data/digits.onnx|text.onnx|" plan.yaml >p5.yaml
expect 65 "$assay" run p5.yaml
one_line
head -c 100000 "$data/digits.onnx" >cut.onnx
sed "s|$data/digits.onnx|cut.onnx|" plan.yaml >p6.yaml
expect 65 "$assay" run p6.yaml
one_line
refuse 66 "no.yaml" "$assay" run no.yaml
expect 74 "$assay" run plan.yaml --out /proc/none/evidence
one_line

# one bad image: stop with its name, or leave it out and say so
head -c 100 images/005.pgm >images/short.pgm
cp m.csv bad.csv
echo 'short,images/short.pgm,3,odd' >>bad.csv
echo 'gone,images/gone.pgm,3,odd' >>bad.csv
sed 's/m.csv/bad.csv/' plan.yaml >bad.yaml
expect 65 "$assay" run bad.yaml --out bad
one_line
says err "short"
[ -e bad/results.json ] && fail "results of a failed run"
{ echo 'on_error: skip'; cat bad.yaml; } >skip.yaml
expect 1 "$assay" run skip.yaml --out skip
says out "2 bad data were left out"
says skip/results.json '"total": 2'
says skip/report.html "short"

# two models on the same data are compared; the run says who is better and where
awk 'BEGIN { print "id,target,label,side"
    for (i = 1; i <= 60; i++) { print "r" i "," i % 2 "," (i > 20 ? i % 2 : 1 - i % 2) "," (i > 30 ? "x" : "y") } }' >old.csv
awk 'BEGIN { print "id,target,label,side"
    for (i = 1; i <= 60; i++) { print "r" i "," i % 2 "," (i > 2 ? i % 2 : 1 - i % 2) "," (i > 30 ? "x" : "y") } }' >new.csv
cat >two.yaml <<YAML
assay: 1
title: Two models
models:
  old: {title: Old <one>, predictions: old.csv, data: d}
  new: {predictions: new.csv, data: d}
contexts:
  all: {data: d}
  x: {data: d, where: side = 'x'}
metrics: [accuracy, f1]
YAML
expect 0 "$assay" run two.yaml --out two
says two/results.json '"comparisons": ['
says two/results.json '"difference": 0.3,'
says two/results.json '"only_b_right": 18,'
says two/results.json '"better": "b"'
says two/report.html "Which model is better, and where"
says two/report.html "Old &lt;one&gt;"
says two/report.md "### new against Old"
cp two/results.json first.json
expect 0 "$assay" run two.yaml --out two --threads 1
checks=$((checks + 1))
[ "$(sed -n '/"comparisons"/,/"verdicts"/p' first.json)" = "$(sed -n '/"comparisons"/,/"verdicts"/p' two/results.json)" ] ||
    fail "comparisons depend on the number of threads"
{ head -n 1 new.csv; tail -n +2 new.csv | sort -r; } >sorted.csv
sed 's/new.csv/sorted.csv/' two.yaml >other.yaml
refuse 65 "the same data in the same order" "$assay" run other.yaml --out two
fits evidence/results.json skip/results.json two/results.json

# close enough? in numbers, as bands and bars, in words
{ cat two.yaml; echo "compare: {margin: 0.05, equivalence: 0.6, rope: 0.02, adjust: hochberg}"; } >close.yaml
expect 0 "$assay" run close.yaml --out close
fits close/results.json
says close/results.json '"adjustment": "hochberg"'
says close/report.html "new is not worse than Old &lt;one&gt; by more than 5 percentage points: shown at 95"
says close/report.html "The two differ by less than 60 percentage points: shown at 95"
says close/report.html "The chance that they are as good as equal, within 2 percentage points, is under 0.1"
says close/report.html '<rect class="margin"'
says close/report.html '<rect class="rope"'
says close/report.html '<rect class="part equal"'
says close/report.md "Close enough?"
says close/report.md "comparisons (hochberg)"
silent two/report.html "Close enough?"
finish
