"""Objects of embedded buckets that go by their age: the lifecycle as the AWS CLI sets it, and `retention.buckets`."""

import json
import subprocess
import time

import pytest
from botocore.exceptions import ClientError

from test_s3_view import AWS, BUCKET, deliver, run, s3_of

RULES = {"Rules": [{"ID": "a-year", "Status": "Enabled", "Filter": {"Prefix": "AWSLogs/"}, "Expiration": {"Days": 365}}]}


def wait_until(holds, seconds=60):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def error_of(call, **arguments):
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return refused.value.response


def test_a_lifecycle_from_the_command_line(start):
    node = start(config='delivery_interval = "0s"')
    s3 = s3_of(node)
    key = deliver(node, s3)
    assert error_of(s3.get_bucket_lifecycle_configuration, Bucket=BUCKET)["Error"]["Code"] == "NoSuchLifecycleConfiguration"
    run(node, *AWS, "s3api", "put-bucket-lifecycle-configuration", "--bucket", BUCKET, "--lifecycle-configuration", json.dumps(RULES))
    assert s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"] == RULES["Rules"]
    head = s3.head_object(Bucket=BUCKET, Key=key)
    assert 'rule-id="a-year"' in head["Expiration"]
    refused = error_of(s3.put_bucket_lifecycle_configuration, Bucket=BUCKET, LifecycleConfiguration={"Rules": [
        {"Status": "Enabled", "Filter": {"Prefix": ""}, "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]}]})
    assert refused["Error"]["Code"] == "NotImplemented"
    node.restart()
    s3 = s3_of(node)
    assert s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"] == RULES["Rules"]
    run(node, *AWS, "s3api", "delete-bucket-lifecycle", "--bucket", BUCKET)
    assert "Expiration" not in s3.head_object(Bucket=BUCKET, Key=key)


def test_what_retention_removed_is_told_from_what_was_deleted(start):
    node = start(config='delivery_interval = "0s"\ndigest_interval = "1s"\n[retention]\nbuckets = "12s"\n')
    s3, trails = s3_of(node), node.client()
    key = deliver(node, s3)
    trails.update_trail(Name="all", EnableLogFileValidation=True)
    for _ in range(5):
        trails.describe_trails()
        time.sleep(0.5)
    wait_until(lambda: error_of_head(s3, key))
    refused = error_of(s3.get_object, Bucket=BUCKET, Key=key)
    assert refused["Error"]["Code"] == "NoSuchKey" and "Retention removed it at" in refused["Error"]["Message"] and "retention.buckets" in refused["Error"]["Message"]
    assert "x-cairn-removed-by-retention" in error_of(s3.head_object, Bucket=BUCKET, Key=key)["ResponseMetadata"]["HTTPHeaders"]
    trails.describe_trails()
    time.sleep(2.5)
    node.stop()

    said = json.loads(node.cairn("validate", "--config", node.config, "--data", node.data, "--trail", "all", "--region", "us-east-1", "--json"))
    region = said["regions"][0]
    assert region["removedByRetention"]["digests"] + region["removedByRetention"]["logFiles"] > 0
    assert not [finding for finding in region["findings"] if finding["problem"]] and region["digests"]["valid"] > 0
    whole = node.cairn("check", "--data", node.data)
    assert "0 findings" in whole and " 0 removed by retention" not in whole

    gone = max((node.data / "buckets" / BUCKET / "AWSLogs").rglob("*_CloudTrail_*.json.gz"))
    gone.unlink()
    (gone.parent / "by-hand").write_text("?")
    damaged = node.cairn("check", "--data", node.data, status=3)
    assert "the content of an object is missing" in damaged and "by-hand" in damaged
    assert "not found" in node.cairn("validate", "--config", node.config, "--data", node.data, "--trail", "all", "--region", "us-east-1", status=3)


def error_of_head(s3, key):
    try:
        s3.head_object(Bucket=BUCKET, Key=key)
    except ClientError:
        return True
    return False
