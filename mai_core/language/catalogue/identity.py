"""What identity and quotas say outside the pages: e-mails with links, reasons of a quota decision."""

from __future__ import annotations

from mai_core.language.catalogue.texts import Messages

MESSAGES: Messages = {
    "mail.invitation.subject": ("Zaproszenie do mAI Usage", "Your invitation to mAI Usage"),
    "mail.invitation.text": (
        "Dzień dobry,\n\n{inviter} zaprasza do mAI Usage, gdzie widać zużycie i koszty modeli AI.\n\n"
        "Proszę ustawić hasło: {link}\n\nLink działa 24 godziny i tylko raz.\n",
        "Hello,\n\n{inviter} invites you to mAI Usage, where usage and cost of AI models are shown.\n\n"
        "Please set your password: {link}\n\nThe link works for 24 hours and only once.\n",
    ),
    "mail.known.subject": ("Zaproszenie do mAI Usage", "Your invitation to mAI Usage"),
    "mail.known.text": (
        "Dzień dobry,\n\n{inviter} zaprasza do mAI Usage, ale ten adres ma już konto w innej organizacji. "
        "Proszę poprosić o zaproszenie na inny adres.\n",
        "Hello,\n\n{inviter} invites you to mAI Usage, but this address has an account with another organisation "
        "already. Please ask to be invited under another address.\n",
    ),
    "mail.reset.subject": ("Nowe hasło do mAI Usage", "A new password for mAI Usage"),
    "mail.reset.text": (
        "Dzień dobry,\n\nktoś poprosił o nowe hasło do tego konta. Hasło można ustawić tutaj: {link}\n\n"
        "Link działa 24 godziny i tylko raz. Jeśli to pomyłka, wystarczy zignorować tę wiadomość.\n",
        "Hello,\n\nsomebody asked for a new password for this account. It can be set here: {link}\n\n"
        "The link works for 24 hours and only once. If this was a mistake, just ignore this message.\n",
    ),
    "quota.within": (
        "W limicie: pozostało {remaining} z {limit} do {reset}.",
        "Within the limit: {remaining} of {limit} left until {reset}.",
    ),
    "quota.none": ("Bez limitu.", "No limit is set."),
    "quota.soft": (
        "Przekroczono próg ostrzegawczy {limit}: w tym miesiącu wykorzystano {used}. Można pracować dalej.",
        "The warning threshold of {limit} is passed: {used} used this month. You can go on.",
    ),
    "quota.hard.person": (
        "Osobisty limit {limit} na ten miesiąc został wykorzystany ({used}). Odnowi się {reset}. "
        "O zwiększenie limitu można poprosić menedżera.",
        "The personal limit of {limit} for this month is used up ({used}). It renews on {reset}. "
        "Ask your manager for a higher one.",
    ),
    "quota.hard.client": (
        "Limit organizacji {limit} na ten miesiąc został wykorzystany ({used}). Odnowi się {reset}. "
        "O zwiększenie limitu można poprosić menedżera.",
        "The organisation's limit of {limit} for this month is used up ({used}). It renews on {reset}. "
        "Ask your manager for a higher one.",
    ),
    "quota.no_rate": (
        "Limit w złotych nie może zostać sprawdzony, bo żaden kurs NBP nie jest znany. Zapytanie przepuszczono.",
        "The limit in PLN cannot be checked, because no NBP rate is known. The request was let through.",
    ),
    "quota.closed": (
        "Ta organizacja nie jest już obsługiwana.",
        "This organisation is no longer served.",
    ),
}
