"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stammkunde.errors import StammkundeError

Raw = Annotated[
    Path | None,
    typer.Option(
        "--raw",
        help="Folder with the shop's files (STAMMKUNDE_RAW; else that of the last refresh, else the sample shop).",
    ),
]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", help="How foreign files are read (STAMMKUNDE_MAPPING; else mapping.yml in the folder)."),
]
Target = Annotated[
    str | None, typer.Option("--target", help="The engine: duckdb, spark or spark_local (STAMMKUNDE_TARGET).")
]
ReplaceShop = Annotated[
    str | None,
    typer.Option("--replace-shop", metavar="NAME", help="Give up the published shop of this name for another one."),
]
CustomerId = Annotated[str | None, typer.Option("--customer-id", metavar="ID", help="The customer's number.")]
Email = Annotated[str | None, typer.Option("--email", metavar="ADDRESS", help="The customer's e-mail.")]
Language = Annotated[str, typer.Option(help="de or en.")]


def known_language(code: str) -> str:
    """Raises StammkundeError for one that nothing is written in."""
    from stammkunde.environment import LANGUAGES

    if code not in LANGUAGES:
        raise StammkundeError(f"--language is '{code}': it must be {' or '.join(LANGUAGES)}")
    return code
