"""moto's server: SNS, SQS, CloudWatch Logs and KMS for tests, in the account of the tests' node."""

import os
import pathlib
import socket
import subprocess
import time
import urllib.request

import boto3
from botocore.config import Config

from node import ACCOUNT, clean_environment

PYTHON = pathlib.Path(os.environ.get("EXAMPLE_PYTHON", pathlib.Path(__file__).resolve().parents[2] / "build/example/bin/python"))


class Moto:
    """What cannot start fails the test that wants it."""

    def __init__(self, folder, account=ACCOUNT):
        self.folder, self.account = folder, account
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        """Again after stop(): on the same port, empty."""
        assert PYTHON.exists(), f"{PYTHON} is not there: run ./dev setup test"
        command = [PYTHON, "-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", str(self.port)]
        environment = clean_environment(MOTO_ACCOUNT_ID=self.account, PATH=os.environ["PATH"])
        self.process = subprocess.Popen(command, stdout=open(self.folder / "moto", "ab"), stderr=subprocess.STDOUT, env=environment)
        deadline = time.monotonic() + 60
        while True:
            assert self.process.poll() is None and time.monotonic() < deadline, (self.folder / "moto").read_text()
            try:
                urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{self.endpoint}/moto-api/", timeout=5)
                return self
            except OSError:
                time.sleep(0.1)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def client(self, service, region="us-east-1"):
        return boto3.client(service, region_name=region, endpoint_url=self.endpoint, aws_access_key_id="neighbour", aws_secret_access_key="neighbour",
                            config=Config(retries={"max_attempts": 1}))

    def section(self, name):
        """A section of cairn's configuration."""
        return f'[{name}]\nendpoint = "{self.endpoint}"\naccess_key_id = "neighbour"\nsecret_access_key = "neighbour"\n'
