"""The wire as a hostile client sees it: every request here is made by hand."""

import base64
import hashlib
import json
import re
import time
import uuid

import pytest

from hand_made import LOOKUP, Wire, exchange, lookup, lookup_request, put_audit_events, render, signed_headers, token_service
from node import ACCOUNT, KEY_ID, record

JSON_TYPE = "application/x-amz-json-1.1"
OPERATIONS = """CancelQuery CreateChannel CreateDashboard CreateEventDataStore DeleteChannel DeleteDashboard DeleteEventDataStore DeleteResourcePolicy
DeregisterOrganizationDelegatedAdmin DescribeQuery DisableFederation EnableFederation GenerateQuery GetChannel GetDashboard
GetEventDataStore GetImport GetQueryResults GetResourcePolicy ListChannels ListDashboards ListEventDataStores
ListImportFailures ListImports ListInsightsData ListInsightsMetricData ListQueries
PutResourcePolicy RegisterOrganizationDelegatedAdmin RestoreEventDataStore SearchSampleQueries StartDashboardRefresh StartEventDataStoreIngestion
StartImport StartQuery StopEventDataStoreIngestion StopImport UpdateChannel UpdateDashboard UpdateEventDataStore""".split()
TRAIL_OPERATIONS = """AddTags CreateTrail DeleteTrail DescribeTrails GetEventConfiguration GetEventSelectors GetInsightSelectors GetTrail GetTrailStatus
ListPublicKeys ListTags ListTrails PutEventConfiguration PutEventSelectors PutInsightSelectors RemoveTags StartLogging StopLogging UpdateTrail""".split()


@pytest.fixture(scope="module")
def shared_node(tmp_path_factory):
    from node import Node
    node = Node(tmp_path_factory.mktemp("protocol"), config=f"""
[[accounts]]
id = "444455556666"
[[accounts.user]]
name = "nobody"
[[accounts.user.key]]
id = "AKIANOBODYNOBODY0001"
secret = "nobody"
[[accounts.role]]
name = "ops"
policies = ['{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"*","Resource":"*"}}]}}']
session = "night"
[[accounts.role.credentials]]
id = "ASIAROLEROLEROLE0001"
secret = "role"
session_token = "the session token"
""").start()
    node.import_records([record(f"00000000-0000-4000-8000-{i:012d}", time=f"2026-01-02T03:04:{i:02d}Z") for i in range(12)])
    yield node
    node.kill()


def well_formed(reply, content_type=JSON_TYPE):
    assert uuid.UUID(reply.headers["x-amzn-requestid"]).version == 4
    assert reply.headers["content-type"] == content_type
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", reply.headers["date"])
    assert int(reply.headers["content-length"]) == len(reply.body)
    assert "content-encoding" not in reply.headers
    return reply


def refused(reply, code, status=400):
    well_formed(reply)
    assert (reply.status, reply.json["__type"]) == (status, code), reply.body
    assert set(reply.json) == {"__type", "message"} and reply.json["message"]
    return reply.json["message"]


BY_USER = {"LookupAttributes": [{"AttributeKey": "Username", "AttributeValue": "ana"}]}


# --- the envelope of a call -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("target", [LOOKUP, "CloudTrail_20131101.LookupEvents"])
@pytest.mark.parametrize("content_type", [JSON_TYPE, JSON_TYPE + "; charset=utf-8", "application/x-amz-json-1.0", "application/json", None])
def test_both_targets_and_every_json_type(shared_node, target, content_type):
    reply = well_formed(lookup(shared_node, BY_USER, target=target, content_type=content_type))
    assert reply.status == 200 and len(reply.json["Events"]) == 12 and "NextToken" not in reply.json


@pytest.mark.parametrize("target", [None, "LookupEvents", "CloudTrail_20131101.", "CloudTrail_20131101.lookupevents", "CloudTrail_20131101.Nonsense",
                                    "DynamoDB_20120810.LookupEvents", "CloudTrail_20131101.LookupEvents.", "xCloudTrail_20131101.LookupEvents"])
def test_targets_that_name_nothing(shared_node, target):
    refused(lookup(shared_node, target=target), "UnknownOperationException")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods(shared_node, method):
    body = b"" if method == "GET" else b"{}"
    headers = signed_headers(shared_node.endpoint, body, method=method, headers=[("X-Amz-Target", LOOKUP)])
    refused(exchange(shared_node, render(headers, body, method=method)), "UnknownOperationException")


def test_rpc_v2_cbor_and_cbor_bodies_are_told_so(shared_node):
    path, body = "/service/CloudTrail_20131101/operation/LookupEvents", b"\xbf\xff"
    headers = signed_headers(shared_node.endpoint, body, path=path, headers=[("Smithy-Protocol", "rpc-v2-cbor"), ("Content-Type", "application/cbor")])
    refused(exchange(shared_node, render(headers, body, target=path)), "UnknownOperationException")
    refused(lookup(shared_node, body, content_type="application/x-amz-cbor-1.1"), "SerializationException")


def test_a_base_path_of_the_endpoint_is_no_hindrance(shared_node):
    headers = signed_headers(shared_node.endpoint, b"{}", path="/base/path/", headers=[("X-Amz-Target", LOOKUP)])
    assert exchange(shared_node, render(headers, b"{}", target="/base/path/")).status == 200


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_other_operation_is_known_and_not_there(shared_node, operation):
    for body in (b"{}", b""):
        message = refused(lookup(shared_node, body, target="com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101." + operation), "UnsupportedOperationException")
        assert operation in message


@pytest.mark.parametrize("operation", OPERATIONS + TRAIL_OPERATIONS)
def test_every_operation_asks_who_calls_and_what_is_sent(shared_node, operation):
    target = "CloudTrail_20131101." + operation
    refused(lookup(shared_node, b"{", target=target), "SerializationException")
    denied = refused(lookup(shared_node, target=target, key_id="AKIANOBODYNOBODY0001", secret="nobody"), "AccessDeniedException")
    assert denied == (f"User: arn:aws:iam::444455556666:user/nobody is not authorized to perform: cloudtrail:{operation} on resource: * "
                      f"because no identity-based policy allows the cloudtrail:{operation} action")
    refused(lookup(shared_node, target=target, secret="wrong"), "InvalidSignatureException")


# --- the body ---------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("body, found", [
    (b"", 12), (b"{}", 12), (b" {} \r\n", 12), (b'{"Unknown":{"a":[1,{}]},"lookupattributes":[]}', 12), (b'{"MaxResults":null,"LookupAttributes":null,"NextToken":null}', 12),
    (b'{"LookupAttributes":[]}', 12), (b'{"MaxResults":3}', 3), (b'{"MaxResults":3.0}', 3), (b'{"MaxResults":1e1}', 10),
    (b'{"StartTime":1767323045}', 7), (b'{"StartTime":1767323045.0,"EndTime":1767323046.999}', 2), (b'{"StartTime":1767323045.5}', 6),
    (b'{"StartTime":"2026-01-02T03:04:05Z"}', 7), (b'{"StartTime":"2026-01-02T04:04:05+01:00"}', 7), (b'{"StartTime":"2026-01-02T03:04:05"}', 7),
    (b'{"StartTime":"2026-01-02","EndTime":"2026-01-03"}', 12), (b'{"StartTime":"1767323045"}', 7), (b'{"StartTime":"Fri, 02 Jan 2026 03:04:05 GMT"}', 7),
    (b'{"StartTime":"2026-01-02T03:04:05+0000"}', 7), (b'{"StartTime":"20260102T030405Z"}', 7), (b'{"StartTime":"2026-01-02 03:04:05"}', 7), (b'{"StartTime":"2026-01-02T03:04Z"}', 12),
    (b'{"StartTime":1.767323045E9}', 7), (b'{"StartTime":0}', 12), (b'{"StartTime":-1}', 12), (b'{"EndTime":0}', 0), (b'{"StartTime":1767323045,"EndTime":1767323045}', 1),
])
def test_bodies_that_are_understood(shared_node, body, found):
    # own calls are newer than this, and would fill the page
    bounded = body if b"EndTime" in body else body.replace(b"{", b'{"EndTime":1767400000,', 1).replace(b",}", b"}") if body else b'{"EndTime":1767400000}'
    reply = well_formed(lookup(shared_node, bounded))
    assert reply.status == 200, reply.body
    mine = [e for e in reply.json["Events"] if e["EventSource"] == "ec2.amazonaws.com"]
    assert len(mine) == found
    times = [e["EventTime"] for e in mine]
    assert times == sorted(times, reverse=True) and all(isinstance(t, float) for t in times)


@pytest.mark.parametrize("body, message", [
    (b"null", "NULL_VALUE can not be converted to a Structure"), (b"[]", "START_ARRAY can not be converted to a Structure"), (b'"x"', "STRING_VALUE"), (b"5", "NUMBER_VALUE"),
    (b"{", "not JSON"), (b"{}x", "not JSON"), (b'{"MaxResults":5,}', "not JSON"), (b"{'MaxResults':5}", "not JSON"), (b"\xff\xfe", "not JSON"), (b'{"a":"\xff"}', "not JSON"),
    (b'{"MaxResults":NaN}', "not JSON"), (b"[" * 5000, "not JSON"), (b'{"a":' * 5000 + b"1" + b"}" * 5000, "not JSON"),
    (b'{"MaxResults":"5"}', "STRING_VALUE can not be converted to an Integer at 'MaxResults'"), (b'{"MaxResults":true}', "TRUE_VALUE can not be converted to an Integer"),
    (b'{"MaxResults":[5]}', "START_ARRAY can not be converted to an Integer"), (b'{"MaxResults":1.5}', "DECIMAL_VALUE can not be converted to an Integer"),
    (b'{"MaxResults":99999999999999999999}', "can not be converted to an Integer"), (b'{"LookupAttributes":{}}', "START_OBJECT can not be converted to a List"),
    (b'{"LookupAttributes":["EventName"]}', "STRING_VALUE can not be converted to a Structure"), (b'{"LookupAttributes":[{"AttributeKey":1,"AttributeValue":"x"}]}', "NUMBER_VALUE can not be converted to a String"),
    (b'{"NextToken":7}', "NUMBER_VALUE can not be converted to a String"), (b'{"EventCategory":false}', "FALSE_VALUE can not be converted to a String"),
    (b'{"StartTime":"yesterday"}', "STRING_VALUE can not be converted to a Timestamp at 'StartTime'"), (b'{"StartTime":{}}', "START_OBJECT can not be converted to a Timestamp"),
    (b'{"EndTime":"2026-02-30"}', "can not be converted to a Timestamp"),
])
def test_bodies_that_are_not(shared_node, body, message):
    assert message in refused(lookup(shared_node, body), "SerializationException")


def attribute(key, value):
    return {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]}


@pytest.mark.parametrize("body, code", [
    ({"MaxResults": 0}, "InvalidMaxResultsException"), ({"MaxResults": 51}, "InvalidMaxResultsException"), ({"MaxResults": -1}, "InvalidMaxResultsException"),
    ({"MaxResults": 2147483647}, "InvalidMaxResultsException"),
    ({"LookupAttributes": [{}]}, "InvalidLookupAttributesException"), ({"LookupAttributes": [{"AttributeKey": "EventName"}]}, "InvalidLookupAttributesException"),
    ({"LookupAttributes": [{"AttributeValue": "x"}]}, "InvalidLookupAttributesException"), (attribute("eventname", "x"), "InvalidLookupAttributesException"),
    (attribute("", "x"), "InvalidLookupAttributesException"), (attribute("EventName", ""), "InvalidLookupAttributesException"),
    (attribute("EventName", "x" * 2001), "InvalidLookupAttributesException"), (attribute("EventName", "_" * 1001), "InvalidLookupAttributesException"),
    (attribute("EventName", " ,\n" * 334), "InvalidLookupAttributesException"), (attribute("ReadOnly", "maybe"), "InvalidLookupAttributesException"),
    (attribute("x" * 99 + "\u00e4", "x"), "InvalidLookupAttributesException"), (attribute("\U0001f600" * 50, "x"), "InvalidLookupAttributesException"),
    ({"LookupAttributes": attribute("EventName", "a")["LookupAttributes"] * 2}, "InvalidLookupAttributesException"),
    ({"StartTime": 2, "EndTime": 1}, "InvalidTimeRangeException"), ({"StartTime": 1.001, "EndTime": 1}, "InvalidTimeRangeException"),
    ({"StartTime": 1767323045000}, "InvalidTimeRangeException"), ({"EndTime": -1e300}, "InvalidTimeRangeException"),
    ({"EventCategory": ""}, "InvalidEventCategoryException"), ({"EventCategory": "Insight"}, "InvalidEventCategoryException"), ({"EventCategory": "management"}, "InvalidEventCategoryException"),
    ({"EventCategory": "insight", **attribute("Username", "x")}, "InvalidLookupAttributesException"), ({"EventCategory": "insight", **attribute("ReadOnly", "true")}, "InvalidLookupAttributesException"),
    ({"NextToken": ""}, "InvalidNextTokenException"), ({"NextToken": "AAAA"}, "InvalidNextTokenException"), ({"NextToken": "\u00e4" * 3000}, "InvalidNextTokenException"),
])
def test_every_error_of_lookup_events(shared_node, body, code):
    refused(lookup(shared_node, body), code)


@pytest.mark.parametrize("value", ["x" * 2000, "_" * 1000, "\u00e4" * 2000, "\U0001f600" * 2000, 'quo"te\\ back', "Run*", "RunInstance?", "(x) OR y"])
def test_odd_values_find_nothing_and_are_no_error(shared_node, value):
    reply = well_formed(lookup(shared_node, attribute("EventName", value)))
    assert (reply.status, reply.json) == (200, {"Events": []})


def test_tokens_belong_to_their_parameters(shared_node):
    ask = {**BY_USER, "StartTime": 1767323040, "EndTime": 1767323060, "MaxResults": 5}
    first = lookup(shared_node, ask).json
    token = first["NextToken"]
    for other in ({"StartTime": 1767323041}, {"EndTime": 1767323061}, {"StartTime": None}, {"LookupAttributes": None}, attribute("Username", "other"), attribute("EventName", "ana")):
        refused(lookup(shared_node, {**ask, **other, "NextToken": token}), "InvalidNextTokenException")
    refused(lookup(shared_node, {"EventCategory": "insight", "NextToken": token}), "InvalidNextTokenException")
    refused(lookup(shared_node, {**ask, "NextToken": token}, region="eu-west-1"), "InvalidNextTokenException")
    refused(lookup(shared_node, {**ask, "NextToken": token}, key_id="ASIAROLEROLEROLE0001", secret="role", token="the session token"), "InvalidNextTokenException")
    for at in range(0, len(token), 7):
        refused(lookup(shared_node, {**ask, "NextToken": token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1:]}), "InvalidNextTokenException")
    # another MaxResults, a number written otherwise, and twice the same token are fine
    rest = lookup(shared_node, {**ask, "StartTime": 1767323040.0, "MaxResults": 50, "NextToken": token}).json
    again = lookup(shared_node, {**ask, "NextToken": token}).json
    ids = [e["EventId"] for e in first["Events"] + rest["Events"]]
    assert len(ids) == len(set(ids)) == 12 and "NextToken" not in rest
    assert [e["EventId"] for e in again["Events"]] == ids[5:10]


def test_an_exactly_full_last_page_has_no_token_or_leads_to_an_empty_page(shared_node):
    ask = {**BY_USER, "MaxResults": 6}
    second = lookup(shared_node, {**ask, "NextToken": lookup(shared_node, ask).json["NextToken"]}).json
    assert len(second["Events"]) == 6
    if "NextToken" in second:
        third = lookup(shared_node, {**ask, "NextToken": second["NextToken"]}).json
        assert third == {"Events": []}


def test_a_time_range_before_the_window_is_empty(start):
    node = start(config='history.window = "90d"\n')
    assert lookup(node, {"StartTime": 0, "EndTime": 1000}).json == {"Events": []}
    assert lookup(node, {"EndTime": 1000}).json == {"Events": []}


# --- who calls --------------------------------------------------------------------------------------------------------------

def test_signatures_in_every_accepted_form(shared_node):
    ok = lambda **signing: lookup(shared_node, BY_USER, **signing).status == 200
    body = json.dumps(BY_USER).encode()
    assert ok() and ok(skew=240) and ok(skew=-240)
    assert ok(payload_hash=hashlib.sha256(body).hexdigest())
    assert ok(more=[("X-Amz-Folded", "a   b"), ("x-amz-twice", "1"), ("X-AMZ-Twice", "2"), ("amz-sdk-request", "attempt=1; max=3"), ("X-Amz-User-Agent", "aws-sdk-js/3")])
    assert ok(key_id="ASIAROLEROLEROLE0001", secret="role", token="the session token")
    # blanks, commas or both between the parts; the scheme's parts in another order
    headers = dict(signed_headers(shared_node.endpoint, body, headers=[("X-Amz-Target", LOOKUP)]))
    scheme, credential, names, signature = re.fullmatch(r"(\S+) (\S+), (\S+), (\S+)", headers["Authorization"]).groups()
    for form in (f"{scheme} {credential},{names},{signature}", f"{scheme} {signature},  {names} , {credential}", f"{scheme}  {credential} {names} {signature}"):
        assert exchange(shared_node, render({**headers, "Authorization": form}.items(), body)).status == 200, form
    # the same request once more
    request = lookup_request(shared_node, body)
    assert exchange(shared_node, request).status == exchange(shared_node, request).status == 200


NOT_SIGNED = [("Host", "x"), ("X-Amz-Date", "20260101T000000Z"), ("X-Amz-Target", LOOKUP)]
SCOPE = "20260101/us-east-1/cloudtrail/aws4_request"


@pytest.mark.parametrize("authorization, code, message", [
    (None, "MissingAuthenticationTokenException", "Missing Authentication Token"),
    ("", "IncompleteSignatureException", "Unsupported AWS 'algorithm'"),
    ("Bearer abc", "IncompleteSignatureException", "Unsupported AWS 'algorithm': 'Bearer'."),
    ("AWS AKID:abc=", "IncompleteSignatureException", "Unsupported AWS 'algorithm': 'AWS'."),
    ("AWS4-HMAC-SHA256", "IncompleteSignatureException", "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter."),
    ("AWS4-HMAC-SHA256 Credential=a", "IncompleteSignatureException", "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter."),
    ("AWS4-HMAC-SHA256 rubbish", "IncompleteSignatureException", "Invalid key=value pair (missing equal-sign) in Authorization header"),
    ("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=1", "IncompleteSignatureException", "Credential must have exactly 5 slash-delimited elements"),
    (f"AWS4-HMAC-SHA256 Credential={KEY_ID}/20260101//cloudtrail/aws4_request, SignedHeaders=host;x-amz-date, Signature=1", "IncompleteSignatureException", "exactly 5"),
    (f"AWS4-HMAC-SHA256 Credential={KEY_ID}/20260101/us-east-1/cloudtrail/aws5, SignedHeaders=host, Signature=1", "InvalidSignatureException", "valid terminator"),
    (f"AWS4-HMAC-SHA256 Credential={KEY_ID}/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=1", "InvalidSignatureException", "correct service: 'cloudtrail'"),
    (f"AWS4-HMAC-SHA256 Credential=AKIANOSUCHKEY/{SCOPE}, SignedHeaders=host;x-amz-date, Signature=1", "UnrecognizedClientException", "The security token included in the request is invalid."),
    (f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{SCOPE}, SignedHeaders=host;x-amz-date, Signature=1", "InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than "),
    (f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{SCOPE}, SignedHeaders=x-amz-date, Signature=1", "InvalidSignatureException", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."),
    (f"AWS4-HMAC-SHA256 Credential={KEY_ID}\xff/{SCOPE}, SignedHeaders=host, Signature=1", "UnrecognizedClientException", "invalid"),
    ("AWS4-HMAC-SHA256 Credential=\xff/\xfe, SignedHeaders=host, Signature=1", "IncompleteSignatureException", "Credential must have"),
])
def test_signatures_that_are_refused(shared_node, authorization, code, message):
    headers = NOT_SIGNED + ([("Authorization", authorization)] if authorization is not None else [])
    assert message in refused(exchange(shared_node, render(headers, b"{}")), code)


def test_signed_and_wrong(shared_node):
    mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."
    assert refused(lookup(shared_node, secret="wrong"), "InvalidSignatureException").startswith(mismatch)
    assert "Signature expired: " in refused(lookup(shared_node, skew=-330), "InvalidSignatureException")
    assert "Signature not yet current: " in refused(lookup(shared_node, skew=330), "InvalidSignatureException")
    refused(lookup(shared_node, payload_hash="UNSIGNED-PAYLOAD"), "InvalidSignatureException")
    refused(lookup(shared_node, payload_hash="0" * 64), "InvalidSignatureException")
    invalid = "The security token included in the request is invalid."
    assert refused(lookup(shared_node, token="one too many"), "UnrecognizedClientException") == invalid
    role = {"key_id": "ASIAROLEROLEROLE0001", "secret": "role"}
    assert refused(lookup(shared_node, **role), "UnrecognizedClientException") == invalid
    assert refused(lookup(shared_node, **role, token="another"), "UnrecognizedClientException") == invalid
    # what is signed is what is sent
    signed = signed_headers(shared_node.endpoint, b"{}", headers=[("X-Amz-Target", LOOKUP)])
    refused(exchange(shared_node, render(signed, b'{"MaxResults":1}')), "InvalidSignatureException")
    refused(exchange(shared_node, render(signed, b"{}", target="/?a=b")), "InvalidSignatureException")
    refused(exchange(shared_node, render([(n, LOOKUP + "x" if n == "X-Amz-Target" else v) for n, v in signed], b"{}")), "InvalidSignatureException")


def test_a_region_with_a_wildcard_opens_nothing(shared_node):
    assert lookup(shared_node, BY_USER, region="*").json == {"Events": []}
    assert lookup(shared_node, BY_USER, region="us-east-?").json == {"Events": []}


# --- HTTP -------------------------------------------------------------------------------------------------------------------

def test_one_connection_takes_many_requests(shared_node):
    with Wire(shared_node.endpoint) as wire:
        for _ in range(3):
            wire.send(lookup_request(shared_node, json.dumps(BY_USER).encode()))
            assert len(wire.reply().json["Events"]) == 12
        refused_then = lookup_request(shared_node, secret="wrong")
        wire.send(refused_then)
        assert wire.reply().status == 400
        wire.send(lookup_request(shared_node))
        assert wire.reply().status == 200


def test_pipelined_requests_are_answered_in_order(shared_node):
    with Wire(shared_node.endpoint) as wire:
        wire.send(b"".join(lookup_request(shared_node, json.dumps({**BY_USER, "MaxResults": n}).encode()) for n in range(1, 13)))
        assert [len(wire.reply().json["Events"]) for _ in range(12)] == list(range(1, 13))


def test_http_1_0_and_connection_close(shared_node):
    for version, more in (("1.0", ()), ("1.1", [("Connection", "close")])):
        with Wire(shared_node.endpoint) as wire:
            wire.send(lookup_request(shared_node, version=version, more=more))
            assert wire.reply().status == 200 and wire.closed()


def test_chunked_bodies_and_expect_continue(shared_node):
    body = json.dumps(BY_USER).encode()
    headers = signed_headers(shared_node.endpoint, body, headers=[("X-Amz-Target", LOOKUP)])
    chunked = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7]) for i in range(0, len(body), 7)) + b"0\r\nTrailer: x\r\n\r\n"
    head = render([*headers, ("Transfer-Encoding", "chunked")], length=False)
    assert len(exchange(shared_node, head + chunked).json["Events"]) == 12
    with Wire(shared_node.endpoint) as wire:
        whole = render([*headers, ("Expect", "100-continue")], body)
        wire.send(whole[:-len(body)])
        assert wire.reply().status == 100
        wire.send(body)
        assert len(wire.reply().json["Events"]) == 12


def test_head_requests_have_no_body(shared_node):
    with Wire(shared_node.endpoint) as wire:
        for _ in range(2):
            wire.send(b"HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            reply = wire.reply(head_only=True)
            assert reply.status == 200 and reply.headers["content-length"] == "3"


def test_a_request_in_single_bytes(shared_node):
    with Wire(shared_node.endpoint) as wire:
        for byte in lookup_request(shared_node, json.dumps(BY_USER).encode()):
            wire.send(bytes([byte]))
        assert len(wire.reply().json["Events"]) == 12


def test_what_is_too_large_is_refused_in_the_protocol_of_the_caller(shared_node):
    large = b'{"NextToken":"' + b"x" * (1 << 20) + b'"}'
    reply = lookup(shared_node, large)
    assert reply.headers["connection"] == "close"
    refused(reply, "RequestEntityTooLargeException", 413)
    reply = put_audit_events(shared_node, b'{"auditEvents":"' + b"x" * (1 << 20) + b'"}')
    assert (reply.status, reply.code) == (413, "RequestEntityTooLargeException")
    well_formed(reply, "application/json")
    reply = token_service(shared_node, "Action=GetCallerIdentity&Version=2011-06-15&x=" + "x" * (1 << 20))
    assert reply.status == 413 and b"<Code>RequestEntityTooLarge</Code>" in well_formed(reply, "text/xml").body
    reply = exchange(shared_node, render([("Host", "x"), ("Content-Length", str(100 << 20))], target="/ingest", length=False))
    assert reply.status == 413 and well_formed(reply, "application/json").json["error"]["code"] == "BodyTooLarge"


@pytest.mark.parametrize("request_bytes, status", [
    (b"rubbish\r\n\r\n", 400), (b"\x16\x03\x01\x02\x00", 400), (b"POST / HTTP/1.1\r\n\r\n", 400), (b"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400), (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400), (b"POST / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505), (b"POST / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70000 + b"\r\n\r\n", 431),
    (b"POST / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 300 + b"\r\n", 431), (b"POST / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501), (b"POST / HTTP/1.1\r\nHost: a\r\nExpect: more\r\nContent-Length: 1\r\n\r\n", 417),
])
def test_broken_requests_are_refused_and_closed(shared_node, request_bytes, status):
    with Wire(shared_node.endpoint) as wire:
        wire.send(request_bytes)
        reply = wire.reply()
        assert reply.status == status and reply.headers["connection"] == "close"
        well_formed(reply, "text/plain")
        assert wire.closed()


# --- GetCallerIdentity --------------------------------------------------------------------------------------------------------

def test_caller_identity_is_xml(shared_node):
    reply = well_formed(token_service(shared_node), "text/xml")
    text = reply.body.decode()
    assert reply.status == 200
    assert text.startswith('<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>')
    assert f"<Arn>arn:aws:iam::{ACCOUNT}:root</Arn>" in text and f"<RequestId>{reply.headers['x-amzn-requestid']}</RequestId>" in text
    session = token_service(shared_node, key_id="ASIAROLEROLEROLE0001", secret="role", token="the session token").body.decode()
    assert "<Arn>arn:aws:sts::444455556666:assumed-role/ops/night</Arn>" in session and re.search(r"<UserId>AROA\w+:night</UserId>", session)
    nobody = token_service(shared_node, key_id="AKIANOBODYNOBODY0001", secret="nobody").body.decode()
    assert "<Arn>arn:aws:iam::444455556666:user/nobody</Arn>" in nobody  # it needs no permission


@pytest.mark.parametrize("form, signing, status, code, message", [
    ("", {}, 400, "MissingAction", "Action"),
    ("Action=GetCallerIdentity", {}, 400, "InvalidAction", "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED"),
    ("Action=GetCallerIdentity&Version=2010-01-01", {}, 400, "InvalidAction", "Could not find operation GetCallerIdentity for version 2010-01-01"),
    ("Action=AssumeRole&Version=2011-06-15", {}, 400, "InvalidAction", "Could not find operation AssumeRole for version 2011-06-15"),
    ("Action=GetCallerIdentity&Version=2011-06-15", {"secret": "wrong"}, 403, "SignatureDoesNotMatch", "The request signature we calculated does not match"),
    ("Action=GetCallerIdentity&Version=2011-06-15", {"skew": -400}, 403, "SignatureDoesNotMatch", "Signature expired: "),
    ("Action=GetCallerIdentity&Version=2011-06-15", {"key_id": "AKIAUNKNOWN"}, 403, "InvalidClientTokenId", "The security token included in the request is invalid."),
])
def test_errors_of_the_token_service(shared_node, form, signing, status, code, message):
    reply = well_formed(token_service(shared_node, form, **signing), "text/xml")
    text = reply.body.decode()
    assert reply.status == status and f"<Type>Sender</Type><Code>{code}</Code>" in text and message in text, text


def test_an_unsigned_call_of_the_token_service(shared_node):
    reply = exchange(shared_node, render([("Host", "x"), ("Content-Type", "application/x-www-form-urlencoded")], b"Action=GetCallerIdentity&Version=2011-06-15"))
    assert reply.status == 403 and b"<Code>MissingAuthenticationToken</Code><Message>Request is missing Authentication Token</Message>" in reply.body


# --- PutAuditEvents -----------------------------------------------------------------------------------------------------------

def audit_event(name="one", **members):
    data = {"version": "1", "UID": "1", "userIdentity": {"type": "User", "principalId": "mia"}, "eventSource": "shop.example.com", "eventName": "Refund",
            "eventTime": "2026-11-20T12:00:00Z", "recipientAccountId": ACCOUNT, **members}
    return {"id": name, "eventData": json.dumps({k: v for k, v in data.items() if v is not ...})}


@pytest.mark.parametrize("body, query, code, message", [
    (b"", "channelArn=default", "ValidationException", "1 validation error detected: Value null at 'auditEvents' failed to satisfy constraint: Member must not be null"),
    ({"auditEvents": []}, "channelArn=default", "ValidationException", "Value '[]' at 'auditEvents' failed to satisfy constraint: Member must have length greater than or equal to 1"),
    ({"auditEvents": [audit_event(f"e{i}") for i in range(101)]}, "channelArn=default", "ValidationException", "Member must have length less than or equal to 100"),
    ({"auditEvents": [{"id": "a"}]}, "channelArn=default", "ValidationException", "Value null at 'auditEvents.1.member.eventData' failed to satisfy constraint: Member must not be null"),
    ({"auditEvents": [{"id": "a b", "eventData": "{}"}]}, "channelArn=default", "ValidationException", "Member must satisfy regular expression pattern: ^[-_A-Za-z0-9]+$"),
    ({"auditEvents": [{"id": "x" * 129, "eventData": "{}"}]}, "channelArn=default", "ValidationException", "Member must have length less than or equal to 128"),
    ({"auditEvents": [audit_event()]}, "", "ValidationException", "Value null at 'channelArn' failed to satisfy constraint: Member must not be null"),
    ({"auditEvents": [audit_event()]}, "channelArn=default&externalId=x", "ValidationException", "Value 'x' at 'externalId'"),
    ({"auditEvents": [audit_event()]}, "channelArn=nonsense", "InvalidChannelARN", "channel"),
    ({"auditEvents": [audit_event()]}, "channelArn=arn%3Aaws%3Acloudtrail%3Aus-east-1%3A999988887777%3Achannel%2Fdefault", "ChannelInsufficientPermission", "999988887777"),
    ({"auditEvents": [audit_event()]}, "channelArn=11111111-2222-3333-4444-555555555555", "ChannelNotFound", "11111111"),
    ({"auditEvents": [audit_event(), audit_event()]}, "channelArn=default", "DuplicatedAuditEventId", "one"),
    ({"auditEvents": "x"}, "channelArn=default", "SerializationException", "STRING_VALUE can not be converted to a List"),
    (b"{", "channelArn=default", "SerializationException", "not JSON"), (b"[]", "channelArn=default", "SerializationException", "JSON object"),
])
def test_whole_calls_that_are_refused(shared_node, body, query, code, message):
    reply = well_formed(put_audit_events(shared_node, body, query), "application/json")
    assert (reply.status, reply.code) == (400, code), reply.body
    assert set(reply.json) == {"message"} and message in reply.json["message"]


@pytest.mark.parametrize("event, code", [
    (audit_event(version=...), "FieldNotFound"), (audit_event(UID=...), "FieldNotFound"), (audit_event(userIdentity={"type": "x"}), "FieldNotFound"),
    (audit_event(eventName=None), "FieldNotFound"), (audit_event(eventName="x" * 1025), "FieldTooLong"), (audit_event(requestParameters={"a": "x" * 110_000}), "FieldTooLong"),
    (audit_event(additionalEventData={"a": "x" * 30_000}), "FieldTooLong"), (audit_event(recipientAccountId="999988887777"), "InvalidRecipient"),
    (audit_event(eventSource="ec2.amazonaws.com"), "InvalidEventSource"), (audit_event(eventTime="yesterday"), "InvalidData"), (audit_event(sourceIPAddress="300.1.1.1"), "InvalidData"),
    ({"id": "a", "eventData": "not json"}, "InvalidData"), ({"id": "a", "eventData": "[]"}, "InvalidData"),
    ({**audit_event(), "eventDataChecksum": base64.b64encode(b"0" * 32).decode()}, "InvalidChecksum"), ({**audit_event(), "eventDataChecksum": "?"}, "InvalidChecksum"),
])
def test_single_events_that_are_refused(shared_node, event, code):
    reply = put_audit_events(shared_node, {"auditEvents": [event, audit_event("good")]})
    assert reply.status == 200 and [s["id"] for s in reply.json["successful"]] == ["good"]
    failed, = reply.json["failed"]
    assert (failed["id"], failed["errorCode"]) == (event["id"], code) and failed["errorMessage"]


def test_audit_calls_know_their_caller(shared_node):
    body = {"auditEvents": [audit_event()]}
    for signing, status, code in (({"secret": "wrong"}, 403, "InvalidSignatureException"), ({"key_id": "AKIAUNKNOWN"}, 403, "UnrecognizedClientException"),
                                  ({"key_id": "AKIANOBODYNOBODY0001", "secret": "nobody"}, 403, "AccessDeniedException")):
        reply = well_formed(put_audit_events(shared_node, body, **signing), "application/json")
        assert (reply.status, reply.code) == (status, code)
    assert put_audit_events(shared_node, body, method="PUT").code == "UnknownOperationException"
    assert put_audit_events(shared_node, body, path="/Other").code == "UnknownOperationException"


# --- own calls ----------------------------------------------------------------------------------------------------------------

def own_records(node, name, count):
    deadline = time.monotonic() + 20
    while True:
        events = lookup(node, attribute("EventName", name)).json["Events"]
        if len(events) >= count:
            return [json.loads(e["CloudTrailEvent"]) for e in events]
        assert time.monotonic() < deadline, events
        time.sleep(0.02)


def test_every_read_is_recorded_however_fast_they_come(start):
    node = start()
    with Wire(node.endpoint) as wire:
        wire.send(lookup_request(node, target="CloudTrail_20131101.ListChannels") * 400)
        for _ in range(400):
            assert wire.reply().status == 400
    node.stop()  # what was answered is recorded before it ends
    node.start()
    found = []
    token = None
    while True:
        page = lookup(node, {**attribute("EventName", "ListChannels"), **({"NextToken": token} if token else {})}).json
        found += page["Events"]
        token = page.get("NextToken")
        if not token:
            break
    assert len({e["EventId"] for e in found}) == 400


def test_own_records_say_how_the_caller_connected(start, tmp_path):
    from test_security import make_certificate
    plain = start()
    lookup(plain, more=[("User-Agent", "test \xff")])
    assert "tlsDetails" not in own_records(plain, "LookupEvents", 1)[0]
    make_certificate(tmp_path, "one")
    node = start(name="tls", config=f'[tls]\ncertificate = "{tmp_path}/certificate.pem"\nkey = "{tmp_path}/key.pem"\n')
    with Wire(node.endpoint, tmp_path / "certificate.pem") as wire:
        wire.send(lookup_request(node, target="CloudTrail_20131101.ListChannels"))
        assert wire.reply().status == 400
        deadline = time.monotonic() + 20
        events = []
        while not events:
            assert time.monotonic() < deadline
            wire.send(lookup_request(node, json.dumps(attribute("EventName", "ListChannels")).encode()))
            events = wire.reply().json["Events"]
        version, cipher = wire.socket.version(), wire.socket.cipher()[0]
    assert json.loads(events[0]["CloudTrailEvent"])["tlsDetails"] == {"tlsVersion": version, "cipherSuite": cipher, "clientProvidedHostHeader": "127.0.0.1"}
