"""Where weights begin: published, a file, or a bundle whose norms were folded away."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from radlens.bootstrap import PACKAGE
from radlens.domain.errors import BadRecipe, NoLiveModel
from radlens.domain.model import InputSpec
from radlens.domain.task import Mode
from radlens.engines.bundle import read_bundle
from radlens.lab.batches import as_input, grey_images
from radlens.lab.export import export, run
from radlens.lab.networks import build
from radlens.lab.recipe import IMAGENET, Recipe
from radlens.lab.start import start_from
from radlens.lab.unfold import unfold
from radlens.ports import Site
from tests.builders import TASKS, tiny_site
from tests.lab.tiny import cases, settled, tiny_recipe


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory):
    with tiny_site(tmp_path_factory.mktemp("site"), record=False) as site:
        yield site


def fresh(architecture: str):
    return build(architecture, 4, torch.Generator().manual_seed(0))


def plan(folder: Path, start: str, architecture: str) -> Recipe:
    return replace(tiny_recipe(folder), start=start, architecture=architecture)


CASES = cases(24, 4, mode=Mode.MULTI_CLASS, seed=3, side=64)


def test_imagenet_fills_all_but_the_head_and_is_refused_where_there_is_none(
    tmp_path: Path, site: Site
):
    def begin(architecture: str, start: str = "imagenet"):
        network = fresh(architecture)
        recipe = plan(tmp_path, start, architecture)
        start_from(network, recipe, folder=tmp_path, site=site, cases=CASES)
        return network.state_dict()

    before, after = fresh("efficientnet-lite0").state_dict(), begin("efficientnet-lite0")
    assert not torch.equal(after["_conv_stem.weight"], before["_conv_stem.weight"])
    assert torch.equal(after["_fc.weight"], before["_fc.weight"])
    with pytest.raises(BadRecipe, match="no ImageNet weights at hand for resnet18"):
        begin("resnet18")
    with pytest.raises(BadRecipe, match="cannot be read"):
        begin("small-cnn", "none.safetensors")
    save_file(
        {f"module.{k}": v for k, v in fresh("small-cnn").state_dict().items()},
        tmp_path / "mine.safetensors",
    )
    assert set(begin("small-cnn", "mine.safetensors")) == set(fresh("small-cnn").state_dict())


@pytest.mark.parametrize("architecture", ["small-cnn"])  # others: the same, and slower
def test_a_network_comes_back_from_its_export_with_norms_that_can_be_trained(architecture: str):
    network = settled(architecture, 4)
    chance = torch.Generator().manual_seed(4)
    with torch.no_grad():  # as after training, when no two norms are alike
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=chance))
    spec = InputSpec(64, 64, *IMAGENET, contrast=None)
    exported = export(network, spec).network
    back = fresh(architecture)
    unfold(back, exported, cases=CASES, spec=spec)
    x = as_input(grey_images(CASES, np.arange(8)), spec)
    with torch.inference_mode():
        served = run(exported, x.contiguous().numpy()).logits
        np.testing.assert_allclose(back.eval()(x)[0].numpy(), served, atol=2e-3, rtol=1e-2)
        # In training mode norms use the batch's own statistics: near what was measured.
        back.train()
        whole = as_input(grey_images(CASES, np.arange(len(CASES))), spec)
        trained = back(whole)[0].numpy()
    judged = run(exported, whole.contiguous().numpy()).logits
    np.testing.assert_allclose(trained, judged, atol=0.1 * np.abs(judged).max())


@pytest.mark.parametrize("shelf", ["brain-tumor", "others/brain-tumor-resnet18"])
def test_a_shipped_bundle_is_a_start_and_the_parent(tmp_path: Path, site: Site, shelf: str):
    folder = PACKAGE / "gallery" / shelf
    bundle = read_bundle(folder, TASKS["brain-tumor"])
    architecture = bundle.manifest.architecture
    network = fresh(architecture)
    recipe = plan(tmp_path, f"bundle:{folder}", architecture)
    start = start_from(network, recipe, folder=tmp_path, site=site, cases=CASES)
    assert start.parents == (bundle.digest,)
    assert start.elsewhere
    side = bundle.manifest.input.rows
    larger = cases(4, 4, mode=Mode.MULTI_CLASS, seed=4, side=side)
    x = as_input(grey_images(larger, np.arange(4)), recipe.input).contiguous()
    with torch.inference_mode():
        ours = network.eval()(x)[0].numpy()
    np.testing.assert_allclose(ours, run(bundle.network, x.numpy()).logits, atol=2e-3, rtol=1e-2)
    wrong = plan(tmp_path, f"bundle:{folder}", "densenet121")
    with pytest.raises(BadRecipe, match=f"is a {architecture}.* asks for densenet121"):
        start_from(fresh("densenet121"), wrong, folder=tmp_path, site=site, cases=CASES)
    nowhere = plan(tmp_path, "bundle:nowhere", architecture)
    with pytest.raises(BadRecipe, match="no folder") as error:
        start_from(fresh(architecture), nowhere, folder=tmp_path, site=site, cases=CASES)
    assert "paths are from the recipe" in error.value.hint


def test_a_label_more_leaves_what_is_said_of_those_before(tmp_path: Path, site: Site):
    network = settled("small-cnn", 4)
    with torch.no_grad():  # as after training: the exporter keeps equal vectors once
        for number, parameter in enumerate(p for p in network.parameters() if p.ndim == 1):
            parameter.add_(0.01 * (number + 1))
    spec = InputSpec(64, 64, *IMAGENET, contrast=None)
    exported = export(network, spec).network
    wider = build("small-cnn", 5, torch.Generator().manual_seed(0))
    unfold(wider, exported, cases=CASES, spec=spec)
    x = as_input(grey_images(CASES, np.arange(8)), spec)
    with torch.inference_mode():
        said = wider.eval()(x)[0].numpy()
    before = run(exported, x.contiguous().numpy()).logits
    np.testing.assert_allclose(said[:, :4], before, atol=2e-3, rtol=1e-2)
    save_file(network.state_dict(), tmp_path / "four.safetensors")
    again = build("small-cnn", 5, torch.Generator().manual_seed(0))
    drawn = again.head.weight.detach().clone()
    start_from(again, plan(tmp_path, "four.safetensors", "small-cnn"), folder=tmp_path, site=site,
               cases=CASES)  # fmt: skip
    assert torch.equal(again.head.weight[:4], network.head.weight)
    assert torch.equal(again.head.weight[4], drawn[4])


def test_the_live_version_is_a_start_as_its_bundle_is(tmp_path: Path):
    home = tmp_path / "home"
    shutil.copytree(PACKAGE / "gallery/others/brain-tumor-resnet18", home / "gallery/brain-tumor")
    with tiny_site(home) as own:
        architecture = "resnet18"
        network, same = fresh(architecture), fresh(architecture)
        start = start_from(network, plan(tmp_path, "live", architecture), folder=tmp_path, site=own,
                           cases=CASES)  # fmt: skip
        shelf = plan(tmp_path, f"bundle:{home / 'gallery/brain-tumor'}", architecture)
        assert start_from(same, shelf, folder=tmp_path, site=own, cases=CASES) == replace(
            start, elsewhere=True
        )
        for name, value in same.state_dict().items():
            assert torch.equal(network.state_dict()[name], value)
        unserved = replace(plan(tmp_path, "live", architecture), task="unserved")
        with pytest.raises(NoLiveModel):
            start_from(network, unserved, folder=tmp_path, site=own, cases=CASES)
