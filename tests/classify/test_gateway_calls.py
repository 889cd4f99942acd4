"""The given calls of a gateway (CAIRN_CASES/gateway_calls.json), as the AWS CLI sends them: each is
named, and its parameters are shown, as its record says."""

import base64
import contextlib
import io
import json
import os
import pathlib
import re
import urllib.parse

import awscli.clidriver
import botocore.awsrequest
import pytest

from test_operations import ROOT, classified

CASES = pathlib.Path(os.environ.get("CAIRN_CASES", ROOT / "../shared/cases")) / "gateway_calls.json"
ENDPOINT = "http://127.0.0.1:4610"
SAVED = {"url": ENDPOINT + "/123456789012/gwq", "blob": base64.b64encode(b"cipher").decode(), "akid": "AKIAEXAMPLEOFAKEY000",
         "asia": "ASIAEXAMPLEOFAKEY000"}


def given():
    if not CASES.exists():
        assert "CI" not in os.environ, f"no cases at {CASES}"
        pytest.skip(f"no cases at {CASES}")
    return json.loads(CASES.read_text())


def filled(text):
    return re.sub(r"\$\{(\w+)\}", lambda match: SAVED.get(match[1], f"{match[1]}-1234"), text)


class Silence:
    """A server's answer without a body."""

    def stream(self, **_):
        return iter(())


def sent_by(argv):
    """The first request of a command of the AWS CLI, which gets an empty answer; what the CLI says of that is not heard."""
    requests = []

    def catch(request, **_):
        target = request.url.removeprefix(ENDPOINT)
        body = request.body if isinstance(request.body, (bytes, str)) else b""
        body = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        headers = [["Host", "127.0.0.1:4610"]] + [[k, v.decode() if isinstance(v, bytes) else str(v)] for k, v in request.headers.items()]
        requests.append({"method": request.method, "target": target, "headers": headers, "body": body})
        return botocore.awsrequest.AWSResponse(request.url, 200, {}, Silence())

    driver = awscli.clidriver.create_clidriver()
    driver.session.register("before-send", catch)
    heard = io.StringIO()
    with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(SystemExit):
        driver.main(["--endpoint-url", ENDPOINT, "--region", "us-east-1", *argv])
    return requests, heard.getvalue()


def fits(expected, got):
    """`expected` is a part of `got`; "*" is anything that is there."""
    if expected == "*":
        return got is not None
    if isinstance(expected, dict):
        return isinstance(got, dict) and all(fits(value, got.get(name)) for name, value in expected.items())
    if isinstance(expected, list):
        return isinstance(got, list) and len(got) >= len(expected) and all(map(fits, expected, got))
    return filled(expected) == got if isinstance(expected, str) else expected == got


def differences(call, answer):
    """What is not as the case says, of that which the request alone decides."""
    expected, shown = call["expect"], answer["requestParameters"]
    got = {"eventSource": answer["eventSource"], "eventName": answer["eventName"], "readOnly": answer["readOnly"],
           "eventCategory": "Data" if answer["dataType"] else "Management"}
    yield from ((name, value) for name, value in got.items() if name in expected and expected[name] != value)
    if "requestParameters" in expected and not fits(expected["requestParameters"], shown):
        yield "requestParameters", shown
    if expected.get("requestParametersNull") and shown is not None:
        yield "requestParameters", shown
    yield from (("not absent", name) for name in expected.get("absentParameters", ()) if name in (shown or {}))
    text = json.dumps(shown, ensure_ascii=False)
    yield from (("leaked", canary) for canary in [*map(filled, expected.get("absentText", ())), "gateway-secret-canary"] if canary in text)


def request_of(call):
    argv = [filled(word) for word in call["argv"]]
    if call.get("kind") == "presigned-get":
        url = sent_by(["s3", "presign", f"s3://{argv[0]}"])[1].strip()
        parts = urllib.parse.urlsplit(url)
        return {"method": "GET", "target": f"{parts.path}?{parts.query}", "headers": [["Host", parts.netloc]], "body": ""}
    requests, _ = sent_by(argv)
    assert requests, call["id"]
    return requests[0]


def test_the_given_calls_are_recorded_as_their_records_say(tmp_path, monkeypatch):
    cases = given()
    monkeypatch.chdir(tmp_path)
    for name, value in cases["environment"].items():
        monkeypatch.setenv(name, value)
    requests = []
    for call in cases["calls"]:
        for name, content in call.get("files", {}).items():
            text = filled(content)
            pathlib.Path(name).write_bytes(base64.b64decode(text[7:]) if text.startswith("base64:") else text.encode())
        with monkeypatch.context() as changed:
            for name, value in call.get("env", {}).items():
                changed.setenv(name, filled(value))
            requests.append(request_of(call))
    wrong = [(call["id"], *difference) for call, answer in zip(cases["calls"], classified(requests))
             for difference in differences(call, answer)]
    assert len(requests) >= 93
    assert wrong == []
