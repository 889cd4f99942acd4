"""What records of the gateway hold beside the calls of the AWS CLI: no secret, who is not believed, and what belongs beside a record."""

import base64
import gzip
import http.server
import json
import threading
import time
import urllib.request

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from gateway import GatewayProcess, gateway_of
from moto_server import Moto
from node import ACCOUNT, KEY_ID, SECRET

CANARY = "c4n4ry"
ENCODED = base64.b64encode(CANARY.encode() * 3).decode()
FORM = "application/x-www-form-urlencoded"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class TalkativeOrigin(http.server.BaseHTTPRequestHandler):
    """Answers every call with secrets."""

    protocol_version = "HTTP/1.1"
    ANSWERS = {"CreateAccessKey": "<CreateAccessKeyResponse><CreateAccessKeyResult><AccessKey><AccessKeyId>AKIAEXAMPLE</AccessKeyId>"
                                  f"<SecretAccessKey>{CANARY}</SecretAccessKey></AccessKey></CreateAccessKeyResult></CreateAccessKeyResponse>",
               "AssumeRole": "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId>"
                             f"<SecretAccessKey>{CANARY}</SecretAccessKey></Credentials></AssumeRoleResult></AssumeRoleResponse>",
               "CreateKeyPair": f"<CreateKeyPairResponse><keyMaterial>{CANARY}</keyMaterial><keyName>k</keyName></CreateKeyPairResponse>",
               "default": json.dumps({name: CANARY for name in ("SecretString", "SecretBinary", "Plaintext", "RandomPassword", "authorizationToken", "ClientSecret")})}

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode("latin-1")
        text = next((answer for name, answer in self.ANSWERS.items() if f"Action={name}&" in body), self.ANSWERS["default"]).encode()
        self.send_response(200)
        for name, value in {"Content-Length": len(text), "Set-Cookie": CANARY, "x-amz-server-side-encryption-customer-key": CANARY}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else text)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer

    def log_message(self, *_):
        pass


def secret_headers(service):
    secret = ["X-Amz-Security-Token", "Cookie", "Proxy-Authorization", "x-amz-server-side-encryption-customer-key", "x-amz-server-side-encryption-customer-key-MD5",
              "x-amz-copy-source-server-side-encryption-customer-key", "x-amz-mfa", "x-amz-s3session-token", "x-api-key", "X-Amzn-Trace-Id", "amz-sdk-invocation-id",
              "amz-sdk-request", "x-amz-meta-note", "Referer"]
    scope = f"AKIAEXAMPLE/20260101/us-east-1/{service}/aws4_request"
    return {**{name: CANARY for name in secret}, "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={CANARY}"}


def secret_calls():
    """Calls with a secret wherever one may stand: method, path, headers, body."""
    query = "&".join(f"{name}={CANARY}" for name in ("X-Amz-Signature", "X-Amz-Security-Token", "Signature", "SAMLAssertion", "WebIdentityToken", "LDAPPassword", "Token"))
    for method in ("GET", "PUT", "POST", "DELETE", "HEAD"):
        yield method, f"/bucket/key?{query}", secret_headers("s3"), CANARY
        yield method, f"/bucket?{query}", {**secret_headers("s3"), "Authorization": f"AWS AKIAEXAMPLE:{CANARY}"}, CANARY
        yield method, f"/bucket/key?{query}", {"Authorization": f"Bearer {CANARY}"}, CANARY
    yield "GET", f"/bucket/key?X-Amz-Credential={CANARY}&X-Amz-Algorithm=AWS4-HMAC-SHA256&{query}", {}, ""
    upload = "".join(f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{CANARY}\r\n' for name in ("policy", "x-amz-signature", "x-amz-security-token", "file"))
    yield "POST", "/bucket", {"Content-Type": "multipart/form-data; boundary=b"}, '--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n' + upload + "--b--\r\n"
    for service, version, fields in [
            ("iam", "2010-05-08", "Action=CreateLoginProfile&UserName=u&Password=" + CANARY), ("iam", "2010-05-08", "Action=CreateAccessKey&UserName=u"),
            ("iam", "2010-05-08", f"Action=ChangePassword&OldPassword={CANARY}&NewPassword={CANARY}"),
            ("sts", "2011-06-15", f"Action=AssumeRole&RoleArn=r&RoleSessionName=s&TokenCode={CANARY}"),
            ("sts", "2011-06-15", f"Action=AssumeRoleWithSAML&RoleArn=r&PrincipalArn=p&SAMLAssertion={CANARY}"),
            ("sts", "2011-06-15", f"Action=AssumeRoleWithWebIdentity&RoleArn=r&RoleSessionName=s&WebIdentityToken={CANARY}"),
            ("rds", "2014-10-31", f"Action=CreateDBInstance&DBInstanceIdentifier=d&MasterUserPassword={CANARY}"),
            ("ec2", "2016-11-15", f"Action=RunInstances&ImageId=i&UserData={CANARY}"), ("ec2", "2016-11-15", "Action=CreateKeyPair&KeyName=k"),
            ("sns", "2010-03-31", f"Action=Publish&TopicArn=t&Message={CANARY}&Subject={CANARY}")]:
        headers = {**secret_headers(service), "Content-Type": FORM}
        yield "POST", "/", headers, f"{fields}&Version={version}&X-Amz-Signature={CANARY}"
        yield "POST", "/", {**headers, "Content-Encoding": "gzip"}, gzip.compress(f"{fields}&Version={version}".encode())
        yield "GET", f"/?{fields}&Version={version}", headers, ""
    for service, target, members in [
            ("secretsmanager", "secretsmanager.CreateSecret", {"Name": "n", "SecretString": CANARY}), ("secretsmanager", "secretsmanager.PutSecretValue", {"SecretBinary": ENCODED}),
            ("secretsmanager", "secretsmanager.GetSecretValue", {"SecretId": "n"}), ("secretsmanager", "secretsmanager.GetRandomPassword", {}),
            ("ssm", "AmazonSSM.PutParameter", {"Name": "n", "Value": CANARY}), ("ssm", "AmazonSSM.GetParameter", {"Name": "n"}),
            ("kms", "TrentService.Encrypt", {"KeyId": "k", "Plaintext": ENCODED}), ("kms", "TrentService.Decrypt", {"CiphertextBlob": ENCODED}),
            ("dynamodb", "DynamoDB_20120810.PutItem", {"TableName": "t", "Item": {"id": {"S": "1"}, "v": {"S": CANARY}}}),
            ("dynamodb", "DynamoDB_20120810.ExecuteStatement", {"Statement": f"SELECT * FROM t WHERE v = '{CANARY}'"}),
            ("kinesis", "Kinesis_20131202.PutRecord", {"StreamName": "s", "PartitionKey": "p", "Data": ENCODED}),
            ("sqs", "AmazonSQS.SendMessage", {"QueueUrl": "u", "MessageBody": CANARY}), ("ecr", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken", {}),
            ("cognito-idp", "AWSCognitoIdentityProviderService.InitiateAuth", {"AuthFlow": "f", "ClientId": "c", "AuthParameters": {"PASSWORD": CANARY}}),
            ("unheard-of", "Some.Thing", {"Password": CANARY})]:
        yield "POST", "/", {**secret_headers(service), "X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}, json.dumps(members)
    function = {"FunctionName": "f", "Role": "r", "Code": {"ZipFile": ENCODED}, "Environment": {"Variables": {"TOKEN": CANARY}}}
    yield "POST", "/2015-03-31/functions", {**secret_headers("lambda"), "Content-Type": "application/json"}, json.dumps(function)
    yield "POST", "/2015-03-31/functions/f/invocations", secret_headers("lambda"), json.dumps({"password": CANARY})


@pytest.fixture
def start_gateway(tmp_path):
    """Starts gateways that are stopped at the end of the test: start_gateway(name, upstream, node, token, setting, ...)."""
    gateways = []

    def starter(name, upstream, node, token, *settings):
        arguments = [word for setting in (f"account={ACCOUNT}", *settings) for word in ("--set", setting)]
        gateways.append(GatewayProcess(tmp_path / name, upstream, node.endpoint, token, arguments))
        return gateways[-1].start()

    yield starter
    for gateway in gateways:
        gateway.process.kill()


def test_no_secret_of_a_call_or_answer_reaches_a_record_the_spool_or_a_log(start, start_gateway, tmp_path):
    origin = http.server.ThreadingHTTPServer(("127.0.0.1", 0), TalkativeOrigin)
    threading.Thread(target=origin.serve_forever, daemon=True).start()
    node = start(config="")
    token = json.loads(node.cairn("keys", "create", "--ingest", "--json", "--account", ACCOUNT, "--data", node.data))["secret"]
    node.listen = node.endpoint.split("//")[1]
    node.kill()  # the records stay in the spool until it is back
    spool = tmp_path / "spool"
    gateway = start_gateway("gateway", f"http://127.0.0.1:{origin.server_port}", node, token, f"gateway.spool={spool}", "log.level=debug")
    made = 0
    for method, path, headers, body in secret_calls():
        body = body.encode() if isinstance(body, str) else body
        request = urllib.request.Request(gateway.endpoint + path, body if method != "GET" else None, {"User-Agent": "test", **headers}, method=method)
        OPENER.open(request).read()
        made += 1
    kept = b"".join(path.read_bytes() for path in sorted((spool / "spool").iterdir()))
    assert kept.count(b'"eventVersion"') >= made  # as text: a secret would be seen
    for text in (CANARY, ENCODED[:-2]):
        at = kept.find(text.encode())
        assert at < 0, kept[max(at - 1500, 0):at + 200]
    node.start()
    deadline = time.monotonic() + 60
    while len(found := node.cairn("lookup", "userAgent:test", "--limit", "1000", "--output", "records").splitlines()) < made:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    gateway.stop()
    node.stop()
    origin.shutdown()
    assert not any(CANARY in line for line in found)
    assert sum('"eventName":"CreateLoginProfile"' in line for line in found) == 3  # as a form, compressed, and in the query
    for path in [p for p in tmp_path.rglob("*") if p.is_file()]:
        assert CANARY.encode() not in path.read_bytes(), path


def client(endpoint, service, secret=SECRET, **config):
    return boto3.client(service, region_name="us-east-1", endpoint_url=endpoint, aws_access_key_id=KEY_ID, aws_secret_access_key=secret,
                        config=Config(retries={"max_attempts": 0}, **config))


def events(node, query):
    """Records with their envelopes."""
    for line in node.cairn("lookup", query, "--limit", "100", "--output", "records").splitlines():
        event_id = json.loads(line)["eventID"]
        request = botocore.awsrequest.AWSRequest("GET", f"{node.endpoint}/v1/events/{event_id}")
        botocore.auth.SigV4Auth(botocore.credentials.Credentials(KEY_ID, SECRET), "cairn", "us-east-1").add_auth(request)
        with OPENER.open(urllib.request.Request(request.url, headers=dict(request.headers))) as answer:
            yield json.loads(line), json.load(answer)["events"][0]["envelope"]


def test_a_gateway_elsewhere_tells_what_belongs_beside_a_record(start, start_gateway, tmp_path):
    moto = Moto(tmp_path).start()
    node = start(config="")
    token = json.loads(node.cairn("keys", "create", "--ingest", "--json", "--account", ACCOUNT, "--data", node.data))["secret"]
    try:
        for spool in ("", tmp_path / "spool"):
            gateway = start_gateway(f"gateway{bool(spool)}", moto.endpoint, node, token, f"gateway.spool={spool}", f"gateway.name=edge {bool(spool)}")
            client(gateway.endpoint, "sts").get_caller_identity()
            client(gateway.endpoint, "iam").list_users()
            gateway.stop()
    finally:
        moto.stop()
    deadline = time.monotonic() + 30
    while len(found := list(events(node, "eventSource in (sts.amazonaws.com, iam.amazonaws.com) and userAgent:Boto3"))) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert sorted(envelope["gateway"] for _, envelope in found) == ["edge False", "edge False", "edge True", "edge True"]
    assert len({envelope["sequence"] for _, envelope in found}) == 4
    for record, envelope in found:
        evidence = envelope["evidence"]
        assert evidence["upstream"] == "default" and evidence["confidence"] == "claimed" and evidence["attempt"] == 1 and evidence["invocationId"]
        if record["eventName"] == "GetCallerIdentity":
            assert evidence["answer"]["arn"].startswith("arn:aws:") and record["responseElements"] is None
        else:
            assert record["eventName"] == "ListUsers" and record["recipientAccountId"] == ACCOUNT


def upload(form, content):
    """A form upload, as a browser makes it."""
    part = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    fields = "".join(part.format(name, value) for name, value in form["fields"].items())
    body = fields.encode() + b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n' + content + b"\r\n--b--\r\n"
    OPENER.open(urllib.request.Request(form["url"], body, {"Content-Type": "multipart/form-data; boundary=b"})).read()


def test_a_call_that_the_server_does_not_believe_is_nobodys(start, start_s3):
    server = start_s3("minio")
    node = start(config=f"""
[[gateway.upstreams]]
name = "minio"
url = "{server.endpoint}"
profile = "minio"
[[gateway.listeners]]
listen = "127.0.0.1:0"
routes = [{{ upstream = "minio" }}]
""")
    endpoint = gateway_of(node.folder / "endpoint")
    path_style = {"addressing_style": "path"}
    client(endpoint, "s3", s3=path_style).create_bucket(Bucket="bucket")
    with pytest.raises(ClientError):
        client(endpoint, "s3", secret="wrong", s3=path_style).list_buckets()
    OPENER.open(endpoint + "/minio/health/live").read()
    upload(client(endpoint, "s3", s3=path_style, signature_version="s3v4").generate_presigned_post("bucket", "up/${filename}"), b"x" * 300_000)
    found = {r["eventName"]: r for r in map(json.loads, node.cairn("lookup", "sourceIP = 127.0.0.1", "--output", "records").splitlines())}
    refused = found["AuthenticateSignatureDoesNotMatch"]
    assert refused["eventSource"] == "s3-authn-errors.amazonaws.com" and refused["userIdentity"] == {"type": "Unknown"}
    assert refused["additionalEventData"]["claimedAccessKeyId"] == KEY_ID and refused["eventCategory"] == "Data"
    created = found["CreateBucket"]
    assert created["userIdentity"]["type"] == "IAMUser" and created["userIdentity"]["userName"] == KEY_ID
    assert "ListBuckets" not in found and not any("health" in name for name in found)
    posted = found["PostObject"]
    assert posted["requestParameters"]["key"] == "up/a.bin" and posted["userIdentity"]["accessKeyId"] == KEY_ID
    assert posted["additionalEventData"]["SignatureVersion"] == "SigV4" and posted["additionalEventData"]["bytesTransferredIn"] > 300_000
    assert posted["resources"][0]["ARN"] == "arn:aws:s3:::bucket/up/a.bin"
