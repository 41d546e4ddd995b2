"""The gate knows its own images from others, and the graph gives what was fitted."""

from dataclasses import asdict

import numpy as np
import onnx
import pytest
import torch
from scipy.stats import norm
from sklearn.decomposition import PCA

from radlens.domain.gate import MEANINGS, Gate, Verdict
from radlens.domain.model import InputSpec
from radlens.lab.card_gate import gate_part
from radlens.lab.export import AGREEMENT, Exported, export, run
from radlens.lab.gate import MARGIN, SHARE, bound, fit_gate, measured, prepared, signals_of
from radlens.lab.strangers import strangers
from radlens.lab.unfold import stored
from radlens.lab.watch import (
    COMPONENTS,
    MOST,
    Watch,
    described,
    fit_watch,
    looked_into,
    parted,
    spoiled,
)
from tests.lab.tiny import TinyNet

SPEC = InputSpec(32, 32, (0.5,) * 3, (0.25,) * 3, (1.0, 99.0))


def upright(n: int, seed: int) -> np.ndarray:
    """Bright above, dark below, with a soft disc and a little noise, (n, 32, 32) in [0, 1]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:32, 0:32] / 32
    row, col = rng.uniform(0.4, 0.6, (2, n, 1, 1))
    disc = np.exp(-((y - row) ** 2 + (x - col) ** 2) / 0.02)
    image = 0.8 - 0.6 * y**2 + 0.2 * disc + rng.normal(0, 0.01, (n, 32, 32))
    return np.clip(image, 0, 1).astype(np.float32)


@pytest.fixture(scope="module")
def network() -> TinyNet:
    torch.set_num_threads(1)
    return TinyNet(3).eval()


@pytest.fixture(scope="module")
def watch(network: TinyNet) -> Watch:
    return fit_watch(network, upright(120, 0), SPEC)


@pytest.fixture(scope="module")
def exported(network: TinyNet, watch: Watch) -> Exported:
    return export(network, SPEC, watch)


@pytest.fixture(scope="module")
def gate(exported: Exported) -> Gate:
    return fit_gate(exported.network, SPEC, signals(exported, upright(100, 1)), np.arange(100))


def signals(exported: Exported, grey: np.ndarray) -> np.ndarray:
    x = np.repeat((grey[:, None] - 0.5) / 0.25, 3, 1).astype(np.float32)
    return signals_of(exported.network, x)


def test_the_graph_has_the_third_output_and_it_is_what_torch_gives(exported: Exported):
    model = onnx.load_from_string(exported.network)
    assert [o.name for o in model.graph.output] == ["logits", "evidence", "signals"]
    assert exported.parity.signals_with_torch <= AGREEMENT
    plain = export(TinyNet(3), SPEC)
    x = np.zeros((2, 3, 32, 32), np.float32)
    np.testing.assert_array_equal(run(plain.full, x).logits, run(exported.full, x).logits)
    assert run(plain.full, x).signals is None


def test_weights_keep_their_names_so_that_training_can_start_from_them(exported: Exported):
    plain = export(TinyNet(3), SPEC)
    assert stored(plain.network).keys() <= stored(exported.network).keys()


def test_the_first_signal_is_the_distance_of_scikit_learns_probabilistic_components(
    network: TinyNet, watch: Watch
):
    x = torch.from_numpy(np.repeat((upright(120, 0)[:, None] - 0.5) / 0.25, 3, 1))
    with torch.inference_mode():
        maps = looked_into(network, x)[2]
        distance = watch(maps)[:, 0].numpy()
        features = described(maps).numpy().astype(np.float64)
    z = (features - watch.centre.numpy()) * watch.scale.numpy()
    precision = PCA(min(COMPONENTS, z.shape[1] // 3), svd_solver="full").fit(z).get_precision()
    expected = np.sqrt(np.einsum("ni,ij,nj->n", z, precision, z) / z.shape[1])
    np.testing.assert_allclose(distance, expected, rtol=1e-3)


def test_hardly_any_image_of_its_own_kind_is_refused(exported: Exported, gate: Gate):
    verdicts = [gate.assess(s).verdict for s in signals(exported, upright(200, 2)).tolist()]
    assert verdicts.count(Verdict.REFUSED) <= 4
    assert verdicts.count(Verdict.ASSESSABLE) >= 180


@pytest.mark.parametrize("kind", ["photographs", "pages of text", "drawn shapes", "noise"])
def test_images_of_other_kinds_are_refused(exported: Exported, gate: Gate, kind: str):
    scans = strangers(20)[kind]
    found = signals_of(exported.network, prepared(scans, SPEC))
    assert all(gate.assess(s).verdict is Verdict.REFUSED for s in found.tolist())


@pytest.mark.parametrize("position", list(MEANINGS)[1:])
def test_a_wrong_position_is_refused_and_named(exported: Exported, gate: Gate, position: str):
    wrong = spoiled(upright(50, 3))[position]
    found = [gate.assess(s) for s in signals(exported, wrong).tolist()]
    assert sum(f.verdict is Verdict.REFUSED for f in found) >= 49
    assert sum(MEANINGS[position] in f.reasons for f in found) >= 45


def test_the_threshold_is_a_margin_beyond_the_bound_and_doubt_comes_first(
    exported: Exported, gate: Gate
):
    distance = signals(exported, upright(100, 1))[:, 0]
    assert gate.signals[0].refused == pytest.approx(MARGIN * bound(distance, np.arange(100)))
    assert all(s.refused >= s.doubtful >= 0 for s in gate.signals)


def test_a_bound_from_few_images_is_exceeded_by_its_share_of_new_ones_and_hardly_ever_by_more():
    kept = 0
    for seed in range(60):
        drawn = np.random.default_rng(seed).normal(size=800)
        kept += norm.sf(bound(drawn, np.arange(800))) <= SHARE
    assert kept >= 52, "95 % are promised; a plain quantile would keep it in about half"


def test_the_card_says_what_the_gate_promises_and_an_older_one_promises_nothing(gate: Gate):
    assert "at most 1%" in gate_part({"gate": asdict(gate)})[0]
    older = asdict(gate)
    del older["promised"]
    assert Gate.of(older).promised == 0
    assert "thresholds from validation" in gate_part({"gate": older})[0]


def test_images_of_one_patient_do_not_count_as_many():
    rng = np.random.default_rng(5)
    patients = np.repeat(np.arange(50), 20)
    values = rng.normal(size=50)[patients] + rng.normal(size=1000) * 0.1
    assert bound(values, patients) > bound(values, np.arange(1000))
    assert bound(values, patients) <= values.max()


def test_the_watch_is_fitted_on_whole_patients_and_thresholds_on_the_others():
    unit = np.random.default_rng(1).integers(0, 300, 2000)
    fitted, rest = parted(unit)
    assert sorted([*fitted, *rest]) == [*range(2000)]
    assert not {*unit[fitted]} & {*unit[rest]}
    assert MOST - 30 <= len(fitted) <= MOST
    few = parted(np.arange(9))
    assert [len(part) for part in few] == [6, 3]
    alone = parted(np.zeros(9, int))
    assert [len(part) for part in alone] == [9, 0]


def test_what_was_measured_counts_every_image_once(exported: Exported, gate: Gate):
    rows = list(measured(gate, exported.network, SPEC, upright(150, 4)))
    assert rows[0].kind == "test"
    assert rows[0].images == 150
    assert {row.kind for row in rows} == {"test", *list(MEANINGS)[1:], *strangers(1)}
    assert all(0 <= row.refused + row.doubtful <= row.images for row in rows)


def test_deeper_maps_tell_the_position_and_leave_the_distance_as_it_was(
    network: TinyNet, watch: Watch
):
    class Deeper(TinyNet):
        deeper = ("norm",)

    deep = Deeper(3).eval()
    fitted = fit_watch(deep, upright(120, 0), SPEC)
    assert fitted.probe.shape[0] == 2 * watch.probe.shape[0]
    x = torch.from_numpy(np.repeat((upright(20, 7)[:, None] - 0.5) / 0.25, 3, 1))
    with torch.inference_mode():
        plain = watch(looked_into(network, x)[2])
        told = fitted(looked_into(deep, x)[2])
    np.testing.assert_allclose(told[:, 0], plain[:, 0], rtol=1e-5)
    assert (told[:, 1:] != plain[:, 1:]).any()
    assert export(deep, SPEC, fitted).parity.signals_with_torch <= AGREEMENT


def test_few_images_are_enough_to_fit_on(network: TinyNet):
    few = fit_watch(network, upright(6, 0), SPEC)
    with torch.inference_mode():
        found = few(looked_into(network, torch.zeros(2, 3, 32, 32))[2])
    assert found.shape == (2, len(MEANINGS))
    assert torch.isfinite(found).all()


def test_the_strangers_are_always_the_same():
    one, two = strangers(3), strangers(3)
    for kind, scans in one.items():
        for scan, again in zip(scans, two[kind], strict=True):
            np.testing.assert_array_equal(scan.pixels, again.pixels)
