#!/bin/bash
# assay attack --attack square in L2 and L1 on colour images leaves as many right as the authors' code does
# (tests/oracle/square_colour.py), as a mean over seeds.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
cp "$ASSAY_SOURCE"/tests/golden/square_colour/* .

lines=0
while read -r norm eps queries theirs; do
    case $norm in '#'*) continue ;; esac
    : >shares
    for seed in 1 2 3 4 5 6; do
        expect 0 "$assay" attack m.onnx images.npy --labels labels.npy --norm "$norm" --eps "$eps" \
            --attack "square:queries=$queries" --seed "$seed" --threads 2 --quiet
        sed -n 's/^  square  *\([0-9.]*\) %.*/\1/p' out >>shares
    done
    expect 0 test "$(wc -l <shares)" = 6
    # Of 60 images; the peer's mean of ten runs and this one of six stray by half an image each.
    expect 0 awk -v theirs="$theirs" '{ sum += $1 * 0.6 }
        END { apart = sum / NR - theirs; exit !(apart < 1.6 && apart > -1.6) }' shares
    lines=$((lines + 1))
done <expected.txt
expect 0 test "$lines" = 4
