"""The manifest of a stage: where its products come from, and whether they still are what was written."""

from pathlib import Path
from typing import Any

from analysis.engine.checksums import checksum
from analysis.engine.json_file import read_json, write_json

MANIFEST = "manifest.json"


def write_manifest(folder: Path, content: dict[str, Any]) -> None:
    """Write a manifest with the checksums of all products in a folder, which are complete with it."""
    products = {str(file.relative_to(folder)): file for file in sorted(folder.rglob("*")) if file.is_file()}
    states = {name: file.stat() for name, file in products.items()}
    written = {
        "products": {name: checksum(file) for name, file in products.items()},
        "written": {name: [state.st_size, state.st_mtime_ns] for name, state in states.items()},
    }
    write_json(folder / MANIFEST, content | written)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a finished stage."""
    manifest: dict[str, Any] = read_json(folder / MANIFEST)
    return manifest


def is_complete(folder: Path, key: str, *, thorough: bool = False) -> bool:
    """Tell whether a stage of this key has filled the folder, and its products are what it wrote.

    Products of the size and time that were written are taken as they are, unless `thorough`; others count by
    their checksum, such as those of a copied folder.
    """
    try:
        manifest = read_manifest(folder)
        products, written = manifest["products"], manifest["written"]
        return manifest["key"] == key and all(
            _is_as_written(folder / name, products[name], written[name], thorough=thorough)
            for name in products
        )
    except (OSError, ValueError, KeyError, TypeError):  # files that are gone, a manifest that is none
        return False


def _is_as_written(file: Path, expected: str, written: list[int], *, thorough: bool) -> bool:
    size, time = written
    state = file.stat()
    if state.st_size != size:
        return False
    return (state.st_mtime_ns == time and not thorough) or checksum(file) == expected
