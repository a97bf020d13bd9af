"""The sentence that an explanation opens with."""

from __future__ import annotations

from mai_core.language.catalogue.texts import Messages

MESSAGES: Messages = {
    "explain.nothing": ("Nie było zapytań, więc nie ma kwoty.", "There were no requests, so there is no amount."),
    "explain.sentence.one_rate": (
        {
            "one": "{pln} = {n} zapytanie × {average} × {rate} (tabela NBP {table}), razem {usd}.",
            "few": "{pln} = {n} zapytania × średnio {average} × {rate} (tabela NBP {table}), razem {usd}.",
            "many": "{pln} = {n} zapytań × średnio {average} × {rate} (tabela NBP {table}), razem {usd}.",
        },
        {
            "one": "{pln} = {n} request × {average} × {rate} (NBP table {table}), {usd} in all.",
            "other": "{pln} = {n} requests × {average} on average × {rate} (NBP table {table}), {usd} in all.",
        },
    ),
    "explain.sentence.many_rates": (
        {
            "one": "{pln} = {n} zapytanie × {average}, razem {usd}; liczba użytych tabel NBP: {tables}.",
            "few": "{pln} = {n} zapytania × średnio {average}, razem {usd}; liczba użytych tabel NBP: {tables}.",
            "many": "{pln} = {n} zapytań × średnio {average}, razem {usd}; liczba użytych tabel NBP: {tables}.",
        },
        {
            "one": "{pln} = {n} request × {average}, {usd} in all; NBP tables used: {tables}.",
            "other": "{pln} = {n} requests × {average} on average, {usd} in all; NBP tables used: {tables}.",
        },
    ),
    "explain.sentence.no_rate": (
        {
            "one": "{usd} = {n} zapytanie × {average}; kurs NBP nie jest jeszcze znany.",
            "few": "{usd} = {n} zapytania × średnio {average}; kurs NBP nie jest jeszcze znany.",
            "many": "{usd} = {n} zapytań × średnio {average}; kurs NBP nie jest jeszcze znany.",
        },
        {
            "one": "{usd} = {n} request × {average}; the NBP rate is not known yet.",
            "other": "{usd} = {n} requests × {average} on average; the NBP rate is not known yet.",
        },
    ),
    "explain.provisional": ("Kurs części kwoty jest wstępny.", "The rate of some of it is provisional."),
}
