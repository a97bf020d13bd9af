"""The pages. A file here only defines functions: `app.py` decides who gets which page."""
