"""The detector file: one zip with everything needed to score new data. Reading its manifest needs json alone.

Members: ``manifest.json``, then what `save` wrote, under ``detector/`` and ``preparation/``.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from detectors.runs.execute import FittedRun
from detectors.thresholds import Threshold

FORMAT_VERSION = 1

#: Libraries whose version can change a score.
LIBRARIES = ("numpy", "pandas", "tensorflow", "keras", "scikit-learn")


def write_detector_file(run: FittedRun, threshold: Threshold, path: Path) -> None:
    """Writes the fitted detector of `run` with its `threshold` into the zip `path`."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        run.detector.save(Path(folder) / "detector")
        run.preparation.save(Path(folder) / "preparation")
        members = sorted(file for file in Path(folder).rglob("*") if file.is_file())
        names = {file: file.relative_to(folder).as_posix() for file in members}
        manifest = _manifest(run, threshold) | {"members": {names[file]: _sha256(file) for file in members}}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1))
            for file in members:
                archive.write(file, names[file])


def _manifest(run: FittedRun, threshold: Threshold) -> dict[str, Any]:
    request = run.request
    return {
        "format_version": FORMAT_VERSION,
        "libraries": {library: version(library) for library in LIBRARIES},
        "detector": run.detector.name(),
        "kind": request.kind,
        "representation": run.detector.representation(),
        "parameters": run.detector.parameters,
        "seed": request.seed,
        "schema": {"roles": dict(request.roles), "features": request.features},
        "preparation": run.preparation.to_json(),
        "threshold": threshold.to_json(),
        "rows": len(run.scores),
        "fitted_rows": run.fitted_rows,
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
