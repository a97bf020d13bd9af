"""What app.py runs, from a folder without `pages/`: Streamlit's test runner would take that for its own kind of app."""

from pages.parts.shell import run

run()
