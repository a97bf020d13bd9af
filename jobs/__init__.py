"""The door for the clock: `python -m jobs` keeps time, `python -m jobs.daily_batch` does one batch by hand."""
