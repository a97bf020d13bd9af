"""HTML of our own: cards, tables, bars. Every text that is not ours goes through `escape`: a name full of markup,
Markdown, emoji or right-to-left marks is shown as the text it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape as quoted
from typing import Literal
from urllib.parse import urlencode

from mai_core.language import Words
from mai_core.language.plain_text import undirected

_LONGEST_NAME = 300


def escape(text: str) -> str:
    """For markup and attributes, and without the marks that would turn the direction of what stands beside it."""
    return quoted(undirected(text))


@dataclass(frozen=True, slots=True)
class Html:
    """Markup that is already safe; anything else is escaped where it is used."""

    text: str


Cell = object
"""Anything: Html goes in as it is, None as nothing, everything else escaped."""


def html_of(cell: Cell) -> str:
    if cell is None:
        return ""
    return cell.text if isinstance(cell, Html) else escape(str(cell))


def joined(*cells: Cell) -> Html:
    return Html("".join(html_of(cell) for cell in cells))


def link(address: str, cell: Cell, title: str = "", css: str = "") -> Html:
    named = f' title="{escape(title)}"' if title else ""
    styled = f' class="{css}"' if css else ""
    return Html(f'<a href="{escape(address)}"{styled}{named}>{html_of(cell)}</a>')


def address(path: str, **query: object) -> str:
    """A link of ours; empty values are left out, so that equal views have equal links."""
    kept = {name: str(value) for name, value in query.items() if value not in (None, "")}
    return f"/{path}?{urlencode(kept)}" if kept else f"/{path}"


def amount_link(address: str, amount: Cell, title: str) -> Html:
    """An amount that leads to what it is made of."""
    return link(address, amount, title, "m-amount")


def change(words: Words, now: int, before: int | None) -> Html:
    """How an amount moved: more spent is a warning, never red by itself."""
    if not before:
        return Html("")
    share = now / before - 1
    if round(share * 100) == 0:
        return Html(escape(words.percent(0)))
    css, arrow = ("m-up", "▲") if share > 0 else ("m-down", "▼")
    return Html(f'<span class="{css}">{arrow} {escape(words.percent(abs(share)))}</span>')


def model(text: str, colour: str) -> Html:
    """`vendor/name` with its colour; the vendor small below, so that columns stay narrow."""
    vendor, _, slug = text.rpartition("/")
    below = f"<small>{escape(vendor[:_LONGEST_NAME])}</small>" if vendor else ""
    shown = f'<span class="m-name" dir="auto">{escape(slug[:_LONGEST_NAME] or "–")}</span>'
    return Html(f'<span class="m-model">{swatch(colour).text}<span>{shown}{below}</span></span>')


def name(text: str, small: str = "") -> Html:
    """A person's or a model's name: at most two lines, isolated from the direction of what stands around it."""
    below = f"<small>{escape(small)}</small>" if small else ""
    return Html(f'<span class="m-name" dir="auto">{escape(text[:_LONGEST_NAME])}</span>{below}')


def whole(text: str) -> Html:
    """Never cut: an address or a name that is copied. It is broken behind its marks instead."""
    breakable = escape(text).replace("_", "_<wbr>").replace("/", "/<wbr>")
    return Html(f'<span class="m-whole" lang="en">{breakable}</span>')


def tag(text: str, kind: Literal["", "warn", "bad", "good"] = "") -> Html:
    return Html(f'<span class="m-tag {kind}">{escape(text)}</span>')


def swatch(colour: str) -> Html:
    return Html(f'<span class="m-swatch" style="background:{colour}"></span>')


def bar(share: float) -> Html:
    width = max(0.0, min(share, 1.0)) * 100
    return Html(f'<span class="m-track"><span class="m-bar" style="width:{width:.1f}%"></span></span>')


def spark(values: Sequence[float], label: str, *, last_is_partial: bool = False) -> Html:
    """Columns from zero; the running day is hatched, because it is not a fall."""
    most = max(values, default=0) or 1
    partial = len(values) - 1 if last_is_partial else -1
    columns = "".join(
        f'<i style="height:{max(value, 0) / most * 100:.0f}%" class="{"part" if place == partial else ""}"></i>'
        for place, value in enumerate(values)
    )
    return Html(f'<span class="m-spark" role="img" aria-label="{escape(label)}">{columns}</span>')


def meter(share: float, label: str) -> Html:
    width = max(0.0, min(share, 1.0)) * 100
    over = " over" if share > 1 else ""
    return Html(
        f'<div class="m-meter{over}" role="img" aria-label="{escape(label)}">'
        f'<span style="width:{width:.1f}%"></span></div>'
    )


def card(label: str, value: Cell, *notes: Cell, href: str = "", title: str = "", wide: bool = False) -> Html:
    """One figure; with `href` the whole card is the link that explains it."""
    tag_name, attributes = ("a", f' href="{escape(href)}" title="{escape(title)}"') if href else ("div", "")
    below = "".join(f'<div class="m-note">{html_of(note)}</div>' for note in notes if note is not None)
    return Html(
        f'<{tag_name} class="m-card{" wide" if wide else ""}"{attributes}><span class="m-label">{escape(label)}</span>'
        f'<span class="m-value">{html_of(value)}</span>{below}</{tag_name}>'
    )


def cards(items: Iterable[Html | None]) -> Html:
    shown = [item.text for item in items if item is not None]
    return Html(f'<div class="m-cards{"" if len(shown) % 4 == 0 else " fit"}">{"".join(shown)}</div>')


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    label: str
    kind: Literal["text", "num", "bar", "plain"] = "plain"


def table(
    columns: Sequence[Column],
    rows: Iterable[Mapping[str, Cell]],
    foot: Mapping[str, Cell] | None = None,
    caption: str = "",
    *,
    long: bool = False,
) -> Html:
    """A real table: read by screen readers, copied into a spreadsheet, and a list of cards on a phone: two values in
    a line there, or one where they are long."""
    head = "".join(f'<th scope="col" class="{column.kind}">{escape(column.label)}</th>' for column in columns)
    body = "".join(_row(columns, row) for row in rows)
    below = f"<tfoot>{_row(columns, foot)}</tfoot>" if foot else ""
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    return Html(
        f'<div class="m-scroll"><table class="m-table{" m-long" if long else ""}">{above}<thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody>{below}</table></div>"
    )


def _row(columns: Sequence[Column], row: Mapping[str, Cell]) -> str:
    cells = "".join(
        f'<td class="{column.kind}" data-label="{escape(column.label)}">{html_of(row.get(column.key))}</td>'
        for column in columns
    )
    return f"<tr>{cells}</tr>"


def panel(title: str, *content: Html) -> Html:
    heading = f"<h2>{escape(title)}</h2>" if title else ""
    return Html(f'<section class="m-panel">{heading}{"".join(part.text for part in content)}</section>')


def side_by_side(*panels: Html) -> Html:
    three = " m-three" if len(panels) == 3 else ""
    return Html(f'<div class="m-two{three}">{"".join(part.text for part in panels)}</div>')


def stacked(*panels: Html) -> Html:
    """Panels below each other, as one of those side by side."""
    return Html(f"<div>{''.join(part.text for part in panels)}</div>")


def notice(text: Cell, kind: Literal["", "warn", "bad"] = "") -> Html:
    return Html(f'<div class="m-notice {kind}" role="status">{html_of(text)}</div>')


def empty(title: str, text: str) -> Html:
    return Html(f'<div class="m-panel m-empty"><b>{escape(title)}</b>{escape(text)}</div>')
