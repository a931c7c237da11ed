"""A database that an earlier Anomalyst left is moved forward whole, or stays as it was."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from detectors.errors import StorageError
from detectors.settings import Settings
from detectors.storage import migrations
from detectors.storage.migrations import VERSIONS
from detectors.storage.records import Records
from detectors.storage.tables import Base
from detectors.workbench import Workbench
from tests.sources import ROOT
from tests.tables import machine_frame, read_in

#: The tables as they were before databases said their version, with a data set, a finished run and its threshold.
FIRST_LAYOUT = """
CREATE TABLE data_sets (
    id VARCHAR NOT NULL, name VARCHAR NOT NULL, kind VARCHAR NOT NULL, rows INTEGER NOT NULL, columns INTEGER NOT NULL,
    content_hash VARCHAR NOT NULL, roles JSON NOT NULL, owner VARCHAR NOT NULL, created DATETIME NOT NULL, PRIMARY KEY (id)
);
CREATE TABLE runs (
    id VARCHAR NOT NULL, data_id VARCHAR NOT NULL, task VARCHAR NOT NULL, detector VARCHAR NOT NULL, request JSON NOT NULL,
    state VARCHAR NOT NULL, reason JSON, summary JSON, of_run VARCHAR, owner VARCHAR NOT NULL, created DATETIME NOT NULL,
    finished DATETIME, PRIMARY KEY (id), FOREIGN KEY(data_id) REFERENCES data_sets (id)
);
CREATE INDEX ix_runs_state ON runs (state);
CREATE INDEX ix_runs_data_id ON runs (data_id);
CREATE TABLE thresholds (
    run_id VARCHAR NOT NULL, rule VARCHAR NOT NULL, value DOUBLE NOT NULL, cut_off DOUBLE NOT NULL, flagged INTEGER NOT NULL,
    author VARCHAR NOT NULL, changed DATETIME NOT NULL, PRIMARY KEY (run_id), FOREIGN KEY(run_id) REFERENCES runs (id)
);
INSERT INTO data_sets VALUES ('d1', 'machine.csv', 'table', 400, 5, 'abc', '{"mode": "feature"}', 'local', '2026-11-01 10:00:00.000000');
INSERT INTO runs VALUES ('r1', 'd1', 'train', 'isolation_forest', '{"seed": 7}', 'done', NULL, '{"rows": 400}', NULL, 'local',
    '2026-11-01 10:05:00.000000', '2026-11-01 10:06:00.000000');
INSERT INTO thresholds VALUES ('r1', 'rows', 4.0, 0.7, 4, 'local', '2026-11-01 10:07:00.000000');
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "workspace" / "anomalyst.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(FIRST_LAYOUT)
    return path


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_a_workspace_of_the_first_layout_opens_with_all_it_held(database: Path) -> None:
    root = database.parent
    (root / "data").mkdir()
    read_in(machine_frame(), root / "data").rename(root / "data" / "d1")
    (root / "runs" / "r1" / "result").mkdir(parents=True)
    (root / "runs" / "r1" / "result" / "scores.npy").write_bytes(b"x" * 3000)
    (root / "queue").mkdir()
    (root / "queue" / "00000000000000000007-r9").touch()
    bench = Workbench(Settings(root, f"sqlite:///{database}"))
    data_set, run = bench.records.data_set("d1"), bench.records.run("r1")
    assert data_set is not None and run is not None
    assert (data_set.name, data_set.roles, data_set.note, data_set.deleted) == ("machine.csv", {"mode": "feature"}, "", None)
    assert (run.state, run.request["seed"], run.name, run.size) == ("done", 7, "", 3000)
    assert data_set.size == sum(path.stat().st_size for path in (root / "data" / "d1").iterdir())
    assert bench.records.thresholds()["r1"].flagged == 4
    assert bench.report("d1").rows == 400
    bench.close()


def test_the_copy_beside_a_moved_database_is_as_it_was(database: Path) -> None:
    Records(f"sqlite:///{database}").close()
    kept = database.with_name(f"anomalyst.db.before-{VERSIONS[-1]}")
    assert tables(kept) == {"data_sets", "runs", "thresholds"}
    assert "leftovers" in tables(database)
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT name FROM data_sets").fetchall() == [("machine.csv",)]


def test_a_moved_database_has_the_tables_of_a_new_one(database: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    Records(f"sqlite:///{database}").close()
    with create_engine(f"sqlite:///{database}").connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_a_step_that_fails_leaves_the_database_as_it_was(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move = migrations._move_forward

    def moved_and_killed(connection) -> None:
        move(connection)
        raise RuntimeError("killed")

    monkeypatch.setattr(migrations, "_move_forward", moved_and_killed)
    with pytest.raises(RuntimeError, match="killed"):
        Records(f"sqlite:///{database}")
    assert tables(database) == {"data_sets", "runs", "thresholds"}
    monkeypatch.undo()
    records = Records(f"sqlite:///{database}")
    assert records.run("r1") is not None
    records.close()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    Records(f"sqlite:///{tmp_path / 'a.db'}").close()
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
        connection.commit()
    with pytest.raises(StorageError, match="newer Anomalyst: its database has the layout 0999, and this one knows those up to"):
        Records(f"sqlite:///{tmp_path / 'a.db'}")


def test_the_versions_are_those_of_the_steps() -> None:
    from alembic.script import ScriptDirectory

    steps = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert steps.get_current_head() == VERSIONS[-1]
    assert [step.revision for step in steps.walk_revisions()][::-1] == list(VERSIONS[1:])


@pytest.mark.slow
def test_opening_a_database_that_is_up_to_date_does_not_import_alembic(tmp_path: Path) -> None:
    program = f"import sys; from detectors.storage.records import Records; Records('sqlite:///{tmp_path / 'a.db'}'); print('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout == "False\n"
