#!/bin/sh
# Makes the virtual environment FOLDER and installs what LOCK pins: venv.sh FOLDER LOCK [pip options]
set -eu
cd "$(dirname "$0")/.."
folder=$1
lock=$2
shift 2

# A copy of the lock, written last: an interrupted or outdated installation never looks finished.
stamp="$folder/installed-$(basename "$lock")"

works() {
    PYTHON="$folder/bin/python" sh .ci/python.sh >/dev/null 2>&1
}

if cmp -s "$lock" "$stamp" && works; then exit 0; fi

if ! { works && "$folder/bin/python" -m pip --version >/dev/null 2>&1; }; then
    python=$(sh .ci/python.sh)
    "$python" -m venv --clear "$folder"
fi

rm -f "$stamp"
echo "Installing the packages pinned in $lock into $folder. The first time takes minutes and up to 3 GB of disk."
[ -t 1 ] || set -- --quiet "$@"
# Wheels only: nothing is compiled, and no package runs code of its own while it is installed.
if ! "$folder/bin/python" -m pip install --disable-pip-version-check --require-hashes --only-binary :all: "$@" -r "$lock"; then
    echo "Not everything in $lock could be installed (pip's own words stand above). The same command goes on where it stopped." >&2
    exit 1
fi
cp "$lock" "$stamp"
