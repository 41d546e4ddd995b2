"""A list of files: each is read once and in order, a bounded number waits, nothing is lost."""

from concurrent.futures import wait

import pytest

from radlens.domain.errors import NoLiveModel, UnreadableImage
from radlens.ui import intake
from radlens.ui.intake import MOST, Intake, Upload
from tests.builders import TASKS, go_live, picture, png, tiny_bundle
from tests.ui.conftest import BAD, GOOD, OTHER, READER

TASK = "chest-xray"
BY = READER.actor


def upload(name: str, content: bytes) -> Upload:
    return Upload(name, f"token of {name}", lambda: content)


def outcomes(sent: Intake) -> list[object]:
    wait(sent.unread(), timeout=120)
    return [answer.outcome for answer in sent.of(TASK)]


@pytest.fixture
def sent() -> Intake:
    return Intake("0" * 32)


def test_a_heap_of_files_is_taken_as_far_as_there_is_room_and_then_the_rest(site, sent):
    heap = [upload(f"{seed}.png", png(picture(seed, 64, 64))) for seed in range(MOST + 5)]
    assert sent.take(site, TASK, heap, by=BY) == (MOST, 5)
    assert len(set(outcomes(sent))) == MOST
    assert sent.take(site, TASK, heap, by=BY, retry=False) == (5, 0)
    assert len(set(outcomes(sent))) == MOST + 5
    assert [answer.name for answer in sent.of(TASK)] == [one.name for one in heap]
    assert sent.take(site, TASK, heap, by=BY) == (0, 0)
    assert site.records.count() == MOST + 5


def test_how_long_the_files_that_wait_may_take_is_known_once_one_was_read(site, sent):
    assert sent.left_s(more=3) is None
    sent.take(site, TASK, [upload(*one[:2]) for one in (GOOD, BAD)], by=BY)
    outcomes(sent)
    assert sent.left_s() == 0
    assert sent.left_s(more=4) == pytest.approx(2 * sent.left_s(more=2))
    assert sent.left_s(more=2) > 0


def test_a_bad_file_says_why_and_the_others_go_on(site, sent):
    sent.take(site, TASK, [upload(*one[:2]) for one in (GOOD, BAD, OTHER)], by=BY)
    first, bad, last = outcomes(sent)
    assert isinstance(bad, UnreadableImage)
    assert {first, last} == {found.id for found in site.records.history(limit=9)}


def test_what_was_unavailable_is_tried_again_but_not_by_the_page_itself(site, sent, tmp_path):
    files = [upload(*GOOD[:2])]
    assert sent.take(site, "unserved", files, by=BY) == (1, 0)
    wait(sent.unread(), timeout=120)
    [answer] = sent.of("unserved")
    assert isinstance(answer.outcome, NoLiveModel)
    assert sent.take(site, "unserved", files, by=BY, retry=False) == (0, 0)
    assert sent.take(site, "unserved", files, by=BY) == (1, 0)


def test_a_reload_finds_the_list_again_and_nobody_elses(visit, site):
    page = visit().task(TASK).send(GOOD, BAD)
    name = page.at.query_params["list"]
    again = visit(list=name[0] if isinstance(name, list) else name).task(TASK)
    assert "chest.png" in again.text
    assert "neither PNG, JPEG nor DICOM" in again.text
    assert "chest.png" not in visit(list="f" * 32).task(TASK).text
    assert "chest.png" not in visit(list="../..").task(TASK).text
    assert site.records.count() == 1


def test_a_reload_shows_the_task_and_the_result_that_were_shown(visit, site):
    page = visit().task(TASK).send(GOOD, OTHER)
    first = next(found.id for found in reversed(site.records.history(limit=9)))
    page.at.selectbox[1].set_value(first).run()
    address = {k: v[0] if isinstance(v, list) else v for k, v in page.at.query_params.items()}
    assert address["prediction"] == first
    again = visit(**address)
    assert again.at.selectbox[0].value == TASK
    assert "<h2>chest.png</h2>" in again.text


def test_another_accounts_list_stays_closed(site):
    own = intake._list_of("one", "a" * 32)
    assert intake._list_of("one", "a" * 32) is own
    assert intake._list_of("other", "a" * 32) is not own


def test_the_oldest_lists_are_forgotten_when_there_are_too_many():
    first = intake._list_of("somebody", "0" * 32)
    for number in range(1, intake.LISTS + 1):
        intake._list_of("somebody", f"{number:032x}")
    assert intake._list_of("somebody", "0" * 32) is not first
    intake.forget_all()


def test_a_model_that_is_swapped_meanwhile_is_told_beside_what_the_other_read(
    visit, site, tmp_path
):
    page = visit().task(TASK).send(GOOD)
    go_live(site, tiny_bundle(tmp_path / "next", TASKS[TASK], seed=8, version="tiny-2"))
    page.send(GOOD, OTHER)
    assert page.text.count("read by version tiny-1") == 1
    assert {found.model.version for found in site.records.history(limit=9)} == {"tiny-1", "tiny-2"}


def test_the_list_says_how_far_it_is_and_what_came_of_each_file(visit):
    page = visit().task(TASK).send(GOOD, BAD, OTHER)
    assert "2 of 3 files read, 1 not read." in page.text
    row = page.text[page.text.index("<b>chest.png</b>") :]
    assert "confidence, " in row[: row.index("</li>")]
    assert "urgency: " in row[: row.index("</li>")]
