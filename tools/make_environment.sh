#!/usr/bin/env bash
# Makes the virtual environment .venv and installs SegTool into it, editable, with the versions of
# constraints.txt. Needs Python 3.11, 3.12 or 3.13 with pip, nothing else. An environment that is
# there already is kept and brought up to date. PYTHON=… names the interpreter to use.
set -eu
cd "$(dirname "$0")/.."
venv=.venv

find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "SegTool needs Python 3.11, 3.12 or 3.13, and none was found (looked for: ${PYTHON:-python3, python3.11 to python3.13})." >&2
    echo "Install one of them, or name one: make PYTHON=/path/to/python3.12" >&2
    return 1
}

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    # Debian keeps the part of venv that brings pip in a package of its own, python3-venv. Where that is
    # missing, the pip that is there for the interpreter puts a pip into an environment made without one.
    if ! "$python" -m venv --clear "$venv" >/dev/null 2>&1; then
        if ! { "$python" -m venv --clear --without-pip "$venv" &&
            "$python" -m pip --python "$venv/bin/python" install --quiet pip; }; then
            echo "The environment $venv could not be made with $python." >&2
            echo "On Debian or Ubuntu install what it lacks and try again: apt-get install python3-venv python3-pip" >&2
            exit 1
        fi
    fi
fi

echo "Installing SegTool and what it needs into $venv. The first time this takes some minutes."
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
