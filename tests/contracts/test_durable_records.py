"""What Records that outlive a process promise: reopening, several processes, kill, full disk."""

from collections.abc import Callable
from contextlib import closing
from subprocess import Popen

import pytest

from radlens.domain.audit import verify
from radlens.domain.errors import StorageFull
from radlens.domain.prediction import Once
from radlens.ports import Records
from tests.contracts.stores import LoggedRecords, open_database
from tests.storage.samples import a_prediction, an_act

Start = Callable[..., "Popen[str]"]


def opened(place: str) -> LoggedRecords:
    return LoggedRecords(open_database(place))


def go(places: list[str], *processes: "Popen[str]") -> None:
    for process in processes:
        process.stdin.writelines(f"records {place}\n" for place in places)
        process.stdin.flush()


def fill(records: Records, acknowledged: list[str]) -> None:
    """Record until an error ends it."""
    while len(acknowledged) < 10_000:
        prediction = a_prediction(str(len(acknowledged)))
        acknowledged.append(records.add(prediction, an_act(prediction)).id)


def test_records_keys_and_chain_survive_reopening(place):
    first, once = a_prediction("first"), Once("key", "request")
    with closing(opened(place)) as records:
        records.add(first, an_act(first), once)
    with closing(opened(place)) as records:
        second = a_prediction("second")
        records.add(second, an_act(second))
        assert records.repeated(once) == first
        assert records.history(limit=9) == [second, first]
        assert verify(records.audit()) == 2


def test_what_was_acknowledged_is_seen_by_who_had_opened_before(place):
    with (
        closing(opened(place)) as reader,
        closing(opened(place)) as writer,
    ):
        assert reader.history(limit=9) == []
        prediction = a_prediction("one")
        writer.add(prediction, an_act(prediction))
        assert reader.get("one") == prediction


def test_processes_that_open_fresh_sites_at_once_all_succeed(places, writer: Start):
    processes = [writer(name, 1) for name in "abcd"]
    go(places, *processes)
    said = [process.communicate()[0].split() for process in processes]
    assert said == [[f"{name}-0"] * len(places) for name in "abcd"]  # no error was said
    for place in places:
        with closing(opened(place)) as records:
            assert verify(records.audit()) == 4


def test_several_processes_make_one_chain(place, writer: Start):
    processes = [writer(name, 25) for name in "ab"]
    go([place], *processes)
    said = [line for process in processes for line in process.communicate()[0].split()]
    with closing(opened(place)) as records:
        assert sorted(said) == sorted(p.id for p in records.history(limit=100))
        assert verify(records.audit()) == len(said) == 50


def test_whatever_was_acknowledged_before_a_kill_is_on_record(place, writer: Start):
    process = writer("a", 100_000)
    go([place], process)
    said = [process.stdout.readline() for _ in range(50)]
    process.kill()
    said += process.stdout.readlines()
    acknowledged = [line.strip() for line in said if line.endswith("\n")]
    with closing(opened(place)) as records:
        recorded = [p.id for p in records.history(limit=100_000)][::-1]
        assert recorded[: len(acknowledged)] == acknowledged
        assert len(recorded) - len(acknowledged) in (0, 1)  # committed, but not yet said
        assert verify(records.audit()) == len(recorded)
        survivor = a_prediction("afterwards")
        records.add(survivor, an_act(survivor))
        assert verify(records.audit()) == len(recorded) + 1


def test_a_full_disk_is_said_and_nothing_is_half_written(small_disk):
    ballast, acknowledged = small_disk / "ballast", list[str]()
    ballast.write_bytes(bytes(200_000))
    with closing(opened(str(small_disk))) as records:
        with pytest.raises(StorageFull):
            fill(records, acknowledged)
        assert [p.id for p in records.history(limit=10_000)] == acknowledged[::-1]
        assert verify(records.audit()) == len(acknowledged) > 0
        ballast.unlink()
        survivor = a_prediction(str(len(acknowledged)))
        records.add(survivor, an_act(survivor))
        assert verify(records.audit()) == len(acknowledged) + 1


def test_a_full_quota_is_said_and_nothing_is_half_written(tmp_path, writer: Start):
    place = str(tmp_path)
    process = writer("a", 10_000, 500_000)
    go([place], process)
    *acknowledged, error = process.communicate()[0].split()
    assert error == "StorageFull"
    with closing(opened(place)) as records:
        assert [p.id for p in records.history(limit=10_000)] == acknowledged[::-1]
        assert verify(records.audit()) == len(acknowledged) > 0
