"""The overview."""

from __future__ import annotations

from mai_core.language.catalogue.texts import Messages

MESSAGES: Messages = {
    "overview.spent": ("Wydano", "Spent"),
    "overview.spent.provisional": ("wstępnie, kurs {table}", "provisional, rate {table}"),
    "overview.limit": ("Wykorzystanie limitu", "Share of the limit"),
    "overview.limit.of": ("z {limit} miesięcznie", "of {limit} a month"),
    "overview.limit.none": ("limit nie jest ustawiony", "no limit is set"),
    "overview.limit.reached": ("limit będzie osiągnięty {day}", "the limit will be reached on {day}"),
    "overview.limit.over": ("limit przekroczony", "the limit is exceeded"),
    "overview.limit.safe": ("wystarczy do końca miesiąca", "lasts until the end of the month"),
    "overview.limit.nearest": ("Najbliżej limitu", "Nearest to its limit"),
    "overview.models.rest": (
        {"one": "{n} pozostały model", "few": "{n} pozostałe modele", "many": "{n} pozostałych modeli"},
        {"one": "{n} other model", "other": "{n} other models"},
    ),
    "overview.people.rest": (
        {"one": "{n} pozostała osoba", "few": "{n} pozostałe osoby", "many": "{n} pozostałych osób"},
        {"one": "{n} other person", "other": "{n} other people"},
    ),
    "overview.landing": ("Na koniec miesiąca", "By the end of the month"),
    "overview.landing.band": ("od {low} do {high}", "from {low} to {high}"),
    "overview.landing.short": ("za mało dni, by podać przedział", "too few days for a range"),
    "overview.change": ("Zmiana", "Change"),
    "overview.change.was": ("{span}: {amount}", "{span}: {amount}"),
    "overview.requests": ("Zapytania", "Requests"),
    "overview.tokens": ("Tokeny", "Tokens"),
    "overview.people": ("Aktywne osoby", "Active people"),
    "overview.per_request": ("Średnio za zapytanie", "Average per request"),
    "overview.before": ("poprzednio {value}", "before: {value}"),
    "overview.fresh.last": ("Ostatnie zdarzenie {ago}", "Last event {ago}"),
    "overview.fresh.never": ("Brak zdarzeń w tym okresie", "No event in this period"),
    "overview.fresh.sealed": ("Dni zamknięte do {day}", "Days sealed through {day}"),
    "overview.by_model": ("Koszt dzienny według modelu", "Cost per day by model"),
    "overview.models": ("Modele", "Models"),
    "overview.movers": ("Największe zmiany", "Top movers"),
    "overview.movers.none": ("Nic się wyraźnie nie zmieniło.", "Nothing changed noticeably."),
    "overview.people_top": ("Najwięcej wydali", "Top people"),
    "overview.all_people": ("Wszyscy użytkownicy", "All users"),
    "overview.all_models": ("Wszystkie modele", "All models"),
    "overview.clients": ("Klienci", "Clients"),
    "overview.proof.operator": (
        "Uzgodniono z OpenRouter do {day}: naliczone {billed}, zapisane {recorded}, różnica {difference}, "
        "odzyskane {recovered}.",
        "Reconciled with OpenRouter through {day}: billed {billed}, recorded {recorded}, difference {difference}, "
        "recovered {recovered}.",
    ),
    "overview.proof.manager": ("Sprawdzone z dostawcą do {day}.", "Verified against the provider through {day}."),
    "overview.unpriced": (
        {
            "one": "{n} zapytanie czeka na cenę modelu i liczy się na razie jako 0.",
            "few": "{n} zapytania czekają na cenę modelu i liczą się na razie jako 0.",
            "many": "{n} zapytań czeka na cenę modelu i liczy się na razie jako 0.",
        },
        {
            "one": "{n} request is waiting for its model's price and counts as 0 for now.",
            "other": "{n} requests are waiting for their model's price and count as 0 for now.",
        },
    ),
    "overview.last_month_tap": ("Zobacz poprzedni miesiąc", "See last month"),
}
