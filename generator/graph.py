"""A Llama-architecture decoder as an onnxruntime graph, built from a GGUF file.

The block, in reading order (Touvron et al. 2023, section 2.2): RMSNorm, grouped-query attention with
rotary positions, RMSNorm, SwiGLU feed-forward; residuals around both.

One graph serves prefill, decode and the checking of drafts. B sequences, S new tokens each, T tokens in
all, M rows asked for, V vocabulary:

    input_ids int64[B, S] · seqlens_k int32[B] = T + E − 1 · total_sequence_length int32 = T + E
    empty int64[1] = E: empty tokens that attention sees after the new ones, 0 or 1
    select int64[M]: which of the R = B · S rows get logits (the head is the costliest matrix)
    past_key.i, past_value.i float32[B, kv_heads, capacity, head_size]
    -> logits float32[M, V], present_key.i, present_value.i

Past and present of a layer are bound to the same memory, so keys and values are appended in place.
Everything but attention works on rows, [R, ...].

Why empty tokens: onnxruntime multiplies a single row by another routine than several, which rounds
differently, and 8-bit activations blow that up into other texts. With E = 1 there are always two rows or
more, and a token's logits are the same to the bit whether it came in a prompt, alone, after a cached
prefix or as a draft (tested where the processor has AVX-512 VNNI; elsewhere that is up to onnxruntime's
kernels). Decoding after 500 tokens takes a tenth longer. The empty token's keys and values are overwritten
by the next call. Several sequences (B > 1) at once need S = 1 and E = 0.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from generator.blocks import Blocks, stack
from generator.config import LlamaConfig, rotary_tables
from generator.errors import UnsupportedModel
from generator.ggml import dense, weights
from generator.gguf import GGUF, Tensor

_MICROSOFT = "com.microsoft"  # onnxruntime's own operators
_TYPES = {"float32": TensorProto.FLOAT, "uint8": TensorProto.UINT8, "int64": TensorProto.INT64}
_ALIGNMENT = 4096  # of each weight in the data file, so that it can be memory-mapped
_Layer = tuple[str, "Blocks | np.ndarray", "np.ndarray | None"]  # name, weights [outputs, inputs], bias [outputs]


class _Builder:
    """Collects nodes, and writes weights to the data file as they come (one in memory at a time)."""

    def __init__(self, data: Path) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._data = data
        self._file = data.open("wb")

    def node(self, op: str, *inputs: str, to: str | list[str], domain: str = "", **attributes: Any) -> str:
        """Adds an operator; returns the name of its first output."""
        outputs = [to] if isinstance(to, str) else to
        self.nodes.append(helper.make_node(op, list(inputs), outputs, domain=domain, **attributes))
        return outputs[0]

    def weight(self, name: str, array: np.ndarray) -> str:
        """Adds a constant; large ones go to the data file."""
        array = np.ascontiguousarray(array)
        tensor = TensorProto(name=name, data_type=_TYPES[str(array.dtype)], dims=array.shape)
        if array.nbytes < 1024:
            tensor.raw_data = array.tobytes()
        else:
            self._file.write(b"\0" * (-self._file.tell() % _ALIGNMENT))
            place = {"location": self._data.name, "offset": self._file.tell(), "length": array.nbytes}
            for key, value in place.items():
                tensor.external_data.add(key=key, value=str(value))
            tensor.data_location = TensorProto.EXTERNAL
            self._file.write(array.tobytes())
        self.initializers.append(tensor)
        return name

    def integers(self, *values: int) -> str:
        """A constant int64[n] (a shape, an axis, ...), added once."""
        name = "int64." + ",".join(map(str, values))
        known = any(tensor.name == name for tensor in self.initializers)
        return name if known else self.weight(name, np.array(values))

    def alias(self, of: str, name: str, shape: list[int]) -> str:
        """Adds a constant that is another one seen in another shape; its bytes are not stored again."""
        tensor = TensorProto()
        tensor.CopyFrom(next(t for t in self.initializers if t.name == of))
        tensor.name = name
        tensor.ClearField("dims")
        tensor.dims.extend(shape)
        self.initializers.append(tensor)
        return name

    def close(self) -> None:
        self._file.close()


def build_graph(file: GGUF, config: LlamaConfig, model: Path) -> None:
    """Writes the graph to ``model`` and its weights beside it, to ``model`` with the suffix ``.data``."""
    builder = _Builder(model.with_suffix(".data"))
    try:
        graph = _Llama(file, config, builder).build()
    finally:
        builder.close()
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid(_MICROSOFT, 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), model)


class _Llama:
    """Writes the decoder's nodes in the order of the computation. Names: layer, part, value."""

    def __init__(self, file: GGUF, config: LlamaConfig, builder: _Builder) -> None:
        self.file = file
        self.config = config
        self.b = builder

    def build(self) -> onnx.GraphProto:
        config, b = self.config, self.b
        factors = self.file.tensors.get("rope_freqs.weight")
        cos, sin = rotary_tables(config, None if factors is None else dense(factors))
        b.weight("cos", cos)  # [context, head_size/2]
        b.weight("sin", sin)
        self._shapes()
        x = self._embedding()
        for i in range(config.layers):
            x = self._block(i, x)
        self._head(x)

        value = helper.make_tensor_value_info
        cache: list[str | int | None] = ["B", config.kv_heads, "capacity", config.head_size]
        names = [f"{part}.{i}" for i in range(config.layers) for part in ("key", "value")]
        inputs: list[onnx.ValueInfoProto] = [
            value("input_ids", TensorProto.INT64, ["B", "S"]),
            value("seqlens_k", TensorProto.INT32, ["B"]),
            value("total_sequence_length", TensorProto.INT32, []),
            value("empty", TensorProto.INT64, [1]),
            value("select", TensorProto.INT64, ["M"]),
            *(value(f"past_{name}", TensorProto.FLOAT, cache) for name in names),
        ]
        outputs: list[onnx.ValueInfoProto] = [
            value("logits", TensorProto.FLOAT, ["M", config.vocabulary]),
            *(value(f"present_{name}", TensorProto.FLOAT, cache) for name in names),
        ]
        return helper.make_graph(b.nodes, "llama", inputs, outputs, b.initializers)

    # --- the parts, in the order of the computation ---

    def _shapes(self) -> None:
        """Shapes that all layers need, from the inputs, once."""
        c, b = self.config, self.b
        b.node("Concat", b.integers(0, 0), "empty", b.integers(0), to="padding", axis=0)  # E rows after R
        b.node("Size", "input_ids", to="size")
        b.node("Reshape", "size", b.integers(1), to="rows")
        b.node("Shape", "input_ids", to="sequences", end=1)
        b.node("Shape", "input_ids", to="new_tokens", start=1)
        b.node("Add", "new_tokens", "empty", to="seen_tokens")
        width = b.integers((c.heads + 2 * c.kv_heads) * c.head_size)
        b.node("Concat", "sequences", "seen_tokens", width, to="qkv_shape", axis=0)

    def _embedding(self) -> str:
        """Rows of the embedding table -> float32[R, hidden]; a quantized table is never expanded."""
        table, b = self._matrix("token_embd.weight"), self.b
        flat = b.integers(-1, self.config.hidden)
        if not isinstance(table, Blocks):
            b.node("Gather", b.weight("embedding", table), "input_ids", to="embedded.sequences")
            return b.node("Reshape", "embedded.sequences", flat, to="embedded")
        self._store("embedding", table)
        b.node(
            "GatherBlockQuantized",
            "embedding.packed",  # [V, blocks, block], as MatMulNBits wants it for the head
            "input_ids",
            b.alias("embedding.scales", "embedding.scales_of_blocks", [*table.scales.shape, 1]),
            to="embedded.blocks",  # [B, S, blocks, block]
            domain=_MICROSOFT,
            bits=table.bits,
            block_size=table.block,
            gather_axis=0,
            quantize_axis=2,
        )
        blocks = "embedded.blocks"
        if table.offsets is not None:
            b.weight("embedding.offset_rows", table.offsets[..., None])
            b.node("Gather", "embedding.offset_rows", "input_ids", to="embedded.offsets")
            blocks = b.node("Add", blocks, "embedded.offsets", to="embedded.exact")
        return b.node("Reshape", blocks, flat, to="embedded")

    def _block(self, i: int, x: str) -> str:
        """One decoder block, float32[R, hidden] -> the same: attention, then feed-forward."""
        c, b, p = self.config, self.b, f"blk.{i}"
        normed = self._norm(f"{p}.attn_norm", x)
        qkv = self._linear(normed, self._qkv(p))
        packed = qkv[0] if len(qkv) == 1 else b.node("Concat", *qkv, to=f"{p}.attn_qkv", axis=-1)
        b.node("Pad", packed, "padding", to=f"{p}.attn_qkv.padded")
        b.node(
            "GroupQueryAttention",
            # [B, S + E, (heads + 2 kv_heads) · head_size]
            b.node("Reshape", f"{p}.attn_qkv.padded", "qkv_shape", to=f"{p}.attn_qkv.sequences"),
            "",
            "",
            f"past_key.{i}",
            f"past_value.{i}",
            "seqlens_k",
            "total_sequence_length",
            "cos",
            "sin",
            to=[f"{p}.attended.sequences", f"present_key.{i}", f"present_value.{i}"],
            domain=_MICROSOFT,
            num_heads=c.heads,
            kv_num_heads=c.kv_heads,
            scale=c.head_size**-0.5,
            do_rotary=1,
            rotary_interleaved=0,
        )
        flat = b.integers(-1, c.heads * c.head_size)
        attended = b.node("Reshape", f"{p}.attended.sequences", flat, to=f"{p}.attended.padded")  # [R + E, ...]
        if i < c.layers - 1:
            ends = b.integers(0), "rows", b.integers(0)  # from, to, axis
            attended = b.node("Slice", attended, *ends, to=f"{p}.attended")
        else:  # its keys and values are stored: from here on only the rows asked for are needed
            attended = b.node("Gather", attended, "select", to=f"{p}.attended", axis=0)
            x = b.node("Gather", x, "select", to=f"{p}.selected", axis=0)
        (out,) = self._linear(attended, [self._named(f"{p}.attn_output")])
        x = b.node("Add", x, out, to=f"{p}.with_attention")
        normed = self._norm(f"{p}.ffn_norm", x)
        gate, up = self._linear(normed, [self._named(f"{p}.ffn_gate"), self._named(f"{p}.ffn_up")])
        # SwiGLU (Shazeer 2020): SiLU(gate) · up. QuickGelu, x · sigmoid(alpha x), is SiLU at alpha 1.
        silu = b.node("QuickGelu", gate, to=f"{p}.silu", domain=_MICROSOFT, alpha=1.0)
        product = b.node("Mul", silu, up, to=f"{p}.swiglu")
        (out,) = self._linear(product, [self._named(f"{p}.ffn_down")])
        return b.node("Add", x, out, to=f"{p}.out")

    def _head(self, x: str) -> None:
        """Logits of the selected rows, float32[M, V], under the name "logits"."""
        normed = self._norm("output_norm", x)
        if "output.weight" in self.file.tensors:
            self._linear(normed, [self._named("output")])
        else:  # the embedding table serves as the head too (Press & Wolf 2017), stored once
            self._linear(normed, [("embedding", self._matrix("token_embd.weight"), None)])
        self.b.nodes[-1].output[0] = "logits"

    # --- what the parts are made of ---

    def _norm(self, name: str, x: str) -> str:
        """RMSNorm (Zhang & Sennrich 2019): x / sqrt(mean(x²) + epsilon) · weight."""
        weight = self.b.weight(f"{name}.weight", dense(self._tensor(f"{name}.weight")))
        return self.b.node(
            "SimplifiedLayerNormalization",
            x,
            weight,
            to=f"{name}.out",
            axis=-1,
            epsilon=self.config.norm_epsilon,
            stash_type=1,
        )

    def _linear(self, x: str, layers: list[_Layer]) -> list[str]:
        """x @ W' + bias of each layer, float32[R, outputs] each; the layers share their input.

        For weights s · (q − z) + o in blocks, the first part is MatMulNBits; the offsets add
        sum over blocks of (sum of the block's x) · o, a small product with the block sums of x.
        """
        b = self.b
        sums: dict[int, str] = {}  # block sums of x by the length of the block
        outputs = []
        for name, matrix, bias in layers:
            if isinstance(matrix, Blocks):
                y = self._multiply_blocks(x, name, matrix)
                if matrix.offsets is not None:
                    if matrix.block not in sums:
                        sums[matrix.block] = self._block_sums(x, matrix.block)
                    b.weight(f"{name}.offsets", matrix.offsets.T)
                    y = b.node("Gemm", sums[matrix.block], f"{name}.offsets", y, to=f"{name}.sum")
            else:
                if name != "embedding":
                    b.weight(name, matrix)
                y = b.node("FusedMatMul", x, name, to=f"{name}.out", domain=_MICROSOFT, transB=1)
            if bias is not None:
                y = b.node("Add", y, b.weight(f"{name}.bias", bias), to=f"{name}.biased")
            outputs.append(y)
        return outputs

    def _multiply_blocks(self, x: str, name: str, matrix: Blocks) -> str:
        if name != "embedding":
            self._store(name, matrix)
        return self.b.node(
            "MatMulNBits",
            x,
            f"{name}.packed",
            f"{name}.scales",
            to=f"{name}.out",
            domain=_MICROSOFT,
            bits=matrix.bits,
            block_size=matrix.block,
            K=matrix.scales.shape[1] * matrix.block,
            N=matrix.scales.shape[0],
            accuracy_level=4,  # activations as int8 with a scale for each block, as llama.cpp does
        )

    def _block_sums(self, x: str, block: int) -> str:
        """float32[R, inputs] -> float32[R, inputs/block]."""
        b, name = self.b, f"{x}.blocks.{block}"
        b.node("Reshape", x, b.integers(0, -1, block), to=name)
        return b.node("ReduceSum", name, b.integers(-1), to=f"{name}.sums", keepdims=0)

    def _store(self, name: str, matrix: Blocks) -> None:
        self.b.weight(f"{name}.packed", matrix.packed)
        self.b.weight(f"{name}.scales", matrix.scales)

    # --- weights of the file ---

    def _tensor(self, name: str) -> Tensor:
        if name not in self.file.tensors:
            raise UnsupportedModel(f"{self.file.path} lacks the tensor {name}: convert the model again")
        return self.file.tensors[name]

    def _matrix(self, name: str) -> Blocks | np.ndarray:
        return weights(self._tensor(name))

    def _named(self, name: str) -> _Layer:
        bias = self.file.tensors.get(f"{name}.bias")
        return name, self._matrix(f"{name}.weight"), None if bias is None else dense(bias)

    def _qkv(self, p: str) -> list[_Layer]:
        """Queries, keys and values of one block: one layer when stored alike, else three."""
        layers = []
        for part, heads in (("q", self.config.heads), ("k", self.config.kv_heads), ("v", 0)):
            name, matrix, bias = self._named(f"{p}.attn_{part}")
            if heads and self.config.interleaved:
                order = _half_split(heads, self.config.head_size)
                matrix = matrix.rows(order) if isinstance(matrix, Blocks) else matrix[order]
                bias = None if bias is None else bias[order]
            layers.append((name, matrix, bias))
        stacked = stack([matrix for _, matrix, _ in layers])
        if stacked is None:
            return layers
        biases = [bias for _, _, bias in layers if bias is not None]
        return [(f"{p}.attn_qkv", stacked, np.concatenate(biases) if biases else None)]


def _half_split(heads: int, head_size: int) -> np.ndarray:
    """Rows of a head whose rotary pairs are (2i, 2i+1), ordered so that pairs are (i, i + head_size/2)."""
    rows = np.arange(heads * head_size).reshape(heads, head_size // 2, 2)
    return rows.transpose(0, 2, 1).reshape(-1)
