"""A company that never was: 13 months of plausible usage, the same for the same clock, made through intake."""
