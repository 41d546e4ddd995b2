"""History: what is on record, page by page, and each prediction again."""

import pytest

from radlens.ui.screens.history import PAGE
from radlens.usecases.predict import predict
from tests.builders import picture, png
from tests.ui.conftest import READER


@pytest.fixture
def recorded(site):
    def record(number: int):
        return [
            predict(site, png(picture(seed)), task="chest-xray", by=READER.actor)
            for seed in range(number)
        ]

    return record


def button(page, label):
    return next(found for found in page.at.button if found.label == label)


def test_an_empty_history_says_how_to_begin(history):
    assert "Nothing is on record yet" in history().text


def test_one_page_of_records_needs_no_paging(history, recorded):
    recorded(PAGE)
    assert not history().at.button


def test_paging_reaches_every_record_and_comes_back(history, recorded):
    recorded(PAGE + 3)
    page = history()
    assert button(page, "Newer").disabled
    button(page, "Older").click().run()
    assert button(page, "Older").disabled
    assert not button(page, "Newer").disabled
    button(page, "Newer").click().run()
    assert button(page, "Newer").disabled


def test_a_prediction_opens_from_the_record_with_its_findings(history, recorded):
    [prediction] = recorded(1)
    page = history(prediction=prediction.id)
    assert prediction.id in page.text
    assert prediction.model.digest in page.text
    assert "All findings" in [part.value for part in page.at.subheader]


def test_an_unknown_prediction_is_a_sentence_and_a_hint(history):
    page = history(prediction="0" * 32)
    assert "There is no prediction" in page.text
    assert 'role="alert"' in page.text


def test_a_damaged_image_is_named_and_the_findings_stay(history, recorded, tmp_path):
    [prediction] = recorded(1)
    stored = [p for p in (tmp_path / "objects").rglob("*") if p.is_file()]
    damaged = [path for path in stored if prediction.image.digest in str(path).replace("/", "")]
    assert damaged, "the image is not under its digest"
    damaged[0].chmod(0o600)
    damaged[0].write_bytes(b"damaged")
    page = history(prediction=prediction.id)
    assert 'role="alert"' in page.text
    assert "All findings" in [part.value for part in page.at.subheader]
