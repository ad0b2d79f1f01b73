"""What the files of one sample must have in common: a format, and what columns are made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from errors import MaplessError
from selections.sources.files import OpenedFile
from selections.sources.formats import Format, Translation

Translate = Callable[[Sequence[OpenedFile]], Translation]
"""How some files become canonical."""


def recognise(formats: Sequence[Format], opened: Sequence[OpenedFile]) -> Format:
    """The format of all files; MaplessError for unknown columns and for files of two formats."""
    for candidate in formats:
        if all(candidate.recognises(file.columns) for file in opened):
            return candidate
    found = {
        file.path: next((known.name for known in formats if known.recognises(file.columns)), None)
        for file in opened
    }
    unknown = next((path for path, name in found.items() if name is None), None)
    if unknown:
        names = " or ".join(known.name for known in formats)
        raise MaplessError(f"{unknown} is not {names}: its columns are unknown; see selections/sources")
    first = {name: next(path for path, of in found.items() if of == name) for name in found.values()}
    there = ", but ".join(f"{path} is {name}" for name, path in first.items())
    raise MaplessError(f"{there}; open files of one format at a time")


def check_uniform(translation: Translation, opened: Sequence[OpenedFile]) -> None:
    """Raise MaplessError for what only some files have, and must not be made up for the others."""
    for name, way_out in translation.uniform.items():
        have = [file for file in opened if name in file.columns]
        lack = [file for file in opened if name not in file.columns]
        if have and lack:
            raise MaplessError(f"{lack[0].path} lacks {name}, which {have[0].path} has; {way_out}")


def one_meaning(
    translations: Sequence[Translation], groups: Sequence[Sequence[OpenedFile]]
) -> list[Translation]:
    """Without canonical columns that would be made of different things in different files."""
    lacks = {}
    for name in {name for one in translations for name in one.meanings}:
        made = {
            one.meanings[name]: group[0].path
            for one, group in zip(translations, groups, strict=True)
            if name in one.meanings
        }
        if len(made) > 1:
            ways = " but ".join(f"{way} in {path}" for way, path in made.items())
            lacks[name] = f"it would be {ways}, which are not the same"
    return [
        replace(
            one,
            definitions=tuple(column for column in one.definitions if column.name not in lacks),
            lacks={**one.lacks, **lacks},
            notes={name: note for name, note in one.notes.items() if name not in lacks},
        )
        for one in translations
    ]


def lacking_files(
    translation: Translation,
    group: Sequence[OpenedFile],
    translate: Translate,
) -> dict[str, str]:
    """For each column that files lack together the first that lacks it alone."""
    if len(group) == 1 or not translation.lacks:
        return {}
    alone = [(file.path, translate([file]).lacks) for file in reversed(group)]
    return {name: path for path, lacks in alone for name in lacks.keys() & translation.lacks.keys()}


def check_wanted(
    columns: Sequence[str],
    translation: Translation,
    lacking: Mapping[str, str],
    opened: Sequence[OpenedFile],
) -> None:
    """Raise MaplessError for a column that is asked for and lacking, with the file that has it not."""
    for name in columns:
        if name in translation.lacks:
            file = lacking.get(name, opened[0].path)
            raise MaplessError(f"{file} lacks {name}: {translation.lacks[name]}")
