"""How often an explanation names the column in which a value was planted, beside simpler explanations of the same rows.

Run from the repository: ``python -m benchmarks.planted_explanations DATA_DIR`` or ``make bench-planted DATA=DATA_DIR``. DATA_DIR
has the folder ``tables`` with labelled sets; those of at most 200 columns are taken, rows spread evenly over them.

A quarter of the normal rows is not learned from. In one that is not flagged, one column gets the value of another row, from
between that column's 1st and 99th percentile; it counts if the row is flagged then, at the 95th percentile of the
training scores. Which column was it? Asked are the explanations of the dashboard (as many rows get them at once; of some
rows of every table also by shap's explainer, which single rows get), per-column z-scores, the squared residuals of a small
autoencoder and, where a detector says what it expected, its own. Everything is measured in the same run and on the same rows.

With ``--json FILE`` every outcome is added to the file as a line as soon as it is known, and what is there already is
not measured again: a run can be broken off and taken up.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.shared.labelled_sets import LabelledSet, labelled_sets
from benchmarks.shared.planted_report import BARRED, Outcome, by_detector, by_table, hits, verdict
from benchmarks.shared.planted_rows import LearnedTable, PlantedRows, learned_table
from detectors import registry
from detectors.errors import AnomalystError
from detectors.explanations.shapley import Explainer, rank_correlation
from detectors.runs.explained import game_of, levels_of

#: Rows that count, over all tables, where nothing is said; and the columns that a table has at most.
ROWS, MOST_COLUMNS = 2000, 200

#: Rows of a table that are explained one by one too.
ONE_BY_ONE = 4

#: Of the tables in alphabetical order: those for trying things out, and those to confirm them on.
HALVES = {"first": slice(0, None, 2), "second": slice(1, None, 2), "all": slice(None)}


def main() -> int:
    asked = _asked()
    sets = [each for each in labelled_sets(asked.data, "tables") if _columns(each) <= MOST_COLUMNS]
    wanted = -(-asked.rows // len(sets))
    outcomes = _read(asked.json)
    chosen = [each for each in sets[HALVES[asked.half]] if asked.tables is None or each.name in asked.tables]
    for labelled in chosen:
        simple = SimpleExplanations()
        for detector in asked.detectors:
            if (detector, labelled.name) in outcomes:
                continue
            found = measured(labelled, detector, wanted, simple, asked.one_by_one)
            outcomes[found.key] = found
            _say(found)
            if asked.json:
                with asked.json.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(found.to_json()) + "\n")
    names = {each.name for each in chosen}
    return _print([each for each in outcomes.values() if each.set in names and each.detector in asked.detectors])


def measured(labelled: LabelledSet, detector: str, wanted: int, simple: SimpleExplanations, one_by_one: int) -> Outcome:
    """Explains rows of one table in every way, in this process."""
    try:
        with learned_table(labelled, detector) as learned:
            planted = learned.planted(wanted)
            if not len(planted.rows):
                return Outcome(detector, labelled.name, 0, planted.tried)
            return _explained(labelled.name, learned, planted, simple, one_by_one)
    except AnomalystError as error:
        return Outcome(detector, labelled.name, 0, 0, refusal=str(error))
    finally:
        if "keras" in sys.modules:  # TensorFlow keeps what it has built until it is told
            sys.modules["keras"].backend.clear_session()
        gc.collect()


def _explained(name: str, learned: LearnedTable, planted: PlantedRows, simple: SimpleExplanations, one_by_one: int) -> Outcome:
    run, rows = learned.run, planted.rows
    game = game_of(run.detector, run.preparation, learned.usual, levels_of(np.sort(run.training_scores)))
    explainer = Explainer(game, run.request.seed)
    began = time.perf_counter()
    many = explainer.many(rows).values
    many_s = (time.perf_counter() - began) / len(rows)
    ways = {"ours": many, "z_scores": simple.z_scores(learned, rows), "network": simple.network(learned, rows)}
    expected = run.detector.expected(rows)
    if expected is not None:
        ways["own"] = _squares(learned, rows - expected)
    found = {way: hits(values, planted.columns) for way, values in ways.items()}
    few, row_s = _one_by_one(explainer, rows[: one_by_one + 1]) if one_by_one else (many[:0], None)
    return Outcome(
        run.detector.name(),
        name,
        len(rows),
        planted.tried,
        found,
        rank_correlation(many[: len(few)], few) if one_by_one else None,
        row_s,
        many_s,
    )


def _one_by_one(explainer: Explainer, rows: NDArray[np.float32]) -> tuple[NDArray[np.float64], float]:
    """The values of `rows` by shap's explainer, (rows, columns), and the seconds that one takes, without the first, which waits for compilers."""
    values, seconds = [], []
    for row in rows:
        began = time.perf_counter()
        values.append(explainer.row(row).values[0])
        seconds.append(time.perf_counter() - began)
    return np.array(values), median(seconds[1:] or seconds)


class SimpleExplanations:
    """What explanations of one table are held against. Its small autoencoder learns once, from the rows that every detector learned from."""

    def __init__(self) -> None:
        self._network: registry.Detector | None = None

    def z_scores(self, learned: LearnedTable, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """How far each value of `rows` lies from the mean of its column, squared, in standard deviations: (rows, columns)."""
        known = learned.learned
        return _squares(learned, (rows - known.mean(axis=0)) / np.maximum(known.std(axis=0), 1e-9))

    def network(self, learned: LearnedTable, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """The squared residuals of a small autoencoder, (rows, columns)."""
        if self._network is None or self._network.row_shape_ != rows.shape[1:]:
            kind = registry.get("vectors", "autoencoder")
            self._network = registry.create("vectors", "autoencoder", seed=0, **kind.presets["small"].values).fit(learned.learned)
        expected = self._network.expected(rows)
        assert expected is not None
        return _squares(learned, rows - expected)


def _squares(learned: LearnedTable, differences: NDArray[np.floating]) -> NDArray[np.float64]:
    """Squares of `differences`, (rows, numbers), summed over the numbers of each column, (rows, columns)."""
    squares = pd.DataFrame(np.square(differences, dtype=np.float64).T)
    return squares.groupby(learned.units).sum().to_numpy().T


def _columns(labelled: LabelledSet) -> int:
    if labelled.path.suffix == ".parquet":
        return len(pq.read_schema(labelled.path).names) - 1
    return len(pd.read_csv(labelled.path, nrows=0).columns) - 1


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder with the labelled sets")
    parser.add_argument(
        "--detectors", help=f"names of detectors, with commas between (default: {','.join(BARRED)}; all: every one for tables)"
    )
    parser.add_argument("--rows", type=int, default=ROWS, help=f"rows that count, over all tables (default: {ROWS})")
    parser.add_argument(
        "--half", choices=HALVES, default="all", help="every other table: the first half to try things on, the second to confirm"
    )
    parser.add_argument("--tables", help="names of tables, with commas between (default: all)")
    parser.add_argument("--one-by-one", type=int, default=ONE_BY_ONE, help=f"rows of a table for shap's explainer (default: {ONE_BY_ONE})")
    parser.add_argument("--json", type=Path, help="a file to which each outcome is added as a line, and from which earlier ones are taken")
    asked = parser.parse_args()
    asked.tables = asked.tables.split(",") if asked.tables else None
    every = sorted(detector.name() for detector in registry.for_kind("table"))
    asked.detectors = every if asked.detectors == "all" else (asked.detectors or ",".join(BARRED)).split(",")
    if unknown := set(asked.detectors) - set(every):
        parser.error(f"there is no detector {', '.join(sorted(unknown))} for tables; there are {', '.join(every)}")
    if not labelled_sets(asked.data, "tables"):
        parser.error(f"{asked.data} has no folder `tables` with sets")
    return asked


def _read(file: Path | None) -> dict[tuple[str, str], Outcome]:
    if file is None or not file.is_file():
        return {}
    lines = file.read_text(encoding="utf-8").splitlines()
    return {outcome.key: outcome for outcome in (Outcome(**json.loads(line)) for line in lines if line)}


def _say(outcome: Outcome) -> None:
    shares = ", ".join(f"{way} {outcome.share(way)[0]:.2f}/{outcome.share(way)[1]:.2f}" for way in outcome.hits)
    words = outcome.refusal or shares or "no planting was noticed"
    print(f"{time.strftime('%H:%M:%S')} {outcome.detector}, {outcome.set} ({outcome.rows} rows): {words}", file=sys.stderr, flush=True)


def _print(outcomes: list[Outcome]) -> int:
    print("\nThe planted column is the first / one of the first three, shares of rows:\n\n" + by_detector(outcomes))
    every_bar = True
    for detector in BARRED:
        if any(each.detector == detector and each.rows for each in outcomes):
            words, enough = verdict(outcomes, detector)
            every_bar = every_bar and enough
            print(f"\n## {detector}\n\n{by_table(outcomes, detector)}\n\n{words}")
    for each in outcomes:
        if each.refusal:
            print(f"! {each.detector} on {each.set}: {each.refusal}")
    return 0 if every_bar else 1


if __name__ == "__main__":
    sys.exit(main())
