"""Ad-hoc SQL of analysts: one fresh, locked process per query, that holds nothing but the tenant's own rows.

`runner.Sandbox` starts and bounds the process, `worker.py` is what runs in it, `relations.py` what analysts see.
DuckDB alone does not hold untrusted SQL: its memory limit is overrun by long strings, its interrupt waits for whole
vectors, some functions bring the process down. So the process itself is the cell, and killing it is an answer.
"""
