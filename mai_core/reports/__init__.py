"""Reading: sealed days from Parquet, open days from the ledger, united as one relation, `usage`.

    reporting = Reporting.of_ledger_file(settings)     # the pages' process, where apsw is never loaded
    reporting = Reporting.of_store(store, settings)    # api, jobs, command line, tests
    viewer = Viewer("manager", "mai_client_63a4eb6d")  # operator and accountant: Viewer("operator")

    reporting.rows("by_day", viewer, start, end)                      # list of dicts, amounts are int
    reporting.ask("by_model", viewer, start, end, client="...")       # pyarrow.Table
    reporting.ask("by_day", viewer, start, end, models=("openai/gpt-4o",), people=("acme_user_1",))

    page = reporting.open(viewer, start, end, client)  # one snapshot of the ledger for a whole page
    page.rows("totals"), page.rows("by_person"), page.freshness

`start` and `end` are `datetime.date`, both inclusive, in usage days. `client=None` means all clients that the viewer
may see. Filters (`models`, `people`, `departments`, `providers`) are tuples; empty means all. Further parameters of a
question go as keywords; `reporting.questions(viewer)` lists the questions with their columns and parameters.

Amounts are exact: `charged_usd` x 10^12 is the column `charged_pusd`, `charged_pln` x 10^12 is `charged_ppln`
(decimal128(38, 0) in Arrow, `int` in `rows`). `charged_ppln` is NULL when no exchange rate is known at all.
`provisional` is true when some of the amount stands at a rate that is not final; `rate_table` names the table.
Operators also get `raw_pusd` and `margin_pusd`; for every other role these columns do not exist.

Measures of every question by something: requests, input_tokens, output_tokens, cached_tokens, reasoning_tokens,
total_tokens, charged_pusd, charged_ppln, provisional. Keys:

    totals      people, models, days_active, first_day, last_day, and every measure as previous_* too
    by_day      day, weekday (1 = Monday), people, rate_table;  by_week, by_month, by_quarter: period (its first day)
    by_person   person (external user), user_id, user_name (NULL: nobody named), department, days_active, last_day
    by_external_user  person, last_day: whoever has two ids has two rows here and one in by_person
    by_model    model, provider_count, people, days_active;  by_provider, by_department, by_client: the same

A question reads `usage`, every row, or `usage_people` or `usage_models`, the same without model or person: for sealed
days these are sums beside the rows, a tenth of them. `generations` and `hours` come from the ledger or the lake alike.

For jobs: `sealing.seal(installation, client, days)` (closed, validated days; those without a fixed rate stay open and
are told), `sealing.unsealed_days(db, client, through)`, `sealing.compact(installation, client, year)`, then once a run
`upkeep.publish(installation)`: the manifest, and replaced files deleted after 15 minutes.

From any figure down to its generations: `explain.explain(page)`; downloads: `exports.export(...)`; lists in grosze that
add up to the total: `lines.with_grosze(rows)`; usage at another model's price: `what_if.at_prices(rows, prices)`.

A viewer of one client who asks for another gets `NotFound`, as if it did not exist.
"""

from mai_core.reports.reporting import Page, Reporting
from mai_core.reports.viewer import Viewer

__all__ = ["Page", "Reporting", "Viewer"]
