"""Points of InfluxDB, one JSON object each with tags and fields together: what quarantine keeps is replayed here.

The way in itself is `python -m mai_core import-influx` and the batch, which read the server through InfluxQL.
"""

from __future__ import annotations

from mai_core.influx.points import observation_of
from mai_core.intake import exact_json
from mai_core.intake.items import one_or_many, parse_items
from mai_core.intake.parsed import Headers, Parsed, Source


def parse(body: bytes, headers: Headers) -> Parsed:
    return parse_items(one_or_many(exact_json.decode(body)), observation_of)


SOURCE = Source("influx", parse)
