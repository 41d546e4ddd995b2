"""What Records that outlive a process promise: reopening, several processes, kill, full disk."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from subprocess import Popen

import pytest

from radlens.domain.audit import verify
from radlens.domain.errors import StorageFull
from radlens.domain.prediction import Once
from radlens.ports import Records
from radlens.storage.records import SqlRecords
from tests.contracts.stores import DURABLE_DATABASES
from tests.storage.samples import a_prediction, an_act

pytestmark = pytest.mark.parametrize("store", sorted(DURABLE_DATABASES))
Start = Callable[..., "Popen[str]"]


def opened(store: str, place: Path) -> SqlRecords:
    return SqlRecords(DURABLE_DATABASES[store](place))


def go(*processes: "Popen[str]", site: str = "") -> None:
    for process in processes:
        process.stdin.write(f"{site}\n")
        process.stdin.flush()


def fill(records: Records, acknowledged: list[str]) -> None:
    """Record until an error ends it."""
    while len(acknowledged) < 10_000:
        prediction = a_prediction(str(len(acknowledged)))
        acknowledged.append(records.add(prediction, an_act(prediction)).id)


def test_records_keys_and_chain_survive_reopening(store, tmp_path):
    first, once = a_prediction("first"), Once("key", "request")
    with closing(opened(store, tmp_path)) as records:
        records.add(first, an_act(first), once)
    with closing(opened(store, tmp_path)) as records:
        second = a_prediction("second")
        records.add(second, an_act(second))
        assert records.repeated(once) == first
        assert records.history(limit=9) == [second, first]
        assert verify(records.audit()) == 2


def test_what_was_acknowledged_is_seen_by_who_had_opened_before(store, tmp_path):
    with (
        closing(opened(store, tmp_path)) as reader,
        closing(opened(store, tmp_path)) as writer,
    ):
        assert reader.history(limit=9) == []
        prediction = a_prediction("one")
        writer.add(prediction, an_act(prediction))
        assert reader.get("one") == prediction


def test_processes_that_open_fresh_sites_at_once_all_succeed(store, tmp_path, writer: Start):
    sites = [f"site-{number}" for number in range(15)]
    processes = [writer(store, tmp_path, name, 0) for name in "abcd"]
    go(*processes, site="\n".join(sites))
    assert [process.communicate()[0] for process in processes] == [""] * 4  # no error was said
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(sites)


def test_several_processes_make_one_chain(store, tmp_path, writer: Start):
    processes = [writer(store, tmp_path, name, 25) for name in "ab"]
    go(*processes)
    said = [line for process in processes for line in process.communicate()[0].split()]
    with closing(opened(store, tmp_path)) as records:
        assert sorted(said) == sorted(p.id for p in records.history(limit=100))
        assert verify(records.audit()) == len(said) == 50


def test_whatever_was_acknowledged_before_a_kill_is_on_record(store, tmp_path, writer: Start):
    process = writer(store, tmp_path, "a", 100_000)
    go(process)
    said = [process.stdout.readline() for _ in range(50)]
    process.kill()
    said += process.stdout.readlines()
    acknowledged = [line.strip() for line in said if line.endswith("\n")]
    with closing(opened(store, tmp_path)) as records:
        recorded = [p.id for p in records.history(limit=100_000)][::-1]
        assert recorded[: len(acknowledged)] == acknowledged
        assert len(recorded) - len(acknowledged) in (0, 1)  # committed, but not yet said
        assert verify(records.audit()) == len(recorded)
        survivor = a_prediction("afterwards")
        records.add(survivor, an_act(survivor))
        assert verify(records.audit()) == len(recorded) + 1


def test_a_full_disk_is_said_and_nothing_is_half_written(store, small_disk):
    ballast, acknowledged = small_disk / "ballast", list[str]()
    ballast.write_bytes(bytes(200_000))
    with closing(opened(store, small_disk)) as records:
        with pytest.raises(StorageFull):
            fill(records, acknowledged)
        assert [p.id for p in records.history(limit=10_000)] == acknowledged[::-1]
        assert verify(records.audit()) == len(acknowledged) > 0
        ballast.unlink()
        survivor = a_prediction(str(len(acknowledged)))
        records.add(survivor, an_act(survivor))
        assert verify(records.audit()) == len(acknowledged) + 1


def test_a_full_quota_is_said_and_nothing_is_half_written(store, tmp_path, writer: Start):
    process = writer(store, tmp_path, "a", 10_000, 300_000)
    go(process)
    *acknowledged, error = process.communicate()[0].split()
    assert error == "StorageFull"
    with closing(opened(store, tmp_path)) as records:
        assert [p.id for p in records.history(limit=10_000)] == acknowledged[::-1]
        assert verify(records.audit()) == len(acknowledged) > 0
