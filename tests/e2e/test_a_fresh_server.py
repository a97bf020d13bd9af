"""A server that nobody has asked for anything: the moment in which Streamlit would run pages/*.py by themselves."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from pages.parts.registry import PAGES
from tests.e2e.conftest import Visitor
from tests.e2e.site import STARTS_WITHIN_S, Site

pytestmark = pytest.mark.e2e


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def test_a_fresh_server_asked_for_every_page_shows_nothing(own_site: Site) -> None:
    opener = urllib.request.build_opener(_Stay)
    for entry in PAGES:
        with pytest.raises(urllib.error.HTTPError) as refused:
            opener.open(f"{own_site.address}/{entry.path}", timeout=STARTS_WITHIN_S)
        assert refused.value.code == 303
        assert refused.value.read() == b""


def test_nobody_speaks_to_a_server_without_a_session(own_site: Site) -> None:
    """A websocket needs no page: it is asked for directly, with no cookie, an empty one, a made-up one."""
    for cookie in (None, "", "mai_session=", "mai_session=mais_made_up"):
        headers = {} if cookie is None else {"Cookie": cookie}
        for path in ("/_stcore/stream", "/_stcore/stream?session_id=x", "/component/x", "/"):
            address = own_site.address.replace("http", "ws") + path
            with (
                pytest.raises((InvalidHandshake, ConnectionClosed)),
                connect(
                    address,
                    subprotocols=[Subprotocol("streamlit")],
                    additional_headers=headers,
                    open_timeout=STARTS_WITHIN_S,
                ) as socket,
            ):
                socket.recv(timeout=STARTS_WITHIN_S)
    with connect(
        own_site.address.replace("http", "ws") + "/_stcore/stream",
        subprotocols=[Subprotocol("streamlit")],
        additional_headers={"Cookie": f"mai_session={own_site.login()}"},
    ) as socket:
        assert socket.subprotocol == "streamlit"


def test_the_first_deep_link_of_a_fresh_server_is_whole(visit_to: Visitor, own_site: Site) -> None:
    assert "Użytkownicy" in visit_to(own_site, "manager", path="/users").text()
