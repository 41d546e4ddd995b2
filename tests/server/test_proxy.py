"""The proxy of deploy/ in front of a real server: TLS, uploads that leave no file, a quiet log."""

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from tests.browser.conftest import free_port
from tests.builders import picture, png
from tests.server.certificate import self_signed
from tests.server.conftest import FORM, Running, Serve, envelope

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx.conf"
NAME = "radlens.example.org"


@pytest.fixture
def server(home: Path, serve: Serve) -> Running:
    return serve(home, hosts=NAME, proxies="127.0.0.1")


@pytest.fixture
def proxy(server: Running, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """nginx with the shipped configuration, at another port: the port and its folder."""
    if not shutil.which("nginx"):
        print("\nSKIPPED LOUDLY: no nginx here; its configuration is not tried.")
        pytest.skip("nginx is not installed (Debian package: nginx-light)")
    folder, port = tmp_path / "nginx", free_port()
    folder.mkdir()
    self_signed(folder, NAME)
    text = CONFIGURATION.read_text()
    for old, new in {
        "/etc/radlens/tls": folder,
        "/var/log/nginx": folder,
        "127.0.0.1:8501": f"127.0.0.1:{server.port}",
        "listen 443": f"listen 127.0.0.1:{port}",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "    listen [::]:443 ssl http2;\n": "",
        "    listen [::]:80;\n": "",
    }.items():
        assert old in text, old
        text = text.replace(old, str(new))
    (folder / "site.conf").write_text(text)
    places = " ".join(
        f"{kind}_temp_path {folder}/temp;" for kind in ("client_body", "proxy", "fastcgi")
    )
    user = "" if os.geteuid() else "user root;"
    (folder / "nginx.conf").write_text(
        f"daemon off; {user} pid {folder}/pid; events {{}} "
        f"http {{ {places} uwsgi_temp_path {folder}/temp; scgi_temp_path {folder}/temp; "
        f"include {folder}/site.conf; }}"
    )
    command = ["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        HTTPS(port).wait_until_it_answers(process)
        yield port, folder
        process.terminate()


class HTTPS:
    """A client that trusts anybody, for a certificate that nobody vouches for."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.trust = ssl.create_default_context()
        self.trust.check_hostname, self.trust.verify_mode = False, ssl.CERT_NONE

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict]:
        connection = HTTPSConnection("127.0.0.1", self._port, timeout=30, context=self.trust)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {"Host": NAME, **named})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}

    def wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        for _ in range(30):
            try:
                self.ask("GET", "/sign-in")
            except OSError:
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(1)
            else:
                return
        raise AssertionError("nginx does not answer")


def test_images_go_through_the_proxy_and_leave_no_trace_in_it(server: Running, proxy):
    port, folder = proxy
    client = HTTPS(port)
    body = envelope(png(picture()), name="Mustermann.png")
    status, headers = client.ask("POST", "/api/v1/predictions?patient=Mustermann", body, **FORM)
    assert status in (201, 401, 403), headers
    assert "strict-transport-security" in headers
    huge = {"Content_Length": str(66 * 2**20)}
    assert client.ask("POST", "/api/v1/predictions", **FORM, **huge)[0] == 413
    assert client.ask("GET", "/Mustermann?name=Mustermann")[0] in (303, 401, 404)
    assert [path for path in (folder / "temp").rglob("*") if path.is_file()] == []
    logged = "".join(path.read_text() for path in folder.glob("radlens*.log"))
    assert headers["x-request-id"] in logged
    assert "Mustermann" not in logged
    assert headers["x-request-id"] in [event.get("request_id") for event in server.end()]
