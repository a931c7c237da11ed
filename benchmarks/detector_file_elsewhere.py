"""Detector files where Anomalyst is not: a new virtual environment, the versions that the file names, and its own `score.py`.

Run from the repository: ``make check-detector-file`` (it needs the package index). For every kind of data files are written. What they
name is installed into new environments, in which each, unpacked away from the repository, scores a file by its `score.py`; that is
compared with what this installation scores. Exit code 1 where one score differs by a bit, or something is missing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from detectors.detector_file.loaded import load
from detectors.detector_file.streaming import score_file
from detectors.detector_file.writing import write_detector_file
from tests.detector_files import THRESHOLD, finished, read_source, write_source

#: Of each kind of data a network and something else, and what works with others.
CHECKED = (
    ("table", "vectors", "autoencoder"),
    ("table", "vectors", "isolation_forest"),
    ("table", "vectors", "ensemble"),
    ("series", "windows", "forecaster"),
    ("series", "vectors", "nearest_neighbours"),
    ("images", "pixels", "autoencoder"),
    ("images", "vectors", "principal_components"),
    ("text", "tokens", "language_model"),
    ("text", "vectors", "gaussian_mixture"),
)

#: Of the process's surroundings only these: no path to this installation, no setting of it.
KEPT_SURROUNDINGS = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")


@dataclass(frozen=True)
class Checked:
    """What came of one file."""

    name: str
    rows: int
    differing: int
    seconds: float
    said: str
    """What it wrote on standard error where it failed."""


def main() -> int:
    """0 where every score is equal to the bit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--environments", type=Path, help="where virtual environments are made, and left; default: a folder that is removed"
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="anomalyst-elsewhere-") as name:
        folder = Path(name)
        files = [written(each, folder) for each in CHECKED]
        needs = [requirements_of(file) for file, _ in files]
        where = asked.environments or folder
        pythons = {text: new_environment(where / f"environment-{number}", text) for number, text in enumerate(dict.fromkeys(needs))}
        found = [checked(file, source, pythons[text], folder) for (file, source), text in zip(files, needs, strict=True)]
    for each in found:
        verdict = each.said or ("equal to the bit" if not each.differing else f"{each.differing} scores DIFFER")
        print(f"{each.name:<32}{each.rows:>6} rows  {each.seconds:6.1f} s  {verdict}")
    return int(any(each.said or each.differing for each in found))


def written(which: tuple[str, str, str], folder: Path) -> tuple[Path, Path]:
    """A detector file, and the data that it learned from, which it is to score."""
    kind, *_ = which
    folder = folder / kind
    folder.mkdir(exist_ok=True)
    source = write_source(kind, folder)
    data = folder / f"data-{source.stem}"
    path = folder / f"{'-'.join(which)}.zip"
    write_detector_file(finished(*which, data if data.exists() else read_source(source)), THRESHOLD, path)
    return path, source


def requirements_of(file: Path) -> str:
    with zipfile.ZipFile(file) as archive:
        return archive.read("requirements.txt").decode()


def new_environment(where: Path, requirements: str) -> Path:
    """The interpreter of a new virtual environment into which pip has put what `requirements` name."""
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(where)], check=True)
    (where / "requirements.txt").write_text(requirements, encoding="utf-8")
    python, began = where / ("Scripts" if os.name == "nt" else "bin") / "python", time.monotonic()
    command = [str(python), "-m", "pip", "install", "--quiet", "--no-cache-dir", "-r", str(where / "requirements.txt")]
    subprocess.run(command, check=True)
    size = sum(each.lstat().st_size for each in where.rglob("*") if each.is_file() and not each.is_symlink())
    listed = subprocess.run([str(python), "-m", "pip", "list", "--format=freeze"], check=True, capture_output=True, text=True).stdout
    named = ", ".join(line for line in requirements.splitlines() if not line.startswith("#"))
    print(f"{named}\n  {len(listed.splitlines())} packages, {size / 1e9:.2f} GB, installed in {time.monotonic() - began:.0f} s")
    return python


def checked(file: Path, source: Path, python: Path, folder: Path) -> Checked:
    """Scores `source` by the script inside `file` with the other interpreter, and by this installation."""
    away = folder / "away" / file.stem
    shutil.unpack_archive(file, away)
    out = away / "scores.parquet"
    surroundings = {name: value for name, value in os.environ.items() if name in KEPT_SURROUNDINGS} | {"HOME": str(away)}
    began = time.monotonic()
    command = [str(python), "-I", str(away / "score.py"), str(source), "--out", str(out), "--quiet"]
    done = subprocess.run(command, cwd=away, env=surroundings, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    if done.returncode != 0:
        return Checked(file.stem, 0, 0, seconds, " ".join(done.stderr.split())[-2000:] or f"exit code {done.returncode}")
    score_file(load(file), source, folder / "here.parquet")
    there, here = pd.read_parquet(out)["score"].to_numpy(), pd.read_parquet(folder / "here.parquet")["score"].to_numpy()
    differing = int((there.view(np.int64) != here.view(np.int64)).sum()) if len(there) == len(here) else max(len(there), len(here))
    return Checked(file.stem, len(there), differing, seconds, "")


if __name__ == "__main__":
    sys.exit(main())
