"""A part of the work that jobs share: every so many-th of what is to be done."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from errors import MaplessError

T = TypeVar("T")


@dataclass(frozen=True)
class Part:
    """Part `number`, from 1, `of` so many.

    >>> Part.read("2/3").chosen(["a", "b", "c", "d", "e"])
    ['b', 'e']
    """

    number: int = 1
    of: int = 1

    @classmethod
    def read(cls, text: str) -> Self:
        """A part as "2/3"; MaplessError for what is none."""
        match = re.fullmatch(r"([1-9]\d{0,5})/([1-9]\d{0,5})", text)
        if not match or int(match[1]) > int(match[2]):
            raise MaplessError(f"--part {text}: write it as I/N, such as 2/5 for the second of five jobs")
        return cls(int(match[1]), int(match[2]))

    @property
    def is_all(self) -> bool:
        """Whether there is no other part."""
        return self.of == 1

    def chosen(self, work: Sequence[T]) -> list[T]:
        """What of the work is of this part."""
        return list(work[self.number - 1 :: self.of])
