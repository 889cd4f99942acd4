"""A running cairn for tests: its own data directory, a free port, one key from the configuration file."""

import json
import os
import pathlib
import signal
import subprocess
import time

import boto3
from botocore.config import Config

BINARY = os.environ.get("CAIRN_BINARY", str(pathlib.Path(__file__).resolve().parents[2] / "build/release/cairn"))
ACCOUNT = "111122223333"
KEY_ID = "AKIAEXAMPLEEXAMPLE01"
SECRET = "exampleexampleexampleexampleexampleexamp"


class Node:
    def __init__(self, folder, config="", accounts=True, listen="127.0.0.1:0", arguments=()):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.config = self.folder / "cairn.toml"
        self.listen = listen
        self.arguments = list(arguments)
        self.process = None
        self.extra_environment = {}
        self.folder.mkdir(parents=True, exist_ok=True)
        fixed = f'[[accounts]]\nid = "{ACCOUNT}"\n[[accounts.key]]\nid = "{KEY_ID}"\nsecret = "{SECRET}"\n' if accounts else ""
        self.config.write_text(f'account = "{ACCOUNT}"\n{config}\n{fixed}')
        self.key_id, self.secret = KEY_ID, SECRET

    def start(self, expect_ready=True):
        endpoint_file = self.folder / "endpoint"
        endpoint_file.unlink(missing_ok=True)
        self.output = open(self.folder / "output", "ab")
        self.process = subprocess.Popen(
            [BINARY, "serve", "--config", self.config, "--data", self.data, "--listen", self.listen, "--endpoint-file", endpoint_file, *self.arguments],
            stdout=self.output, stderr=subprocess.STDOUT, env=clean_environment(**self.extra_environment))
        if not expect_ready:
            return self
        deadline = time.monotonic() + 60
        while not endpoint_file.exists():
            if self.process.poll() is not None:
                raise AssertionError(f"cairn ended with {self.process.returncode}:\n{self.text()}")
            assert time.monotonic() < deadline, "cairn is not ready after 60 s:\n" + self.text()
            time.sleep(0.01)
        self.endpoint = dict(line.split("=", 1) for line in endpoint_file.read_text().splitlines())["endpoint"]
        return self

    def text(self):
        return (self.folder / "output").read_text(errors="replace")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(timeout=30) == 0, self.text()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.stop()
        return self.start()

    def client(self, service="cloudtrail", region="us-east-1", key_id=None, secret=None, **more):
        return boto3.client(service, region_name=region, endpoint_url=self.endpoint, aws_access_key_id=key_id or self.key_id,
                            aws_secret_access_key=secret or self.secret, config=Config(retries={"max_attempts": 1}, **more))

    def environment(self, **more):
        own = {"AWS_ENDPOINT_URL": self.endpoint, "AWS_ACCESS_KEY_ID": self.key_id, "AWS_SECRET_ACCESS_KEY": self.secret,
               "AWS_DEFAULT_REGION": "us-east-1", "XDG_STATE_HOME": str(self.folder / "state")}
        return clean_environment(**{**own, **more})

    def cairn(self, *arguments, status=0, stdin=None, **environment):
        """Runs the command line against this node; returns standard output."""
        done = subprocess.run([BINARY, *map(str, arguments)], env=self.environment(**environment), input=stdin, capture_output=True, text=True, timeout=300)
        assert done.returncode == status, f"{arguments} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def import_records(self, records):
        path = self.folder / f"import-{time.monotonic_ns()}.ndjson"
        path.write_text("".join((r if isinstance(r, str) else json.dumps(r, separators=(",", ":"))) + "\n" for r in records))
        return json.loads(self.cairn("import", "--no-state", "--json", path))


def clean_environment(**more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CAIRN_")) and not k.lower().endswith("_proxy")}
    return {**kept, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_PAGER": "", **more}


def record(event_id, name="RunInstances", time="2026-01-02T03:04:05Z", account=ACCOUNT, region="us-east-1", user="ana", **members):
    return {"eventVersion": "1.11",
            "userIdentity": {"type": "IAMUser", "principalId": "AIDAEXAMPLE0000000001", "arn": f"arn:aws:iam::{account}:user/{user}", "accountId": account,
                             "accessKeyId": "AKIAEXAMPLE000000001", "userName": user},
            "eventTime": time, "eventSource": "ec2.amazonaws.com", "eventName": name, "awsRegion": region, "sourceIPAddress": "192.0.2.7",
            "userAgent": "aws-cli/2.15.0", "requestParameters": None, "responseElements": None, "requestID": "4a1e0e0b-6a2f-4a55-8a0c-0f6a4f1c2d3e",
            "eventID": event_id, "readOnly": False, "eventType": "AwsApiCall", "managementEvent": True, "recipientAccountId": account,
            "eventCategory": "Management", **members}
