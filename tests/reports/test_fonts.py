"""Text in other scripts than Latin."""

import subprocess
from io import BytesIO
from pathlib import Path
from shutil import which

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from radlens.reports.fonts import FOLDER, NO_GLYPH, markup, runs
from radlens.reports.pdf import pdf
from tests.reports import samples

SCRIPTS = {
    "Cyrillic": ("Рентгенологическое отделение", "Roboto-Regular"),
    "Greek": ("Ακτινολογικό Τμήμα", "Roboto-Regular"),
    "Vietnamese": ("Bệnh viện Chợ Rẫy", "Roboto-Regular"),
    "Hebrew": ("ביתחולים", "DejaVuSans"),
    "Arabic": ("مستشفى", "DejaVuSans"),
    "Thai": ("โรงพยาบาล", "NotoSansThai-Regular"),
    "Japanese": ("東京画像診断センター", "DroidSansFallback-subset"),
    "simplified Chinese": ("北京协和医院放射科", "DroidSansFallback-subset"),
    "traditional Chinese": ("臺灣大學醫學院", "DroidSansFallback-subset"),
    "Korean": ("서울병원", "DroidSansFallback-subset"),
}


def named(site_name: str) -> bytes:
    prediction, task, evidence = samples.brain_without_evidence()
    scan = samples.a_scan()
    return pdf(prediction, task=task, scan=scan, evidence=evidence, site_name=site_name)


@pytest.mark.parametrize("script", SCRIPTS)
def test_letters_of_many_scripts_have_glyphs(script: str) -> None:
    words, font = SCRIPTS[script]
    placed = runs(words)
    assert {font for font, _ in placed} <= {font, "Roboto-Regular"}
    assert placed[0][0] == font
    assert NO_GLYPH not in "".join(run for _, run in placed)


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_letters_can_be_found_and_copied_from_the_file(script: str) -> None:
    words, _ = SCRIPTS[script]
    extracted = PdfReader(BytesIO(named(words))).pages[0].extract_text()
    assert sorted(set(words) - set(extracted)) == []


@pytest.mark.skipif(not which("pdftoppm"), reason="poppler-utils is missing")
@pytest.mark.parametrize("script", ["Cyrillic", "Greek", "Arabic", "Thai", "Japanese", "Korean"])
def test_two_letters_of_a_script_look_different_so_neither_is_an_empty_box(
    script: str, tmp_path: Path
) -> None:
    words, _ = SCRIPTS[script]
    first, second = (drawn(letter * 6, tmp_path) for letter in (words[0], words[-1]))
    assert min((first < 128).sum(), (second < 128).sum()) > 40
    assert (np.abs(first - second) > 100).sum() > 40


def drawn(site_name: str, folder: Path) -> np.ndarray:
    """The upper right corner of the first page, where the site's name stands, as grey pixels."""
    file = folder / "page.pdf"
    file.write_bytes(named(site_name))
    corner = ["-x", "700", "-y", "90", "-W", "500", "-H", "70"]
    command = ["pdftoppm", "-r", "150", "-f", "1", "-l", "1", "-singlefile", "-gray", *corner]
    subprocess.run([*command, file, folder / "page"], check=True)
    return np.asarray(Image.open(folder / "page.pgm"), int)


def test_every_font_is_inside_the_file() -> None:
    document = PdfReader(BytesIO(named(" ".join(words for words, _ in SCRIPTS.values()))))
    fonts = [
        font.get_object()
        for page in document.pages
        for font in page["/Resources"]["/Font"].get_object().values()
    ]
    assert len(fonts) >= 5
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts)


@settings(deadline=None)  # the first text reads the fonts
@given(st.text())
def test_any_text_at_all_can_be_set_and_markup_in_it_is_only_text(words: str) -> None:
    assert all(run for _, run in runs(words))
    assert "<b>" not in markup(f"<b>{words}</b>")


def test_a_letter_that_no_font_has_is_shown_as_missing_not_left_out() -> None:
    assert runs("ᚙ\U0001f9ff क")[-1][1].endswith(NO_GLYPH)


def test_a_site_name_is_never_read_as_markup() -> None:
    extracted = PdfReader(BytesIO(named("<b>A & B</b>\nC"))).pages[0].extract_text()
    assert "<b>A & B</b> C" in extracted


def test_each_font_stands_beside_its_licence() -> None:
    families = {file.name.split("-")[0] for file in FOLDER.glob("*.ttf")}
    licensed = {file.stem.split("-")[1] for file in FOLDER.glob("LICENSE-*.txt")}
    assert {family.removesuffix(".ttf").replace("DejaVuSans", "DejaVu") for family in families} == (
        licensed
    )
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 4_000_000
