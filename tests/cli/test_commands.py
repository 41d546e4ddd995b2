"""The command line as people and scripts use it: real processes, exit codes, output."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.builders import (
    TASKS,
    damage,
    furnish,
    gated_bundle,
    measured,
    picture,
    png,
    remembering_bundle,
    tiny_bundle,
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    furnish(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "images"
    folder.mkdir()
    for seed in range(5):
        (folder / f"{seed}.png").write_bytes(png(picture(seed)))
    return sorted(folder.iterdir())


def radlens(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "radlens", *map(str, arguments)],
        env={**os.environ, "RADLENS_HOME": str(home), "COLUMNS": "100", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_predict_prints_one_object_per_file_in_the_order_given(home, images) -> None:
    done = radlens(home, "predict", *images[::-1], "--task", "brain-tumor", "--json")
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert [answer["file"] for answer in answers] == [str(image) for image in images[::-1]]
    for answer in answers:
        assert set(answer) == {
            "file", "digest", "task", "model", "findings", "prediction_set", "alike",
            "assessment", "prediction_id", "error",
        }  # fmt: skip
        assert set(answer["model"]) == {"version", "digest", "map_warning"}
        assert [f["label"] for f in answer["findings"]] == list(TASKS["brain-tumor"].names)
        assert set(answer["findings"][0]) == {
            "label", "probability", "calibrated", "tier", "tier_record", "positive",
        }  # fmt: skip
        assert sum(f["probability"] for f in answer["findings"]) == pytest.approx(1)
        assert sum(f["tier"] is not None for f in answer["findings"]) == 1
        assert answer["error"] is None
    listed = json.loads(radlens(home, "history", "--json").stdout)
    assert {row["prediction_id"] for row in listed} == {a["prediction_id"] for a in answers}


def test_tiers_and_sets_come_with_what_was_measured_in_words_and_in_json(home, images) -> None:
    task = TASKS["brain-tumor"]
    tiny_bundle(home / "gallery" / task.name, task, **measured(task))
    said = radlens(home, "predict", images[0], "--task", task.name)
    assert said.returncode == 0, said.stderr
    assert "High      Meningioma" in said.stdout
    assert "Tier High was right in 46 of 50 held-out cases (92.0 %, 95 % interval" in said.stdout
    assert "With 90 % asked for, the true class is among: Meningioma, Pituitary" in said.stdout
    assert "The true class was in the set in 90 of 99 held-out cases" in said.stdout
    assert "Too few cases to rule out at this level" in said.stdout
    [row] = json.loads(radlens(home, "history", "--json").stdout)
    [claimed] = [finding for finding in row["findings"] if finding["tier"]]
    assert claimed["tier_record"] | {"low": 0, "high": 0} == {
        "hits": 46, "n": 50, "low": 0, "high": 0, "labels": 1,
    }  # fmt: skip
    kept = row["prediction_set"]
    assert [(m["label"], m["always"]) for m in kept["members"]] == [
        ("meningioma", False),
        ("pituitary", True),
    ]
    assert (kept["level"], kept["covered"]["hits"], kept["covered"]["n"]) == (0.9, 90, 99)
    assert "High (right in 46 of 50)" in radlens(home, "history").stdout


def test_the_most_alike_training_images_come_with_the_answer_in_words_and_in_json(
    home, images
) -> None:
    task = TASKS["brain-tumor"]
    remembering_bundle(home / "gallery" / task.name, task, **measured(task))
    said = radlens(home, "predict", images[0], "--task", task.name)
    assert said.returncode == 0, said.stderr
    [row] = json.loads(radlens(home, "history", "--json").stdout)
    near = row["alike"]
    count = sum(case["labels"] == ["meningioma"] for case in near["cases"])
    assert len(near["cases"]) == 5
    assert (near["among"], near["right"]["hits"], near["wrong"]["n"]) == (40, 48, 10)
    assert f"Of the 5 most alike training images {count} were labelled Meningioma." in said.stdout
    assert "for 6 of 10 held-out answers that were wrong (60.0 %" in said.stdout
    assert "no second opinion" in said.stdout


def test_a_bad_file_among_good_ones_is_an_error_beside_its_name(home, images, tmp_path) -> None:
    (tmp_path / "notes.png").write_text("not an image")
    done = radlens(
        home, "predict", images[0], tmp_path / "notes.png", tmp_path / "absent.png",
        "-t", "chest-xray", "--json",
    )  # fmt: skip
    assert done.returncode == 2
    good, bad, absent = json.loads(done.stdout)
    assert good["error"] is None
    for answer in (bad, absent):
        assert answer["error"]["kind"] == "UnreadableImage"
        assert answer["error"]["hint"]
        assert answer["findings"] == []
        assert answer["prediction_id"] is None


def test_no_record_leaves_no_record(home, images) -> None:
    done = radlens(home, "predict", images[0], "-t", "chest-xray", "--json", "--no-record")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["prediction_id"] is None
    assert not (home / "radlens.sqlite").exists()
    assert not (home / "objects").exists()


def test_heat_maps_and_a_report_are_written(home, images, tmp_path) -> None:
    done = radlens(
        home, "predict", images[0], "-t", "chest-xray",
        "--heatmaps", tmp_path / "maps", "--report", tmp_path / "report.pdf",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "maps").glob("0-*.png"))) == 13
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert "Random weights for tests" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["predict", "x.png", "-t", "knee"], 2, "There is no task 'knee'"),
        (["predict", "x.png", "-t", "unserved"], 6, "No live model"),
        (["predict", "x.png", "y.png", "-t", "chest-xray", "--report", "r.pdf"], 2, "one file"),
        (["history", "absent.png"], 2, "cannot be opened"),
    ],
)
def test_errors_are_a_sentence_a_hint_and_an_exit_code(home, arguments, code, words) -> None:
    done = radlens(home, *arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Hint: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_model_is_never_asked(home, images) -> None:
    damage(home, "chest-xray", "model.onnx")
    done = radlens(home, "predict", images[0], "-t", "chest-xray")
    assert done.returncode == 6
    assert "is not what was written" in done.stderr


def lines(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.read_text().splitlines()]


def test_batch_reads_folders_and_goes_on_where_it_stopped(home, images, tmp_path) -> None:
    out = tmp_path / "results.jsonl"
    (images[0].parent / "broken.png").write_bytes(png(picture())[:50])
    assert radlens(home, "batch", images[0], "-t", "chest-xray", "--out", out).returncode == 0
    torn = out.read_text() + '{"file": "half a li'
    out.write_text(torn)
    done = radlens(home, "batch", images[0].parent, "-t", "chest-xray", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "5 files read, 1 of them could not be; 1 were there already" in done.stdout
    answers = lines(out)
    assert len(answers) == len({answer["file"] for answer in answers}) == 6
    [bad] = [answer for answer in answers if answer["error"]]
    assert bad["file"].endswith("broken.png")


def test_a_batch_that_is_killed_and_resumed_records_each_file_once(home, tmp_path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for seed in range(120):
        (folder / f"{seed:03}.png").write_bytes(png(picture(seed)))
    out = tmp_path / "results.jsonl"
    command = [sys.executable, "-m", "radlens", "batch", folder, "-t", "chest-xray", "--out", out]
    environment = {**os.environ, "RADLENS_HOME": str(home)}
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    while not (out.exists() and out.read_text().count("\n") >= 10) and child.poll() is None:
        os.sched_yield()
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert radlens(home, "batch", folder, "-t", "chest-xray", "--out", out).returncode == 0
    assert len({answer["file"] for answer in lines(out)}) == 120
    listed = json.loads(radlens(home, "history", "--limit", 1000, "--json").stdout)
    assert len(listed) == 120


def test_a_file_that_is_no_results_file_is_left_alone(home, images, tmp_path) -> None:
    out = tmp_path / "letter.txt"
    out.write_text("Dear all,\n")
    assert radlens(home, "batch", images[0], "-t", "chest-xray", "--out", out).returncode == 2
    assert out.read_text() == "Dear all,\n"


def test_a_colour_picture_is_refused_and_a_doubtful_image_says_why(home, images, tmp_path) -> None:
    gated_bundle(home / "gallery" / "chest-xray", TASKS["chest-xray"], doubtful=0, refused=9)
    photo = tmp_path / "photo.png"
    photo.write_bytes(png(np.stack([picture(seed) for seed in range(3)], 2)))
    done = radlens(home, "predict", photo, "-t", "chest-xray")
    assert done.returncode == 2
    assert "in colour" in done.stderr
    assert done.stdout == ""
    done = radlens(home, "predict", images[0], "-t", "chest-xray")
    assert done.returncode == 0
    assert "DOUBTFUL: It is doubtful whether the model may read this image." in done.stdout
    assert "input doubtful" in radlens(home, "history").stdout


def test_models_list_says_which_model_answers_and_why_none_does(home) -> None:
    rows = {
        row["task"]: row for row in json.loads(radlens(home, "models", "list", "--json").stdout)
    }
    assert (rows["chest-xray"]["version"], rows["chest-xray"]["stage"]) == ("tiny-1", "live")
    said = radlens(home, "models", "list").stdout
    assert "unserved\n  -          nothing answers." in said
    assert rows["chest-xray"]["facts"]["statement"] in said


def test_a_bundle_is_registered_activated_and_rolled_back(home, images, tmp_path) -> None:
    task = TASKS["chest-xray"]
    folder = tiny_bundle(tmp_path / "new", task, seed=8, version="new")
    added = radlens(home, "models", "add", folder, "--reason", "trained anew")
    assert added.returncode == 0, added.stderr
    assert "radlens models activate chest-xray/new" in added.stdout
    assert radlens(home, "models", "add", folder).returncode == 4
    refused = radlens(home, "models", "activate", "new")
    assert refused.returncode == 4
    assert "radlens evaluate new --against tiny-1 --dataset DATA" in refused.stderr
    past = ("--override", "--reason", "a test asks")
    assert radlens(home, "models", "activate", "new", *past).returncode == 0

    def answering() -> str:
        done = radlens(home, "predict", images[0], "-t", task.name, "--json")
        return json.loads(done.stdout)[0]["model"]["version"]

    assert answering() == "new"
    assert "tiny-1" in radlens(home, "models", "rollback", task.name).stdout
    assert answering() == "tiny-1"
    assert radlens(home, "models", "retire", "chest-xray/tiny-1").returncode == 4
    assert radlens(home, "models", "activate", "absent").returncode == 3


def test_an_empty_history_says_how_to_begin(home) -> None:
    assert "radlens predict FILE" in radlens(home, "history").stdout


def test_doctor_is_content_with_a_good_site_and_not_with_a_broken_one(home) -> None:
    assert radlens(home, "doctor").returncode == 0
    damage(home, "chest-xray")
    done = radlens(home, "doctor")
    assert done.returncode == 1
    assert "not what was written" in done.stdout


def test_a_home_that_cannot_be_made_is_one_sentence(tmp_path, images) -> None:
    (tmp_path / "file").write_text("")
    done = radlens(tmp_path / "file" / "home", "predict", images[0], "-t", "chest-xray")
    assert done.returncode == 6
    assert "Traceback" not in done.stderr


def test_help_imports_neither_numpy_nor_a_runtime() -> None:
    code = (
        "import sys\nfrom radlens.cli.app import app\n"
        "try: app(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'onnxruntime', 'torch', 'sqlite3', 'PIL', 'streamlit', 'fastapi'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
