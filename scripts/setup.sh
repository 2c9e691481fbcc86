#!/bin/sh
# Makes the virtual environment and installs what grading needs, on Debian, Ubuntu and their like; elsewhere it says
# what is missing. Usage: [VENV=folder] [TORCH=version] [SANDBOX=process] scripts/setup.sh demo|test|cluster
set -eu
cd "$(dirname "$0")/.."
what=${1:-demo}
python=${PYTHON:-python3}
venv=${VENV:-.venv}
torch=${TORCH:-$(sed -n 's/^torch==//p' constraints.txt)}

# as_root COMMAND...: with root's rights, if we have them or may take them without a password
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo "$@"
    else return 1
    fi
}

# package PROGRAM PACKAGE WHY: install a Debian package where its program is missing
package() {
    command -v "$1" >/dev/null 2>&1 && return 0
    if command -v apt-get >/dev/null 2>&1 \
        && as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null 2>&1 \
        && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $2 >/dev/null 2>&1 \
        && command -v "$1" >/dev/null 2>&1; then
        echo "installed $2"
    else
        echo "setup: $3 needs $1: install the package '$2' (for example: sudo apt-get install $2)" >&2
        return 1
    fi
}

# The tests skip, and say so, where it cannot be had.
if [ "$what" = cluster ]; then
    PATH="$PATH:/usr/sbin" package slurmd "slurmctld slurmd slurm-client munge" "make test-cluster" || true
    exit 0
fi

command -v "$python" >/dev/null 2>&1 || { echo "setup: Python 3.11 or newer is needed" >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
    || { echo "setup: Python 3.11 or newer is needed, $("$python" -V) is here; set PYTHON=" >&2; exit 1; }
# Whole and without `..`: pip writes the path into the programs that it installs.
venv=$("$python" -c 'import os, sys; print(os.path.abspath(sys.argv[1]))' "$venv")
if [ "${SANDBOX:-bubblewrap}" != process ]; then
    package bwrap bubblewrap "the sandbox" || [ "$what" = lint ] || {
        [ "$what" != demo ] || echo "setup: without it, and without isolation: make demo SANDBOX=process" >&2
        exit 1
    }
fi
# Some machines have it as chromium-browser; the tests look for both.
if [ "$what" = test ] && ! command -v chromium-browser >/dev/null 2>&1; then
    package chromium chromium "the browser tests" || exit 1
fi

stamp="$venv/.$what-$torch-$(cat pyproject.toml constraints.txt scripts/setup.sh | cksum | cut -d ' ' -f 1)"
[ -e "$stamp" ] && exit 0
if [ ! -x "$venv/bin/python" ]; then
    echo "making $venv"
    if ! "$python" -m venv "$venv" >/dev/null 2>&1; then
        rm -rf "$venv"
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "python$version-venv" >/dev/null 2>&1 \
            || { echo "setup: Python's venv is missing: install the package 'python$version-venv'" >&2; exit 1; }
        "$python" -m venv "$venv"
    fi
fi
echo "installing Python packages (PyTorch among them: minutes the first time)"
extras=""
[ "$what" = demo ] || extras="[cluster,dev,review]"
constraints="$venv/constraints.txt"
sed "s/^torch==.*/torch==$torch/" constraints.txt > "$constraints"
# torch by itself first: with that version there, nothing else can bring another build of it.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "torch==$torch" -c "$constraints"
# Until 0.2 ours had the name of somebody else's; what is left of it would own the command.
"$venv/bin/python" -m pip uninstall --quiet --quiet --quiet --yes grader
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c "$constraints" -e ".$extras"
touch "$stamp"
