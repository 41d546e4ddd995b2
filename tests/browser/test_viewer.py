"""What the viewer does with an image, in the browser and on the image's own values."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_reading import count, read
from tests.builders import picture, png
from tests.imaging.samples import dicom

# Two grey levels of 16 bits that are one level of 8, side by side on a wide range.
CLOSE = (30_000, 30_100)


def deep(rows: int = 300, cols: int = 240) -> np.ndarray:
    """16 bits: a smooth image that fills them, with a patch of two levels that lie close."""
    made = picture(6, rows, cols).astype(np.uint16) * 257
    made[:40, :20], made[:40, 20:40] = CLOSE
    return made


def file(name: str, content: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


DEEP = file("deep.png", png(deep()))
FILM = file(
    "film.dcm",
    dicom(
        deep(),
        PixelSpacing=[0.5, 0.5],
        WindowCenter=30_050,
        WindowWidth=400,
        SOPInstanceUID="1.2.3.77",
    ),
)


def shown(page: Page) -> np.ndarray:
    """The grey levels on the screen's own canvas, 0 to 255, shape (rows, cols)."""
    page.locator("[data-size]").wait_for()
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    rows, cols, red = page.locator("canvas.plain").evaluate(
        """(c) => {
            const all = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            const red = all.filter((_, i) => i % 4 < 1);
            return [c.height, c.width, new TextDecoder('x-user-defined').decode(red)];
        }"""
    )
    units = np.frombuffer(red.encode("utf-16-le"), np.uint16)  # a byte each, in its lower half
    return (units & 0xFF).astype(int).reshape(rows, cols)


def windowed(pixels: np.ndarray, low: float, high: float) -> np.ndarray:
    return 255 * np.clip((pixels.astype(float) - low) / (high - low), 0, 1)


def silent(page: Page, watched) -> list[str]:
    """Begin to count what the page asks for or sends from now on."""
    page.locator("[data-size]").wait_for()
    page.locator(".vega-embed svg").wait_for()
    watched.sent.clear()
    calls: list[str] = []
    page.on("request", lambda request: calls.append(request.url))
    return calls


def placed(page: Page, frame: int = 0) -> str:
    return page.locator(".stage").nth(frame).evaluate("(stage) => stage.style.transform")


def test_a_window_is_laid_on_16_bit_values_and_not_on_a_picture_of_8(opened):
    read(opened, DEEP)
    pixels = deep()
    np.testing.assert_allclose(shown(opened), windowed(pixels, 0, 65535), atol=1.01)
    assert len(set(shown(opened)[5, :40])) == 1

    opened.get_by_role("slider", name="Width").fill("1")
    opened.get_by_role("slider", name="Width").press("ArrowRight")
    opened.get_by_role("slider", name="Level").fill("30000")
    assert set(shown(opened)[5, :40]) == {*shown(opened)[5, [0]], *shown(opened)[5, [39]]}
    assert np.ptp(shown(opened)[5, :40]) > 40
    expect(opened.locator(".preset")).to_have_value("own")


def test_window_inversion_zoom_and_layout_change_without_a_call_or_a_record(
    opened, watched, server
):
    read(opened, DEEP)
    before = count(server)
    calls = silent(opened, watched)
    plain = shown(opened)

    for slider in ("Level", "Width", "Opacity"):
        opened.get_by_role("slider", name=slider).press("ArrowLeft")
    opened.get_by_role("combobox", name="Window").select_option("middle")
    opened.get_by_role("combobox", name="Drag").select_option("window")
    opened.get_by_role("combobox", name="Layout").select_option("over")
    expect(opened.locator("canvas.plain")).to_be_hidden()
    opened.get_by_role("button", name="Zoom in").click()
    expect(opened.locator(".zoom")).to_have_text("125 %")
    opened.get_by_role("button", name="Invert").click()
    expect(opened.get_by_role("button", name="Invert")).to_have_attribute("aria-pressed", "true")
    assert np.corrcoef(shown(opened).ravel(), plain.ravel())[0, 1] < -0.9

    opened.get_by_role("button", name="Reset").click()
    expect(opened.locator(".zoom")).to_have_text("100 %")
    assert (shown(opened) == plain).all()
    assert calls == []
    assert watched.sent == []
    assert count(server) == before


def test_both_pictures_are_zoomed_and_moved_by_keys_and_wheel_together(opened):
    read(opened, DEEP)
    opened.locator(".stage[style*=scale]").first.wait_for()
    frame = opened.get_by_role("group", name="Image", exact=True)
    still = placed(opened)
    frame.hover()
    opened.mouse.wheel(0, -300)  # without the focus, the wheel scrolls the page
    assert placed(opened) == still
    frame.focus()
    frame.press("+")
    frame.press("ArrowLeft")
    assert "scale(1.25)" in placed(opened)
    assert placed(opened, 0) == placed(opened, 1)
    moved = placed(opened)
    frame.press("Control+ArrowRight")
    frame.press("Alt+i")
    frame.press("Meta+-")
    assert placed(opened) == moved
    expect(opened.get_by_role("button", name="Invert")).to_have_attribute("aria-pressed", "false")
    frame.hover()
    opened.mouse.wheel(0, -300)
    expect(opened.locator(".zoom")).not_to_have_text("125 %")
    frame.press("i")
    expect(opened.get_by_role("button", name="Invert")).to_have_attribute("aria-pressed", "true")
    frame.press("0")
    assert placed(opened) == still


def test_a_drag_moves_the_image_or_sets_the_window(opened):
    read(opened, DEEP)
    frame = opened.get_by_role("group", name="Image", exact=True)
    opened.locator(".stage[style*=scale]").first.wait_for()
    frame.focus()
    frame.press("+")
    before = placed(opened)
    drag(opened, 30, 20)
    assert placed(opened) != before
    opened.get_by_role("combobox", name="Drag").select_option("window")
    before, width = placed(opened), opened.locator(".width + output").inner_text()
    drag(opened, -30, 0)
    assert placed(opened) == before
    expect(opened.locator(".width + output")).not_to_have_text(width)


def drag(page: Page, dx: float, dy: float) -> None:
    box = page.locator(".frame").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy)
    page.mouse.up()


def test_a_dicom_file_starts_with_its_own_window_and_has_a_scale_bar(opened):
    read(opened, FILM)
    chooser = opened.get_by_role("combobox", name="Window")
    expect(chooser).to_have_value("told")
    expect(chooser.locator("option").first).to_have_text("As the file says")
    expected = windowed(deep(), 29_850, 30_249)  # PS3.3 C.11.2.1.2.1
    np.testing.assert_allclose(shown(opened), expected, atol=1.01)

    bar = opened.locator(".bar").first  # the image is 120 mm wide
    expect(bar).to_have_text("2 cm")
    wide = bar.evaluate("(bar) => bar.offsetWidth / bar.parentElement.offsetWidth")
    assert wide == pytest.approx(20 / 120, abs=0.02)
    opened.locator(".frame").first.focus()
    for _ in range(6):
        opened.keyboard.press("+")
    expect(bar).to_have_text("5 mm")

    opened.get_by_role("combobox", name="Window").select_option("all")
    np.testing.assert_allclose(shown(opened), windowed(deep(), 0, 65535), atol=1.6)


def test_without_spacing_there_is_no_scale_bar(opened):
    read(opened, DEEP)
    opened.locator("[data-size]").wait_for()
    expect(opened.locator(".bar").first).to_be_hidden()
    expect(opened.get_by_role("button", name=re.compile("Full resolution"))).to_have_count(0)


def test_the_full_resolution_comes_when_it_is_asked_for_and_is_fetched_once(opened, watched):
    large = deep(1400, 1100)
    read(opened, file("large.png", png(large)))
    assert shown(opened).shape == (1024, 805)
    calls = silent(opened, watched)
    opened.get_by_role("button", name="Full resolution").click()
    expect(opened.get_by_role("button", name="Full resolution: 1100 x 1400")).to_be_disabled()
    np.testing.assert_allclose(shown(opened), windowed(large, 0, 65535), atol=1.01)
    [call] = calls
    assert re.search(r"/api/v1/predictions/\w+/image\.png$", call)
    opened.get_by_role("slider", name="Level").press("ArrowLeft")
    assert calls == [call]


def test_a_full_resolution_that_is_not_to_be_had_says_why_and_the_image_stays(opened, watched):
    read(opened, file("larger.png", png(deep(1500, 1100))))
    opened.locator("[data-size]").wait_for()
    shown_id = re.search(r"prediction=(\w+)", opened.url).group(1)
    erased = f"fetch('/api/v1/predictions/{shown_id}/image?reason=asked', {{method: 'DELETE'}})"
    assert opened.evaluate(f"{erased}.then((answer) => answer.status)") == 204
    opened.get_by_role("button", name="Full resolution").click()
    trouble = opened.get_by_role("alert").filter(has_text="could not be fetched")
    expect(trouble).to_contain_text("The image was erased on")
    expect(opened.get_by_role("button", name="Full resolution")).to_be_enabled()
    assert shown(opened).shape == (1024, 751)
    assert all("410" in complaint for complaint in watched.complaints)  # Chromium's own words
    watched.complaints.clear()
