"""Write the sample shop, or a large one for benchmarks.

python sample_data/generate.py                             the sample shop, into sample_data/raw
python sample_data/generate.py --orders 1000000 --out DIR  a large shop, as typed Parquet
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from shop.edge_cases import edge_cases
from shop.files import DatabaseError
from shop.large import plan, write_large
from shop.report import count_table, edge_tables, replace_block
from shop.sample import write_sample

HERE = Path(__file__).resolve().parent
ENTITIES = (
    "orders", "order_lines", "customers", "activities", "subscriptions", "marketing_spend", "exchange_rates",
    "actions_taken",
)  # fmt: skip
MARKER = ".made-by-generate"
UNFINISHED = ".unfinished"


class RefusedError(Exception):
    """A setting that cannot be followed, said in one line."""


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        """Leave with the message and status 2."""
        self.exit(2, f"{self.prog}: {message.removeprefix('argument ')}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    parser = _parser()
    settings = parser.parse_args(arguments)
    try:
        _run(settings)
    except RefusedError as error:
        parser.error(str(error))
    except (OSError, ValueError, DatabaseError) as error:
        first_line = str(error).strip().splitlines()[0]
        parser.error(f"--out {settings.out}: {first_line}" if settings.out else first_line)
    except KeyboardInterrupt:
        print("stopped; nothing was replaced", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(description="Write the sample shop, or a large one for benchmarks.")
    parser.add_argument(
        "--orders", type=_number_of_orders, metavar="N", help="write a large shop of N orders, into --out"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="the folder to write into (default: sample_data/raw)")
    parser.add_argument(
        "--all-entities",
        action="store_true",
        help="with --orders: every entity, not only orders, customers and exchange rates",
    )
    return parser


def _number_of_orders(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a whole number is needed, not '{text}'") from None
    if not 1 <= number <= 1_000_000_000:
        raise argparse.ArgumentTypeError(f"a number from 1 to 1,000,000,000 is needed, not {text}")
    return number


def _run(settings: argparse.Namespace) -> None:
    if settings.orders is None and settings.all_entities:
        raise RefusedError("--all-entities: only goes with --orders, the sample shop always has every entity")
    if settings.orders is not None and settings.out is None:
        raise RefusedError("--out: a folder is needed with --orders")
    started = time.monotonic()
    if settings.orders is not None:
        large = plan(settings.orders, all_entities=settings.all_entities)
        folder, rows = settings.out, _into(settings.out, lambda new: write_large(new, large))
    elif settings.out is not None:
        folder, rows = settings.out, _into(settings.out, lambda new: write_sample(new, edge_cases()))
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
    sys.exit(main())
