"""A real PostgreSQL server for tests, in a temporary folder, with a fresh database for each."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import psycopg

DEBIAN = Path("/usr/lib/postgresql")
POOLER = "/usr/sbin/pgbouncer"


class NoServer(Exception):
    """Why there is no server, for whoever reads why tests were skipped."""


class PostgresServer:
    """A server on a free port of the loopback interface.

    Its users are trusted, but ``keyed``, who needs a password.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self._bin, self._numbers = folder, _programs(), count(1)
        self.port = free_port()
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(folder, "postgres", "postgres")
        options = ["-U", "radlens", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
        self._run("initdb", "-D", f"{folder}/data", *options)
        rules = folder / "data" / "pg_hba.conf"
        rules.write_text(f"host all keyed 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
        self.start()

    def start(self) -> None:
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off "
            f"-c unix_socket_directories={self.folder} -c max_connections=200"
        )
        self._run(
            "pg_ctl", *self._where(), "-w", "-l", f"{self.folder}/log", "-o", options, "start"
        )

    def stop(self) -> None:
        self._run("pg_ctl", *self._where(), "-w", "-m", "immediate", "stop")

    def url(self, database: str, *, user: str = "radlens") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement past RadLens; the rows that it gives, if any."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty database that is gone afterwards."""
        name = f"site{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def tablespace(self, disk: Path) -> Iterator[str]:
        """The URL of an empty database on a disk of its own."""
        if os.geteuid() == 0:
            shutil.chown(disk, "postgres", "postgres")
        self.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
        self.execute("CREATE DATABASE small TABLESPACE small")
        try:
            yield self.url("small")
        finally:
            self.execute("DROP DATABASE small WITH (FORCE)")
            self.execute("DROP TABLESPACE small")

    @contextmanager
    def pooler(self) -> Iterator[int]:
        """The port of a pgbouncer that gives each transaction any of two sessions."""
        if not Path(POOLER).exists():
            raise NoServer("pgbouncer is not installed (Debian package: pgbouncer)")
        port, folder = free_port(), self.folder
        settings = (
            f"[databases]\n* = host=127.0.0.1 port={self.port} user=radlens\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = any\npool_mode = transaction\ndefault_pool_size = 2\n"
            f"pidfile = {folder}/pooler.pid\nlogfile = {folder}/pooler.log\n"
        )
        (folder / "pooler.ini").write_text(settings)
        self._run(POOLER, "-q", "-d", f"{folder}/pooler.ini")
        try:
            yield port
        finally:
            os.kill(int((folder / "pooler.pid").read_text()), signal.SIGTERM)

    def _where(self) -> tuple[str, str]:
        return "-D", f"{self.folder}/data"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]  # an absolute path stays as it is
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        # Not to a pipe: the server would inherit it and keep it open.
        with (self.folder / "said").open("a+") as said:
            done = subprocess.run(command, stdout=said, stderr=said, cwd=self.folder, check=False)
            if done.returncode:
                said.seek(0)
                raise NoServer(f"{program}: {said.read()[-500:]}")


@contextmanager
def running() -> Iterator[PostgresServer]:
    """A server that runs as long as it is wanted; raises NoServer."""
    folder = Path(mkdtemp(prefix="radlens-postgres-"))
    try:
        server = PostgresServer(folder)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    if found := shutil.which("pg_ctl"):
        return Path(found).resolve().parent
    versions = [folder for folder in DEBIAN.glob("*/bin") if (folder / "pg_ctl").exists()]
    if not versions:
        raise NoServer("PostgreSQL is not installed (Debian package: postgresql)")
    return max(versions, key=lambda folder: int(folder.parent.name))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
