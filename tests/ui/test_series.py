"""Files of one series stand together in the list, under what is most urgent among them."""

import logging

from tests.builders import picture
from tests.imaging.samples import dicom
from tests.ui.conftest import Visit

TASK = "chest-xray"
SERIES, OTHER = "1.2.826.4711.1", "1.2.826.4711.2"
KIND = "application/dicom"


def slice_of(series: str, number: int | None, seed: int) -> bytes:
    said = {} if number is None else {"InstanceNumber": str(number)}
    return dicom(picture(seed), SeriesInstanceUID=series, **said)


# Picture 5 is critical for the tiny model; picture 4 has a finding that is moderate and likelier.
LATE = ("late.dcm", slice_of(SERIES, 10, 4), KIND)
ALONE = ("alone.dcm", slice_of(OTHER, 1, 3), KIND)
EARLY = ("early.dcm", slice_of(SERIES, 2, 5), KIND)
CUT = ("cut.dcm", slice_of(SERIES, 1, 6)[:-1000], KIND)


def names(page: Visit) -> list[str]:
    """The files of the list, as it stands on the page."""
    text = page.text[page.text.index("rl-files") : page.text.rindex("</ul>")]
    known = ("late.dcm", "alone.dcm", "early.dcm", "cut.dcm", "unnumbered.dcm")
    starts = {name: text.find(f"<b>{name}") for name in known}
    return [name for name, at in sorted(starts.items(), key=lambda one: one[1]) if at >= 0]


def series(page: Visit) -> tuple[str, str]:
    """The heading of the one series on the page, and the list of its images."""
    _, after = page.text.split("<b>Series of ", 1)
    assert "<b>Series of " not in after
    heading, images = after.split("<ul", 1)
    return heading, images[: images.index("</ul>")]


def test_a_series_stands_in_its_own_order_under_its_most_urgent_finding(visit, site):
    page = visit().task(TASK).send(LATE, ALONE, EARLY, CUT)
    heading, images = series(page)
    assert heading.startswith("3 images</b>")
    assert "most urgent of 2 answers, early.dcm:" in heading
    assert "Pneumothorax" in heading
    assert "urgency: critical" in heading
    assert "Consolidation" not in heading
    assert names(page) == ["cut.dcm", "early.dcm", "late.dcm", "alone.dcm"]
    assert "alone.dcm" not in images
    assert "cut.dcm" in images
    assert "damaged or cut short" in images
    assert "3 of 4 files read, 1 not read." in page.text
    assert site.records.count() == 3


def test_what_has_no_number_stands_behind_as_it_was_sent(visit):
    unnumbered = ("unnumbered.dcm", slice_of(SERIES, None, 7), KIND)
    page = visit().task(TASK).send(unnumbered, LATE, EARLY)
    assert names(page) == ["early.dcm", "late.dcm", "unnumbered.dcm"]


def test_the_heading_tells_nothing_that_a_blind_list_hides(visit):
    page = visit().task(TASK)
    page.at.toggle[0].set_value(True).run()
    page.send(LATE, EARLY)
    heading, images = series(page)
    assert heading == "2 images</b> </div>"
    assert images.count("the answer is shown after your own opinion") == 2


def test_the_series_number_is_neither_shown_nor_logged_nor_kept(visit, site, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    page = visit().task(TASK).send(LATE, EARLY, CUT)
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert kept
    assert SERIES not in page.text
    assert SERIES not in caplog.text
    assert not any(SERIES.encode() in content for content in kept)
