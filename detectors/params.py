"""Parameters, declared once: type, default, limits, one sentence of help.

The form, the command line, validation, the saved file and the docs all read this declaration::

    class Autoencoder(Detector):
        epochs: int = integer(50, title=N_("Epochs"), help=N_("How often …"), low=1, high=10_000)
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from detectors.errors import ParameterError
from detectors.messages import N_

#: Whether a search varies a field, or between which limits; None: where it is not an advanced one.
Searched = bool | tuple[float, float] | None


@dataclass(frozen=True)
class Field:
    """One declared parameter. `advanced` ones are folded away in the form; those of one `group` stand together there."""

    default: Any
    title: str
    help: str
    advanced: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    choice_titles: Mapping[str, str] | None = None
    group: str = ""
    searched: Searched = None
    """Whether a search for settings varies it, see `detectors.search_space`."""
    type: ClassVar[str] = ""

    def check(self, name: str, value: Any) -> Any:
        """The value in its proper type, or a `ParameterError` that names the parameter and its limits."""
        raise NotImplementedError

    def parse(self, name: str, text: str) -> Any:
        """A value from the command line: JSON or a bare word."""
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            value = text
        return self.check(name, value)

    def describe(self, name: str) -> dict[str, Any]:
        default = list(self.default) if isinstance(self.default, tuple) else self.default
        return {
            "name": name, "type": self.type, "default": default, "low": self.low, "high": self.high,
            "choices": list(self.choices) or None, "help": self.help,
        }  # fmt: skip


class IntegerField(Field):
    type = "integer"

    def check(self, name: str, value: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not self.low <= value <= self.high:  # type: ignore[operator]
            raise ParameterError(
                N_("`{name}` must be a whole number from {low} to {high}. It is `{value}`."),
                name=name, low=self.low, high=self.high, value=str(value),
            )  # fmt: skip
        return value


class NumberField(Field):
    type = "number"

    def check(self, name: str, value: Any) -> float:
        numeric = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not numeric or not self.low <= value <= self.high:
            raise ParameterError(
                N_("`{name}` must be a number from {low} to {high}. It is `{value}`."),
                name=name, low=self.low, high=self.high, value=str(value),
            )  # fmt: skip
        return float(value)


class SwitchField(Field):
    type = "boolean"

    def check(self, name: str, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ParameterError(N_("`{name}` must be true or false. It is `{value}`."), name=name, value=str(value))
        return value


class ChoiceField(Field):
    type = "choice"

    def check(self, name: str, value: Any) -> str:
        if value not in self.choices:
            raise ParameterError(
                N_("`{name}` must be one of {choices}. It is `{value}`."),
                name=name, choices=", ".join(self.choices), value=str(value),
            )  # fmt: skip
        return str(value)


class IntegersField(Field):
    """A list of whole numbers, such as the sizes of layers. May be empty only if its default is."""

    type = "integers"

    def check(self, name: str, value: Any) -> tuple[int, ...]:
        whole = isinstance(value, list | tuple) and all(
            isinstance(v, int) and not isinstance(v, bool) and self.low <= v <= self.high  # type: ignore[operator]
            for v in value
        )
        if not whole or len(value) > 32 or (not value and self.default):
            raise ParameterError(
                N_("`{name}` must be a list of at most 32 whole numbers from {low} to {high}, such as [64, 32]. It is `{value}`."),
                name=name, low=self.low, high=self.high, value=str(value),
            )  # fmt: skip
        return tuple(value)


class TextField(Field):
    """A short text in one line. On the command line it is taken as it stands, never as JSON: ``2024`` may be a sheet's name."""

    type = "text"

    def check(self, name: str, value: Any) -> str:
        if not isinstance(value, str) or len(value) > self.high or not value.isprintable():  # type: ignore[operator]
            raise ParameterError(
                N_("`{name}` must be a text of at most {high} characters in one line. It is `{value}`."),
                name=name, high=self.high, value=str(value)[:100],
            )  # fmt: skip
        return value

    def parse(self, name: str, text: str) -> str:
        return self.check(name, text)


@dataclass(frozen=True)
class MembersField(Field):
    """Several detectors on one `representation`, also those that learn from labels where there are some: each a name, or a mapping of `detector`, its `parameters` and the `representation` that it takes.

    Whether there are such detectors and parameters is known where they are made, not here.
    """

    type = "members"
    representation: str = ""
    with_labels: bool = False

    def check(self, name: str, value: Any) -> tuple[str | dict[str, Any], ...]:
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= self.high or not all(map(_is_member, value)):  # type: ignore[operator]
            raise ParameterError(
                N_("`{name}` must be a list of at most {high} detectors: names, or {example}. It is `{value}`."),
                name=name, high=self.high, value=str(value)[:200], example='{"detector": NAME, "parameters": {…}}',
            )  # fmt: skip
        return tuple(value)

    def parse(self, name: str, text: str) -> tuple[str | dict[str, Any], ...]:
        """JSON, or names with commas between."""
        return self.check(name, json.loads(text) if text.startswith("[") and _is_json(text) else text.split(","))


def _is_member(value: object) -> bool:
    if not isinstance(value, Mapping):
        return isinstance(value, str)
    known = {"detector": str, "representation": str, "parameters": Mapping}
    return "detector" in value and all(name in known and isinstance(part, known[name]) for name, part in value.items())


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except json.JSONDecodeError:
        return False
    return True


def integer(
    default: int, *, title: str, help: str, low: int, high: int, advanced: bool = False, group: str = "", searched: Searched = None
) -> Any:
    """Declares a whole number between `low` and `high`, both allowed."""
    return IntegerField(default, title, help, advanced, low, high, group=group, searched=searched)


def number(
    default: float, *, title: str, help: str, low: float, high: float, advanced: bool = False, group: str = "", searched: Searched = None
) -> Any:
    """Declares a number between `low` and `high`, both allowed."""
    return NumberField(default, title, help, advanced, low, high, group=group, searched=searched)


def switch(default: bool, *, title: str, help: str, advanced: bool = False, group: str = "", searched: bool | None = None) -> Any:
    """Declares a yes / no."""
    return SwitchField(default, title, help, advanced, group=group, searched=searched)


def choice(
    default: str, *, title: str, help: str, choices: Mapping[str, str], advanced: bool = False, group: str = "",
    searched: bool | None = None,
) -> Any:  # fmt: skip
    """Declares one of several words; `choices` maps each word to the title shown for it."""
    titles = dict(choices)
    return ChoiceField(default, title, help, advanced, choices=tuple(titles), choice_titles=titles, group=group, searched=searched)


def integers(
    default: tuple[int, ...], *, title: str, help: str, low: int, high: int, advanced: bool = False, group: str = "",
    searched: bool | None = None,
) -> Any:  # fmt: skip
    """Declares a list of whole numbers, each between `low` and `high`."""
    return IntegersField(default, title, help, advanced, low, high, group=group, searched=searched)


def text(default: str, *, title: str, help: str, longest: int, advanced: bool = False) -> Any:
    """Declares a text of at most `longest` characters in one line."""
    return TextField(default, title, help, advanced, high=longest)


def members(
    default: tuple[str | dict[str, Any], ...], *, title: str, help: str, most: int, representation: str, with_labels: bool = False
) -> Any:
    """Declares a list of at most `most` detectors on `representation`, at least one."""
    return MembersField(default, title, help, high=most, representation=representation, with_labels=with_labels)


@dataclass(frozen=True)
class Preset:
    """A named set of parameter values; what it does not name keeps its default."""

    title: str
    help: str
    values: Mapping[str, Any]


class Parametrised:
    """Collects the declared fields of a class and gives each instance checked values of them."""

    fields: ClassVar[dict[str, Field]] = {}
    defaults: ClassVar[Mapping[str, Any]] = {}
    """Where a class has other defaults for fields that it shares with others: those."""
    unused: ClassVar[frozenset[str]] = frozenset()
    """Fields that a class shares with others and that mean nothing to it: no parameters of it, they keep their default."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.fields = _declared(cls)
        for name in cls.unused & cls.fields.keys():
            setattr(cls, name, cls.fields.pop(name).default)

    def __init__(self, **values: Any) -> None:
        unknown = sorted(set(values) - set(self.fields))
        if unknown:
            raise ParameterError(
                N_("There is no parameter `{name}`. The parameters are {known}."),
                name=unknown[0], known=", ".join(self.fields) or "–",
            )  # fmt: skip
        for name, declared in self.fields.items():
            setattr(self, name, declared.check(name, values.get(name, declared.default)))

    @property
    def parameters(self) -> dict[str, Any]:
        """The value of every declared parameter, as JSON can hold it."""
        values = {name: getattr(self, name) for name in self.fields}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @property
    def changed_parameters(self) -> dict[str, Any]:
        """Those of them that differ from their defaults."""
        return {name: value for name, value in self.parameters.items() if getattr(self, name) != self.fields[name].default}

    @classmethod
    def parse_parameters(cls, words: list[str]) -> dict[str, Any]:
        """Values from ``KEY=VALUE`` words of a command line."""
        values = {}
        for word in words:
            name, equals, text = word.partition("=")
            if not equals or name not in cls.fields:
                raise ParameterError(
                    N_("`{word}` names no parameter. Write KEY=VALUE with one of {known}."),
                    word=word, known=", ".join(cls.fields) or "–",
                )  # fmt: skip
            values[name] = cls.fields[name].parse(name, text)
        return values


def _declared(cls: type) -> dict[str, Field]:
    """All fields of `cls`. Its own come first: what it shares with others matters less to who looks at its form."""
    found: dict[str, Field] = {}
    defaults: dict[str, Any] = {}
    for each in cls.__mro__:
        defaults = {name: value for name, value in vars(each).get("defaults", {}).items() if name not in found} | defaults
        found |= {name: value for name, value in vars(each).items() if isinstance(value, Field) and name not in found}
    return {name: replace(field, default=defaults[name]) if name in defaults else field for name, field in found.items()}
