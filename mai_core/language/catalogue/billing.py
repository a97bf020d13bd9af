"""The month's statement."""

from __future__ import annotations

from mai_core.language.catalogue.texts import Messages

MESSAGES: Messages = {
    "billing.title": ("Rozliczenie {month}", "Statement {month}"),
    "billing.for": ("dla {client}", "for {client}"),
    "billing.total": ("Do zapłaty netto", "Net total"),
    "billing.exact": ("Kwota PLN dokładnie", "Amount PLN, exact"),
    "billing.total.exact": ("dokładnie {amount}", "exactly {amount}"),
    "billing.provisional": (
        "Kwota wstępna: część dni nie ma jeszcze ostatecznego kursu NBP i stoi po tabeli {table}.",
        "Provisional: some days do not have their final NBP rate yet and stand at table {table}.",
    ),
    "billing.provisional.table": ("Kurs wstępny (tabela NBP)", "Provisional rate (NBP table)"),
    "billing.running": (
        "Miesiąc trwa: zestawienie obejmuje {span}.",
        "The month is still running: the statement covers {span}.",
    ),
    "billing.average_rate": ("Średni kurs USD", "Average USD rate"),
    "billing.policy.daily": ("każdy dzień po kursie NBP z tego dnia", "each day at that day's NBP rate"),
    "billing.policy.period_end": (
        "miesiąc po kursie NBP z ostatniego dnia roboczego przed końcem",
        "the month at the NBP rate of the last working day before its end",
    ),
    "billing.usage": ("Zużycie", "Usage"),
    "billing.by": ("Zestawienie według", "Grouped by"),
    "billing.by.model": ("modeli", "model"),
    "billing.by.person": ("osób", "person"),
    "billing.by.department": ("działów", "department"),
    "billing.by.day": ("dni", "day"),
    "billing.rates": ("Kursy NBP", "NBP rates"),
    "billing.rate_date": ("Z dnia", "Dated"),
    "billing.rounding": (
        "Wiersze są zaokrąglone do grosza tak, że sumują się dokładnie do kwoty łącznej.",
        "Lines are rounded to the grosz so that they add up exactly to the total.",
    ),
    "billing.invoices": ("Faktury", "Invoices"),
    "billing.invoices.later": (
        "Faktury za ten miesiąc pojawią się tutaj po wystawieniu.",
        "Invoices for this month will appear here once they are issued.",
    ),
    "billing.no_rate": (
        "Nie jest znany żaden kurs NBP, dlatego kwota w złotych nie jest podana.",
        "No NBP rate is known, so no amount in złoty is given.",
    ),
    "billing.print": ("Drukuj", "Print"),
    "billing.imported": ("bez podziału (dane przeniesione)", "not broken down (imported data)"),
}
