"""The functions that this DuckDB brings along, asked from its own catalogue: a new version may bring new ones."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from mai_core.sandbox.runner import Answer, Limits, Sandbox
from mai_core.sandbox.worker import _POINTERS
from tests.sandbox.conftest import Tenant, answer, refusal
from tests.sandbox.test_attacks import CANARY, POINTER, some_now


def names(condition: str) -> list[str]:
    with duckdb.connect() as catalogue:
        found = catalogue.execute(f"SELECT DISTINCT function_name FROM duckdb_functions() WHERE {condition} ORDER BY 1")
        return [name for (name,) in found.fetchall()]


@pytest.fixture
def secret(tmp_path: Path) -> Iterator[str]:
    """A file that everybody may read."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        file = Path(folder) / "secret.csv"
        file.write_text(f"a,b\n1,{CANARY}\n")
        yield str(file)


def test_every_function_that_follows_a_pointer_is_refused() -> None:
    assert set(names("list_contains(parameter_types, 'POINTER')")) <= _POINTERS


def test_every_function_that_runs_or_binds_the_text_it_is_given_is_known() -> None:
    """Those that are let in hand the text back (or parse it), and nothing else."""
    text_only = {"json_serialize_sql", "json_deserialize_sql", "current_query", "current_query_id", "query_table"}
    found = names("regexp_matches(function_name, 'sql|query|plan|exec|eval|statement')")
    assert set(found) - text_only <= _POINTERS | {"duckdb_prepared_statements"}


def in_text(sql: str) -> str:
    return "'" + sql.replace("'", "''") + "'"


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT json_serialize_plan({in_text(f'FROM json_execute_serialized_sql({in_text(POINTER)})')})",
        "SELECT json_serialize_plan('FROM query(''SELECT 1'')')",
        "SELECT main.JSON_Serialize_Plan('SELECT 1')",
        "EXPLAIN SELECT text.json_serialize_plan() FROM (SELECT 'SELECT 1' AS text)",
        "SELECT list_transform(['SELECT 1'], lambda text: json_serialize_plan(text))",
    ],
)
def test_a_statement_in_a_text_is_not_even_bound(sandbox: Sandbox, tenant: Tenant, sql: str) -> None:
    told = refusal(sandbox, tenant, sql)
    assert (told.problem, told.message) == ("sql", "json_serialize_plan cannot be used here")


@pytest.mark.parametrize("function", some_now(names("function_type IN ('table', 'table_macro')"), 20))
def test_no_table_function_reads_a_file(sandbox: Sandbox, tenant: Tenant, secret: str, function: str) -> None:
    for arguments in (f"'{secret}'", f"['{secret}']"):
        assert CANARY not in str(sandbox.run(tenant, f"FROM {function}({arguments})"))


@pytest.mark.parametrize("pragma", some_now(names("function_type = 'pragma'"), 20))
def test_no_pragma_is_run(sandbox: Sandbox, tenant: Tenant, secret: str, pragma: str) -> None:
    for call in (f"PRAGMA {pragma}", f"PRAGMA {pragma}('{secret}')", f"EXPLAIN PRAGMA {pragma}"):
        told = refusal(sandbox, tenant, call)
        assert told.problem in ("only_select", "one_statement", "sql"), told
        assert CANARY not in str(told)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT string_agg(value, ' ') FROM duckdb_settings()",
        "SELECT current_setting('secret_directory')",
        "SELECT current_setting('extension_directory')",
        "SELECT string_agg(install_path, ' ') FROM duckdb_extensions()",
        "SELECT string_agg(sql, ' ') FROM duckdb_tables()",
        "SELECT string_agg(path, ' ') FROM duckdb_databases()",
        "SELECT string_agg(path, ' ') FROM duckdb_temporary_files()",
        "SELECT string_agg(message, ' ') FROM duckdb_logs()",
        "FROM duckdb_prepared_statements()",
        "FROM duckdb_variables()",
        "FROM '~/x.csv'",
        "FROM 'x.csv'",
    ],
)
def test_neither_an_answer_nor_a_refusal_tells_where_we_live(sandbox: Sandbox, tenant: Tenant, sql: str) -> None:
    told = str(sandbox.run(tenant, sql))
    for place in (tempfile.gettempdir(), str(Path(duckdb.__file__).parent), os.getcwd()):
        assert place not in told


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1\u2028; SELECT 2",
        "SELECT 1;\u00a0SELECT 2",
        "SELECT 1 /* ; */; SELECT 2",
        "SELECT ';' || $$;$$; SELECT 2",
        "SELECT 1 --\r; SELECT 2\n; SELECT 3",
        "\ufeffSELECT 1; SELECT 2",
        "PRAGMA copy_database('a', 'b')",
        "COPY FROM DATABASE a TO b",
    ],
)
def test_a_second_statement_is_found_behind_whatever_hides_it(sandbox: Sandbox, tenant: Tenant, sql: str) -> None:
    assert refusal(sandbox, tenant, sql).problem == "one_statement"


@pytest.mark.parametrize(
    "sql",
    ["SELECT 1 -- ; ATTACH 'x'", "SELECT $a$; ATTACH 'x' $a$", "SELECT 1;;", "/* ; */ SELECT ';' /* /* ; */ ; */"],
)
def test_a_semicolon_in_a_text_or_a_comment_is_no_second_statement(sandbox: Sandbox, tenant: Tenant, sql: str) -> None:
    assert len(answer(sandbox, tenant, sql).rows) == 1


MORE_THAN_A_QUESTION = [
    "SET VARIABLE x = 1",
    "MERGE INTO usage USING usage AS u ON true WHEN MATCHED THEN DELETE",
    "COMMENT ON TABLE usage IS 'x'",
    "ALTER TABLE usage RENAME TO x",
    "CREATE TEMP VIEW v AS SELECT 1",
    "CREATE TYPE x AS ENUM ('a')",
    "CALL pragma_version()",
    "UPDATE EXTENSIONS",
    "COPY (SELECT 1) TO '/dev/stdout'",
    "SELECT * INTO x FROM usage",
    "EXPLAIN ANALYZE SET threads = 4",
    "EXPLAIN/**/ANALYZE/**/COPY usage TO '/dev/stdout'",
    "EXPLAIN ANALYZE EXPLAIN SELECT 1",
    "SELECT $1",
    "FROM query_table('(FROM usage)')",
    "FROM query_table('usage; DROP TABLE usage')",
    "SELECT cast_to_type(4919, make_type('POINTER'))",
    'SELECT from_json(\'{"a": 1}\', \'{"a": "POINTER"}\')',
    "SELECT finalize('abc'::BLOB)",
    "SELECT variant_bytes_to_variant('\\x01\\x00\\xFF\\xFF\\xFF\\xFF'::BLOB)",
    "SELECT now() AT TIME ZONE '../../etc/passwd'",
]


@pytest.mark.parametrize("sql", some_now(MORE_THAN_A_QUESTION, 4))
def test_what_is_more_than_a_question_is_refused(sandbox: Sandbox, tenant: Tenant, sql: str) -> None:
    assert refusal(sandbox, tenant, sql).problem in ("only_select", "sql")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sleep_ms(1000000)",
        "FROM repeat_row('x', num_rows = 100000000000)",
        "WITH RECURSIVE t(x) USING KEY (x) AS (SELECT 1 UNION SELECT x + 1 FROM t) SELECT count(*) FROM t",
        "SELECT repeat('9', 300000)::BIGNUM::VARCHAR",
        "SELECT t, t, t, t FROM (SELECT repeat('x', 400000)::VARIANT AS t FROM range(100000))",
        "SELECT map_from_entries([(i, repeat('x', 1000)) FOR i IN range(1000000)])",
        "SELECT list_reduce(range(1000000), lambda a, b: a + b) FROM range(1000000)",
    ],
    ids=lambda sql: sql[:40],
)
@pytest.mark.prove
def test_newer_ways_to_take_too_much_are_answers_too(tenant: Tenant, sql: str) -> None:
    told = Sandbox(Limits(seconds=0.5)).run(tenant, sql)
    assert isinstance(told, Answer) or told.problem in ("time", "memory", "crashed", "sql", "value")
