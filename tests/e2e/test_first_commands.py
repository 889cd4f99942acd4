"""What a new user types first works as it stands, in every output format."""

import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time

import pytest

from moto_server import PYTHON
from node import BINARY, clean_environment

ROOT = pathlib.Path(__file__).resolve().parents[2]


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


class Example:
    """What `./dev run` starts: a node with example events and a trail."""

    def __init__(self, folder):
        self.folder, self.data = folder, folder / "data"
        tools = folder / "bin"
        tools.mkdir()
        (tools / "aws").write_text(f'#!/bin/sh\nexec {sys.executable} -m awscli "$@"\n')
        (tools / "aws").chmod(0o755)
        self.path = f"{tools}:{os.environ['PATH']}"

    def start(self):
        """Seconds until the commands to paste were printed."""
        begun = time.monotonic()
        self.output = self.folder / "output"
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen([ROOT / "packaging/run_example.sh", "--data", self.data, "--listen", "127.0.0.1:0"], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT,
                                            env=clean_environment(PATH=self.path, CAIRN_BINARY=BINARY, EXAMPLE_PYTHON=str(PYTHON)))
        while "Stop with Ctrl-C" not in (text := self.output.read_text()):
            assert self.process.poll() is None and time.monotonic() < begun + 120, text
            time.sleep(0.02)
        assert "name no setting" not in text, text
        self.exported = dict(re.findall(r"(AWS_\w+)=(\S+)", "\n".join(line for line in text.splitlines() if line.strip().startswith("export"))))
        self.commands = [line.strip() for line in text.splitlines() if line.startswith("    ") and not line.strip().startswith(("#", "export"))]
        return time.monotonic() - begun

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=60) == 0, self.output.read_text()

    def environment(self, **more):
        return clean_environment(PATH=self.path, **{**self.exported, **more})


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    example = Example(tmp_path_factory.mktemp("running"))
    example.start()
    yield example
    example.stop()


def test_the_commands_that_are_printed_work(running):
    assert len(running.commands) == 18
    for command in running.commands:
        done = subprocess.run(["bash", "-ec", command], cwd=ROOT, env=running.environment(), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, command + "\n" + done.stdout + done.stderr


def test_the_story_of_the_gateway_is_told(running):
    text = running.output.read_text()
    answers = {}
    for line in text.splitlines():
        if line.startswith("    # "):
            question = line.strip("# ")
        elif line.startswith("  | "):
            answers.setdefault(question, []).append(line.removeprefix("  | "))
    assert [line.split()[2] for line in answers["who stopped the instance?"][1:]] == ["StopInstances"]
    assert [line.split()[1:3] for line in answers["who changed the bucket policy?"][1:]] == [["alice", "PutBucketPolicy"]]
    assert "alice" in "\n".join(answers["and who was that really?"])
    done = {line.split()[2] for line in answers["what did alice do, in whatever role?"][1:] if "Z  " in line}
    assert {"PutBucketPolicy", "AssumeRole", "StopInstances", "CreateSnapshot", "CreateStack"} <= done
    assert [line.split()[2] for line in answers["who opened a port to the world?"][1:]] == ["AuthorizeSecurityGroupIngress"]


def test_what_happens_after_the_start_is_delivered_within_the_first_minute(running):
    deadline = time.monotonic() + 60
    while True:
        objects = subprocess.run(["aws", "s3", "ls", "--recursive", "s3://example-logs/"], env=running.environment(), capture_output=True, text=True, check=True).stdout
        if re.search(r"_CloudTrail_us-east-1_\w+\.json\.gz", objects):
            break
        assert time.monotonic() < deadline, objects
        time.sleep(1)
    digests = {line.split("/")[3] for line in objects.splitlines() if "/CloudTrail-Digest/" in line and not line.endswith("/")}
    assert len(digests) == 17, "a trail of all Regions has digests in each"


def test_a_second_start_makes_nothing_anew_and_is_quick(running):
    list_trails = ["aws", "cloudtrail", "list-trails"]
    before = subprocess.run(list_trails, env=running.environment(), capture_output=True, text=True, check=True).stdout
    running.stop()
    assert running.start() < 2
    assert subprocess.run(list_trails, env=running.environment(), capture_output=True, text=True, check=True).stdout == before
    assert json.loads(before)["Trails"] == [{"TrailARN": "arn:aws:cloudtrail:us-east-1:123456789012:trail/example", "Name": "example", "HomeRegion": "us-east-1"}]


@pytest.fixture(params=["version 1", "version 2"])
def aws_cli(request):
    """A version of the AWS CLI: that of PyPI, and Debian's. Version 1 has no --no-cli-pager: it never pages."""
    if request.param == "version 1":
        return lambda arguments: [sys.executable, "-m", "awscli", *(word for word in arguments if word != "--no-cli-pager")]
    if not pathlib.Path("/usr/bin/aws").exists():
        assert not os.environ.get("CI"), "Debian's awscli is missing"
        pytest.skip("Debian's awscli is not there")
    return lambda arguments: ["/usr/bin/aws", *arguments]


@pytest.mark.parametrize("number", range(3))
def test_trails_answer(running, cases, aws_cli, number, tmp_path):
    given = cases("first_commands.json")["trails"][number]
    credentials = tmp_path / "credentials"
    credentials.write_text(f"[tester]\naws_access_key_id = {running.exported['AWS_ACCESS_KEY_ID']}\naws_secret_access_key = {running.exported['AWS_SECRET_ACCESS_KEY']}\n")
    arn = "arn:aws:cloudtrail:us-east-1:123456789012:trail/example"
    arguments = shlex.split(given["command"].replace("$AWS_PROFILE", "tester").replace("TRAIL_ARN", arn))
    done = subprocess.run([*aws_cli(arguments[1:]), "--endpoint-url", running.exported["AWS_ENDPOINT_URL"]],
                          env=clean_environment(AWS_SHARED_CREDENTIALS_FILE=str(credentials), AWS_DEFAULT_REGION="us-east-1", LC_ALL="C.UTF-8"),
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    found = {"list trails": lambda: [trail["TrailARN"] for trail in answer["Trails"]],
             "list trail details": lambda: [trail["TrailARN"] for trail in answer["trailList"] if trail["IsMultiRegionTrail"] and trail["LogFileValidationEnabled"]],
             "trail status": lambda: [arn] if answer["IsLogging"] else []}[given["use"]]()
    assert found == [arn]
