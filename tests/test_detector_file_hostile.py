"""A detector file that was damaged or made to harm is refused before anything of it is loaded, and the member is named."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from detectors.detector_file.loaded import load
from detectors.detector_file.writing import write_detector_file
from detectors.errors import StorageError
from tests.detector_files import THRESHOLD, finished, read_source, write_source

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[1]
Members = dict[str, bytes]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Members]:
    """The members of detector files: a forest's, a network's, and one that keeps training rows."""
    folder = tmp_path_factory.mktemp("hostile")
    data = read_source(write_source("table", folder))
    found = {}
    for name in ("isolation_forest", "deep_svdd", "nearest_neighbours"):
        write_detector_file(finished("table", "vectors", name, data), THRESHOLD, folder / f"{name}.zip")
        with zipfile.ZipFile(folder / f"{name}.zip") as archive:
            found[name] = {member: archive.read(member) for member in archive.namelist()}
    return found


@pytest.fixture
def forest(files: dict[str, Members]) -> Members:
    return dict(files["isolation_forest"])


@pytest.fixture
def network(files: dict[str, Members]) -> Members:
    return dict(files["deep_svdd"])


def sealed(members: Members) -> Members:
    """`members` with a manifest that lists them as they are, as someone would write it who means harm."""
    manifest = json.loads(members["manifest.json"])
    manifest["members"] = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in members.items()
        if name != "manifest.json"
    }
    return {**members, "manifest.json": json.dumps(manifest).encode()}


def packed(members: Members, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(StorageError) as caught:
        load(path)
    assert path.name in str(caught.value)
    return str(caught.value)


# ── changed, missing, too many, newer ──


def test_what_was_written_opens(files: dict[str, Members], tmp_path: Path) -> None:
    for name, members in files.items():
        assert load(packed(sealed(members), tmp_path / f"{name}.zip")).detector.name() == name


def test_a_changed_byte_in_any_member_is_refused_by_its_name(forest: Members, tmp_path: Path) -> None:
    for name in set(forest) - {"manifest.json"}:
        changed = {**forest, name: forest[name][:-1] + bytes([forest[name][-1] ^ 1])}
        assert f"its member `{name}` is not as it was written" in refusal(packed(changed, tmp_path / "d.zip"))


def test_every_byte_of_the_zip_counts(forest: Members, tmp_path: Path) -> None:
    """Flipped bytes anywhere: what opens all the same holds exactly what was written."""
    path = packed(forest, tmp_path / "d.zip")
    whole, chance = path.read_bytes(), np.random.default_rng(0)
    for place in chance.integers(0, len(whole), 60):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        try:
            assert load(path).card.encode() == forest["card.md"]
        except StorageError as error:
            assert "d.zip" in str(error)


def test_a_missing_and_an_extra_member_are_named(forest: Members, tmp_path: Path) -> None:
    for name in ("detector/forest.skops", "preparation/preparation.json", "background.npy"):
        less = {member: content for member, content in forest.items() if member != name}
        assert f"its member `{name}` is missing" in refusal(packed(less, tmp_path / "d.zip"))
    assert "its member `detector/more.npy` is not in its manifest" in refusal(
        packed({**forest, "detector/more.npy": b""}, tmp_path / "d.zip")
    )
    bare = sealed({name: content for name, content in forest.items() if not name.startswith("detector/")})
    assert "its member `detector/detector.json` is missing" in refusal(packed(bare, tmp_path / "d.zip"))


def test_a_newer_format_says_which_is_read(forest: Members, tmp_path: Path) -> None:
    forest["manifest.json"] = forest["manifest.json"].replace(b'"format_version": 2', b'"format_version": 4')
    assert "has format 4; this version reads formats up to 3" in refusal(packed(forest, tmp_path / "d.zip"))


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"format_version": "x"}', b"[" * 100_000, b'{"format_version": 2, "members": {"a": 1}}']
)
def test_a_manifest_that_is_none_is_refused(forest: Members, tmp_path: Path, text: bytes) -> None:
    assert "is not a detector file" in refusal(packed({**forest, "manifest.json": text}, tmp_path / "d.zip"))


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + bytes(18), b"hello", b"\x80\x04."])
def test_a_file_that_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "d.zip").write_bytes(content)
    assert "is not a detector file" in refusal(tmp_path / "d.zip")


# ── the zip itself ──


@pytest.mark.parametrize(
    "name",
    [
        "../outside.npy",
        "/tmp/outside.npy",
        "detector/../../outside.npy",
        "C:outside.npy",
        "a\\b.npy",
        "detector//x.npy",
        "./x.npy",
        "a\nb.npy",
    ],
)
def test_a_member_outside_the_file_is_refused(forest: Members, tmp_path: Path, name: str) -> None:
    assert "names a place outside the file" in refusal(packed(sealed({**forest, name: b"x"}), tmp_path / "d.zip"))
    assert not list(tmp_path.parent.rglob("outside.npy"))


def test_a_link_is_refused(forest: Members, tmp_path: Path) -> None:
    path = packed(sealed({**forest, "detector/link.npy": b"/etc/passwd"}), tmp_path / "d.zip")
    with zipfile.ZipFile(path) as archive:
        members = {entry: archive.read(entry) for entry in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for entry, content in members.items():
            entry.external_attr = (0o120777 if "link" in entry.filename else 0o644) << 16
            archive.writestr(entry, content)
    assert "its member `detector/link.npy` names a place outside" in refusal(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(forest: Members, tmp_path: Path) -> None:
    for name in ("card.md", "CARD.md"):
        path = packed(forest, tmp_path / "d.zip")
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(name, b"other")
        assert f"its member `{name}` is there twice" in refusal(path)


def test_an_encrypted_member_is_refused(forest: Members, tmp_path: Path) -> None:
    path = packed(forest, tmp_path / "d.zip")
    content = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(mark)
        while place >= 0:
            content[place + flags] |= 1
            place = content.find(mark, place + 4)
    path.write_bytes(content)
    assert "is encrypted" in refusal(path)


def test_a_bomb_is_refused_before_it_is_unpacked(forest: Members, tmp_path: Path) -> None:
    array = io.BytesIO()
    np.lib.format.write_array_header_1_0(array, {"descr": "|u1", "fortran_order": False, "shape": (300 << 20,)})
    path = packed(sealed({**forest, "detector/zeros.npy": array.getvalue() + bytes(300 << 20)}), tmp_path / "d.zip")
    assert path.stat().st_size < 2 << 20
    assert "its member `detector/zeros.npy` unpacks to more than a detector takes" in refusal(path)


def test_members_that_share_their_bytes_are_refused(forest: Members, tmp_path: Path) -> None:
    path = packed(sealed(forest), tmp_path / "d.zip")
    content = bytearray(path.read_bytes())
    first = content.find(b"PK\x01\x02")
    second = content.find(b"PK\x01\x02", first + 4)
    content[second + 42 : second + 46] = content[first + 42 : first + 46]  # where the second one's bytes begin
    path.write_bytes(content)
    assert "shares its bytes with another one" in refusal(path)


def test_more_than_it_says_never_comes_out_of_a_member(forest: Members, tmp_path: Path) -> None:
    path = packed(forest, tmp_path / "d.zip")
    content = bytearray(path.read_bytes())
    place = content.find(b"card.md", content.find(b"PK\x01\x02")) - 46
    content[place + 24 : place + 28] = (10).to_bytes(4, "little")
    path.write_bytes(content)
    assert "its member `card.md` is not as it was written" in refusal(path)


# ── arrays, skops, Keras ──


def header(shape: tuple[int, ...], descr: str = "<f4") -> bytes:
    array = io.BytesIO()
    np.lib.format.write_array_header_1_0(array, {"descr": descr, "fortran_order": False, "shape": shape})
    return array.getvalue()


def npz(**arrays: bytes) -> bytes:
    packed_arrays = io.BytesIO()
    with zipfile.ZipFile(packed_arrays, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in arrays.items():
            archive.writestr(f"{name}.npy", content)
    return packed_arrays.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (header((1 << 60,)), "says it holds 4611686018427387904 bytes of numbers, and has 0"),
        (header((1 << 40, 1 << 40)) + bytes(64), "of numbers, and has 64"),
        (header((3,)) + bytes(8), "says it holds 12 bytes of numbers, and has 8"),
        (header((1,), "|O") + b"\x80\x04.", "holds something other than plain numbers"),
        (b"\x80\x04c__builtin__\neval\n.", "holds something other than plain numbers"),
        (b"", "holds something other than plain numbers"),
    ],
)  # fmt: skip
def test_arrays_that_claim_more_than_they_have_or_hold_objects_are_refused(
    forest: Members, tmp_path: Path, content: bytes, words: str
) -> None:
    said = refusal(packed(sealed({**forest, "background.npy": content}), tmp_path / "d.zip")).replace("\u202f", "")
    assert "its member `background.npy`" in said and words in said
    inner = refusal(packed(sealed({**forest, "canaries.npz": npz(items=content)}), tmp_path / "d.zip")).replace("\u202f", "")
    assert "its member `canaries.npz/items.npy`" in inner and words in inner


def test_a_member_of_another_sort_is_refused(forest: Members, tmp_path: Path) -> None:
    for name in ("detector/model.pkl", "detector/model.keras", "detector/model.joblib", "detector/library.so"):
        said = refusal(packed(sealed({**forest, name: b"x"}), tmp_path / "d.zip"))
        assert f"its member `{name}` is of a sort that a detector file has no use for" in said


def with_skops(forest: Members, change: Callable[[dict], None]) -> Members:
    with zipfile.ZipFile(io.BytesIO(forest["detector/forest.skops"])) as archive:
        inner = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(inner["schema.json"])
    change(schema)
    rebuilt = io.BytesIO()
    with zipfile.ZipFile(rebuilt, "w") as archive:
        for name, content in {**inner, "schema.json": json.dumps(schema).encode()}.items():
            archive.writestr(name, content)
    return sealed({**forest, "detector/forest.skops": rebuilt.getvalue()})


@pytest.mark.parametrize(
    "module, name",
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("sklearn.preprocessing._function_transformer", "FunctionTransformer"),
        ("subprocess", "Popen"),
    ],
)
def test_a_type_off_the_list_is_named(forest: Members, tmp_path: Path, module: str, name: str) -> None:
    def change(schema: dict) -> None:
        schema["content"]["content"]["harm"] = {
            "__class__": name,
            "__module__": module,
            "__loader__": "ObjectNode",
            "__id__": 1,
            "content": {},
        }

    said = refusal(packed(with_skops(forest, change), tmp_path / "d.zip"))
    assert "its member `detector/forest.skops`" in said and f"holds a `{module}.{name}`, which is not on the list" in said


def test_a_forest_whose_trees_lead_outside_is_refused(forest: Members, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(forest["detector/forest.skops"])) as archive:
        inner = {name: archive.read(name) for name in archive.namelist()}
    for name, content in inner.items():
        if name.endswith(".npy"):
            array = np.load(io.BytesIO(content), allow_pickle=False)
            if array.dtype.fields and "left_child" in array.dtype.fields:
                array["left_child"][0] = 10**6
                changed = io.BytesIO()
                np.save(changed, array, allow_pickle=False)
                inner[name] = changed.getvalue()
                break
    rebuilt = io.BytesIO()
    with zipfile.ZipFile(rebuilt, "w") as archive:
        for name, content in inner.items():
            archive.writestr(name, content)
    assert "was not opened" in refusal(packed(sealed({**forest, "detector/forest.skops": rebuilt.getvalue()}), tmp_path / "d.zip"))


def with_record(members: Members, **values: object) -> Members:
    record = json.loads(members["detector/detector.json"])
    record |= {name: value for name, value in values.items() if name != "parameters"}
    record["parameters"] |= values.get("parameters", {})
    return sealed({**members, "detector/detector.json": json.dumps(record).encode()})


LOAD_IN_LITTLE_MEMORY = """
import resource, sys
import tensorflow, h5py
from detectors.detector_file.loaded import load
from detectors.errors import StorageError
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30),) * 2)
for path in sys.argv[1:]:
    try:
        load(path)
    except StorageError as error:
        print(error)
"""


def test_a_network_of_other_sizes_than_its_weights_is_refused_and_nothing_is_allocated_for_it(network: Members, tmp_path: Path) -> None:
    others = ({"row_shape": [1 << 34]}, {"parameters": {"layers": [4096] * 32}}, {"parameters": {"layers": [32]}})
    paths = [packed(with_record(network, **values), tmp_path / f"{number}.zip") for number, values in enumerate(others)]
    command = [sys.executable, "-c", LOAD_IN_LITTLE_MEMORY, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY)
    said = done.stdout.splitlines()
    assert len(said) == 3, done.stdout + done.stderr
    for path, line in zip(paths, said, strict=True):
        assert f"`{path.name}` was not opened: its member `detector/detector.json`" in line
        assert "those of another network than `detector.json` describes" in line


@pytest.mark.parametrize("shape", [[0], [-1], ["x"], [4, 4], [], None, [1.5]])
def test_a_row_shape_that_is_none_is_refused(network: Members, tmp_path: Path, shape: object) -> None:
    assert "its member `detector/detector.json`" in refusal(packed(with_record(network, row_shape=shape), tmp_path / "d.zip"))


def weights(change: Callable[[object], None]) -> bytes:
    import h5py

    written = io.BytesIO()
    with h5py.File(written, "w") as file:
        change(file)
    return written.getvalue()


@pytest.mark.parametrize("made", ["external_link", "soft_link", "compressed", "external_data", "text", "sparse"])
def test_weights_that_are_not_plain_numbers_in_the_file_are_refused(network: Members, tmp_path: Path, made: str) -> None:
    import h5py

    def change(file: h5py.File) -> None:
        if made == "external_link":
            file["a"] = h5py.ExternalLink("/etc/passwd", "/")
        elif made == "soft_link":
            file["a"] = h5py.SoftLink("/b")
        elif made == "compressed":
            file.create_dataset("a", data=np.zeros(1 << 20, np.float32), compression="gzip")
        elif made == "external_data":
            file.create_dataset("a", (4,), np.float32, external=[("/etc/passwd", 0, 16)])
        elif made == "sparse":
            file.create_dataset("a", (1 << 40,), np.float32, chunks=(1 << 16,))
        else:
            file.create_dataset("a", data="harm")

    members = sealed({**network, "detector/weights.weights.h5": weights(change)})
    assert "its member `detector/weights.weights.h5`" in refusal(packed(members, tmp_path / "d.zip"))


def test_a_keras_archive_in_place_of_weights_is_refused(network: Members, tmp_path: Path) -> None:
    config = {"class_name": "Lambda", "config": {"function": {"class_name": "__lambda__", "config": {"code": "aGFybQ=="}}}}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as keras:
        keras.writestr("config.json", json.dumps(config))
    members = sealed({**network, "detector/weights.weights.h5": archive.getvalue()})
    assert "its member `detector/weights.weights.h5`" in refusal(packed(members, tmp_path / "d.zip"))


@pytest.mark.parametrize(
    "values",
    [
        {"detector": "no_such"},
        {"detector": "zscore"},
        {"representation": "pixels"},
        {"parameters": {"trees": 10**9}},
        {"parameters": {"x": 1}},
    ],
)
def test_another_detector_than_the_manifest_names_is_refused(forest: Members, tmp_path: Path, values: dict) -> None:
    assert "its member `detector/detector.json`" in refusal(packed(with_record(forest, **values), tmp_path / "d.zip"))


def test_a_preparation_that_is_none_is_refused(forest: Members, tmp_path: Path) -> None:
    for record in (
        {},
        {"kind": "table", "representation": "vectors"},
        {"kind": "images", "representation": "vectors", "parameters": {}, "size": 1 << 20, "channels": 3},
    ):
        members = sealed({**forest, "preparation/preparation.json": json.dumps(record).encode()})
        assert "its member `preparation/preparation.json`" in refusal(packed(members, tmp_path / "d.zip"))


def test_no_code_of_a_detector_file_runs_when_it_is_loaded(forest: Members, tmp_path: Path) -> None:
    harm = b"raise SystemExit('ran')"
    engine = io.BytesIO()
    with zipfile.ZipFile(engine, "w") as archive:
        archive.writestr("detectors/__init__.py", harm)
    assert (
        load(packed(sealed({**forest, "score.py": harm, "engine.zip": engine.getvalue()}), tmp_path / "d.zip")).detector.name()
        == "isolation_forest"
    )
