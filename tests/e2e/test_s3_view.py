"""Buckets of cairn as S3's own tools see them: made by users, written by trails, listed and read by everybody who may."""

import gzip
import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from node import ACCOUNT
from s3_server import BIN

BUCKET = "audit-logs"
AWS = [sys.executable, "-m", "awscli"]
TRAIL = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/all"


def policy(bucket=BUCKET):
    service = {"Service": "cloudtrail.amazonaws.com"}
    return {"Version": "2012-10-17", "Statement": [
        {"Sid": "AWSCloudTrailAclCheck20150319", "Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl",
         "Resource": f"arn:aws:s3:::{bucket}", "Condition": {"StringEquals": {"aws:SourceArn": TRAIL}}},
        {"Sid": "AWSCloudTrailWrite20150319", "Effect": "Allow", "Principal": service, "Action": "s3:PutObject",
         "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/{ACCOUNT}/*",
         "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": TRAIL}}}]}


def s3_of(node, **more):
    return node.client("s3", signature_version="s3v4", **more)


def deliver(node, s3):
    """Makes the bucket and a trail, and waits for a file; returns its key."""
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy()))
    trails = node.client()
    trails.create_trail(Name="all", S3BucketName=BUCKET)
    trails.start_logging(Name="all")
    trails.describe_trails()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="AWSLogs/")
        keys = [entry["Key"] for entry in listed.get("Contents", []) if entry["Key"].endswith(".json.gz")]
        if keys:
            return keys[0]
        time.sleep(0.1)
    raise AssertionError("no file was delivered:\n" + node.text())


@pytest.fixture
def delivered(start):
    node = start(config='delivery_interval = "0s"')
    s3 = s3_of(node)
    return node, s3, deliver(node, s3)


def status_of(call, *arguments, **more):
    with pytest.raises(ClientError) as refused:
        call(*arguments, **more)
    error = refused.value.response
    return error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"]


def test_a_bucket_from_beginning_to_end(node):
    s3 = s3_of(node, region="eu-west-1")
    s3.create_bucket(Bucket="one", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["one"]
    assert s3.head_bucket(Bucket="one")["BucketRegion"] == "eu-west-1"
    assert s3.get_bucket_location(Bucket="one")["LocationConstraint"] == "eu-west-1"
    assert s3.get_bucket_acl(Bucket="one")["Grants"][0]["Permission"] == "FULL_CONTROL"
    assert "Status" not in s3.get_bucket_versioning(Bucket="one")
    assert s3.get_bucket_encryption(Bucket="one")["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert status_of(s3.get_bucket_tagging, Bucket="one") == (404, "NoSuchTagSet")
    assert status_of(s3.get_bucket_policy, Bucket="one") == (404, "NoSuchBucketPolicy")
    assert status_of(s3.create_bucket, Bucket="one", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}) == (409, "BucketAlreadyOwnedByYou")
    assert status_of(s3.create_bucket, Bucket="metrics", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}) == (400, "InvalidBucketName")
    s3.put_bucket_policy(Bucket="one", Policy=json.dumps(policy("one")))
    assert json.loads(s3.get_bucket_policy(Bucket="one")["Policy"]) == policy("one")
    assert s3.get_bucket_policy_status(Bucket="one")["PolicyStatus"]["IsPublic"] is False
    s3.delete_bucket_policy(Bucket="one")
    s3.delete_bucket(Bucket="one")
    assert status_of(s3.head_bucket, Bucket="one")[0] == 404
    names = [event["EventName"] for event in node.client(region="eu-west-1").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventSource", "AttributeValue": "s3.amazonaws.com"}])["Events"]]
    assert {"CreateBucket", "DeleteBucket", "PutBucketPolicy", "ListBuckets", "GetBucketPolicy"} <= set(names) and "HeadBucket" not in names


def test_what_a_trail_wrote_is_listed_and_read(delivered):
    node, s3, key = delivered
    head = s3.head_object(Bucket=BUCKET, Key=key)
    got = s3.get_object(Bucket=BUCKET, Key=key)
    body = got["Body"].read()
    assert json.loads(gzip.decompress(body))["Records"]
    assert head["ContentLength"] == len(body)
    assert head["ETag"] == got["ETag"] and head["ContentType"] == "application/json" and head["ServerSideEncryption"] == "AES256"
    part = s3.get_object(Bucket=BUCKET, Key=key, Range="bytes=2-5")
    assert part["Body"].read() == body[2:6] and part["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert status_of(s3.get_object, Bucket=BUCKET, Key=key, IfNoneMatch=got["ETag"])[0] == 304
    assert status_of(s3.get_object, Bucket=BUCKET, Key=key, IfMatch='"other"') == (412, "PreconditionFailed")
    assert status_of(s3.get_object, Bucket=BUCKET, Key="none") == (404, "NoSuchKey")
    assert status_of(s3.delete_bucket, Bucket=BUCKET) == (409, "BucketNotEmpty")

    first = s3.list_objects(Bucket=BUCKET, Prefix="AWSLogs/", Delimiter="/")
    assert [prefix["Prefix"] for prefix in first["CommonPrefixes"]] == [f"AWSLogs/{ACCOUNT}/"]
    paged = [entry["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 1}) for entry in page["Contents"]]
    assert key in paged and paged == sorted(paged)


def test_users_cannot_write_objects(delivered):
    node, s3, key = delivered
    for call, more in [(s3.put_object, {"Key": "new", "Body": b"x"}), (s3.put_object, {"Key": "new", "Body": b"x" * (3 << 20)}), (s3.delete_object, {"Key": key}),
                       (s3.delete_objects, {"Delete": {"Objects": [{"Key": key}]}}), (s3.create_multipart_upload, {"Key": "new"}),
                       (s3.copy_object, {"Key": "new", "CopySource": {"Bucket": BUCKET, "Key": key}})]:
        assert status_of(call, Bucket=BUCKET, **more) == (403, "AccessDenied")
    s3.head_object(Bucket=BUCKET, Key=key)


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_presigned_urls_and_public_reads(delivered):
    node, s3, key = delivered
    url = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key}, ExpiresIn=60)
    status, body = fetch(url)
    assert status == 200 and json.loads(gzip.decompress(body))["Records"]
    assert fetch(url.replace("json.gz", "json.gx"))[0] == 403
    by_default = boto3.client("s3", region_name="us-east-1", endpoint_url=node.endpoint, aws_access_key_id=node.key_id, aws_secret_access_key=node.secret)
    old = by_default.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key, "ResponseContentType": "text/plain"}, ExpiresIn=60)
    assert "AWSAccessKeyId=" in old, "boto3 signs in version 2 for an endpoint that is not AWS's"
    assert fetch(old) == (200, body)
    assert fetch(old.replace("json.gz", "json.gx"))[0] == 403
    late = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key}, ExpiresIn=1)
    time.sleep(2.5)
    status, text = fetch(late)
    assert status == 403 and b"Request has expired" in text
    plain = f"{node.endpoint}/{BUCKET}/{key}"
    assert fetch(plain)[0] == 403
    opened = policy()
    opened["Statement"].append({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"})
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(opened))
    assert fetch(plain) == (200, body)
    assert s3.get_bucket_policy_status(Bucket=BUCKET)["PolicyStatus"]["IsPublic"] is True


def test_virtual_hosts(delivered):
    node, s3, key = delivered
    port = node.endpoint.rsplit(":", 1)[1]
    virtual = boto3.client("s3", region_name="us-east-1", endpoint_url=f"http://localhost:{port}", aws_access_key_id=node.key_id,
                           aws_secret_access_key=node.secret, config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))
    url = virtual.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key})
    host = url.split("/")[2]
    assert host == f"{BUCKET}.localhost:{port}"
    # Not every resolver knows names below localhost.
    status, body = fetch(urllib.request.Request(url.replace(host, f"127.0.0.1:{port}"), headers={"Host": host}))
    assert status == 200 and json.loads(gzip.decompress(body))["Records"]


def run(node, *command, **more):
    done = subprocess.run(command, env=node.environment(**more), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_aws_command_line(delivered, tmp_path):
    node, s3, key = delivered
    assert BUCKET in run(node, *AWS, "s3", "ls")
    assert "PRE AWSLogs/" in run(node, *AWS, "s3", "ls", f"s3://{BUCKET}")
    assert key in run(node, *AWS, "s3", "ls", "--recursive", f"s3://{BUCKET}")
    run(node, *AWS, "s3", "sync", f"s3://{BUCKET}/AWSLogs", str(tmp_path / "synced"))
    assert json.loads(gzip.decompress((tmp_path / "synced" / key.removeprefix("AWSLogs/")).read_bytes()))["Records"]
    assert fetch(run(node, *AWS, "s3", "presign", f"s3://{BUCKET}/{key}").strip())[0] == 200
    run(node, *AWS, "s3", "mb", "s3://made-by-mb")
    run(node, *AWS, "s3", "rb", "s3://made-by-mb")
    assert json.loads(run(node, *AWS, "s3api", "list-objects", "--bucket", BUCKET, "--output", "json"))["Contents"]
    refused = subprocess.run([*AWS, "s3", "cp", __file__, f"s3://{BUCKET}/x"], env=node.environment(), capture_output=True, text=True, timeout=60)
    assert refused.returncode != 0 and "trails only" in refused.stderr


def test_s3cmd(delivered, tmp_path):
    node, s3, key = delivered
    host = node.endpoint.removeprefix("http://")
    options = ["--no-ssl", "--host", host, "--host-bucket", host, "--access_key", node.key_id, "--secret_key", node.secret, "--config", "/dev/null"]
    assert f"s3://{BUCKET}" in run(node, tool("s3cmd"), *options, "ls")
    assert key in run(node, tool("s3cmd"), *options, "ls", "--recursive", f"s3://{BUCKET}")
    run(node, tool("s3cmd"), *options, "get", f"s3://{BUCKET}/{key}", str(tmp_path / "got"))
    assert json.loads(gzip.decompress((tmp_path / "got").read_bytes()))["Records"]


def test_rclone(delivered, tmp_path):
    node, s3, key = delivered
    remote = {"RCLONE_CONFIG": "/dev/null", "RCLONE_CONFIG_CAIRN_TYPE": "s3", "RCLONE_CONFIG_CAIRN_PROVIDER": "Other", "RCLONE_CONFIG_CAIRN_ENDPOINT": node.endpoint,
              "RCLONE_CONFIG_CAIRN_ACCESS_KEY_ID": node.key_id, "RCLONE_CONFIG_CAIRN_SECRET_ACCESS_KEY": node.secret}
    assert key in run(node, tool("rclone"), "ls", f"cairn:{BUCKET}", **remote)
    run(node, tool("rclone"), "copy", f"cairn:{BUCKET}", str(tmp_path / "copied"), **remote)
    assert (tmp_path / "copied" / key).exists()


def test_mc(delivered, tmp_path):
    node, s3, key = delivered
    address = node.endpoint.removeprefix("http://")
    host = {"MC_HOST_cairn": f"http://{node.key_id}:{node.secret}@{address}"}
    mc = [BIN / "mc", "--config-dir", tmp_path / "mc", "--json"]
    assert [json.loads(line)["key"] for line in run(node, *mc, "ls", "cairn", **host).splitlines()] == [f"{BUCKET}/"]
    listed = [json.loads(line) for line in run(node, *mc, "ls", "--recursive", f"cairn/{BUCKET}", **host).splitlines()]
    assert key in [entry["key"] for entry in listed]
    assert json.loads(run(node, *mc, "stat", f"cairn/{BUCKET}/{key}", **host))["size"] == next(entry["size"] for entry in listed if entry["key"] == key)
    run(node, *mc, "cp", f"cairn/{BUCKET}/{key}", tmp_path / "got", **host)
    assert json.loads(gzip.decompress((tmp_path / "got").read_bytes()))["Records"]
    run(node, *mc, "mirror", f"cairn/{BUCKET}", tmp_path / "mirrored", **host)
    assert (tmp_path / "mirrored" / key).read_bytes() == s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()


def tool(name):
    assert shutil.which(name), f"{name} is missing: ./dev setup test installs it"
    return name
