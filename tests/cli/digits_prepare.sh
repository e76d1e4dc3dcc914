#!/bin/bash
# examples/digits/prepare on made-up inputs: split by content, columns, repeatability, bad input.
set -euo pipefail
prepare=$ASSAY_SOURCE/examples/digits/prepare
export PYTHONDONTWRITEBYTECODE=1
fail() { echo "FAILED: $*" >&2; exit 1; }

rm -rf package out again other broken digits.png
python3 - <<'PY'
import json, os, random, struct, zlib
random.seed(1)
os.makedirs("package/src/digits")
bar = [0.0] * 784                       # 2 px wide, 10 px long, its left edge at x = 13
for y in range(9, 19):
    bar[y * 28 + 13] = bar[y * 28 + 14] = 1
for digit in range(10):
    values = [round(random.random(), 3) if random.random() < 0.3 else 0 for _ in range(784 * 4)]
    values += [round(digit / 9, 3)] + bar[1:]
    for index in range(5, 500):         # the twins of the field data, each with a pattern of its own
        twin = [0] * 784
        twin[index] = 1
        values += twin
    others = [round(random.random(), 3) if random.random() < 0.3 else 0 for _ in range(784 * 40)]
    values += others + others[:784] + values[:784]   # 540 copies 500, 541 copies the twin 0
    json.dump({"data": values}, open(f"package/src/digits/{digit}.json", "w"))

def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

rows, above = [], bytes(2000)           # the pixel at (x, y) is (x * 7 + y * 13) % 256
for y in range(1000):
    line = bytes((x * 7 + y * 13) % 256 for x in range(2000))
    kind, out, left, corner = y % 5, bytearray(), 0, 0
    for value, up in zip(line, above):
        p = left + up - corner
        paeth = min((left, up, corner), key=lambda v: abs(p - v))
        out.append((value - (0, left, up, (left + up) // 2, paeth)[kind]) & 255)
        left, corner = value, up
    rows.append(bytes([kind]) + out)
    above = line
open("digits.png", "wb").write(
    b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2000, 1000, 8, 0, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b""))
PY

"$prepare" --mnist package --field digits.png --out out
"$prepare" --mnist package --field digits.png --out again > /dev/null
diff -r out again || fail "two runs differ"

python3 - <<'PY'
import csv, hashlib, struct, zlib

def pixels(path, side):
    raw = open(path, "rb").read()
    assert raw[:8] == b"\x89PNG\r\n\x1a\n"
    at, data = 8, b""
    while at < len(raw):
        size, kind = struct.unpack(">I4s", raw[at:at + 8])
        body = raw[at + 8:at + 8 + size]
        assert raw[at + 8 + size:at + 12 + size] == struct.pack(">I", zlib.crc32(kind + body))
        if kind == b"IHDR":
            assert body == struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
        data += body if kind == b"IDAT" else b""
        at += 12 + size
    lines = zlib.decompress(data)
    assert len(lines) == side * (side + 1)
    return b"".join(lines[y * (side + 1) + 1:(y + 1) * (side + 1)] for y in range(side))

rows = list(csv.DictReader(open("out/mnist-test.csv")))
assert len({r["id"] for r in rows}) == len(rows)
for row in rows:
    image = pixels("out/" + row["path"], 28)
    twin = int(row["id"][-4:]) < 500 or row["id"].endswith("0541")
    assert (twin or hashlib.sha256(image).digest()[0] < 0x1a) and row["source"] == "mnist"
    assert f"/{row['target']}/" in row["path"]
    if row["id"].endswith("0004"):      # the bar, and a grey corner that is ink for digits 5 to 9
        ink = 21 if int(row["target"]) >= 5 else 20
        assert row["ink"] == f"{ink / 784:.4f}", row
        if ink == 20:
            assert row["stroke_width"] == "1.667", row
            assert (row["box_width"], row["box_height"]) == ("2", "10"), row
        if row["target"] == "0":
            assert (row["offset_x"], row["offset_y"]) == ("0.000", "0.000"), row
assert any(r["id"].endswith("0004") for r in rows)
ids = {r["id"] for r in rows}
for digit in range(10):                 # every twin is for testing, and so is its copy
    assert all(f"mnist-{digit}-{index:04d}" in ids for index in [*range(500), 541]), digit
    # 540 is a copy of 500: both here or neither
    assert (f"mnist-{digit}-0500" in ids) == (f"mnist-{digit}-0540" in ids)
assert 5010 < len(ids) < 5150, len(ids)

rows = list(csv.DictReader(open("out/field.csv")))
assert len(rows) == 5000
for n, row in enumerate(rows):
    grid_y, grid_x = divmod(n, 100)
    assert row["target"] == str(grid_y // 5) and row["source"] == "field"
    if n % 97 == 0:
        wanted = bytes(((grid_x * 20 + x) * 7 + (grid_y * 20 + y) * 13) % 256
                       for y in range(20) for x in range(20))
        assert pixels("out/" + row["path"], 20) == wanted, row
PY

# Nothing changed: nothing is written. Something is gone: it comes back.
before=$(stat -c %i.%Y out/field.csv)
"$prepare" --mnist package --field digits.png --out out > said
grep -q 'up to date' said || fail "not up to date"
[[ $(stat -c %i.%Y out/field.csv) == "$before" ]] || fail "rewrote without need"
rm out/field/3/field-3-0007.png
"$prepare" --mnist package --field digits.png --out out > /dev/null
diff -r out again || fail "the lost file did not come back"

expect() { # CODE WORD ARGUMENT...
    local code=$1 word=$2 status=0 said
    shift 2
    said=$("$prepare" "$@" 2>&1 > /dev/null) || status=$?
    [[ $status == "$code" ]] || fail "exit code $status, not $code: $said"
    [[ $said == *"$word"* && $(wc -l <<< "$said") == 1 ]] || fail "no '$word' in: $said"
}
expect 66 "absent" --mnist absent --field digits.png --out other
expect 66 "absent.png" --mnist package --field absent.png --out other
head -c 5000 digits.png > cut.png
expect 65 "damaged" --mnist package --field cut.png --out other
printf 'GIF89a' > gif.png
expect 65 "not a PNG" --mnist package --field gif.png --out other
cp -r package broken && printf '{"data":[0,0.5,2]}' > broken/src/digits/4.json
expect 65 "4.json" --mnist broken --field digits.png --out other
printf '{"data":[0,0.5,1]}' > broken/src/digits/4.json
expect 65 "no whole number of images" --mnist broken --field digits.png --out other
[[ ! -e other && ! -e other.assay-part ]] || fail "something half-written was left"
mkdir other && touch other/mine
expect 65 "did not write" --mnist package --field digits.png --out other
[[ -e other/mine ]] || fail "a foreign folder was replaced"
rm -rf package broken out again other digits.png cut.png gif.png said
echo "passed"
