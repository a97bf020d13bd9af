"""The daily batch: which days are due (`due.py`), what is done (`steps.py`), how a run is kept safe (`runner.py`)."""
