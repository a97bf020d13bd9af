"""Somebody's system changes between light and dark while a page is open."""

from __future__ import annotations

import pytest

from pages.parts import colours
from tests.e2e.conftest import Visitor

pytestmark = pytest.mark.e2e

_DRAWN_IN = """colour => [...document.querySelectorAll('.js-plotly-plot .fills path, .m-swatch')]
    .some(one => [getComputedStyle(one).fill, getComputedStyle(one).backgroundColor].includes(colour))"""


def _rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[place : place + 2], 16)) for place in (1, 3, 5))})"


def test_a_chart_changes_its_colours_with_the_theme(visit: Visitor) -> None:
    one = visit("analyst")
    shown = next(
        place for place, colour in enumerate(colours.LIGHT) if one.page.evaluate(_DRAWN_IN, _rgb(colour))
    )  # fmt: skip
    try:
        one.page.emulate_media(color_scheme="dark")
        one.page.wait_for_function(_DRAWN_IN, arg=_rgb(colours.DARK[shown]), timeout=10_000)
        one.page.wait_for_function(f"colour => !({_DRAWN_IN})(colour)", arg=_rgb(colours.LIGHT[shown]), timeout=10_000)
    finally:
        one.page.emulate_media(color_scheme="light")


def test_a_statement_is_printed_dark_on_white_whatever_the_theme(visit: Visitor) -> None:
    one = visit("accountant", path="/billing?period=last_month", dark=True)
    one.page.emulate_media(media="print", color_scheme="dark")
    try:
        ink, paper = one.page.evaluate(
            "[getComputedStyle(document.querySelector('.m-head h1')).color,"
            " getComputedStyle(document.querySelector('.stApp')).backgroundColor]"
        )
    finally:
        one.page.emulate_media(media="screen", color_scheme="dark")
    assert (ink, paper) == ("rgb(23, 28, 38)", "rgb(255, 255, 255)")
