#!/bin/sh
# Installs one system package where that needs no person: package.sh NAME. Fails where it may not or cannot.
set -eu
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    exit 1
fi

exec </dev/null
if command -v apt-get >/dev/null; then
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1"
elif command -v dnf >/dev/null; then
    $as_root dnf install -y -q "$1"
elif command -v pacman >/dev/null; then
    $as_root pacman -Sy --noconfirm --needed "$1"
elif command -v apk >/dev/null; then
    $as_root apk add "$1"
else
    exit 1
fi
