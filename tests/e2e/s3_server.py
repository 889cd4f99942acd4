"""The two real S3 servers of .servers/bin (`./dev setup test` builds them), on a free loopback port and in a folder of the test."""

import os
import pathlib
import signal
import socket
import subprocess
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from node import KEY_ID, SECRET

BIN = pathlib.Path(os.environ.get("CAIRN_SERVERS", pathlib.Path(__file__).resolve().parents[2] / ".servers/bin"))
KMS_KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"  # as AWS names keys, so that a trail can name it, too


class S3Server:
    """Knows one key: by default that of the nodes of the tests, so that one environment serves both."""

    def __init__(self, program, folder, key_id=KEY_ID, secret=SECRET, kms=True):
        self.program, self.folder, self.key_id, self.secret, self.kms = program, pathlib.Path(folder), key_id, secret, kms
        self.process = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        self.endpoint = f"http://{self.address}"
        for part in ("root", "iam", "versions", "data"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)

    def _command(self):
        path = BIN / self.program
        assert path.exists(), f"{path} is not there: run ./dev setup test"
        if self.program == "minio":
            return [path, "server", "--quiet", "--address", self.address, self.folder / "data"]
        return [path, "--port", self.address, "--iam-dir", self.folder / "iam", "posix", "--versioning-dir", self.folder / "versions", self.folder / "root"]

    def _environment(self):
        own = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        if self.program != "minio":
            return {**own, "ROOT_ACCESS_KEY": self.key_id, "ROOT_SECRET_KEY": self.secret}
        own |= {"MINIO_ROOT_USER": self.key_id, "MINIO_ROOT_PASSWORD": self.secret, "MINIO_BROWSER": "off", "MINIO_UPDATE": "off",
                "MINIO_CALLHOME_ENABLE": "off", "GOMEMLIMIT": "300MiB"}
        if self.kms:
            own["MINIO_KMS_SECRET_KEY"] = KMS_KEY + ":Y2Fpcm4gdGVzdHMgZW5jcnlwdCB3aXRoIHRoaXMha2U="
        return own

    def start(self):
        self.output = open(self.folder / "output", "ab")
        self.process = subprocess.Popen(self._command(), env=self._environment(), stdout=self.output, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 60
        while not self._ready():
            text = (self.folder / "output").read_text(errors="replace")
            assert self.process.poll() is None, f"{self.program} ended:\n{text}"
            assert time.monotonic() < deadline, f"{self.program} is not ready after 60 s:\n{text}"
            time.sleep(0.02)
        return self

    def _ready(self):
        """It answers the calls of its key: MinIO says that it is healthy before it does."""
        try:
            self.client().list_buckets()
        except (ClientError, BotoCoreError):
            return False
        return True

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(timeout=60)

    def client(self):
        return boto3.client("s3", region_name="us-east-1", endpoint_url=self.endpoint, aws_access_key_id=self.key_id, aws_secret_access_key=self.secret,
                            config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}))

    def config(self):
        """`[s3]` for a node."""
        return f'[s3]\nendpoint = "{self.endpoint}"\naccess_key_id = "{self.key_id}"\nsecret_access_key = "{self.secret}"\n'
