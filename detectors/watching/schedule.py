"""When a watched folder is looked into: every so many seconds, or by the clock of this machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from typing import Any, Literal

from detectors.errors import ParameterError
from detectors.messages import N_, Message

How = Literal["every", "hourly", "daily", "weekdays"]

#: Seconds between two looks, at least and at most.
SHORTEST_S, LONGEST_S = 2, 86_400

#: The first day of the week-end, counted from Monday as 0.
SATURDAY = 5

TOO_SHORT = N_("A folder is looked into every {low} to {high} seconds. It was to be {seconds}.")
NO_TIME = N_("`{text}` is no time of day. It should look like 06:00.")
EVERY_S, EVERY_M = N_("every {seconds} seconds"), N_("every {minutes} minutes")
EVERY_1M = N_("every minute")
HOURLY, DAILY, WEEKDAYS = N_("hourly, {minute} minutes past"), N_("daily at {at}"), N_("Monday to Friday at {at}")
ON_THE_HOUR = N_("hourly, on the hour")


@dataclass(frozen=True)
class Schedule:
    """When to look.

    Raises:
        ParameterError: the pause is too short or too long, or the time is none.
    """

    how: How = "every"
    seconds: int = 60
    """Between two looks, of ``every``."""
    at: str = "06:00"
    """The time of day, HH:MM; of ``hourly`` its minutes alone count."""

    def __post_init__(self) -> None:
        if not SHORTEST_S <= self.seconds <= LONGEST_S:
            raise ParameterError(TOO_SHORT, low=SHORTEST_S, high=LONGEST_S, seconds=self.seconds)
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", self.at, re.ASCII):
            raise ParameterError(NO_TIME, text=self.at)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Schedule:
        return cls(**record)

    @property
    def by_clock(self) -> bool:
        """Whether it follows the clock: then a look that was due while nobody watched is made up for."""
        return self.how != "every"

    def next_after(self, moment: datetime) -> datetime:
        """The first look after a moment; both in the time of this machine, without a zone."""
        if self.how == "every":
            return moment + timedelta(seconds=self.seconds)
        if self.how == "hourly":
            found = moment.replace(minute=int(self.at[3:]), second=0, microsecond=0)
            return found if found > moment else found + timedelta(hours=1)
        found = datetime.combine(moment.date(), time.fromisoformat(self.at))
        while found <= moment or (self.how == "weekdays" and found.weekday() >= SATURDAY):
            found += timedelta(days=1)
        return found

    @property
    def told(self) -> Message:
        """In words."""
        if self.how == "hourly":
            minute = int(self.at[3:])
            return Message(HOURLY, {"minute": minute}) if minute else Message(ON_THE_HOUR)
        if self.how != "every":
            return Message(DAILY if self.how == "daily" else WEEKDAYS, {"at": self.at})
        if self.seconds % 60:
            return Message(EVERY_S, {"seconds": self.seconds})
        return Message(EVERY_M, {"minutes": self.seconds // 60}) if self.seconds > 60 else Message(EVERY_1M)
