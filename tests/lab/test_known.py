"""What a bundle remembers of its training images, and what their nearness is worth."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save

from radlens.domain.errors import BadBundle
from radlens.domain.known import KnownCases
from radlens.domain.model import InputSpec
from radlens.domain.task import Mode
from radlens.lab.card_known import known_part as section
from radlens.lab.dataset import Cases
from radlens.lab.export import export, probes, run
from radlens.lab.known import exposed, features_of, known_part, remembered, worth
from radlens.lab.watch import fit_watch
from tests.builders import tiny_network
from tests.lab.answered import multi_label_answers
from tests.lab.tiny import TinyNet, cases, settled

MOST = 600
SPEC = InputSpec(32, 32, (0.5,) * 3, (0.25,) * 3, (1.0, 99.0))


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def some(n: int, truth: np.ndarray, *, unit: np.ndarray | None = None) -> Cases:
    made = cases(n, truth.shape[1], mode=Mode.MULTI_CLASS, seed=0)
    unit = np.arange(n) if unit is None else unit
    return replace(made, truth=truth.astype(np.float32), unit=unit)


def test_of_each_class_alike_many_are_remembered_as_far_as_there_are():
    many = np.eye(3)[np.repeat([0, 1, 2], (1000, 500, 30))]
    which = remembered(some(1530, many), most=MOST, seed=1)
    assert many[which].sum(0).tolist() == [MOST // 3, MOST // 3, 30]
    assert len(set(which)) == len(which)


def test_the_seed_draws_them():
    every = some(1000, np.eye(2)[np.arange(1000) % 2])
    assert (
        remembered(every, most=MOST, seed=1).tolist()
        == remembered(every, most=MOST, seed=1).tolist()
    )
    assert set(remembered(every, most=MOST, seed=1)) != set(remembered(every, most=MOST, seed=2))


def test_of_each_patient_one_image_is_remembered():
    unit = np.arange(60) // 4
    which = remembered(some(60, np.eye(3)[np.arange(60) % 3], unit=unit), most=MOST, seed=0)
    assert sorted(unit[which]) == list(range(15))


def test_with_several_labels_the_rarest_counts_and_those_without_any_are_a_group():
    truth = np.zeros((900, 2))
    truth[:600, 0] = 1
    truth[:10, 1] = 1  # the second label never stands alone
    which = remembered(some(900, truth), most=MOST, seed=0)
    chosen = truth[which]
    assert chosen[:, 1].sum() == 10
    assert (chosen[:, 0] * (1 - chosen[:, 1])).sum() == MOST // 3
    assert (chosen.sum(1) == 0).sum() == MOST // 3


def test_synthetic_images_and_those_of_which_not_all_is_known_are_left_out():
    truth = np.eye(2)[np.arange(40) % 2]
    truth[::4, 1] = np.nan
    given = some(40, truth)
    about = tuple({"synthetic": "1"} if i < 20 else {} for i in range(40))
    which = remembered(replace(given, about=about), most=MOST, seed=0)
    assert sorted(which) == [i for i in range(20, 40) if i % 4]
    assert not len(remembered(replace(given, about=({"synthetic": "1"},) * 40), most=MOST, seed=0))
    assert not len(remembered(given.take(np.arange(1, 4)), most=MOST, seed=0)), "four are not five"


def test_a_recipe_can_ask_for_none():
    assert not len(remembered(some(40, np.eye(2)[np.arange(40) % 2]), most=0, seed=0))


@pytest.mark.parametrize("architecture", ["efficientnet-lite0-pair", "small-cnn"])
def test_the_features_are_what_the_logits_come_from_and_nothing_else_changes(architecture: str):
    spec = replace(SPEC, rows=64, cols=64)
    network = settled(architecture, 3)
    plain = export(network, spec).network
    x = probes(spec).numpy()
    before, after = run(plain, x), run(exposed(plain), x)
    np.testing.assert_array_equal(after.logits, before.logits)
    np.testing.assert_array_equal(after.evidence, before.evidence)
    assert after.features is not None
    assert after.features.shape == (len(x), network.head.in_features)
    weights, bias = (each.detach().numpy() for each in (network.head.weight, network.head.bias))
    half = weights.astype(np.float16).astype(np.float32)
    np.testing.assert_allclose(after.features @ half.T + bias, after.logits, rtol=1e-3, atol=1e-3)


def test_signals_of_the_gate_are_what_they_were():
    given = cases(40, 3, mode=Mode.MULTI_CLASS, seed=0)
    network = TinyNet(3).eval()
    plain = export(network, SPEC, fit_watch(network, given.grey, SPEC)).network
    x = probes(SPEC).numpy()
    np.testing.assert_array_equal(run(exposed(plain), x).signals, run(plain, x).signals)


def test_a_network_that_ends_otherwise_is_refused():
    with pytest.raises(BadBundle, match="one linear layer"):
        exposed(tiny_network(3).SerializeToString())


def test_a_bundle_keeps_features_and_truth_and_no_more_of_an_image():
    given = cases(12, 3, mode=Mode.MULTI_CLASS, seed=0)
    network = exposed(export(TinyNet(3), SPEC).network)
    content = known_part(network, given, SPEC)
    kept = load(content)
    assert kept.keys() == {"features", "truth"}
    features = features_of(network, given, SPEC)
    assert kept["features"].dtype == np.float16
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    np.testing.assert_allclose(kept["features"], features / lengths, atol=1e-3)
    np.testing.assert_array_equal(kept["truth"], given.truth)
    for name in (*given.files, *given.digests, *given.patients):
        assert name.encode() not in content
    known = KnownCases.of(content, ("a", "b", "c"), None)
    found, likeness = known.nearest(features)
    np.testing.assert_array_equal(found[:, 0], np.arange(12), "each is nearest to itself")
    np.testing.assert_allclose(likeness[:, 0], 1, atol=1e-3)


def test_a_network_without_features_is_refused():
    given = cases(12, 3, mode=Mode.MULTI_CLASS, seed=0)
    with pytest.raises(BadBundle, match="no features"):
        known_part(export(TinyNet(3), SPEC).network, given, SPEC)


def test_what_nearness_is_worth_is_counted_answer_by_answer():
    rng = np.random.default_rng(4)
    answers = multi_label_answers(80, unknown=0.2)
    stored = {
        "features": _unit(rng.normal(size=(30, 6))).astype(np.float16),
        "truth": (rng.random((30, 3)) < 0.6).astype(np.uint8),
    }
    known = KnownCases.of(save(stored), answers.labels, None)
    features = rng.normal(size=(80, 6)).astype(np.float32)
    counted = {"right": [0, 0], "wrong": [0, 0]}
    for i in range(80):
        near = known.alike(features[i])
        for at, label in enumerate(answers.labels):
            if answers.claimed[i, at] and not np.isnan(answers.truth[i, at]):
                found = counted["right" if answers.truth[i, at] else "wrong"]
                found[0] += near.carrying(label) >= 3
                found[1] += 1
    measured = worth(known, features, answers)
    assert {name: [*measured[name].values()] for name in counted} == counted
    assert measured["remembered"] == 30
    assert min(counted["right"] + counted["wrong"]) > 0


def _unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def test_where_no_answer_was_wrong_nothing_is_said_of_wrong_ones():
    answers = multi_label_answers(20, unknown=0)
    always = replace(answers, claimed=answers.truth == 1)
    known = KnownCases.of(
        save({"features": np.eye(6, dtype=np.float16), "truth": np.ones((6, 3), np.uint8)}),
        answers.labels,
        None,
    )
    measured = worth(known, np.ones((20, 6), np.float32), always)
    n = int((answers.truth == 1).sum())
    assert measured["right"] == {"hits": n, "n": n}
    assert measured["wrong"] is None


def test_the_card_tells_what_was_counted_with_intervals():
    metrics = {"remembered": 600, "nearest": 5, "right": {"hits": 46, "n": 50}, "wrong": None}
    [text] = section({"known_cases": metrics})
    assert "remembers 600 training images" in text
    assert "| right | 50 | 46 | 0.920 (0.812 to 0.968) |" in text
    assert section({}) == []
