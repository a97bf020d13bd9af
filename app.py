"""The door for people: Streamlit behind a middleware that knows the session.

`uvicorn app:app` imports this file for its ASGI application; Streamlit then runs the same file as the script.
`streamlit run app.py` finds the application too, and is locked in the same way.
"""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from streamlit.runtime.pages_manager import PagesManager

from pages.parts.doors import Doors
from pages.parts.statics import Statics

# Streamlit would take pages/ for its own kind of multipage app until somebody has run st.navigation.
PagesManager.uses_pages_directory = False

if __name__ == "__main__":
    from pages.parts.shell import run

    run()
else:
    app = st.App(
        __file__, middleware=[Middleware(Statics), Middleware(GZipMiddleware, compresslevel=5), Middleware(Doors)]
    )
