"""The tree is the architecture: who may import whom, and what nobody imports before it is needed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from detectors.base import AXES
from detectors.registry import detectors
from tests.sources import ROOT, Import, calls, imports, module_name, shown_path, source_files

ENGINE = source_files("detectors")
PAGES = source_files("pages")
SHARED_PAGES = source_files("pages/shared")
SERVER = (*source_files("app.py"), *PAGES)
PROGRAM = (*SERVER, *ENGINE, *source_files("benchmarks"))

#: They cost seconds to import, and slow every rerun of a page once they are in the server.
HEAVY = {"tensorflow", "keras", "sklearn", "skops", "shap", "numba", "scipy", "rjieba", "optuna"}

CONTRACT = {
    "detectors",
    "detectors.arrays",
    "detectors.base",
    "detectors.conditions",
    "detectors.errors",
    "detectors.labelled",
    "detectors.messages",
    "detectors.params",
}

#: Arithmetic on what they are given: no files, no processes, no library that learns. They may stand on one another.
PURE_STEPS = (
    "errors",
    "messages",
    "params",
    "thresholds",
    "metrics",
    "intervals",
    "event_metrics",
    "anomaly_kinds",
    "stability",
    "roles",
    "profile",
    "tally",
    "kinds",
    "distribution",
    "rank_changes",
    "trees",
    "reading/report",
    "frames",
    "checks",
    "ranks",
    "comparison",
    "maps",
    "search_space",
    "verdicts",
    "flags",
    "segments",
    "position",
    "drift",
)
PURE_LIBRARIES = {"numpy", "pandas", "pyarrow"}

#: These run code that a file brings along.
UNSAFE_MODULES = {"pickle", "cPickle", "joblib", "dill", "cloudpickle", "marshal", "shelve"}
UNSAFE_CALLS = {"eval", "exec", "pd.read_pickle", "pandas.read_pickle"}


def files_of(step: str) -> tuple[Path, ...]:
    """The file of a step, or its folder when one file was not enough."""
    folder = ROOT / "detectors" / step
    return source_files(f"detectors/{step}" if folder.is_dir() else f"detectors/{step}.py")


def forbidden(files: Iterable[Path], libraries: set[str], *, at_import: bool = False) -> list[str]:
    """The places where `files` import one of `libraries`; with `at_import`, only those that importing the file imports."""
    return [
        f"{shown_path(path)} imports {found.module}"
        for path in files
        for found in imports(path)
        if found.top in libraries and (found.at_import or not at_import)
    ]


def beyond(files: Iterable[Path], engine: set[str], libraries: set[str] | None = None) -> list[str]:
    """The places where `files` import an engine module outside `engine`, or a library outside `libraries` (None: any)."""

    def allowed(found: Import) -> bool:
        if found.top == "detectors":
            return found.module in engine
        return libraries is None or found.top in libraries or found.top in sys.stdlib_module_names

    return [f"{shown_path(path)} imports {found.module}" for path in files for found in imports(path) if not allowed(found)]


def modules(files: Iterable[Path]) -> set[str]:
    return {module_name(path) for path in files}


def test_the_engine_imports_neither_pages_nor_streamlit() -> None:
    assert forbidden(ENGINE, {"app", "pages", "streamlit"}) == []


def test_only_the_launcher_and_the_pages_import_streamlit() -> None:
    assert forbidden(set(PROGRAM) - set(SERVER), {"streamlit"}) == []


def test_pages_import_downwards() -> None:
    assert PAGES
    assert forbidden(PAGES, {"app"}) == []
    upwards = [
        f"{shown_path(path)} imports {found.module}"
        for path in SHARED_PAGES
        for found in imports(path)
        if found.top == "pages" and not found.module.startswith("pages.shared")
    ]
    assert upwards == [], "pages/shared serves the pages, and knows none of them"


@pytest.mark.parametrize("step", PURE_STEPS)
def test_a_pure_step_stands_on_the_contract_and_tables_alone(step: str) -> None:
    assert files_of(step), f"detectors/{step}.py is gone: mend the list of pure steps"
    pure = modules(path for other in PURE_STEPS for path in files_of(other))
    assert beyond(files_of(step), CONTRACT | pure, PURE_LIBRARIES) == []


def test_charts_need_plotly_beside_pure_steps() -> None:
    assert files_of("charts")
    pure = modules(path for step in (*PURE_STEPS, "charts") for path in files_of(step))
    assert beyond(files_of("charts"), CONTRACT | pure, PURE_LIBRARIES | {"plotly"}) == []


def test_a_detector_stands_on_the_contract_the_networks_the_geometry_and_on_others_it_is_handed() -> None:
    files = [path for path in ENGINE if path.parent.name in AXES]
    shared = modules(path for folder in ("network", "geometry", "together") for path in source_files(f"detectors/{folder}"))
    assert beyond(files, CONTRACT | shared) == []


def test_importing_a_file_imports_no_heavy_library() -> None:
    assert forbidden(PROGRAM, HEAVY, at_import=True) == []


def test_the_server_never_imports_a_heavy_library() -> None:
    assert forbidden(SERVER, HEAVY) == []


@pytest.mark.slow
def test_listing_the_detectors_and_importing_what_the_pages_need_loads_no_heavy_library() -> None:
    needed = {found.module for path in SERVER for found in imports(path) if found.top == "detectors"}
    program = "\n".join([
        "import sys",
        "from detectors.registry import detectors",
        "assert detectors()",
        *(f"import {module}" for module in sorted(needed)),
        f"print(*sorted({HEAVY!r} & set(sys.modules)))",
    ])  # fmt: skip
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == []


def test_every_file_in_a_representation_folder_is_one_detector() -> None:
    files = {(path.parent.name, path.stem) for path in ENGINE if path.parent.name in AXES and path.stem != "__init__"}
    assert set(detectors()) == files


def test_no_file_has_a_name_that_says_nothing() -> None:
    empty_words = {"utils", "util", "core", "helpers", "helper", "common", "misc"}
    places = [path.relative_to(ROOT) for path in (*PROGRAM, *source_files("tests"))]
    assert [str(place) for place in places if empty_words & {place.stem, *place.parts}] == []


def test_no_file_that_is_read_can_run_code() -> None:
    assert forbidden(PROGRAM, UNSAFE_MODULES) == []
    unsafe = [
        f"{shown_path(path)}, line {call.lineno}: {called}"
        for path in PROGRAM
        for called, call in calls(path)
        if called in UNSAFE_CALLS or any(word.arg == "allow_pickle" and getattr(word.value, "value", True) for word in call.keywords)
    ]
    assert unsafe == []
