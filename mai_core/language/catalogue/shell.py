"""Login, navigation, period picker, errors."""

from __future__ import annotations

from mai_core.language.catalogue.texts import Messages

MESSAGES: Messages = {
    "app.name": ("mAI Usage", "mAI Usage"),
    "login.title": ("Zaloguj się", "Log in"),
    "login.email": ("Adres e-mail", "E-mail address"),
    "login.password": ("Hasło", "Password"),
    "login.submit": ("Zaloguj się", "Log in"),
    "login.failed": ("Nieprawidłowy e-mail lub hasło.", "Wrong e-mail or password."),
    "login.locked": (
        "Zbyt wiele prób. Spróbuj ponownie za kilka minut.",
        "Too many attempts. Try again in a few minutes.",
    ),
    "login.busy": (
        "Serwis jest teraz zajęty i nie mógł tego sprawdzić. Spróbuj ponownie za chwilę.",
        "The service is busy and could not check this. Try again in a moment.",
    ),
    "login.csrf": ("Formularz wygasł. Zaloguj się jeszcze raz.", "The form has expired. Please log in again."),
    "login.expired": ("Sesja wygasła. Zaloguj się ponownie.", "Your session has ended. Log in again."),
    "login.no_api": (
        "Serwis chwilowo nie odpowiada. Strona wróci sama, gdy tylko odpowie; operator uruchamia API poleceniem: "
        "{command}",
        "The service is not answering. This page comes back by itself as soon as it does; the operator starts the API "
        "with: {command}",
    ),
    "login.demo": ("Zobacz demo jako", "See the demo as"),
    "login.language": ("English", "Polski"),
    "password.title": ("Ustaw hasło", "Set your password"),
    "password.new": ("Nowe hasło", "New password"),
    "password.rule": ("Co najmniej 10 znaków.", "At least 10 characters."),
    "password.submit": ("Zapisz hasło", "Save the password"),
    "password.refused": (
        "Link wygasł, został już użyty albo hasło jest za słabe.",
        "The link has expired, was used before, or the password is too weak.",
    ),
    "logout": ("Wyloguj", "Log out"),
    "logout.failed": (
        "Nie udało się wylogować: sesja jest nadal otwarta. Spróbuj ponownie za chwilę.",
        "Logging out did not work: the session is still open. Try again in a moment.",
    ),
    "logout.question": ("Wylogować się ze wszystkich kart?", "Log out of every tab?"),
    "role.operator": ("Operator", "Operator"),
    "role.accountant": ("Księgowość", "Accountant"),
    "role.manager": ("Kierownik", "Manager"),
    "role.analyst": ("Analityk", "Analyst"),
    "client.choose": ("Klient", "Client"),
    "client.all": ("Wszyscy klienci", "All clients"),
    "client.none": (
        "Nie ma jeszcze żadnego klienta. Dodaj pierwszego na stronie „Klienci”.",
        "There is no client yet. Add the first one on the page “Clients”.",
    ),
    "client.gone": (
        "Klienta {client} nie ma na liście: jest zamknięty albo nieznany. Poniżej: {shown}.",
        "Client {client} is not on the list: closed or unknown. Below: {shown}.",
    ),
    "client.needed": ("Ta strona dotyczy jednego klienta. Którego?", "This page is about one client. Which one?"),
    "client.pick": ("Wybierz klienta", "Choose a client"),
    "nav.usage": ("Zużycie", "Usage"),
    "nav.money": ("Rozliczenia", "Billing"),
    "nav.analysis": ("Analiza", "Analysis"),
    "nav.operations": ("Obsługa", "Operations"),
    "nav.overview": ("Przegląd", "Overview"),
    "nav.people_usage": ("Użytkownicy", "Users"),
    "nav.person": ("Osoba", "Person"),
    "nav.models": ("Modele", "Models"),
    "nav.months": ("Miesiące", "Months"),
    "nav.billing": ("Rozliczenie", "Statement"),
    "nav.forecast": ("Prognoza", "Forecast"),
    "nav.sql": ("SQL", "SQL"),
    "nav.explain": ("Wyjaśnienie kwoty", "Explain an amount"),
    "nav.operations_page": ("Stan systemu", "System state"),
    "nav.clients": ("Klienci", "Clients"),
    "nav.people": ("Osoby", "People"),
    "nav.settings": ("Ustawienia", "Settings"),
    "nav.prices": ("Ceny sprzedaży", "Sale prices"),
    "nav.limits": ("Limity", "Limits"),
    "nav.tokens": ("Tokeny i sekrety", "Tokens and secrets"),
    "nav.accounts": ("Konta", "Accounts"),
    "nav.first_run": ("Pierwsze kroki", "First steps"),
    "period": ("Okres", "Period"),
    "period.month": ("Ten miesiąc", "This month"),
    "period.last_month": ("Poprzedni miesiąc", "Last month"),
    "period.7d": ("7 dni", "7 days"),
    "period.30d": ("30 dni", "30 days"),
    "period.90d": ("90 dni", "90 days"),
    "period.year": ("Ten rok", "This year"),
    "period.custom": ("Inny…", "Custom…"),
    "period.range": ("Od – do", "From – to"),
    "period.early": ("Miesiąc dopiero się zaczął.", "The month has only just begun."),
    "demo.banner": ("Demo: dane są zmyślone.", "Demo: the data is made up."),
    "clock.banner": ("Zegar przestawiony: {moment}", "Clock set to: {moment}"),
    "empty.title": ("Nic w tym okresie", "Nothing in this period"),
    "empty.text": (
        "Nie zapisano żadnego zapytania od {first} do {last}. Wybierz inny okres.",
        "No request was recorded from {first} to {last}. Choose another period.",
    ),
    "empty.ever": (
        "Nie zapisano jeszcze żadnego zapytania. Pierwsze pojawi się tutaj w ciągu 2 sekund.",
        "No request has been recorded yet. The first one will appear here within 2 seconds.",
    ),
    "error.session": (
        "Sesja wygasła. Odśwież stronę, aby zalogować się ponownie.",
        "Your session has ended. Reload the page to log in again.",
    ),
    "error.reading": (
        "Tego nie da się teraz policzyć, więc żadna kwota nie jest pokazana. Spróbuj ponownie za chwilę; jeśli to "
        "potrwa, powiadom operatora.",
        "This cannot be worked out right now, so no amount is shown. Try again in a moment; if it lasts, tell the "
        "operator.",
    ),
    "error.ledger": (
        "Księgi zużycia nie da się teraz odczytać, więc kwoty nie są pokazane. Strona próbuje ponownie sama; jeśli to "
        "potrwa, powiadom operatora.",
        "The ledger cannot be read right now, so the amounts are not shown. This page keeps trying by itself; if it "
        "lasts, tell the operator.",
    ),
    "error.connection.title": ("Brak połączenia", "No connection"),
    "error.connection.text": (
        "Serwis nie odpowiada, więc kwoty na stronie mogą być nieaktualne. Strona połączy się sama; jeśli to potrwa, "
        "sprawdź połączenie z internetem.",
        "The service is not answering, so the amounts on the page may be out of date. The page reconnects by itself; "
        "if it lasts, check your internet connection.",
    ),
    "error.page.title": ("Nie ma takiej strony", "No such page"),
    "error.page.text": (
        "Pod tym adresem niczego nie ma; zamiast tego otwarty jest Przegląd.",
        "There is nothing at this address; Overview is open instead.",
    ),
    "nav.skip": ("Przejdź do treści", "Skip to the content"),
    "error.change.busy": (
        "Nic nie zapisano: księga jest teraz zajęta. Spróbuj ponownie za chwilę.",
        "Nothing was saved: the ledger is busy. Try again in a moment.",
    ),
    "error.change.away": (
        "Nic nie zapisano: serwis nie odpowiada. Spróbuj ponownie za chwilę.",
        "Nothing was saved: the service is not answering. Try again in a moment.",
    ),
    "error.change.unknown": (
        "Serwis nie odpowiedział na czas i nie wiadomo, czy zmiana została zapisana. Odśwież stronę i sprawdź, zanim "
        "spróbujesz ponownie.",
        "The service did not answer in time and it is not known whether the change was saved. Reload the page and look "
        "before you try again.",
    ),
    "error.reading.retry": ("Spróbuj ponownie", "Try again"),
    "error.unexpected": (
        "Coś poszło nie tak (nr {number}). Odśwież stronę; jeśli to się powtórzy, podaj ten numer operatorowi.",
        "Something went wrong (no. {number}). Reload the page; if it happens again, give this number to the operator.",
    ),
    "error.api": ("API nie odpowiada. Spróbuj ponownie za chwilę.", "The API is not answering. Try again in a moment."),
    "error.forbidden": ("Ta strona nie jest dostępna dla Twojej roli.", "This page is not open to your role."),
    "error.not_found": ("Nie ma takiej strony.", "There is no such page."),
}
