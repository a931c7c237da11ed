"""The threshold that a training outside the workbench leaves: by the rule that was asked for, written ``RULE=VALUE``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detectors import thresholds
from detectors.errors import ParameterError
from detectors.messages import N_, Message
from detectors.runs.evidence import evidence_of_fitted
from detectors.thresholds import RULES, USUAL_RULE, USUAL_VALUE, Rule, Threshold

if TYPE_CHECKING:
    from detectors.runs.execute import FittedRun

#: The same as a word of the command line.
USUAL = f"{USUAL_RULE}={USUAL_VALUE:g}"

#: Whole numbers up to here are written as such.
LARGEST_WHOLE = 1e15

NO_RULE = N_("`{text}` is no rule for the threshold. Write RULE=VALUE with one of {known}, such as percentile=99.")


@dataclass(frozen=True)
class Decided:
    """A threshold, and why it is not by the rule that was asked for."""

    threshold: Threshold
    why_not: Message | None = None

    @property
    def cut_off(self) -> float:
        return self.threshold.cut_off

    @property
    def text(self) -> str:
        """The rule with its values, in one line."""
        more = "".join(f" {name} {value:g}" for name, value in self.threshold.more.items())
        return f"{self.threshold.rule} {self.threshold.value:g}{more}"


def check_rule(text: str) -> Rule:
    """The rule that ``RULE=VALUE`` stands for; further parameters follow after commas: ``cost=20,false_alarm=2``.

    Raises:
        ParameterError: there is no such rule, or a value is outside its limits.
    """
    first, *more = text.split(",")
    name, equals, value = first.partition("=")
    if name not in RULES:
        raise ParameterError(NO_RULE, text=text, known=", ".join(RULES))
    return RULES[name](**RULES[name].parse_parameters([*([f"value={value}"] if equals else []), *more]))


def rule_text(rule: str, value: float, more: Mapping[str, Any] | None = None) -> str:
    """What `check_rule` reads; numbers to the last digit."""
    known = RULES[rule].fields
    further = [f",{name}={_digits(each)}" for name, each in (more or {}).items() if name in known and each != known[name].default]
    return f"{rule}={_digits(value)}" + "".join(further)


def _digits(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and abs(value) < LARGEST_WHOLE else repr(float(value))


def decided(run: FittedRun, text: str) -> Decided:
    """What the rule `text` gives for a run in memory; where it cannot be applied, the usual one, and why."""
    asked, evidence = check_rule(text), evidence_of_fitted(run)
    found = thresholds.consider(asked.name(), asked.value, evidence, asked.more)
    if found.threshold is not None:
        return Decided(found.threshold)
    return Decided(thresholds.threshold(USUAL_RULE, USUAL_VALUE, evidence), found.why_not)
