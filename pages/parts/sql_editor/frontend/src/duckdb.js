// DuckDB's dialect as far as one SELECT needs it. tests/pages/test_sql_editor.py holds every word against DuckDB itself.
import { SQLDialect } from "@codemirror/lang-sql"

export const KEYWORDS =
  "all and anti any array as asc asof between both by case cast collate columns cross cube current desc describe " +
  "distinct else end escape except exclude exists explain false fetch filter first following for from full glob group " +
  "grouping having ilike in inner intersect interval is isnull join lambda last lateral left like limit map materialized " +
  "natural not notnull nulls offset on only or order outer over overlaps partition percent pivot positional preceding " +
  "qualify range recursive replace respect ignore right rollup row rows sample select semi sets similar some struct " +
  "summarize symmetric table tablesample then ties to true try_cast unbounded union unpivot using values when where " +
  "window with within"

export const TYPES =
  "bigint bit blob boolean date decimal double float hugeint integer interval json real smallint time timestamp " +
  "timestamptz tinyint ubigint uhugeint uinteger usmallint utinyint uuid varchar"

export const FUNCTIONS =
  "abs any_value approx_count_distinct arg_max arg_min array_agg avg bool_and bool_or ceil coalesce concat " +
  "contains corr count count_if cume_dist date_diff date_part date_trunc dayname dayofweek dense_rank ends_with epoch " +
  "first_value floor format generate_series greatest histogram isodow lag last_day last_value lead least length list " +
  "list_aggregate list_contains list_distinct list_sort lower ltrim max median min mode month monthname nth_value ntile " +
  "nullif percent_rank quantile_cont quantile_disc quarter range rank regexp_extract regexp_matches regexp_replace " +
  "regr_slope repeat replace round row_number rtrim split_part starts_with stddev_samp strftime string_agg strlen " +
  "strptime substring sum trim unnest upper var_samp week weekofyear year"

export const DuckDB = SQLDialect.define({
  keywords: KEYWORDS,
  types: TYPES,
  builtin: FUNCTIONS,
  doubleDollarQuotedStrings: true,
  operatorChars: "*+-%<>!=&|^~/",
  identifierQuotes: '"',
  caseInsensitiveIdentifiers: true,
})
