"""What an analyst gets back: exact values, stated limits, errors with a place."""

from __future__ import annotations

import threading

import pytest

from mai_core.sandbox.runner import Answer, Busy, Limits, Query, Refusal, Sandbox, refusal_of
from tests.sandbox.conftest import Tenant, answer, refusal


def test_the_tenants_rows_come_back(sandbox: Sandbox, tenant: Tenant) -> None:
    told = answer(sandbox, tenant, "SELECT day, requests FROM usage ORDER BY day")
    assert told.columns == [{"name": "day", "type": "VARCHAR"}, {"name": "requests", "type": "BIGINT"}]
    assert told.rows == [["2026-10-14", 3], ["2026-10-15", 4]]
    assert told.truncated is None


def test_values_stay_exact(sandbox: Sandbox, tenant: Tenant) -> None:
    told = answer(
        sandbox,
        tenant,
        "SELECT 0.1::DECIMAL(38, 12), 2::HUGEINT ** 1, 9007199254740993, NULL, true, DATE '2026-10-14', [1, 2], 1e400",
    )
    decimal, _, beyond_json, null, yes, day, items, infinite = told.rows[0]
    assert (decimal, beyond_json, null, yes, day) == ("0.100000000000", "9007199254740993", None, True, "2026-10-14")
    assert (items, infinite) == ("[1, 2]", "inf")


def test_small_amounts_are_written_out(sandbox: Sandbox, tenant: Tenant) -> None:
    told = answer(sandbox, tenant, "SELECT 0.00000039::DECIMAL(38, 12), 0::DECIMAL(38, 12)")
    assert told.rows == [["0.000000390000", "0.000000000000"]]


def test_instants_are_shown_in_the_clients_zone(sandbox: Sandbox, tenant: Tenant) -> None:
    told = sandbox.run(tenant, "SELECT TIMESTAMPTZ '2026-07-01 00:00:00+00:00'", timezone="Asia/Kolkata")
    assert isinstance(told, Answer)
    assert told.rows == [["2026-07-01 05:30:00+05:30"]]


def test_the_catalogue_explains_itself(sandbox: Sandbox, tenant: Tenant) -> None:
    told = answer(sandbox, tenant, "SELECT comment FROM duckdb_columns() WHERE table_name = 'usage' AND comment <> ''")
    assert told.rows == [["usage day"]]


def test_a_long_result_is_cut_and_says_so(tenant: Tenant) -> None:
    small = Sandbox(Limits(rows=150, bytes=2000))
    assert answer(small, tenant, "FROM range(151)").truncated == "rows"
    assert answer(small, tenant, "FROM range(150)").truncated is None
    wide = answer(small, tenant, "SELECT repeat('x', 300) FROM range(20)")
    assert (len(wide.rows), wide.truncated) == (6, "bytes")


def test_a_syntax_error_has_a_line_and_a_column(sandbox: Sandbox, tenant: Tenant) -> None:
    told = refusal(sandbox, tenant, "SELECT day\nFRM usage")
    assert told.problem == "sql"
    assert (told.line, told.column) == (2, 5)
    assert told.message == 'Parser Error: syntax error at or near "usage"'


def test_an_answer_of_empty_texts_ends_at_the_bytes_that_are_allowed_too(tenant: Tenant) -> None:
    columns = ", ".join(["''"] * 100)
    told = answer(Sandbox(Limits(bytes=100_000)), tenant, f"SELECT {columns} FROM range(1000)")
    assert told.truncated == "bytes"


def test_columns_count_toward_the_bytes_of_an_answer(tenant: Tenant) -> None:
    columns = ", ".join(["x"] * 50)
    values = ", ".join(f"'{number:09}'" for number in range(200))
    told = refusal(Sandbox(Limits(bytes=100_000)), tenant, f"SELECT {columns} FROM (SELECT NULL::ENUM({values}) AS x)")
    assert told.problem == "memory"


def test_a_misspelt_column_gets_a_suggestion(sandbox: Sandbox, tenant: Tenant) -> None:
    told = refusal(sandbox, tenant, "SELECT requets FROM usage")
    assert (told.line, told.column) == (1, 8)
    assert told.hint == 'Candidate bindings: "requests"'


@pytest.mark.parametrize(
    ("sql", "line", "column"),
    [
        (f"SELECT {'model, ' * 40}nope FROM usage", 1, 288),
        ("SELECT 'zażółć 🐈', nope FROM usage", 1, 20),
        ("SELECT 1,\n\t\tnope FROM usage", 2, 3),
        ("SELECT 1\r\n, nope FROM usage", 2, 3),
        ("SELECT day FROM usage WHERE", 1, 28),
        ("/* why */ EXPLAIN  (FORMAT json)  SELECT nope FROM usage", 1, 42),
        ("\nEXPLAIN ANALYZE SELECT nope FROM usage", 2, 24),
    ],
)
def test_an_error_is_placed_in_characters_of_what_was_written(
    sql: str, line: int, column: int, sandbox: Sandbox, tenant: Tenant
) -> None:
    told = refusal(sandbox, tenant, sql)
    assert (told.line, told.column) == (line, column)


def test_an_error_that_a_query_makes_up_is_told_as_it_is(sandbox: Sandbox, tenant: Tenant) -> None:
    for made_up in ("[1]", '{"exception_message": 1, "position": "x"}', "plain"):
        told = refusal(sandbox, tenant, f"SELECT error('{made_up}') FROM range(3)")
        assert made_up in told.message
        assert told.line is None


def test_an_error_without_a_place_is_told_as_it_is() -> None:
    assert refusal_of("sql", "Invalid Input Error: x") == Refusal("sql", "Invalid Input Error: x")


def test_a_value_without_a_counterpart_is_explained() -> None:
    told = refusal_of("value", "year 200000 is out of range")
    assert told.message == "a value of the result cannot be shown (year 200000 is out of range); cast it to VARCHAR"


def test_years_beyond_the_calendar_are_shown_as_text(sandbox: Sandbox, tenant: Tenant) -> None:
    assert answer(sandbox, tenant, "SELECT DATE '200000-01-01'").rows == [["200000-01-01"]]


def test_a_running_query_can_be_cancelled(tenant: Tenant) -> None:
    query, told = Query(), []
    slow = Sandbox(Limits(seconds=60, cpu_s=60))
    runner = threading.Thread(
        target=lambda: told.append(slow.run(tenant, "SELECT count(*) FROM range(10000000000) a, range(1000)", query))
    )
    runner.start()
    while query._process is None:
        runner.join(0.01)
    query.cancel()
    runner.join()
    assert [refused.problem for refused in told] == ["cancelled"]


def test_a_query_cancelled_before_it_began_does_not_begin(sandbox: Sandbox, tenant: Tenant) -> None:
    query = Query()
    query.cancel()
    told = sandbox.run(tenant, "SELECT 1", query)
    assert isinstance(told, Refusal)
    assert told.problem == "cancelled"


def test_when_all_cells_are_taken_the_next_one_is_told(tenant: Tenant) -> None:
    full = Sandbox(cells=1, patience_s=0)
    with full._free, pytest.raises(Busy, match="try again"):
        full.run(tenant, "SELECT 1")
    assert answer(full, tenant, "SELECT 1").rows == [[1]]


def test_an_endless_text_is_not_even_started(sandbox: Sandbox, tenant: Tenant) -> None:
    assert refusal(sandbox, tenant, "SELECT 1 --" + "x" * 100_000).problem == "too_long"
    assert refusal(sandbox, tenant, "SELECT '\x00'").problem == "too_long"


def test_a_cell_that_does_not_start_is_an_answer(sandbox: Sandbox) -> None:
    from mai_core.sandbox.relations import RelationFile

    told = sandbox.run([RelationFile("usage", "/nonexistent", "", {})], "SELECT 1")
    assert isinstance(told, Refusal)
    assert told.problem == "crashed"


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("""SELECT error('{"position":Infinity,"exception_message":"x"}')""", "Infinity"),
        ("SELECT '\ud800'", "half of a character"),
    ],
)
def test_what_only_looks_like_an_error_of_duckdb_is_a_refusal(
    sandbox: Sandbox, tenant: Tenant, sql: str, said: str
) -> None:
    told = refusal(sandbox, tenant, sql)
    assert (told.problem, told.line, said in told.message) == ("sql", None, True)
