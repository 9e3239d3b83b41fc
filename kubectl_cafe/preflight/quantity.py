"""Quantities as Kubernetes writes them: 100m, 1.5Gi, 2e3."""

from __future__ import annotations

import re
from decimal import Decimal

_SHAPE = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))(?P<suffix>[a-zA-Z]*|[eE][+-]?\d+)")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


def quantity(text: object) -> Decimal:
    """The value of a quantity such as `500m` or `1Gi`, in base units. Raises ValueError.

    Source: apimachinery, resource.Quantity.
    """
    match = _SHAPE.fullmatch(str(text))
    if match is None:
        raise ValueError(f"{text!r} is not a quantity")
    number, suffix = Decimal(match["number"]), match["suffix"]
    if suffix in _BINARY:
        return number * Decimal(1024) ** _BINARY[suffix]
    if suffix in _DECIMAL:
        return number.scaleb(_DECIMAL[suffix])
    if suffix[:1] in "eE" and suffix[1:].lstrip("+-").isdecimal():
        return number.scaleb(int(suffix[1:]))
    raise ValueError(f"{text!r} is not a quantity")
