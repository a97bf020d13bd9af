"""Forecast, explanation of an amount, SQL."""

from __future__ import annotations

from mai_core.language.catalogue.texts import Messages

MESSAGES: Messages = {
    "forecast.landing": ("Na koniec miesiąca", "End of the month"),
    "forecast.pace": ("Tempo", "Pace"),
    "forecast.pace.on": ("wydano {spent}, minęło {time} miesiąca", "{spent} spent, {time} of the month gone"),
    "forecast.pace.none": ("limit nie jest ustawiony", "no limit is set"),
    "forecast.limit_day": ("Osiągnięcie limitu", "Limit reached"),
    "forecast.limit_day.never": ("nie w tym miesiącu", "not this month"),
    "forecast.error": ("Średni błąd dnia", "Mean error of a day"),
    "forecast.error.why": (
        "sprawdzony na ostatnich {n} dniach",
        "checked on the last {n} days",
    ),
    "forecast.error.none": ("za mało historii", "too little history"),
    "forecast.chart": ("Dzień po dniu", "Day by day"),
    "forecast.horizon": ("Horyzont", "Horizon"),
    "forecast.horizon.month": ("Do końca miesiąca", "Rest of the month"),
    "forecast.horizon.90": ("90 dni", "90 days"),
    "forecast.was": ("było", "was"),
    "forecast.expected": ("oczekiwane", "expected"),
    "forecast.band": ("przedział", "range"),
    "forecast.sum": ("Razem w tym okresie: {amount}", "Together in this time: {amount}"),
    "forecast.method.seasonal": (
        "Metoda: wzorzec dni tygodnia i wygasający trend. Przedział pochodzi z cofania się w czasie: ta sama metoda "
        "liczona z przeszłych dni pomyliła się w 8 przypadkach na 10 o mniej.",
        "Method: weekday pattern and a damped trend. The range comes from going back in time: the same method run "
        "from past days was off by less in 8 cases of 10.",
    ),
    "forecast.method.mean": (
        "Historia ma mniej niż 14 dni, więc prognoza jest zwykłą średnią.",
        "There are fewer than 14 days of history, so the forecast is a plain average.",
    ),
    "forecast.method.none": ("Za mało dni, by prognozować.", "Too few days to forecast."),
    "forecast.low": ("Od", "From"),
    "forecast.high": ("Do", "To"),
    "explain.title": ("Skąd ta kwota", "Where this amount comes from"),
    "explain.sentence": (
        {
            "one": "{amount} to {n} zapytanie {scope}z okresu {span}: {usd} przeliczone kursem NBP.",
            "few": "{amount} to {n} zapytania {scope}z okresu {span}: razem {usd}, "
            "przeliczone dzień po dniu kursem NBP.",
            "many": "{amount} to {n} zapytań {scope}z okresu {span}: razem {usd}, "
            "przeliczone dzień po dniu kursem NBP.",
        },
        {
            "one": "{amount} is {n} request {scope}from {span}: {usd} converted at the NBP rate.",
            "other": "{amount} is {n} requests {scope}from {span}: {usd} in all, converted day by day at the NBP rate.",
        },
    ),
    "explain.scope.model": ("do modelu {name} ", "to {name} "),
    "explain.scope.person": ("osoby {name} ", "by {name} "),
    "explain.scope.department": ("z działu {name} ", "of department {name} "),
    "explain.scope.provider": ("przez {name} ", "through {name} "),
    "explain.nothing": ("W tym zakresie nie ma żadnych zapytań.", "There are no requests in this range."),
    "explain.days": ("Dzień po dniu", "Day by day"),
    "explain.models": ("Według modelu", "By model"),
    "explain.people": ("Według osoby", "By person"),
    "explain.generations": ("Zapytania", "Requests"),
    "explain.generation": ("Identyfikator", "Identifier"),
    "explain.generations.day": (
        "Wybierz dzień, aby zobaczyć pojedyncze zapytania.",
        "Choose a day to see single requests.",
    ),
    "explain.generations.gone": (
        "Pojedyncze zapytania z tych dni są w archiwum; sumy dzienne pozostają niezmienione.",
        "The single requests of these days are in the archive; the daily totals stay as they are.",
    ),
    "explain.generations.more": ("Pokazano pierwsze {shown} z {n}.", "The first {shown} of {n} are shown."),
    "explain.exact": ("Dokładnie", "Exactly"),
    "explain.sum_holds": (
        "Suma części równa się całości co do ostatniego miejsca.",
        "The parts add up to the whole to the last digit.",
    ),
    "explain.sum_broken": (
        "Suma części różni się od całości o {amount}.",
        "The parts differ from the whole by {amount}.",
    ),
    "explain.time": ("Godzina", "Time"),
    "explain.costs": ("Koszt własny i marża", "Own cost and margin"),
    "explain.raw": ("Koszt u dostawcy", "Provider's cost"),
    "explain.permanent": ("Stały adres tej strony", "Permanent link to this page"),
    "explain.bad_link": ("Ten link jest niepełny: brakuje w nim dni.", "This link is incomplete: it names no days."),
    "sql.title": ("SQL", "SQL"),
    "sql.hint": (
        "Jedno zapytanie SELECT w dialekcie DuckDB. Dane tylko Twojej organizacji.",
        "One SELECT in DuckDB's dialect. Your organisation's data only.",
    ),
    "sql.editor": ("Zapytanie", "Query"),
    "sql.run": ("Uruchom", "Run"),
    "sql.cancel": ("Przerwij", "Cancel"),
    "sql.running": ("Zapytanie działa od {seconds} s.", "The query has been running for {seconds} s."),
    "sql.cancelled": ("Przerwano.", "Cancelled."),
    "sql.schema": ("Tabele i kolumny", "Tables and columns"),
    "sql.saved": ("Zapisane zapytania", "Saved queries"),
    "sql.saved.none": ("Nie ma jeszcze zapisanych zapytań.", "No saved queries yet."),
    "sql.save_as": ("Zapisz jako", "Save as"),
    "sql.history": ("Historia", "History"),
    "sql.history.none": ("Tu pojawią się uruchomione zapytania.", "Queries you run will appear here."),
    "sql.load": ("Wczytaj", "Load"),
    "sql.delete": ("Usuń", "Delete"),
    "sql.result": (
        {
            "one": "{n} wiersz w {ms} ms", "few": "{n} wiersze w {ms} ms", "many": "{n} wierszy w {ms} ms",
        },
        {"one": "{n} row in {ms} ms", "other": "{n} rows in {ms} ms"},
    ),
    "sql.truncated": (
        "Wynik jest obcięty: limit to {rows} wierszy.",
        "The result is cut off: the limit is {rows} rows.",
    ),
    "sql.error.at": ("Wiersz {line}, kolumna {column}: {problem}", "Line {line}, column {column}: {problem}"),
    "sql.limits": (
        "Limity: {seconds} s, {rows} wierszy, {memory} pamięci.",
        "Limits: {seconds} s, {rows} rows, {memory} of memory.",
    ),
    "sql.chart": ("Wykres", "Chart"),
    "sql.grid": ("Tabela", "Table"),
    "sql.chart.needs": ("Wykres potrzebuje kolumny z liczbami.", "A chart needs a column with numbers."),
    "sql.empty": ("Wynik jest pusty.", "The result is empty."),
}  # fmt: skip
