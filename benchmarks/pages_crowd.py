"""People at their pages without a browser: Streamlit's own websocket messages, so that twenty of them cost little."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Selectbox_pb2 import Selectbox
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.pages_recording import Node

LONGEST_RUN_S = 60.0


@dataclass
class Person:
    """One open tab. Like the browser it keeps what it was sent, and lets the page's own clocks tick."""

    address: str
    cookie: str
    path: str = ""
    failures: list[str] = field(default_factory=list)
    root: Node = field(default_factory=Node)
    _query: str = ""
    _page_hash: str = ""
    _known: dict[str, ForwardMsg] = field(default_factory=dict)
    _widgets: dict[str, str] = field(default_factory=dict)
    _lists: dict[str, Selectbox] = field(default_factory=dict)
    _finished: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _socket: ClientConnection | None = None

    async def open(self) -> None:
        self._socket = await connect(
            self.address.replace("http", "ws") + "/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item]
            additional_headers={"Cookie": self.cookie, "User-Agent": "benchmark"},
            max_size=None,
            compression=None,
        )
        self._tasks["listening"] = asyncio.create_task(self._listen_to_the_end())
        await self._run_finished(lambda message: None)

    async def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()

    async def choose(self, key: str, value: str) -> float:
        """Another choice in the list with this key; seconds until the page has run to its end."""
        self._widgets[self._list(key).id] = value
        began = time.perf_counter()
        await self._run_finished(lambda message: None)
        return time.perf_counter() - began

    def options(self, key: str) -> list[str]:
        return list(self._list(key).options)

    def _list(self, key: str) -> Selectbox:
        """While a page is drawn anew, its lists stand as they were drawn before."""
        found = next((one for name, one in self._lists.items() if name.endswith(f"-{key}")), None)
        if found is None:
            raise RuntimeError(f"the page {self.path!r} shows no list {key!r}")
        return found

    async def _run_finished(self, more: Callable[[BackMsg], None]) -> None:
        self._finished.clear()
        await self._rerun(more)
        try:
            await asyncio.wait_for(self._finished.wait(), LONGEST_RUN_S)
        except TimeoutError:
            self.failures.append(f"no end within {LONGEST_RUN_S:.0f} s")

    async def _rerun(self, more: Callable[[BackMsg], None]) -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self._query, self._page_hash
        if not self._page_hash:
            state.page_name = self.path
        state.cached_message_hashes.extend(self._known)
        state.context_info.locale, state.context_info.timezone = "pl-PL", "Europe/Warsaw"
        state.context_info.color_scheme = "light"
        for widget, value in self._widgets.items():
            state.widget_states.widgets.add(id=widget, string_value=value)
        more(message)
        assert self._socket is not None
        await self._socket.send(message.SerializeToString())

    async def _listen_to_the_end(self) -> None:
        try:
            await self._listen()
            self.failures.append("the server closed the connection")
        except Exception as error:
            self.failures.append(repr(error))
        self._finished.set()

    async def _listen(self) -> None:
        assert self._socket is not None
        async for raw in self._socket:
            message = ForwardMsg.FromString(raw if isinstance(raw, bytes) else raw.encode())
            kind = message.WhichOneof("type")
            if kind == "ref_hash":
                path, message = message.metadata.delta_path, self._known[message.ref_hash]
                message.metadata.delta_path[:] = path
                kind = message.WhichOneof("type")
            if message.metadata.cacheable:
                self._known[message.hash] = message
            if kind == "delta":
                self._drawn(message)
            elif kind == "new_session":
                if not message.metadata.run.fragment_ids:
                    self._stop_ticking()
                    self.root = Node()
                self._page_hash = message.new_session.page_script_hash
            elif kind == "navigation":
                self._page_hash = message.navigation.page_script_hash
            elif kind == "page_info_changed":
                self._query = message.page_info_changed.query_string
            elif kind == "auto_rerun":
                self._tick(message.auto_rerun.fragment_id, message.auto_rerun.interval)
            elif kind == "script_finished":
                if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                    self._finished.set()
                elif message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                    self.failures.append("the script cannot be compiled")

    def _drawn(self, message: ForwardMsg) -> None:
        delta, path = message.delta, list(message.metadata.delta_path)
        if delta.WhichOneof("type") == "add_block":
            self.root.at(path).become(block=delta.add_block)
            return
        element = delta.new_element
        if element.WhichOneof("type") == "selectbox":
            self._lists[element.selectbox.id] = element.selectbox
        self.root.at(path).become(element=element)
        if element.WhichOneof("type") == "exception":
            self.failures.append(element.exception.message[:200])
        elif "m-notice bad" in element.html.body:
            self.failures.append(element.html.body[:200])

    def _tick(self, fragment: str, interval: float) -> None:
        async def ticking() -> None:
            while True:
                await asyncio.sleep(interval)
                with suppress(Exception):
                    await self._rerun(lambda message: _of_fragment(message, fragment))

        if fragment not in self._tasks:
            self._tasks[fragment] = asyncio.create_task(ticking())

    def _stop_ticking(self) -> None:
        for name in [name for name in self._tasks if name != "listening"]:
            self._tasks.pop(name).cancel()


def _of_fragment(message: BackMsg, fragment: str) -> None:
    message.rerun_script.fragment_id = fragment
    message.rerun_script.is_auto_rerun = True
