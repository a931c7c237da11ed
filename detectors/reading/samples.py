"""The samples that come with the project: data sets to try, each made by a script of its own."""

from __future__ import annotations

import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from detectors.errors import DataError
from detectors.messages import N_
from detectors.reading.process import USUAL_LIMITS, Task, run_worker
from detectors.reading.report import Report
from detectors.reading.upload import read_file

SAMPLES = Path(__file__).parents[2] / "assets" / "samples"


@dataclass(frozen=True)
class Sample:
    """One sample. `title` and `description` are templates, translated where they are shown; `rows` of images are pictures."""

    name: str
    title: str
    kind: str
    rows: int
    description: str
    script: str
    """A file beside ``samples.toml``, run as ``python SCRIPT OUT``."""
    label: str
    """What says which rows are anomalies, a column or ``folder`` for images; for judging, not for training."""
    source: str
    licence: str
    file: str = "csv"
    """The ending of what the script writes; a sample of images is a ``zip``."""
    time: str | None = None
    """For series: the column with the time."""
    text_column: str | None = None
    """For text: the column with the texts."""

    @property
    def file_name(self) -> str:
        """What the sample's file is called where it was not uploaded by anybody."""
        return f"{self.name}.{self.file}"


def load_samples() -> list[Sample]:
    """Every sample there is, in the order in which they are offered."""
    record = tomllib.loads((SAMPLES / "samples.toml").read_text(encoding="utf-8"))
    return [Sample(**sample) for sample in record["sample"]]


def make_sample(sample_name: str, folder: Path) -> Report:
    """Runs the script of the sample and reads what it wrote into the new `folder`, both in limited processes.

    Raises:
        DataError: there is no such sample, or its script failed.
        StorageError: `folder` exists already.
    """
    samples = {sample.name: sample for sample in load_samples()}
    if sample_name not in samples:
        raise DataError(N_("There is no sample `{name}`. There are {known}."), name=sample_name, known=", ".join(samples))
    sample = samples[sample_name]
    with tempfile.TemporaryDirectory() as made:
        run_worker(Task("make", str(SAMPLES / sample.script), made, sample.file_name), USUAL_LIMITS)
        return read_file(Path(made) / sample.file_name, folder, name=sample.file_name)
