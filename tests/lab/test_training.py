"""The loop: repeatable, resumable, blind to what is unknown, and stopped by nonsense."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from radlens.domain.errors import BadRecipe
from radlens.domain.model import InputSpec
from radlens.domain.task import Mode
from radlens.imaging.prepare import normalise
from radlens.lab.batches import as_input
from radlens.lab.checkpoint import State
from radlens.lab.losses import class_balance
from radlens.lab.record import weights_digest
from radlens.lab.training import fit
from tests.lab.tiny import TinyNet, tiny_data, tiny_recipe

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def trained(folder: Path, mode: Mode = Mode.MULTI_CLASS, **changes: object) -> str:
    folder.mkdir(exist_ok=True)
    network = TinyNet(4)
    fit(network, tiny_data(mode), tiny_recipe(folder, **changes), mode=mode, folder=folder)
    return weights_digest(network.state_dict())


OPTIONS = {
    "plain": {},
    "focal loss": {"loss": {"focal_gamma": 2.0}},
    "mixed precision": {"precision": "bf16"},
    "growing size": {"size": 64, "sizes": [[0, 48], [2, 64]]},
    "mixup": {"mixup": 0.4},
    "the last epoch": {"keep": "last", "ema": 0.0},
}


@pytest.mark.parametrize("changes", OPTIONS.values(), ids=OPTIONS)
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(
    tmp_path: Path, changes: dict
):
    first = trained(tmp_path / "a", **changes)
    assert trained(tmp_path / "b", **changes) == first
    assert trained(tmp_path / "c", **changes, seed=4) != first


def test_every_option_changes_what_is_learned(tmp_path: Path):
    ends = {name: trained(tmp_path / name, **changes) for name, changes in OPTIONS.items()}
    assert len({*ends.values()}) == len(OPTIONS)


@pytest.mark.parametrize(("step", "done"), [(3, 0), (8, 1)], ids=["first epoch", "second epoch"])
def test_a_run_that_was_killed_ends_like_one_that_was_not(tmp_path: Path, step: int, done: int):
    # Every option at once: what chance decides must not depend on where the run was stopped.
    changes = {
        "loss": {"focal_gamma": 1.0},
        "precision": "bf16",
        "size": 48,
        "sizes": [[0, 32], [1, 48]],
        "mixup": 0.4,
        "synthetic": {"share": 0.2, "weight": 0.5},
    }
    whole = trained(tmp_path / "whole", **changes)
    folder = tmp_path / "killed"
    folder.mkdir()
    # Five steps an epoch: each is killed in the middle of one.
    with subprocess.Popen(
        [sys.executable, "-m", "tests.lab.tiny", str(folder), str(step), json.dumps(changes)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout.readline() == "now\n"
        run.kill()
    assert (folder / "curve.jsonl").exists() == bool(done)
    assert trained(folder, **changes) == whole
    curves = [
        [json.loads(line) | {"seconds": 0} for line in (f / "curve.jsonl").read_text().splitlines()]
        for f in (folder, tmp_path / "whole")
    ]
    assert curves[0] == curves[1]
    assert len(curves[0]) == 3


def test_a_finished_run_is_not_trained_again(tmp_path: Path):
    first = trained(tmp_path / "a")
    written = (tmp_path / "a" / "checkpoint.safetensors").stat().st_mtime_ns
    assert trained(tmp_path / "a") == first
    assert (tmp_path / "a" / "checkpoint.safetensors").stat().st_mtime_ns == written


def test_another_recipe_does_not_go_on_from_this_runs_checkpoint(tmp_path: Path):
    trained(tmp_path / "a")
    with pytest.raises(BadRecipe, match="another recipe"):
        trained(tmp_path / "a", lr=0.02)


def test_training_learns_what_brightness_says(tmp_path: Path):
    network = TinyNet(4)
    recipe = tiny_recipe(tmp_path, epochs=40, lr=0.03, head_lr=0.03)
    curve = fit(network, tiny_data(), recipe, mode=Mode.MULTI_CLASS, folder=tmp_path)
    assert curve[-1]["loss"] < 0.7 * curve[0]["loss"]
    assert max(row["validation"] for row in curve) > 0.8


def test_the_best_epochs_weights_are_what_remains(tmp_path: Path):
    network = TinyNet(4)
    recipe = tiny_recipe(tmp_path, class_weighting=0.0)
    fit(network, tiny_data(), recipe, mode=Mode.MULTI_CLASS, folder=tmp_path)
    best = load_file(tmp_path / "best.safetensors")
    assert weights_digest(network.state_dict()) == weights_digest(best)
    assert not network.training


def test_a_loss_that_is_not_a_number_stops_the_run_and_names_the_batch(tmp_path: Path):
    data = tiny_data()
    data.train.grey[17] = np.nan
    with pytest.raises(BadRecipe, match=r"not a number in epoch 1, batch \d") as error:
        fit(TinyNet(4), data, tiny_recipe(tmp_path), mode=Mode.MULTI_CLASS, folder=tmp_path)
    assert "best.safetensors" not in error.value.hint, "nothing good was kept yet"


def test_the_last_good_state_is_kept_when_the_loss_turns_nonsense_later(tmp_path: Path):
    data = tiny_data()

    def spoil(at: State, _steps: int) -> None:
        if at.step == 7:
            data.train.grey[:] = np.nan

    recipe = tiny_recipe(tmp_path)
    with pytest.raises(BadRecipe, match=r"epoch 2, batch 3") as error:
        fit(TinyNet(4), data, recipe, mode=Mode.MULTI_CLASS, folder=tmp_path, tell=spoil)
    assert "best.safetensors" in error.value.hint
    kept = load_file(tmp_path / "checkpoint.safetensors")
    assert len((tmp_path / "curve.jsonl").read_text().splitlines()) == 1
    assert all(value.isfinite().all() for value in kept.values())


def test_a_gradient_that_is_not_a_number_stops_the_run_before_it_spoils_the_weights(
    tmp_path: Path,
):
    network = TinyNet(4)
    # What a numerically unstable layer does: a finite value with a gradient that is none.
    network.norm.bias.register_hook(lambda gradient: gradient * torch.nan)
    with pytest.raises(BadRecipe, match="not a number"):
        fit(network, tiny_data(), tiny_recipe(tmp_path), mode=Mode.MULTI_CLASS, folder=tmp_path)
    assert all(value.isfinite().all() for value in network.state_dict().values())


def test_a_full_disk_says_so_and_the_run_goes_on_when_there_is_room(tmp_path: Path):
    whole = trained(tmp_path / "whole")
    folder = tmp_path / "full"
    folder.mkdir()
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from radlens.domain.errors import StorageFull\n"
        "from tests.lab.tiny import run_until\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "try: run_until(Path(sys.argv[1]), -1)\n"
        "except StorageFull as error: print(error.message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "disk is full" in done.stdout
    assert [path.name for path in folder.iterdir()] == ["recipe.toml"], "half a file was left"
    assert trained(folder) == whole


def test_frozen_layers_keep_their_start(tmp_path: Path):
    network, before = TinyNet(4), TinyNet(4)
    recipe = tiny_recipe(tmp_path, frozen=["stem.", "norm."])
    fit(network, tiny_data(), recipe, mode=Mode.MULTI_CLASS, folder=tmp_path)
    for name, value in before.state_dict().items():
        same = torch.equal(value, network.state_dict()[name])
        assert same == name.startswith(("stem", "norm")), name


def test_freezing_a_layer_that_is_not_there_is_refused(tmp_path: Path):
    recipe = tiny_recipe(tmp_path, frozen=["stern."])
    with pytest.raises(BadRecipe, match="stern"):
        fit(TinyNet(4), tiny_data(), recipe, mode=Mode.MULTI_CLASS, folder=tmp_path)


def test_multi_label_training_with_unknown_labels_runs(tmp_path: Path):
    assert trained(tmp_path / "a", Mode.MULTI_LABEL) == trained(tmp_path / "b", Mode.MULTI_LABEL)


def test_the_bias_takes_back_what_class_weights_did_to_the_odds(tmp_path: Path):
    data = tiny_data(Mode.MULTI_LABEL)
    network, recipe = TinyNet(4), tiny_recipe(tmp_path, class_weighting=1.0)
    fit(network, data, recipe, mode=Mode.MULTI_LABEL, folder=tmp_path)
    shift = load_file(tmp_path / "best.safetensors")["fc.bias"] - network.fc.bias
    balance = class_balance(data.train.truth, Mode.MULTI_LABEL, 1.0)
    assert balance.min() > 2
    torch.testing.assert_close(shift, balance.log())


def test_training_and_serving_scale_values_alike():
    spec = InputSpec(8, 8, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), None)
    grey = np.random.default_rng(0).random((8, 8), np.float32)
    ours = as_input(torch.from_numpy(grey)[None, None], spec)[0].numpy()
    np.testing.assert_allclose(ours, normalise(grey, spec), atol=1e-6)


def test_the_moving_average_is_what_is_judged(tmp_path: Path):
    """With a decay near one the average cannot have moved as far as the network itself."""
    slow, quick = tmp_path / "slow", tmp_path / "quick"
    assert trained(slow, ema=0.99) != trained(quick, ema=0.0)
    kept = load_file(slow / "checkpoint.safetensors")
    assert not torch.equal(kept["average.stem.weight"], kept["network.stem.weight"])
