"""What the documentation shows is run as it stands there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from tests.detector_files import table_frame

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="the page shows a POSIX shell")]

REPOSITORY = Path(__file__).parents[1]
PAGE = (REPOSITORY / "docs" / "detector-files.md").read_text(encoding="utf-8")


def shown(language: str, under: str) -> list[str]:
    """The blocks of code in one language below a heading of the page."""
    section = PAGE.partition(f"## {under}\n")[2].partition("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


def in_shell(script: str, folder: Path, *, finds_engine: bool = True) -> str:
    """What a shell prints that runs `script` in `folder`, with this Python as `python`."""
    (folder / "bin").mkdir(exist_ok=True)
    if not (folder / "bin" / "python").exists():
        (folder / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (folder / "bin" / "python").chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "ANOMALYST_WORKSPACE": str(folder / "none")}
    environment["PYTHONPATH"] = str(REPOSITORY) if finds_engine else ""
    done = subprocess.run(["sh", "-ec", script], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands of the page were run, on small orders."""
    found = tmp_path_factory.mktemp("shown")
    frame = table_frame().drop(columns=["known", "part"]).assign(order=[f"order {row}" for row in range(80)])
    frame.to_csv(found / "orders.csv", index=False)
    frame.iloc[::-1].to_csv(found / "tomorrow.csv", index=False)
    in_shell(shown("sh", "From the command line")[0], found)
    return found


def test_the_commands_leave_what_the_page_says(folder: Path) -> None:
    scores, reasons = pd.read_csv(folder / "scores.csv"), pd.read_csv(folder / "reasons.csv")
    assert scores.columns.tolist() == ["row", "score", "flagged", "order"]
    assert scores.loc[scores["flagged"], "order"].tolist() == [f"order {row}" for row in (79, 78, 77, 76)]
    assert reasons.columns.tolist() == ["row", "score", "base", "part", "contribution", "actual", "expected"]
    assert reasons["row"].unique().tolist() == [3, 17]
    assert pd.read_csv(folder / "flagged.csv")["score"].tolist() == scores["score"].tolist()


def test_the_python_lines_give_what_the_commands_give(folder: Path) -> None:
    (folder / "lines.py").write_text("\n".join(shown("python", "From Python")))
    printed = in_shell("python lines.py", folder)
    assert (folder / "trained_again" / "detector.zip").exists() and "80 rows in the file" in printed
    assert "4 of 80 rows flagged" in printed and "# Isolation forest" in printed


def test_score_py_gives_what_the_command_gives(folder: Path) -> None:
    before = (folder / "scores.csv").read_text()
    lines = shown("sh", "Without Anomalyst")[0].splitlines()
    assert lines[1].startswith("pip install -r ")  # these versions are those of the tests
    with zipfile.ZipFile(folder / "trained" / "detector.zip") as archive:
        archive.extractall(folder / "detector")
    in_shell(lines[2] + " --keep order", folder, finds_engine=False)
    assert (folder / "scores.csv").read_text() == before


def test_the_notebook_finds_the_two_wrong_orders(folder: Path) -> None:
    cells = json.loads((REPOSITORY / "docs" / "detector-files.ipynb").read_text(encoding="utf-8"))["cells"]
    (folder / "notebook.py").write_text("\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"))
    printed = in_shell("python notebook.py", folder)
    assert re.search(r"^103 +\d", printed, re.MULTILINE) and re.search(r"^17 +\d", printed, re.MULTILINE)
    assert "rows that new ones are compared with" in printed
