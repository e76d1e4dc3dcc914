#!/bin/bash
# SIGINT and SIGKILL in the middle: nothing half-written under a final name, the same command goes on,
# and the numbers are those of an undisturbed run.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"

cat >slow.sh <<'SH'
#!/bin/sh
# A slow black box: 20 ms a batch, always class a with 0.75.
echo '{"assay":1,"classes":["a","b"],"scores":"probabilities"}'
while read -r line; do
    id=$(printf '%s' "$line" | sed 's/^{"id": *\([0-9]*\).*/\1/')
    n=$(printf '%s' "$line" | grep -o '"png"' | wc -l)
    echo x >>asked
    sleep 0.02
    row='[0.75,0.25]'
    rows=$row
    i=1
    while [ "$i" -lt "$n" ]; do rows="$rows,$row"; i=$((i + 1)); done
    printf '{"id":%s,"scores":[%s]}\n' "$id" "$rows"
done
SH
chmod +x slow.sh
mkdir images
{
    echo 'id,path,target'
    for i in $(seq 1 300); do
        printf 'P2 2 2 255 %d %d 3 4\n' $((i % 256)) $((i / 2 % 256)) >images/$i.pgm
        echo "d$i,images/$i.pgm,$([ $((i % 3)) -eq 0 ] && echo b || echo a)"
    done
} >m.csv
cat >plan.yaml <<YAML
assay: 1
models: {slow: {command: [./slow.sh], batch: 2}}
data: {d: {path: m.csv}}
metrics: [accuracy, log_loss]
YAML
strip() { grep -vE '"(started|finished)"' "$1" | sed '/"command"/,/\]/d; /"queries"/d'; }

expect 0 "$assay" run plan.yaml --out whole --quiet
strip whole/results.json >whole.txt

for signal in INT KILL; do
    : >asked
    "$assay" run plan.yaml --out $signal --quiet >out 2>err &
    pid=$!
    # Until some batches are surely finished, however busy the machine is.
    for _ in $(seq 600); do
        [ "$(wc -l <asked)" -lt 12 ] || break
        sleep 0.05
    done
    kill -$signal $pid 2>/dev/null || fail "the run was over before SIG$signal"
    wait $pid 2>/dev/null
    code=$?
    [ $signal = INT ] && [ $code -ne 130 ] && fail "SIGINT: exit code $code, expected 130"
    [ -e $signal/results.json ] && fail "results of an interrupted run"
    start=$(date +%s%N)
    expect 0 "$assay" run plan.yaml --out $signal --quiet
    took=$((($(date +%s%N) - start) / 1000000))
    strip $signal/results.json >again.txt
    expect 0 cmp whole.txt again.txt
    if find $signal -name '*.tmp*' | grep -q .; then fail "temporary files stay behind after $signal"; fi
    queries=$(sed -n 's/.*"queries": \([0-9]*\).*/\1/p' $signal/results.json)
    [ "$queries" -lt 300 ] || fail "SIG$signal: nothing was reused ($queries queries, $took ms)"
done
finish
