"""A figure for Plotly in the browser, as the plain values it is sent as.

`plotly.graph_objects` checks every value of every figure on every run, adds its own template of 7 kB and copies all of
it twice: 40 ms of a page with one chart (measured). What is written here is fixed, and checked by a test instead.
"""

from __future__ import annotations

from typing import Any

from plotly.basedatatypes import BaseFigure


class Figure(BaseFigure):  # type: ignore[misc]  # plotly tells no types
    """What `st.plotly_chart` takes for a figure that is already checked."""

    def __init__(self) -> None:  # BaseFigure's own would build the checked objects
        self._traces: list[dict[str, Any]] = []
        self._said: dict[str, Any] = {}

    @property
    def data(self) -> list[dict[str, Any]]:
        return self._traces

    def to_dict(self) -> dict[str, Any]:
        return {"data": self._traces, "layout": self._said}

    def add_bar(self, **values: Any) -> None:
        self._add("bar", values)

    def add_scatter(self, **values: Any) -> None:
        self._add("scatter", values)

    def _add(self, kind: str, values: dict[str, Any]) -> None:
        self._traces.append({"type": kind, **{name: value for name, value in values.items() if value is not None}})

    def update_layout(self, **values: Any) -> None:
        _merge(self._said, values)

    def update_xaxes(self, **values: Any) -> None:
        _merge(self._said, {"xaxis": values})

    def update_yaxes(self, **values: Any) -> None:
        _merge(self._said, {"yaxis": values})


def _merge(into: dict[str, Any], values: dict[str, Any]) -> None:
    for name, value in values.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value
