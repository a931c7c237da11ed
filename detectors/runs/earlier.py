"""A finished run or a detector file that another run starts from: its preparation is taken as it is, learning goes on from its weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from detectors import registry
from detectors.detector_file.manifest import Manifest, read_manifest
from detectors.detector_file.opening import open_detector_file
from detectors.errors import DataError, StorageError
from detectors.gate.columns import retyped
from detectors.messages import N_, Message
from detectors.profile import ColumnProfile
from detectors.reading.report import load_report
from detectors.runs.folder import RunFolder
from detectors.runs.request import RunRequest
from detectors.storage.files import DETECTOR_FILE, RUN_GONE, Workspace

#: Roles of columns that say something about a row without being learned from.
NOT_LEARNED = ("label", "id", "ignored")


#: Columns that a sentence names.
NAMED = 6

NOT_HERE = N_("What it starts from learned from columns that are not learned from here: {columns}. Give them their role, or learn anew.")
NOT_THERE = N_("What it starts from knows nothing of columns that are to be learned from here: {columns}. Ignore them, or learn anew.")
OTHER_ROLE = N_("What it starts from learned from the column {column} as {there}; here it is {here}. Give it the same role, or learn anew.")


@dataclass(frozen=True)
class Earlier:
    """What an earlier run, or a saved detector, has learned, and from what."""

    folder: Path
    """Holds ``detector/`` and ``preparation/``."""
    data_id: str
    """Empty where nobody knows."""
    kind: str
    representation: str
    detector: str
    parameters: Mapping[str, Any]
    roles: Mapping[str, str]
    preparation: Mapping[str, Any] = field(default_factory=dict)
    """The parameters of its preparation."""
    columns: tuple[Mapping[str, Any], ...] = ()
    """The columns that it learned from, as a detector file tells them; none where it is a run."""

    @classmethod
    def of_run(cls, run: RunFolder) -> Self:
        """
        Raises:
            StorageError: the run is not there (any longer), or has not ended well.
        """
        if not run.result.exists():
            raise StorageError(RUN_GONE)
        asked = run.request()
        summary = run.summary()
        return cls(
            run.result, asked.data_id, asked.kind, asked.representation, asked.detector, summary["parameters"], asked.used_roles,
            summary.get("preparation", {}),
        )  # fmt: skip

    @classmethod
    def of_file(cls, file: Path, into: Path) -> Self:
        """A detector file, whose members, each checked, come into the folder `into`.

        Raises:
            StorageError: it is damaged.
        """
        return cls.of_manifest(open_detector_file(file, into).manifest, into)

    @classmethod
    def of_manifest(cls, manifest: Manifest, folder: Path, data_id: str = "") -> Self:
        """What a detector file says of itself; its members are, or will be, in `folder`. `data_id` is what it learned from, where that is known."""
        # The column that chose the rows to learn from is a feature by its role alone.
        roles = {column: role for column, role in manifest.roles.items() if role != "feature" or column in manifest.features}
        prepared = manifest.preparation.get("parameters", {})
        return cls(
            folder, data_id, manifest.kind, manifest.representation, manifest.detector, manifest.parameters, roles, prepared,
            tuple(manifest.columns),
        )  # fmt: skip

    def why_not(self, request: RunRequest) -> Message | None:
        """Why `request` cannot start from it; None: it can."""
        detector = registry.create(request.representation, request.detector, seed=request.seed, **request.parameters)
        why_not = detector.cannot_start_from(self.representation, self.detector, self.parameters)
        if why_not is not None:
            return why_not
        if self.kind != request.kind:
            return Message(
                N_("What it starts from learned from {there} data, these are {here} data."), {"there": self.kind, "here": request.kind}
            )
        there, here = learned_columns(self.roles), learned_columns(request.used_roles)
        for template, columns in ((NOT_HERE, there.keys() - here.keys()), (NOT_THERE, here.keys() - there.keys())):
            if columns:
                return Message(template, {"columns": ", ".join(sorted(columns)[:NAMED])})
        if differing := sorted(column for column, role in there.items() if here[column] != role):
            return Message(OTHER_ROLE, {"column": differing[0], "there": there[differing[0]], "here": here[differing[0]]})
        if detector.supervised and self.data_id == request.data_id:
            return Message(
                N_(
                    "{title} has learned from these labels before, so nobody could say how good it is on them. "
                    "Start from what learned from other data."
                ),
                {"title": detector.title},
            )
        return None

    def other_type(self, profiles: Iterable[ColumnProfile]) -> Message | None:
        """Why columns with these `profiles` cannot be prepared as it prepares them: one holds something else here; None: they can."""
        by_name = {profile.name: profile for profile in profiles}
        for column in self.columns:
            if column["name"] in by_name and (found := retyped(column, by_name[column["name"]])) is not None:
                return found.what
        return None

    def check(self, request: RunRequest) -> None:
        """Raises `DataError` where `request` cannot start from it."""
        why_not = self.why_not(request)
        if why_not is not None:
            raise DataError(why_not.template, **why_not.values)


def learned_columns(roles: Mapping[str, str]) -> dict[str, str]:
    """The columns that are learned from, or order what is, with their roles."""
    return {column: role for column, role in roles.items() if role not in NOT_LEARNED}


def roles_as_there(there: Mapping[str, str], here: Mapping[str, str], said: Iterable[str] = ()) -> dict[str, str]:
    """Roles for what starts from something that learned from columns with the roles `there`: they are learned from here as well.

    Few rows look otherwise than many: a column that is constant in them would be set aside. Columns whose role was `said` keep that
    of `here`; so do a label and an id, and all columns where one that was learned from is missing.
    """
    learned = learned_columns(there)
    if not learned.keys() <= here.keys():
        return dict(here)
    said = set(said)
    others = {name: role if role in ("label", "id") or name in said else "ignored" for name, role in here.items()}
    return {name: learned.get(name, others[name]) if name not in said else here[name] for name in here}


@contextmanager
def earlier_in(workspace: Workspace, request: RunRequest) -> Iterator[Earlier | None]:
    """What a request says that it starts from, a run or a saved detector of `workspace`, for as long as it is needed; None: nothing.

    Raises:
        StorageError: it is not there any longer, or damaged.
    """
    if request.start_from is None:
        yield None
    elif (file := workspace.detectors / request.start_from / DETECTOR_FILE).exists():
        with TemporaryDirectory(prefix="anomalyst-") as name:
            yield Earlier.of_file(file, Path(name))
    else:
        yield Earlier.of_run(RunFolder(workspace.runs / request.start_from))


def earlier_saved(workspace: Workspace, detector_id: str, data_id: str) -> Earlier:
    """What a saved detector says of itself, nothing of it unpacked; whether it learned from the very file of a data set is told by that."""
    file = workspace.detectors / detector_id / DETECTOR_FILE
    manifest = read_manifest(file)
    same = manifest.data.get("sha256") == load_report(workspace.data / data_id).content_hash
    return Earlier.of_manifest(manifest, file.parent, data_id if same else "")
