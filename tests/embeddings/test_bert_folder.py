"""Local folders in Hugging Face layout."""

from __future__ import annotations

import json
import re

import numpy as np
import onnx
import pytest
from bert_reference import HIDDEN, WORDS, forward, write_folder
from onnx import TensorProto, helper, numpy_helper

from embeddings.bert import FolderOptions, load_folder
from embeddings.registry import load_encoder

TEXTS = [
    "search engine",
    "检索引擎 the vector",
    "unknown 词 !",
    "",
    "a b c d e f g h i j k l m n o p q r s t u v w x y z",
]
FLOAT = FolderOptions(precision="float32")


def ids_of(text: str, limit: int = 24) -> list[int]:
    """WordPiece of the reference vocabulary, for texts of whole words."""
    words = re.findall(r"[a-z]+|\S", text)
    return [2, *[WORDS.index(word) if word in WORDS else 1 for word in words][: limit - 2], 3]


def unit(vector):
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize("family", ["bert", "roberta", "xlm-roberta"])
def test_vectors_are_the_mean_of_the_last_states(tmp_path, family):
    tensors = write_folder(tmp_path / "model", model_type=family)
    encoder = load_folder(tmp_path / "model", tmp_path, 1, FLOAT)
    assert encoder.dimension == HIDDEN
    vectors = encoder.encode_passages(TEXTS)
    for text, vector in zip(TEXTS, vectors, strict=True):
        states = forward(tensors, ids_of(text), 0 if family == "bert" else 2)
        np.testing.assert_allclose(vector, unit(states.mean(axis=0)), atol=2e-5)


def test_cls_pooling_from_the_folder_or_by_option(tmp_path):
    tensors = write_folder(tmp_path / "model")
    expected = unit(forward(tensors, ids_of("search engine"))[0])
    by_option = load_folder(tmp_path / "model", tmp_path, 1, FolderOptions(pooling="cls", precision="float32"))
    (tmp_path / "model" / "1_Pooling").mkdir()
    modes = {"word_embedding_dimension": HIDDEN, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    (tmp_path / "model" / "1_Pooling" / "config.json").write_text(json.dumps(modes))
    by_folder = load_folder(tmp_path / "model", tmp_path, 1, FLOAT)
    for encoder in (by_option, by_folder):
        np.testing.assert_allclose(encoder.encode_queries(["search engine"])[0], expected, atol=2e-5)
    assert by_option.fingerprint == by_folder.fingerprint


def test_half_precision_weights_are_read(tmp_path):
    write_folder(tmp_path / "full")
    expected = load_folder(tmp_path / "full", tmp_path, 1, FLOAT).encode_passages(TEXTS)
    for dtype in ("F16", "BF16"):
        write_folder(tmp_path / dtype, dtype=dtype)
        vectors = load_folder(tmp_path / dtype, tmp_path, 1, FLOAT).encode_passages(TEXTS)
        assert (vectors * expected).sum(axis=1).min() > 0.9999


def test_int8_is_the_default_and_near_float(tmp_path):
    write_folder(tmp_path / "model")
    encoder = load_encoder(str(tmp_path / "model"), tmp_path, 2)
    exact = load_folder(tmp_path / "model", tmp_path, 1, FLOAT)
    assert encoder.fingerprint != exact.fingerprint
    cosines = (encoder.encode_passages(TEXTS) * exact.encode_passages(TEXTS)).sum(axis=1)
    assert cosines.min() > 0.999


def test_prompts_become_prefixes(tmp_path):
    write_folder(tmp_path / "model")
    plain = load_folder(tmp_path / "model", tmp_path, 1, FLOAT)
    prompts = {"prompts": {"query": "search ", "document": "the "}}
    (tmp_path / "model" / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    prompted = load_folder(tmp_path / "model", tmp_path, 1, FLOAT)
    np.testing.assert_array_equal(prompted.encode_queries(["engine"]), plain.encode_queries(["search engine"]))
    np.testing.assert_array_equal(prompted.encode_passages(["engine"]), plain.encode_passages(["the engine"]))
    assert prompted.fingerprint != plain.fingerprint


def test_e5_models_get_their_prefixes(tmp_path):
    write_folder(tmp_path / "multilingual-e5-base")
    encoder = load_folder(tmp_path / "multilingual-e5-base", tmp_path, 1)
    assert (encoder.query_prefix, encoder.passage_prefix) == ("query: ", "passage: ")


def test_the_folder_s_sequence_length_is_kept(tmp_path):
    write_folder(tmp_path / "model")
    (tmp_path / "model" / "sentence_bert_config.json").write_text('{"max_seq_length": 5}')
    encoder = load_folder(tmp_path / "model", tmp_path, 1)
    np.testing.assert_array_equal(encoder.encode_passages(["a b c d e f"]), encoder.encode_passages(["a b c"]))


def onnx_export(path, tensors):
    """As an exporter names things: embeddings of the ids, plus each token's type, times the mask."""
    table = numpy_helper.from_array(tensors["embeddings.word_embeddings.weight"], "table")
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["words"]),
        helper.make_node("Add", ["attention_mask", "token_type_ids"], ["sum"]),
        helper.make_node("Unsqueeze", ["sum", "axis"], ["column"]),
        helper.make_node("Cast", ["column"], ["scale"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["words", "scale"], ["last_hidden_state"]),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"])
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "sequence", HIDDEN])
    axis = numpy_helper.from_array(np.array([-1]), "axis")
    graph = helper.make_graph(nodes, "export", inputs, [output], [table, axis])
    path.parent.mkdir(exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def test_an_onnx_export_runs_as_it_is(tmp_path):
    tensors = write_folder(tmp_path / "model", model_type="deberta-v2")
    onnx_export(tmp_path / "model" / "onnx" / "model.onnx", tensors)
    vector = load_encoder(str(tmp_path / "model"), tmp_path, 1).encode_passages(["search engine"])[0]
    rows = tensors["embeddings.word_embeddings.weight"][ids_of("search engine")]
    np.testing.assert_allclose(vector, unit(rows.mean(axis=0)), atol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "deberta-v2"}, r"export it to onnx/model\.onnx"),
        ({"hidden_act": "relu"}, r"export it to onnx/model\.onnx"),
        ({"position_embedding_type": "relative_key"}, r"export it to onnx/model\.onnx"),
    ],
)
def test_other_architectures_are_refused(tmp_path, change, message):
    write_folder(tmp_path / "model", **change)
    with pytest.raises(ValueError, match=message):
        load_folder(tmp_path / "model", tmp_path, 1)


def test_incomplete_folders_are_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"it needs config\.json"):
        load_folder(tmp_path / "empty", tmp_path, 1)
    write_folder(tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").unlink()
    with pytest.raises(ValueError, match=r"neither model\.safetensors nor"):
        load_folder(tmp_path / "model", tmp_path, 1)


def test_layers_after_pooling_are_refused(tmp_path):
    write_folder(tmp_path / "model")
    modules = [{"type": f"sentence_transformers.models.{kind}"} for kind in ("Transformer", "Pooling", "Dense")]
    (tmp_path / "model" / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ValueError, match="has a Dense layer"):
        load_folder(tmp_path / "model", tmp_path, 1)


@pytest.mark.parametrize("damage", [lambda b: b[:100], lambda b: b[:-10], lambda b: b"\xff" * 8 + b[8:], lambda b: b""])
def test_damaged_weights_are_named(tmp_path, damage):
    write_folder(tmp_path / "model")
    file = tmp_path / "model" / "model.safetensors"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ValueError, match=r"model\.safetensors"):
        load_folder(tmp_path / "model", tmp_path, 1)
    assert not [p for p in (tmp_path / "models").glob("*") if p.is_dir()]
