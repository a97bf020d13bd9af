"""Texts that people get by e-mail or webhook: alerts and digests."""

from __future__ import annotations

from mai_core.language.catalogue.texts import Messages

MESSAGES: Messages = {
    "alert.limit": (
        "{client}: wydano {spent} z {limit} w miesiącu {month} (próg {percent}% przekroczony).",
        "{client}: {spent} of {limit} spent in {month} ({percent}% reached).",
    ),
    "alert.forecast": (
        "{client}: przy obecnym tempie {month} zakończy się kwotą {expected}, limit to {limit}.",
        "{client}: at this pace {month} will end at {expected}; the limit is {limit}.",
    ),
    "alert.batch_failed": (
        "Przetwarzanie dobowe za {day} nie powiodło się: {reason}",
        "The daily batch of {day} failed: {reason}",
    ),
    "alert.batch_late": (
        "Przetwarzanie dobowe się spóźnia: najstarszy niezamknięty dzień to {day} (dni: {days}).",
        "The daily batch is late: the oldest day not closed is {day} (days: {days}).",
    ),
    "alert.residual": (
        "Uzgodnienie z OpenRouter, {day} (UTC): różnica {amount} bez wyjaśnienia.",
        "Reconciliation with OpenRouter, {day} (UTC): {amount} unexplained.",
    ),
    "alert.quarantine.lately": (
        {
            "one": "{n} zdarzenie czeka w kwarantannie od mniej niż godziny.",
            "few": "{n} zdarzenia czekają w kwarantannie od mniej niż godziny.",
            "many": "{n} zdarzeń czeka w kwarantannie od mniej niż godziny.",
        },
        {
            "one": "{n} event has waited in quarantine for less than an hour.",
            "other": "{n} events have waited in quarantine for less than an hour.",
        },
    ),
    "alert.quarantine": (
        {
            "one": "{n} zdarzenie czeka w kwarantannie, najstarsze od {hours} godz.",
            "few": "{n} zdarzenia czekają w kwarantannie, najstarsze od {hours} godz.",
            "many": "{n} zdarzeń czeka w kwarantannie, najstarsze od {hours} godz.",
        },
        {
            "one": "{n} event waits in quarantine, the oldest for {hours} h.",
            "other": "{n} events wait in quarantine, the oldest for {hours} h.",
        },
    ),
    "alert.unpriced": (
        {
            "one": "Model {model}: {n} generacja bez znanej ceny, zapisana z kwotą 0.",
            "few": "Model {model}: {n} generacje bez znanej ceny, zapisane z kwotą 0.",
            "many": "Model {model}: {n} generacji bez znanej ceny, zapisanych z kwotą 0.",
        },
        {
            "one": "Model {model}: {n} generation without a known price, stored at 0.",
            "other": "Model {model}: {n} generations without a known price, stored at 0.",
        },
    ),
    "alert.stale_prices": (
        "Cennik OpenRouter nie był odświeżony od {hours} godz. {reason}",
        "OpenRouter's prices were not refreshed for {hours} h. {reason}",
    ),
    "alert.stale_prices.never": (
        "Cennika OpenRouter nie udało się jeszcze pobrać. {reason}",
        "OpenRouter's prices could not be fetched yet. {reason}",
    ),
    "alert.stale_rates.never": (
        "Kursów NBP nie udało się jeszcze pobrać. {reason}",
        "NBP's rates could not be fetched yet. {reason}",
    ),
    "alert.stale_rates": (
        "Kursy NBP nie były odświeżone od {hours} godz. {reason}",
        "NBP's rates were not refreshed for {hours} h. {reason}",
    ),
    "alert.disk": (
        "Mało miejsca na dysku z księgą: {free_mb} MB.",
        "Little room left on the ledger's disk: {free_mb} MB.",
    ),
    "alert.wal": (
        "Dziennik zapisu księgi urósł do {mb} MB: jakiś odczyt trwa za długo.",
        "The ledger's write-ahead log has grown to {mb} MB: something reads for too long.",
    ),
    "alert.mail_subject": (
        {"one": "mAI Usage: {n} alert", "few": "mAI Usage: {n} alerty", "many": "mAI Usage: {n} alertów"},
        {"one": "mAI Usage: {n} alert", "other": "mAI Usage: {n} alerts"},
    ),
    "digest.subject": ("{name}, {period}: {amount}", "{name}, {period}: {amount}"),
    "digest.intro": ("Zużycie: {name}, {period}.", "Usage of {name}, {period}."),
    "digest.all_clients": ("Wszyscy klienci", "All clients"),
    "digest.amount": ("Kwota: {amount}{zloty}.", "Amount: {amount}{zloty}."),
    "digest.amount_changed": (
        "Kwota: {amount}{zloty}, {change} względem poprzedniego okresu.",
        "Amount: {amount}{zloty}, {change} against the period before.",
    ),
    "digest.expected": (
        "Prognoza na koniec bieżącego miesiąca: {expected}.",
        "Forecast for the end of this month: {expected}.",
    ),
    "digest.expected_of_limit": (
        "Prognoza na koniec bieżącego miesiąca: {expected}, czyli {share} limitu {limit}.",
        "Forecast for the end of this month: {expected}, {share} of the limit of {limit}.",
    ),
    "digest.people": ("Najwięcej zużyli:", "Most was used by:"),
    "digest.models": ("Najdroższe modele:", "The costliest models:"),
    "digest.odd": (
        "Zwraca uwagę {day}: {amount}, zwykle około {usual}.",
        "Stands out: {day} with {amount}, usually about {usual}.",
    ),
    "digest.link": ("Ten sam widok w aplikacji: {link}", "The same view in the application: {link}"),
    "digest.opt_out": (
        "Te wiadomości można wyłączyć na stronie konta: {link}",
        "These messages can be switched off on the account page: {link}",
    ),
}
