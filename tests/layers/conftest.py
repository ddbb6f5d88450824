"""Layers and servers as the product builds them, once; they are cached in build/ between runs."""

from pathlib import Path

import pytest

from layers.build import BUILD
from layers.postgres import MAJORS, client_layer, server_layer, server_tree
from layers.python import dependency_layer
from layers.target import ARCHITECTURES, Architecture, Platform


@pytest.fixture(scope="session")
def client_layers() -> dict[Architecture, Path]:
    return {architecture: client_layer(architecture) for architecture in ARCHITECTURES}


@pytest.fixture(scope="session")
def server_layers() -> dict[Architecture, Path]:
    return {architecture: server_layer(architecture) for architecture in ARCHITECTURES}


@pytest.fixture(scope="session")
def dependency_layers() -> dict[Architecture, Path]:
    return {architecture: dependency_layer(architecture) for architecture in ARCHITECTURES}


@pytest.fixture(scope="session")
def host_programs(client_layers: dict[Architecture, Path]) -> Path:
    """The directory with the majors' directories, of the layer whose programs run here."""
    return client_layers[Platform.of_host().architecture] / "lib/postgresql"


@pytest.fixture(scope="session")
def servers() -> Path:
    return server_tree(MAJORS)


@pytest.fixture
def fresh_build(tmp_path: Path, client_layers: dict[Architecture, Path]) -> Path:
    """An empty build directory that shares only the downloaded wheels with the real one."""
    assert client_layers, "the wheels are there"
    build = tmp_path / "build"
    build.mkdir()
    (build / "wheels").symlink_to(BUILD / "wheels")
    return build
