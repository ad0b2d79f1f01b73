"""Ways to damage the bytes of any file."""

from collections.abc import Callable

from tests.robustness.case import Random

Damage = Callable[[bytes, Random], bytes]


def truncated(fraction: float) -> Damage:
    """The first part of a file."""
    return lambda content, random: content[: int(fraction * len(content))]


def flipped(low: float, high: float, bits: int = 1) -> Damage:
    """Some bits between two fractions of a file turned over."""

    def flip(content: bytes, random: Random) -> bytes:
        damaged = bytearray(content)
        size = len(content)
        places = random.integers(int(low * size), max(int(low * size) + 1, int(high * size)), bits)
        for place in places:
            damaged[place] ^= 1 << int(random.integers(8))
        return bytes(damaged)

    return flip


def overwritten(low: float, high: float, size: int, value: int | None = None) -> Damage:
    """A block somewhere between two fractions, of one value or of random ones."""

    def overwrite(content: bytes, random: Random) -> bytes:
        start = int(random.integers(int(low * len(content)), int(high * len(content))))
        new = random.integers(0, 256, size).astype("u1").tobytes() if value is None else bytes([value]) * size
        return (content[:start] + new + content[start + size :])[: len(content)]

    return overwrite


WHOLE: dict[str, Damage] = {
    "empty": lambda content, random: b"",
    "one byte": lambda content, random: content[:1],
    "random": lambda content, random: random.integers(0, 256, len(content)).astype("u1").tobytes(),
    "zeros": lambda content, random: bytes(len(content)),
    "text": lambda content, random: b"404: Not Found\n",
    "html": lambda content, random: b"<!DOCTYPE html><html><body>Please log in</body></html>\n" * 20,
    "utf-16": lambda content, random: "low,high,events\n1,2,3\n".encode("utf-16"),
    "shifted": lambda content, random: b"\n" + content,
}
"""Content that is no file of the format at all."""
