"""Why something went wrong, in Polish. Reasons are worded in English where they arise, and kept so in the ledger.

The English text is the key; `{x}` stands for what differs, `{outside}` for what another program said in its own words.
Tests find every reason that the quarantine and the steps of the batch can meet.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

REASONS = {
    # values of an event
    "is missing": "brakuje",
    "is missing, and so is cost": "brakuje, tak jak cost",
    "is missing, and without a timestamp a redelivery could not be recognised": (
        "brakuje, a bez znacznika czasu nie da się rozpoznać powtórzenia"
    ),
    "is missing: in a stream only the last chunk has it": "brakuje: w strumieniu ma to tylko ostatnia porcja",
    "is negative": "jest ujemne",
    'is not "1.0"': "to nie „1.0”",
    "is not a list": "to nie lista",
    "is not a text": "to nie tekst",
    "is not a unix time": "to nie czas uniksowy",
    "is not a whole number": "to nie liczba całkowita",
    "is not an instant such as 2026-11-21T13:00:00Z": "to nie chwila w postaci 2026-11-21T13:00:00Z",
    "is not an object": "to nie obiekt",
    "is not JSON in base64": "to nie JSON zapisany w base64",
    "is not the OTLP/JSON shape of a trace": "to nie ślad w postaci OTLP/JSON",
    "is neither a trace nor a video job": "to ani ślad, ani zadanie wideo",
    "is longer than {x} characters": "ma więcej niż {x} znaków",
    "is out of range": "jest poza zakresem",
    "contains control characters": "zawiera znaki sterujące",
    "has more cells than the header": "ma więcej komórek niż nagłówek",
    "has neither token counts nor a cost": "nie ma ani liczby tokenów, ani kosztu",
    # bodies
    "the body is not JSON": "treść nie jest w formacie JSON",
    "the body is nested too deeply": "treść jest zbyt głęboko zagnieżdżona",
    "the body has more than {x} values": "treść ma więcej niż {x} wartości",
    "the body has more than {x} events": "treść ma więcej niż {x} zdarzeń",
    "the body could not be read; the log says where": "treści nie dało się odczytać; dziennik mówi, w którym miejscu",
    "more than {x} items of the body are refused": "odrzucono więcej niż {x} pozycji tej treści",
    "the file is not UTF-8 text": "plik nie jest tekstem UTF-8",
    "the file is not CSV: {outside}": "plik nie jest w formacie CSV",
    "the first line has no column {x}: is this an activity export?": (
        "pierwszy wiersz nie ma kolumny {x}: czy to eksport aktywności?"
    ),
    "a body over {x} MB was refused (413): its usage is missing unless it came again": (
        "odrzucono treść większą niż {x} MB (413): jej zużycia brakuje, chyba że przyszła ponownie"
    ),
    # servers
    "{x} cannot be reached: {outside}": "nie udało się połączyć z {x}",
    "{x} did not answer within {y} s": "{x} nie odpowiada w ciągu {y} s",
    "{x} did not finish its answer within {y} s": "{x} nie kończy odpowiedzi w ciągu {y} s",
    "{x} redirects in circles": "{x} przekierowuje w kółko",
    "{x} answered with more than {y} kB": "odpowiedź {x} ma ponad {y} kB",
    "{x} answered {y} with something that is not JSON: {outside}": "odpowiedź {x} ({y}) nie jest w formacie JSON",
    "{x} answered {y} with something that is not JSON": "odpowiedź {x} ({y}) nie jest w formacie JSON",
    "{x} answered with something that is not a list of USD rates": "odpowiedź {x} nie jest listą kursów USD",
    "{x} answered with something that is not a list of models": "odpowiedź {x} nie jest listą modeli",
    "{x} answered {y} with something else than an object": "{x} nie odpowiada obiektem na {y}",
    "{x} answered without a list of rates": "w odpowiedzi {x} nie ma listy kursów",
    "{x} answered {y} without a list of rows": "w odpowiedzi {x} na {y} nie ma listy wierszy",
    "{x} answered {y} without data": "w odpowiedzi {x} na {y} nie ma danych",
    "{x} answered in a form that is not known": "{x} odpowiada w nieznanej postaci",
    "{x} does not say for which days its answer is complete": "{x} nie mówi, dla których dni odpowiedź jest pełna",
    # exchange rates
    "NBP answered {x} for {y} to {z}: {outside}": "NBP odpowiada {x} na pytanie o dni od {y} do {z}",
    "NBP's answer for {x} to {y} is not table A": "odpowiedź NBP za dni od {x} do {y} to nie tabela A",
    "NBP was asked for {x} and answered with {y}": "NBP, zapytany o {x}, odpowiada kursem {y}",
    "{x} was asked for {y} to {z} and answered with {w}": "{x}, pytane o dni od {y} do {z}, podaje kurs z {w}",
    "{x} told two rates for {y}": "{x} podaje dwa kursy na {y}",
    "{x} told a rate that is none: {outside}": "{x} podaje kurs, który nim nie jest",
    "{x} told a table number that is none: {y} of {z}": "{x} podaje zły numer tabeli: {y} z dnia {z}",
    # OpenRouter
    "OpenRouter answered {x} for generation {y}": "OpenRouter odpowiada {x} na pytanie o zapytanie {y}",
    "OpenRouter's /activity cannot be read: {outside}": "nie da się odczytać /activity z OpenRouter",
    "OpenRouter told an amount that is none: {outside}": "OpenRouter podaje kwotę, która nią nie jest",
    "OpenRouter told a negative {x}": "OpenRouter podaje ujemną wartość {x}",
    "OpenRouter told {x} that is no count": "OpenRouter podaje {x}, które nie jest liczbą",
    "OpenRouter told of a key without a hash": "OpenRouter podaje klucz bez skrótu",
    "OpenRouter lists more than {x} generations within one minute": (
        "OpenRouter wymienia ponad {x} zapytań w jednej minucie"
    ),
    "OpenRouter does not tell generation ids in {x}": "OpenRouter nie podaje identyfikatorów zapytań w {x}",
    "OpenRouter's answer is not a list of models": "odpowiedź OpenRouter nie jest listą modeli",
    "OpenRouter's list of models is empty": "lista modeli OpenRouter jest pusta",
    "OpenRouter's list of models cannot be trusted: {x} of {y} rows are unusable (first: {z})": (
        "lista modeli OpenRouter jest niewiarygodna: {x} z {y} wierszy nie nadaje się do użycia (pierwszy: {z})"
    ),
    "{x}: the list of models has more than {y} pages": "{x}: lista modeli ma ponad {y} stron",
    "{x}: the next page of the list of models is on another host": "{x}: dalszy ciąg listy modeli jest gdzie indziej",
    "{x} leads back to itself: the list of models has no end": "{x} odsyła do siebie: lista modeli nie ma końca",
    "{x}: the list of keys has no end": "{x}: lista kluczy nie ma końca",
    "{x} refused the key ({y}): OPENROUTER_MANAGEMENT_KEY must be a management (provisioning) key, {z}": (
        "{x} odrzuca klucz ({y}): OPENROUTER_MANAGEMENT_KEY musi być kluczem zarządzającym (Settings > Management Keys)"
    ),
    "{x} made a key but did not tell it: delete {y} there and try again": (
        "{x} tworzy klucz, ale go nie podaje: proszę tam usunąć {y} i spróbować ponownie"
    ),
    "{x} answered {y}: {outside}": "{x} odpowiada {y}",
    # InfluxDB
    "InfluxDB did not answer: {outside}": "InfluxDB nie odpowiada",
    "InfluxDB refused a query: {outside}": "InfluxDB odrzuca pytanie",
    "InfluxDB's answer to a query cannot be read": "nie da się odczytać odpowiedzi InfluxDB",
    "InfluxDB gave a part of the rows only: raise its max-row-limit": (
        "InfluxDB podaje tylko część wierszy: trzeba podnieść jego max-row-limit"
    ),
    # days, archives, backups
    "{x} changed after it was validated; the next run does it again": (
        "dzień {x} zmienił się po sprawdzeniu; zajmie się nim następny przebieg"
    ),
    "{x} changed while it was being archived; the next run does it again": (
        "dzień {x} zmienił się podczas archiwizacji; zajmie się nim następny przebieg"
    ),
    "{x} differs from its events ({y} USD stored, {z} USD in its events), and its month stands on an invoice: "
    "nothing was changed; look at `python -m mai_core check`": (
        "dzień {x} różni się od swoich zdarzeń (zapisano {y} USD, w zdarzeniach {z} USD), a jego miesiąc jest na "
        "fakturze: nic nie zmieniono; proszę zajrzeć do `python -m mai_core check`"
    ),
    "the archive {x} is missing": "brakuje archiwum {x}",
    "the archive {x} was changed after it was written": "archiwum {x} zmieniono po zapisaniu",
    "the archive {x} does not add up to what was written down": "suma archiwum {x} nie zgadza się z zapisaną",
    "the archive {x} does not hold what the ledger has for {y}": "w archiwum {x} nie ma tego, co księga ma za {y}",
    "the archive {x} cannot be read: {outside}": "nie da się odczytać archiwum {x}",
    "the backup {x} does not hold: {outside}": "kopia {x} jest uszkodzona",
    "no backup {x}": "nie ma kopii {x}",
    "{x} cannot be unpacked: {outside}": "nie da się rozpakować {x}",
    "{x} days keep their events: {outside}": "dni, które zachowują zdarzenia: {x}",
    "REPORTING_URL={x} cannot be used: it must begin with s3://": (
        "REPORTING_URL={x} nie nadaje się do użycia: musi zaczynać się od s3://"
    ),
    "{x} cannot be {y}: {outside}": "zasobnik {x} jest niedostępny",
    # the ledger
    "the ledger {x} cannot be opened: {outside}": "nie da się otworzyć księgi {x}",
    "the ledger {x} cannot be read now: {outside}": "nie da się teraz odczytać księgi {x}",
    "the ledger {x} cannot be written now: {outside}": "nie da się teraz zapisać do księgi {x}",
    "the ledger cannot be written now: {outside}": "nie da się teraz zapisać do księgi",
    "the process ended before this was done": "proces zakończył się, zanim to zrobiono",
}


class Reason(NamedTuple):
    said: str
    """In the reader's language; empty where the whole reason is another program's."""
    original: str
    """What another program said, as it said it; empty where everything is said."""


_FIELD = re.compile(r"([\w.\[\]/-]+): (.+)", re.DOTALL)
_SIZE = re.compile(r"(.+) \((\d+) bytes\)", re.DOTALL)


def reason(language: str, text: str) -> Reason:
    """`tokens: is negative` as `tokens: jest ujemne`: names of fields stay as the sender wrote them."""
    if language != "pl":
        return Reason(text, "")
    size = _SIZE.fullmatch(text)
    if size is not None:
        body = reason(language, size[1])
        return body._replace(said=f"{body.said} ({size[2]} B)") if body.said else Reason("", text)
    field = _FIELD.fullmatch(text)
    inner = _known(field[2]) if field is not None else None
    if field is not None and inner is not None:
        return inner._replace(said=f"{field[1]}: {inner.said}")
    return _known(text) or Reason("", text)


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """What says more in its own words comes first."""
    ordered = sorted(REASONS.items(), key=lambda item: -len(re.sub(r"\{\w+\}", "", item[0])))
    return [
        (re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(english)), re.DOTALL), polish)
        for english, polish in ordered
    ]


def _known(text: str) -> Reason | None:
    for pattern, polish in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            told = found.groupdict()
            return Reason(polish.format(**told), told.get("outside", ""))
    return None
