"""What people meet who type: usage, searches, keys."""

import json
import os
import subprocess
import time

import pytest
from botocore.exceptions import ClientError

from node import ACCOUNT, BINARY, record

READER = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["cloudtrail:LookupEvents", "cairn:SearchEvents"], "Resource": "*"}]}


def run(*arguments, **more):
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=60, **more)


@pytest.mark.parametrize("arguments, status, said", [
    ([], 2, "Subcommands:"),
    (["lokup"], 2, "there is no command lokup"),
    (["lookup", "--foo"], 2, "--foo"),
    (["lookup", "--limit", "0"], 2, "--limit: 0 is not a whole number of at least 1\n"),
    (["generate", "--count", "-1"], 2, "--count: -1 is not a whole number\n"),
    (["tail", "--count", "-1"], 2, "--count: -1 is not a whole number\n"),
    (["import", "--lines", "-1", "x"], 2, "--lines: -1 is not a whole number\n"),
    (["wait", "--timeout", "1.5", "x"], 2, "--timeout: 1.5 is not a whole number\n"),
    (["keys", "create", "--ingest", "--user", "ana"], 2, "--ingest"),
    (["keys", "create", "--write-account", ACCOUNT], 2, "--write-account"),
    (["keys", "create", "--session", "x"], 2, "--session"),
    (["generate", "--days", "0"], 2, "--days"),
    (["generate", "--account", "abc"], 1, "twelve digits"),
    (["generate", "--until", "soon"], 1, "--until soon"),
])
def test_wrong_usage_is_said(arguments, status, said):
    done = run(*arguments)
    assert done.returncode == status and said in done.stderr and not done.stdout, done


def test_a_node_that_is_not_there_is_named_once():
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "AKIAEXAMPLEEXAMPLE01", "AWS_SECRET_ACCESS_KEY": "x"}
    for command in (["lookup", "x"], ["tail", "x"]):
        wrong = run(*command, "--endpoint", "nonsense", env=environment)
        assert wrong.stderr == "cairn: nonsense: an endpoint begins with http:// or https://\n", wrong
        absent = run(*command, "--endpoint", "http://127.0.0.1:1", env=environment)
        assert absent.returncode == 1 and absent.stderr.count("http://127.0.0.1:1") == 1, absent


@pytest.mark.parametrize("arguments", [["help"], ["--help"], ["help", "lookup"], ["lookup", "--help"], ["keys", "create", "--help"]])
def test_help_is_no_error(arguments):
    done = run(*arguments)
    assert done.returncode == 0 and "Usage: cairn" in done.stdout and not done.stderr, done


def test_keys_need_a_data_directory(tmp_path):
    for command in (["list"], ["disable", "AKIAX"], ["enable", "AKIAX"], ["delete", "AKIAX"]):
        done = run("keys", *command, "--data", tmp_path / "absent")
        assert done.returncode == 1 and f"there is no data directory {tmp_path / 'absent'}" in done.stderr, done
    assert not (tmp_path / "absent").exists()


def test_a_user_that_cannot_be_is_refused_and_nothing_else_is_said(tmp_path):
    done = run("keys", "create", "--user", "bad user!", "--data", tmp_path / "data")
    assert done.returncode == 1 and 'cairn: "bad user!" is no user name\n' in done.stderr and "has no policy" not in done.stderr, done


def test_keys_of_the_file_have_no_day_of_making(node):
    listed = json.loads(run("keys", "list", "--json", "--data", node.data, "--config", node.config).stdout)
    assert [(key["id"], key["created"]) for key in listed] == [(node.key_id, "")]
    assert "1970" not in run("keys", "list", "--data", node.data, "--config", node.config).stdout


def test_searches(node):
    node.import_records([record("00000000-0000-4000-8000-000000000001", name="RunInstances"),
                         record("00000000-0000-4000-8000-000000000002", name="StopInstances", user="bob")])
    own = "-eventSource=cairn.amazonaws.com"
    found = [json.loads(line)["user"] for line in node.cairn("lookup", "-eventName=RunInstances", own, "-o", "json").splitlines()]
    assert found == ["bob"]
    wrong = subprocess.run([BINARY, "tail", "user=ana", "eventNme=x"], env=node.environment(), capture_output=True, text=True, timeout=60)
    assert wrong.returncode == 1
    assert wrong.stderr == 'cairn: unknown field "eventNme": did you mean eventName, or the text, in quotes?\n    user=ana eventNme=x\n             ^\n'
    nothing = subprocess.run([BINARY, "lookup", "eventName=Run*"], env=node.environment(), capture_output=True, text=True, timeout=60)
    assert nothing.returncode == 0 and "no such events" in nothing.stderr and "FIELD^TEXT" in nothing.stderr


def test_a_region_is_named_as_the_aws_cli_names_it(node):
    node.import_records([record("00000000-0000-4000-8000-000000000001"), record("00000000-0000-4000-8000-000000000002", region="eu-west-1")])
    for flag in ("--region", "--in-region"):
        assert [json.loads(line)["region"] for line in node.cairn("lookup", "eventName=RunInstances", flag, "eu-west-1", "-o", "json").splitlines()] == ["eu-west-1"]


def test_readers_that_go_away(node):
    node.import_records([record(f"00000000-0000-4000-8000-{i:012d}") for i in range(3000)])
    for command in ("lookup --limit 3000 -o records", "generate --count 3000"):
        done = subprocess.run(f"set -o pipefail; {BINARY} {command} | head -1", shell=True, executable="/bin/bash", env=node.environment(), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and done.stdout.count("\n") == 1 and not done.stderr, (command, done)
    tail = subprocess.Popen(f"{BINARY} tail --json | head -1", shell=True, env=node.environment(), stdout=subprocess.PIPE, text=True)
    for i in range(100):
        node.import_records([record(f"00000000-0000-4000-8001-{i:012d}")])
        if tail.poll() is not None:
            break
        time.sleep(0.1)
    assert tail.wait(timeout=1) == 0 and tail.stdout.read().count("\n") == 1


def test_errors_hold_no_terminal_codes():
    done = subprocess.run([BINARY, "check", "--data", "/x\x1b[31m\x07\u009b1m"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr == "cairn: /x\\x1b[31m\\x07\\u009b1m is not a data directory\n"


def test_a_session_of_a_role(node, tmp_path):
    (tmp_path / "reader.json").write_text(json.dumps(READER))
    missing = subprocess.run([BINARY, "keys", "create", "--role", "night", "--data", node.data], capture_output=True, text=True, timeout=60)
    assert missing.returncode == 1 and "has no role night: --policy FILE makes it" in missing.stderr
    made = json.loads(node.cairn("keys", "create", "--role", "night", "--session", "eve", "--policy", tmp_path / "reader.json", "--expires", "4s", "--account", ACCOUNT,
                                 "--data", node.data, "--json"))
    import boto3
    from botocore.config import Config
    client = boto3.client("cloudtrail", region_name="us-east-1", endpoint_url=node.endpoint, aws_access_key_id=made["id"], aws_secret_access_key=made["secret"],
                          aws_session_token=made["sessionToken"], config=Config(retries={"max_attempts": 1}))
    assert "Events" in client.lookup_events()
    with pytest.raises(ClientError) as denied:
        client.create_trail(Name="name", S3BucketName="bucket")
    assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    listed = node.cairn("keys", "list", "--data", node.data)
    assert "night/eve (role)" in listed and made["secret"] not in listed and made["sessionToken"] not in listed
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            client.lookup_events()
        except ClientError as over:
            assert over.response["Error"]["Code"] == "ExpiredTokenException"
            break
        time.sleep(0.2)
    assert "expired" in node.cairn("keys", "list", "--data", node.data)
    assert made["secret"] not in node.text() and made["sessionToken"] not in node.text()
