"""What Prometheus may count; never anything about a patient."""

from prometheus_client import Counter, Histogram

PREDICTIONS = Counter("radlens_predictions", "Predictions put on record", ["task"])
ERRORS = Counter("radlens_errors", "Requests answered with an error", ["kind"])
SECONDS = Histogram(
    "radlens_prediction_seconds",
    "Time from a received upload to its committed record",
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
