"""What a page consists of, as it was sent to a browser: a tree that the floor page draws again from constants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.Block_pb2 import Block
from streamlit.proto.Element_pb2 import Element

HORIZONTAL = Block.FlexContainer.HORIZONTAL


@dataclass
class Node:
    """A container or an element of a page; elements of a run that is over stay until they are drawn over."""

    element: Element = field(default_factory=Element)
    block: Block | None = None
    children: dict[int, Node] = field(default_factory=dict)

    def at(self, path: list[int]) -> Node:
        node = self
        for place in path:
            node = node.children.setdefault(place, Node())
        return node

    def become(self, element: Element | None = None, block: Block | None = None) -> None:
        self.element, self.block = element or Element(), block
        if element is not None:
            self.children = {}

    def described(self, above: str = "") -> list[dict[str, Any]]:
        """The children as plain values, in the order in which they stand."""
        found = []
        for number, child in sorted(self.children.items()):
            place = f"{above}.{number}"
            kind = child.element.WhichOneof("type")
            if kind is None:
                found.append({"kind": "container", **_container(child.block), "inside": child.described(place)})
            else:
                found.append({"kind": kind, "place": place, **_element(child.element, kind)})
        return found


def _container(block: Block | None) -> dict[str, Any]:
    if block is None:
        return {}
    if block.WhichOneof("type") == "expandable":
        return {"expander": block.expandable.label}
    key = block.id.partition("user_key_")[2] or block.id
    return {"key": key, "horizontal": block.flex_container.direction == HORIZONTAL}


def _element(element: Element, kind: str) -> dict[str, Any]:
    part = getattr(element, kind)
    if kind == "html":
        return {"body": part.body}
    if kind == "plotly_chart":
        return {"spec": part.spec, "config": part.config, "alt": part.alt, "select": bool(part.selection_mode)}
    if kind == "selectbox":
        key = part.id.rpartition("-")[2]
        return {"key": key, "label": part.label, "options": list(part.options), "index": part.default}
    if kind == "page_link":
        return {"page": part.page_script_hash, "label": part.label, "icon": part.icon}
    return {"label": getattr(part, "label", "")}
