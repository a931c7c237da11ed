"""The detector file: one zip with everything needed to score new data. Reading its manifest needs json alone.

Members: ``manifest.json``, then what `save` wrote, under ``detector/`` and ``preparation/``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

from detectors.errors import StorageError
from detectors.messages import N_
from detectors.runs.execute import FittedRun
from detectors.thresholds import Threshold

FORMAT_VERSION = 1

#: No detector file holds more, unpacked: those that keep training rows keep a few hundred megabytes.
LARGEST_BYTES = 8 << 30

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


def read_detector_file(path: Path, into: Path) -> dict[str, Any]:
    """Puts the members of the detector file `path` into the folder `into`, checked against its manifest; gives the manifest.

    Raises:
        StorageError: it is not a detector file, is damaged, or is larger than any that this program writes.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read("manifest.json"))
            members = {_safe_name(name): digest for name, digest in manifest["members"].items()}
            if sum(archive.getinfo(name).file_size for name in members) > LARGEST_BYTES:
                raise StorageError(
                    N_("`{file}` unpacks to more than a detector takes. It was not written by this program."), file=path.name
                )
            for name, digest in members.items():
                (into / name).parent.mkdir(parents=True, exist_ok=True)
                with archive.open(name) as source, (into / name).open("wb") as target:
                    shutil.copyfileobj(source, target)
                if _sha256(into / name) != digest:
                    raise ValueError(name)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, zipfile.BadZipFile) as error:
        raise StorageError(
            N_("`{file}` is not a detector file, or is damaged. Take one that a training has written."), file=path.name
        ) from error
    return dict(manifest)


def _safe_name(name: str) -> str:
    """`name`, where it is that of a file in one of the two folders."""
    parts = PurePosixPath(name).parts
    if parts[:1] not in (("detector",), ("preparation",)) or ".." in parts or len(parts) < 2 or "\\" in name:
        raise ValueError(name)
    return name


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
