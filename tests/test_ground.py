"""What the project stands on: pinned packages, safe settings, commands and examples that are what the pages say."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from detectors.base import Detector
from tests.sources import ROOT

LOCKS = ("requirements.lock", "requirements-test.lock")
BENCH_LOCKS = ("benchmarks/requirements.lock", "benchmarks/torch.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins(lock: str) -> dict[str, list[str]]:
    """For each pinned requirement, ``name==version [; marker]``, its hashes."""
    found: dict[str, list[str]] = {}
    for entry in (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        requirement, *hashes = entry.split("--hash=")
        if requirement.strip():
            found[requirement.strip()] = [word.strip() for word in hashes]
    return found


def versions(lock: str) -> dict[str, str]:
    """The pinned version of each package; a second version of one package fails."""
    found: dict[str, str] = {}
    for pin in map(Requirement, pins(lock)):
        (specifier,) = pin.specifier
        assert specifier.operator == "==", f"{lock}: {pin}"
        assert canonicalize_name(pin.name) not in found, f"{lock} pins {pin.name} twice"
        found[canonicalize_name(pin.name)] = specifier.version
    return found


def unsatisfied(lock: str, requirements: list[str]) -> list[str]:
    pinned = versions(lock)
    wanted = [Requirement(text) for text in requirements]
    return [str(want) for want in wanted if not want.specifier.contains(pinned.get(canonicalize_name(want.name), "0.dev0"))]


@pytest.mark.parametrize("lock", [*LOCKS, *BENCH_LOCKS])
def test_a_lock_holds_versions_and_hashes_and_no_address(lock: str) -> None:
    assert not re.search(r"://|--(?!hash=)|@|\bfile:|[\w.]+/[\w.]+", (ROOT / lock).read_text(encoding="utf-8"))
    hashes = [word for words in pins(lock).values() for word in words]
    assert [word for word in hashes if not re.fullmatch(r"sha256:[0-9a-f]{64}", word)] == []
    assert [pin for pin, words in pins(lock).items() if not words] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_satisfies_what_the_project_declares(lock: str) -> None:
    assert unsatisfied(lock, PROJECT["dependencies"]) == []


def test_the_test_lock_adds_the_tools_and_changes_nothing() -> None:
    assert unsatisfied("requirements-test.lock", PROJECT["optional-dependencies"]["test"]) == []
    assert versions("requirements.lock").items() <= versions("requirements-test.lock").items()


def test_the_benchmarks_measure_against_pinned_packages_on_the_same_libraries() -> None:
    peers, torch = map(versions, BENCH_LOCKS)
    lines = (ROOT / "benchmarks/requirements.in").read_text(encoding="utf-8").splitlines()
    measured = {canonicalize_name(Requirement(line).name) for line in lines if line and not line.startswith("#")}
    assert measured <= {*peers, *torch}
    ours = versions("requirements.lock")
    assert {name: version for name, version in peers.items() if ours.get(name, version) != version} == {}
    assert [name for name in peers if name.startswith(("nvidia", "cuda"))] == []


def test_the_packages_in_use_are_the_pinned_ones() -> None:
    from importlib.metadata import version

    different = {name: version(name) for name in ("streamlit", "tensorflow", "keras", "scikit-learn", "shap", "pandas")}
    assert different.items() <= versions("requirements-test.lock").items()


def test_the_server_keeps_to_this_machine_and_tells_nobody() -> None:
    settings = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert settings["server"]["address"] == "127.0.0.1"
    assert settings["server"]["maxUploadSize"] == 200
    assert settings["client"]["showErrorDetails"] == "none"
    assert settings["browser"]["gatherUsageStats"] is False


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_make_command_that_a_page_names_is_in_the_makefile(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = re.findall(r"(?:`|^\s*\$?\s*)make ([a-z]+)", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert named
    assert set(named) <= targets


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_file_that_a_page_links_to_exists(page: str) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", (ROOT / page).read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[Detector]:
    """The detector that CONTRIBUTING.md shows, imported as if its file stood where the page says."""
    name, source = re.findall(
        r"`detectors/vectors/(\w+)\.py`.*?```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.DOTALL
    )[0]
    path = tmp_path / f"{name}.py"
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"detectors.vectors.{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    (found,) = (value for value in vars(module).values() if isinstance(value, type) and value.__module__ == spec.name)
    return found


def test_the_detector_shown_to_contributors_works(example: type[Detector], tmp_path: Path) -> None:
    usual = np.array([[0.0, 10.0], [1.0, 11.0], [2.0, 12.0], [3.0, 13.0], [4.0, 14.0]])
    detector = example().fit(usual)
    near, far = detector.score([[2.0, 12.0], [2.0, 99.0]])
    assert far > near
    detector.save(tmp_path / "saved")
    assert example.load(tmp_path / "saved").score([[2.0, 99.0]]).tolist() == [far]
    assert all(getattr(example, word) for word in ("title", "family", "summary", "reference", "when", "when_not"))
