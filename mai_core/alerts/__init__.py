"""What somebody has to know now (`rules.py`), who is told how (`delivery.py`), summaries by e-mail (`digests.py`)."""
