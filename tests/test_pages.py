"""README and the pages of docs/: what they link to is there, and all commands and options that they name."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

import run_analysis

REPOSITORY = Path(__file__).parents[1]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
PROGRAM = "./run_analysis.py"
VERBS: Any = get_command(run_analysis.app)


def _of_each_page(test: Any) -> Any:
    return pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)(test)


def _headings(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


@_of_each_page
def test_links_and_images_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        file, _, heading = target.partition("#")
        if re.match(r"https?://", target):
            continue
        there = page.parent / file if file else page
        assert there.is_file(), f"{target} is not there"
        assert not heading or heading in _headings(there), f"{target} has no such heading"


@_of_each_page
def test_files_of_the_project_that_are_named_exist(page: Path) -> None:
    rooms = "docs|analysis|selections|models|fits|firmware|tests"
    named = re.findall(rf"`((?:{rooms})/[\w/]*(?:\.(?:py|md|yaml|png|csv))?)`", page.read_text())
    assert not [name for name in named if not (REPOSITORY / name).exists()]


def _commands(page: Path) -> list[list[str]]:
    """Words behind the name of the program, of every command on a page."""
    text = page.read_text().replace("\\\n", " ")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    inline = re.findall(r"`([^`\n]*)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    lines = [line.partition(" #")[0] for line in (*"".join(blocks).splitlines(), *inline)]
    return [line.partition(PROGRAM)[2].split() for line in lines if f"{PROGRAM} " in line]


def _command(words: list[str]) -> tuple[Any, list[str]]:
    """The verb that words begin with, and its name."""
    found, name = VERBS, []
    for word in words:
        if not hasattr(found, "commands") or word.startswith("-") or word.isupper():
            break
        assert word in found.commands, f"there is no command {word}"
        found = found.commands[word]
        name.append(word)
    return found, name


@_of_each_page
def test_commands_and_options_are_there(page: Path) -> None:
    for words in _commands(page):
        command, name = _command(words)
        known = {"--help", *(one for parameter in command.params for one in parameter.opts)}
        given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert given <= known, f"{' '.join(name)} has no {', '.join(given - known)}"


def test_every_command_is_on_its_page() -> None:
    told = {" ".join(_command(words)[1]) for words in _commands(REPOSITORY / "docs" / "commands.md")}
    verbs = {name for name, verb in VERBS.commands.items() if not hasattr(verb, "commands")}
    assert verbs | {f"trigger {name}" for name in VERBS.commands["trigger"].commands} <= told


def test_the_site_has_every_page_once() -> None:
    site = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text())
    listed = [next(iter(entry.values())) if isinstance(entry, dict) else [entry] for entry in site["nav"]]
    assert sorted(page for pages in listed for page in pages) == sorted(page.name for page in PAGES[1:])


def test_the_interface_names_what_there_is() -> None:
    page = (REPOSITORY / "docs" / "api.md").read_text()
    modules = re.findall(r"^::: ([\w.]+)\n(?:    options: \{members: \[(.*)\]\})?", page, re.MULTILINE)
    assert modules
    for module, members in modules:
        place = REPOSITORY / module.replace(".", "/")
        tree = ast.parse((place / "__init__.py" if place.is_dir() else place.with_suffix(".py")).read_text())
        names = {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
        assert set(filter(None, members.split(", "))) <= names, module
