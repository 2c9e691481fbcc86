#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the assignment's image.
set -euo pipefail
root=${AUTOGRADER:-/autograder}
source=$root/source
export DEBIAN_FRONTEND=noninteractive

# new_enough PYTHON: is it there, and at least 3.11?
new_enough() {
    command -v "$1" >/dev/null && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'
}

apt-get update -qq
apt-get install -y -qq --no-install-recommends bubblewrap python3 python3-venv util-linux
python=python3
if ! new_enough python3; then  # Ubuntu 22.04, Gradescope's default, has 3.10 and offers 3.11 beside it
    apt-get install -y -qq --no-install-recommends python3.11 python3.11-venv
    python=python3.11
fi

"$python" -m venv "$root/env"
# torch by itself first, without CUDA: then nothing else brings the large build.
"$root/env/bin/pip" install --quiet --no-cache-dir --no-deps --index-url https://download.pytorch.org/whl/cpu \
    "$(grep '^torch==' "$source/constraints.txt")"
"$root/env/bin/pip" install --quiet --no-cache-dir --constraint "$source/constraints.txt" \
    --requirement "$source/requirements.txt"
