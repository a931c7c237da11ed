"""Makes two weeks of a pump's sensors, minute by minute: ``python machine_sensors.py OUT.csv``.

Work comes in shifts with breaks; all sensors follow the load, the temperature slowly. Three times a bearing fails over
hours, some faults come at once, and one sensor sticks at a value that it often shows.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

ROWS = 20_000
SEED = 4
DAY = 24 * 60

#: How many stretches of each sort are planted, and how many minutes each lasts at least and at most.
PLANTED = {"failing_bearing": (3, 220, 320), "stuck_temperature": (1, 240, 240), "leak": (4, 30, 50), "jam": (6, 8, 16)}
#: Minutes between two planted stretches, at least.
APART = 200


def machine_sensors(rows: int = ROWS, seed: int = SEED) -> pd.DataFrame:
    """The table, a row a minute; `is_anomaly` is 1 where something is wrong with the machine or a sensor."""
    chance = np.random.default_rng(seed)
    load = _load(rows, chance)
    sensors = _sensors(load, chance)
    wrong = np.zeros(rows, dtype=int)
    for name, (stretches, shortest, longest) in PLANTED.items():
        for _ in range(stretches):
            part = _free(wrong, load, int(chance.integers(shortest, longest + 1)), chance)
            wrong[part] = 1
            {"failing_bearing": _failing_bearing, "stuck_temperature": _stuck, "leak": _leak, "jam": _jam}[name](sensors, part, chance)
    time = pd.date_range("2024-03-04 06:00", periods=rows, freq="min")
    rounded = sensors.round({"load_percent": 1, "motor_temperature_c": 2, "vibration_mm_s": 3, "pressure_bar": 3, "current_a": 2})
    return pd.concat([pd.Series(time, name="time"), rounded, pd.Series(wrong, name="is_anomaly")], axis=1)


def _load(rows: int, chance: np.random.Generator) -> np.ndarray:
    """Percent of full load: two shifts with a break each, nights and Sundays at a trickle, orders that last an hour or so."""
    minute = (np.arange(rows) + 6 * 60) % DAY
    working = (minute >= 6 * 60) & (minute < 22 * 60) & ((np.arange(rows) + 6 * 60) // DAY % 7 != 6)
    at_break = ((minute >= 10 * 60) & (minute < 10 * 60 + 30)) | ((minute >= 18 * 60) & (minute < 18 * 60 + 30))
    order = np.repeat(chance.normal(0, 6, rows // 70 + 1), 70)[:rows]
    wanted = np.select([working & at_break, working], [35.0, 72 + order], 18.0)
    return np.clip(_slowly(wanted, 6) + _wander(rows, 0.9, 1.2, chance), 5, 100)


def _sensors(load: np.ndarray, chance: np.random.Generator) -> pd.DataFrame:
    rows = len(load)
    hall = 21 + 4 * np.sin(2 * np.pi * (np.arange(rows) - 3 * 60) / DAY) + _wander(rows, 0.999, 0.03, chance)
    pumping = (np.arange(rows) + 9 * np.cumsum(load) / 400) % 24 / 24  # the vessel fills and empties, faster under load
    return pd.DataFrame({
        "load_percent": load, "motor_temperature_c": hall + 0.45 * _slowly(load, 40) + 0.15 * chance.normal(size=rows),
        "vibration_mm_s": 0.8 + 0.012 * load + 0.05 * np.abs(_wander(rows, 0.8, 1.0, chance)) + 0.03 * chance.normal(size=rows),
        "pressure_bar": 6.6 - 0.008 * load - 0.25 * pumping + 0.02 * chance.normal(size=rows),
        "current_a": 3.5 + 0.19 * load + 0.15 * chance.normal(size=rows),
    })  # fmt: skip


def _free(wrong: np.ndarray, load: np.ndarray, minutes: int, chance: np.random.Generator) -> np.ndarray:
    """Rows of a stretch that begins under load, away from the others and from both ends."""
    while True:
        start = int(chance.integers(DAY, len(wrong) - minutes - APART))
        if load[start] > 55 and not wrong[start - APART : start + minutes + APART].any():
            return np.arange(start, start + minutes)


def _failing_bearing(sensors: pd.DataFrame, part: np.ndarray, chance: np.random.Generator) -> None:
    """Vibration grows faster and faster and the motor warms, until somebody changes the bearing."""
    worn = np.expm1(np.linspace(0.15, 2.6, len(part))) / np.expm1(2.6)
    sensors.loc[part, "vibration_mm_s"] += worn * chance.uniform(1.6, 2.4) + 0.12 * worn * chance.normal(size=len(part))
    sensors.loc[part, "motor_temperature_c"] += _slowly(14 * worn, 20)
    sensors.loc[part, "current_a"] += 1.5 * worn


def _stuck(sensors: pd.DataFrame, part: np.ndarray, chance: np.random.Generator) -> None:
    """The thermometer goes on saying what it said."""
    sensors.loc[part, "motor_temperature_c"] = float(sensors.loc[part[0], "motor_temperature_c"])


def _leak(sensors: pd.DataFrame, part: np.ndarray, chance: np.random.Generator) -> None:
    """Pressure falls at once, and the motor works against it."""
    sensors.loc[part, "pressure_bar"] -= chance.uniform(0.5, 0.9) + 0.05 * chance.normal(size=len(part))
    sensors.loc[part, "current_a"] += 1.2


def _jam(sensors: pd.DataFrame, part: np.ndarray, chance: np.random.Generator) -> None:
    """The current of full load while little is moved, and a rattle."""
    sensors.loc[part, "load_percent"] = chance.uniform(20, 32, len(part))
    sensors.loc[part, "current_a"] += chance.uniform(2, 5, len(part))
    sensors.loc[part, "vibration_mm_s"] += chance.uniform(0.2, 0.9, len(part))


def _slowly(values: np.ndarray, minutes: float) -> np.ndarray:
    """`values` followed with inertia: after `minutes` two thirds of a change have come through."""
    return pd.Series(values).ewm(com=minutes, adjust=False).mean().to_numpy()


def _wander(rows: int, memory: float, spread: float, chance: np.random.Generator) -> np.ndarray:
    """Noise that keeps the share `memory` of itself from one minute to the next."""
    return pd.Series(chance.normal(0, spread, rows)).ewm(alpha=1 - memory, adjust=False).mean().to_numpy() / np.sqrt(
        (1 - memory) / (1 + memory)
    )


if __name__ == "__main__":
    machine_sensors().to_csv(sys.argv[1], index=False)
