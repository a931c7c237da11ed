"""Where "unusual" begins: rules that turn a run's scores into one cut-off. A file of this folder with a `Rule` is a rule.

A row is flagged when its score is strictly greater than the cut-off. Rules look at what is known of the scores
(`Evidence`), sorted from lowest to highest (memory maps will do), and never change it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from detectors.base import Scores
from detectors.errors import DataError, ParameterError
from detectors.messages import N_, Message
from detectors.thresholds.contract import Rule, flagged_count
from detectors.thresholds.evidence import Evidence

__all__ = [
    "RULES", "USUAL_RULE", "USUAL_VALUE", "Considered", "Evidence", "Rule", "Threshold", "applicable", "consider", "cut_off", "flagged_count",
    "threshold",
]  # fmt: skip


def _rules() -> dict[str, type[Rule]]:
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules([str(Path(__file__).parent)])]
    classes = {
        kind for module in modules for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__
    }
    found = sorted((kind for kind in classes if issubclass(kind, Rule) and hasattr(kind, "title")), key=lambda kind: kind.order)
    return {rule.name(): rule for rule in found}


RULES: dict[str, type[Rule]] = _rules()

#: The rule in force until somebody says otherwise.
USUAL_RULE, USUAL_VALUE = "percentile", 95.0


@dataclass(frozen=True)
class Threshold:
    """A rule, its value, and the cut-off it gave on a run's training scores."""

    rule: str
    value: float
    cut_off: float
    more: Mapping[str, float] = field(default_factory=dict)
    """What the rule was given besides its value, by name."""

    def label(self) -> Message:
        """The rule and its value in two words, such as "top 40"."""
        return Message(RULES[self.rule].label, {"value": self.value, **self.more})

    def setting(self) -> Message:
        """What its parameters say beside the title of its rule: "95 %"; nothing where they are the usual ones of one that hardly needs any."""
        rule = RULES[self.rule]
        changed = "" if self.value == rule.parameter.default else "{value}"
        return Message(rule.setting or changed, {"value": self.value, **self.more})

    def to_json(self) -> dict[str, Any]:
        record = {"rule": self.rule, "value": self.value, "cut_off": self.cut_off}
        return {**record, "more": dict(self.more)} if self.more else record

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Threshold:
        """What `to_json` gave, also in a version that knew no `more`."""
        rule = _rule(record["rule"], record["value"], record.get("more"))
        return cls(record["rule"], rule.value, float(record["cut_off"]), rule.more)


@dataclass(frozen=True)
class Considered:
    """What a rule, with its parameters, would give; where these scores do not allow it, why not."""

    rule: str
    threshold: Threshold | None
    why_not: Message | None = None


def threshold(rule: str, value: float, evidence: Evidence | Scores, more: Mapping[str, float] | None = None) -> Threshold:
    """The threshold that `rule` gives with `value`; raises what `cut_off` raises. Every further parameter is named in it."""
    return Threshold(rule, value, cut_off(rule, value, evidence, more), _rule(rule, value, more).more)


def consider(rule: str, value: float, evidence: Evidence | Scores, more: Mapping[str, float] | None = None) -> Considered:
    """What `rule` would give, or why it can't be applied to these scores.

    Raises:
        ParameterError: there is no such rule, or a parameter is outside its limits.
    """
    try:
        return Considered(rule, threshold(rule, value, evidence, more))
    except DataError as error:  # not a failure: which rules can be taken, and why others can't, is the answer
        return Considered(rule, None, error.message)


def cut_off(rule: str, value: float, evidence: Evidence | Scores, more: Mapping[str, float] | None = None) -> float:
    """The score above which rows are flagged, by the rule called `rule` (a key of `RULES`).

    Args:
        rule: the name of the rule.
        value: its main parameter.
        evidence: what is known of the scores; sorted scores alone, (rows,), stand for those of all rows and of training.
        more: the rule's further parameters, by name; what is not named has its default.

    Raises:
        ParameterError: there is no such rule, or a parameter is outside its limits.
        DataError: the rule cannot be applied to these scores.
    """
    chosen = _rule(rule, value, more)
    known = evidence if isinstance(evidence, Evidence) else Evidence(evidence)
    if not len(known.scores) or not len(known.training):
        raise DataError(N_("There are no scores to choose a cut-off from. Train a detector on at least 2 rows first."))
    return float(chosen.cut_off(known))


def applicable(evidence: Evidence | Scores, values: Mapping[str, float]) -> list[Threshold]:
    """The thresholds of those rules among `values` (rule → value) that these scores allow; `cut_off` says why not."""
    found = [consider(rule, value, evidence).threshold for rule, value in values.items()]
    return [one for one in found if one is not None]


def _rule(name: str, value: float, more: Mapping[str, float] | None) -> Rule:
    if name not in RULES:
        raise ParameterError(N_("There is no rule `{name}`. The rules are {known}."), name=str(name), known=", ".join(RULES))
    checked = RULES[name].parameter.check(name, value)
    return RULES[name](value=checked, **(more or {}))
