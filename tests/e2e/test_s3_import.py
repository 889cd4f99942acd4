"""`cairn import s3://...` reads CloudTrail files out of buckets."""

import gzip
import json

import pytest

from node import ACCOUNT, record

BUCKET = "trail-archive"


def log_key(day, unique):
    return f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/01/{day:02}/{ACCOUNT}_CloudTrail_us-east-1_202601{day:02}T0000Z_{unique}.json.gz"


def event_id(number):
    return f"00000000-0000-4000-8000-{number:012}"


@pytest.fixture
def archive(start_s3):
    """An AWSLogs tree of 40 files with 5 records each, with what else lies in such buckets."""
    server = start_s3("minio")
    s3 = server.client()
    s3.create_bucket(Bucket=BUCKET)
    for file in range(40):
        put(s3, log_key(file % 28 + 1, f"{file:016}"), range(file * 5, file * 5 + 5))
    s3.put_object(Bucket=BUCKET, Key=f"AWSLogs/{ACCOUNT}/CloudTrail/", Body=b"")
    digest = {"digestStartTime": "2026-01-01T00:00:00Z", "awsAccountId": ACCOUNT, "logFiles": []}
    s3.put_object(Bucket=BUCKET, Key=f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/us-east-1/2026/01/01/digest.json.gz", Body=gzip.compress(json.dumps(digest).encode()))
    s3.put_object(Bucket=BUCKET, Key="other/not for us.txt", Body=b"hello")
    return server


def put(s3, key, numbers):
    body = gzip.compress(json.dumps({"Records": [record(event_id(n)) for n in numbers]}).encode())
    s3.put_object(Bucket=BUCKET, Key=key, Body=body, ContentType="application/json", ContentEncoding="gzip")


def test_into_a_node_and_again(node, archive):
    flags = ["--endpoint-url", archive.endpoint, "--json"]
    report = json.loads(node.cairn("import", f"s3://{BUCKET}/AWSLogs/", *flags))
    assert (report["read"], report["stored"], report["rejected"]) == (200, 200, 0)
    assert (report["files"], report["digestFiles"], report["filesSkipped"]) == (41, 1, 0)
    assert node.client().lookup_events(LookupAttributes=[{"AttributeKey": "EventId", "AttributeValue": event_id(7)}])["Events"][0]["EventId"] == event_id(7)

    again = json.loads(node.cairn("import", f"s3://{BUCKET}/AWSLogs/", *flags))
    assert (again["read"], again["files"], again["filesSkipped"]) == (0, 0, 41)

    put(archive.client(), log_key(1, f"{0:016}"), range(0, 6))
    put(archive.client(), log_key(2, "newnewnewnewnew1"), range(300, 303))
    more = json.loads(node.cairn("import", f"s3://{BUCKET}/AWSLogs/", "--json", "--region", "us-east-1", AWS_ENDPOINT_URL_S3=archive.endpoint))
    assert (more["read"], more["stored"], more["filesSkipped"]) == (9, 3, 40), more


def test_what_is_no_log_file_is_named(node, archive):
    report = json.loads(node.cairn("import", f"s3://{BUCKET}", "--endpoint-url", archive.endpoint, "--json", status=3))
    assert report["stored"] == 200 and report["rejected"] == 1
    assert report["lines"][0]["file"] == f"s3://{BUCKET}/other/not for us.txt"


def test_into_a_data_directory_with_another_profile(start, archive, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.write_text(f"[minio]\naws_access_key_id = {archive.key_id}\naws_secret_access_key = {archive.secret}\n")
    node = start()
    node.stop()
    environment = {"AWS_ACCESS_KEY_ID": "AKIAWRONG", "AWS_SECRET_ACCESS_KEY": "wrong", "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}
    flags = ["--data", node.data, "--endpoint-url", archive.endpoint]
    node.cairn("import", f"s3://{BUCKET}/AWSLogs", *flags, status=1, **environment)
    text = node.cairn("import", f"s3://{BUCKET}/AWSLogs", *flags, "--profile", "minio", **environment)
    assert "read 200 = stored 200 + duplicate 0 + conflict 0 + rejected 0" in text
    text = node.cairn("import", f"s3://{BUCKET}/AWSLogs", *flags, "--profile", "minio", **environment)
    assert "0 files (0 digest files), 41 skipped as finished before" in text


def test_what_is_not_there(node, archive):
    for url in (f"s3://{BUCKET}/nothing/here", "s3://no-such-bucket/x", "s3:///x"):
        node.cairn("import", url, "--endpoint-url", archive.endpoint, status=1)
    archive.stop()
    node.cairn("import", f"s3://{BUCKET}/AWSLogs", "--endpoint-url", archive.endpoint, status=1)
