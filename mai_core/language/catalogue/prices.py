"""Sale prices that are agreed on instead of a markup."""

from __future__ import annotations

from mai_core.language.catalogue.texts import Messages

MESSAGES: Messages = {
    "prices.for_all": ("Wszyscy klienci bez własnej ceny", "All clients without a price of their own"),
    "prices.how": (
        "USD za milion tokenów. Gdzie obowiązuje uzgodniona cena, narzut się nie liczy.",
        "USD per million tokens. Where an agreed price is in force, the markup does not count.",
    ),
    "prices.markups": ("Narzuty klientów zmienia się na stronie Klienci", "Markups are changed on the page Clients"),
    "prices.past": ("Pokaż także dawne ceny", "Show former prices too"),
    "prices.none": (
        "Żadna cena nie jest uzgodniona: wszędzie obowiązuje narzut.",
        "No price is agreed on: the markup counts everywhere.",
    ),
    "prices.request": ("Za zapytanie", "Per request"),
    "prices.state.now": ("obowiązuje", "in force"),
    "prices.state.later": ("będzie obowiązywać", "begins then"),
    "prices.state.replaced": ("zastąpiona", "replaced"),
    "prices.state.ended": ("zakończona: narzut", "ended: markup"),
    "prices.state.ends": ("wtedy wraca narzut", "markup again from then"),
    "prices.set": ("Uzgodnij cenę: {whose}", "Agree on a price: {whose}"),
    "prices.now.own": (
        "Obowiązuje uzgodniona cena: wejście {input}, buforowane {cached}, wyjście {output}.",
        "An agreed price is in force: input {input}, cached {cached}, output {output}.",
    ),
    "prices.now.sold": (
        "Klient płaci teraz: wejście {input}, buforowane {cached}, wyjście {output}.",
        "The client pays now: input {input}, cached {cached}, output {output}.",
    ),
    "prices.now.listed": (
        "W cenniku OpenRouter: wejście {input}, buforowane {cached}, wyjście {output}.",
        "OpenRouter's list price: input {input}, cached {cached}, output {output}.",
    ),
    "prices.now.unknown": ("Tego modelu nie ma w cenniku.", "This model is not in the price list."),
    "prices.input_per_million": ("Wejście, USD za milion tokenów", "Input, USD per million tokens"),
    "prices.output_per_million": ("Wyjście, USD za milion tokenów", "Output, USD per million tokens"),
    "prices.cached_per_million": ("Buforowane wejście, USD za milion tokenów", "Cached input, USD per million tokens"),
    "prices.cached_per_million.how": ("Puste: jak wejście.", "Empty: as input."),
    "prices.per_request": ("Za zapytanie, USD", "Per request, USD"),
    "prices.per_request.how": ("Puste: nic ponad tokeny.", "Empty: nothing on top of the tokens."),
    "prices.since": ("Od dnia", "From day"),
    "prices.since.how": (
        "Puste: od tej chwili. Co już zaksięgowano, zmienia dopiero „python -m mai_core rerate”.",
        "Empty: from now. What is booked already changes with “python -m mai_core rerate” only.",
    ),
    "prices.end": ("Zakończ: wraca narzut", "End it: the markup counts again"),
}
