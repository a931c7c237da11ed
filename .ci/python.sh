#!/bin/sh
# Prints the first suitable Python: the one named in PYTHON, else one on the path. Says what to install where there is none.
set -eu

suits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

missing="Anomalyst needs Python 3.11, 3.12 or 3.13 and found none (${PYTHON:-on the path}): install one, or name it with PYTHON=/path/to/python."
if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3 python3.13 python3.12 python3.11 python; fi
for python; do
    if ! suits "$python"; then continue; fi
    if "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        echo "$python"
        exit 0
    fi
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    missing="Python $version is here, but its venv module is not: install it (Debian, Ubuntu: apt install python$version-venv) and try again."
done
echo "$missing" >&2
exit 2
