"""A map's own tests: an honest map passes, a map without weights or without sight fails."""

import json
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from scipy.stats import spearmanr

from radlens.domain.explanation import (
    NO_BETTER_DELETED,
    NO_BETTER_INSERTED,
    NO_BETTER_POINTING,
    SAME_WITHOUT_WEIGHTS,
    TOO_FEW_SEEN,
    map_warning,
)
from radlens.domain.model import InputSpec
from radlens.domain.task import Mode
from radlens.lab.card_explanation import explanation_part
from radlens.lab.explain import explanation
from radlens.lab.explain_order import area, dealt, deletion_and_insertion, ranks
from radlens.lab.explain_pointing import moved, peaks, pointing
from radlens.lab.explain_random import (
    randomisation,
    shuffled,
    spearman,
    ssim,
    weights_from_the_head,
)
from radlens.lab.explain_targets import DRAWN_ON, OWN_MASKS, Found, Targets, mean_of, targets
from radlens.lab.export import run
from radlens.storage.memory import MemoryBlobs
from tests.builders import TASKS, png
from tests.lab.tiny import cases

SPEC = InputSpec(32, 32, (0.0,) * 3, (1.0,) * 3, None)
CELL = 4


def a_network(*, sees: bool = True, weights: bool = True, offset: float = -2.0) -> bytes:
    """Two labels; the first one's evidence is how bright a cell is, or a spot that never moves.

    Without weights the map is a pooled copy of the image, whatever was learnt.
    """
    rng = np.random.default_rng(4)
    # Filters of unlike gain, and a head that knows which is which: shuffled, they cancel out.
    gain = np.linspace(0.2, 1.8, 16)[:, None, None, None]
    stem = gain * np.abs(rng.normal(1 / 48, 0.004, (16, 3, CELL, CELL)))
    mix = np.stack([np.linspace(-3, 3, 16), np.linspace(1, -1, 16)])[:, :, None, None]
    spot = np.zeros((1, 2, 8, 8))
    spot[0, :, 1, 1] = 30.0
    stored = {"stem": stem, "mix": mix, "spot": spot, "bias": np.array([offset, -offset])}
    nodes = [
        helper.make_node("Conv", ["tensor", "stem"], ["cells"], strides=[CELL, CELL]),
        helper.make_node("Relu", ["cells"], ["features"]),
        helper.make_node("Conv", ["features", "mix"], ["seen"]),
    ]
    if not weights:
        pool = {"kernel_shape": [CELL, CELL], "strides": [CELL, CELL]}
        nodes = [
            helper.make_node("AveragePool", ["tensor"], ["pooled"], **pool),
            helper.make_node("Slice", ["pooled", "from", "to", "axis"], ["seen"]),
        ]
        stored |= {"from": np.array([0]), "to": np.array([2]), "axis": np.array([1])}
    last = "seen"
    if not sees:
        nodes += [
            helper.make_node("Mul", ["seen", "zero"], ["blind"]),
            helper.make_node("Add", ["blind", "spot"], ["fixed"]),
        ]
        stored["zero"], last = np.array(0.0), "fixed"
    nodes += [
        helper.make_node("Identity", [last], ["evidence"]),
        helper.make_node("ReduceMean", ["evidence", "axes"], ["mean"], keepdims=0),
        helper.make_node("Add", ["mean", "bias"], ["logits"]),
    ]
    stored["axes"] = np.array([2, 3])
    value = helper.make_tensor_value_info
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        "planted",
        [value("tensor", TensorProto.FLOAT, ["n", 3, 32, 32])],
        [
            value("logits", TensorProto.FLOAT, ["n", 2]),
            value("evidence", TensorProto.FLOAT, ["n", 2, 8, 8]),
        ],
        [
            numpy_helper.from_array(v if v.dtype == np.int64 else v.astype(np.float32), k)
            for k, v in stored.items()
            if k in used
        ],
    )
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString()


def spots(n: int = 40) -> Targets:
    """Noise with one bright square each, which is the lesion; never in the middle."""
    rng = np.random.default_rng(2)
    grey, mask = rng.random((n, 32, 32)).astype(np.float32) * 0.2, np.zeros((n, 32, 32), bool)
    for i in range(n):
        row, col = rng.choice([1, 2, 21, 22], 2)
        mask[i, row : row + 9, col : col + 9] = True
    before = grey.copy()
    grey[mask] = 1.0
    return Targets(grey, np.zeros(n, np.int64), mask, "squares", before)


def found() -> Found:
    return Found(spots().grey, spots().label)


def test_rank_correlation_is_that_of_scipy_and_nothing_where_a_map_is_flat():
    a, b = np.random.default_rng(1).integers(0, 9, (2, 5, 6, 7)).astype(np.float32)
    b[4] = 1.0
    expected = [
        spearmanr(x.ravel(), y.ravel()).statistic for x, y in zip(a[:4], b[:4], strict=True)
    ]
    assert spearman(a, b) == pytest.approx([*expected, 0.0])


def test_structural_similarity_is_what_its_definition_says_window_by_window():
    a, b = np.random.default_rng(1).random((2, 1, 12, 13))
    values = []
    for row in range(12 - 6):
        for col in range(13 - 6):
            x, y = (p[0, row : row + 7, col : col + 7].ravel() for p in (a, b))
            cov = np.cov(x, y, bias=True)
            values.append(
                (2 * x.mean() * y.mean() + 1e-4)
                * (2 * cov[0, 1] + 9e-4)
                / ((x.mean() ** 2 + y.mean() ** 2 + 1e-4) * (cov[0, 0] + cov[1, 1] + 9e-4))
            )
    assert ssim(a, b) == pytest.approx([np.mean(values)])
    assert ssim(a, a) == pytest.approx([1.0])


def test_weights_are_shuffled_from_the_head_down_and_keep_their_values():
    network = a_network()
    names = [t.name for t in weights_from_the_head(onnx.load_from_string(network))]
    assert names == ["mix", "stem"]
    before, head, all_of_it = (
        {t.name: numpy_helper.to_array(t) for t in onnx.load_from_string(bytes_).graph.initializer}
        for bytes_ in (
            network,
            shuffled(network, 0.0, np.random.default_rng(1)),
            shuffled(network, 1.0, np.random.default_rng(1)),
        )
    )
    assert (head["stem"] == before["stem"]).all()
    assert (head["mix"] != before["mix"]).any()
    assert (all_of_it["stem"] != before["stem"]).any()
    assert (np.sort(all_of_it["stem"], None) == np.sort(before["stem"], None)).all()
    assert (all_of_it["bias"] == before["bias"]).all()


def test_a_map_that_needs_no_weights_is_found_out():
    stages = randomisation(a_network(weights=False), found(), SPEC, np.random.default_rng(1))
    assert [stage.spearman.value for stage in stages] == pytest.approx([1.0] * 5)
    assert stages[-1].ssim.value == pytest.approx(1.0)


def test_hiding_what_an_honest_map_marks_costs_more_than_hiding_anything_else():
    rng = np.random.default_rng(1)
    deletion, insertion = deletion_and_insertion(
        a_network(), found(), SPEC, mode=Mode.MULTI_CLASS, rng=rng
    )
    assert deletion.gain.low > 0
    assert insertion.gain.low > 0
    assert deletion.map[0] == insertion.map[-1] == deletion.random[0]
    assert deletion.map[-1] == pytest.approx(insertion.map[0])
    blind = deletion_and_insertion(
        a_network(sees=False), found(), SPEC, mode=Mode.MULTI_CLASS, rng=rng
    )
    assert max(curve.gain.value for curve in blind) == pytest.approx(0)


def test_pixels_go_in_the_order_of_the_map_and_areas_are_trapezoids():
    maps = np.array([[[0.0, 3.0], [1.0, 2.0]]], np.float32)
    order = ranks(maps, (8, 8))[0]
    assert order[0, 7] < 0.25 < order[0, 0]
    assert sorted((order * 64).round().ravel()) == [*range(64)]
    assert (np.sort(dealt(maps, np.random.default_rng(1)), None) == [0, 1, 2, 3]).all()
    assert area(np.linspace(0, 1, 11)[None]) == pytest.approx([0.5])


def test_an_honest_map_points_at_the_lesion_and_a_fixed_one_does_not():
    honest = pointing(a_network(), spots(), SPEC)
    assert honest.recognised.hits == honest.peak.hits == 40
    assert honest.centre.hits == 0
    assert honest.tolerance_pixels == CELL / 2
    assert 0.1 < honest.chance < 0.25
    seen = replace(spots(), before=None)  # a label that leads counts as recognised
    blind = pointing(a_network(sees=False, offset=9.0), seen, SPEC)
    assert blind.recognised.hits == 40
    assert blind.peak.hits < 20
    assert pointing(a_network(sees=False), spots(), SPEC).peak is None


def test_images_are_moved_with_their_lesions_so_that_the_middle_knows_nothing():
    middle = np.zeros((200, 32, 32), bool)
    middle[:, 14:18, 14:18] = True
    grey = middle.astype(np.float32)
    made = moved(Targets(grey, np.zeros(200, int), middle, "dots"), np.random.default_rng(1))
    assert (made.grey[made.mask] == 1).all()
    assert (made.grey[~made.mask] == 0).all()
    assert made.mask.sum((1, 2)).tolist() == [16] * 200
    found = pointing(a_network(offset=9.0), made, SPEC)
    assert found.peak.value > 0.95
    assert found.centre.value < 0.3
    still = pointing(a_network(offset=9.0), replace(made, mask=middle), SPEC)
    assert still.centre.value == 1.0


def test_a_peak_is_the_middle_of_the_largest_cell():
    maps = np.zeros((1, 4, 4), np.float32)
    maps[0, 1, 3] = 1
    assert peaks(maps, 32, 64).tolist() == [[12, 56]]


def test_the_mean_of_many_lies_in_an_interval_as_wide_as_theory_says():
    values = np.random.default_rng(3).normal(2, 1, 400)
    measure = mean_of(values)
    assert measure.value == pytest.approx(values.mean())
    assert measure.high - measure.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


@pytest.mark.parametrize("name", ["chest-xray", "brain-tumor"])
def test_lesions_are_drawn_on_images_without_a_finding(name):
    task = TASKS[name]
    some = cases(30, len(task.labels), mode=task.mode, seed=1, side=48)
    some.truth[:15] = 0
    some.truth[:15, -1] = name == "brain-tumor"
    if name == "brain-tumor":
        disc = np.hypot(*np.meshgrid(np.arange(48) - 24, np.arange(48) - 24)) < 20
        some.grey[:] = disc * 0.6
    made = targets(some, task, blobs=MemoryBlobs(), most=12, rng=np.random.default_rng(1))
    assert made is not None
    assert made.on == DRAWN_ON
    assert made.mask.any((1, 2)).all()
    assert np.abs(made.grey - made.before)[made.mask].mean() > 0.02
    assert all(task.labels[i].abnormal for i in made.label)


def test_masks_of_the_test_split_come_before_drawn_ones():
    task, blobs = TASKS["neuro-rare"], MemoryBlobs()
    mask = np.zeros((64, 64), np.uint8)
    mask[:32] = 255
    some = cases(10, 5, mode=task.mode, seed=1)
    some = replace(some, about=({"mask": blobs.put(png(mask))},) * 10)
    made = targets(some, task, blobs=blobs, most=50, rng=np.random.default_rng(1))
    assert made is not None
    assert made.on == OWN_MASKS
    assert len(made.grey) == 8, "two of ten are normal"
    assert made.mask[0, :15].all()
    assert not made.mask[0, 17:].any()
    plain = replace(some, about=({},) * 10)
    assert targets(plain, task, blobs=blobs, most=5, rng=np.random.default_rng(1)) is None


def whole(network: bytes) -> object:
    """The whole test on squares whose masks are in the blobs, labelled as the first of two."""
    blobs, squares = MemoryBlobs(), spots()
    labels = (
        replace(TASKS["brain-tumor"].labels[0], name="bright"),
        TASKS["brain-tumor"].labels[3],
    )
    task = replace(TASKS["brain-tumor"], labels=labels)
    about = tuple({"mask": blobs.put(png(m.astype(np.uint8) * 255))} for m in squares.mask)
    some = replace(
        cases(40, 2, mode=Mode.MULTI_CLASS, seed=1),
        grey=squares.grey.astype(np.float16),
        truth=np.eye(2, dtype=np.float32)[np.zeros(40, int)],
        about=about,
    )
    return explanation(network, some, SPEC, task=task, blobs=blobs, seed=1)


def test_an_honest_network_passes_and_the_same_seed_gives_the_same_figures():
    network = a_network(offset=0.0)
    assert run(network, np.zeros((1, 3, 32, 32), np.float32)).evidence.shape == (1, 2, 8, 8)
    one, two = whole(network), whole(network)
    assert one == two
    assert one.reasons == ()
    assert one.passed
    metrics = {"explanation": one.plain()}
    assert json.loads(json.dumps(metrics)) == metrics
    assert map_warning(metrics) == ""
    assert "passed their own tests" in explanation_part(metrics)
    assert f"{one.pointing.recognised.hits} of 40 lesions were recognised" in explanation_part(
        metrics
    )


def test_networks_that_show_something_else_fail_with_the_reason_and_the_card_says_it():
    blind = whole(a_network(sees=False, offset=9.0))
    assert {NO_BETTER_DELETED, NO_BETTER_INSERTED, NO_BETTER_POINTING} <= {*blind.reasons}
    copied = whole(a_network(weights=False, offset=9.0))
    assert SAME_WITHOUT_WEIGHTS in copied.reasons
    unseen = whole(a_network(sees=False, offset=-9.0))
    assert TOO_FEW_SEEN in unseen.reasons
    assert NO_BETTER_POINTING not in unseen.reasons, "nothing is said of what was not counted"
    for failed in (blind, copied, unseen):
        metrics = {"explanation": failed.plain()}
        assert all(reason in map_warning(metrics) for reason in failed.reasons)
        assert map_warning(metrics) in explanation_part(metrics)
    assert "has not been tested" in explanation_part({})
