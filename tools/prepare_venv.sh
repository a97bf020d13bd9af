#!/bin/sh
# Makes .venv and installs the pinned requirements, when they are not installed yet or have changed.
set -eu
cd "$(dirname "$0")/.."

stamp=.venv/installed-requirements.txt

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ -x .venv/bin/python ] && is_new_enough .venv/bin/python && cmp -s requirements.txt "$stamp"; then
    exit 0
fi

# macOS and older Ubuntus keep an old python3 beside a new python3.12.
python=
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if command -v "$candidate" >/dev/null 2>&1 && is_new_enough "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    found=$("${PYTHON:-python3}" --version 2>/dev/null || echo "no ${PYTHON:-python3} at all")
    echo "mAI Usage needs Python 3.11 or newer; this machine has $found." >&2
    echo "  Debian, Ubuntu:  sudo apt-get install python3 python3-venv    (Ubuntu 22.04: python3.11 python3.11-venv)" >&2
    echo "  macOS:           brew install python@3.12" >&2
    echo "Then run make again; PYTHON=/path/to/python3.12 names an interpreter that is not on the PATH." >&2
    exit 1
fi
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    echo "Python $version is here, but its venv module is not." >&2
    echo "  Debian, Ubuntu:  sudo apt-get install python3-venv    (or python$version-venv)" >&2
    echo "Then run make again." >&2
    exit 1
fi

if ! [ -x .venv/bin/python ] || ! is_new_enough .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    echo "Making .venv with Python $version ..."
    "$python" -m venv --clear .venv
fi
echo "Installing the pinned packages into .venv (needed once, and after requirements.txt changes) ..."
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
cp requirements.txt "$stamp"
