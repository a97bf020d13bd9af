"""Charts are sent without being checked on every run: here they are."""

from __future__ import annotations

import json

import plotly.graph_objects as go
import pytest

from tests.pages.conftest import Desk, Opener, _all


@pytest.mark.parametrize("path", ["", "models", "months", "forecast"])
def test_plotly_knows_everything_that_a_chart_says(path: str, desk: Desk, open_page: Opener) -> None:
    page = open_page(desk.login("manager"), path)
    charts = [element for element in _all(page) if element.type == "plotly_chart"]
    assert charts
    for chart in charts:
        spec = json.loads(chart.proto.spec)
        assert "template" not in spec["layout"]
        checked = json.loads(go.Figure(spec, layout_template="none").to_json())
        assert checked["data"] == spec["data"]
        assert {name: checked["layout"][name] for name in spec["layout"]} == spec["layout"]
