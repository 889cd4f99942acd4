"""Every operation of every model, in every protocol that it has, is serialised as SDKs do and recognised again."""

import collections
import functools
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

import operations

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("CAIRN_CLASSIFY", ROOT / "build/release/tests/classify/classify_calls")
MODELS = os.environ.get("CAIRN_MODELS", "").split()

# What nothing in the request tells apart, but the name of the host.
WITHOUT_HOST = {("lex-models", "StartImport"), ("s3", "ListDirectoryBuckets")}
# Deprecated operations that are the same request as their successor, and the same event.
SAME_EVENT = {"GetBucketLifecycle": "GetBucketLifecycleConfiguration", "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
              "GetBucketNotification": "GetBucketNotificationConfiguration",
              "PutBucketNotification": "PutBucketNotificationConfiguration"}
WIRE_NAMES = {"smithy-rpc-v2-cbor": {"rpc-v2-cbor"}, "json": {"json-1.0", "json-1.1"}, "rest-xml": {"rest-xml", "s3"}}


def classified(requests):
    done = subprocess.run([PROGRAM], input=operations.lines(requests), capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def signing_name(service):
    """As the facts have it; services that share it share their event source."""
    lines = (ROOT / f"models/operations/{service}.txt").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("signing "))


@functools.cache
def routes(service):
    """operation -> method and path, as the facts have them"""
    lines = (line.split() for line in (ROOT / f"models/operations/{service}.txt").read_text().splitlines())
    return {words[1]: (words[2], bare_path(words[3])) for words in lines if words[0] == "op"}


def bare_path(uri):
    return re.sub(r"\{\w+(\+?)\}", r"{\1}", uri.split("?")[0]).rstrip("/")


def is_renamed(one, answer):
    """Taken for an operation that today's models have under the same method and path, and the asked one's no longer."""
    was, now = routes(one["service"]).get(one["operation"]), routes(answer["service"] or one["service"]).get(answer["operation"])
    return was is not None and was == now


def mistakes(data, host_of):
    """(how many requests, (service, operation) -> what they were taken for). Operations that were renamed since are the
    same request under their new name."""
    asked, requests = zip(*operations.every_request(data, host_of))
    answers = classified(requests)
    assert len(answers) == len(asked)
    signs_as = functools.cache(signing_name)
    wrong = collections.defaultdict(list)
    for one, answer in zip(asked, answers):
        wanted = SAME_EVENT.get(one["operation"], one["operation"]) if one["service"] == "s3" else one["operation"]
        taken = (answer["service"] or "").split("@")[0]
        same_source = taken == one["service"] or (taken and signs_as(taken) == signs_as(one["service"]))
        protocol_fits = answer["protocol"] in WIRE_NAMES.get(one["protocol"], {one["protocol"]})
        if data != MODELS[0] and answer["operation"] != wanted and is_renamed(one, answer):
            continue
        if answer["operation"] != wanted or not same_source or not protocol_fits:
            wrong[one["service"], one["operation"]].append(answer)
    return len(asked), wrong


@pytest.mark.parametrize("data", MODELS, ids=[pathlib.Path(m).name for m in MODELS])
def test_every_operation_is_recognised_behind_a_gateway(data):
    count, wrong = mistakes(data, lambda service: "127.0.0.1:4610")
    print(f"{count} requests, {sum(map(len, wrong.values()))} wrong")
    assert count > 20_000
    assert set(wrong) <= WITHOUT_HOST, list(wrong.items())[:10]
    assert sum(map(len, wrong.values())) <= 4


def test_hosts_tell_the_rest():
    real = lambda service: f"{'s3express-control' if service.service_name == 's3' else service.endpoint_prefix}.us-east-1.amazonaws.com"
    few = [(one, made) for one, made in operations.every_request(MODELS[0], real, {"lex-models", "s3"})
           if (one["service"], one["operation"]) in WITHOUT_HOST]
    assert len(few) == 4
    assert [a["operation"] for a in classified([made for _, made in few])] == [one["operation"] for one, _ in few]


def test_the_committed_facts_are_what_the_models_say():
    command = [sys.executable, ROOT / "models/make_operations.py", "--check", *MODELS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
