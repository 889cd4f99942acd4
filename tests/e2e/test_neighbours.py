"""Trails with neighbours elsewhere: topics are told of files, log groups get the records, keys are asked for. The neighbours are moto's."""

import concurrent.futures
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time
import uuid

import pytest
from botocore.exceptions import ClientError

from moto_server import Moto
from node import ACCOUNT
from test_trails import BUCKET, delivered, documented_policy, keys, wait_for

AWS = pathlib.Path(sys.executable).parent / "aws"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/trails"
QUICK = 'delivery_interval = 0\nregions = ["us-east-1", "eu-west-1"]\n'


@pytest.fixture(scope="module")
def moto(tmp_path_factory):
    server = Moto(tmp_path_factory.mktemp("moto")).start()
    yield server
    server.stop()


@pytest.fixture
def trails(start, moto):
    return with_bucket(start(config=QUICK + "".join(moto.section(name) for name in ("sns", "logs", "kms"))))


def with_bucket(node):
    s3 = node.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=documented_policy())
    return node


def new_name():
    return f"t{uuid.uuid4().hex[:12]}"


class Queue:
    """Messages that a topic's subscriber gets, in order."""

    def __init__(self, moto, topic_arn):
        self.sqs = moto.client("sqs")
        self.url = self.sqs.create_queue(QueueName=new_name())["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        moto.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
        self.seen = []

    def messages(self):
        for message in self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", []):
            envelope = json.loads(message["Body"])
            assert "Subject" not in envelope
            self.seen.append(envelope["Message"])
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return self.seen

    def told_keys(self):
        notices = [json.loads(message) for message in self.messages() if message.startswith("{")]
        assert all(set(notice) == {"s3Bucket", "s3ObjectKey"} and notice["s3Bucket"] == BUCKET for notice in notices)
        return [key for notice in notices for key in notice["s3ObjectKey"]]


def log_group(name):
    return f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{name}:*"


def log_events(moto, group):
    """As the AWS CLI shows them."""
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "neighbour", "AWS_SECRET_ACCESS_KEY": "neighbour", "AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": ""}
    done = subprocess.run([AWS, "--endpoint-url", moto.endpoint, "logs", "filter-log-events", "--log-group-name", group], env=environment,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["events"]


def ids(records):
    return {record["eventID"] for record in records}


def refusal(call, **arguments):
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return refused.value.response["Error"]["Code"]


def test_a_topic_is_told_of_each_file(trails, moto):
    client, sns, name = trails.client(), moto.client("sns"), new_name()
    queue = Queue(moto, sns.create_topic(Name=name)["TopicArn"])
    made = client.create_trail(Name="main", S3BucketName=BUCKET, SnsTopicName=name)
    assert (made["SnsTopicName"], made["SnsTopicARN"]) == (name, f"arn:aws:sns:us-east-1:{ACCOUNT}:{name}")
    wait_for(lambda: queue.messages() == ["CloudTrail validation message."])
    client.start_logging(Name="main")
    for _ in range(3):
        client.list_trails()
        time.sleep(0.2)
    wait_for(lambda: len(queue.told_keys()) >= 4)
    client.stop_logging(Name="main")
    wait_for(lambda: [r for r in delivered(trails) if r["eventName"] == "StopLogging"])
    wait_for(lambda: sorted(queue.told_keys()) == sorted(keys(trails)))
    status = client.get_trail_status(Name="main")
    assert status["LatestNotificationTime"] and "LatestNotificationError" not in status


def test_a_topic_that_goes_and_comes_back(trails, moto):
    client, sns, name = trails.client(), moto.client("sns"), new_name()
    topic = sns.create_topic(Name=name)["TopicArn"]
    client.create_trail(Name="main", S3BucketName=BUCKET, SnsTopicName=name)
    client.start_logging(Name="main")
    wait_for(lambda: client.get_trail_status(Name="main").get("LatestNotificationTime"))
    sns.delete_topic(TopicArn=topic)
    client.list_trails()
    wait_for(lambda: client.get_trail_status(Name="main").get("LatestNotificationError") == "NotFound")
    wait_for(lambda: [r for r in delivered(trails) if r["eventName"] == "ListTrails"])  # files go on
    queue = Queue(moto, sns.create_topic(Name=name)["TopicArn"])
    client.list_tags(ResourceIdList=[f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main"])
    wait_for(queue.told_keys)
    wait_for(lambda: "LatestNotificationError" not in client.get_trail_status(Name="main"))


def test_a_log_group_gets_every_record_of_every_region(trails, moto):
    client, group = trails.client(), new_name()
    moto.client("logs").create_log_group(logGroupName=group)
    client.create_trail(Name="main", S3BucketName=BUCKET, IsMultiRegionTrail=True, CloudWatchLogsLogGroupArn=log_group(group), CloudWatchLogsRoleArn=ROLE)
    streams = moto.client("logs").describe_log_streams(logGroupName=group)["logStreams"]
    assert [stream["logStreamName"] for stream in streams] == [f"{ACCOUNT}_CloudTrail_us-east-1"], "made when the trail was"
    assert log_events(moto, group) == []
    client.start_logging(Name="main")
    for _ in range(3):
        client.list_trails()
        trails.client(region="eu-west-1").list_trails()
    client.stop_logging(Name="main")
    wait_for(lambda: [r for r in delivered(trails) if r["eventName"] == "StopLogging"])
    wait_for(lambda: ids(json.loads(event["message"]) for event in log_events(moto, group)) == ids(delivered(trails)))
    events = log_events(moto, group)
    messages = [json.loads(event["message"]) for event in events]
    assert len(messages) == len(ids(messages)) >= 8 and {message["awsRegion"] for message in messages} == {"us-east-1", "eu-west-1"}
    assert {event["logStreamName"] for event in events} == {f"{ACCOUNT}_CloudTrail_us-east-1"}
    assert all(abs(event["timestamp"] / 1000 - time.time()) < 120 for event in events)
    status = client.get_trail_status(Name="main")
    assert status["LatestCloudWatchLogsDeliveryTime"] and "LatestCloudWatchLogsDeliveryError" not in status


def test_a_log_group_that_goes_gets_everything_when_it_comes_back(trails, moto):
    client, logs, group = trails.client(), moto.client("logs"), new_name()
    logs.create_log_group(logGroupName=group)
    client.create_trail(Name="main", S3BucketName=BUCKET, CloudWatchLogsLogGroupArn=log_group(group), CloudWatchLogsRoleArn=ROLE)
    logs.delete_log_group(logGroupName=group)
    client.start_logging(Name="main")
    for _ in range(3):
        client.list_trails()
        time.sleep(0.1)
    wait_for(lambda: client.get_trail_status(Name="main").get("LatestCloudWatchLogsDeliveryError") == "ResourceNotFoundException")
    wait_for(lambda: len([r for r in delivered(trails) if r["eventName"] == "ListTrails"]) == 3)  # files go on
    assert "LatestDeliveryError" not in client.get_trail_status(Name="main")
    trails.restart()  # what could not be delivered is not lost
    client = trails.client()
    logs.create_log_group(logGroupName=group)
    wait_for(lambda: ids(delivered(trails)) <= ids(json.loads(event["message"]) for event in log_events(moto, group)))
    wait_for(lambda: "LatestCloudWatchLogsDeliveryError" not in client.get_trail_status(Name="main"))


def test_what_is_not_there_is_refused(trails, moto):
    create, kms = trails.client().create_trail, moto.client("kms")
    trail = {"Name": "main", "S3BucketName": BUCKET}
    logs = {"CloudWatchLogsRoleArn": ROLE}
    assert refusal(create, **trail, SnsTopicName=new_name()) == "InsufficientSnsTopicPolicyException"
    assert refusal(create, **trail, **logs, CloudWatchLogsLogGroupArn=log_group(new_name())) == "InvalidCloudWatchLogsLogGroupArnException"
    assert refusal(create, **trail, KmsKeyId=str(uuid.uuid4())) == "InsufficientEncryptionPolicyException"
    assert refusal(create, **trail, KmsKeyId=f"alias/{new_name()}") == "InsufficientEncryptionPolicyException"
    elsewhere = moto.client("kms", "eu-west-1").create_key()["KeyMetadata"]["Arn"]
    assert refusal(create, **trail, KmsKeyId=elsewhere) == "KmsKeyNotFoundException"
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key)
    assert refusal(create, **trail, KmsKeyId=key) == "KmsException"
    signing = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    assert refusal(create, **trail, KmsKeyId=signing) == "KmsException"
    assert trails.client().list_trails()["Trails"] == []


def test_a_key_is_known_by_its_alias_and_files_wait_while_it_is_disabled(trails, moto):
    client, kms, alias = trails.client(), moto.client("kms"), f"alias/{new_name()}"
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    assert client.create_trail(Name="main", S3BucketName=BUCKET, KmsKeyId=alias)["KmsKeyId"] == key["Arn"]
    assert client.update_trail(Name="main", KmsKeyId=alias)["KmsKeyId"] == key["Arn"]
    client.start_logging(Name="main")
    wait_for(lambda: keys(trails))
    head = trails.client("s3").head_object(Bucket=BUCKET, Key=keys(trails)[0])
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key["Arn"])
    kms.disable_key(KeyId=key["KeyId"])
    client.list_trails()
    wait_for(lambda: client.get_trail_status(Name="main").get("LatestDeliveryError") == "KMS.DisabledException")
    kms.enable_key(KeyId=key["KeyId"])
    wait_for(lambda: [r for r in delivered(trails) if r["eventName"] == "ListTrails"])


def test_lenient_takes_what_is_not_there_and_the_status_tells(start):
    node = with_bucket(start(config=QUICK + 'validation = "lenient"\n'))
    client = node.client()
    client.create_trail(Name="main", S3BucketName=BUCKET, SnsTopicName="none", KmsKeyId="none", CloudWatchLogsLogGroupArn=log_group("none"), CloudWatchLogsRoleArn=ROLE)
    client.start_logging(Name="main")
    wait_for(lambda: keys(node))
    wait_for(lambda: {"NotFound", "ResourceNotFoundException"} <= set(map(str, client.get_trail_status(Name="main").values())))


def test_a_neighbour_that_never_answers_delays_no_file(start):
    """More trails than workers notify a service that takes every connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        taken = []

        def take():
            while True:
                try:
                    taken.append(silent.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        node = start(config=QUICK + 'validation = "lenient"\ntrails.per_region = 20\n')
        s3, client = node.client("s3"), node.client()
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_policy(Bucket=BUCKET, Policy=documented_policy().replace("trail/main", "trail/*").replace("StringEquals", "StringLike"))
        client.create_trail(Name="main", S3BucketName=BUCKET)
        for number in range(6):
            client.create_trail(Name=f"silent{number}", S3BucketName=BUCKET, SnsTopicName="topic", CloudWatchLogsLogGroupArn=log_group("g"), CloudWatchLogsRoleArn=ROLE)
        node.stop()
        service = f'endpoint = "http://127.0.0.1:{silent.getsockname()[1]}"\naccess_key_id = "a"\nsecret_access_key = "b"\n'
        node.config.write_text(node.config.read_text().replace("[[accounts]]", f"[sns]\n{service}[logs]\n{service}[[accounts]]", 1))
        node.start()
        client = node.client()
        for name in ("main", *(f"silent{number}" for number in range(6))):
            client.start_logging(Name=name)
        wait_for(lambda: len(taken) >= 8)
        before = time.monotonic()
        client.list_trails()
        wait_for(lambda: len([r for r in delivered(node) if r["eventName"] == "ListTrails"]) == 7, seconds=8)
        assert time.monotonic() - before < 8
        with concurrent.futures.ThreadPoolExecutor(8) as pool:  # more than there are workers

            def create(number):
                start = time.monotonic()
                node.client(read_timeout=120).create_trail(Name=f"more{number}", S3BucketName=BUCKET, SnsTopicName="topic", CloudWatchLogsLogGroupArn=log_group("g"), CloudWatchLogsRoleArn=ROLE)
                return time.monotonic() - start

            asked = [pool.submit(create, number) for number in range(2)]
            time.sleep(1)
            began = time.monotonic()
            client.lookup_events()
            assert time.monotonic() - began < 2, "other calls are answered meanwhile"
            assert all(14 < one.result() < 20 for one in asked), "topic and log group have one deadline together"
        before = time.monotonic()
        node.stop()  # without waiting for an answer
        assert time.monotonic() - before < 10
        for connection in taken:
            connection.close()
