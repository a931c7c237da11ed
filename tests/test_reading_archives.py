"""Archives: what becomes of pictures and texts in a zip or a folder, and that an archive made to do harm does none."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from detectors.errors import DataError, StorageError
from detectors.frames import load_frame
from detectors.pictures import INDEX_FILE, PICTURES_FILE, load_pictures
from detectors.profile import load_profile
from detectors.reading import Limits, Report, load_report, read_file
from detectors.reading.archive import METHODS
from detectors.reading.conversion import convert
from detectors.reading.encodings import decode

POEM = "床前明月光，疑是地上霜。举头望明月，低头思故乡。"


def png(image: Image.Image, **options: object) -> bytes:
    return encoded(image, "PNG", **options)


def encoded(image: Image.Image, file_format: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, file_format, **options)
    return stream.getvalue()


def grey(level: int, size: tuple[int, int] = (4, 3)) -> bytes:
    return png(Image.new("L", size, level))


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def unpacked(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def read(folder: Path, source: Path | Mapping[str, bytes], limits: Limits | None = None) -> tuple[Report, pd.DataFrame]:
    """The report and the rows of a zip of these files, read in this process."""
    source = source if isinstance(source, Path) else zipped(folder / "upload.zip", source)
    (folder / "result").mkdir()
    report = convert(source, folder / "result", "upload.zip", limits or Limits())
    return report, load_frame(folder / "result")


def refusal(folder: Path, source: Path | Mapping[str, bytes], limits: Limits | None = None) -> str:
    with pytest.raises(DataError) as refused:
        read(folder, source, limits)
    return str(refused.value)


def pixels_of(folder: Path, content: bytes) -> tuple[np.ndarray, Report]:
    """The pixels that are kept of one picture."""
    report, _ = read(folder, {"picture": content})
    return load_pictures(folder / "result")[0], report


def notes(report: Report) -> str:
    return "\n".join(map(str, report.notes))


# ── pictures ──


def test_a_zip_of_pictures_becomes_a_row_each_in_the_order_of_their_paths(tmp_path: Path) -> None:
    files = {
        "train/normal/b.png": grey(20), "train/normal/a.png": grey(10, (2, 5)), "test/broken/c.jpg": encoded(Image.new("RGB", (6, 4)), "JPEG"),
        "top.bmp": encoded(Image.new("L", (3, 3), 7), "BMP"), "__MACOSX/top.bmp": b"x", "test/.DS_Store": b"x", "test/Thumbs.db": b"x",
    }  # fmt: skip
    report, frame = read(tmp_path, files)
    assert (report.kind, report.format, report.rows, report.columns, report.notes) == ("images", "zip", 4, 6, ())
    assert frame.columns.tolist() == ["name", "folder", "class", "width", "height", "channels"]
    assert frame["name"].tolist() == ["test/broken/c.jpg", "top.bmp", "train/normal/a.png", "train/normal/b.png"]
    assert frame["folder"].fillna("none").tolist() == ["test/broken", "none", "train/normal", "train/normal"]
    assert frame["class"].fillna("none").tolist() == ["broken", "none", "normal", "normal"]
    assert frame[["width", "height", "channels"]].to_numpy().tolist() == [[6, 4, 3], [3, 3, 1], [2, 5, 1], [4, 3, 1]]
    pictures = load_pictures(tmp_path / "result")
    assert [picture.shape for picture in pictures] == [(4, 6, 3), (3, 3, 1), (5, 2, 1), (3, 4, 1)]
    assert [int(picture[0, 0, 0]) for picture in pictures] == [0, 7, 10, 20]
    assert [profile.name for profile in load_profile(tmp_path / "result")] == frame.columns.tolist()


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF", "BMP"])
def test_a_picture_is_known_by_its_content_and_keeps_its_pixels(tmp_path: Path, file_format: str) -> None:
    wanted = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    pixels, _ = pixels_of(tmp_path, encoded(Image.fromarray(wanted), file_format, **({"lossless": True} if file_format == "WEBP" else {})))
    assert pixels.tolist() == wanted.tolist()


def test_every_depth_becomes_eight_bits_in_one_or_three_channels(tmp_path: Path) -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.putpixel((1, 0), 1)
    two = Image.new("1", (2, 1))
    two.putpixel((1, 0), 1)
    files = {
        "1 bit": png(two),
        "palette": png(palette),
        "palette, first colour clear": png(palette, transparency=0),
        "grey, half clear": png(Image.new("LA", (1, 1), (0, 127))),
        "colour, all clear": png(Image.new("RGBA", (1, 1), (9, 9, 9, 0))),
        "ink": encoded(Image.new("CMYK", (1, 1), (0, 255, 255, 0)), "TIFF"),
        "16 bit": png(Image.fromarray(np.array([[0, 257, 65535]], np.uint16))),
        "16 bit, big end first": encoded(Image.fromarray(np.array([[514]], ">u2")), "TIFF"),
        "32 bit": encoded(Image.fromarray(np.array([[-1000, 0, 1000]], np.int32)), "TIFF"),
        "float": encoded(Image.fromarray(np.array([[1.5, np.nan, 3.5, np.inf]], np.float32)), "TIFF"),
        "float, the ends of it": encoded(Image.fromarray(np.array([[-3e38, 3e38]], np.float32)), "TIFF"),
        "float, all alike": encoded(Image.fromarray(np.full((1, 2), 7, np.float32)), "TIFF"),
    }
    report, frame = read(tmp_path, files)
    kept = dict(zip(frame["name"], load_pictures(tmp_path / "result"), strict=True))
    assert {name: pixels.reshape(-1, pixels.shape[2]).tolist() for name, pixels in kept.items()} == {
        "1 bit": [[0], [255]],
        "palette": [[255, 0, 0], [0, 0, 255]],
        "palette, first colour clear": [[255, 255, 255], [0, 0, 255]],
        "grey, half clear": [[128]],
        "colour, all clear": [[255, 255, 255]],
        "ink": [[255, 0, 0]],
        "16 bit": [[0], [1], [255]],
        "16 bit, big end first": [[2]],
        "32 bit": [[0], [128], [255]],
        "float": [[0], [0], [255], [0]],
        "float, the ends of it": [[0], [255]],
        "float, all alike": [[0], [0]],
    }
    assert "Scaled from 16 bits to 8: 2 of 12 pictures." in notes(report)
    assert "stretched from its own lowest to its own highest value: 4 of 12 pictures." in notes(report)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    ("orientation", "shape", "corner"), [(1, (16, 32), "top left"), (3, (16, 32), "bottom right"), (6, (32, 16), "top right")]
)
def test_a_picture_stands_as_the_camera_was_held(
    tmp_path: Path, file_format: str, orientation: int, shape: tuple[int, int], corner: str
) -> None:
    """The first quarter of the file is white."""
    image = Image.new("RGB", (32, 16))
    image.paste("white", (0, 0, 16, 8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    _, frame = read(tmp_path, {"a": encoded(image, file_format, exif=exif)})
    pixels = load_pictures(tmp_path / "result")[0]
    assert pixels.shape == (*shape, 3)
    assert frame[["height", "width"]].iloc[0].tolist() == list(shape)
    height, width = shape
    corners = {"top left": (2, 2), "top right": (2, width - 3), "bottom right": (height - 3, width - 3)}
    assert {name for name, place in corners.items() if pixels[place][0] > 200} == {corner}


@pytest.mark.parametrize("file_format", ["PNG", "JPEG"])
def test_a_large_picture_is_reduced_to_512_pixels_and_told(tmp_path: Path, file_format: str) -> None:
    large = Image.new("RGB", (3000, 1500), "white")
    large.paste("black", (0, 0, 1500, 1500))
    report, frame = read(tmp_path, {"large": encoded(large, file_format), "small": grey(1, (512, 2))})
    assert [picture.shape for picture in load_pictures(tmp_path / "result")] == [(256, 512, 3), (2, 512, 1)]
    assert frame[["width", "height"]].iloc[0].tolist() == [3000, 1500]
    assert load_pictures(tmp_path / "result")[0][:, [0, 250, 261, 511], 0].mean(axis=0).round().tolist() == [0, 0, 255, 255]
    assert "Larger than 512 pixels on the longer side and reduced to that: 1 of 2 pictures." in notes(report)


def test_the_first_of_several_pictures_in_a_file_is_taken(tmp_path: Path) -> None:
    first, second = Image.new("L", (2, 2), 10), Image.new("L", (2, 2), 20)
    pixels, report = pixels_of(tmp_path, encoded(first, "TIFF", save_all=True, append_images=[second]))
    assert pixels.max() == 10
    assert "the first was taken: 1 of 1 pictures" in notes(report)


def test_pictures_that_cannot_be_read_are_left_out_and_named(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (50, 50), dtype=np.uint8)
    whole = png(Image.fromarray(noise))
    files = {
        "good.png": whole,
        "half.png": whole[: len(whole) // 2],
        "only a head.png": b"\x89PNG\r\n\x1a\n",
        "notes.txt": b"hello",
        "moving.gif": b"GIF89a\0",
    }
    report, frame = read(tmp_path, files)
    assert frame["name"].tolist() == ["good.png"]
    assert "`half.png` was left out: the picture cannot be read" in notes(report)
    assert "`only a head.png` was left out: the picture cannot be read (unknown format)." in notes(report)
    assert "not pictures that can be read: 2 of 5 files, the first is `moving.gif`." in notes(report)
    assert load_pictures(tmp_path / "result")[0][:, :, 0].tolist() == noise.tolist()


def test_of_many_that_are_left_out_the_first_five_are_named(tmp_path: Path) -> None:
    report, _ = read(tmp_path, {"a": grey(1), **{f"bad {n}": b"\xff\xd8\xff" for n in range(8)}})
    assert [str(note)[:8] for note in report.notes] == ["`bad 0` ", "`bad 1` ", "`bad 2` ", "`bad 3` ", "`bad 4` ", "Left out"]
    assert str(report.notes[-1]) == "Left out for like reasons: 3 more files."


def test_a_picture_with_too_many_pixels_is_left_out_before_it_is_decoded(tmp_path: Path) -> None:
    chunk = b"IHDR" + struct.pack(">IIBBBBB", 9000, 9000, 8, 2, 0, 0, 0)
    huge = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + struct.pack(">I", 0) + b"IDAT"
    report, _ = read(tmp_path, {"good": grey(1), "huge": huge})
    assert "`huge` was left out: it has more than 64 million pixels." in notes(report)


# ── pictures that were kept ──


def test_pictures_come_back_in_the_order_asked(tmp_path: Path) -> None:
    read(tmp_path, {f"{n}.png": grey(n, (n + 1, 2)) for n in range(5)})
    assert [picture.shape for picture in load_pictures(tmp_path / "result", [4, 0, 4])] == [(2, 5, 1), (2, 1, 1), (2, 5, 1)]
    assert load_pictures(tmp_path / "result", []) == []
    with pytest.raises(DataError, match="There is no picture 6"):
        load_pictures(tmp_path / "result", [5])
    with pytest.raises(ValueError, match="read-only"):
        load_pictures(tmp_path / "result", [0])[0][0, 0, 0] = 1


def test_a_changed_or_missing_array_is_told(tmp_path: Path) -> None:
    read(tmp_path, {"a": grey(1), "b": grey(2)})
    array, index = tmp_path / "result" / PICTURES_FILE, tmp_path / "result" / INDEX_FILE
    content, entries = array.read_bytes(), index.read_bytes()
    array.write_bytes(content[:-1] + b"\x03")
    assert load_pictures(tmp_path / "result", [0])[0].max() == 1
    with pytest.raises(StorageError, match="Picture 2 of this data set is damaged"):
        load_pictures(tmp_path / "result")
    array.write_bytes(content[:-1])
    with pytest.raises(StorageError, match="missing or damaged"):
        load_pictures(tmp_path / "result")
    array.write_bytes(content)
    for place in range(128, len(entries)):
        index.write_bytes(entries[:place] + bytes([entries[place] ^ 0x10]) + entries[place + 1 :])
        with pytest.raises(StorageError, match="damaged"):
            load_pictures(tmp_path / "result")
    index.unlink()
    with pytest.raises(StorageError, match="missing or damaged"):
        load_pictures(tmp_path / "result")


# ── texts ──


def test_a_zip_of_texts_becomes_a_row_each(tmp_path: Path) -> None:
    files = {
        "spam/1.txt": POEM.encode("gb18030"), "spam/2.txt": POEM.encode(), "ham/3.md": "\ufeffHello".encode(), "ham/4": "Grüße".encode("utf-16"),
        "ham/5.text": "Müller aß zwölf süße Äpfel".encode("cp1252"), "ham/6.txt": f"a {POEM}".encode()[:-1], "labels.csv": b"a,b\n1,2\n",
    }  # fmt: skip
    report, frame = read(tmp_path, files)
    assert (report.kind, report.rows, report.columns) == ("text", 6, 4)
    assert frame.columns.tolist() == ["name", "folder", "class", "text"]
    texts = dict(zip(frame["name"], frame["text"], strict=True))
    assert texts["spam/1.txt"] == texts["spam/2.txt"] == POEM
    assert (texts["ham/3.md"], texts["ham/4"], texts["ham/5.text"]) == ("Hello", "Grüße", "Müller aß zwölf süße Äpfel")
    assert texts["ham/6.txt"].startswith("a 床前明月光")
    assert frame["class"].tolist() == ["ham", "ham", "ham", "ham", "spam", "spam"]
    told = notes(report)
    assert "Read as gb18030 because they are not UTF-8: 1 of 6 texts." in told
    assert "Read as windows-1252 because they are not UTF-8: 1 of 6 texts." in told
    assert "not texts: 1 of 7 files, the first is `labels.csv`." in told


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "cp1252"])
def test_an_encoding_is_recognised(encoding: str) -> None:
    text = "“Ça coûte 5 €”, dit l’élève à Noël." if encoding == "cp1252" else POEM
    assert decode(text.encode(encoding))[0] == text


def test_a_text_that_is_too_large_empty_or_binary_is_left_out(tmp_path: Path) -> None:
    files = {"a": b"good", "b": b"x" * 1_000_001, "c": b" \n", "d": b"x" * 2000 + b"\0", "e": b"\x81" * 3}
    report, frame = read(tmp_path, files)
    assert frame["name"].tolist() == ["a"]
    assert "`b` was left out: it has more than 1 MB." in notes(report)
    assert "`c` was left out: it is empty." in notes(report)
    assert "`d` was left out: it holds bytes that no text has" in notes(report)
    assert "`e` was left out: its encoding is not known." in notes(report)


def test_the_kind_is_what_most_files_are(tmp_path: Path) -> None:
    report, frame = read(tmp_path, {"a.png": grey(1), "b.txt": b"one", "c.txt": b"two"})
    assert (report.kind, len(frame)) == ("text", 2)
    assert "not texts: 1 of 3 files, the first is `a.png`." in notes(report)


# ── folders ──

FILES = {"train/normal/a.png": grey(1), "test/b.png": grey(2), ".hidden/c.png": grey(3)}


def test_a_folder_is_read_like_a_zip(tmp_path: Path) -> None:
    report, frame = read(tmp_path, unpacked(tmp_path / "source", FILES))
    assert (report.kind, report.format, report.rows) == ("images", "zip", 2)
    assert frame["name"].tolist() == ["test/b.png", "train/normal/a.png"]
    assert report.bytes == len(grey(1)) + len(grey(2))


def test_the_hash_of_a_folder_follows_names_and_bytes(tmp_path: Path) -> None:
    variants = [FILES, FILES, {**FILES, "test/b.png": grey(9)}, {**FILES, "test/c.png": grey(2)}, {**FILES, "train/x.txt": b""}]
    hashes = [read(tmp_path / str(n), unpacked(tmp_path / str(n) / "source", files))[0].content_hash for n, files in enumerate(variants)]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 4


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_and_pipes_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    source, outside = unpacked(tmp_path / "source", {"a.png": grey(1)}), unpacked(tmp_path / "outside", {"b.png": grey(2)})
    (source / "file.png").symlink_to(outside / "b.png")
    (source / "folder").symlink_to(outside)
    (source / "round").symlink_to(source)
    os.mkfifo(source / "pipe.png")
    report, frame = read(tmp_path, source)
    assert frame["name"].tolist() == ["a.png"]
    assert "were not followed: 3." in notes(report)


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such names")
def test_a_file_name_that_is_no_text_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    source = unpacked(tmp_path / "source", {"a.png": grey(1)})
    Path(os.fsdecode(os.fsencode(source) + b"/\xff.png")).write_bytes(grey(2))
    _, frame = read(tmp_path, source)
    assert frame["name"].tolist() == ["?.png", "a.png"]


# ── what is refused ──


def test_an_archive_of_neither_is_refused(tmp_path: Path) -> None:
    words = refusal(tmp_path, {"page.xml": b"<?xml ?>", "code.bin": bytes(range(256))})
    assert "holds neither tables (CSV, Excel, Parquet, JSON) nor pictures (PNG, JPEG, WebP, BMP, TIFF) nor texts" in words
    assert "its first file is `code.bin`" in words


def test_an_empty_archive_or_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    assert "holds no files" in refusal(tmp_path, tmp_path / "source")


def test_an_archive_without_one_whole_picture_is_refused(tmp_path: Path) -> None:
    assert "None of the 2 pictures in `upload.zip` can be read, for example `a`." in refusal(
        tmp_path, {"a": b"\xff\xd8\xff", "b": b"\xff\xd8\xff"}
    )


def test_an_archive_without_one_text_is_refused(tmp_path: Path) -> None:
    assert "None of the 1 texts in `upload.zip` can be read" in refusal(tmp_path, {"a": b" "})


def test_an_office_document_is_known_by_its_parts(tmp_path: Path) -> None:
    assert "is an Office document without a sheet" in refusal(tmp_path, {"[Content_Types].xml": b"<x/>", "media/a.png": grey(1)})


def test_too_many_or_too_large_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"{n}": b"text " * 100 for n in range(3)}
    (tmp_path / "a").mkdir()
    assert "more than 0 MB together" in refusal(tmp_path / "a", files, Limits(archive_bytes=1000))
    monkeypatch.setattr("detectors.reading.archive.MOST_FILES", 2)
    (tmp_path / "b").mkdir()
    assert "holds more than 2 files" in refusal(tmp_path / "b", files)


# ── archives made to do harm ──


def patched(path: Path, files: Mapping[str, bytes], **fields: int) -> Path:
    """A zip whose list of contents says something else of its last entry than is true."""
    places = {"flags": (8, "<H"), "method": (10, "<H"), "crc": (16, "<I"), "size": (24, "<I"), "offset": (42, "<I")}
    content = bytearray(zipped(path, files).read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    for name, value in fields.items():
        place, form = places[name]
        struct.pack_into(form, content, entry + place, value)
    path.write_bytes(content)
    return path


def test_entries_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    source = patched(tmp_path / "bomb.zip", {"a": b"x" * 900, "b": b"x" * 900}, offset=0)
    assert "entries that share their bytes" in refusal(tmp_path, source)


def test_an_encrypted_file_is_left_out_and_an_encrypted_archive_refused(tmp_path: Path) -> None:
    report, _ = read(tmp_path, patched(tmp_path / "one.zip", {"a": grey(1), "b": grey(2)}, flags=1))
    assert "`b` was left out: it is encrypted." in notes(report)
    (tmp_path / "all").mkdir()
    assert "it is encrypted" in refusal(tmp_path / "all", patched(tmp_path / "all.zip", {"b": grey(2)}, flags=1))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"size": 10}, "it is damaged (Bad CRC-32"),
        ({"size": 10**9}, "it has more than 1 MB"),
        ({"crc": 1}, "it is damaged (Bad CRC-32"),
        ({"method": 14}, "compressed in a way that is not read"),
        ({"method": 99}, "compressed in a way that is not read"),
        ({"flags": 0x20}, "it is damaged"),
    ],
)
def test_an_entry_that_lies_is_left_out(tmp_path: Path, fields: dict[str, int], words: str) -> None:
    report, frame = read(tmp_path, patched(tmp_path / "lies.zip", {"a": b"true words", "b": b"false words " * 50_000}, **fields))
    assert frame["name"].tolist() == ["a"]
    assert words in notes(report)


def test_a_repetitive_entry_is_read_no_further_than_allowed(tmp_path: Path) -> None:
    """It says 900 kB and has 50 MB; what comes out is counted, not what is said."""
    report, _ = read(tmp_path, patched(tmp_path / "bomb.zip", {"a": b"text", "b": b"x" * 50_000_000}, size=900_000))
    assert "`b` was left out: it is damaged" in notes(report)
    assert (tmp_path / "bomb.zip").stat().st_size < 100_000


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    source = zipped(tmp_path / "whole.zip", {f"{n}": grey(n) for n in range(9)})
    source.write_bytes(source.read_bytes()[:500])
    assert "is not a whole zip archive" in refusal(tmp_path, source)


def test_an_archive_with_any_byte_changed_is_read_or_refused_in_words(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "whole.zip", {"a": grey(1), "b": grey(2)}).read_bytes()
    for place in range(0, len(whole)):
        folder = tmp_path / str(place)
        folder.mkdir()
        (folder / "changed.zip").write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            read(folder, folder / "changed.zip")
        except DataError as refused:
            assert "upload.zip" in str(refused) or "was left out" in str(refused)


def test_paths_that_lead_outside_are_text_and_archives_inside_stay_packed(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"a": grey(1)}).read_bytes()
    report, frame = read(tmp_path, {"../../out.png": grey(1), "/root/in.png": grey(2), "c\\d.png": grey(3), "inner.zip": inner})
    assert frame["name"].tolist() == ["../../out.png", "/root/in.png", "c/d.png"]
    assert frame["class"].tolist() == ["..", "root", "c"]
    assert "the first is `inner.zip`" in notes(report)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inner.zip", "result", "upload.zip"]


def test_names_in_gb18030_or_utf8_that_do_not_say_so_are_understood(tmp_path: Path) -> None:
    name = "正常/照片.png"
    meant = [(name.encode("gb18030"), tmp_path / "gb"), (name.encode(), tmp_path / "utf")]
    for raw, folder in meant:
        folder.mkdir()
        placeholder = "n" * len(raw)
        source = zipped(folder / "a.zip", {placeholder: grey(1)})
        source.write_bytes(source.read_bytes().replace(placeholder.encode(), raw))
        assert read(folder, source)[1]["name"].tolist() == [name]


def test_no_method_is_read_that_asks_for_memory_first() -> None:
    assert zipfile.ZIP_LZMA not in METHODS


# ── the process ──


@pytest.mark.slow
@pytest.mark.parametrize("packed", [True, False])
def test_pictures_are_read_in_a_process_of_their_own(tmp_path: Path, packed: bool) -> None:
    source = zipped(tmp_path / "upload", FILES) if packed else unpacked(tmp_path / "upload", FILES)
    folder = tmp_path / "result"
    report = read_file(source, folder, name="pictures")
    assert report == load_report(folder)
    assert (report.kind, report.rows) == ("images", 2)
    assert len(load_pictures(folder)) == 2
    kept = ["data.parquet", "footer.sha256", "pictures.npy", "pictures_index.npy", "profile.json", "report.json"]
    assert sorted(path.name for path in folder.iterdir()) == kept


@pytest.mark.slow
def test_the_largest_picture_fits_into_the_memory_of_the_process(tmp_path: Path) -> None:
    """A palette with a clear colour takes the most: it becomes colour and opacity, then colour over white."""
    source = zipped(tmp_path / "upload", {"a.png": png(Image.new("P", (8000, 8000)), transparency=0)})
    assert read_file(source, tmp_path / "result", name="pictures").rows == 1


def test_a_report_of_before_there_were_pictures_is_one_of_a_table() -> None:
    record = Report("x.csv", 3, 2, "csv", "utf-8", ";", 0.5, 100, "ab").to_json()
    del record["kind"]
    assert Report.from_json(record).kind == "table"
