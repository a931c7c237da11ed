"""Detectors are found because their files exist."""

from __future__ import annotations

import json
import types
from pathlib import Path

import pytest

from detectors import registry
from detectors.base import Detector
from detectors.errors import ParameterError, StorageError
from detectors.kinds import KINDS

KIND = "table"


def detector_in(module: str) -> type[Detector]:
    return type("Made", (Detector,), {"__module__": module, "title": module})


@pytest.fixture
def two_representations(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], type[Detector]]:
    """Windows are native to the kind here; `forest` exists for both representations, `echo` only for windows."""
    found = {
        (representation, name): detector_in(f"detectors.{representation}.{name}")
        for representation, name in [("vectors", "forest"), ("vectors", "nearest"), ("windows", "forest"), ("windows", "echo")]
    }
    monkeypatch.setattr(registry, "detectors", lambda: found)
    monkeypatch.setattr(registry, "representations", lambda kind: {KIND: ["windows", "vectors"], "text": ["vectors"]}[kind])
    return found


def test_a_detector_is_named_after_its_file_and_takes_what_its_folder_says() -> None:
    assert registry.detectors()
    for (representation, name), detector in registry.detectors().items():
        assert detector.__module__ == f"detectors.{representation}.{name}"
        assert (detector.representation(), detector.name()) == (representation, name)


def test_every_kind_has_a_detector_that_can_be_found_by_its_name() -> None:
    assert registry.for_kind("table")
    for kind in KINDS:
        for detector in registry.for_kind(kind):
            assert registry.find(kind, detector.name()) is detector


def test_where_two_representations_share_a_name_the_native_one_is_taken(two_representations: dict[tuple[str, str], type[Detector]]) -> None:
    assert registry.find(KIND, "forest") is two_representations["windows", "forest"]
    assert [detector.name() for detector in registry.for_kind(KIND)] == ["forest", "echo", "nearest"]


@pytest.mark.usefixtures("two_representations")
def test_a_detector_of_another_representation_is_not_offered() -> None:
    assert [detector.name() for detector in registry.for_kind("text")] == ["forest", "nearest"]


@pytest.mark.usefixtures("two_representations")
def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ParameterError) as caught:
        registry.find(KIND, "oracle")
    assert str(caught.value) == f"There is no detector `oracle` for {KIND} data. There are echo, forest, nearest."


def test_a_file_with_two_detectors_or_none_is_a_mistake_of_ours() -> None:
    module = types.ModuleType("detectors.vectors.twins")
    with pytest.raises(TypeError, match="exactly one detector, found 0"):
        registry._only_detector(module)
    module.first, module.second = detector_in(module.__name__), detector_in(module.__name__)  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="exactly one detector, found 2"):
        registry._only_detector(module)


def test_a_detector_that_is_only_imported_into_a_file_is_not_that_files_own() -> None:
    module = types.ModuleType("detectors.vectors.heir")
    module.parent, module.own = detector_in("detectors.vectors.parent"), detector_in(module.__name__)  # type: ignore[attr-defined]
    assert registry._only_detector(module) is module.own


def test_a_file_of_a_detector_that_this_version_lacks_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "detector.json").write_text(json.dumps({"representation": "vectors", "detector": "from_the_future"}), encoding="utf-8")
    with pytest.raises(StorageError, match="`from_the_future` that this version does not have"):
        registry.load(tmp_path)
