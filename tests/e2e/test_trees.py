"""Each kind of event goes into its tree: management and data events, Insights, network activity, and sums of data events, as selectors are written by Terraform and the console."""

import collections
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.request
import uuid

import pytest
from botocore.exceptions import ClientError

from node import ACCOUNT, Node, record

BUCKET = "audit-logs"
ARN = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main"
AWS = pathlib.Path(sys.executable).parent / "aws"
WINDOW_SECONDS = 300
POLICY = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{BUCKET}"},
    {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}]}


def wait_for(what, seconds=30):
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.1)
    return found


class Trail:
    def __init__(self, node, **more):
        self.node, self.client, self.s3 = node, node.client(), node.client("s3")
        self.s3.create_bucket(Bucket=BUCKET)
        self.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(POLICY))
        self.token = json.loads(node.cairn("keys", "create", "--ingest", "--json", "--account", ACCOUNT, "--data", node.data))["secret"]
        self.client.create_trail(Name="main", S3BucketName=BUCKET, EnableLogFileValidation=True, **more)

    def post(self, records):
        body = "".join(json.dumps(r, separators=(",", ":")) + "\n" for r in records)
        request = urllib.request.Request(self.node.endpoint + "/ingest", body.encode(), {"Authorization": "Bearer " + self.token})
        answer = json.loads(urllib.request.urlopen(request, timeout=30).read())
        assert answer["stored"] == len(records), answer

    def keys(self, tree):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"AWSLogs/{ACCOUNT}/{tree}/")
        return [item["Key"] for page in pages for item in page.get("Contents", []) if not item["Key"].endswith("/")]

    def documents(self, tree):
        return [json.loads(gzip.decompress(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())) for key in self.keys(tree)]

    def records(self, tree):
        return [r for document in self.documents(tree) for r in document["Records"]]


QUICK = 'delivery_interval = 0\ndigest_interval = "2s"\nregions = ["us-east-1", "eu-west-1"]\n'


def clock(node_seconds=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + node_seconds))


def s3_event(key, name="PutObject", bucket="documents", read_only=False, user="ana", address="192.0.2.7", time=None, **more):
    return record(str(uuid.uuid4()), name=name, time=time or clock(), user=user, eventSource="s3.amazonaws.com", readOnly=read_only, managementEvent=False, eventCategory="Data",
                  sourceIPAddress=address, requestParameters={"bucketName": bucket, "key": key},
                  resources=[{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"},
                             {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}], **more)


def insight_event(kind="ApiCallRateInsight", state="Start"):
    return {"eventVersion": "1.09", "eventTime": clock(), "awsRegion": "us-east-1", "eventID": str(uuid.uuid4()), "eventType": "AwsCloudTrailInsight",
            "recipientAccountId": ACCOUNT, "sharedEventID": str(uuid.uuid4()), "eventCategory": "Insight",
            "insightDetails": {"state": state, "eventSource": "ssm.amazonaws.com", "eventName": "UpdateInstanceInformation", "insightType": kind,
                               "insightContext": {"statistics": {"baseline": {"average": 0.1}, "insight": {"average": 20.5}, "insightDuration": 1, "baselineDuration": 10080}}}}


def network_event(name="DescribeInstances", source="ec2.amazonaws.com", endpoint="vpce-0123456789abcdef0", **more):
    return {"eventVersion": "1.09", "userIdentity": {"type": "AWSAccount", "principalId": "AROAEXAMPLE:ana", "accountId": ACCOUNT}, "eventTime": clock(),
            "eventSource": source, "eventName": name, "awsRegion": "us-east-1", "sourceIPAddress": "192.0.2.8", "requestID": str(uuid.uuid4()), "eventID": str(uuid.uuid4()),
            "eventType": "AwsVpceEvent", "recipientAccountId": ACCOUNT, "vpcEndpointId": endpoint, "vpcEndpointAccountId": ACCOUNT, "eventCategory": "NetworkActivity", **more}


def selector(name, *fields):
    return {"Name": name, "FieldSelectors": [{"Field": field, **operators} for field, operators in fields]}


def equals(*values):
    return {"Equals": list(values)}


MANAGEMENT = selector("Management events selector", ("eventCategory", equals("Management")))
S3_DATA = (("eventCategory", equals("Data")), ("resources.type", equals("AWS::S3::Object")))

# what a selector takes of these keys of bucket "documents", all of them PutObject but for "read" and "gone"
OBJECTS = ["a/object1", "a/object2", "a/object5", "a/object6", "a/deselect1", "other/object3", "other/object4", "read", "gone"]
ADVANCED = [
    ("console: all events of a type", selector("", *S3_DATA), set(OBJECTS)),
    ("console: writes only", selector("S3 writes", *S3_DATA, ("readOnly", equals("false"))), set(OBJECTS) - {"read"}),
    ("user guide: select and deselect operators together",
     selector("operators", *S3_DATA, ("resources.ARN", {
         "Equals": ["arn:aws:s3:::documents/a/object1"], "StartsWith": ["arn:aws:s3:::documents/a/"], "EndsWith": ["object3"],
         "NotStartsWith": ["arn:aws:s3:::documents/a/deselect"], "NotEndsWith": ["object5"], "NotEquals": ["arn:aws:s3:::documents/a/object6"]})),
     {"a/object1", "a/object2", "other/object3"}),
    ("Terraform: all buckets but two", selector("Log all S3 objects events except for two S3 buckets", ("eventCategory", equals("Data")),
                                                ("resources.ARN", {"NotStartsWith": ["arn:aws:s3:::elsewhere/", "arn:aws:s3:::somewhere/"]}),
                                                ("resources.type", equals("AWS::S3::Object"))), set(OBJECTS)),
    ("Terraform: two events of one bucket", selector("Log PutObject and DeleteObject events for two S3 buckets", ("eventCategory", equals("Data")),
                                                     ("eventName", equals("PutObject", "DeleteObject")), ("readOnly", equals("false")),
                                                     ("resources.ARN", {"StartsWith": ["arn:aws:s3:::documents/", "arn:aws:s3:::else/"]}),
                                                     ("resources.type", equals("AWS::S3::Object"))), set(OBJECTS) - {"read"}),
    ("Terraform: Delete* of one prefix", selector("Log Delete* events for one S3 bucket", ("eventCategory", equals("Data")), ("eventName", {"StartsWith": ["Delete"]}),
                                                  ("resources.ARN", {"StartsWith": ["arn:aws:s3:::documents/"]}), ("resources.type", equals("AWS::S3::Object"))), {"gone"}),
    ("Terraform: exclude the users of a service", selector("Ignore one user", *S3_DATA, ("userIdentity.arn", {"NotEndsWith": [":user/robot"]})), set(OBJECTS) - {"a/object2"}),
]
BASIC = [
    ("all objects", ["arn:aws:s3"], "All", set(OBJECTS)),
    ("all objects, as the console wrote it", ["arn:aws:s3:::"], "WriteOnly", set(OBJECTS) - {"read"}),
    ("a bucket", ["arn:aws:s3:::documents/"], "ReadOnly", {"read"}),
    ("prefixes", ["arn:aws:s3:::documents/a/object", "arn:aws:s3:::documents/gone"], "All", {"a/object1", "a/object2", "a/object5", "a/object6", "gone"}),
    ("another bucket", ["arn:aws:s3:::document/"], "All", set()),
]


def object_events():
    names = {"read": "GetObject", "gone": "DeleteObject"}
    return [s3_event(key, name=names.get(key, "PutObject"), read_only=key == "read", user="robot" if key == "a/object2" else "ana") for key in OBJECTS]


def test_documented_selectors_choose_data_events(start):
    trail = Trail(start(config=QUICK))
    trail.client.start_logging(Name="main")
    seen = set()

    def taken(marker):
        """Keys that came into files with `marker` since the last call; the marker is a management event that every selector here takes."""
        trail.post(object_events() + [record(marker, name="RunInstances", time=clock())])
        wait_for(lambda: marker in {r["eventID"] for r in trail.records("CloudTrail")})
        new = [r for r in trail.records("CloudTrail") if r["eventID"] not in seen and r["eventSource"] == "s3.amazonaws.com" and r["eventCategory"] == "Data"]
        seen.update(r["eventID"] for r in new)
        return sorted(r["requestParameters"]["key"] for r in new)

    assert taken(str(uuid.uuid4())) == [], "data events are not logged by default"
    for what, one, expected in ADVANCED:
        put = [MANAGEMENT, one]
        assert trail.client.put_event_selectors(TrailName="main", AdvancedEventSelectors=put)["AdvancedEventSelectors"] == put, what
        read = trail.client.get_event_selectors(TrailName="main")
        assert read["AdvancedEventSelectors"] == put and "EventSelectors" not in read, what
        assert taken(str(uuid.uuid4())) == sorted(expected), what
    for what, values, kind, expected in BASIC:
        data = {"ReadWriteType": kind, "IncludeManagementEvents": False, "DataResources": [{"Type": "AWS::S3::Object", "Values": values}], "ExcludeManagementEventSources": []}
        management = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": ["kms.amazonaws.com"]}
        put = [data, management]
        assert trail.client.put_event_selectors(TrailName="main", EventSelectors=put)["EventSelectors"] == put, what
        read = trail.client.get_event_selectors(TrailName="main")
        assert read["EventSelectors"] == put and "AdvancedEventSelectors" not in read, what
        assert taken(str(uuid.uuid4())) == sorted(expected), what
    assert not trail.keys("CloudTrail-Insight") and not trail.keys("CloudTrail-NetworkActivity") and not trail.keys("CloudTrail-Aggregated")


def test_insights_and_network_activity_have_trees_of_their_own(start):
    trail = Trail(start(config=QUICK), IsMultiRegionTrail=True)
    client = trail.client
    begin = clock()
    client.start_logging(Name="main")
    trail.post([insight_event(), network_event()])
    client.put_insight_selectors(TrailName="main", InsightSelectors=[{"InsightType": "ApiCallRateInsight"}])
    assert client.get_trail(Name="main")["Trail"]["HasInsightSelectors"] is True
    network = [selector("EC2 through the endpoint", ("eventCategory", equals("NetworkActivity")), ("eventSource", equals("ec2.amazonaws.com")),
                        ("vpcEndpointId", equals("vpce-0123456789abcdef0"))),
               selector("denied, of KMS", ("eventCategory", equals("NetworkActivity")), ("eventSource", equals("kms.amazonaws.com")), ("errorCode", equals("VpceAccessDenied")))]
    client.put_event_selectors(TrailName="main", AdvancedEventSelectors=[MANAGEMENT, *network])
    wanted_insight, other_insight = insight_event(), insight_event("ApiErrorRateInsight")
    denied = network_event("Decrypt", "kms.amazonaws.com", errorCode="VpceAccessDenied", errorMessage="The request was denied due to a VPC endpoint policy")
    wanted_network = [network_event(), denied]
    trail.post([wanted_insight, other_insight, *wanted_network, network_event("Decrypt", "kms.amazonaws.com"), network_event(endpoint="vpce-0ffffffffffffffff")])
    wait_for(lambda: trail.records("CloudTrail-Insight") and len(trail.records("CloudTrail-NetworkActivity")) == 2)
    time.sleep(1)
    assert trail.records("CloudTrail-Insight") == [wanted_insight]
    assert sorted(r["eventID"] for r in trail.records("CloudTrail-NetworkActivity")) == sorted(r["eventID"] for r in wanted_network)
    assert denied in trail.records("CloudTrail-NetworkActivity")
    for tree in ("CloudTrail-Insight", "CloudTrail-NetworkActivity"):
        for key in trail.keys(tree):
            folder, name = key.rsplit("/", 1)
            day = re.fullmatch(rf"{ACCOUNT}_{tree}_us-east-1_(\d{{4}})(\d\d)(\d\d)T\d{{4}}Z_\w{{16}}\.json\.gz", name)
            assert day and folder == f"AWSLogs/{ACCOUNT}/{tree}/us-east-1/{'/'.join(day.groups())}", key
    assert {r["eventCategory"] for r in trail.records("CloudTrail")} == {"Management"}
    valid(trail, begin, clock, ["CloudTrail", "CloudTrail-Insight", "CloudTrail-NetworkActivity"])
    client.put_insight_selectors(TrailName="main", InsightSelectors=[])
    with pytest.raises(ClientError) as off:
        client.get_insight_selectors(TrailName="main")
    assert off.value.response["Error"]["Code"] == "InsightNotEnabledException"


def valid(trail, begin, end, trees):
    """The AWS CLI and cairn accept the trail, whose digests name every file of `trees`; it is stopped."""
    trail.client.stop_logging(Name="main")

    def files():
        return {key for tree in trees for key in trail.keys(tree)}

    def all_named():
        return files() == {log["s3Object"] for digest in trail.documents("CloudTrail-Digest") for log in digest["logFiles"]}

    wait_for(all_named)
    time.sleep(5)  # whatever is still to come
    wait_for(all_named)
    done = subprocess.run([AWS, "cloudtrail", "validate-logs", "--trail-arn", ARN, "--start-time", begin, "--end-time", end(), "--region", "us-east-1"],
                          env=trail.node.environment(PATH=os.environ["PATH"]), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "INVALID" not in done.stdout + done.stderr, done.stdout + done.stderr
    here = [key for key in files() if "/us-east-1/" in key]
    assert f"{len(here)}/{len(here)} log files valid" in done.stdout, done.stdout
    trail.node.cairn("validate", "--data", trail.node.data, "--trail", "main")


@pytest.fixture
def shortly_before_a_window_ends(tmp_path):
    """A node whose clock says that the five minutes of a sum are over in 12 seconds; how far its clock is ahead."""
    library = tmp_path / "clock_ahead.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, pathlib.Path(__file__).with_name("clock_ahead.c")], check=True)
    ahead = WINDOW_SECONDS - 12 - int(time.time()) % WINDOW_SECONDS
    ahead -= WINDOW_SECONDS if ahead > WINDOW_SECONDS // 2 else 0  # signatures may be up to five minutes off
    node = Node(tmp_path / "node", config=QUICK)
    node.extra_environment = {"LD_PRELOAD": str(library), "CLOCK_AHEAD_SECONDS": str(ahead)}
    yield node.start(), ahead
    if node.process.poll() is None:
        node.kill()


def test_data_events_are_summed_up(shortly_before_a_window_ends):
    node, ahead = shortly_before_a_window_ends

    def there():
        return clock(ahead)

    trail = Trail(node)
    templates = ["API_ACTIVITY", "RESOURCE_ACCESS", "USER_ACTIONS"]
    asked = [{"Templates": templates, "EventCategory": "Data"}]
    with pytest.raises(ClientError) as refused:
        trail.client.put_event_configuration(TrailName="main", AggregationConfigurations=asked)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"
    trail.client.put_event_selectors(TrailName="main", AdvancedEventSelectors=[MANAGEMENT, selector("S3", *S3_DATA)])
    assert trail.client.put_event_configuration(TrailName="main", AggregationConfigurations=asked)["AggregationConfigurations"] == asked
    assert trail.client.get_event_configuration(TrailName=ARN)["AggregationConfigurations"] == asked
    begin = there()
    trail.client.start_logging(Name="main")
    first = there()
    events = [s3_event(f"k{n % 3}", name="GetObject" if n % 4 == 0 else "PutObject", read_only=n % 4 == 0, user=("ana", "ben")[n % 2], address=f"192.0.2.{n % 5}", time=there())
              for n in range(40)]
    trail.post(events)
    window = int(time.time() + ahead) // WINDOW_SECONDS
    assert first[:16] == there()[:16], "the calls before took no ten seconds"
    wait_for(lambda: trail.keys("CloudTrail-Aggregated"), seconds=60)
    late = [s3_event("k0", time=first), s3_event("k9", user="ana", time=first)]
    trail.post(late)
    wait_for(lambda: len(trail.keys("CloudTrail-Aggregated")) == 2, seconds=60)
    events += late

    sums = trail.records("CloudTrail-Aggregated")
    counted = collections.defaultdict(collections.Counter)
    details = collections.defaultdict(collections.Counter)
    for one in sums:
        assert {"eventVersion", "accountId", "eventId", "eventCategory", "eventType", "awsRegion", "eventSource", "timeWindow", "summary"} <= set(one)
        assert (one["eventVersion"], one["accountId"], one["awsRegion"], one["eventSource"]) == ("1.0", ACCOUNT, "us-east-1", "s3.amazonaws.com")
        assert (one["eventCategory"], one["eventType"]) == ("Aggregated", "AwsAggregatedEvent")
        ends = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(WINDOW_SECONDS * n)) for n in (window, window + 1)]
        assert one["timeWindow"] == {"windowStart": ends[0], "windowEnd": ends[1], "windowSize": "PT5M"}
        primary = one["summary"]["primaryDimension"]
        assert primary["aggregationType"] == "Count" and len(primary["statistics"]) == 1
        counted[primary["dimension"]][primary["statistics"][0]["name"]] += primary["statistics"][0]["value"]
        for detail in one["summary"]["details"]:
            for value in detail["statistics"]:
                details[primary["dimension"], detail["dimension"]][value["name"]] += value["value"]
    assert len({one["eventId"] for one in sums}) == len(sums)
    counter = collections.Counter
    assert counted["eventName"] == counter(e["eventName"] for e in events)
    assert counted["resourceARN"] == counter(r["ARN"] for e in events for r in e["resources"])
    assert {name.rsplit("/")[-1]: n for name, n in counted["userIdentity"].items()} == counter(e["userIdentity"]["userName"] for e in events)
    assert details["eventName", "sourceIpAddress"] == counter(e["sourceIPAddress"] for e in events)
    assert details["userIdentity", "eventName"] == counted["eventName"]
    assert details["eventName", "resourceARN"] == counted["resourceARN"]
    wait_for(lambda: len([r for r in trail.records("CloudTrail") if r["eventCategory"] == "Data"]) == len(events))  # each event is delivered as ever
    for key in trail.keys("CloudTrail-Aggregated"):
        assert key.split("/")[-1].startswith(f"{ACCOUNT}_CloudTrail-Aggregated_us-east-1_2"), key
    valid(trail, begin, there, ["CloudTrail", "CloudTrail-Aggregated"])
    assert trail.client.put_event_configuration(TrailName="main", AggregationConfigurations=[])["AggregationConfigurations"] == []
