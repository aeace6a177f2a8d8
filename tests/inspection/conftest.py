import pytest

from colorizer.inspection.viewing import ViewedPhoto, view
from colorizer.network.architectures import build
from colorizer.network.model_files import load_model
from colorizer.network.network import Network
from colorizer.settings import ModelSettings
from tests.conftest import SHIPPED


@pytest.fixture(scope="session")
def plain_network() -> Network:
    """A small network that has learned nothing, of convolutions and upsamplings only."""
    return build(ModelSettings(size=64, filters=(8, 12, 16)))


@pytest.fixture(scope="session")
def shipped_network() -> Network:
    """The model that ships: one that has learned what things are."""
    return load_model()


@pytest.fixture(scope="session")
def viewed(shipped_network) -> dict[str, ViewedPhoto]:
    """Photographs with their true colours, as the shipped model sees and colours them."""
    paths = [SHIPPED / name for name in ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")]
    return {path.stem: view(shipped_network, path, path) for path in paths}
