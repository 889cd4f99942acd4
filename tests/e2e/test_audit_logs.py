"""Audit logs that other servers write themselves: a real MinIO posts to POST /ingest?format=minio-audit, and an ops log of Ceph is posted."""

import json
import time

import pytest
from botocore.exceptions import ClientError

from node import KEY_ID, SECRET
from s3_server import S3Server
from test_ways_in import post, token_of


class AuditingMinio(S3Server):
    """Its audit webhook is `url`."""

    def __init__(self, folder, url, token):
        super().__init__("minio", folder, kms=False)
        self.webhook = {"MINIO_AUDIT_WEBHOOK_ENABLE_cairn": "on", "MINIO_AUDIT_WEBHOOK_ENDPOINT_cairn": url,
                        "MINIO_AUDIT_WEBHOOK_AUTH_TOKEN_cairn": f"Bearer {token}", "MINIO_AUDIT_WEBHOOK_BATCH_SIZE_cairn": "100"}

    def _environment(self):
        return {**super()._environment(), **self.webhook}


def records(node, query):
    return [json.loads(line) for line in node.cairn("lookup", query, "--limit", "1000", "--output", "records").splitlines()]


def await_records(node, query, count):
    deadline = time.monotonic() + 30
    while len(found := records(node, query)) < count:
        assert time.monotonic() < deadline, (query, found)
        time.sleep(0.1)
    return found


def await_telling(node, s3):
    """MinIO answers calls before it begins to tell of them."""
    deadline = time.monotonic() + 30
    while not records(node, "eventName=ListBuckets"):
        assert time.monotonic() < deadline
        s3.list_buckets()
        time.sleep(0.2)


def test_what_minio_says_of_its_calls_is_found(start, tmp_path):
    node = start()
    token = token_of(node)
    minio = AuditingMinio(tmp_path / "minio", f"{node.endpoint}/ingest?format=minio-audit", token)
    minio.start()
    try:
        s3 = minio.client()
        await_telling(node, s3)
        s3.create_bucket(Bucket="photos")
        s3.put_object(Bucket="photos", Key="a b/ü.txt", Body=b"x" * 1000)
        s3.get_object(Bucket="photos", Key="a b/ü.txt")["Body"].read()
        with pytest.raises(ClientError):
            s3.get_object(Bucket="photos", Key="none")
        upload = s3.create_multipart_upload(Bucket="photos", Key="big")["UploadId"]
        s3.upload_part(Bucket="photos", Key="big", UploadId=upload, PartNumber=1, Body=b"y" * 100)
        s3.abort_multipart_upload(Bucket="photos", Key="big", UploadId=upload)
        s3.list_objects_v2(Bucket="photos")
        s3.put_bucket_policy(Bucket="photos", Policy=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}]}))
        s3.delete_objects(Bucket="photos", Delete={"Objects": [{"Key": "a b/ü.txt"}]})

        put = await_records(node, "eventName=PutObject", 1)[0]
        assert put["requestParameters"]["key"] == "a b/ü.txt" and put["requestParameters"]["bucketName"] == "photos"
        assert put["userIdentity"]["type"] == "IAMUser" and put["userIdentity"]["accessKeyId"] == KEY_ID
        assert put["additionalEventData"]["SignatureVersion"] == "SigV4" and put["additionalEventData"]["bytesTransferredIn"] == 1000
        for name in ("CreateBucket", "CreateMultipartUpload", "UploadPart", "AbortMultipartUpload", "ListObjects", "PutBucketPolicy", "DeleteObjects", "DeleteObject"):
            assert await_records(node, f"eventName={name}", 1)[0]["eventSource"] == "s3.amazonaws.com"
        assert [r["errorCode"] for r in await_records(node, "eventName=GetObject errorCode:NoSuch", 1)] == ["NoSuchKey"]
        everything = node.cairn("lookup", "eventSource=s3.amazonaws.com", "--limit", "1000", "--output", "records")
        assert SECRET not in everything and "Signature=" not in everything and "Credential=" not in everything
    finally:
        minio.stop()


def test_an_ops_log_of_ceph_is_read(start):
    node = start()
    entry = {"bucket": "photos", "object": "k", "time": "2026-11-21T16:00:00.500000Z", "remote_addr": "192.0.2.9", "user": "mia", "operation": "put_obj",
             "uri": "PUT /photos/k HTTP/1.1", "http_status": "200", "error_code": "", "bytes_sent": 0, "bytes_received": 10, "object_size": 10, "total_time": 2,
             "user_agent": "s3cmd", "referrer": "", "trans_id": "tx1", "access_key_id": "CEPHKEY", "temp_url": False}
    log = "".join(json.dumps({**entry, "trans_id": f"tx{n}"}) for n in range(3)) + "\n" + '{"uri": "what"}\n'
    path = "/ingest?format=ceph-ops&account=111122223333&region=default"
    token = token_of(node)
    status, answer = post(node, log.encode(), token, path)
    assert status == 200 and {k: answer[k] for k in ("read", "stored", "rejected")} == {"read": 4, "stored": 3, "rejected": 1}
    assert answer["results"][0]["line"] == 2
    assert post(node, log.encode(), token, path)[1]["duplicate"] == 3
    found = records(node, "eventName=PutObject user=mia")
    assert len(found) == 3 and {r["requestID"] for r in found} == {"tx0", "tx1", "tx2"} and {r["awsRegion"] for r in found} == {"default"}


def test_a_format_that_is_not_known(start):
    node = start()
    status, answer = post(node, b"{}", token_of(node), "/ingest?format=nginx")
    assert status == 400 and "minio-audit" in json.dumps(answer)
    line = b'{"sequence":1,"evidence":{},"record":{}}\n'
    status, answer = post(node, line, token_of(node), "/ingest?gateway=g&format=minio-audit")
    assert status == 400 and "a gateway sends records" in json.dumps(answer)
