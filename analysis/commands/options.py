"""Options that several verbs have."""

from typing import Annotated

import typer

LARGEST_SEED = 2**31 - 1

Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one setting; repeatable.")
]
