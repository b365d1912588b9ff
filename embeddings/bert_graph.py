"""A BERT encoder as an onnxruntime graph: ids int64[texts, tokens] -> float32[texts, tokens, hidden].

All texts of one run have the same number of tokens, so the graph has neither padding nor mask.

In int8, every matrix product quantizes its input *by row with a fixed zero point*: row i of x becomes
``q[i] = round(127 * x[i] / r[i]) + 128`` with ``r[i] = max|x[i]|``, and the product is
``(q - 128) @ W8 * (column scales / 127) * r[i]``. A token's integers therefore depend on that token
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

GRAPH_VERSION = 1  # raise it when built graphs must be built again
Precision = Literal["int8", "float32"]

_GELU_MINIMUM = 0.1701  # x * Phi(x) is at least -0.16997, its tanh approximation -0.17004
_GELU_ZERO = 48


def build_graph(weights: BertWeights, folder: Path, precision: Precision = "int8") -> None:
    """Write ``model.onnx`` and ``weights.bin`` into an existing empty folder."""
    with GraphWriter(folder) as graph:
        _Builder(graph, weights, precision).build()


class _Builder:
    def __init__(self, graph: GraphWriter, weights: BertWeights, precision: Precision) -> None:
        self.graph = graph
        self.weights = weights
        self.precision = precision

    def build(self) -> None:
        graph, weights = self.graph, self.weights
        x = self._embed()
        for i in range(weights.layers):
            x = self._block(f"layer{i}", x, weights.layer(i))
        ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"])
        out = helper.make_tensor_value_info(x, TensorProto.FLOAT, ["texts", "tokens", weights.hidden])
        graph.finish([ids], [out], "bert")

    def _embed(self) -> str:
        graph, weights = self.graph, self.weights
        if isinstance(weights.words, BlockTable):
            words = graph.node(
                "GatherBlockQuantized",
                [
                    graph.tensor("words", weights.words.packed),
                    "ids",
                    graph.tensor("words.scales", weights.words.scales),
                ],
                MICROSOFT,
                block_size=32,
                gather_axis=0,
                quantize_axis=1,
            )
        else:
            table = weights.words.astype(np.float32 if self.precision == "float32" else np.float16)
            words = graph.node("Gather", [graph.tensor("words", table), "ids"], axis=0)
            words = graph.node("Cast", [words], to=TensorProto.FLOAT)
        tokens = graph.node("Shape", ["ids"], start=1, end=2)  # int64[1]
        positions = graph.node(
            "Slice",
            [graph.tensor("positions", weights.positions), graph.tensor("zero", np.array([0])), tokens],
        )  # float32[tokens, hidden]
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
        """Scaled dot-product attention over all tokens: float32[texts, tokens, hidden]."""
        graph, heads = self.graph, self.weights.heads
        stacked = np.concatenate([layer.query.weights, layer.key.weights, layer.value.weights], axis=1)
        product = self._product(f"{name}.qkv", self._rows(x), stacked)
        query, key, value = graph.nodes("Split", [product], 3, axis=-1, num_outputs=3)
        query = graph.node("Add", [query, graph.tensor(f"{name}.query.bias", layer.query.bias)])
        return graph.node("Attention", [query, key, value], q_num_heads=heads, kv_num_heads=heads)

    def _norm(self, name: str, x: str, norm: Norm) -> str:
        gain, bias = self.graph.tensor(f"{name}.gain", norm.gain), self.graph.tensor(f"{name}.bias", norm.bias)
        return self.graph.node("LayerNormalization", [x, gain, bias], axis=-1, epsilon=self.weights.epsilon)

    def _dense(self, name: str, rows: _Rows, dense: Dense) -> str:
        product = self._product(name, rows, dense.weights)
        return self.graph.node("Add", [product, self.graph.tensor(f"{name}.bias", dense.bias)])

    def _product(self, name: str, rows: _Rows, weights: np.ndarray) -> str:
        """``x @ weights`` of float32[..., inputs], in the graph's precision."""
        graph = self.graph
        if isinstance(rows, str):
            return graph.node("MatMul", [rows, graph.tensor(name, weights)])
        integers, largest, step, zero = rows
        columns, scales = quantize_columns(weights)
        product = graph.node(
            "MatMulIntegerToFloat",
            [
                integers,
                graph.tensor(name, columns),
                step,
                graph.tensor(f"{name}.scales", scales),
                zero,
            ],
            MICROSOFT,
        )
        return graph.node("Mul", [product, largest])

    def _rows(self, x: str) -> _Rows:
        """x quantized by row, symmetric about zero."""
        if self.precision == "float32":
            return x
        largest = self._row_maximum(self.graph.node("Abs", [x]))
        floor = self.graph.tensor("tiny", np.float32(1e-12))  # a row of zeros stays zeros
        return self._quantize(x, self.graph.node("Max", [largest, floor]), levels=127, zero=128)

    def _gelu_rows(self, x: str) -> _Rows:
        """x = GELU(...) quantized by row; the floor of the range keeps the negative side unclipped."""
        if self.precision == "float32":
            return x
        levels = 255 - _GELU_ZERO
        floor = self.graph.tensor("gelu.floor", np.float32(_GELU_MINIMUM * levels / _GELU_ZERO))
        largest = self.graph.node("Max", [self._row_maximum(x), floor])
        return self._quantize(x, largest, levels, _GELU_ZERO)

    def _row_maximum(self, x: str) -> str:
        return self.graph.node("ReduceMax", [x, self.graph.tensor("last", np.array([-1]))], keepdims=1)

    def _quantize(self, x: str, largest: str, levels: int, zero: int) -> _Rows:
        graph = self.graph
        inverse = graph.node("Div", [graph.tensor(f"levels{levels}", np.float32(levels)), largest])
        scaled = graph.node("Mul", [x, inverse])
        zero_point = graph.tensor(f"zero{zero}", np.uint8(zero))
        integers = graph.node("QuantizeLinear", [scaled, graph.tensor("one", np.float32(1)), zero_point])
        return integers, largest, graph.tensor(f"step{levels}", np.float32(1 / levels)), zero_point


# float rows; or uint8 rows, float32 largest magnitude of each row, step of a row whose largest is 1, zero point
_Rows = str | tuple[str, str, str, str]
