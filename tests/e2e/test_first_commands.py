"""What a new user types first works as it stands, in every output format."""

import json
import re
import shlex
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    from node import Node
    node = Node(tmp_path_factory.mktemp("example")).start()
    events = node.folder / "events.ndjson"
    events.write_text(node.cairn("generate", "--count", "4000", "--account", "111122223333"))
    node.cairn("import", "--no-state", events)
    yield node
    node.kill()


def aws(node, command, output):
    arguments = shlex.split(re.sub(r"--output \w+", f"--output {output}", command))
    assert arguments[0] == "aws"
    done = subprocess.run([sys.executable, "-m", "awscli", *arguments[1:], "--endpoint-url", node.endpoint], env=node.environment(),
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("number", range(16))
def test_lookup_answers(example, cases, number):
    lookup = cases("first_commands.json")["lookups"][number]
    command = lookup["command"] if "--output" in lookup["command"] else lookup["command"] + " --output json"
    events = json.loads(aws(example, command, "json"))["Events"]
    assert len(events) >= 1
    if lookup["expect"] == "1 to 10 events":
        assert len(events) <= 10
    key, value = re.search(r"AttributeKey=(\w+),AttributeValue=(\S+)", command).groups()
    region = (re.search(r"--region (\S+)", command) or [None, "us-east-1"])[1]
    assert {event[key] for event in events} == {value}
    assert {json.loads(event["CloudTrailEvent"])["awsRegion"] for event in events} == {region}
    assert value in aws(example, command, "table")
    assert value in aws(example, command, "text")
