"""The examples of the README work as printed."""

import pathlib
import re
import subprocess

import pytest

from node import BINARY, Node

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = dict(re.findall(r"<!-- example: ([\w-]+) -->\n```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S))


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    node = Node(tmp_path_factory.mktemp("readme"))
    node.config.write_text(node.config.read_text().replace("111122223333", "123456789012"))
    node.start()
    events = node.folder / "events.ndjson"
    events.write_text(node.cairn("generate", "--count", "4000"))
    node.cairn("import", "--no-state", events)
    yield node
    node.kill()


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_example(example, name):
    import os
    import sys
    command = EXAMPLES[name].replace("build/release/cairn", BINARY)
    tools = example.folder / "bin"
    tools.mkdir(exist_ok=True)
    (tools / "aws").write_text(f'#!/bin/sh\nexec {sys.executable} -m awscli "$@"\n')
    (tools / "aws").chmod(0o755)
    done = subprocess.run(["bash", "-ec", command], env={**example.environment(), "PATH": f"{tools}:{os.environ['PATH']}"}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_there_are_examples():
    assert len(EXAMPLES) >= 4
