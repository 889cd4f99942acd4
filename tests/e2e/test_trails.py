"""A trail delivers what it selects to a bucket, and the AWS CLI finds the files as they were delivered, or what was done to them."""

import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import pytest
from botocore.exceptions import ClientError

from node import ACCOUNT

BUCKET = "audit-logs"
ARN = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main"
AWS = pathlib.Path(sys.executable).parent / "aws"
DIGEST_SECONDS = 3


def documented_policy(bucket=BUCKET, arn=ARN, prefix=""):
    """CloudTrail user guide, "Amazon S3 bucket policy for CloudTrail"."""
    service = {"Service": "cloudtrail.amazonaws.com"}
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Sid": "AWSCloudTrailAclCheck20150319", "Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{bucket}",
         "Condition": {"StringEquals": {"aws:SourceArn": arn}}},
        {"Sid": "AWSCloudTrailWrite20150319", "Effect": "Allow", "Principal": service, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/{prefix}AWSLogs/{ACCOUNT}/*",
         "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": arn}}}]})


@pytest.fixture
def trails(start):
    """A node with quick trails and a bucket that lets them in."""
    node = start(config=f'delivery_interval = 0\ndigest_interval = "{DIGEST_SECONDS}s"\nregions = ["us-east-1", "eu-west-1"]\n')
    s3 = node.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=documented_policy())
    return node


def wait_for(what, seconds=30):
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.1)
    return found


def keys(node, tree="CloudTrail"):
    pages = node.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"AWSLogs/{ACCOUNT}/{tree}/")
    return [item["Key"] for page in pages for item in page.get("Contents", []) if not item["Key"].endswith("/")]


def delivered(node):
    s3 = node.client("s3")
    records = []
    for key in keys(node):
        answer = s3.get_object(Bucket=BUCKET, Key=key)
        assert (answer["ContentType"], answer["ContentEncoding"]) == ("application/json", "gzip")
        records += json.loads(gzip.decompress(answer["Body"].read()))["Records"]
    return records


def validate(node, start, *more):
    """Exit status and lines of `aws cloudtrail validate-logs`."""
    environment = node.environment(PATH=os.environ["PATH"])
    done = subprocess.run([AWS, "cloudtrail", "validate-logs", "--trail-arn", ARN, "--start-time", start, "--region", "us-east-1", *more], env=environment,
                          capture_output=True, text=True, timeout=120)
    return done.returncode, [line for line in (done.stdout + done.stderr).splitlines() if line]


def path_of(node, key):
    return node.data / "buckets" / BUCKET / key


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def test_a_trail_delivers_each_selected_event_once(trails):
    client = trails.client()
    made = client.create_trail(Name="main", S3BucketName=BUCKET, IsMultiRegionTrail=True)
    assert made["TrailARN"] == ARN and "S3KeyPrefix" not in made and "HomeRegion" not in made
    assert client.get_trail_status(Name="main")["IsLogging"] is False
    client.start_logging(Name="main")
    for _ in range(5):
        client.list_trails()
    trails.client(region="eu-west-1").list_trails()
    wait_for(lambda: len([r for r in delivered(trails) if r["eventName"] == "ListTrails"]) >= 6)
    ids = [r["eventID"] for r in delivered(trails)]
    assert len(ids) == len(set(ids))
    assert {key.split("/")[3] for key in keys(trails)} == {"us-east-1", "eu-west-1"}
    for key in keys(trails):
        region, name = key.split("/")[3], key.split("/")[-1]
        assert name.startswith(f"{ACCOUNT}_CloudTrail_{region}_") and len(name.split("_")[-1]) == 16 + len(".json.gz")
    status = client.get_trail_status(Name="main")
    assert status["IsLogging"] and status["LatestDeliveryTime"] and "LatestDeliveryError" not in status
    client.stop_logging(Name="main")
    wait_for(lambda: [r for r in delivered(trails) if r["eventName"] == "StopLogging"])
    time.sleep(1.1)  # event times are whole seconds
    client.list_tags(ResourceIdList=[ARN])
    time.sleep(1)
    assert not [r for r in delivered(trails) if r["eventName"] == "ListTags"], "it does not log any more"


def test_selectors_choose(trails):
    client = trails.client()
    client.create_trail(Name="main", S3BucketName=BUCKET)
    selectors = [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": []}]
    assert client.put_event_selectors(TrailName="main", EventSelectors=selectors)["EventSelectors"] == selectors
    assert client.get_event_selectors(TrailName="main")["EventSelectors"] == selectors
    assert client.get_trail(Name="main")["Trail"]["HasCustomEventSelectors"] is True
    client.start_logging(Name="main")
    client.list_trails()
    client.add_tags(ResourceId=ARN, TagsList=[{"Key": "a", "Value": "b"}])
    wait_for(lambda: [r for r in delivered(trails) if r["eventName"] == "AddTags"])
    assert {r["readOnly"] for r in delivered(trails)} == {False}


def test_the_policy_of_the_bucket_is_asked(trails):
    client, s3 = trails.client(), trails.client("s3")
    s3.delete_bucket_policy(Bucket=BUCKET)
    with pytest.raises(ClientError) as refused:
        client.create_trail(Name="main", S3BucketName=BUCKET)
    assert refused.value.response["Error"] == {"Code": "InsufficientS3BucketPolicyException", "Message": f"Incorrect S3 bucket policy is detected for bucket: {BUCKET}"}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=documented_policy())
    client.create_trail(Name="main", S3BucketName=BUCKET)
    client.start_logging(Name="main")
    wait_for(lambda: keys(trails))
    assert re.search(r"main +111122223333 +us-east-1 +yes +- +0 +20\S+Z +- +- +111122223333_CloudTrail_us-east-1_\w+\.json\.gz\n$", trails.cairn("trails"))
    s3.delete_bucket_policy(Bucket=BUCKET)
    client.list_trails()
    wait_for(lambda: client.get_trail_status(Name="main").get("LatestDeliveryError") == "AccessDenied")
    shown = json.loads(trails.cairn("trails", "--output", "json"))["trails"][0]
    assert shown["waitingFiles"] >= 1 and shown["lagSeconds"] > 0 and shown["lastFile"]["object"].startswith(f"s3://{BUCKET}/AWSLogs/")
    assert (shown["lastError"]["what"], shown["lastError"]["code"]) == ("file", "AccessDenied")
    assert "AccessDenied (file, us-east-1)" in trails.cairn("trails")
    trails.restart()  # what could not be delivered is not lost
    client, s3 = trails.client(), trails.client("s3")
    s3.put_bucket_policy(Bucket=BUCKET, Policy=documented_policy())
    wait_for(lambda: [r for r in delivered(trails) if r["eventName"] == "ListTrails"])
    assert "LatestDeliveryError" not in client.get_trail_status(Name="main")


def test_validate_logs_accepts_what_is_untouched_and_names_what_is_not(trails):
    client = trails.client()
    client.create_trail(Name="main", S3BucketName=BUCKET, EnableLogFileValidation=True)
    begin = now()
    client.start_logging(Name="main")
    for _ in range(3):
        client.list_trails()
        time.sleep(0.4)
    client.stop_logging(Name="main")
    stopped = now()

    def named():
        bodies = [trails.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys(trails, "CloudTrail-Digest")]
        return {file["s3Object"] for body in bodies for file in json.loads(gzip.decompress(body))["logFiles"]}

    def all_is_named():
        """The four calls are delivered, perhaps StopLogging too, and nothing more comes."""
        logs = set(keys(trails))
        if len(delivered(trails)) < 4 or named() != logs:
            return False
        time.sleep(DIGEST_SECONDS)
        return set(keys(trails)) == logs

    wait_for(all_is_named)
    logs = keys(trails)
    digests = keys(trails, "CloudTrail-Digest")
    until = ("--end-time", now())
    status, lines = validate(trails, begin, *until)
    assert status == 0, lines
    assert lines[-2:] == [f"{len(digests)}/{len(digests)} digest files valid", f"{len(logs)}/{len(logs)} log files valid"]
    assert begin <= stopped

    def tampered(key, change):
        """What the CLI and cairn say while the object is changed."""
        path = path_of(trails, key)
        before = path.read_bytes()
        change(path, before)
        try:
            status, lines = validate(trails, begin, *until)
            ours = subprocess.run([os.environ["CAIRN_BINARY"], "validate", "--data", trails.data, "--trail", "main"], capture_output=True, text=True, timeout=120)
            assert ours.returncode == 3, ours.stdout + ours.stderr
            return status, "\n".join(lines), ours.stdout + ours.stderr
        finally:
            path.write_bytes(before)

    other = gzip.compress(gzip.decompress(path_of(trails, logs[0]).read_bytes()).replace(b'"awsRegion"', b'"awsRegioN"'))
    cases = [(logs[0], lambda path, _: path.write_bytes(other), f"Log file\ts3://{BUCKET}/{logs[0]}\tINVALID: hash value doesn't match"),
             (logs[1], lambda path, _: path.unlink(), f"Log file\ts3://{BUCKET}/{logs[1]}\tINVALID: not found"),
             (logs[2], lambda path, bytes: path.write_bytes(bytes + b"x"), f"Log file\ts3://{BUCKET}/{logs[2]}\tINVALID: unexpected data after end of compressed stream"),
             (digests[-1], lambda path, bytes: path.write_bytes(gzip.compress(gzip.decompress(bytes).replace(b"SHA-256", b"SHA-255").replace(b'"newest', b'"Newest'))),
              f"Digest file\ts3://{BUCKET}/{digests[-1]}\tINVALID: signature verification failed"),
             (digests[0], lambda path, _: path.unlink(), f"Digest file\ts3://{BUCKET}/{digests[0]}\tINVALID: not found")]
    for key, change, line in cases:
        status, lines, ours = tampered(key, change)
        assert status == 1 and line in lines, (line, lines)
        assert key in ours
    assert validate(trails, begin, *until)[0] == 0


def test_a_copy_in_a_folder_is_validated_without_a_node(trails, tmp_path):
    client = trails.client()
    client.create_trail(Name="main", S3BucketName=BUCKET, EnableLogFileValidation=True)
    client.start_logging(Name="main")
    for _ in range(3):
        client.list_trails()
        time.sleep(DIGEST_SECONDS / 2)
    client.stop_logging(Name="main")
    wait_for(lambda: len(keys(trails, "CloudTrail-Digest")) >= 3 and not json.loads(trails.cairn("trails", "-o", "json"))["trails"][0]["waitingFiles"])
    time.sleep(2 * DIGEST_SECONDS)  # the last digest
    environment = trails.environment(PATH=os.environ["PATH"])
    copy, key_file = tmp_path / "copy", tmp_path / "keys.json"
    subprocess.run([AWS, "s3", "sync", "--quiet", f"s3://{BUCKET}/AWSLogs/{ACCOUNT}", copy], env=environment, check=True, timeout=120)
    key_file.write_bytes(subprocess.run([AWS, "cloudtrail", "list-public-keys", "--start-time", "2020-01-01"], env=environment, capture_output=True, check=True, timeout=120).stdout)

    def there(*more, status=0, where=f"s3://{BUCKET}"):
        done = subprocess.run([os.environ["CAIRN_BINARY"], "validate", "--bucket", where, "--keys", key_file, *more], env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    for where in (f"s3://{BUCKET}", BUCKET, f"s3://{BUCKET}/AWSLogs/{ACCOUNT}/", f"s3://{BUCKET}/AWSLogs/{ACCOUNT}/CloudTrail-Digest/us-east-1"):
        found = json.loads(there("--json", where=where))["regions"]
        assert [(one["trail"], one["digests"]["valid"], one["findings"]) for one in found] == [(ARN, len(list((copy / "CloudTrail-Digest").rglob("*.gz"))), [])], where
    assert "there are no digest files in s3://" in there(status=1, where=f"s3://{BUCKET}/CloudTrail")
    assert "NoSuchBucket" in there(status=1, where="s3://nothing-here")
    assert "no digest in" in there("--trail", "other", status=1)
    log = path_of(trails, keys(trails)[0])
    whole = log.read_bytes()
    log.write_bytes(gzip.compress(gzip.decompress(whole).replace(b"eventName", b"eventname")))
    assert "INVALID: hash value doesn't match" in there(status=3)
    log.write_bytes(whole)
    trails.stop()

    def ours(*more, status=0):
        done = subprocess.run([os.environ["CAIRN_BINARY"], "validate", "--folder", copy, "--keys", key_file, *more], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    digests = list((copy / "CloudTrail-Digest").rglob("*.json.gz"))
    logs = list((copy / "CloudTrail").rglob("*.json.gz"))
    said = ours()
    assert f"main of {ACCOUNT} in us-east-1: results found" in said and f"{len(logs)}/{len(logs)} log files valid" in said, said
    report = json.loads(ours("--json", "--junit", "report.xml"))["regions"]
    assert [(one["trail"], one["region"], one["digests"]["valid"], one["logFiles"]["valid"]) for one in report] == [(ARN, "us-east-1", len(digests) - 1, len(logs))]
    assert [finding["kind"] for finding in report[0]["findings"]] == ["digest_unsigned"], "the newest digest's signature is in no file"
    assert 'failures="0"' in (tmp_path / "report.xml").read_text()

    whole = logs[0].read_bytes()
    logs[0].write_bytes(gzip.compress(gzip.decompress(whole).replace(b"eventName", b"eventname")))
    said = ours("--trail", "main", "--junit", "report.xml", status=3)
    assert f"Log file\ts3://{BUCKET}/AWSLogs/{ACCOUNT}/{logs[0].relative_to(copy)}\tINVALID: hash value doesn't match" in said
    assert "hash value doesn't match" in (tmp_path / "report.xml").read_text()
    logs[0].write_bytes(whole)
    logs[-1].unlink()
    assert "INVALID: not found" in ours(status=3)
    key_file.write_text('{"PublicKeyList": []}')
    assert "public key not found in region us-east-1" in ours(status=3)
    assert "there are no digest files" in subprocess.run([os.environ["CAIRN_BINARY"], "validate", "--folder", copy / "CloudTrail", "--keys", key_file],
                                                         capture_output=True, text=True, timeout=60).stderr
    ours("--trail", "other", status=1)
