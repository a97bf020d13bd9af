"""Who and what the demo is about: four clients, sixty people, fourteen models at real price ratios."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

DEMO_SEED = 20251013


@dataclass(frozen=True, slots=True)
class DemoModel:
    id: str
    providers: tuple[str, ...]
    input_per_million: Decimal
    output_per_million: Decimal
    cached_per_million: Decimal
    share: float
    """How often it is chosen, relative to the others."""
    reasons: bool = False


def _model(
    model_id: str,
    providers: str,
    input_price: str,
    output_price: str,
    cached_price: str,
    share: float,
    reasons: bool = False,
) -> DemoModel:
    return DemoModel(
        model_id,
        tuple(providers.split("|")),
        Decimal(input_price),
        Decimal(output_price),
        Decimal(cached_price),
        share,
        reasons,
    )


MODELS = (
    _model("openai/gpt-4o", "OpenAI|Azure", "2.5", "10", "1.25", 15),
    _model("openai/gpt-4o-mini", "OpenAI|Azure", "0.15", "0.6", "0.075", 20),
    _model("openai/gpt-5", "OpenAI", "1.25", "10", "0.125", 9, reasons=True),
    _model("openai/gpt-5-mini", "OpenAI", "0.25", "2", "0.025", 11, reasons=True),
    _model("anthropic/claude-sonnet-4.5", "Anthropic|Amazon Bedrock", "3", "15", "0.3", 16),
    _model("anthropic/claude-haiku-4.5", "Anthropic", "1", "5", "0.1", 8),
    _model("anthropic/claude-opus-4.1", "Anthropic", "15", "75", "1.5", 1.5),
    _model("google/gemini-2.5-pro", "Google|Google AI Studio", "1.25", "10", "0.31", 7, reasons=True),
    _model("google/gemini-2.5-flash", "Google", "0.3", "2.5", "0.075", 9),
    _model("deepseek/deepseek-chat-v3.1", "DeepInfra|DeepSeek", "0.2", "0.8", "0.07", 4),
    _model("mistralai/mistral-large-2411", "Mistral", "2", "6", "2", 3),
    _model("meta-llama/llama-3.3-70b-instruct", "DeepInfra|Together", "0.13", "0.39", "0.13", 3),
    _model("qwen/qwen3-235b-a22b", "DeepInfra", "0.18", "0.54", "0.18", 2),
    _model("google/gemma-3-27b-it:free", "Google AI Studio", "0", "0", "0", 2),
)


@dataclass(frozen=True, slots=True)
class DemoClient:
    key: str
    name: str
    people: int
    departments: tuple[str, ...]
    activity: float
    """Requests of an average person on an average working day, at the end of the demo."""
    markup: str | None = None
    limit_used_percent: int | None = None
    """A monthly limit, of which so much is used up by now."""
    fx_policy: str = "daily"
    left_days_ago: int | None = None
    has_night_batch: bool = False
    own_price: tuple[str, str, str, str] | None = None
    """Agreed lately instead of the markup: model, USD per million input, cached, output tokens."""
    uses_own_key: bool = False
    """Some of its requests run on a key of its own at the provider (BYOK)."""


CLIENTS = (
    DemoClient(
        "bursztyn",
        "Bursztyn Logistyka S.A.",
        24,
        ("Spedycja", "Obsługa klienta", "Sprzedaż", "Księgowość", "IT", "Zarząd"),
        3.6,
        limit_used_percent=61,
        has_night_batch=True,
    ),
    DemoClient(
        "zubr",
        "Pixel & Żubr Studio sp. z o.o.",
        17,
        ("Projekty", "Marketing", "Programiści", "Sprzedaż"),
        5.2,
        markup="1.25",
        own_price=("anthropic/claude-sonnet-4.5", "3.4", "0.35", "17"),
        limit_used_percent=93,
    ),
    DemoClient(
        "wierzba",
        "Kancelaria Wierzba i Wspólnicy",
        12,
        ("Prawo pracy", "Podatki", "Sekretariat"),
        3.1,
        markup="1.45",
        fx_policy="period_end",
        uses_own_key=True,
    ),
    DemoClient("lipa", "Młyn Pod Lipą sp.j.", 7, ("Produkcja", "Biuro"), 1.6, left_days_ago=120),
)

FEMALE_NAMES = (
    "Agnieszka Aleksandra Anna Barbara Beata Celina Dorota Ewa Grażyna Halina Iwona Izabela Joanna Justyna Karolina "
    "Katarzyna Krystyna Łucja Magdalena Małgorzata Marta Monika Natalia Olga Paulina Renata Sylwia Weronika Zofia Żanna"
).split()

MALE_NAMES = (
    "Adam Andrzej Artur Bartosz Dariusz Dawid Grzegorz Jacek Jakub Jan Kamil Krzysztof Łukasz Maciej Marcin Marek "
    "Mateusz Michał Paweł Piotr Przemysław Radosław Rafał Robert Sebastian Stanisław Szymon Tomasz Wojciech Zbigniew"
).split()

FEMALE_SURNAMES = (
    "Nowak Kowalska Wiśniewska Wójcik Kowalczyk Kamińska Lewandowska Zielińska Szymańska Woźniak Dąbrowska Kozłowska "
    "Jankowska Mazur Wojciechowska Kwiatkowska Krawczyk Kaczmarek Piotrowska Grabowska Zając Pawłowska Michalska Król "
    "Wieczorek Jabłońska Wróbel Nowakowska Majewska Olszewska"
).split()

MALE_SURNAMES = (
    "Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski "
    "Jankowski Mazur Wojciechowski Kwiatkowski Krawczyk Kaczmarek Piotrowski Grabowski Zając Pawłowski Michalski Król "
    "Wieczorek Jabłoński Wróbel Nowakowski Majewski Olszewski"
).split()
