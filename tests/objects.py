"""A real S3 server for tests: moto in a process of its own, which checks every signature."""

import json
import os
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import boto3
import pytest

from tests.postgres import free_port

BUCKET = "radlens"
RIGHTS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}


@dataclass(frozen=True)
class S3Server:
    """The endpoint, and a user with the right to everything in it."""

    endpoint: str
    key: str
    secret: str
    numbers: Iterator[int]
    stop: Callable[[], None]

    def place(self) -> str:
        """A prefix that nobody used before, for ``open_blobs``."""
        user = f"{self.key}:{quote(self.secret, safe='')}"
        where = self.endpoint.removeprefix("http://")
        return f"s3://{user}@{where}/{BUCKET}/site-{next(self.numbers)}/objects"

    def client(self, service: str = "s3") -> object:
        """A client of the service past RadLens."""
        return _client(service, self.endpoint, self.key, self.secret)


def on_s3(server: S3Server) -> dict[str, str]:
    """The settings of a site with its objects there, where nobody had any before."""
    return {
        "objects": f"s3://{BUCKET}/site-{next(server.numbers)}",
        "s3_endpoint": server.endpoint,
        "s3_region": "us-east-1",
        "s3_key": server.key,
        "s3_secret": server.secret,
    }


@contextmanager
def running_s3() -> Iterator[S3Server]:
    """A server that runs as long as it is wanted."""
    port = free_port()
    program = shutil.which("moto_server", path=Path(sys.executable).parent)
    if program is None:
        pytest.skip("moto_server is not installed (extra dev)")
    process = subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", str(port)],
        env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "3"},  # to make the first user
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    reader = Thread(target=deque, args=(process.stderr, 0), daemon=True)
    try:
        for line in process.stderr:  # it says when it listens
            if "Running on" in line:
                break
        # It logs each request: a pipe that nobody reads is full some day, and stops it.
        reader.start()
        yield _with_a_user(f"http://127.0.0.1:{port}", process.kill)
    finally:
        process.kill()
        process.wait()
        if reader.is_alive():
            reader.join()
        process.stderr.close()


def _with_a_user(endpoint: str, stop: Callable[[], None]) -> S3Server:
    iam = _client("iam", endpoint, "nobody", "nothing")
    iam.create_user(UserName="radlens")
    iam.put_user_policy(UserName="radlens", PolicyName="all", PolicyDocument=json.dumps(RIGHTS))
    made = iam.create_access_key(UserName="radlens")["AccessKey"]
    server = S3Server(endpoint, made["AccessKeyId"], made["SecretAccessKey"], count(1), stop)
    server.client().create_bucket(Bucket=BUCKET)
    return server


def _client(service: str, endpoint: str, key: str, secret: str):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )
