"""Reports how long functions and files are: code lines, without blank lines, comments and docstrings. Never fails."""

from __future__ import annotations

import ast
import io
import statistics
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACES = ("app.py", "detectors", "pages")

#: What reads well on one screen; see CONTRIBUTING.md.
FUNCTION_LINES = 25
FILE_LINES = 250

NOT_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def main() -> None:
    functions: dict[str, int] = {}
    files: dict[str, int] = {}
    for path in _files():
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
        lines = _code_lines(source, tree)
        shown = path.relative_to(ROOT).as_posix()
        files[shown] = len(lines)
        for node in ast.walk(tree):
            if isinstance(node, Function):
                functions[f"{shown}:{node.lineno} {node.name}"] = len(lines & set(range(node.lineno, (node.end_lineno or 0) + 1)))
    _report("functions", functions, FUNCTION_LINES)
    _report("files", files, FILE_LINES)


def _files() -> Iterator[Path]:
    for place in PLACES:
        path = ROOT / place
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def _code_lines(source: str, tree: ast.Module) -> set[int]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    code = {line for token in tokens if token.type not in NOT_CODE for line in range(token.start[0], token.end[0] + 1)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            code -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return code


def _report(what: str, sizes: dict[str, int], limit: int) -> None:
    if not sizes:
        return
    ordered = sorted(sizes.values())
    high = ordered[int(0.95 * (len(ordered) - 1))]
    print(f"{len(sizes)} {what}: median {statistics.median(ordered):.0f} code lines, 95th percentile {high}, longest {ordered[-1]}")
    for name, size in sorted(sizes.items(), key=lambda item: -item[1]):
        if size > limit:
            print(f"  above {limit}: {name} ({size})")


if __name__ == "__main__":
    main()
