"""Reads the project's own source without running it: which files there are, what each imports, what it calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Import:
    """One imported module by its full name, and whether importing the file imports it."""

    module: str
    at_import: bool

    @property
    def top(self) -> str:
        return self.module.split(".")[0]


@cache
def source_files(*places: str) -> tuple[Path, ...]:
    """The Python files in `places` (files or folders of the repository), sorted."""
    found: set[Path] = set()
    for place in places:
        path = ROOT / place
        found.update([path] if path.is_file() else path.rglob("*.py"))
    return tuple(sorted(found))


def shown_path(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_name(path: Path) -> str:
    """``detectors/network/layers.py`` is ``detectors.network.layers``; a package is its folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> list[Import]:
    """Every import of a file, those that only a type checker sees left out."""
    return list(_imports(tree(path), path, at_import=True))


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the called name as it is written: ``eval``, ``np.load``."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def _imports(parent: ast.AST, path: Path, at_import: bool) -> Iterator[Import]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, at_import) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (Import(name, at_import) for name in _from_names(node, path))
        else:
            inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(node, path, at_import and not inside)


def _from_names(node: ast.ImportFrom, path: Path) -> Iterator[str]:
    """``from detectors import base`` names the module ``detectors.base``, ``from detectors.base import Detector`` too."""
    module = node.module or ""
    if node.level:
        package = path.relative_to(ROOT).parts[: -node.level]
        module = ".".join([*package, *([module] if module else [])])
    for alias in node.names:
        whole = f"{module}.{alias.name}"
        yield whole if _is_module(whole) else module


def _is_module(name: str) -> bool:
    place = ROOT / Path(*name.split("."))
    return place.with_suffix(".py").is_file() or place.is_dir()
