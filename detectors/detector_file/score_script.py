"""Scores a file with the detector in this folder: python score.py DATA --out scores.csv

Needs the libraries of requirements.txt beside it and nothing else: the engine's source is in engine.zip, which is checked
against the manifest first. Everything after the script's name goes to `score` of the engine's command line; --help tells.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def unpack_engine(into: Path) -> None:
    """Puts the engine's source below `into`, where it is what the manifest says."""
    engine = HERE / "engine.zip"
    expected = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))["members"]["engine.zip"]["sha256"]
    if hashlib.sha256(engine.read_bytes()).hexdigest() != expected:
        sys.exit("engine.zip is not as it was written. Take an undamaged copy of the detector file.")
    with zipfile.ZipFile(engine) as archive:
        for name in archive.namelist():
            if ".." in name or not name.startswith("detectors/"):
                sys.exit(f"engine.zip holds {name}, which is no part of the engine.")
        archive.extractall(into)


def main() -> int:
    """Runs `score` on this folder; gives its exit code."""
    with tempfile.TemporaryDirectory(prefix="anomalyst-") as folder:
        unpack_engine(Path(folder))
        sys.path.insert(0, folder)
        from detectors.__main__ import main as run

        return run(["score", str(HERE), *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
