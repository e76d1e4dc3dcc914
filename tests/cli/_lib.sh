# What the command-line tests share. Each script runs in an empty folder of its own.
set -u
work=$(mktemp -d "$PWD/run.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
exec </dev/null # nothing waits for a person; a script on standard input is still one
assay=${ASSAY_PROGRAM:?the built program}
failures=0
checks=0

fail()
{
    failures=$((failures + 1))
    printf 'FAILED: %s\n' "$*"
}

# expect CODE COMMAND...: the exit code; output goes to ./out and ./err
expect()
{
    local code=$1
    shift
    checks=$((checks + 1))
    "$@" >out 2>err
    local got=$?
    if [ "$got" -ne "$code" ]; then
        fail "exit code $got, expected $code: $*"
        head -n 5 err
    fi
}

# says FILE TEXT: the file has the text in it
says()
{
    checks=$((checks + 1))
    grep -qF -- "$2" "$1" || { fail "$1 does not say: $2"; head -n 5 "$1"; }
}

# silent FILE TEXT: the file does not have the text in it
silent()
{
    checks=$((checks + 1))
    if grep -qF -- "$2" "$1"; then fail "$1 says: $2"; fi
}

# one_line: an error is exactly one line on standard error and nothing on standard output
one_line()
{
    checks=$((checks + 1))
    if [ "$(wc -l <err)" -ne 1 ] || [ -s out ]; then
        fail "not one line on standard error"
        cat err
    fi
}

# refuse CODE TEXT COMMAND...: fails with the code and one line that has the text
refuse()
{
    local code=$1 text=$2
    shift 2
    expect "$code" "$@"
    one_line
    says err "$text"
}

# fits FILE: a results.json is as its published schema says, and has nothing that the schema does not know
fits() { expect 0 "$ASSAY_SCHEMA_CHECK" "$@"; }

finish()
{
    printf '%d checks, %d failed\n' "$checks" "$failures"
    [ "$failures" -eq 0 ]
}
