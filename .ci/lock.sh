#!/bin/sh
# Pins versions and hashes for every supported Python and system: lock.sh TORCH_CPU_SHA256 [uv options]
set -eu
torch_cpu=$1
shift
cd "$(dirname "$0")/.."
python=$(sh .ci/python.sh)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/uv"
"$work/uv/bin/python" -m pip install --quiet --disable-pip-version-check uv

pin() {
    lock=$1
    shift
    "$work/uv/bin/uv" pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --only-binary :all: \
        --generate-hashes --no-emit-index-url --no-annotate --no-header --output-file "$lock" "$@"
    # uv repeats the condition "on a supported system" at every package. Without it, an unsupported system gets
    # pip's word that there is no such package, in place of an environment that is silently empty.
    sed -e "/darwin.*linux.*win32/ s/ ; [^\\]*/ /" "$lock" >"$work/pinned"
    cp "$work/pinned" "$lock"
}

pin requirements.lock pyproject.toml "$@"
pin requirements-test.lock pyproject.toml --extra test --constraint requirements.lock "$@"
pin benchmarks/requirements.lock benchmarks/requirements.in --constraint requirements.lock --no-emit-package torch "$@"
# torch has a lock of its own, in which PyPI's wheels and the build without CUDA are equally welcome.
pin benchmarks/torch.lock benchmarks/requirements.in --no-deps --no-emit-package pyod --no-emit-package tqdm "$@"
sed -e "/$torch_cpu/d" -e "/^torch==/ a\\
\\    --hash=sha256:$torch_cpu \\\\" benchmarks/torch.lock >"$work/pinned"
cp "$work/pinned" benchmarks/torch.lock
