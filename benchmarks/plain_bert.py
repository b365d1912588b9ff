"""BERT as a float32 ONNX graph in the way that exporters write it: the encoder benchmark's baseline.

Separate projections for queries, keys and values, attention spelled out in MatMul and Softmax with a mask,
float32 tables; the runtime's own optimizations apply. It shares nothing with the project's graph but
the weights.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper

from embeddings.bert_weights import BertWeights, BlockTable, Dense, Norm
from embeddings.graph_writer import GraphWriter


def dequantized(table: BlockTable) -> np.ndarray:
    """float32[vocabulary, hidden] of 4-bit blocks."""
    nibbles = np.stack([table.packed & 15, table.packed >> 4], axis=2).reshape(len(table.packed), -1)
    return (nibbles.astype(np.float32) - 8) * np.repeat(table.scales, 32, axis=1)


def build_plain(weights: BertWeights, folder: Path) -> Path:
    """Write the graph into a folder and return the model's path."""
    with GraphWriter(folder) as graph:
        heads, hidden = weights.heads, weights.hidden
        split = graph.tensor("split", np.array([0, 0, heads, hidden // heads]))
        merge = graph.tensor("merge", np.array([0, 0, hidden]))
        scale = graph.tensor("scale", np.float32((hidden / heads) ** -0.5))
        one = graph.tensor("one", np.float32(1))

        def dense(name: str, x: str, d: Dense) -> str:
            product = graph.node("MatMul", [x, graph.tensor(f"{name}.w", d.weights)])
            return graph.node("Add", [product, graph.tensor(f"{name}.b", d.bias)])

        def norm(name: str, x: str, n: Norm) -> str:
            names = [x, graph.tensor(f"{name}.g", n.gain), graph.tensor(f"{name}.c", n.bias)]
            return graph.node("LayerNormalization", names, axis=-1, epsilon=weights.epsilon)

        def by_head(name: str, x: str, d: Dense) -> str:
            return graph.node("Transpose", [graph.node("Reshape", [dense(name, x, d), split])], perm=[0, 2, 1, 3])

        words = weights.words
        table = dequantized(words) if isinstance(words, BlockTable) else words
        length = graph.node("Shape", ["input_ids"], start=1, end=2)
        positions = graph.tensor("positions", weights.positions)
        positions = graph.node("Slice", [positions, graph.tensor("start", np.array([0])), length])
        x = graph.node("Add", [graph.node("Gather", [graph.tensor("words", table), "input_ids"]), positions])
        x = norm("embeddings", x, weights.embedding_norm)
        mask = graph.node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
        mask = graph.node("Unsqueeze", [mask, graph.tensor("axes", np.array([1, 2]))])
        hidden_from = graph.tensor("hidden_from", np.float32(-10_000))
        mask = graph.node("Mul", [graph.node("Sub", [one, mask]), hidden_from])
        for i in range(weights.layers):
            layer = weights.layer(i)
            query = by_head(f"{i}.q", x, layer.query)
            key = by_head(f"{i}.k", x, layer.key)
            value = by_head(f"{i}.v", x, layer.value)
            logits = graph.node("MatMul", [query, graph.node("Transpose", [key], perm=[0, 1, 3, 2])])
            logits = graph.node("Add", [graph.node("Mul", [logits, scale]), mask])
            attended = graph.node("MatMul", [graph.node("Softmax", [logits], axis=-1), value])
            attended = graph.node("Reshape", [graph.node("Transpose", [attended], perm=[0, 2, 1, 3]), merge])
            attended = dense(f"{i}.a", attended, layer.attention_output)
            x = norm(f"{i}.an", graph.node("Add", [x, attended]), layer.attention_norm)
            inner = graph.node("Gelu", [dense(f"{i}.i", x, layer.intermediate)])
            x = norm(f"{i}.on", graph.node("Add", [x, dense(f"{i}.o", inner, layer.output)]), layer.output_norm)
        shape = ["texts", "tokens"]
        inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, shape) for n in ("input_ids", "attention_mask")]
        output = helper.make_tensor_value_info(x, TensorProto.FLOAT, [*shape, hidden])
        graph.finish(inputs, [output], "plain")
    return folder / "model.onnx"
