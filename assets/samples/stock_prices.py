"""Makes sixteen years of a share's daily prices: ``python stock_prices.py OUT.csv``.

The price walks at random in steps of about one percent, so its height says nothing; a day is unusual for its step, its
volume, or for both not going together. Halfway the share becomes livelier for good: a new usual, not an anomaly.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

ROWS = 4_000
SEED = 11

#: The usual step from day to day, before and after the share became livelier.
CALM, LIVELY, CHANGE = 0.009, 0.014, 0.55

#: How many stretches of each sort are planted, and how many days each lasts.
PLANTED = {"jump": (16, 1), "panic": (1, 45), "silent_volume": (5, 3), "frozen": (3, 8)}
#: Days between two planted stretches, at least.
APART = 30


def stock_prices(rows: int = ROWS, seed: int = SEED) -> pd.DataFrame:
    """The table, a row a trading day; `is_anomaly` is 1 on the planted days."""
    chance = np.random.default_rng(seed)
    usual = np.where(np.arange(rows) < CHANGE * rows, CALM, LIVELY)
    step = usual * chance.standard_t(6, rows) * 0.8 + 0.0002
    surplus = 0.25 * chance.normal(size=rows)
    kinds = _planted(rows, chance)
    _panic(kinds == "panic", step, chance)
    step[kinds == "jump"] = chance.choice([-1, 1], 16) * chance.uniform(6, 11, 16) * usual[kinds == "jump"]
    step[kinds == "frozen"] *= 0.02
    surplus[kinds == "silent_volume"] += chance.uniform(1.8, 2.4, int((kinds == "silent_volume").sum()))
    surplus[kinds == "frozen"] -= 1.5
    return _table(step, usual, surplus, kinds, chance)


def _planted(rows: int, chance: np.random.Generator) -> np.ndarray:
    """What each day is, "" for a usual one."""
    kinds = np.full(rows, "", dtype="U16")
    for kind, (stretches, days) in sorted(PLANTED.items(), key=lambda planted: -planted[1][1]):
        for _ in range(stretches):
            start = int(chance.integers(APART, rows - days - APART))
            while (kinds[start - APART : start + days + APART] != "").any():
                start = int(chance.integers(APART, rows - days - APART))
            kinds[start : start + days] = kind
    return kinds


def _panic(days: np.ndarray, step: np.ndarray, chance: np.random.Generator) -> None:
    """Weeks of steps four times as wide, downward at first."""
    wide = 4 * CALM * chance.standard_t(5, int(days.sum()))
    wide[: len(wide) // 3] -= 0.012
    step[days] = wide


def _table(step: np.ndarray, usual: np.ndarray, surplus: np.ndarray, kinds: np.ndarray, chance: np.random.Generator) -> pd.DataFrame:
    """Prices from steps; the more the price moves, the more is traded."""
    rows = len(step)
    close = 42 * np.exp(np.cumsum(step))
    before = np.append(42.0, close[:-1])
    opening = before * np.exp(0.3 * step + 0.15 * usual * chance.normal(size=rows) * (kinds != "frozen"))
    spread = np.abs(0.35 * usual * chance.normal(size=(2, rows))) * np.where(kinds == "frozen", 0.05, 1)
    date = pd.bdate_range("2010-01-04", periods=rows)
    busy = 0.22 * np.minimum(np.abs(step) / usual, 8) + surplus + 0.15 * (date.day_of_week == 4) + 0.1 * (date.month == 12)
    return pd.DataFrame({
        "date": date.strftime("%Y-%m-%d"), "open": opening.round(2), "high": (np.maximum(opening, close) * (1 + spread[0])).round(2),
        "low": (np.minimum(opening, close) * (1 - spread[1])).round(2), "close": close.round(2),
        "volume": (420_000 * np.exp(busy)).round(-2).astype(int), "is_anomaly": (kinds != "").astype(int),
    })  # fmt: skip


if __name__ == "__main__":
    stock_prices().to_csv(sys.argv[1], index=False)
