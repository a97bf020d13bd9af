"""What must not get through: every query here is one that a curious or hostile analyst may try."""

from __future__ import annotations

import os
import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mai_core.sandbox.runner import Answer, Busy, Limits, Sandbox
from tests.sandbox.conftest import Tenant, answer, refusal

CANARY = "canary-7f3a"

REACHING_FOR_FILES = [
    "FROM read_text('{file}')",
    "FROM read_blob('{file}')",
    "FROM read_csv('{file}')",
    "FROM sniff_csv('{file}')",
    "FROM read_json('{file}')",
    "FROM read_parquet('{parquet}')",
    "FROM parquet_metadata('{parquet}')",
    "FROM parquet_schema('{parquet}')",
    "FROM '{file}'",
    "FROM '{parquet}'",
    "FROM glob('{folder}/*')",
    "FROM read_text('/proc/self/environ')",
    "FROM read_text('/proc/self/maps')",
    "FROM read_text('/dev/stdin')",
    "FROM read_csv('/etc/passwd')",
    "SELECT * FROM query('FROM read_text(''{file}'')')",
    "SELECT * FROM query_table('{file}')",
    "FROM sqlite_scan('{file}', 't')",
    "FROM duckdb_secrets()",
    "FROM 'http://127.0.0.1:1/x.parquet'",
    "FROM read_parquet('s3://bucket/x.parquet')",
    "FROM read_json_objects('{file}')",
    "FROM read_ndjson('{file}')",
    "FROM arrow_scan(1, 2, 3)",
    "FROM pandas_scan(1)",
    "SELECT getenv('HOME')",
    "FROM settings",
    "FROM sandbox",
    "FROM connection",
    "FROM request",
    "SELECT * FROM python_map_function(usage)",
    "FROM read_duckdb('{file}')",
    "FROM load_aws_credentials()",
    "FROM st_read('{file}')",
    "FROM read_xlsx('{file}')",
    "FROM postgres_scan('host=127.0.0.1', 'public', 't')",
    "FROM mysql_scan('host=127.0.0.1', 'x', 't')",
    "FROM iceberg_scan('{folder}')",
    "FROM delta_scan('{folder}')",
    "FROM parquet_file_metadata('{parquet}')",
    "FROM parquet_kv_metadata('{parquet}')",
    "FROM parquet_bloom_probe('{parquet}', 'model', 'x')",
    "FROM read_json_objects_auto('{file}')",
    "FROM read_ndjson_objects('{file}')",
    "FROM read_blob(['{file}', '{file}'])",
    "WITH x AS MATERIALIZED (FROM '{file}') FROM x",
    "SELECT (SELECT content FROM read_text('{file}'))",
    "FROM 'file://{file}'",
    "PIVOT usage ON (SELECT content FROM read_text('{file}'))",
    "FROM query_table(['{file}'])",
    "FROM query_table('(FROM read_text(''{file}''))')",
    "FROM read_csv('http://169.254.169.254/latest/meta-data')",
    "FROM which_secret('s3://x', 's3')",
]

POINTER = """{"error":false,"statements":[{"node":{"type":"SELECT_NODE","modifiers":[],"cte_map":{"map":[]},
"select_list":[{"class":"STAR","type":"STAR","alias":"","query_location":0,"relation_name":"","exclude_list":[],
"replace_list":[],"columns":false}],"from_table":{"type":"TABLE_FUNCTION","alias":"","sample":null,
"function":{"class":"FUNCTION","type":"FUNCTION","alias":"","query_location":0,"function_name":"pandas_scan",
"schema":"","children":[{"class":"CONSTANT","type":"VALUE_CONSTANT","alias":"","query_location":0,
"value":{"type":{"id":"POINTER","type_info":null},"is_null":false,"value":4919}}],"filter":null,
"order_bys":{"type":"ORDER_MODIFIER","orders":[]},"distinct":false,"is_operator":false,"export_state":false,
"catalog":""},"column_name_alias":[]},"where_clause":null,"group_expressions":[],"group_sets":[],
"aggregate_handling":"STANDARD_HANDLING","having":null,"sample":null,"qualify":null},"named_param_map":[]}]}"""

FOLLOWING_POINTERS = [
    f"FROM json_execute_serialized_sql('{POINTER}')",
    f"""FROM system.main."JSON_execute_serialized_sql"('{POINTER}')""",
    f"PRAGMA json_execute_serialized_sql('{POINTER}')",
    f"EXPLAIN FROM json_execute_serialized_sql('{POINTER}')",
    f"-- a\n/* b */ EXPLAIN ANALYZE SELECT * FROM usage, (FROM json_execute_serialized_sql('{POINTER}'))",
    f"DESCRIBE FROM json_execute_serialized_sql('{POINTER}')",
    "FROM query('FROM json_' || 'execute_serialized_sql(''x'')')",
    "FROM pandas_scan(NULL)",
    "SELECT hex(x::BLOB) FROM (SELECT first(repeat('x', 40)) EXPORT_STATE AS x)",
    "EXPLAIN ANALYZE SELECT sum(requests) export_state FROM usage",
    "FROM arrow_scan(NULL, NULL, NULL)",
]

CHANGING_SOMETHING = [
    "CREATE TABLE x AS SELECT 1",
    "CREATE MACRO f() AS 1",
    "DROP TABLE usage",
    "DELETE FROM usage",
    "INSERT INTO usage SELECT * FROM usage",
    "UPDATE usage SET requests = 0",
    "COPY usage TO '{made}'",
    "COPY usage FROM '{file}'",
    "EXPORT DATABASE '{made}'",
    "IMPORT DATABASE '{folder}'",
    "ATTACH '{made}'",
    "ATTACH '{made}' (TYPE sqlite)",
    "ATTACH ':memory:' AS other",
    "DETACH memory",
    "USE memory",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{file}'",
    "FORCE INSTALL sqlite FROM community",
    "SET lock_configuration = false",
    "SET enable_external_access = true",
    "SET memory_limit = '100GB'",
    "SET threads = 64",
    "SET GLOBAL temp_directory = '{folder}'",
    "SET secret_directory = '{folder}'",
    "SET profiling_output = '{made}'",
    "RESET memory_limit",
    "PRAGMA enable_profiling",
    "CALL enable_logging(storage = 'file', storage_path = '{made}')",
    "CREATE SECRET s (TYPE s3, KEY_ID 'x', SECRET 'y')",
    "CHECKPOINT",
    "VACUUM",
    "BEGIN",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "SELECT 1; ATTACH '{made}'",
    "SELECT 1; SELECT 2",
    "",
    ";",
    "-- nothing",
]

MADE_BY_A_SELECT = [
    "SELECT * FROM enable_logging(storage = 'file', storage_path = '{made}')",
    "SELECT * FROM enable_logging(storage = 'file', storage_path = '{folder}/')",
    "EXPLAIN ANALYZE COPY usage TO '{made}'",
    "EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1",
    "EXPLAIN (ANALYZE, FORMAT json) COPY usage TO '{made}'",
    "EXPLAIN ANALYZE EXPLAIN ANALYZE COPY usage TO '{made}'",
    "/* /* */ EXPLAIN ANALYZE COPY usage TO '{made}' --*/ */",
    "WITH x AS (COPY usage TO '{made}') FROM x",
    "WITH x AS (DELETE FROM usage RETURNING *) FROM x",
    "SELECT * FROM enable_profiling(save_location = '{made}')",
    "SELECT * FROM checkpoint()",
    "SELECT * FROM force_checkpoint()",
    "SELECT write_log('x', level := 'fatal')",
]

TOO_MUCH = [
    "SELECT repeat('x', 3000000000)",
    "SELECT len(range(500000000))",
    "SELECT count(*) FROM range(10000000000) a, range(1000) b",
    "WITH RECURSIVE t AS (SELECT 1 x UNION ALL SELECT x + 1 FROM t) SELECT count(*) FROM t",
    "SELECT list(x) FROM range(200000000) t(x)",
    "SELECT string_agg(x::VARCHAR, '') FROM range(200000000) t(x)",
    "SELECT count(DISTINCT x) FROM range(300000000) t(x)",
    "SELECT x FROM range(400000000) t(x) ORDER BY hash(x)",
    "SELECT pg_sleep(100)",
    "SELECT list_transform(range(10000000), x -> repeat('y', 1000))",
    "SELECT regexp_matches(repeat('a', 100000), '(a*)*b') FROM range(100000)",
    "SELECT lpad('x', 2000000000, 'y')",
    "SELECT array_to_string(list_resize([1], 1000000000), ',')",
    "SELECT " + "(" * 5000 + "1" + ")" * 5000,
    "SELECT json_extract('" + "[" * 90000 + "', '$')",
    "SELECT * FROM test_all_types()",
    "PIVOT (FROM range(100000) t(x)) ON x USING sum(x)",
    "SELECT * FROM " + ", ".join(f"range(100000) r{number}" for number in range(40)),
]


def some_now(queries: list[str], often: int) -> list[object]:
    """Every query is a process: `make test` tries some of them, `make prove` the others."""
    return [
        query if number % often == 0 else pytest.param(query, marks=pytest.mark.prove)
        for number, query in enumerate(queries)
    ]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory, tenant: Tenant) -> dict[str, str]:
    """A secret file beside the tenant, in a folder that everybody may read and write."""
    folder = tmp_path_factory.mktemp("outside")
    for above in [folder, *folder.parents]:
        if above.owner() == Path(folder).owner() and str(above).startswith("/tmp/"):
            above.chmod(0o777)
    (folder / "secret.txt").write_text(CANARY)
    return {
        "folder": str(folder),
        "file": str(folder / "secret.txt"),
        "parquet": tenant[0].file,
        "made": str(folder / "made"),
    }


def filled(query: str, places: dict[str, str]) -> str:
    for name, value in places.items():
        query = query.replace(f"{{{name}}}", value)
    return query


@pytest.mark.parametrize("sql", FOLLOWING_POINTERS)
def test_no_query_makes_the_process_follow_a_pointer(sandbox: Sandbox, tenant: Tenant, sql: str) -> None:
    told = refusal(sandbox, tenant, sql)
    assert told.problem in ("only_select", "sql"), told


@pytest.mark.parametrize(
    "sql",
    [
        "EXPLAIN SELECT * FROM usage",
        "-- why\nEXPLAIN ANALYZE\nSELECT 'FROM query(1)' AS query",
        "explain (analyze, format json) FROM usage",
        "SUMMARIZE usage",
        "FROM (DESCRIBE usage) SELECT column_name",
        "PIVOT usage ON model IN ('x') USING sum(requests)",
    ],
)
def test_what_only_reads_is_run(sandbox: Sandbox, tenant: Tenant, sql: str) -> None:
    assert answer(sandbox, tenant, sql).rows


@pytest.mark.parametrize("query", some_now(REACHING_FOR_FILES, 3))
def test_nothing_outside_the_cell_is_read(sandbox: Sandbox, tenant: Tenant, places: dict[str, str], query: str) -> None:
    told = refusal(sandbox, tenant, filled(query, places))
    assert CANARY not in str(told)


@pytest.mark.parametrize("query", some_now(CHANGING_SOMETHING, 3))
def test_only_one_select_is_accepted(sandbox: Sandbox, tenant: Tenant, places: dict[str, str], query: str) -> None:
    told = refusal(sandbox, tenant, filled(query, places))
    assert told.problem in ("only_select", "one_statement", "sql")
    assert not os.path.exists(places["made"])


@pytest.mark.parametrize("query", MADE_BY_A_SELECT)
def test_a_select_with_side_effects_makes_no_file(
    sandbox: Sandbox, tenant: Tenant, places: dict[str, str], query: str
) -> None:
    told = sandbox.run(tenant, filled(query, places))
    assert sorted(os.listdir(places["folder"])) == ["secret.txt"], told
    assert answer(sandbox, tenant, "SELECT sum(requests) FROM usage").rows == [[7]]


@pytest.mark.parametrize("query", some_now(TOO_MUCH, 3), ids=lambda query: query[:40])
def test_too_much_is_an_answer_and_the_host_does_not_grow(tenant: Tenant, query: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = Sandbox(Limits(seconds=0.3)).run(tenant, query)
    assert isinstance(told, Answer) or told.problem in ("time", "memory", "crashed", "sql", "one_statement")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


def test_a_cell_sees_no_environment_and_no_path_of_the_host(
    sandbox: Sandbox, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAI_OPERATOR_TOKEN", CANARY)
    told = answer(sandbox, tenant, "SELECT string_agg(value, ' ') FROM duckdb_settings()")
    databases = answer(sandbox, tenant, "SELECT path FROM duckdb_databases()")
    remembered = answer(sandbox, tenant, "SELECT path FROM duckdb_external_file_cache()")
    assert CANARY not in str(told.rows)
    assert os.path.dirname(tenant[0].file) not in str(told.rows) + str(databases.rows) + str(remembered.rows)


def test_one_query_leaves_nothing_to_the_next(sandbox: Sandbox, tenant: Tenant) -> None:
    sandbox.run(tenant, "SELECT * FROM enable_logging(storage = 'memory')")
    assert answer(sandbox, tenant, "SELECT count(*) FROM duckdb_logs()").rows == [[0]]


def test_fifty_at_once_are_answered_or_told_to_wait(tenant: Tenant) -> None:
    few = Sandbox(Limits(seconds=2.0), cells=2, patience_s=0.2)

    def ask(_: int) -> str:
        try:
            return type(few.run(tenant, "SELECT sum(requests) FROM usage")).__name__
        except Busy:
            return "Busy"

    with ThreadPoolExecutor(50) as pool:
        told = list(pool.map(ask, range(50)))
    assert set(told) <= {"Answer", "Busy"}
    assert told.count("Answer") >= 2
    assert answer(few, tenant, "SELECT 1").rows == [[1]]
