"""The engine: detectors and the steps of the work around them. Usable from a script, a notebook or a cron job.

`train` fits a detector on a file and scores its rows, `load` opens a detector file for new ones, `read` and
`read_pictures` give what is in a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from detectors.detector_file.loaded import LoadedDetector
    from detectors.training import Settings, Trained

__all__ = ["load", "read", "read_pictures", "train"]


def load(path: Path | str) -> LoadedDetector:
    """The detector in the detector file `path`, ready to score and explain: see `LoadedDetector`.

    Raises:
        StorageError: it is no detector file, is damaged, or was made to harm; the error names the member.
    """
    from detectors.detector_file.loaded import load as loaded

    return loaded(path)


def train(data: Path | str, *, detector: str, **settings: Unpack[Settings]) -> Trained:
    """Fits `detector` on the file `data` and scores every row of it, as the command line does: see `Trained` and `Settings`.

    Raises:
        AnomalystError: something that can be mended: the file, a column, a parameter.
    """
    from detectors.training import train as trained

    return trained(data, detector=detector, **settings)


def read(data: Path | str, **options: Any) -> pd.DataFrame:
    """The table in the file `data` as the Data page reads it; `options` are those of `--read`: delimiter, decimal, sheet …

    Raises:
        AnomalystError: it cannot be read, with the reason and what to do.
    """
    from detectors.training import read as found

    return found(data, **options)


def read_pictures(data: Path | str) -> list[NDArray[np.uint8]]:
    """The pictures in the zip or folder `data`, each (height, width, channels) from 0 to 255, in the order of their names.

    Raises:
        AnomalystError: it cannot be read, with the reason and what to do.
    """
    from detectors.training import read_pictures as found

    return found(data)
