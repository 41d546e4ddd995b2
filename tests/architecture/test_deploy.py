"""The files in deploy/ are what their programs take: no container engine runs here, so no more.

Compose: a reading of the file, with every key known and every name resolved. systemd and nginx read
theirs themselves where they are installed.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from starlette.testclient import TestClient

from radlens.api.operations import create_operations
from radlens.settings import Settings
from tests.builders import tiny_site
from tests.server.certificate import self_signed

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
KEYS = {
    *("image", "build", "user", "command", "depends_on", "ports", "environment", "secrets"),
    *("volumes", "tmpfs", "shm_size", "restart", "read_only", "cap_drop", "security_opt"),
    *("stop_grace_period", "healthcheck"),
}


def test_every_key_of_the_compose_file_is_one_of_the_specifications():
    assert COMPOSE.keys() == {"name", "x-hardened", "services", "volumes", "secrets"}
    for service in SERVICES.values():
        assert service.keys() <= KEYS
        health = service.get("healthcheck", {})
        assert health.keys() <= {"test", "interval", "timeout", "retries", "start_period"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_runs_without_root_on_a_root_it_cannot_write(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert int(service["user"].split(":")[0]) > 0
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert ":latest" not in service["image"]
    assert ":" in service["image"]


def test_every_name_in_the_compose_file_leads_somewhere():
    for service in SERVICES.values():
        assert set(service.get("secrets", [])) <= COMPOSE["secrets"].keys()
        assert {v.split(":")[0] for v in service["volumes"]} <= COMPOSE["volumes"].keys()
        assert service.get("depends_on", {}).keys() <= SERVICES.keys()
        for value in service.get("environment", {}).values():
            if found := re.fullmatch("/run/secrets/(.+)", str(value)):
                assert found[1] in service["secrets"]
    for needed in SERVICES["radlens"]["depends_on"]:
        assert "healthcheck" in SERVICES[needed]


def test_no_secret_stands_in_a_file_and_none_is_committed():
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|_KEY|DATABASE", name):
                assert name.endswith("_FILE"), name
                assert value.startswith("/run/secrets/")
    assert (DEPLOY / ".gitignore").read_text().split() == ["/secrets/"]


def test_every_setting_that_is_named_exists():
    known = {f"RADLENS_{field.name.upper()}" for field in fields(Settings)}
    for path in (*DEPLOY.iterdir(), ROOT / "docs" / "runbook.md"):
        for name in re.findall(r"\bRADLENS_[A-Z0-9_]+", path.read_text()):
            assert name.removesuffix("_FILE") in known, (path.name, name)


def test_whoever_stops_the_server_waits_longer_than_it_drains():
    grace = int(SERVICES["radlens"]["stop_grace_period"].removesuffix("s"))
    unit = (DEPLOY / "radlens.service").read_text()
    assert grace > Settings.drain_s + 5
    assert int(re.search(r"TimeoutStopSec=(\d+)", unit)[1]) > Settings.drain_s + 5


def test_the_image_is_built_in_two_stages_by_the_pinned_versions_and_runs_without_root():
    lines = (DEPLOY / "Dockerfile").read_text()
    assert len(re.findall("^FROM ", lines, re.MULTILINE)) == 2
    assert "-c constraints.txt" in lines
    [user] = re.findall(r"^USER (\d+)", lines, re.MULTILINE)
    assert int(user) > 0
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", lines, re.MULTILINE)
    sources = [name for line in copied for name in line.split()]
    ignored = (ROOT / ".dockerignore").read_text().split()
    for source in sources:
        assert (ROOT / source).exists()
        assert f"!{source}" in ignored


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_takes_the_unit_and_finds_it_hardened(tmp_path):
    text = (DEPLOY / "radlens.service").read_text()
    unit = tmp_path / "radlens.service"
    unit.write_text(text.replace("/opt/radlens/bin/radlens", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert rated.returncode == 0, rated.stdout[-600:]


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed (nginx-light)")
def test_nginx_takes_its_configuration(tmp_path):
    text = (DEPLOY / "nginx.conf").read_text()
    self_signed(tmp_path)
    for place in ("/etc/radlens/tls", "/var/log/nginx"):
        text = text.replace(place, str(tmp_path))
    (tmp_path / "site.conf").write_text(text)
    whole = f"pid {tmp_path}/pid; events {{}} http {{ include {tmp_path}/site.conf; }}"
    (tmp_path / "nginx.conf").write_text(whole)
    done = subprocess.run(
        ["nginx", "-t", "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "error")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


def test_every_metric_of_the_runbook_is_there_and_no_other(tmp_path):
    told = set(re.findall(r"\bradlens_[a-z_]+", (ROOT / "docs" / "runbook.md").read_text()))
    with tiny_site(tmp_path) as site:
        text = TestClient(create_operations(site)).get("/metrics").text
    there = set(re.findall(r"^# TYPE (radlens_\w+) ", text, re.MULTILINE))
    assert {name for name in there if not name.endswith("_created")} == told


def test_the_runbooks_alerts_are_rules_as_prometheus_reads_them():
    [block] = re.findall(
        r"```yaml\n(.*?)```", (ROOT / "docs" / "runbook.md").read_text(), re.DOTALL
    )
    [group] = yaml.safe_load(block)["groups"]
    assert len(group["rules"]) == 3
    for rule in group["rules"]:
        assert rule.keys() <= {"alert", "expr", "for", "annotations"}
