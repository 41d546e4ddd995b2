"""The report as a file: its text, its pictures, its pages."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfReader

from radlens.domain.prediction import Prediction
from radlens.domain.scan import Scan, Window
from radlens.domain.task import Task
from radlens.reports.pdf import pdf
from tests.reports import samples

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = {
    "multi-label": samples.chest,
    "multi-label-nothing-reported": samples.chest_below,
    "multi-class": samples.brain,
    "multi-class-no-evidence": samples.brain_without_evidence,
}
poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler-utils is missing")


def made(case: str, site_name: str = "") -> bytes:
    prediction, task, evidence = CASES[case]()
    scan = samples.a_scan()
    return pdf(prediction, task=task, scan=scan, evidence=evidence, site_name=site_name)


def words_of(document: bytes) -> str:
    """The text of all pages; each page starts with a line of its own."""
    lines = [
        line.strip()
        for number, page in enumerate(PdfReader(BytesIO(document)).pages, start=1)
        for line in (f"--- page {number}", *page.extract_text().splitlines())
    ]
    return "\n".join(filter(None, lines)) + "\n"


@pytest.mark.parametrize("case", CASES)
def test_the_text_is_the_golden_text(case: str) -> None:
    """Set REGENERATE_GOLDEN=1 to write the files anew, then read their difference."""
    golden = GOLDEN / f"report-{case}.txt"
    words = words_of(made(case, "St. Example Hospital"))
    if os.environ.get("REGENERATE_GOLDEN") == "1":
        golden.write_text(words, "utf-8")
    assert words == golden.read_text("utf-8")


def test_labels_are_called_as_the_card_calls_them_in_another_language() -> None:
    prediction, task, evidence = samples.chest()
    german = task.told_in((samples.CARDS / "de" / f"{task.name}.toml").read_text("utf-8"))
    words = words_of(pdf(prediction, task=german, scan=samples.a_scan(), evidence=evidence))
    assert german.title in words
    for name in task.names:
        assert german.label(name).title in words
    assert "Pleuraverdickung" in words
    assert "Pleural thickening" not in words


@pytest.mark.parametrize("case", CASES)
def test_the_same_input_gives_the_same_bytes(case: str) -> None:
    assert made(case) == made(case)


def test_four_threads_of_a_fresh_process_give_the_same_bytes_as_this_one() -> None:
    script = (
        "import sys; from concurrent.futures import ThreadPoolExecutor; "
        "from tests.reports.test_pdf import made; "
        "every = ThreadPoolExecutor(4).map(made, ['multi-class'] * 4, ['東京'] * 4); "
        "[one] = set(every); sys.stdout.buffer.write(one)"
    )
    other = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=True,
        cwd=GOLDEN.parents[1],
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu"},
    )
    assert other.stdout == made("multi-class", "東京")


def test_every_page_has_its_number_and_the_predictions_id() -> None:
    pages = PdfReader(BytesIO(made("multi-label"))).pages
    assert 2 <= len(pages) <= 3
    for number, page in enumerate(pages, start=1):
        words = page.extract_text()
        assert f"page {number} of {len(pages)}" in words
        assert "Prediction 01JDEMO00000000000000000RL" in words


def test_the_files_properties_are_the_reports_and_its_time_the_predictions() -> None:
    prediction, task, evidence = samples.brain()
    local = datetime(2026, 3, 4, 9, 30, 15, tzinfo=timezone(-timedelta(hours=3, minutes=30)))
    document = pdf(
        replace(prediction, time=local), task=task, scan=samples.a_scan(), evidence=evidence
    )
    reader = PdfReader(BytesIO(document))
    about = reader.metadata
    assert about is not None
    assert about.title == "RadLens report: Brain MR slice, tumour type"
    assert about.author == "RadLens"
    assert about.subject == f"Prediction {prediction.id}"
    assert about.creation_date == datetime(2026, 3, 4, 13, 0, 15, tzinfo=UTC)
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert "2026-03-04T09:30:15-03:30 (UTC-03:30)" in words_of(document)


def pictures(document: bytes) -> list[np.ndarray]:
    """The pictures of the first page, in the order they are drawn, as RGB."""
    page = PdfReader(BytesIO(document)).pages[0]
    drawn = re.findall(rb"/(\S+) Do", page.get_contents().get_data())
    return [
        np.asarray(page.images[f"/{name.decode()}"].image.convert("RGB"), int) for name in drawn
    ]


def redness(picture: np.ndarray, row: int, col: int) -> float:
    """How much more red than blue one cell of the evidence's grid is."""
    rows, cols = (side // samples.GRID for side in picture.shape[:2])
    cell = picture[row * rows : (row + 1) * rows, col * cols : (col + 1) * cols]
    return float((cell[..., 0] - cell[..., 2]).mean())


@pytest.mark.parametrize(
    ("case", "hot", "cold"),
    [("multi-label", (6, 1), (1, 6)), ("multi-class", (2, 5), (6, 1))],
)
def test_the_heat_map_is_red_where_its_own_labels_evidence_lies_and_nowhere_else(
    case: str, hot: tuple[int, int], cold: tuple[int, int]
) -> None:
    plain, heat = pictures(made(case))
    assert abs(redness(plain, *hot)) < 3
    assert redness(heat, *hot) > 40
    assert abs(redness(heat, *cold)) < 15


def test_without_evidence_only_the_image_is_drawn() -> None:
    [plain] = pictures(made("multi-class-no-evidence"))
    assert plain.shape == (samples.ROWS, samples.COLS, 3)


def test_a_large_16_bit_image_makes_a_small_file() -> None:
    prediction, task, evidence = samples.chest()
    rng = np.random.default_rng(1)
    slope = np.linspace(500, 3000, 2400)[:, None] + np.linspace(0, 900, 2000)
    scan = Scan(
        (slope + rng.normal(0, 40, slope.shape)).astype(np.uint16), Window(0, 4095), "dicom"
    )
    assert len(pdf(prediction, task=task, scan=scan, evidence=evidence)) < 400_000


def long_winded() -> tuple[Prediction, Task, np.ndarray]:
    """Thirteen labels, all reported, each with as long a name and meaning as a card may get."""
    prediction, task, evidence = samples.chest()
    name = "Pneumonoultramicroscopicsilicovolcanoconiosis with interstitial fibrosis"
    labels = tuple(
        replace(label, title=f"{name} {i}", meaning="A long explanation of it. " * 8)
        for i, label in enumerate(task.labels)
    )
    task = replace(task, labels=labels, title=f"{name}, " * 3)
    found = samples.found(task, [0.9 - 0.03 * i for i in range(13)], threshold=0.1)
    return replace(prediction, findings=found, id="f" * 36), task, evidence


@poppler
def test_thirteen_long_labels_are_all_there_and_stay_inside_the_margins(tmp_path: Path) -> None:
    prediction, task, evidence = long_winded()
    site = "A hospital with a very long name " * 6
    file = tmp_path / "report.pdf"
    file.write_bytes(
        pdf(prediction, task=task, scan=samples.a_scan(), evidence=evidence, site_name=site)
    )
    boxes = subprocess.run(
        ["pdftotext", "-bbox", file, "-"], capture_output=True, text=True, check=True
    ).stdout
    edges = re.findall(r'<word xMin="([\d.]+)" yMin="[\d.]+" xMax="([\d.]+)"', boxes)
    assert len(edges) > 1000
    assert min(float(left) for left, _ in edges) > 45
    assert max(float(right) for _, right in edges) < 595.3 - 45
    words = " ".join(words_of(file.read_bytes()).split())
    assert all(f"{label.title}: reported" in words for label in task.labels)
