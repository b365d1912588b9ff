"""A BERT encoder as an onnxruntime graph: ids int64[texts, tokens] -> float32[texts, tokens, hidden].

All texts of one run have the same number of tokens, so the graph has neither padding nor mask.

In int8, every matrix product quantizes its input *by row with a fixed zero point*: row i of x becomes
``q[i] = round(x[i] / s[i]) + 128`` with ``s[i] = max|x[i]| / 127``, and row i of the product is
``(q[i] - 128) @ W8 * column scales * s[i]``. A token's integers therefore depend on that token
alone. (Dynamic quantization as usually built shares one range among all tokens of a run, so that a
text's vector changes with the texts beside it.) The feed-forward's inner activations are never below
-0.17 (GELU's minimum), so their zero point is 48 instead of 128 and most of the range serves the
positive side.

Two biases vanish: adding one vector to every key changes no softmax, and attention weights sum to one,
so the values' bias moves through the output projection into that one's bias.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from onnx import TensorProto, helper

from embeddings.bert_weights import BertWeights, BlockTable, Dense, Layer, Norm
from embeddings.graph_writer import MICROSOFT, GraphWriter
from embeddings.quantize import quantize_columns

GRAPH_VERSION = 2  # raise it when built graphs must be built again
Precision = Literal["int8", "float32"]

_GELU_MINIMUM = 0.1701  # x * Phi(x) is at least -0.16997, its tanh approximation -0.17004
_GELU_ZERO = 48


def build_graph(weights: BertWeights, folder: Path, precision: Precision = "int8") -> None:
    """Write ``model.onnx`` and ``weights.bin`` into an existing empty folder."""
    with GraphWriter(folder) as graph:
        _Builder(graph, weights, precision).build()


class _Builder:
    """Adds the nodes; between attentions all tokens of a run are rows of one matrix."""

    def __init__(self, graph: GraphWriter, weights: BertWeights, precision: Precision) -> None:
        self.graph = graph
        self.weights = weights
        self.precision = precision
        minus_one = graph.tensor("last", np.array([-1]))
        self.by_row = graph.tensor("by_row", np.array([-1, weights.hidden]))  # shape [texts * tokens, hidden]
        self.by_text = graph.node("Concat", [graph.node("Shape", ["ids"]), minus_one], axis=0)
        self.points: dict[int, str] = {}
        rows = graph.node("Size", ["ids"])
        self.rows = graph.node("Unsqueeze", [rows, graph.tensor("first", np.array([0]))])  # int64[1]

    def build(self) -> None:
        graph, weights = self.graph, self.weights
        x = graph.node("Reshape", [self._embed(), self.by_row])
        for i in range(weights.layers):
            x = self._block(f"layer{i}", x, weights.layer(i))
        x = graph.node("Reshape", [x, self.by_text])
        ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"])
        out = helper.make_tensor_value_info(x, TensorProto.FLOAT, ["texts", "tokens", weights.hidden])
        graph.finish([ids], [out], "bert")

    def _embed(self) -> str:
        """float32[texts, tokens, hidden]."""
        graph, weights = self.graph, self.weights
        if isinstance(weights.words, BlockTable):
            packed = graph.tensor("words", weights.words.packed)
            scales = graph.tensor("words.scales", weights.words.scales)
            layout = {"block_size": 32, "gather_axis": 0, "quantize_axis": 1}
            words = graph.node("GatherBlockQuantized", [packed, "ids", scales], MICROSOFT, **layout)
        else:
            array = weights.words.astype(np.float32 if self.precision == "float32" else np.float16)
            words = graph.node("Gather", [graph.tensor("words", array), "ids"], axis=0)
            words = graph.node("Cast", [words], to=TensorProto.FLOAT)
        tokens = graph.node("Shape", ["ids"], start=1, end=2)  # int64[1]
        table, first = graph.tensor("positions", weights.positions), graph.tensor("first", np.array([0]))
        positions = graph.node("Slice", [table, first, tokens])  # float32[tokens, hidden]
        return self._norm("embedding.norm", graph.node("Add", [words, positions]), weights.embedding_norm)

    def _block(self, name: str, x: str, layer: Layer) -> str:
        graph = self.graph
        attended = self._attention(name, x, layer)
        output = layer.attention_output
        output = Dense(output.weights, output.bias + layer.value.bias @ output.weights)
        y = self._dense(f"{name}.attention.output", self._rows(attended), output)
        x = self._norm(f"{name}.attention.norm", graph.node("Add", [x, y]), layer.attention_norm)
        y = self._dense(f"{name}.intermediate", self._rows(x), layer.intermediate)
        tanh = self.weights.activation == "gelu_new"
        y = graph.node("Gelu", [y], approximate="tanh" if tanh else "none")
        y = self._dense(f"{name}.output", self._gelu_rows(y), layer.output)
        return self._norm(f"{name}.norm", graph.node("Add", [x, y]), layer.output_norm)

    def _attention(self, name: str, x: str, layer: Layer) -> str:
        """Scaled dot-product attention among the tokens of each text: float32[texts * tokens, hidden]."""
        graph, heads = self.graph, self.weights.heads
        stacked = np.concatenate([layer.query.weights, layer.key.weights, layer.value.weights], axis=1)
        product = self._product(f"{name}.qkv", self._rows(x), stacked)
        product = graph.node("Reshape", [product, self.by_text])  # [texts, tokens, 3 * hidden]
        query, key, value = graph.nodes("Split", [product], 3, axis=-1, num_outputs=3)
        query = graph.node("Add", [query, graph.tensor(f"{name}.query.bias", layer.query.bias)])
        attended = graph.node("Attention", [query, key, value], q_num_heads=heads, kv_num_heads=heads)
        return graph.node("Reshape", [attended, self.by_row])

    def _norm(self, name: str, x: str, norm: Norm) -> str:
        gain, bias = self.graph.tensor(f"{name}.gain", norm.gain), self.graph.tensor(f"{name}.bias", norm.bias)
        return self.graph.node("LayerNormalization", [x, gain, bias], axis=-1, epsilon=self.weights.epsilon)

    def _dense(self, name: str, rows: _Rows, dense: Dense) -> str:
        product = self._product(name, rows, dense.weights)
        return self.graph.node("Add", [product, self.graph.tensor(f"{name}.bias", dense.bias)])

    def _product(self, name: str, rows: _Rows, weights: np.ndarray) -> str:
        """``x @ weights`` of [rows, inputs] in the graph's precision: float32[rows, outputs]."""
        graph = self.graph
        if isinstance(rows, str):
            return graph.node("MatMul", [rows, graph.tensor(name, weights)])
        integers, steps, zero = rows
        columns, scales = quantize_columns(weights)
        right, right_scale = graph.tensor(name, columns), graph.tensor(f"{name}.scales", scales)
        one = graph.tensor("one", np.float32(1))
        product = graph.node("MatMulIntegerToFloat", [integers, right, one, right_scale, zero], MICROSOFT)
        return graph.node("Mul", [product, steps])

    def _rows(self, x: str) -> _Rows:
        """x quantized by row, symmetric about zero."""
        if self.precision == "float32":
            return x
        floor = self.graph.tensor("tiny", np.float32(1e-12))  # a row of zeros stays zeros
        return self._quantize(x, self.graph.node("Abs", [x]), floor, zero=128, levels=127)

    def _gelu_rows(self, x: str) -> _Rows:
        """x = GELU(...) quantized by row; the floor of the range keeps the negative side unclipped."""
        if self.precision == "float32":
            return x
        levels = 255 - _GELU_ZERO
        floor = self.graph.tensor("gelu.floor", np.float32(_GELU_MINIMUM * levels / _GELU_ZERO))
        return self._quantize(x, x, floor, _GELU_ZERO, levels)

    def _quantize(self, x: str, magnitudes: str, floor: str, zero: int, levels: int) -> _Rows:
        """x as uint8 with the given zero point, ``levels`` for the largest magnitude of its row."""
        graph = self.graph
        largest = graph.node("ReduceMax", [magnitudes, graph.tensor("last", np.array([-1]))], keepdims=1)
        per_level = graph.tensor(f"per_level.{levels}", np.float32(1 / levels))
        steps = graph.node("Mul", [graph.node("Max", [largest, floor]), per_level])  # float32[rows, 1]
        point = graph.tensor(f"zero.{zero}", np.uint8(zero))
        if zero not in self.points:
            self.points[zero] = graph.node("Expand", [point, self.rows])  # uint8[rows]
        flat = graph.node("Reshape", [steps, graph.tensor("last", np.array([-1]))])  # float32[rows]
        return graph.node("QuantizeLinear", [x, flat, self.points[zero]], axis=0), steps, point


# float32 rows; or uint8[rows, inputs], the step of each row float32[rows, 1], and their zero point
_Rows = str | tuple[str, str, str]
