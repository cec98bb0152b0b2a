"""Write the sample shop, or a large one for benchmarks.

python sample_data/generate.py                             the sample shop, into sample_data/raw
python sample_data/generate.py --orders 1000000 --out DIR  a large shop, as typed Parquet
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from shop.edge_cases import edge_cases
from shop.files import DatabaseError
from shop.large import plan, write_large
from shop.report import count_table, edge_tables, replace_block
from shop.sample import write_sample

HERE = Path(__file__).resolve().parent
ENTITIES = (
    "orders", "refunds", "order_lines", "customers", "activities", "subscriptions", "marketing_spend", "exchange_rates",
    "actions_taken",
)  # fmt: skip
MARKER = ".made-by-generate"
UNFINISHED = ".unfinished"


class RefusedError(Exception):
    """A setting that cannot be followed, said in one line."""


def main(
    orders: Annotated[
        int | None, typer.Option(min=1, max=1_000_000_000, help="Write a large shop of so many orders, into --out.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The folder to write into (default: sample_data/raw).")] = None,
    all_entities: Annotated[
        bool,
        typer.Option("--all-entities", help="With --orders: every entity, not only four of them."),
    ] = False,
) -> None:
    """Write the sample shop, or a large one for benchmarks."""
    try:
        _run(orders, out, all_entities)
    except RefusedError as error:
        _refuse(str(error))
    except (OSError, ValueError, DatabaseError) as error:
        first_line = str(error).strip().splitlines()[0]
        _refuse(f"--out {out}: {first_line}" if out else first_line)
    except KeyboardInterrupt:
        print("stopped; nothing was replaced", file=sys.stderr)
        raise typer.Exit(130) from None


def _refuse(text: str) -> NoReturn:
    print(f"generate.py: {text}", file=sys.stderr)
    raise typer.Exit(2)


def _run(orders: int | None, out: Path | None, all_entities: bool) -> None:
    if orders is None and all_entities:
        raise RefusedError("--all-entities: only goes with --orders, the sample shop always has every entity")
    if orders is not None and out is None:
        raise RefusedError("--out: a folder is needed with --orders")
    started = time.monotonic()
    if orders is not None:
        large = plan(orders, all_entities=all_entities)
        folder, rows = out, _into(out, lambda new: write_large(new, large))
    elif out is not None:
        folder, rows = out, _into(out, lambda new: write_sample(new, edge_cases()))
    else:
        folder, rows = HERE / "raw", _ship()
    _summary(folder, rows, time.monotonic() - started)


def _ship() -> dict[str, int]:
    """Write what is kept in the repository: the raw files and the tables of the README."""
    edges = edge_cases()
    rows = _replace(HERE / "raw", lambda new: write_sample(new, edges))
    readme = HERE / "README.md"
    text = replace_block(readme.read_text(encoding="utf-8"), "counts", count_table(rows))
    text = replace_block(text, "edge cases", edge_tables(edges))
    readme.write_text(text, encoding="utf-8", newline="\n")
    return rows


def _into(folder: Path, write: Callable[[Path], dict[str, int]]) -> dict[str, int]:
    """Write into a folder of the user's, which must be empty or of our own making."""
    if folder.exists() and not folder.is_dir():
        raise RefusedError(f"--out {folder}: is not a folder")
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise RefusedError(f"--out {folder}: is not empty and was not made by this generator; name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text("sample_data/generate.py made this folder and may replace it.\n", encoding="utf-8")
    return _replace(folder, write)


def _replace(folder: Path, write: Callable[[Path], dict[str, int]]) -> dict[str, int]:
    """Write everything aside first: a run that breaks off leaves the former shop whole."""
    unfinished = folder / UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        rows = write(unfinished)
        for entity in ENTITIES:
            shutil.rmtree(folder / entity, ignore_errors=True)
            for ending in ("csv", "parquet"):
                (folder / f"{entity}.{ending}").unlink(missing_ok=True)
        for made in sorted(unfinished.iterdir()):
            made.rename(folder / made.name)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return rows


def _summary(folder: Path, rows: dict[str, int], seconds: float) -> None:
    for entity, count in rows.items():
        print(f"{entity:16} {count:>13,} rows")
    print(f"written to {folder} in {seconds:.1f} s")


if __name__ == "__main__":
    typer.run(main)
