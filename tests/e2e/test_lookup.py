"""LookupEvents against a plain reading of the same real records."""

import collections
import datetime
import json
import random

import pytest
from botocore.exceptions import ClientError

from node import ACCOUNT, record


def account_of(r):
    return r.get("recipientAccountId") or r.get("accountId") or (r.get("userIdentity") or {}).get("accountId")


def lookup_all(client, **parameters):
    return [e for page in client.get_paginator("lookup_events").paginate(**parameters) for e in page["Events"]]


def test_real_records_come_back_byte_for_byte(start, real_records):
    """Every record of the busiest account, written as of that account, is answered exactly as it came."""
    counts = collections.Counter(account_of(json.loads(line)) for line in real_records)
    account, _ = counts.most_common(1)[0]
    node = start(config=f'[[accounts]]\nid = "{account}"\n[[accounts.key]]\nid = "AKIAEXAMPLEEXAMPLE02"\nsecret = "other"\n')
    report = node.import_records(real_records)
    assert report["read"] == report["stored"] + report["duplicate"] + report["conflict"] + report["rejected"]
    wanted = {}
    for line in real_records:
        r = json.loads(line)
        if account_of(r) == account and r.get("eventID") and r.get("eventCategory", "Management") in ("Management", "Data"):
            wanted.setdefault(r["awsRegion"], {})[r["eventID"]] = line
    for region, lines in wanted.items():
        client = node.client(region=region, key_id="AKIAEXAMPLEEXAMPLE02", secret="other")
        found = {e["EventId"]: e["CloudTrailEvent"] for e in lookup_all(client)}
        missing = set(lines) - set(found)
        assert not missing, f"{region}: {len(missing)} missing, for instance {list(missing)[:3]}"
        different = [i for i, line in lines.items() if found[i] != line]
        assert not different, f"{region}: {different[:3]}"


ATTRIBUTES = ["EventId", "EventName", "EventSource", "AccessKeyId", "ReadOnly"]


def attribute(r, key):
    identity = r.get("userIdentity") or {}
    read_only = r.get("readOnly")
    return {"EventId": r.get("eventID"), "EventName": r["eventName"], "EventSource": r["eventSource"], "AccessKeyId": identity.get("accessKeyId"),
            "ReadOnly": None if read_only is None else str(read_only).lower()}[key]


def test_every_attribute_finds_exactly_its_events(start, real_records):
    node = start(config='[[accounts]]\nid = "000000000000"\n')
    records = []
    for line in real_records:
        r = json.loads(line)
        if r.get("eventID") and r.get("eventCategory", "Management") == "Management":
            r["recipientAccountId"], r["awsRegion"] = ACCOUNT, "eu-west-1"
            records.append(r)
    node.import_records(records)
    client = node.client(region="eu-west-1")
    draw = random.Random(1)
    for key in ATTRIBUTES:
        values = [v for v in {attribute(r, key) for r in records} if v]
        for value in draw.sample(sorted(values), min(12, len(values))):
            expected = {r["eventID"] for r in records if attribute(r, key) == value}
            events = lookup_all(client, LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}])
            # the lookups themselves are events, too
            found = [e["EventId"] for e in events if e.get("AccessKeyId") != node.key_id]
            assert sorted(found) == sorted(expected), (key, value)
            times = [e["EventTime"] for e in events]
            assert times == sorted(times, reverse=True)


def test_time_range_is_inclusive(node):
    node.import_records([record(f"00000000-0000-4000-8000-00000000000{i}", time=f"2026-01-02T03:04:0{i}Z") for i in range(6)])
    at = lambda s: datetime.datetime(2026, 1, 2, 3, 4, s, tzinfo=datetime.timezone.utc)
    events = node.client().lookup_events(StartTime=at(2), EndTime=at(4))["Events"]
    assert [e["EventTime"].second for e in events] == [4, 3, 2]


def test_pages_go_on_over_restart_and_later_events(node):
    ids = [f"00000000-0000-4000-8000-{i:012d}" for i in range(120)]
    node.import_records([record(i, time=f"2026-01-02T03:{n // 60:02d}:{n % 60:02d}Z") for n, i in enumerate(ids)])
    by_user = {"LookupAttributes": [{"AttributeKey": "Username", "AttributeValue": "ana"}], "MaxResults": 50}
    first = node.client().lookup_events(**by_user)
    node.import_records([record("11111111-0000-4000-8000-000000000000", time="2026-01-02T04:00:00Z"),
                         record("11111111-0000-4000-8000-000000000001", time="2026-01-02T03:00:30Z")])
    node.restart()
    second = node.client().lookup_events(**by_user, NextToken=first["NextToken"])
    third = node.client().lookup_events(**by_user, NextToken=second["NextToken"])
    assert "NextToken" not in third
    found = [e["EventId"] for page in (first, second, third) for e in page["Events"]]
    assert found == ids[::-1]


@pytest.mark.parametrize("parameters, code", [
    ({"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "a"}, {"AttributeKey": "EventId", "AttributeValue": "b"}]}, "InvalidLookupAttributesException"),
    ({"LookupAttributes": [{"AttributeKey": "Nonsense", "AttributeValue": "a"}]}, "InvalidLookupAttributesException"),
    ({"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "x" * 2001}]}, "InvalidLookupAttributesException"),
    ({"StartTime": 2000000000, "EndTime": 1000000000}, "InvalidTimeRangeException"),
    ({"MaxResults": 51}, "InvalidMaxResultsException"),
    ({"NextToken": "nonsense"}, "InvalidNextTokenException"),
    ({"EventCategory": "management"}, "InvalidEventCategoryException"),
])
def test_documented_errors(node, parameters, code):
    client = node.client(parameter_validation=False)
    with pytest.raises(ClientError) as raised:
        client.lookup_events(**parameters)
    assert raised.value.response["Error"]["Code"] == code
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert raised.value.response["Error"]["Message"]


def test_token_belongs_to_its_request(node):
    node.import_records([record(f"00000000-0000-4000-8000-{i:012d}") for i in range(3)])
    token = node.client().lookup_events(MaxResults=1)["NextToken"]
    with pytest.raises(ClientError) as raised:
        node.client().lookup_events(MaxResults=1, NextToken=token, LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "RunInstances"}])
    assert raised.value.response["Error"]["Code"] == "InvalidNextTokenException"


def test_accounts_and_regions_stay_apart(start):
    node = start(config='[[accounts]]\nid = "444455556666"\n[[accounts.key]]\nid = "AKIAEXAMPLEEXAMPLE03"\nsecret = "third"\n')
    node.import_records([record("a" * 8 + "-0000-4000-8000-000000000000", name="Mine"),
                         record("b" * 8 + "-0000-4000-8000-000000000000", name="Theirs", account="444455556666"),
                         record("c" * 8 + "-0000-4000-8000-000000000000", name="Elsewhere", region="eu-west-1")])
    names = lambda client: {e["EventName"] for e in client.lookup_events()["Events"]} & {"Mine", "Theirs", "Elsewhere"}
    assert names(node.client()) == {"Mine"}
    assert names(node.client(region="eu-west-1")) == {"Elsewhere"}
    assert names(node.client(key_id="AKIAEXAMPLEEXAMPLE03", secret="third")) == {"Theirs"}


def test_own_calls_are_recorded_with_the_caller(node):
    client = node.client()
    client.lookup_events(MaxResults=1)
    with pytest.raises(ClientError):
        client.list_event_data_stores()
    for name in ("LookupEvents", "ListEventDataStores"):  # calls that only read are recorded without their waiting for it
        node.cairn("wait", f"eventName={name}", "eventSource=cloudtrail.amazonaws.com", "--timeout", "30")
    events = [json.loads(e["CloudTrailEvent"]) for e in client.lookup_events(LookupAttributes=[{"AttributeKey": "EventSource", "AttributeValue": "cloudtrail.amazonaws.com"}])["Events"]]
    by_name = {e["eventName"]: e for e in events}
    assert by_name["LookupEvents"]["userIdentity"]["accessKeyId"] == node.key_id
    assert by_name["LookupEvents"]["requestParameters"] == {"maxResults": 1}
    assert by_name["LookupEvents"]["sourceIPAddress"] == "127.0.0.1"
    assert by_name["ListEventDataStores"]["errorCode"]
    assert node.secret not in json.dumps(events)
