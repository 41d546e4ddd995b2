"""What a task asks of a version before it may answer, as numbers on its card."""

from dataclasses import dataclass

FIGURES = ("mean_auroc", "accuracy", "balanced_accuracy")


@dataclass(frozen=True)
class Criteria:
    """What a task asks of a version; the table ``[promotion]`` of its card.

    ``figure`` may fall behind the live version's by ``largest_loss`` at most, at the lower end of
    the 95 % interval of their paired difference. ``largest_ece`` bounds the debiased calibration
    error, ``largest_parity`` what the export may differ from the trained network, ``least_units``
    the patients (or groups) that the figures are of. Of a label that the live version does not know
    at least the share ``least_found`` has to be found and at most the share ``largest_false`` of
    the other cases may be reported with it, both with 95 % confidence. A canary is stopped where
    its share of failures is above ``canary_errors`` or one label's share of changed answers above
    ``canary_changes``, beyond chance.
    """

    figure: str = "mean_auroc"
    largest_loss: float = 0.05
    largest_ece: float = 0.1
    largest_parity: float = 1e-4
    least_units: int = 20
    least_found: float = 0.5
    largest_false: float = 0.2
    canary_errors: float = 0.01
    canary_changes: float = 0.2

    def __post_init__(self) -> None:
        if self.figure not in FIGURES:
            raise ValueError(f"the promotion's figure must be one of {', '.join(FIGURES)}")
        bounds = (self.largest_loss, self.largest_ece, self.canary_errors, self.canary_changes)
        if not all(0 <= bound <= 1 for bound in bounds):
            raise ValueError("each bound of the promotion must be from 0 to 1")
        if not 0 <= self.largest_parity < float("inf") or self.least_units < 1:
            raise ValueError("the promotion's parity and least_units must be above zero")
        if not all(0 < bound < 1 for bound in (self.least_found, self.largest_false)):
            raise ValueError("least_found and largest_false must be above 0 and below 1")
