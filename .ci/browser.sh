#!/bin/sh
# Sees to it that there is a Chromium or Chrome for the tests that drive one.
set -eu
cd "$(dirname "$0")/.."

found() {
    .venv/bin/python tests/browser.py >/dev/null
}

playwright_install() {
    # Its builds need system libraries, which only root may add.
    if [ "$(id -u)" = 0 ]; then set -- --with-deps; fi
    .venv/bin/python -m playwright install "$@" chromium
}

if found; then exit 0; fi
echo "No Chromium or Chrome is installed; installing one for the browser tests."
if sh .ci/package.sh chromium && found; then exit 0; fi
if playwright_install && found; then exit 0; fi
echo "The browser tests need Chromium or Chrome: install one, or name its program with CHROMIUM=/path/to/chromium." >&2
exit 1
