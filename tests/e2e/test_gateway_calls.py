"""The given calls of a gateway (CAIRN_CASES/gateway_calls.json), made by the AWS CLI through a gateway in front of moto:
the record of each says what its case expects."""

import base64
import contextlib
import io
import json
import logging
import os
import pathlib
import re
import urllib.error
import urllib.request

import awscli.clidriver
import jmespath
import pytest

from gateway import gateway_of
from moto_server import Moto
from node import KEY_ID, SECRET

ACCOUNT = "123456789012"
# moto needs a parser for it that is not part of it, and fails without one.
MAY_FAIL = {"ddb-execute-statement"}


class Caller:
    """Makes the calls, one after the other, and remembers what they gave."""

    def __init__(self, endpoint):
        self.endpoint, self.saved, self.signatures, self.loader = endpoint, {}, set(), None

    def filled(self, text):
        return re.sub(r"\$\{(\w+)\}", lambda match: str(self.saved[match[1]]), text)

    def keep_signature(self, request, **_):
        header = request.headers.get("Authorization", b"")
        header = header.decode() if isinstance(header, bytes) else header
        self.signatures |= set(re.findall(r"Signature=(\w+)", header + request.url))

    def aws(self, *argv):
        driver = awscli.clidriver.create_clidriver()
        self.loader = self.loader or driver.session.get_component("data_loader")
        driver.session.register_component("data_loader", self.loader)  # it has read the models already
        driver.session.register("before-send", self.keep_signature)
        heard, said = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(said):
            status = driver.main(["--endpoint-url", self.endpoint, "--region", "us-east-1", *argv])
        return status, heard.getvalue(), said.getvalue()

    def make(self, call):
        for name, content in call.get("files", {}).items():
            text = self.filled(content)
            pathlib.Path(name).write_bytes(base64.b64decode(text[7:]) if text.startswith("base64:") else text.encode())
        argv = [self.filled(word) for word in call["argv"]]
        if call.get("kind") == "presigned-get":
            return self.get(self.aws("s3", "presign", f"s3://{argv[0]}")[1].strip())
        status, heard, said = self.aws(*argv)
        assert (status != 0) == (call.get("exit") == "nonzero") or call["id"] in MAY_FAIL, (call["id"], status, heard, said)
        for name, path in call.get("save", {}).items():
            self.saved[name] = jmespath.search(path, json.loads(heard))

    def get(self, url):
        self.signatures |= set(re.findall(r"Signature=(\w+)", url))
        request = urllib.request.Request(url, headers={"User-Agent": "app/" + os.environ["AWS_SDK_UA_APP_ID"]})
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).read()

    def fits(self, expected, got):
        """`expected` is a part of `got`; "*" is anything that is there."""
        if expected == "*":
            return got is not None
        if isinstance(expected, dict):
            return isinstance(got, dict) and all(self.fits(value, got.get(name)) for name, value in expected.items())
        if isinstance(expected, list):
            return isinstance(got, list) and len(got) >= len(expected) and all(map(self.fits, expected, got))
        return self.filled(expected) == got if isinstance(expected, str) else expected == got and isinstance(expected, bool) == isinstance(got, bool)

    def differences(self, call, record):
        """What of a record is not as its case says."""
        expected = dict(call["expect"])
        shown = record["requestParameters"] or {}
        absent = [*map(self.filled, expected.pop("absentText", ())), "gateway-secret-canary", *self.signatures]
        yield from (("leaked", text) for text in absent if text in json.dumps(record, ensure_ascii=False))
        yield from (("not absent", name) for name in expected.pop("absentParameters", ()) if name in shown)
        if expected.pop("noResources", False) and "resources" in record:
            yield "resources", record["resources"]
        if expected.pop("requestParametersNull", False) and record["requestParameters"] is not None:
            yield "requestParameters", shown
        if "errorCode" not in expected and "errorCode" in record and call["id"] not in MAY_FAIL:
            yield "errorCode", record["errorCode"], record.get("errorMessage")
        for name, value in expected.items():
            if not self.fits(value, record.get(name)):
                yield name, value, record.get(name)


@pytest.fixture
def clean(monkeypatch, tmp_path):
    """The environment of the calls, in which they run."""
    for name in list(os.environ):
        if (name.startswith("AWS_") and name != "AWS_DATA_PATH") or name.lower().endswith("_proxy"):  # the CLI has set that one itself
            monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_PAGER", "")
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)  # the CLI tells a lot
    folder = tmp_path / "calls"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return monkeypatch


def test_the_given_calls_are_recorded_as_their_cases_say(start, cases, clean, tmp_path):
    given = cases("gateway_calls.json")
    moto = Moto(tmp_path, ACCOUNT).start()
    try:
        node = start(accounts=False, config=f"""
[gateway]
listen = "127.0.0.1:0"
upstream = "{moto.endpoint}"
profile = "moto"
[[accounts]]
id = "{ACCOUNT}"
[[accounts.key]]
id = "{KEY_ID}"
secret = "{SECRET}"
""", arguments=["--set", f"account={ACCOUNT}"])
        for name, value in given["environment"].items():
            clean.setenv(name, value)
        caller = Caller(gateway_of(node.folder / "endpoint"))
        for number, call in enumerate(given["calls"]):
            with clean.context() as changed:
                changed.setenv("AWS_SDK_UA_APP_ID", f"call-{number}")
                for name, value in call.get("env", {}).items():
                    changed.setenv(name, caller.filled(value))
                caller.make(call)
        found = [json.loads(line) for line in node.cairn("lookup", "sourceIP = 127.0.0.1 or eventType = AwsServiceEvent", "--limit", "1000", "--output", "records").splitlines()]
        role, user = (json.loads(node.cairn("who", caller.saved[name], "--output", "json"))["chains"] for name in ("asia", "akid"))
    finally:
        moto.stop()
    made = {}
    for record in found:
        number = re.search(r"app/call-(\d+)", record.get("userAgent", ""))
        if number:
            made.setdefault(int(number[1]), []).append(record)
    wrong = []
    for number, call in enumerate(given["calls"]):
        records = made.get(number, [])
        if len(records) == 1:
            wrong += [(call["id"], *difference) for difference in caller.differences(call, records[0])]
        else:
            wrong.append((call["id"], "records", len(records)))
    assert len(given["calls"]) >= 93
    assert not wrong, f"{len({case for case, *_ in wrong})} cases: " + "\n".join(map(str, wrong))
    deleted = [r["resources"][0]["ARN"] for r in found if r["eventType"] == "AwsServiceEvent"]
    assert sorted(deleted) == ["arn:aws:s3:::gw-bucket/copy.txt", "arn:aws:s3:::gw-bucket/none"]
    # Who is behind the keys that the calls gave out.
    chain, = role
    assert [link["accessKeyId"] for link in chain["links"]] == [caller.saved["asia"], given["environment"]["AWS_ACCESS_KEY_ID"]] and chain["upstream"] == "default"
    assert chain["links"][0]["evidence"] == "answer" and chain["origin"]["type"] == "key" and chain["origin"]["name"] == "moto"
    assert user[0]["origin"] == {"type": "key", "name": "ana", "arn": f"arn:aws:iam::{ACCOUNT}:user/ana"}
