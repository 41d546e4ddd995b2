"""What a reader does with the worklist, in real Chromium on the real server."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from radlens.domain.audit import Actor
from radlens.domain.prediction import Prediction
from radlens.domain.review import Decision, Opinion, Review
from radlens.domain.worklist import Sought
from radlens.ports import Site
from radlens.usecases.erase import erase
from radlens.usecases.predict import predict
from radlens.usecases.review import review
from radlens.usecases.worklist import claim, worklist
from tests.browser.boxes import choose, settled
from tests.builders import picture, png, tiny_site
from tests.imaging.samples import dicom

BOB = Actor("bob", "cli")
FRESH = iter(range(500, 600))


@pytest.fixture
def site(server) -> Site:
    """The server's own site, opened a second time."""
    with tiny_site(server.home) as opened:
        yield opened


@pytest.fixture
def prediction(site) -> Prediction:
    return predict(site, png(picture(next(FRESH))), task="chest-xray", by=BOB)


@pytest.fixture
def at(opened, server, prediction) -> Callable[..., Page]:
    """Open the case of the prediction on a page."""

    def go(page: Page = opened) -> Page:
        page.goto(f"{server.url}/worklist-review?case={prediction.id}")
        page.get_by_role("heading", name="Worklist & Review").wait_for()
        page.get_by_text("Nothing on record says whose image this is").wait_for()
        return page

    return go


@pytest.fixture
def taken(at) -> Page:
    page = at()
    page.get_by_role("button", name="Take this case").click()
    findings(page).first.wait_for()
    settled(page)
    return page


def findings(page: Page) -> Locator:
    return page.get_by_role("list", name="Findings to review").locator("li")


def pressed(page: Page, way: str) -> Locator:
    return findings(page).locator(f"button.{way}[aria-pressed=true]")


def decided(page: Page, way: str) -> int:
    return pressed(page, way).count()


def sign(page: Page) -> Locator:
    return page.get_by_role("button", name="Sign the review")


def reviews(site: Site, prediction: Prediction) -> list[Review]:
    return site.reviews.of(prediction.id)


def test_a_case_is_taken_from_the_list_reviewed_signed_and_on_the_report(
    opened, server, site, prediction
):
    opened.get_by_role("link", name="Worklist & Review").click()
    opened.get_by_text("The most urgent first: by the most urgent finding").wait_for()
    waiting = opened.get_by_role("row").filter(has_text="waiting")  # others may be taken already
    waiting.get_by_role("button", name=re.compile("^Open ")).first.click()
    opened.wait_for_url(re.compile("case="))
    key = opened.url.partition("case=")[2]
    opened.get_by_role("button", name="Take this case").click()
    page = opened
    findings(page).first.wait_for()
    asked = findings(page).count()
    page.get_by_role("button", name="Reject").first.click()
    expect(sign(page)).to_be_disabled()
    page.get_by_role("button", name="Accept all others").click()
    expect(page.get_by_text("Without a reason:")).to_be_visible()
    page.get_by_label("Reason for").first.fill("The end of a rib")
    page.get_by_label("Impression").fill("No sign of it.")
    sign(page).click()
    expect(page.get_by_text("Final: signed by local user")).to_be_visible()
    expect(page.get_by_role("cell", name="The end of a rib")).to_be_visible()
    [signed] = site.reviews.of(key)
    assert (signed.impression, signed.rejected, signed.final) == ("No sign of it.", True, True)
    assert len(signed.opinions) == asked
    report = server.get(f"/api/v1/predictions/{key}/report.pdf")
    assert report.startswith(b"%PDF")
    page.get_by_role("button", name="Back to the worklist").click()
    page.get_by_role("combobox", name="State").click()
    page.get_by_role("option", name="rejected").click()
    expect(page.get_by_role("cell", name="rejected").first).to_be_visible()


def test_earlier_readings_of_the_patient_stand_below_the_case(opened, server, site):
    """Which of them to compare with is chosen; each is one look of the session."""
    number = next(FRESH)
    then, between, now = (
        predict(
            site,
            dicom(picture(seed), PatientID=f"patient {number}", StudyInstanceUID=f"1.2.{seed}"),
            task="chest-xray",
            by=BOB,
        )
        for seed in (number, next(FRESH), next(FRESH))
    )
    opened.goto(f"{server.url}/worklist-review?case={now.id}")
    opened.get_by_text("2 earlier readings of this patient").wait_for()
    expect(opened.get_by_text("says nothing of the course of a disease")).to_be_visible()
    for one in (then, between):
        expect(opened.get_by_role("link", name=one.image.digest[:8])).to_be_visible()
    shown = opened.get_by_text("The answer now beside that of")
    expect(shown).to_contain_text(between.image.digest[:8])
    choose(opened, "Compared with", then.image.digest[:8])
    expect(shown).to_contain_text(then.image.digest[:8])
    settled(opened)
    looks = [entry.act for entry in site.trail.entries() if "prior_of" in entry.act.detail]
    mine = [act.subject for act in looks if act.detail["prior_of"] == now.id]
    assert mine == [between.id, then.id]


def test_all_of_it_is_done_by_keys_and_taken_back_in_time(taken, site, prediction):
    taken.keyboard.press("j")
    expect(findings(taken).first).to_be_focused()
    taken.keyboard.press("a")
    expect(findings(taken).nth(1)).to_be_focused()
    taken.keyboard.press("r")
    taken.keyboard.type("jar, a rib")  # letters of the shortcuts too
    taken.keyboard.press("Enter")
    expect(findings(taken).nth(1)).to_be_focused()
    assert (decided(taken, "accept"), decided(taken, "reject")) == (1, 1)
    taken.keyboard.press("k")
    expect(findings(taken).first).to_be_focused()
    taken.keyboard.press("u")
    assert (decided(taken, "accept"), decided(taken, "reject")) == (1, 0)
    taken.get_by_role("button", name="Accept all others").click()
    sign(taken).click()
    expect(taken.get_by_role("button", name="Undo")).to_be_visible()
    taken.locator("h1").click()
    taken.keyboard.press("u")
    expect(taken.get_by_role("button", name="Give it back")).to_be_visible()
    [undone] = reviews(site, prediction)
    assert undone.undone
    expect(taken.get_by_text("Final: signed by")).to_have_count(0)
    expect(pressed(taken, "accept")).to_have_count(13)  # nothing that was decided is lost
    sign(taken).click()
    expect(taken.get_by_text("Final: signed by")).to_be_visible()
    assert [bool(one.undone) for one in reviews(site, prediction)] == [True, False]


@pytest.mark.parametrize("modifier", ["Control", "Alt", "Meta"])
def test_no_shortcut_fires_with_a_modifier(taken, modifier):
    taken.keyboard.press("j")
    expect(findings(taken).first).to_be_focused()
    hear = "e => {window.heard.push(e.key); e.preventDefault()}"  # or the browser loads anew
    taken.evaluate(f"window.heard = []; addEventListener('keydown', {hear})")
    for key in "aerju":
        taken.keyboard.press(f"{modifier}+{key}")
    assert taken.evaluate("heard.filter(key => key.length == 1).join('')") == "aerju"
    assert [decided(taken, way) for way in ("accept", "edit", "reject")] == [0, 0, 0]
    expect(findings(taken).first).to_be_focused()


def test_no_shortcut_fires_while_somebody_writes(taken):
    field = taken.get_by_label("Impression")
    field.fill("")
    field.press_sequentially("a rare jerk, u")
    expect(field).to_have_value("a rare jerk, u")
    assert [decided(taken, way) for way in ("accept", "edit", "reject")] == [0, 0, 0]
    taken.get_by_role("combobox", name=re.compile("Evidence for")).focus()
    for key in "aerju":
        taken.keyboard.press(key)
    assert [decided(taken, way) for way in ("accept", "edit", "reject")] == [0, 0, 0]


def test_what_is_written_outlives_a_reload_and_makes_no_record(taken, site, prediction):
    taken.get_by_role("button", name="Edit").first.click()
    taken.get_by_label("What holds of").first.select_option("present")
    taken.get_by_label("Reason for").first.fill("as I see it")
    taken.get_by_label("Impression").fill("Half written")
    taken.reload()
    expect(taken.get_by_label("Reason for").first).to_have_value("as I see it")
    expect(taken.get_by_label("What holds of").first).to_have_value("true")
    expect(taken.get_by_label("Impression")).to_have_value("Half written")
    assert reviews(site, prediction) == []


def test_two_tabs_never_make_a_second_record(taken, at, site, prediction):
    other = at(taken.context.new_page())
    for page in (taken, other):
        page.get_by_role("button", name="Accept all others").click()
        expect(sign(page)).to_be_enabled()
    sign(taken).click()
    expect(taken.get_by_text("Final: signed by")).to_be_visible()
    sign(other).click()
    expect(other.get_by_text("Final: signed by")).to_be_visible()  # what holds, and no second one
    assert len(reviews(site, prediction)) == 1
    taken.reload()
    expect(taken.get_by_text("Final: signed by")).to_be_visible()
    assert len(reviews(site, prediction)) == 1


def test_a_case_that_another_reader_has_cannot_be_taken(at, site, prediction):
    page = at()
    take = page.get_by_role("button", name="Take this case")
    take.wait_for()
    worklist(site, Sought(), limit=1, by=None)
    claim(site, prediction.id, by=BOB)
    take.click()
    expect(page.get_by_role("alert")).to_contain_text("bob has this case")
    page.reload()
    expect(page.get_by_label("The case")).to_contain_text("bob, until")
    expect(take).to_have_count(0)
    stated = [Opinion(one.label, None, Decision.ACCEPT) for one in prediction.findings]
    review(site, prediction.id, stated, by=BOB)
    page.reload()
    expect(page.get_by_text("Final: signed by bob")).to_be_visible()
    page.get_by_role("button", name="Take it again to amend").click()
    findings(page).first.wait_for()


def test_an_image_that_somebody_erases_meanwhile_is_said_and_leaves_no_review(
    taken, site, prediction
):
    taken.get_by_role("button", name="Accept all others").click()
    erase(site, prediction.id, reason="the patient asked", by=BOB)
    sign(taken).click()
    expect(taken.get_by_role("alert").first).to_contain_text("erased")
    assert reviews(site, prediction) == []


def test_a_case_is_given_back_and_one_that_is_not_there_is_a_sentence(taken, server, site):
    taken.get_by_role("button", name="Give it back").click()
    expect(taken.get_by_role("button", name="Take this case")).to_be_visible()
    taken.goto(f"{server.url}/worklist-review?case=nothing")
    expect(taken.get_by_role("alert")).to_contain_text("no case 'nothing'")


def test_keys_go_through_the_list_and_filters_that_nothing_fits_say_so(opened, server, prediction):
    opened.goto(f"{server.url}/worklist-review")
    rows = opened.get_by_role("button", name=re.compile("^Open "))
    rows.first.wait_for()
    settled(opened)
    opened.locator("h1").click()
    opened.keyboard.press("j")
    expect(rows.first).to_be_focused()
    opened.keyboard.press("j")
    opened.keyboard.press("k")
    expect(rows.first).to_be_focused()
    opened.keyboard.press("Enter")
    opened.wait_for_url(re.compile("case="))
    opened.goto(f"{server.url}/worklist-review")
    opened.get_by_role("combobox", name="Task").click()
    opened.get_by_role("option", name="unserved").click()
    expect(opened.get_by_text("No case fits these filters.")).to_be_visible()
