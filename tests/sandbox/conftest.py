"""A tenant of two rows, written as its relations are."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mai_core.sandbox.relations import RelationFile
from mai_core.sandbox.runner import Answer, Limits, Refusal, Sandbox

Tenant = list[RelationFile]


@pytest.fixture(scope="session")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Tenant:
    file = tmp_path_factory.mktemp("tenant") / "usage.parquet"
    table = pa.table({"day": ["2026-10-14", "2026-10-15"], "requests": [3, 4], "model": ["openai/gpt-4o", "=cmd()"]})
    pq.write_table(table, file)
    return [RelationFile("usage", str(file), "the fact table", {"day": "usage day"})]


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    return Sandbox(Limits(seconds=2.0, cpu_s=4))


def answer(sandbox: Sandbox, tenant: Tenant, sql: str) -> Answer:
    told = sandbox.run(tenant, sql)
    assert isinstance(told, Answer), told
    return told


def refusal(sandbox: Sandbox, tenant: Tenant, sql: str) -> Refusal:
    told = sandbox.run(tenant, sql)
    assert isinstance(told, Refusal), told
    return told
