"""Collects an ONNX graph: nodes, and weights written straight to an external data file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

MICROSOFT = "com.microsoft"
_INLINE = 1024  # bytes; smaller tensors stay in the graph, where shape inference can see them
_PAGE = 4096  # large tensors start on a page, so that the runtime can map them
OPSET = 23  # the first with Attention
_IR_VERSION = 11


class GraphWriter:
    """Builds ``model.onnx`` and ``weights.bin`` in a folder; use as a context manager.

    Each weight goes to disk as it is added, so building needs the memory of one tensor.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = (folder / "weights.bin").open("wb")
        self._nodes: list[Any] = []
        self._tensors: dict[str, Any] = {}

    def __enter__(self) -> GraphWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._data.close()

    def tensor(self, name: str, array: NDArray | np.generic | Sequence[int]) -> str:
        """Add a constant and return its name; a name is added once and may be used again."""
        if name not in self._tensors:
            array = np.ascontiguousarray(array) if np.ndim(array) else np.asarray(array)
            self._tensors[name] = (
                numpy_helper.from_array(array, name) if array.nbytes < _INLINE else self._store(name, array)
            )
        return name

    def _store(self, name: str, array: NDArray) -> Any:
        if array.nbytes >= _PAGE:
            self._data.seek(-self._data.tell() % _PAGE, 1)
        proto = TensorProto(name=name, dims=array.shape, data_location=TensorProto.EXTERNAL)
        proto.data_type = helper.np_dtype_to_tensor_dtype(array.dtype)
        for key, value in (
            ("location", "weights.bin"),
            ("offset", self._data.tell()),
            ("length", array.nbytes),
        ):
            proto.external_data.add(key=key, value=str(value))
        self._data.write(array.data)
        return proto

    def node(self, kind: str, inputs: Sequence[str], domain: str = "", **attributes: Any) -> str:
        """Add a node with one output and return the output's name."""
        return self.nodes(kind, inputs, 1, domain, **attributes)[0]

    def nodes(self, kind: str, inputs: Sequence[str], outputs: int, domain: str = "", **attributes: Any) -> list[str]:
        """Add a node with several outputs and return their names."""
        names = [f"{kind}_{len(self._nodes)}_{i}" for i in range(outputs)]
        self._nodes.append(helper.make_node(kind, inputs, names, domain=domain, **attributes))
        return names

    def finish(self, inputs: Sequence[Any], outputs: Sequence[Any], name: str) -> None:
        """Write ``model.onnx``; ``inputs`` and ``outputs`` are ONNX value infos."""
        graph = helper.make_graph(self._nodes, name, inputs, outputs, list(self._tensors.values()))
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)],
            ir_version=_IR_VERSION,
            producer_name="quarry",
        )
        onnx.save_model(model, self._folder / "model.onnx")
