"""What the arrays of a detector file say of their size, read from their headers: nothing is allocated that the file does not hold."""

from __future__ import annotations

import json
import zipfile
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np

from detectors.detector_file.archive import checked_entries, refused
from detectors.errors import StorageError
from detectors.messages import N_

#: Kinds of numbers and texts in arrays; objects would need pickle.
PLAIN = frozenset("biufUS")

#: The JSON of a preparation holds a vocabulary at most.
LARGEST_JSON = 256 << 20

#: What a member is by the end of its name; all others are refused.
ARRAYS, TEXTS = (".npy",), (".json", ".md", ".py", ".txt", ".zip")

SIZE = N_("`{file}` was not opened: its member `{member}` says it holds {said} bytes of numbers, and has {found}. Take an undamaged copy.")
NO_ARRAY = N_("`{file}` was not opened: its member `{member}` holds something other than plain numbers. Take an undamaged copy.")
NO_SUCH = N_(
    "`{file}` was not opened: its member `{member}` is of a sort that a detector file has no use for. It was not written by this program."
)
TYPE = N_("`{file}` was not opened: its member `{member}` holds a `{type}`, which is not on the list of what may be loaded.")


def check_sizes(folder: Path, file: str) -> None:
    """Looks at every member that was unpacked into `folder`, from the detector file called `file`.

    Raises:
        StorageError: one claims more numbers than it has, holds objects or types that may not be loaded, or is of an unknown sort.
    """
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        member, size = path.relative_to(folder).as_posix(), path.stat().st_size
        if path.suffix in ARRAYS:
            with path.open("rb") as stream:
                _check_array(stream, size, file, member)
        elif path.suffix in (".npz", ".skops"):
            _check_arrays(path, file, member)
        elif path.suffix == ".h5":
            _check_weights(path, file, member)
        elif path.suffix not in TEXTS or (path.suffix == ".json" and size > LARGEST_JSON):
            raise refused(NO_SUCH, file, member)


def _check_array(stream: IO[bytes], size: int, file: str, member: str) -> None:
    """One array in numpy's format, `size` bytes with its header."""
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
        start = stream.tell()
    except (ValueError, EOFError, OSError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise refused(NO_ARRAY, file, member) from error
    if not _is_plain(dtype) or any(length < 0 for length in shape):
        raise refused(NO_ARRAY, file, member)
    if prod(shape) * dtype.itemsize != size - start:
        raise refused(SIZE, file, member, said=prod(shape) * dtype.itemsize, found=size - start)


def _is_plain(dtype: np.dtype[Any]) -> bool:
    """Whether it is numbers or texts of one length, or a record of such, as the nodes of a tree are."""
    if dtype.fields:
        return all(not field[0].fields and _is_plain(field[0]) for field in dtype.fields.values())
    return not dtype.hasobject and dtype.kind in PLAIN


def _check_arrays(path: Path, file: str, member: str) -> None:
    """A zip of arrays; that of skops also has a schema, which names types."""
    try:
        with zipfile.ZipFile(path) as archive:
            for name, entry in checked_entries(archive, f"{file}/{member}").items():
                inner = f"{member}/{name}"
                if name == "schema.json" and path.suffix == ".skops":
                    _check_types(archive.read(entry), file, member)
                elif name.endswith(ARRAYS):
                    with archive.open(entry) as stream:
                        _check_array(stream, entry.file_size, file, inner)
                else:
                    raise refused(NO_SUCH, file, inner)
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        raise refused(NO_ARRAY, file, member) from error


def _check_types(schema: bytes, file: str, member: str) -> None:
    """The types in a skops schema are those of the detectors' list, or of what skops itself is made of."""
    try:
        found = _types(json.loads(schema))
    except (ValueError, RecursionError) as error:
        raise refused(NO_ARRAY, file, member) from error
    for name in sorted(found):
        if not _may_be_loaded(name):
            raise refused(TYPE, file, member, type=name)


def _types(node: Any) -> set[str]:
    """All types that a skops schema names, ``module.name``."""
    if isinstance(node, list):
        return set().union(*(_types(each) for each in node)) if node else set()
    if not isinstance(node, dict):
        return set()
    own = {f"{node['__module__']}.{node['__class__']}"} if "__module__" in node and "__class__" in node else set()
    return own.union(*(_types(each) for each in node.values()))


def _may_be_loaded(name: str) -> bool:
    from detectors.vectors.isolation_forest import TRUSTED_TYPES

    return name in TRUSTED_TYPES or name in SKOPS_TYPES


#: What skops writes of a forest beside the types that have to be trusted: containers, numbers, and the classes of scikit-learn that it is made of.
SKOPS_TYPES = frozenset({
    "builtins.dict", "builtins.list", "builtins.tuple", "builtins.str", "builtins.int", "builtins.float", "builtins.bool", "builtins.NoneType",
    "numpy.ndarray", "numpy.dtype", "numpy.float64", "numpy.float32", "numpy.int64", "numpy.bool", "numpy.random.RandomState",
    "numpy.random.mtrand.RandomState", "builtins.type",
    "sklearn.ensemble._iforest.IsolationForest", "sklearn.tree._classes.ExtraTreeRegressor", "sklearn.tree._tree.Tree",
})  # fmt: skip


def _check_weights(path: Path, file: str, member: str) -> None:
    """The arrays of a network's weights, in HDF5."""
    from detectors.network.weights import stored_shapes

    try:
        stored_shapes(path)
    except StorageError as error:
        raise refused(NO_ARRAY, file, member) from error
