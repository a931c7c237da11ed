"""Writes a detector file."""

from __future__ import annotations

import hashlib
import json
import platform
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import registry
from detectors.detector_file import card as cards
from detectors.detector_file.canaries import Canaries, chosen, library_versions
from detectors.detector_file.deciding import Deciding
from detectors.detector_file.engine import LONG_AGO, write_engine
from detectors.detector_file.manifest import CARD, MANIFEST, SIGNATURE, KeptThreshold, Manifest, Member
from detectors.detector_file.schema import contents_of, schema_of
from detectors.detector_file.signature import SigningKey
from detectors.detector_file.source import Finished
from detectors.runs.explained import levels_of
from detectors.storage.files import sync

BACKGROUND = "background.npy"

#: Quantiles of the training scores: from the lowest to the highest.
SCORE_QUANTILES = 101


def write_detector_file(
    run: Finished, threshold: KeptThreshold, path: Path, *, key: SigningKey | None = None, suppressions: Sequence[Mapping[str, Any]] = ()
) -> Manifest:
    """Writes what `run` has learned, with its `threshold`, into the zip `path`, which appears whole; gives its manifest.

    Args:
        key: this installation's, to sign it with; None: it stays unsigned.
        suppressions: rules that silence flags, as JSON; they travel with the detector.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as name:
        folder = Path(name)
        manifest = _written(run, threshold, folder, suppressions)
        return seal(folder, manifest, path, key)


def seal(folder: Path, manifest: Manifest, path: Path, key: SigningKey | None) -> Manifest:
    """Packs every member that lies in `folder` into the zip `path`, with a card and a `manifest` that names them; gives that."""
    kind = registry.get(manifest.representation, manifest.detector)
    (folder / CARD).write_text(cards.card(manifest, kind.when, kind.when_not), encoding="utf-8")
    manifest = replace(manifest, members={member: Member(_sha256(folder / member), size) for member, size in _sizes(folder).items()})
    text = json.dumps(manifest.to_json(), ensure_ascii=False, indent=1).encode()
    (folder / MANIFEST).write_bytes(text)
    if key is not None:
        (folder / SIGNATURE).write_bytes(key.sign(text))
    _pack(folder, path)
    return manifest


def _written(run: Finished, threshold: KeptThreshold, folder: Path, suppressions: Sequence[Mapping[str, Any]]) -> Manifest:
    """Writes every member but card and manifest into `folder`."""
    run.detector.save(folder / "detector")
    run.preparation.save(folder / "preparation")
    np.save(folder / BACKGROUND, run.usual, allow_pickle=False)
    rows = chosen(np.argsort(run.scores, kind="stable")[::-1], int(run.preparation.units.size))
    canaries = Canaries.of(run.preparation.explained(run.data, rows, run.detector), run.detector, run.preparation)
    canaries.save(folder)
    manifest = _manifest(run, threshold, len(canaries.scores), suppressions)
    write_engine(folder, manifest.libraries)
    return manifest


def _manifest(run: Finished, threshold: KeptThreshold, canaries: int, suppressions: Sequence[Mapping[str, Any]]) -> Manifest:
    request, detector = run.request, run.detector
    training, above = run.scores[run.fitted], _above(run, threshold)
    manifest = Manifest(
        detector=detector.name(), kind=request.kind, representation=detector.representation(), parameters=detector.parameters,
        seed=request.seed, roles=dict(request.roles), features=request.features, threshold=threshold, members={},
        rows=len(run.scores), fitted_rows=int(run.fitted.sum()), title=detector.title,
        written=datetime.now(UTC).isoformat(timespec="seconds"), libraries=library_versions(), machine=platform.machine(),
        preparation=run.preparation.to_json(), reading=dict(run.told.get("options", {})),
        data={name: value for name, value in run.told.items() if name != "options"},
        scores={
            "quantiles": np.quantile(training, np.linspace(0, 1, SCORE_QUANTILES)).tolist(),
            "levels": list(levels_of(np.sort(training))),
            "flagged": float(above[run.fitted].mean()),
        },
        judged=run.figures(above), suppressions=[dict(each) for each in suppressions],
        carries=[
            *({"of": "detector", **asdict(each)} for each in detector.carried()),
            {"of": "background", "what": cards.BACKGROUND, "count": len(run.usual), "whole": True},
            {"of": "canaries", "what": cards.CANARIES, "count": canaries, "whole": True},
        ],
    )  # fmt: skip
    columns = schema_of(run.data, run.fitted, [(name, manifest.roles[name]) for name in manifest.used])
    contents = contents_of(request.kind, run.data, run.fitted, manifest.preparation)
    return replace(manifest, columns=[column.to_json() for column in columns], contents=contents)


def _above(run: Finished, threshold: KeptThreshold) -> NDArray[np.bool_]:
    """Which rows lie above their cut-off, (rows,): that of their segment, where it has one."""
    deciding = Deciding(threshold)
    return deciding.above(run.scores, run.data.frame(deciding.columns) if deciding.columns else None)


def _pack(folder: Path, path: Path) -> None:
    """All files of `folder` in a zip that takes the place of `path` when it is whole; the manifest comes first."""
    packed = folder / "packed.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(_sizes(folder), key=lambda name: (name != MANIFEST, name)):
            if name == packed.name:
                continue
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            with (folder / name).open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while chunk := source.read(1 << 20):
                    target.write(chunk)
    sync(packed)
    packed.replace(path)
    sync(path.parent)


def _sizes(folder: Path) -> dict[str, int]:
    """The bytes of every file below `folder`, by its path in it."""
    return {file.relative_to(folder).as_posix(): file.stat().st_size for file in sorted(folder.rglob("*")) if file.is_file()}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
