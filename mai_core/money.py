"""Money is exact: an integer number of 10^-12 of one currency, rounded by name and never by accident."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from functools import lru_cache, total_ordering
from typing import Literal, cast

from mai_core.errors import BadValue

Currency = Literal["USD", "PLN"]

UNITS_PER_ONE = 10**12
UNITS_PER_GROSZ = 10**10

LARGEST_STORED_UNITS = 2**63 - 1
"""SQLite keeps 64-bit integers: 9.2 million of a currency in one amount."""

_EXACT = Context(prec=80)
_UNITS_PER_ONE = Decimal(UNITS_PER_ONE)
_MOST_EXPONENT = 40
"""A JSON body may say 1e999999999; expanding that integer would take the machine down."""


class CurrencyMismatch(TypeError):
    """Two currencies met in one sum."""


def round_half_up(value: Decimal) -> int:
    """To the nearest integer, halves away from zero (the rule of Polish invoices)."""
    return int(value.to_integral_value("ROUND_HALF_UP", _EXACT))


def divide_half_up(numerator: int, denominator: int) -> int:
    """numerator / denominator to the nearest integer, halves away from zero; exact at any size."""
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    quotient, remainder = divmod(abs(numerator), denominator)
    if 2 * remainder >= denominator:
        quotient += 1
    return quotient if numerator >= 0 else -quotient


def exact_decimal(value: str | int | float | Decimal, field: str = "amount") -> Decimal:
    """The decimal a person wrote. A float counts as its shortest decimal, never as its binary expansion."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise BadValue(field, "is not a number")
    try:
        decimal = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except (InvalidOperation, ValueError):
        raise BadValue(field, "is not a number") from None
    if not decimal.is_finite():
        raise BadValue(field, "is not a finite number")
    if decimal and abs(decimal.adjusted()) > _MOST_EXPONENT:
        raise BadValue(field, "is out of range")
    return decimal


def units_of(value: str | int | float | Decimal, field: str = "amount") -> int:
    """An amount as integer units of 10^-12, rounded half up once."""
    decimal = exact_decimal(value, field)
    units = round_half_up(_EXACT.multiply(decimal, _UNITS_PER_ONE))
    if abs(units) > LARGEST_STORED_UNITS:
        raise BadValue(field, "is larger than the ledger can hold (9.2 million)")
    return units


@lru_cache(maxsize=1024)
def _parts(factor: Decimal) -> tuple[int, int]:
    """(c, p) with factor = c x 10^p; a few markups and rates are used over and over."""
    sign, digits, exponent = factor.as_tuple()
    coefficient = int("".join(map(str, digits)) or "0")
    return -coefficient if sign else coefficient, cast(int, exponent)


def multiply(units: int, factor: Decimal) -> int:
    """units x factor, rounded half up once: a charged amount, or a conversion."""
    coefficient, power = _parts(factor)
    if power >= 0:
        return units * coefficient * int(10**power)
    return divide_half_up(units * coefficient, 10**-power)


def decimal_text(units: int, places: int = 12) -> str:
    """Units as a plain decimal with a fixed number of places: '0.001066740000'. Exact when places is 12."""
    if not 0 <= places <= 12:
        raise ValueError("places must be between 0 and 12")
    shown = divide_half_up(units, 10 ** (12 - places))
    sign = "-" if shown < 0 else ""
    whole, fraction = divmod(abs(shown), 10**places)
    return f"{sign}{whole}.{fraction:0{places}d}" if places else f"{sign}{whole}"


def shortest_text(units: int) -> str:
    """Units as the shortest exact decimal: '0.00106674', '12', '-0.5'."""
    whole, fraction = divmod(abs(units), UNITS_PER_ONE)
    return f"{'-' if units < 0 else ''}{whole}.{fraction:012d}".rstrip("0").rstrip(".")


def plain_text(value: Decimal) -> str:
    """The shortest exact way to write a decimal without an exponent: '0.0000025', '12', '0'."""
    text = format(value, "f") if value else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount of one currency. Adding or comparing two currencies raises."""

    units: int
    currency: Currency

    @classmethod
    def usd(cls, value: str | int | float | Decimal) -> Money:
        return cls(units_of(value), "USD")

    @classmethod
    def pln(cls, value: str | int | float | Decimal) -> Money:
        return cls(units_of(value), "PLN")

    def _units_with(self, other: object) -> int:
        if not isinstance(other, Money):
            raise TypeError(f"money and {type(other).__name__} do not mix")
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not mix")
        return other.units

    def __add__(self, other: Money) -> Money:
        return Money(self.units + self._units_with(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.units - self._units_with(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.units, self.currency)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Money) and (self.units, self.currency) == (other.units, other.currency)

    def __hash__(self) -> int:
        return hash((self.units, self.currency))

    def __lt__(self, other: object) -> bool:
        return self.units < self._units_with(other)

    def __bool__(self) -> bool:
        return self.units != 0

    def times(self, factor: Decimal) -> Money:
        """This amount times a plain number, rounded half up to 10^-12 once."""
        return Money(multiply(self.units, factor), self.currency)

    def converted(self, rate: Decimal, into: Currency) -> Money:
        """This amount in another currency at `rate` units of it per one of ours, rounded half up once."""
        return Money(multiply(self.units, rate), into)

    @property
    def cents(self) -> int:
        """Whole cents or grosze, rounded half up."""
        return divide_half_up(self.units, UNITS_PER_GROSZ)

    def __str__(self) -> str:
        return f"{shortest_text(self.units)} {self.currency}"


def total(amounts: Iterable[Money], currency: Currency) -> Money:
    """The sum; the currency is said because an empty sum has one too."""
    result = Money(0, currency)
    for amount in amounts:
        result += amount
    return result


def allocate_largest_remainder(exact: Sequence[int]) -> list[int]:
    """Each exact amount in whole grosze, so that the parts add up to the whole rounded half up once.

    Every part is its floor or its floor plus one; the largest remainders get the extra grosz, ties the earlier line.
    """
    floors = [amount // UNITS_PER_GROSZ for amount in exact]
    missing = divide_half_up(sum(exact), UNITS_PER_GROSZ) - sum(floors)
    by_remainder = sorted(range(len(exact)), key=lambda line: (-(exact[line] % UNITS_PER_GROSZ), line))
    for line in by_remainder[:missing]:
        floors[line] += 1
    return floors
