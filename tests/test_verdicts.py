"""What people say of rows: nothing is lost, the latest counts, and the last can be taken back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from detectors.errors import DataError, StorageError
from detectors.storage.bin import Bin, Chosen
from detectors.storage.marks import Marks, Said, Speaker
from detectors.storage.records import DataSetRecord, Records
from detectors.verdicts import ANOMALY, NORMAL, UNSURE, Verdicts, verdicts_of
from tests.sources import ROOT

ROWS, DATA = 1000, "data"

ANN, BEN = Speaker("Ann"), Speaker("Ben", run_id="run")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'anomalyst.db'}"


@pytest.fixture
def records(url: str) -> Iterator[Records]:
    opened = Records(url, "local")
    opened.add(DataSetRecord(DATA, "data.csv", "table", ROWS, 3, "hash", {}))
    yield opened
    opened.close()


@pytest.fixture
def marks(records: Records) -> Marks:
    return Marks(records)


def row(number: int, verdict: str | None = None, note: str | None = None) -> Said:
    return Said(number, number, verdict, note)


def now(marks: Marks) -> Verdicts:
    return verdicts_of(marks.of(DATA))


def test_the_latest_verdict_of_a_person_counts_with_its_author_time_and_run(marks: Marks) -> None:
    marks.add(DATA, [row(7, NORMAL)], BEN)
    marks.add(DATA, [row(7, ANOMALY)], BEN)
    [opinion] = now(marks)[7].opinions
    assert (opinion.verdict, opinion.author, opinion.run_id) == (ANOMALY, "Ben", "run")
    assert opinion.marked is not None
    assert [mark.verdict for mark in marks.on(DATA, 7, 7)] == [NORMAL, ANOMALY]


def test_a_row_that_nobody_judged_has_no_verdict(marks: Marks) -> None:
    marks.add(DATA, [row(7, NORMAL)], ANN)
    assert 6 not in now(marks)
    assert 8 not in now(marks)


def test_where_two_people_disagree_both_are_kept_and_the_later_one_holds(marks: Marks) -> None:
    marks.add(DATA, [row(7, NORMAL)], ANN)
    marks.add(DATA, [row(7, ANOMALY)], BEN)
    found = now(marks)[7]
    assert found.disputed
    assert found.verdict == ANOMALY
    assert {opinion.author: opinion.verdict for opinion in found.opinions} == {"Ann": NORMAL, "Ben": ANOMALY}
    assert now(marks).rows(ANOMALY).tolist() == [7]
    assert now(marks).rows(ANOMALY, disputed=False).tolist() == []


def test_a_mark_of_an_event_covers_all_its_steps_and_counts_once(marks: Marks) -> None:
    marks.add(DATA, [Said(10, 14, ANOMALY)], ANN)
    found = now(marks)
    assert [number for number in range(20) if number in found] == [10, 11, 12, 13, 14]
    assert found.counts() == {ANOMALY: 1, NORMAL: 0, UNSURE: 0}
    assert found.rows(ANOMALY).tolist() == [10, 11, 12, 13, 14]


def test_a_later_mark_counts_only_where_it_lies_over_an_earlier_one(marks: Marks) -> None:
    marks.add(DATA, [Said(10, 20, ANOMALY)], ANN)
    marks.add(DATA, [Said(15, 30, NORMAL)], ANN)
    assert [(stretch.first, stretch.last, stretch.verdict) for stretch in now(marks).stretches] == [(10, 14, ANOMALY), (15, 30, NORMAL)]
    assert [mark.verdict for mark in now(marks).said_of([(12, 40)])] == [NORMAL]
    assert now(marks).said_of([(31, 40), (0, 9)]) == []


def test_an_event_whose_steps_lie_apart_counts_once(marks: Marks) -> None:
    marks.add(DATA, [Said(10, 11, ANOMALY), Said(20, 21, ANOMALY)], ANN)
    assert now(marks).counts()[ANOMALY] == 2
    assert now(marks).counts(events=True)[ANOMALY] == 1


def test_rows_beside_one_another_are_judged_one_by_one(marks: Marks) -> None:
    marks.add(DATA, [row(4, NORMAL), row(5, NORMAL)], ANN)
    assert now(marks).counts()[NORMAL] == 2


def test_undo_takes_back_the_last_mark_of_mine_and_what_held_before_holds_again(marks: Marks) -> None:
    marks.add(DATA, [row(7, NORMAL)], ANN)
    marks.add(DATA, [row(7, ANOMALY)], ANN)
    marks.add(DATA, [row(7, UNSURE)], BEN)
    assert marks.take_back(DATA, "Ann") == [(7, 7)]
    assert now(marks)[7].by("Ann").verdict == NORMAL
    assert now(marks)[7].by("Ben").verdict == UNSURE
    assert marks.take_back(DATA, "Ann") == [(7, 7)]
    assert now(marks)[7].by("Ann") is None
    assert marks.take_back(DATA, "Ann") == []
    assert len(marks.on(DATA, 7, 7)) == 5


def test_rows_that_were_marked_in_one_go_are_taken_back_in_one_go(marks: Marks) -> None:
    marks.add(DATA, [row(2, NORMAL)], ANN)
    marks.add(DATA, [row(1, ANOMALY), row(2, ANOMALY), row(3, ANOMALY)], ANN)
    assert marks.take_back(DATA, "Ann") == [(1, 1), (2, 2), (3, 3)]
    assert {number: now(marks)[number].verdict for number in now(marks)} == {2: NORMAL}


def test_what_was_taken_back_does_not_come_back_with_a_later_mark(marks: Marks) -> None:
    marks.add(DATA, [row(7, NORMAL)], ANN)
    marks.take_back(DATA, "Ann")
    marks.add(DATA, [row(8, ANOMALY)], ANN)
    assert marks.take_back(DATA, "Ann") == [(8, 8)]
    assert list(now(marks)) == []


def test_a_verdict_keeps_the_note_and_a_note_keeps_the_verdict(marks: Marks) -> None:
    marks.add(DATA, [row(7, note="sensor replaced")], ANN)
    assert now(marks)[7].verdict == ""
    assert now(marks).counts() == {ANOMALY: 0, NORMAL: 0, UNSURE: 0}
    marks.add(DATA, [row(7, NORMAL)], ANN)
    assert now(marks)[7].holds.note == "sensor replaced"
    marks.add(DATA, [row(7, note="")], ANN)
    assert (now(marks)[7].verdict, now(marks)[7].holds.note) == (NORMAL, "")


def test_an_empty_verdict_without_a_note_leaves_nothing(marks: Marks) -> None:
    marks.add(DATA, [row(7, NORMAL)], ANN)
    marks.add(DATA, [row(7, "")], ANN)
    assert 7 not in now(marks)


@pytest.mark.parametrize("said", [row(ROWS, NORMAL), row(-1, NORMAL), Said(5, 4, NORMAL), row(1, "odd")])
def test_what_cannot_be_is_refused_and_nothing_of_it_is_kept(marks: Marks, said: Said) -> None:
    with pytest.raises(DataError):
        marks.add(DATA, [row(1, NORMAL), said], ANN)
    assert marks.of(DATA) == []


def test_a_data_set_that_is_gone_takes_no_marks(marks: Marks) -> None:
    with pytest.raises(StorageError):
        marks.add("gone", [row(1, NORMAL)], ANN)


def test_marks_on_somebody_elses_data_are_not_seen(marks: Marks, records: Records) -> None:
    marks.add(DATA, [row(1, NORMAL)], ANN)
    assert Marks(records.of("other")).of(DATA) == []
    with pytest.raises(StorageError):
        Marks(records.of("other")).add(DATA, [row(1, NORMAL)], ANN)


def test_two_people_at_once_lose_nothing(url: str, marks: Marks) -> None:
    def judge(author: str, verdict: str) -> None:
        own = Records(url, "local")
        for number in range(100):
            Marks(own).add(DATA, [row(number % 50 if author == "Ann" else number, verdict)], Speaker(author))
        own.close()

    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(judge, "Ann", ANOMALY), pool.submit(judge, "Ben", NORMAL), pool.submit(judge, "Ben", UNSURE)]:
            done.result()
    assert len(marks.of(DATA)) == 300
    found = now(marks)
    assert all(found[number].by("Ann").verdict == ANOMALY for number in range(50))
    assert all(found[number].by("Ben").verdict in (NORMAL, UNSURE) for number in range(100))


def test_a_mark_survives_the_death_of_the_server_right_after_it_was_confirmed(url: str, marks: Marks) -> None:
    program = (
        "import sys, time\n"
        "from detectors.storage.marks import Marks, Said, Speaker\n"
        "from detectors.storage.records import Records\n"
        f"Marks(Records({url!r}, 'local')).add({DATA!r}, [Said(7, 7, 'anomaly')], Speaker('Ann'))\n"
        "print('kept', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "kept\n"
        os.kill(server.pid, signal.SIGKILL)
    assert now(marks)[7].verdict == ANOMALY


def test_marks_go_with_their_data_set(marks: Marks, records: Records) -> None:
    marks.add(DATA, [row(7, NORMAL)], ANN)
    kept = Bin(records)
    kept.put(Chosen(data=(DATA,)))
    kept.take_out(Chosen(data=(DATA,)))
    assert now(marks)[7].verdict == NORMAL
    kept.put(Chosen(data=(DATA,)))
    kept.purge(Chosen(data=(DATA,)))
    assert marks.of(DATA) == []
