"""Gives a database the tables of today: a new one at once, one that an earlier Anomalyst left step by step.

A step is a file in ``versions/`` and an entry in `VERSIONS`. Alembic is imported only where there is a step to take.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from detectors.errors import StorageError
from detectors.messages import N_
from detectors.storage.files import sync
from detectors.storage.tables import Base

logger = logging.getLogger("anomalyst.storage")

#: The versions there have been, oldest first; the last one is what `tables` declares. The first one was written nowhere.
VERSIONS = ("0001", "0002", "0003", "0004", "0005")

_TABLE = "alembic_version"


def bring_up_to_date(engine: Engine) -> None:
    """Makes the tables of a new database, or moves those of an earlier version forward, in one transaction.

    Before SQLite tables are moved a copy of the file is kept beside it, as ``anomalyst.db.before-0003``.

    Raises:
        StorageError: the database was written by a newer version than this one.
    """
    with engine.connect() as connection:
        if _version(connection) == VERSIONS[-1]:
            return
        connection.rollback()
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver itself begins none before a table is changed
        found = _version(connection)
        if found is None:
            _make_new(connection)
        elif found not in VERSIONS:
            raise StorageError(
                N_(
                    "The workspace was last used by a newer Anomalyst: its database has the layout {found}, and this one knows those up to {known}. "
                    "Update Anomalyst, or set ANOMALYST_WORKSPACE to another folder."
                ),
                found=found,
                known=VERSIONS[-1],
            )
        elif found != VERSIONS[-1]:
            _keep_copy(engine)
            _move_forward(connection)
            logger.info("the database was moved from layout %s to %s", found, VERSIONS[-1])
        connection.commit()


def _version(connection: Connection) -> str | None:
    """The version of the tables; None where there are none."""
    found = inspect(connection)
    if found.has_table(_TABLE):
        return connection.execute(text(f"SELECT version_num FROM {_TABLE}")).scalar_one_or_none()
    return VERSIONS[0] if found.has_table("data_sets") else None


def _make_new(connection: Connection) -> None:
    Base.metadata.create_all(connection)
    connection.execute(text(f"CREATE TABLE {_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text(f"INSERT INTO {_TABLE} (version_num) VALUES (:version)"), {"version": VERSIONS[-1]})


def _move_forward(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _keep_copy(engine: Engine) -> None:
    """A copy of an SQLite file as it is before its tables are moved; other databases have tools of their own for that."""
    if engine.dialect.name != "sqlite" or not engine.url.database or engine.url.database == ":memory:":
        return
    file = Path(engine.url.database)
    kept = file.with_name(f"{file.name}.before-{VERSIONS[-1]}")
    unfinished = kept.with_name(f".{kept.name}")
    unfinished.unlink(missing_ok=True)
    with engine.connect() as reader:  # beside the transaction that writes: it sees the file as it was
        reader.exec_driver_sql("VACUUM INTO ?", (str(unfinished),))
    shutil.copymode(file, unfinished)
    sync(unfinished)
    unfinished.replace(kept)
    logger.info("the database as it was is kept in %s", kept)
