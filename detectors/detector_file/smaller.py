"""A smaller form of a detector file: its networks' weights with fewer bytes or zeros in them, or no engine for machines without Anomalyst."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from detectors.detector_file.canaries import Canaries, library_versions
from detectors.detector_file.engine import ENGINE, REQUIREMENTS, SCRIPT, write_engine
from detectors.detector_file.form import Form
from detectors.detector_file.loaded import loaded_from
from detectors.detector_file.manifest import CARD, FORMAT_VERSION, Manifest
from detectors.detector_file.opening import open_detector_file
from detectors.detector_file.signature import SigningKey
from detectors.detector_file.writing import seal
from detectors.errors import ParameterError, StorageError
from detectors.messages import N_
from detectors.network.smaller_weights import shrink_weights
from detectors.network.weights import FILE as WEIGHTS

NO_NETWORK = N_(
    "`{file}` holds no network, so there are no weights to make smaller. What can be left out is the source that `score.py` runs."
)
ALREADY = N_("`{file}` was made smaller before. Take the file that it was made of.")
NOTHING_ASKED = N_("Nothing was asked for: name a form of the weights, a share of them to set to 0, or leave the engine out.")


def has_networks(manifest: Manifest) -> bool:
    """Whether there are weights of a network in the detector file."""
    return any(member.endswith(f"/{WEIGHTS}") for member in manifest.members)


def check_form(manifest: Manifest, form: Form, file: str) -> None:
    """
    Raises:
        StorageError: the detector `file` with this `manifest` was made smaller before, or holds no network where weights are to be smaller.
        ParameterError: nothing is asked for.
    """
    if not form.of_weights and form.engine:
        raise ParameterError(NOTHING_ASKED)
    if manifest.form:
        raise StorageError(ALREADY, file=file)
    if form.of_weights and not has_networks(manifest):
        raise StorageError(NO_NETWORK, file=file)


@dataclass(frozen=True)
class Made:
    """How a smaller form came about."""

    key: SigningKey | None = None
    """This installation's, to sign it with."""
    cut_off: float | None = None
    """Where unusual begins in it; None: where it did."""
    measured: Mapping[str, Any] | None = None
    """What the form was measured to change."""


def write_smaller(source: Path, form: Form, path: Path, made: Made | None = None) -> Manifest:
    """Writes the detector file `source` in a smaller `form` as the zip `path`, which appears whole; gives its manifest.

    Its canaries are scored with the smaller weights, so that opening it anywhere checks these.

    Raises:
        StorageError: `source` is damaged.
        AnomalystError: what `check_form` raises.
    """
    made = made or Made()
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as name:
        folder = Path(name)
        opened = open_detector_file(source, folder, made.key)
        check_form(opened.manifest, form, source.name)
        if form.of_weights:
            _shrink(folder, opened.manifest, form, source.name)
        manifest = _told(opened.manifest, form, opened.identity, made)
        for member in (ENGINE, REQUIREMENTS, SCRIPT, CARD):
            (folder / member).unlink(missing_ok=True)
        if form.engine:
            write_engine(folder, manifest.libraries)
        return seal(folder, manifest, path, made.key)


def _shrink(folder: Path, manifest: Manifest, form: Form, file: str) -> None:
    """Makes all weights below `folder` smaller, and scores the canaries with them."""
    for weights in sorted(folder.rglob(WEIGHTS)):
        shrink_weights(weights.parent, form.weights, form.pruned)
    detector, preparation = loaded_from(folder, manifest, file)
    canaries = Canaries.load(folder, file)
    if canaries is not None:
        Canaries.of(canaries.items, detector, preparation).save(folder)


def _told(manifest: Manifest, form: Form, identity: str, made: Made) -> Manifest:
    threshold = manifest.threshold
    if made.cut_off is not None and made.cut_off != threshold.cut_off:
        more = {**threshold.more, "cut_off_before": threshold.cut_off}
        threshold = replace(threshold, cut_off=made.cut_off, more=more)
    return replace(
        manifest, form={**form.to_json(), "of": identity, "measured": dict(made.measured or {})}, threshold=threshold, members={},
        format_version=FORMAT_VERSION if form.of_weights else manifest.format_version, written=datetime.now(UTC).isoformat(timespec="seconds"),
        libraries=library_versions(), machine=platform.machine(),
    )  # fmt: skip
