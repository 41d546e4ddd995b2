"""What Prometheus may count; never anything about a patient, and no label without bounds."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("radlens_http_requests", "Requests answered", ["method", "route", "status"])
IN_FLIGHT = Gauge("radlens_http_requests_in_flight", "Requests that are being answered")
PAGES = Gauge("radlens_pages_open", "Pages that are open in a browser")
PREDICTIONS = Counter("radlens_predictions", "Predictions put on record", ["task"])
ERRORS = Counter("radlens_errors", "Requests answered with an error", ["kind"])
SECONDS = Histogram(
    "radlens_prediction_seconds",
    "Time from a received upload to its committed record",
    ["task"],
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def answered(task: str, seconds: float) -> None:
    """Count a prediction that is on record; ``task`` has a card, whatever was asked for."""
    PREDICTIONS.labels(task).inc()
    SECONDS.labels(task).observe(seconds)
