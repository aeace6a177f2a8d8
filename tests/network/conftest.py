from pathlib import Path

import pytest

from colorizer.network.architectures import build
from colorizer.network.model_files import save
from colorizer.settings import ModelSettings


@pytest.fixture(scope="session")
def harmless(tmp_path_factory) -> dict[str, Path]:
    """The same small network as `.h5` and as `.keras`."""
    network = build(ModelSettings(size=64, filters=(8, 8)))
    folder = tmp_path_factory.mktemp("models")
    paths = {ending: folder / f"harmless{ending}" for ending in (".h5", ".keras")}
    for path in paths.values():
        save(network.model, path)
    return paths
