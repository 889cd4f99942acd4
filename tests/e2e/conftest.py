import gzip
import json
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from node import Node  # noqa: E402
from s3_server import S3Server  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("CAIRN_SHARED", ROOT.parent / "shared"))


LONGEST = ("test_readme", "test_gateway", "test_real_s3")


def pytest_collection_modifyitems(items):
    """The longest modules first, so that no process is left with one of them at the end."""
    items.sort(key=lambda item: -LONGEST.index(item.path.stem) if item.path.stem in LONGEST else 1)


@pytest.fixture
def start(tmp_path):
    """Starts nodes that are stopped at the end of the test: start(config=..., name=...)."""
    nodes = []

    def starter(name="node", **options):
        node = Node(tmp_path / name, **options)
        nodes.append(node)
        return node.start()

    yield starter
    for node in nodes:
        if node.process and node.process.poll() is None:
            node.kill()


@pytest.fixture
def node(start):
    return start()


@pytest.fixture
def start_s3(tmp_path):
    """Starts real S3 servers that are stopped at the end of the test: start_s3("minio")."""
    servers = []

    def starter(program, **options):
        server = S3Server(program, tmp_path / program, **options)
        servers.append(server)
        return server.start()

    yield starter
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def real_records():
    """The real records, as text lines."""
    path = SHARED / "data/cloudtrail-dev.ndjson.gz"
    if not path.exists():
        assert not os.environ.get("CI"), f"{path} is missing"
        pytest.skip("the real records are not there")
    return gzip.open(path, "rt").read().splitlines()


@pytest.fixture(scope="session")
def cases():
    folder = pathlib.Path(os.environ.get("CAIRN_CASES", SHARED / "cases"))
    if not folder.exists():
        assert not os.environ.get("CI"), f"{folder} is missing"
        pytest.skip("the given cases are not there")
    return lambda name: json.loads((folder / name).read_text())
