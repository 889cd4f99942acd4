"""The gateway as a forward proxy in front of AWS itself: the AWS CLI without any endpoint of its own, and moto in AWS's place."""

import http.client
import json
import os
import pathlib
import ssl
import stat
import subprocess
import sys

import pytest

from gateway import CapturingOrigin, GatewayProcess, address_of, gateway_of
from moto_server import Moto
from node import ACCOUNT, BINARY, KEY_ID, SECRET, clean_environment


@pytest.fixture
def moto(tmp_path):
    server = Moto(tmp_path)
    yield server.start()
    server.stop()


def through(proxy, certificate, *arguments, status=0, **more):
    """The AWS CLI with nothing but a proxy and the certificate to trust."""
    environment = clean_environment(AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET, AWS_DEFAULT_REGION="eu-west-1", PATH=os.environ["PATH"],
                                    HTTPS_PROXY=proxy, HTTP_PROXY=proxy, AWS_CA_BUNDLE=str(certificate), **more)
    done = subprocess.run([sys.executable, pathlib.Path(sys.executable).parent / "aws", *arguments], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def records(node):
    lines = node.cairn("lookup", "sourceIP = 127.0.0.1", "--limit", "1000", "--output", "records").splitlines()
    found = [json.loads(line) for line in lines]
    return [record for record in found if record.get("userAgent", "").lstrip("[").startswith("aws-cli/")]


def calls(node):
    return {(record["eventSource"], record["eventName"]): record for record in records(node)}


def test_calls_of_the_aws_cli_to_aws_are_recorded(start, moto, tmp_path):
    node = start(config=f'[gateway]\nforward_listen = "127.0.0.1:0"\nconnect_to = ["*.amazonaws.com={moto.endpoint}"]\n')
    proxy, certificate = gateway_of(node.folder / "endpoint"), node.data / "gateway-ca/ca.pem"
    assert f"AWS_CA_BUNDLE={certificate}" in node.text() and f"HTTPS_PROXY={proxy}" in node.text()
    assert stat.S_IMODE((node.data / "gateway-ca/ca.key").stat().st_mode) == 0o600

    assert "make_bucket: first-bucket" in through(proxy, certificate, "s3", "mb", "s3://first-bucket")
    identity = json.loads(through(proxy, certificate, "sts", "get-caller-identity"))
    assert identity["Account"] == ACCOUNT
    (tmp_path / "file").write_bytes(b"the bytes of an object" * 1000)
    through(proxy, certificate, "s3api", "put-object", "--bucket", "first-bucket", "--key", "a/b (c)", "--body", str(tmp_path / "file"))
    through(proxy, certificate, "s3api", "get-object", "--bucket", "first-bucket", "--key", "a/b (c)", str(tmp_path / "again"))
    assert (tmp_path / "again").read_bytes() == (tmp_path / "file").read_bytes()
    through(proxy, certificate, "sqs", "list-queues")                                              # its endpoint cannot be set by a variable
    through(proxy, certificate, "s3api", "head-bucket", "--bucket", "no-such-bucket", status=255)

    found = calls(node)
    assert {source for source, _ in found} == {"s3.amazonaws.com", "sts.amazonaws.com", "sqs.amazonaws.com"}
    assert ("sts.amazonaws.com", "GetCallerIdentity") in found and ("sqs.amazonaws.com", "ListQueues") in found
    for record in found.values():
        assert record["awsRegion"] == "eu-west-1" and record["userIdentity"]["accessKeyId"] == KEY_ID and record["recipientAccountId"] == ACCOUNT
        assert record["tlsDetails"]["tlsVersion"] == "TLSv1.3" and record["tlsDetails"]["cipherSuite"].startswith("TLS_")
        assert record["tlsDetails"]["clientProvidedHostHeader"].endswith(".amazonaws.com")
    on_bucket = [record for record in records(node) if record["tlsDetails"]["clientProvidedHostHeader"] == "first-bucket.s3.eu-west-1.amazonaws.com"]
    assert len(on_bucket) >= 3 and {record["eventSource"] for record in on_bucket} == {"s3.amazonaws.com"}
    assert {"CreateBucket", "PutObject", "GetObject"} <= {record["eventName"] for record in on_bucket}
    moto_has = moto.client("s3").list_objects_v2(Bucket="first-bucket")["Contents"]
    assert [item["Key"] for item in moto_has] == ["a/b (c)"]


def test_without_the_certificate_nothing_is_taken_and_a_client_that_trusts_it_trusts_no_other_name(start, moto):
    node = start(config=f'[gateway]\nforward_listen = "127.0.0.1:0"\nconnect_to = ["{moto.endpoint}"]\n')
    proxy = gateway_of(node.folder / "endpoint")
    failed = clean_environment(AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET, AWS_DEFAULT_REGION="us-east-1", PATH=os.environ["PATH"],
                               HTTPS_PROXY=proxy, AWS_MAX_ATTEMPTS="1")
    done = subprocess.run([sys.executable, pathlib.Path(sys.executable).parent / "aws", "sts", "get-caller-identity"], env=failed, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0 and "CERTIFICATE_VERIFY_FAILED" in done.stderr, done.stderr
    assert not calls(node)

    context = ssl.create_default_context(cafile=str(node.data / "gateway-ca/ca.pem"))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    connection = http.client.HTTPSConnection(*address_of(proxy), context=context, timeout=20)
    connection.set_tunnel("s3.amazonaws.com", 443)
    connection.request("GET", "/", headers={"User-Agent": "aws-cli/none"})
    assert connection.getresponse().status == 200
    assert calls(node)["s3.amazonaws.com", "ListBuckets"]["userIdentity"]["accountId"] == "ANONYMOUS_PRINCIPAL"


def test_other_hosts_are_tunnelled_untouched_and_counted(start):
    origin = CapturingOrigin()
    node = start(config='[gateway]\nforward_listen = "127.0.0.1:0"\n')
    proxy = address_of(gateway_of(node.folder / "endpoint"))

    def ask():
        connection = http.client.HTTPConnection(*proxy, timeout=20)
        connection.set_tunnel(*address_of(origin.endpoint))
        connection.request("GET", "/x", headers={"X-Odd": "a  b"})
        return connection.getresponse()

    with pytest.raises(OSError, match="403"):  # this machine's own addresses are no way out
        ask()
    node.stop()
    node.config.write_text(node.config.read_text().replace("[gateway]\n", "[gateway]\ntunnel_local = true\n"))
    node.start()
    proxy = address_of(gateway_of(node.folder / "endpoint"))
    origin.size = len(b"GET /x HTTP/1.1\r\n")
    assert ask().read() == b"ok" and origin.captured.startswith(b"GET /x HTTP/1.1\r\n")
    assert not calls(node)
    connection = http.client.HTTPConnection(*address_of(node.endpoint), timeout=20)
    connection.request("GET", "/metrics")
    assert "\ncairn_gateway_tunnels_total 1\n" in connection.getresponse().read().decode()
    origin.close()


def test_a_gateway_of_its_own_says_how_to_go_through_it(start, moto, tmp_path):
    node = start()
    token = json.loads(node.cairn("keys", "create", "--ingest", "--json", "--account", ACCOUNT, "--data", node.data))["secret"]
    spool = tmp_path / "keep/spool"
    settings = ["--set", f"account={ACCOUNT}", "--set", f"gateway.spool={spool}", "--set", f"gateway.connect_to={moto.endpoint}"]
    told = subprocess.run([BINARY, "gateway", *settings, "--forward-listen", "127.0.0.1:4612", "ca"], env=clean_environment(), capture_output=True, text=True, timeout=60)
    certificate = tmp_path / "keep/gateway-ca/ca.pem"
    assert told.returncode == 0, told.stderr
    assert told.stdout == f"export AWS_CA_BUNDLE={certificate}\nexport HTTPS_PROXY=http://127.0.0.1:4612\n"
    made = certificate.read_bytes()

    gateway = GatewayProcess(tmp_path / "gateway", moto.endpoint, node.endpoint, token, [*settings, "--forward-listen", "127.0.0.1:0"]).start()
    proxy = gateway_of_forward(tmp_path / "gateway/endpoint")
    assert certificate.read_bytes() == made
    through(proxy, certificate, "s3", "mb", "s3://second-bucket")
    gateway.stop()
    assert [record["eventSource"] for record in records(node)] == ["s3.amazonaws.com"]

    (tmp_path / "keep/gateway-ca/ca.key").chmod(0o644)
    refused = subprocess.run([BINARY, "gateway", *settings, "ca"], env=clean_environment(), capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1 and "ca.key" in refused.stderr


def gateway_of_forward(path):
    """The last of the gateway's endpoints: `gateway.forward_listen`."""
    return [line.split("=", 1)[1] for line in path.read_text().splitlines() if line.startswith("gateway=")][-1]
