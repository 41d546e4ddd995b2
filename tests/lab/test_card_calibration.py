"""The card says of each threshold, tier and set how it was measured, and what was not."""

from dataclasses import asdict, replace

from radlens.domain.calibration import Calibration
from radlens.domain.finding import OperatingPoint, Tier, TierRecord
from radlens.domain.metrics import Confusion, Interval, Proportion
from radlens.domain.uncertainty import Uncertainty
from radlens.lab.card_calibration import calibration_part
from radlens.lab.operating import Rule
from tests.builders import TASKS

TASK = TASKS["chest-xray"]
N = len(TASK.names)
POINT = OperatingPoint(
    0.25,
    Confusion(46, 10, 4, 140),
    Interval(0.2, 0.31),
    (
        TierRecord(Tier.HIGH, Proportion(46, 50)),
        TierRecord(Tier.LOW, Proportion(3, 12), labels=N),
    ),
)
SETS = Uncertainty(
    0.9, (None, *(0.0312,) * (N - 1)), (5, *(40,) * (N - 1)), (None,) * N, Proportion(46, 50)
)


def card(**changes: object) -> str:
    record = {
        "calibration": asdict(Calibration.identity(N)),
        "operating_points": [asdict(POINT)] * N,
        "threshold_rule": str(Rule("sensitivity", 0.95)),
        "uncertainty": asdict(SETS),
    }
    return calibration_part(TASK, record | changes)


def test_a_threshold_stands_with_its_rule_its_interval_and_what_it_did() -> None:
    said = card()
    assert "Thresholds: sensitivity of 0.95 on validation, with 95 % bootstrap intervals." in said
    assert (
        "| Atelectasis | not calibrated | 1.000 | 0.000 | 0.250 (0.200 to 0.310) "
        "| 46 | 10 | 4 | 140 | 0.920 (0.812 to 0.968) |"
    ) in said


def test_a_tier_stands_with_its_record_and_with_what_was_counted_together() -> None:
    assert (
        "| Atelectasis | 46 of 50: 0.920 (0.812 to 0.968) | - "
        "| 3 of 12, over 13 labels: 0.250 (0.089 to 0.532) |"
    ) in card()


def test_what_cannot_be_ruled_out_stands_with_its_coverage_and_with_what_is_always_kept() -> None:
    said = card()
    assert "always kept: Atelectasis." in said
    assert "| Atelectasis | 5 | always | - |" in said
    assert "| Cardiomegaly | 40 | 0.0312 | - |" in said
    assert "| all | - | - | 46 of 50: 0.920 (0.812 to 0.968) |" in said


def test_a_record_of_an_earlier_version_has_a_card_without_what_it_never_measured() -> None:
    bare = asdict(replace(POINT, interval=None, tiers=()))
    del bare["interval"], bare["tiers"]
    said = card(operating_points=[bare] * N, threshold_rule=None, uncertainty=None)
    assert said.count("## ") == 1
    assert "| 0.250 | 46 |" in said
