#!/bin/sh
# Set up a Python environment for algrid: sh tools/setup.sh ENVIRONMENT LEVEL   (called by make; safe to repeat)
#   ENVIRONMENT  .venv (made here, rebuilt where it is broken), or the prefix of the active conda environment
#   LEVEL        core | lab | all: which of requirements/*.lock
# PYTHON names the interpreter that .venv is made from; default: the first suitable one.
set -eu
environment=$1
level=$2
python=$environment/bin/python
started=$environment/.algrid-started
home=$(pwd -P)

say() { printf '[set-up] %s\n' "$*"; }
fail() { printf '[set-up] %s\n' "$@" >&2; exit 1; }
suitable() { "$1" -c "import ensurepip, sys, venv; sys.exit(not ($2))" >/dev/null 2>&1; }

choose() {
    if [ -n "${PYTHON:-}" ]; then
        suitable "$PYTHON" 'sys.version_info >= (3, 11)' && { echo "$PYTHON"; return; }
        fail "PYTHON=$PYTHON is no Python 3.11 or newer with the modules venv and ensurepip." \
            "Cure: make PYTHON=/path/to/python3.12 (on Debian and Ubuntu also: apt install python3-venv)."
    fi
    for candidate in python3 python3.13 python3.12 python3.11 python; do
        suitable "$candidate" '(3, 11) <= sys.version_info < (3, 14)' && { echo "$candidate"; return; }
    done
    fail "No Python 3.11, 3.12 or 3.13 with the modules venv and ensurepip found (python3: $(python3 --version 2>/dev/null || echo none))." \
        "Cure: install one (on Debian and Ubuntu with python3-venv), or: make PYTHON=/path/to/python3.12"
}

# Whole, made by a supported Python, at home in this folder, and its last set-up was not cut off half-way?
sound() {
    [ ! -e "$started" ] && "$python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 &&
        { [ ! -e "$environment/.algrid-home" ] || [ "$(cat "$environment/.algrid-home")" = "$home" ]; }
}

if [ "$environment" = .venv ]; then
    if ! sound; then
        base=$(choose)
        say "making .venv with $("$base" --version) ($(command -v "$base"))"
        "$base" -m venv --clear .venv
    fi
else
    say "using the active conda environment $environment"
    "$python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 ||
        fail "It has no Python 3.11 or newer with pip." \
            "Cure: conda env create -f environment.yml && conda activate algrid, or conda deactivate to use .venv."
fi

: >"$started"
rm -f "$environment/.algrid-$level"
lock=requirements/$level.lock
say "installing $(grep -c '^[a-z]' "$lock") packages of $lock (some minutes the first time)"
# --no-deps: a lock is complete, and modAL's own metadata asks for a skorch that no longer imports
"$python" -m pip install -qq --no-deps -r "$lock"
"$python" -m pip install -qq --no-deps --no-build-isolation -e .
if [ "$level" = all ]; then
    # torch alone brings its own dependencies: none for a CPU build, its CUDA packages for a CUDA build
    torch=$(grep '^torch==' "$lock")
    "$python" -m pip install -qq -c "$lock" "$torch"
fi

case $level in
core) levels=core ;;
lab) levels='core lab' ;;
all) levels='core lab all' ;;
esac
for done in $levels; do : >"$environment/.algrid-$done"; done
printf '%s\n' "$home" >"$environment/.algrid-home"
rm -f "$started"
say "ready"
