"""Refusals in Polish. Errors are raised in English, where they happen; a form of a Polish page shows them from here.

The English text is the key; `{x}` stands for what differs. A test finds every refusal that a form can meet.
"""

from __future__ import annotations

import re
from functools import lru_cache

FIELDS = {
    "account": "Konto",
    "billing_currency": "Waluta rozliczenia",
    "billing_email": "Adres do rozliczeń",
    "byok_include_upstream": "Koszt własnego klucza",
    "cached_per_million": "Buforowane wejście",
    "client": "Klient",
    "client_org_id": "Klient",
    "currency": "Waluta",
    "date": "Data",
    "days": "Liczba dni",
    "days_back": "Liczba dni wstecz",
    "default_markup_rate": "Domyślny narzut",
    "department": "Dział",
    "email": "Adres e-mail",
    "external_user": "Zewnętrzny identyfikator osoby",
    "fx_policy": "Zasada kursu",
    "hard": "Limit",
    "id": "Identyfikator",
    "input_per_million": "Wejście",
    "is_active": "Aktywność",
    "kind": "Rodzaj",
    "label": "Nazwa",
    "language": "Język",
    "link": "Link",
    "markup_from": "Narzut od",
    "markup_rate": "Narzut",
    "model": "Model",
    "month": "Miesiąc",
    "monthly_limit": "Limit miesięczny",
    "name": "Nazwa",
    "old_password": "Dotychczasowe hasło",
    "openrouter_api_key": "Klucz OpenRouter",
    "openrouter_provisioning_key": "Klucz zarządzający OpenRouter",
    "organization_name": "Nazwa organizacji",
    "output_per_million": "Wyjście",
    "password": "Hasło",
    "per_request": "Za zapytanie",
    "provider_key_hash": "Skrót klucza OpenRouter",
    "role": "Rola",
    "scopes": "Zakresy",
    "secret": "Sekret",
    "since": "Od kiedy",
    "soft": "Próg ostrzegawczy",
    "sql": "SQL",
    "timezone": "Strefa czasowa",
    "user_id": "Identyfikator osoby",
    "value": "Wartość",
}

REFUSALS = {
    # values
    "is missing: name the client": "brakuje: proszę wskazać klienta",
    "is empty": "jest puste",
    "cannot be empty": "nie może być puste",
    "is wrong": "jest nieprawidłowe",
    "has no time zone": "nie ma strefy czasowej",
    "{x} is not an IANA time zone such as Europe/Warsaw": "{x} nie jest strefą czasową IANA, taką jak Europe/Warsaw",
    "{x} is not a day such as 2026-11-21": "{x} nie jest datą w postaci 2026-11-21",
    "{x} is not an instant such as 2026-11-21T13:00:00Z": "{x} nie jest chwilą w postaci 2026-11-21T13:00:00Z",
    "is not a number": "to nie jest liczba",
    "is not a finite number": "to nie jest skończona liczba",
    "is out of range": "jest poza zakresem",
    "is larger than the ledger can hold (9.2 million)": "przekracza 9,2 mln, więcej nie da się zapisać",
    "must be true or false": "musi być tak albo nie",
    "must be a text of 1 to {x} characters": "musi mieć od 1 do {x} znaków",
    "must have 1 to {x} characters": "musi mieć od 1 do {x} znaków",
    "must be one line of at most {x} characters": "musi być jedną linią, najwyżej {x} znaków",
    "must be 0 or more": "nie może być ujemny",
    "must be between 1 and 3650": "musi być między 1 a 3650",
    "must lie between {x} and {y}": "musi leżeć między {x} a {y}",
    "a number is larger than the ledger can hold": "liczba jest większa, niż mieści księga",
    "must be between 0 and a million USD": "musi być między 0 a milionem USD",
    "must be one of {x}": "do wyboru: {x}",
    "knows only {x}": "do wyboru: {x}",
    # accounts and links
    "is not an e-mail address": "to nie jest adres e-mail",
    "must be empty for the role {x}, which sees all clients": "musi być pusty: rola {x} widzi wszystkich klientów",
    "is missing: the role {x} belongs to one client": "brakuje: rola {x} należy do jednego klienta",
    "names no client": "nie ma takiego klienta",
    "this is the last operator who can log in": "to ostatni operator, który może się zalogować",
    "there is no account with the address {x}": "nie ma konta o adresie {x}",
    "there is an account with the address {x} already": "konto o adresie {x} już istnieje",
    "there is no such account": "nie ma takiego konta",
    "cannot be changed on an account": "tego nie można zmienić w koncie",
    "is disabled: enable it first": "jest wyłączone: najpierw trzeba je włączyć",
    "you may invite: {x}": "można zaprosić: {x}",
    "is not valid any more: it was used, replaced by a newer one, or is older than 24 hours": (
        "już nie działa: został użyty, zastąpiony nowszym albo ma ponad 24 godziny"
    ),
    "must have at least {x} characters; several words make a good one": (
        "musi mieć co najmniej {x} znaków; kilka słów to dobre hasło"
    ),
    "must have at most {x} characters": "może mieć najwyżej {x} znaków",
    "must not contain the name from the e-mail address": "nie może zawierać nazwy z adresu e-mail",
    "repeats too few characters": "powtarza zbyt mało różnych znaków",
    "is one of the passwords that are tried first": "to jedno z haseł, które zgaduje się najpierw",
    "the address or the password is wrong": "adres albo hasło jest nieprawidłowe",
    "the demo has no client yet: {x} makes its data": "demo nie ma jeszcze klienta: dane tworzy {x}",
    "too many failed attempts: try again in {x} min, or reset the password": (
        "zbyt wiele nieudanych prób: proszę spróbować za {x} min albo ustawić nowe hasło"
    ),
    "too many invitations: try again in {x} min": "zbyt wiele zaproszeń: proszę spróbować za {x} min",
    # tokens and secrets
    "is empty: say which program uses the token": "jest pusta: proszę napisać, który program używa tokenu",
    "there is no token {x}": "nie ma tokenu {x}",
    "needs at least {x} characters": "musi mieć co najmniej {x} znaków",
    "this webhook secret is already in use": "ten sekret jest już używany",
    "there is no live webhook credential {x}": "nie ma czynnego sekretu {x}",
    # clients and people
    "there is no such client": "nie ma takiego klienta",
    "client {x} exists already": "klient {x} już istnieje",
    "no client {x} is known": "nie ma klienta {x}",
    "is not a column of client_organizations that can be changed": "tego nie można zmienić w kliencie",
    "must be above 0 and at most 1000": "musi być większy od 0 i nie większy niż 1000",
    "cannot be stored without the installation's secret key": "nie można zapisać bez klucza instalacji",
    "this OpenRouter key belongs to another client": "ten klucz OpenRouter należy do innego klienta",
    "this hash of an OpenRouter key belongs to another client": "ten skrót klucza należy do innego klienta",
    "must be 'daily' or 'period_end'": "do wyboru: daily, period_end",
    "counts only together with markup_rate": "działa tylko razem z narzutem",
    "must be 'USD': the ledger counts US dollars": "musi być USD: księga liczy w dolarach",
    "is not a UUID": "to nie jest UUID",
    "no such person is known in this client": "u tego klienta nie ma takiej osoby",
    "belongs to no known client: name the client": "nie należy do znanego klienta: proszę wskazać klienta",
    "belongs to an external user, not to a key name": "dotyczy osoby, a nie nazwy klucza",
    # ways in
    "is none of the values that sources told": "tej wartości nie podało żadne źródło",
    "there is no conflict {x}": "nie ma rozbieżności {x}",
    "conflict {x} is already {y}": "rozbieżność {x} została już rozstrzygnięta ({y})",
    "there is no such route": "nie ma takiego przypisania",
    "quarantine holds no entry {x}": "w kwarantannie nie ma wpisu {x}",
    "quarantine entry {x} was already {y}": "wpis {x} w kwarantannie był już obsłużony ({y})",
    "quarantine entry {x} still cannot be booked: {y}": "wpisu {x} nadal nie można zaksięgować: {y}",
    "quarantine entry {x} was not readable and cannot be replayed: look at it, then drop it": (
        "wpisu {x} nie dało się odczytać i nie można go powtórzyć: po obejrzeniu można go usunąć"
    ),
    "quarantine entry {x} cannot be booked: a name in it was not kept": (
        "wpisu {x} nie można zaksięgować: nie zachowano w nim nazwy"
    ),
    # quotas, prices, rates
    "is missing: a quota needs a soft or a hard limit": "brakuje: potrzebny jest próg ostrzegawczy albo limit",
    "must not be above the hard limit": "nie może być wyższy niż limit",
    "there is no such quota": "nie ma takiego limitu",
    "no {x} rate of {y} is known": "nie ma kursu {x} z dnia {y}",
    "the {x} rate of {y} is not held: it is {z}": "kurs {x} z dnia {y} nie czeka na decyzję ({z})",
    "no own price of {x} is in force then": "wtedy nie obowiązuje własna cena modelu {x}",
    # questions
    "there is no such saved query": "nie ma takiego zapytania",
    "no such generation is in the ledger": "nie ma takiej generacji w księdze",
    "are no part of FOCUS": "nie należą do formatu FOCUS",
    "a batch is running already; see {x}": "przetwarzanie już trwa; zobacz {x}",
    "there is no such file; make {x} anew": "nie ma takiego pliku; proszę na nowo pobrać {x}",
    # of the door itself
    "Too Many Requests": "Zbyt wiele zapytań.",
    "Unauthorized": "Proszę się zalogować.",
    "Forbidden": "Brak uprawnień.",
    "Not Found": "Nie ma takiej strony.",
    "Service Unavailable": "Serwis jest chwilowo przeciążony. Proszę spróbować za chwilę.",
    "the body is too large": "za dużo danych naraz",
    "the body came too slowly": "dane przychodziły zbyt wolno",
    "unexpected error; the log has it under {x}": "nieoczekiwany błąd; w dzienniku ma numer {x}",
    # of the checks that forms get from pydantic
    "Field required": "pole jest wymagane",
    "Extra inputs are not permitted": "nie ma takiego pola",
    "Input should be a valid string": "musi być tekstem",
    "Input should be a valid integer{x}": "musi być liczbą całkowitą",
    "Input should be a valid integer": "musi być liczbą całkowitą",
    "Input should be a valid decimal": "musi być liczbą",
    "Input should be a valid number{x}": "musi być liczbą",
    "Input should be a valid boolean{x}": "musi być tak albo nie",
    "Input should be a finite number": "musi być skończoną liczbą",
    "Input should be greater than or equal to {x}": "musi wynosić co najmniej {x}",
    "Input should be less than or equal to {x}": "może wynosić najwyżej {x}",
    "Input should be greater than {x}": "musi być większe niż {x}",
    "Input should be less than {x}": "musi być mniejsze niż {x}",
    "Input should be {x}": "do wyboru: {x}",
    "String should have at least {x} character{y}": "musi mieć co najmniej {x} znaków",
    "String should have at least {x} character": "musi mieć co najmniej {x} znak",
    "String should have at most {x} character{y}": "może mieć najwyżej {x} znaków",
    "String should match pattern {x}": "ma niedozwolone znaki",
}


_FIELD = re.compile(r"[\w.\[\]]+")


def refusal(language: str, text: str) -> str:
    """`markup_rate: must be above 0 ...` as `Narzut: musi być ...`; what is not known stays as it is."""
    if language != "pl":
        return text
    return _said(text) or "; ".join(_said(part) or part for part in text.split("; "))


def _said(text: str) -> str | None:
    field, _, reason = text.partition(": ")
    known = _known(reason) if _FIELD.fullmatch(field) else None
    return f"{field_name(field)}: {known}" if known is not None else _known(text)


def field_name(field: str) -> str:
    """`people[3].email` keeps its place: 'people[3] Adres e-mail'."""
    place, _, last = field.rpartition(".")
    return " ".join(part for part in (place, FIELDS.get(last, last)) if part)


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(re.sub(r"\\\{(\w)\\\}", r"(?P<\1>.+)", re.escape(english)), re.DOTALL), polish)
        for english, polish in REFUSALS.items()
    ]


def _known(text: str) -> str | None:
    for pattern, polish in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            return polish.format(**found.groupdict())
    return None
