"""Named arrays and their description in one file, replaced atomically and opened by memory map.

The file is in the safetensors format (https://huggingface.co/docs/safetensors: an eight-byte
little-endian header length, a JSON header, the arrays' bytes without gaps), so that any tool which
reads safetensors reads it. Nothing in it can execute: no pickle.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_NAMES = {"<f8": "F64", "<f4": "F32", "<i8": "I64", "<i4": "I32", "|u1": "U8"}
_DTYPES = {name: np.dtype(code) for code, name in _NAMES.items()}
_ALIGNMENT = 64  # of the first array in the file: one cache line


class DamagedFile(ValueError):
    """The file is truncated, or is not one of ours; the message names it and says what was expected."""


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> None:
    """Write ``arrays`` (float64, float32, int64, int32 or uint8) and JSON ``metadata`` to ``path``.

    Written beside ``path``, synced to disk, then renamed over it: a reader, also after a crash, sees
    the old file or the new one, whole.
    """
    # Wider items first: each array then starts at a multiple of its item size.
    order = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    header: dict[str, Any] = {
        "__metadata__": {key: json.dumps(value, ensure_ascii=False) for key, value in metadata.items()}
    }
    offset = 0
    for name in order:
        array = arrays[name]
        header[name] = {
            "dtype": _NAMES[array.dtype.str],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    encoded = json.dumps(header, ensure_ascii=False).encode()
    encoded += b" " * (-(len(encoded) + 8) % _ALIGNMENT)

    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(len(encoded).to_bytes(8, "little") + encoded)
            for name in order:
                np.ascontiguousarray(arrays[name]).tofile(file)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # mkstemp makes files private; use what open() would give
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load_arrays(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays of ``path`` as read-only memory maps, and its metadata.

    Raises FileNotFoundError, or DamagedFile when sizes and header do not agree.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > size - 8:
            raise DamagedFile(f"{path} is not a safetensors file, or it is truncated: write it again")
        try:
            header = json.loads(file.read(length))
            metadata = {key: json.loads(value) for key, value in header.pop("__metadata__", {}).items()}
            entries = {
                name: (_DTYPES[entry["dtype"]], tuple(entry["shape"]), entry["data_offsets"])
                for name, entry in header.items()
            }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedFile(f"{path} has an unreadable header ({error}): write it again") from error
    arrays = {}
    for name, (dtype, shape, (begin, end)) in entries.items():
        count = int(np.prod(shape, dtype=np.int64))
        if begin < 0 or end > size - 8 - length or count * dtype.itemsize != end - begin:
            raise DamagedFile(f"{path}: the array '{name}' is truncated: write the file again")
        if count:
            data: np.ndarray = np.memmap(path, dtype, "r", 8 + length + begin, shape)
            arrays[name] = data.view(np.ndarray)
        else:  # an empty map is an error
            arrays[name] = np.empty(shape, dtype)
    return arrays, metadata
