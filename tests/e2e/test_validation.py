"""What `aws cloudtrail validate-logs` and `cairn validate` say of the files of a trail of two Regions that was stopped, started again and moved to another bucket."""

import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree

import pytest

from node import ACCOUNT

FIRST, SECOND = "audit-logs", "later-logs"
ARN = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main"
AWS = pathlib.Path(sys.executable).parent / "aws"
REGIONS = ["us-east-1", "eu-west-1"]
DIGEST_SECONDS = 2


def moment(seconds=None):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def wait_for(what, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.2)
    return found


class Delivered:
    """A trail's files in a real S3, where a test may write, and the two validators."""

    def __init__(self, node, server):
        self.node, self.server, self.s3 = node, server, server.client()

    def keys(self, bucket, tree, region):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"AWSLogs/{ACCOUNT}/{tree}/{region}/")
        return [(bucket, item["Key"]) for page in pages for item in page.get("Contents", [])]

    def digests(self, region):
        return self.keys(FIRST, "CloudTrail-Digest", region) + self.keys(SECOND, "CloudTrail-Digest", region)

    def logs(self, region):
        return self.keys(FIRST, "CloudTrail", region) + self.keys(SECOND, "CloudTrail", region)

    def read(self, place):
        return self.s3.get_object(Bucket=place[0], Key=place[1])

    def document(self, place):
        return json.loads(gzip.decompress(self.read(place)["Body"].read()))

    def named(self, region):
        return [(log["s3Bucket"], log["s3Object"]) for place in self.digests(region) for log in self.document(place)["logFiles"]]

    def write(self, place, body, metadata):
        self.s3.put_object(Bucket=place[0], Key=place[1], Body=body, ContentType="application/json", ContentEncoding="gzip", Metadata=metadata)

    def environment(self):
        return self.node.environment(PATH=os.environ["PATH"], AWS_ENDPOINT_URL_S3=self.server.endpoint)

    def aws(self, region, *more, status=0):
        """Lines of the AWS CLI; the times of the run are the whole life of the trail."""
        done = subprocess.run([AWS, "cloudtrail", "validate-logs", "--trail-arn", ARN, "--start-time", self.begin, "--end-time", self.end, "--region", region, *more],
                              env=self.environment(), capture_output=True, text=True, timeout=120)
        assert done.returncode == status, done.stdout + done.stderr
        return [line for line in (done.stdout + done.stderr).splitlines() if line]

    def cairn(self, *more, status=0):
        return self.node.cairn("validate", "--config", self.node.config, "--data", self.node.data, "--trail", "main", *more, status=status)


@pytest.fixture
def trail(start, start_s3):
    server = start_s3("versitygw")
    for bucket in (FIRST, SECOND):
        server.client().create_bucket(Bucket=bucket)
    node = start(config=f'delivery_interval = 0\ndigest_interval = "{DIGEST_SECONDS}s"\nregions = {json.dumps(REGIONS)}\n' + server.config())
    delivered = Delivered(node, server)
    client, there = node.client(), node.client(region="eu-west-1")

    def calls():
        for _ in range(2):
            client.list_trails()
            there.list_trails()
            time.sleep(0.5)

    def all_named():
        return all((logs := delivered.logs(region)) and sorted(logs) == sorted(delivered.named(region)) for region in REGIONS)

    client.create_trail(Name="main", S3BucketName=FIRST, IsMultiRegionTrail=True, EnableLogFileValidation=True)
    delivered.begin = moment()
    client.start_logging(Name="main")
    calls()
    time.sleep(2 * DIGEST_SECONDS)
    client.stop_logging(Name="main")
    wait_for(all_named)
    time.sleep(2 * DIGEST_SECONDS)
    client.start_logging(Name="main")
    calls()
    wait_for(all_named)
    client.update_trail(Name="main", S3BucketName=SECOND)
    calls()
    wait_for(lambda: all(delivered.keys(SECOND, "CloudTrail", region) for region in REGIONS) and all_named())
    client.stop_logging(Name="main")
    counts = None
    while counts != (counts := [len(delivered.digests(region)) for region in REGIONS]) or not all_named():
        time.sleep(2 * DIGEST_SECONDS)
    delivered.end = moment()
    return delivered


def test_each_change_has_its_line(trail):
    # untouched
    for region in REGIONS:
        digests, logs = trail.digests(region), trail.logs(region)
        starts = [place for place in digests if not trail.document(place)["previousDigestS3Object"]]
        assert len(starts) == 2, "a chain for each time of logging"
        moved = [place for place in digests if trail.document(place)["previousDigestS3Bucket"] not in (None, place[0])]
        assert len(moved) == 1 and moved[0][0] == SECOND, "the chain goes on in the other bucket"
        lines = trail.aws(region, "--verbose")
        assert lines[0] == f"Validating log files for trail {ARN} between {trail.begin} and {trail.end}"
        ends = sorted(trail.document(place)["digestEndTime"] for place in digests)
        second_begin = trail.document(starts[1])["digestStartTime"]
        first_end = [end for end in ends if end <= trail.document(starts[1])["digestEndTime"]][-2]
        assert [line for line in lines if line.startswith("No log files")] == [f"No log files were delivered by CloudTrail between {first_end} and {second_begin}"]
        for bucket, key in digests:
            assert f"Digest file\ts3://{bucket}/{key}\tvalid" in lines
        for bucket, key in logs:
            assert f"Log file\ts3://{bucket}/{key}\tvalid" in lines
        assert {f"{len(digests)}/{len(digests)} digest files valid", f"{len(logs)}/{len(logs)} log files valid"} <= set(lines)
    report = json.loads(trail.cairn("--json"))["regions"]
    assert [one["region"] for one in report] == sorted(REGIONS) or [one["region"] for one in report] == REGIONS
    assert not [finding for one in report for finding in one["findings"] if finding["problem"]], report
    assert all(one["digests"]["valid"] == len(trail.digests(one["region"])) and one["logFiles"]["valid"] == len(trail.logs(one["region"])) for one in report)

    region = "eu-west-1"
    digests, logs = trail.digests(region), trail.logs(region)
    middle, newest = digests[2], digests[-1]

    def edited(place, old, new):
        body = gzip.decompress(trail.read(place)["Body"].read())
        assert old in body
        return gzip.compress(body.replace(old, new))

    signed = trail.read(middle)["Metadata"]
    assert set(signed) == {"signature", "signature-algorithm"} and re.fullmatch("[0-9a-f]{512}", signed["signature"])
    fingerprint = trail.document(middle)["digestPublicKeyFingerprint"]
    stranger = "0" * 32
    in_first, in_second = logs[0], trail.keys(SECOND, "CloudTrail", region)[-1]
    cases = [
        ("a log file is changed", in_first, edited(in_first, b'"eventName"', b'"eventname"'), None, "Log", "hash value doesn't match"),
        ("one in the later bucket, too", in_second, edited(in_second, b'"eventName"', b'"eventname"'), None, "Log", "hash value doesn't match"),
        ("a log file is deleted", in_first, None, None, "Log", "not found"),
        ("a log file is lengthened", in_first, trail.read(in_first)["Body"].read() + b"more", None, "Log", "unexpected data after end of compressed stream"),
        ("a log file is no gzip", in_first, b"nothing of the kind", None, "Log", "invalid format"),
        ("a digest is changed", middle, edited(middle, b'"SHA-256"', b'"SHA-255"'), signed, "Digest", "signature verification failed"),
        ("a digest's signature is changed", middle, trail.read(middle)["Body"].read(), {**signed, "signature": "00" * 256}, "Digest", "signature verification failed"),
        ("its metadata is gone", middle, trail.read(middle)["Body"].read(), {}, "Digest", "signature verification failed"),
        ("the algorithm is gone", middle, trail.read(middle)["Body"].read(), {"signature": signed["signature"]}, "Digest", "signature verification failed"),
        ("a digest is deleted", middle, None, None, "Digest", "not found"),
        ("a digest is no gzip", middle, b"nothing of the kind", signed, "Digest", "invalid format"),
        ("a digest is moved", middle, trail.read(newest)["Body"].read(), trail.read(newest)["Metadata"], "Digest", "has been moved from its original location"),
        ("its key is not listed", middle, edited(middle, fingerprint.encode(), stranger.encode()), signed, "Digest", f"public key not found in region us-east-1 for fingerprint {stranger}"),
    ]
    for what, place, body, metadata, kind, said in cases:
        before = trail.read(place)
        whole, own = before["Body"].read(), before["Metadata"]
        if body is None:
            trail.s3.delete_object(Bucket=place[0], Key=place[1])
        else:
            trail.write(place, body, own if metadata is None else metadata)
        line = f"{kind} file\ts3://{place[0]}/{place[1]}\tINVALID: {said}"
        lines = trail.aws(region, status=1)
        assert line in lines, (what, line, lines)
        kinds = (f"{len(digests) - 1}/{len(digests)} digest files valid, 1/{len(digests)} digest files INVALID", f"{len(logs) - 1}/{len(logs)} log files valid, 1/{len(logs)} log files INVALID")
        assert kinds[kind == "Log"] in lines, (what, lines)
        ours = trail.cairn("--region", region, status=3).splitlines()
        assert line in ours, (what, line, ours)
        report = json.loads(trail.cairn("--region", region, "--json", "--junit", trail.node.folder / "report.xml", status=3))["regions"][0]
        assert [finding for finding in report["findings"] if finding["problem"] and finding["object"] == f"s3://{place[0]}/{place[1]}"], (what, report["findings"])
        suite = xml.etree.ElementTree.parse(trail.node.folder / "report.xml").getroot()
        assert place[1] in "".join(suite.itertext()), what
        trail.cairn("--region", "us-east-1")  # the other Region is as it was
        trail.write(place, whole, own)
    trail.aws(region)
    trail.cairn()
