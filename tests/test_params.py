"""Parameters are declared once; what the declaration says is enforced."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from detectors.errors import ParameterError
from detectors.params import Parametrised, choice, integer, integers, number, switch, text


class Toaster(Parametrised):
    slices: int = integer(2, title="Slices", help="How many at once.", low=1, high=4)
    minutes: float = number(1.5, title="Minutes", help="How long.", low=0.5, high=5, advanced=True)
    frozen: bool = switch(False, title="Frozen", help="Whether they come from the freezer.")
    bread: str = choice("rye", title="Bread", help="What kind.", choices={"rye": "Rye bread", "white": "White bread"})
    pauses: tuple[int, ...] = integers((3, 2), title="Pauses", help="Seconds between two goes.", low=1, high=60)


class Grill(Toaster):
    slices: int = integer(6, title="Slices", help="How many at once.", low=1, high=8)
    lid: bool = switch(True, title="Lid", help="Whether it is closed.")


def refusal(**values: Any) -> str:
    with pytest.raises(ParameterError) as caught:
        Toaster(**values)
    return str(caught.value)


def test_what_is_not_named_has_its_default() -> None:
    assert Toaster(slices=3).parameters == {"slices": 3, "minutes": 1.5, "frozen": False, "bread": "rye", "pauses": [3, 2]}


def test_a_heir_overrides_and_adds_without_changing_its_parent() -> None:
    assert Grill().parameters["slices"] == 6
    assert Grill().parameters["lid"] is True
    assert list(Grill.fields) == ["slices", "lid", "minutes", "frozen", "bread", "pauses"]
    assert Toaster().parameters["slices"] == 2
    assert "lid" not in Toaster.fields


class Camping(Grill):
    defaults: ClassVar = {"minutes": 4, "slices": 3}
    unused: ClassVar = frozenset({"frozen"})


def test_a_heir_names_another_default_and_leaves_out_what_means_nothing_to_it() -> None:
    assert Camping().parameters["minutes"] == 4.0
    assert Camping(slices=8).parameters["slices"] == 8
    assert (Grill().parameters["minutes"], Grill().parameters["slices"]) == (1.5, 6)
    assert "frozen" not in Camping.fields and "frozen" in Grill.fields
    assert Camping().frozen is False  # whoever shares code with it still finds the default
    with pytest.raises(ParameterError, match="no parameter `frozen`"):
        Camping(frozen=True)


def test_what_an_heir_declares_anew_is_not_overruled_by_a_default_of_its_parent() -> None:
    class Boat(Camping):
        slices: int = integer(1, title="Slices", help="How many at once.", low=1, high=2)

    assert Boat().parameters["slices"] == 1


def test_fields_of_several_parents_are_all_there() -> None:
    class Smoker(Parametrised):
        hours: float = number(8, title="Hours", help="How long it smokes.", low=1, high=48)

    class Both(Grill, Smoker):
        pass

    assert {"hours", "lid", "minutes"} <= set(Both.fields)


@pytest.mark.parametrize("slices", [1, 4])
def test_both_limits_are_allowed(slices: int) -> None:
    assert Toaster(slices=slices).parameters["slices"] == slices


@pytest.mark.parametrize("slices", [0, 5, 2.5, "2", True, None, float("nan"), float("inf")])
def test_a_whole_number_outside_its_limits_or_of_another_type_is_refused(slices: Any) -> None:
    assert refusal(slices=slices) == f"`slices` must be a whole number from 1 to 4. It is `{slices}`."


@pytest.mark.parametrize("minutes", [0.4, 5.1, "1", False, float("nan"), float("inf")])
def test_a_number_outside_its_limits_or_of_another_type_is_refused(minutes: Any) -> None:
    assert refusal(minutes=minutes) == f"`minutes` must be a number from 0.5 to 5. It is `{minutes}`."


@pytest.mark.parametrize("frozen", [1, 0, "true", None])
def test_a_switch_takes_true_and_false_only(frozen: Any) -> None:
    assert refusal(frozen=frozen) == f"`frozen` must be true or false. It is `{frozen}`."


@pytest.mark.parametrize("bread", ["Rye bread", "", 1, None])
def test_a_choice_takes_its_words_not_their_titles(bread: Any) -> None:
    assert refusal(bread=bread) == f"`bread` must be one of rye, white. It is `{bread}`."


@pytest.mark.parametrize("pauses", [[], [0], [61], [1, 2.5], [True], 5, "3,2", [1] * 33])
def test_a_list_of_whole_numbers_checks_its_length_and_each_number(pauses: Any) -> None:
    assert "must be a list of at most 32 whole numbers from 1 to 60" in refusal(pauses=pauses)


def test_a_whole_number_that_came_as_a_float_is_taken_as_the_number_it_is() -> None:
    slices = Toaster(slices=3.0).parameters["slices"]
    assert (slices, type(slices)) == (3, int)


def test_a_number_that_came_whole_becomes_a_float() -> None:
    assert type(Toaster(minutes=2).parameters["minutes"]) is float


def test_an_unknown_parameter_is_refused_with_the_names_there_are() -> None:
    assert refusal(slice=2) == "There is no parameter `slice`. The parameters are slices, minutes, frozen, bread, pauses."


def test_parameters_come_back_from_what_they_were_saved_as() -> None:
    toaster = Toaster(slices=4, pauses=[7], frozen=True)
    assert Toaster(**toaster.parameters).parameters == toaster.parameters


def test_words_of_the_command_line_are_read_as_json_or_as_they_stand() -> None:
    words = ["slices=3", "minutes=2.5", "frozen=true", "bread=white", "pauses=[5,1]"]
    assert Toaster.parse_parameters(words) == {"slices": 3, "minutes": 2.5, "frozen": True, "bread": "white", "pauses": (5, 1)}


@pytest.mark.parametrize("word", ["slices", "slice=3", "=3", ""])
def test_a_word_that_names_no_parameter_is_refused_with_the_names_there_are(word: str) -> None:
    with pytest.raises(ParameterError, match="Write KEY=VALUE with one of slices, minutes, frozen, bread, pauses"):
        Toaster.parse_parameters([word])


def test_a_value_on_the_command_line_keeps_to_the_same_limits() -> None:
    with pytest.raises(ParameterError, match="`slices` must be a whole number from 1 to 4"):
        Toaster.parse_parameters(["slices=5"])


def test_the_description_says_what_a_form_and_the_docs_need() -> None:
    assert Toaster.fields["bread"].describe("bread") == {
        "name": "bread", "type": "choice", "default": "rye", "low": None, "high": None, "choices": ["rye", "white"], "help": "What kind.",
    }  # fmt: skip
    pauses = Toaster.fields["pauses"].describe("pauses")
    assert (pauses["type"], pauses["default"], pauses["low"], pauses["high"], pauses["choices"]) == ("integers", [3, 2], 1, 60, None)


class Label(Parametrised):
    words: str = text("a, b", title="Words", help="What is written on it.", longest=8)


def test_a_text_is_one_short_line_and_never_json_on_the_command_line() -> None:
    assert Label().words == "a, b"
    assert Label(**Label.parse_parameters(["words=2024"])).words == "2024"
    for wrong in ("123456789", "a\nb", 5):
        with pytest.raises(ParameterError, match="`words` must be a text of at most 8 characters in one line"):
            Label(words=wrong)
