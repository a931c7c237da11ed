"""Makes payments by card: ``python card_payments.py OUT.csv``.

Every card has its habits: what it usually spends, how far from home and how often it is used. A fraud breaks one of
them, or joins things that do not go together, while most of its values stay in the range of honest payments.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd

ROWS = 50_000
SEED = 7

#: How often an honest payment follows at once on another, is made on a journey, or from a new device: fraud hides among these.
AGAIN, JOURNEY, NEW_DEVICE = 0.03, 0.02, 0.04

#: How many rows of each sort are planted; 1 % together.
PLANTED = {"stolen_card": 160, "card_testing": 120, "cloned_card": 110, "taken_account": 110}


@dataclass(frozen=True)
class Merchant:
    """Where cards are used: how often, at what usual hour, for which multiple of the card's usual amount, how often online."""

    share: float
    hour: float
    hour_spread: float
    amount: float
    online: float


MERCHANTS = {
    "groceries": Merchant(0.34, 17.0, 2.5, 0.8, 0.04),
    "restaurant": Merchant(0.18, 19.5, 2.0, 1.0, 0.02),
    "fuel": Merchant(0.12, 12.0, 3.0, 1.3, 0.0),
    "clothing": Merchant(0.12, 15.0, 2.5, 1.6, 0.45),
    "electronics": Merchant(0.07, 16.0, 3.0, 3.0, 0.6),
    "travel": Merchant(0.06, 14.0, 3.0, 4.0, 0.85),
    "games": Merchant(0.11, 21.0, 2.0, 0.3, 1.0),
}


def card_payments(rows: int = ROWS, seed: int = SEED) -> pd.DataFrame:
    """The table; `is_fraud` is 1 in the planted rows."""
    chance = np.random.default_rng(seed)
    payments = _payments(rows, chance)
    planted = chance.permutation(rows)[: sum(PLANTED.values())]
    parts = np.split(planted, np.cumsum(list(PLANTED.values()))[:-1])
    for plant, part in zip((_stolen_card, _card_testing, _cloned_card, _taken_account), parts, strict=True):
        plant(payments, part, chance)
    payments["is_fraud"] = np.isin(np.arange(rows), planted).astype(int)
    return payments.assign(device_age_days=payments["device_age_days"].astype("Int64"))


def _payments(rows: int, chance: np.random.Generator) -> pd.DataFrame:
    """Honest payments only."""
    usual, age = np.exp(chance.normal(3.3, 0.35, rows)), chance.integers(1, 120, rows)
    merchant = chance.choice(list(MERCHANTS), rows, p=[merchant.share for merchant in MERCHANTS.values()])
    facts = pd.DataFrame([vars(MERCHANTS[name]) for name in MERCHANTS], index=list(MERCHANTS)).loc[merchant]
    online = chance.random(rows) < facts["online"].to_numpy()
    amount = usual * facts["amount"].to_numpy() * np.exp(chance.normal(0, 0.2, rows))
    often = chance.poisson(np.exp(chance.normal(0.8, 0.3, rows)))
    return pd.DataFrame({
        "payment_id": [f"P{number:08d}" for number in chance.permutation(rows) + 31_000_000],
        "merchant": merchant, "channel": _channel(online, amount, chance),
        "hour": (chance.normal(facts["hour"], facts["hour_spread"]) % 24).round(2),
        "amount": amount.round(2), "usual_amount": usual.round(2),
        "card_limit": (usual * (30 + 0.4 * age) * np.exp(chance.normal(0, 0.1, rows))).round(-1), "card_age_months": age,
        "known_merchant": chance.random(rows) < 0.9, "payments_last_day": often,
        "minutes_since_last": _sometimes(1440 / (often + 0.7) * np.exp(chance.normal(0, 0.15, rows)), AGAIN, 1, 30, chance),
        "spent_last_day": (often * usual * np.exp(chance.normal(0, 0.15, rows))).round(2),
        "distance_from_home_km": np.where(online, 0, _sometimes(chance.gamma(4, 2, rows), JOURNEY, 30, 400, chance)),
        "device_age_days": np.where(online, _sometimes(chance.gamma(8, 50, rows), NEW_DEVICE, 0, 20, chance), np.nan),
    })  # fmt: skip


def _sometimes(usual: np.ndarray, share: float, low: float, high: float, chance: np.random.Generator) -> np.ndarray:
    """Whole numbers: the usual ones, and in a `share` of the rows others from `low` to `high`, for honest reasons."""
    return np.where(chance.random(len(usual)) < share, chance.uniform(low, high, len(usual)), usual).round()


def _channel(online: np.ndarray, amount: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Contactless up to 50, with few exceptions; above it the chip is asked for."""
    contactless = chance.random(len(amount)) < np.where(amount < 50, 0.85, 0.01)
    return np.select([online, contactless], ["online", "contactless"], "chip")


def _stolen_card(payments: pd.DataFrame, part: np.ndarray, chance: np.random.Generator) -> None:
    """Far from home, at night, much more than this card usually spends, one shop after the other."""
    usual = payments.loc[part, "usual_amount"].to_numpy()
    payments.loc[part, "merchant"] = chance.choice(["electronics", "clothing", "fuel"], len(part))
    payments.loc[part, "channel"] = "contactless"
    payments.loc[part, "hour"] = (chance.normal(1.5, 1.5, len(part)) % 24).round(2)
    payments.loc[part, "amount"] = (usual * chance.uniform(7, 18, len(part))).round(2)
    payments.loc[part, "distance_from_home_km"] = chance.integers(25, 90, len(part))
    payments.loc[part, "device_age_days"] = np.nan
    _hurry(payments, part, chance)


def _card_testing(payments: pd.DataFrame, part: np.ndarray, chance: np.random.Generator) -> None:
    """Tiny payments online, minutes apart, to see whether a stolen number works; hardly anything was spent."""
    payments.loc[part, "merchant"] = chance.choice(["games", "clothing"], len(part))
    payments.loc[part, "channel"] = "online"
    payments.loc[part, "amount"] = chance.uniform(2, 5, len(part)).round(2)
    payments.loc[part, "distance_from_home_km"] = 0.0
    payments.loc[part, "device_age_days"] = chance.integers(0, 3, len(part))
    payments.loc[part, "known_merchant"] = False
    _hurry(payments, part, chance)
    payments.loc[part, "spent_last_day"] = chance.uniform(10, 40, len(part)).round(2)


def _cloned_card(payments: pd.DataFrame, part: np.ndarray, chance: np.random.Generator) -> None:
    """The chip in a shop far away, minutes after a payment at home."""
    payments.loc[part, "merchant"] = chance.choice(["groceries", "fuel"], len(part))
    payments.loc[part, "channel"] = "chip"
    payments.loc[part, "distance_from_home_km"] = chance.integers(60, 400, len(part))
    payments.loc[part, "minutes_since_last"] = chance.integers(2, 25, len(part))
    payments.loc[part, "device_age_days"] = np.nan


def _taken_account(payments: pd.DataFrame, part: np.ndarray, chance: np.random.Generator) -> None:
    """Travel bought online from a device first seen today, in the small hours, up to half of the card's limit."""
    limit = payments.loc[part, "card_limit"].to_numpy()
    payments.loc[part, "merchant"] = "travel"
    payments.loc[part, "channel"] = "online"
    payments.loc[part, "hour"] = chance.uniform(2, 5, len(part)).round(2)
    payments.loc[part, "amount"] = (limit * chance.uniform(0.25, 0.5, len(part))).round(2)
    payments.loc[part, "distance_from_home_km"] = 0.0
    payments.loc[part, "device_age_days"] = chance.integers(0, 2, len(part))
    payments.loc[part, "known_merchant"] = False


def _hurry(payments: pd.DataFrame, part: np.ndarray, chance: np.random.Generator) -> None:
    payments.loc[part, "payments_last_day"] = chance.integers(6, 11, len(part))
    payments.loc[part, "minutes_since_last"] = chance.integers(1, 12, len(part))


if __name__ == "__main__":
    card_payments().to_csv(sys.argv[1], index=False)
