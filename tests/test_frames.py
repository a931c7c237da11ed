"""Frames: what was kept comes back, all of it or the rows that are asked for; what was damaged never does."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from detectors import frames
from detectors.errors import DataError, StorageError
from detectors.frames import iter_batches, iter_rows, load_frame, load_rows, seal, value_counts, value_key

ROWS = 10


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten rows in groups of four: n counts from 0, its square and a word beside it."""
    table = pa.table({"n": range(ROWS), "n.squared": [n * n for n in range(ROWS)], "word": [f"row {n}" for n in range(ROWS)]})
    parquet.write_table(table, tmp_path / "data.parquet", row_group_size=4, write_page_checksum=True)
    seal(tmp_path)
    return tmp_path


def test_all_rows_come_back(folder: Path) -> None:
    frame = load_frame(folder)
    assert frame["n"].tolist() == list(range(10))
    assert frame["word"].iloc[7] == "row 7"


def test_columns_come_in_the_order_asked_and_a_dot_in_a_name_means_nothing(folder: Path) -> None:
    assert load_frame(folder, ["word", "n"]).columns.tolist() == ["word", "n"]
    assert load_frame(folder, ["n"]).columns.tolist() == ["n"]


@pytest.mark.parametrize("rows", [[9, 0, 5], [3, 4], [2], [5, 5], []])
def test_rows_come_in_the_order_asked(folder: Path, rows: list[int]) -> None:
    frame = load_rows(folder, rows, ["n.squared", "n"])
    assert frame["n"].tolist() == rows
    assert frame["n.squared"].tolist() == [n * n for n in rows]
    assert frame.index.tolist() == rows


def test_many_rows_come_in_the_order_asked_a_part_at_a_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "BATCH_ROWS", 3)
    parts = list(iter_rows(folder, [9, 0, 5, 5, 8, 1, 7], ["word", "n"]))
    assert [part["n"].tolist() for part in parts] == [[9, 0, 5], [5, 8, 1], [7]]
    assert [part.index.tolist() for part in parts] == [[9, 0, 5], [5, 8, 1], [7]]
    assert parts[2]["word"].tolist() == ["row 7"]
    assert [part.columns.tolist() for part in iter_rows(folder, [], ["n"])] == [["n"]]


def test_whole_numbers_with_gaps_have_one_type_in_every_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "BATCH_ROWS", 2)
    parquet.write_table(
        pa.table({"n": [1, None, 3, 4], "yes": [True, False, None, None]}), tmp_path / "data.parquet", write_page_checksum=True
    )
    seal(tmp_path)
    assert [part.dtypes.astype(str).tolist() for part in iter_rows(tmp_path, [0, 1, 2, 3])] == [["Int64", "boolean"]] * 2


def test_only_the_row_groups_of_the_rows_asked_for_are_read(folder: Path) -> None:
    """The first row group is damaged; rows of the others are still there."""
    damage(folder, row_group=0)
    assert load_rows(folder, [8, 4])["n"].tolist() == [8, 4]
    with pytest.raises(StorageError):
        load_rows(folder, [3])


@pytest.mark.parametrize("row", [-1, 10])
def test_a_row_that_does_not_exist_is_named(folder: Path, row: int) -> None:
    with pytest.raises(DataError, match=f"There is no row {row + 1}. The rows are 1 to 10."):
        load_rows(folder, [0, row])


def test_a_column_that_does_not_exist_is_named(folder: Path) -> None:
    for ask in (lambda: load_frame(folder, ["m"]), lambda: load_rows(folder, [0], ["m"]), lambda: list(iter_batches(folder, ["m"]))):
        with pytest.raises(DataError, match=r"There is no column `m`\. The columns are n, n\.squared, word\."):
            ask()


def test_batches_together_are_the_whole(folder: Path) -> None:
    batches = list(iter_batches(folder, ["word", "n"], rows=3))
    assert max(map(len, batches)) == 3
    assert pd.concat(batches)["n"].tolist() == list(range(10))
    assert batches[0].columns.tolist() == ["word", "n"]


def test_a_damaged_byte_is_noticed_by_every_way_of_reading(folder: Path) -> None:
    damage(folder, row_group=1)
    for read in (lambda: load_frame(folder), lambda: load_rows(folder, [5]), lambda: list(iter_batches(folder))):
        with pytest.raises(StorageError, match=r"missing or damaged .* Upload the file again"):
            read()


def test_a_damaged_name_is_noticed_although_parquet_does_not(folder: Path) -> None:
    """The footer holds the names; its length stands before the last four bytes."""
    path = folder / "data.parquet"
    content = bytearray(path.read_bytes())
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    content[content.index(b"word", footer)] ^= 1
    path.write_bytes(content)
    assert parquet.ParquetFile(path, page_checksum_verification=True).schema.names == ["n", "n.squared", "vord"]
    with pytest.raises(StorageError, match="Upload the file again"):
        load_frame(folder, ["n"])


def test_data_that_are_gone_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="Upload the file again"):
        load_frame(tmp_path)


def damage(folder: Path, row_group: int) -> None:
    """Flips one bit in the last byte of every column of a row group: in its values, behind the page's header."""
    path = folder / "data.parquet"
    group = parquet.ParquetFile(path).metadata.row_group(row_group)
    content = bytearray(path.read_bytes())
    for column in range(group.num_columns):
        chunk = group.column(column)
        start = chunk.dictionary_page_offset or chunk.data_page_offset
        content[start + chunk.total_compressed_size - 1] ^= 1
    path.write_bytes(content)


def test_values_are_counted_part_by_part_whether_or_not_a_part_has_gaps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pa.table({"label": [0, 0, 1, None, 0, None, 1, 0], "answer": [True, None, True, False, True, True, None, True]})
    parquet.write_table(table, tmp_path / "data.parquet", write_page_checksum=True)
    seal(tmp_path)
    monkeypatch.setattr(frames.iter_batches, "__defaults__", (None, 2))
    counts, missing = value_counts(tmp_path, "label")
    assert ([value_key(value) for value in counts.index], counts.tolist(), missing) == (["0", "1"], [4, 2], 2)
    counts, missing = value_counts(tmp_path, "answer")
    assert ([value_key(value) for value in counts.index], counts.tolist(), missing) == (["true", "false"], [5, 1], 2)
