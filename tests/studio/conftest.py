"""One studio for all tests of a worker that talk to one: starting it takes some seconds."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.studio.serving import Running, running


@pytest.fixture(scope="session")
def studio(tmp_path_factory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("studio")) as started:
        yield started


@pytest.fixture
def client(studio: Running) -> Iterator[httpx2.Client]:
    """A client of a studio without photos."""
    with studio.client() as client:
        for photo in client.get("sitting").json()["photos"]:
            client.delete(f"photos/{photo['id']}")
        yield client
