"""What lets a detector file score without an installed Anomalyst: the engine's source, the versions to install, and `score.py`."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

ENGINE, REQUIREMENTS, SCRIPT = "engine.zip", "requirements.txt", "score.py"

#: Parts of the engine that scoring never needs.
LEFT_OUT = ("charts", "workbench", "planting", "checks")

#: A moment that every zip can hold: the same source makes the same bytes.
LONG_AGO = (1980, 1, 1, 0, 0, 0)

HEAD = "# The versions that this detector file was written with; score.py needs them and Python {python}.\n"

#: What reading a file needs and no score depends on; what only explaining needs, and `score.py` does not explain.
ALSO_NEEDED, FOR_EXPLAINING = ("openpyxl",), ("shap",)

#: Three quarters of what is installed: only for networks, whose weights are in members of these names.
FOR_NETWORKS, NETWORKS = ("tensorflow", "keras"), ("weights.weights.h5", "picture_features.npz")


def write_engine(folder: Path, libraries: Mapping[str, str]) -> None:
    """Writes source, versions and script into `folder`."""
    (folder / ENGINE).write_bytes(packed_engine())
    head = HEAD.format(python=libraries.get("python", "3"))
    (folder / REQUIREMENTS).write_text(head + "".join(f"{each}\n" for each in _pinned(folder, libraries)), encoding="utf-8")
    (folder / SCRIPT).write_bytes((Path(__file__).parent / "score_script.py").read_bytes())


def _pinned(folder: Path, libraries: Mapping[str, str]) -> list[str]:
    """What scoring with the members in `folder` needs, with versions: those of `libraries`."""
    has_networks = any(path.name in NETWORKS for path in folder.rglob("*"))
    left_out = {"python", "anomalyst", *FOR_EXPLAINING, *(() if has_networks else FOR_NETWORKS)}
    pinned = {name: number for name, number in libraries.items() if name not in left_out}
    return [f"{name}=={number}" for name, number in (pinned | {name: version(name) for name in ALSO_NEEDED}).items()]


@cache
def packed_engine() -> bytes:
    """The engine's source, but for what scoring never needs, as a zip."""
    root, packed = Path(__file__).parents[1], BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(root.rglob("*.py")):
            inside = path.relative_to(root)
            if inside.parts[0] not in LEFT_OUT:
                archive.writestr(_entry(f"detectors/{inside.as_posix()}"), path.read_bytes())
    return packed.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, LONG_AGO)
    entry.compress_type = zipfile.ZIP_STORED  # the file around it packs all of it at once, which takes a quarter less
    entry.external_attr = 0o644 << 16
    return entry
