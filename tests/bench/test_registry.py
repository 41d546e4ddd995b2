"""The figures of ``make bench-registry`` can be measured and can be missed, at a small size."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from bench.registry import figures
from bench.registry_activation import activation_ratio
from bench.registry_answers import mixed
from bench.registry_live import DATABASES, TASK, Until, is_wrong, look_while_swapped, site_at
from bench.registry_swaps import Size, swapped, upload
from radlens.domain.audit import Actor
from radlens.domain.registry import Stage
from radlens.usecases.predict import predict
from radlens.usecases.retire import retire
from radlens.wire import prediction_json
from tests.builders import TASKS, damage, furnish, put_live, tiny_bundle, tiny_site
from tests.conftest import place_of
from tests.server.conftest import TASK as CHEST
from tests.server.conftest import servers
from tests.versions import added

ME = Actor("tester", "cli")
LITTLE = Size(phases=1, predictions=8, quiet=8, swaps=4, broken=2, versions=3, reports=2)


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database of each kind, "" for SQLite in the site's folder."""
    return "" if request.param == "sqlite" else place_of(request.param, request)


def test_each_line_has_a_name_of_its_own() -> None:
    names = [figure.name for figure in figures()]
    assert len(names) == len(set(names)) > 10


def test_readers_see_one_live_version_while_it_is_swapped(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Other processes begin by importing the main module: pages that a test ran leave theirs there.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    looks = look_while_swapped(tmp_path, url, Until(0, 40, 2), writers=2, readers=1)
    assert (looks.wrong, looks.reads >= 40, looks.swaps >= 2) == (0, True, True)


def test_a_look_at_no_live_version_or_at_one_whose_object_is_another_is_wrong(
    tmp_path: Path,
) -> None:
    furnish(tmp_path)
    with site_at(tmp_path, "") as site:
        assert not is_wrong(site)
        [live] = site.registry.versions(task=TASK, stage=Stage.LIVE)
        retire(site, live.digest, by=ME, reason="a test asks", out_of_service=True)
        assert is_wrong(site)
        put_live(site, live.digest, by=ME)
        assert not is_wrong(site)
        damage(tmp_path, TASK)
        assert is_wrong(site)


def test_a_swap_under_load_mixes_nothing_and_fails_nobody(tmp_path: Path) -> None:
    with servers() as serve:
        toll = swapped(tmp_path, serve, LITTLE)
    assert (toll.failed, toll.mixed, toll.swaps, toll.held) == (0, 0, 4, 2)
    assert toll.predictions >= 8
    assert toll.slower > 0


def test_an_answer_of_another_model_than_it_says_is_mixed(tmp_path: Path) -> None:
    with tiny_site(tmp_path) as site:
        version = added(site, tmp_path, CHEST, "other", seed=9)
        made = predict(site, upload(1), task=CHEST, by=ME)
        body = prediction_json(made, None)
        folders = [tmp_path / "gallery" / CHEST, tmp_path / "bundles" / "other"]
        assert mixed(site, folders, {1: body}, upload) == 0
        named = {**body["model"], "version": version.version, "digest": version.digest}
        assert mixed(site, folders, {1: {**body, "model": named}}, upload) == 1
        assert mixed(site, folders, {2: body}, upload) == 1
        assert mixed(site, folders, {}, upload) == 1


def test_an_activation_is_measured_beside_its_load(tmp_path: Path, url: str) -> None:
    bundle = tiny_bundle(tmp_path / "bundle", TASKS[TASK])
    assert activation_ratio(tmp_path, url, bundle=bundle, versions=5, repeats=2) > 0
