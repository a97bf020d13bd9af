"""The door for people: Streamlit behind a middleware that knows the session.

`uvicorn app:app` imports this file for its ASGI application; Streamlit then runs the same file as the script.
`streamlit run app.py` finds the application too, and is locked in the same way.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from streamlit.runtime.pages_manager import PagesManager

from pages.parts.doors import Doors
from pages.parts.statics import Statics

# Streamlit would take pages/ for its own kind of multipage app until somebody has run st.navigation.
PagesManager.uses_pages_directory = False


@asynccontextmanager
async def _ready(_: st.App) -> AsyncIterator[None]:
    """What every page needs is imported before the first visitor comes, and never walked by the collector again:
    that held every run of a page up for 60 ms (measured)."""
    import plotly.io  # noqa: F401

    import pages.parts.shell  # noqa: F401

    gc.collect()
    gc.freeze()
    yield


if __name__ == "__main__":
    from pages.parts.shell import run

    run()
else:
    app = st.App(
        __file__,
        lifespan=_ready,
        middleware=[Middleware(Statics), Middleware(GZipMiddleware, compresslevel=5), Middleware(Doors)],
    )
