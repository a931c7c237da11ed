"""Small data sets for tests, made here and read through the same path as an upload."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from detectors import reading

ROWS = 400

#: Rows of `machine_frame` that are planted: the two temperatures contradict each other there.
PLANTED = (17, 101, 250, 399)


def machine_frame(rows: int = ROWS) -> pd.DataFrame:
    """A machine's readings: temperature and twice the temperature, a category, an id, a label; four rows contradict."""
    chance = np.random.default_rng(5)
    temperature = chance.normal(60, 5, rows)
    frame = pd.DataFrame(
        {
            "reading_id": np.arange(1, rows + 1),
            "temperature": temperature.round(3),
            "doubled": (2 * temperature + chance.normal(0, 0.2, rows)).round(3),
            "mode": chance.choice(["idle", "cutting"], rows, p=[0.4, 0.6]),
            "label": 0,
        }
    )
    planted = [row for row in PLANTED if row < rows]
    frame.loc[planted, "doubled"] = frame.loc[planted, "doubled"] - 40
    frame.loc[planted, "label"] = 1
    return frame


def read_in(frame: pd.DataFrame, folder: Path) -> Path:
    """Writes `frame` as CSV and reads it as an upload would be; gives the folder of the data set."""
    source = folder / "machine.csv"
    frame.to_csv(source, index=False)
    data = folder / "data"
    reading.read_file(source, data, name="machine.csv")
    return data
