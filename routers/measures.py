"""What Prometheus may know of this process: counts and durations, no client, no person."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from mai_core.intake.delivery import Receipt


class Measures:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "mai_intake_requests", "Requests to the ways in", ["source", "status"], registry=self.registry
        )
        self._events = Counter(
            "mai_intake_events", "What became of events", ["source", "outcome"], registry=self.registry
        )
        self._seconds = Histogram(
            "mai_intake_seconds",
            "From the first byte of a request to its answer",
            ["source"],
            registry=self.registry,
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15),
        )
        self.queue = Gauge("mai_intake_queue_events", "Events waiting for their commit", registry=self.registry)
        self.commits = Gauge("mai_intake_commits", "Commits since start", registry=self.registry)
        self.quarantine = Gauge("mai_quarantine_waiting", "Quarantine entries waiting", registry=self.registry)
        self.conflicts = Gauge("mai_conflicts_open", "Open conflicts", registry=self.registry)
        self.outbox = Gauge("mai_outbox_events", "Events not yet sent to InfluxDB", registry=self.registry)
        self.wal_bytes = Gauge("mai_ledger_wal_bytes", "Size of the ledger's write-ahead log", registry=self.registry)

        self._children: dict[tuple[object, ...], tuple[Counter, Histogram]] = {}

    def answered(self, source: str, status: int, seconds: float) -> None:
        key = (source, status)
        if key not in self._children:
            self._children[key] = (self._requests.labels(source, str(status)), self._seconds.labels(source))
        counter, histogram = self._children[key]
        counter.inc()
        histogram.observe(seconds)

    def booked(self, source: str, receipt: Receipt) -> None:
        for outcome, number in (
            ("new", receipt.new),
            ("changed", receipt.changed),
            ("duplicate", receipt.duplicates),
            ("ignored", receipt.ignored),
            ("witness", receipt.witnesses),
            ("refused", len(receipt.refused)),
            ("quarantined", len(receipt.quarantined)),
        ):
            if number:
                self._events.labels(source, outcome).inc(number)
