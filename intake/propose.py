"""A mapping for a file nobody has described: guessed from its header and values, with the reason of each guess.

Only here is anything guessed, and what is guessed is written down to be read before it is used.
"""

from __future__ import annotations

import csv
import gzip
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from .convert import letters
from .entities import entities
from .errors import IntakeError
from .mapping import PRESETS, presets, read_rule, read_yaml
from .prepare import by_name
from .reading import EXTENSIONS, check_header, check_readable, describe_rows

ROWS = 2_000

# Names of columns as shops use them, in English and German, without spaces and signs, the likeliest first.
NAMES: dict[str, dict[str, str]] = {
    "orders": {
        "order_id": "orderid ordernumber orderno order bestellnummer bestellnr auftragsnummer auftragsnr invoiceno "
        "invoicenumber rechnungsnummer belegnummer transactionid id name nummer",
        "customer_id": "customerid customernumber customerno customer kundennummer kundennr kunde kundenid debitor "
        "userid clientid buyerid",
        "ordered_at": "orderedat orderdate createdat created date datum bestelldatum auftragsdatum kaufdatum "
        "rechnungsdatum invoicedate purchasedate timestamp bestelltam zeitpunkt",
        "amount": "amount subtotal netamount nettobetrag warenwert netto summe betrag umsatz total ordertotal "
        "gesamtbetrag gesamtsumme value revenue price preis wert",
        "currency": "currency waehrung währung ordercurrency currencycode",
        "refunded_amount": "refundedamount refunded refund amountrefunded erstattung erstattet gutschrift "
        "rueckerstattung rückerstattung refundedtotal",
        "discount_amount": "discountamount discount rabatt nachlass discounttotal gutschein",
        "status": "status orderstatus financialstatus state zustand bestellstatus auftragsstatus",
        "sales_channel": "saleschannel channel kanal vertriebskanal verkaufskanal source quelle shop",
        "customer_email": "customeremail email mail emailadresse billingemail receiptemail kundenemail",
        "is_test": "istest test testbestellung testorder",
        "updated_at": "updatedat lastmodified modified geaendert geändert aktualisiert lastupdate",
    },
    "customers": {
        "customer_id": "customerid kundennummer kundennr kunde customer id userid",
        "email": "email mail emailadresse customeremail",
        "created_at": "createdat created registriertam angelegtam kundeseit registrationdate datum",
        "acquisition_channel": "acquisitionchannel channel herkunft akquisekanal quelle source utmsource",
        "country": "country land countrycode billingcountry laendercode",
        "marketing_consent": "marketingconsent acceptsmarketing newsletter werbeeinwilligung optin",
        "updated_at": "updatedat geaendert geändert aktualisiert lastmodified",
    },
}
DATE_FORMATS = (
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d.%m.%y", "%Y-%m-%d %H:%M:%S %z", "%Y%m%d", "%Y/%m/%d",
    "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%d-%m-%Y",
    "%d %b %Y", "%b %d, %Y",
)  # fmt: skip
ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")
TRUE_WORDS = ("ja", "x", "wahr", "j", "on", "oui", "si")


@dataclass(frozen=True)
class Sample:
    """The head of a file: its format as far as it is not the usual, its header and values by column."""

    form: dict[str, str]
    header: tuple[str, ...]
    values: dict[str, list[str]]
    reasons: list[str]


def propose(path: Path) -> Iterator[str]:
    """The lines of a mapping.yml with the reasons as comments. Raises IntakeError where nothing can be proposed."""
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.name.endswith(EXTENSIONS) and file.is_file())
        if not files:
            raise IntakeError(f"{path}: holds no file that could be mapped ({', '.join(EXTENSIONS)})")
        if not any(file.name == "mapping.yml" for file in path.iterdir()) and any(
            item.rule.entity == "orders" for item in by_name(path)
        ):
            yield f"# {path} holds orders under their own name: no mapping is needed. Try: make check RAW={path}"
            return
    else:
        files = [path]
    yield "# Proposed by make map: guesses, each with its reason. Read them, correct them, save this as mapping.yml"
    yield "# beside the files, then look at the result with make check."
    missing: list[str] = []
    taken: set[str] = set()
    preset_lines: list[str] = []
    entity_lines: list[str] = []
    for file in files:
        sample = read_sample(file)
        if preset := preset_of(sample.header):
            preset_lines.append(f"preset: {preset}  # {file.name} has the columns of this preset")
            continue
        entity = likeliest_entity(sample, taken)
        taken.add(entity)
        entity_lines += proposal(file, sample, entity, missing)
    yield from dict.fromkeys(preset_lines)
    if entity_lines:
        yield "entities:"
        yield from entity_lines
    if missing:
        yield "# Still to be said:"
        yield from (f"#   {line}" for line in missing)


def preset_of(header: Sequence[str]) -> str | None:
    """The preset all of whose columns of orders are in the header."""
    there = {letters(column) for column in header}
    for preset in presets():
        path = PRESETS / f"{preset}.yml"
        orders = read_rule(entities()["orders"], read_yaml(path)["entities"]["orders"], path)
        wanted = [column for rule in orders.columns.values() for column in rule.source_columns()]
        wanted += orders.fold.source_columns() if orders.fold else []
        if {letters(column) for column in wanted} <= there:
            return preset
    return None


def proposal(path: Path, sample: Sample, entity: str, missing: list[str]) -> Iterator[str]:
    yield f"  {entity}:"
    yield f"    files: {scalar(path.name)}"
    if sample.form:
        yield f"    format: {{{', '.join(f'{key}: {scalar(value)}' for key, value in sample.form.items())}}}"
        yield from (f"    # {reason}" for reason in sample.reasons)
    yield "    columns:"
    free = list(sample.header)
    for target, column in entities()[entity].columns.items():
        source = named(target, entity, free)
        if source is None:
            if column.required and not (target == "customer_id" and named("customer_email", entity, free)):
                missing.append(f"{entity}.{target}: which of {', '.join(free)} is it?")
                yield f"      # {target}: required; no column of the file has a name like it"
            continue
        free.remove(source)
        rule, reason = guess(source, sample.values[source], column.kind)
        yield f"      {target}: {rule}  # {reason}"
    if free:
        yield f"    # not used: {', '.join(free)}"


def named(target: str, entity: str, free: Sequence[str]) -> str | None:
    """The column whose name is known for the target; names are tried in their order."""
    by_letters = {re.sub(r"[\W_]", "", column.lower()): column for column in free}
    wanted = (target.replace("_", ""), *NAMES.get(entity, {}).get(target, "").split())
    return next((by_letters[name] for name in wanted if name in by_letters), None)


def guess(column: str, values: Sequence[str], kind: str) -> tuple[str, str]:
    """The rule of a column, in YAML, and why."""
    filled = [value for value in values if value]
    plain = scalar(column)
    if not filled:
        return plain, "by its name; it has no values in the first rows"
    if kind == "timestamp":
        return guess_dates(plain, filled)
    if kind == "boolean":
        words = sorted({value.lower() for value in filled} & set(TRUE_WORDS))
        if words:
            return f"{{column: {plain}, true_values: [{', '.join(words)}]}}", f"by its name; {', '.join(words)} is yes"
    if kind == "decimal" and all(re.fullmatch(r"-?\d{4,}", value) for value in filled):
        return plain, f"by its name; whole numbers such as {filled[0]}: if cents, {{column: {plain}, unit: cents}}"
    shown = "values not shown" if any("@" in value for value in filled) else f"such as {filled[0]}"
    return plain, f"by its name; {shown}"


def guess_dates(column: str, values: Sequence[str]) -> tuple[str, str]:
    """The form that most of the dates have; where two fit alike, both are named."""
    if all(ISO.fullmatch(value) for value in values):
        return column, f"by its name; dates as {values[0]}"
    fits = {form: sum(parses(value, form) for value in values) for form in DATE_FORMATS}
    best = max(fits.values())
    if best < len(values) / 2:
        return column, f"by its name; dates in no form known here, such as {values[0]}: say date_format"
    form, *alike = [form for form, count in fits.items() if count == best]
    doubt = f"; {alike[0]} would fit as well" if alike else ""
    share = "all values" if best == len(values) else f"{best} of {len(values)} values"
    return f"{{column: {column}, date_format: {scalar(form)}}}", f"by its name; {share} fit, such as {values[0]}{doubt}"


def parses(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)
    except ValueError:
        return False
    return True


def likeliest_entity(sample: Sample, taken: set[str]) -> str:
    """Orders if it has what orders need, else the entity most of whose columns have known names."""

    def score(entity: str) -> int:
        return sum(named(target, entity, sample.header) is not None for target in entities()[entity].columns)

    required = [name for name, column in entities()["orders"].columns.items() if column.required]
    hits = sum(named(name, "orders", sample.header) is not None for name in required)
    if "orders" not in taken and hits >= 3:
        return "orders"
    candidates = [entity for entity in entities() if entity not in taken]
    return max(candidates, key=score)


def read_sample(path: Path) -> Sample:
    """The first rows of a file. Encoding and separators are guessed here, and only here."""
    check_readable(path)
    if path.suffix in (".parquet", ".xlsx"):
        header, rows = describe_rows(path, ROWS)
        return Sample({}, header, columns_of(header, rows), [])
    packed = path.read_bytes()[:2] == b"\x1f\x8b"
    with gzip.open(path, "rb") if packed else path.open("rb") as file:
        raw = file.read(1 << 20)
    form: dict[str, str] = {}
    reasons: list[str] = []
    text = decode(raw, form, reasons)
    lines = text.splitlines()[: ROWS + 1]
    if not lines:
        raise IntakeError(f"{path}: is empty. Export it again, or take it away")
    delimiter = max(",;\t|", key=lambda sign: (min(line.count(sign) for line in lines[:20]), lines[0].count(sign)))
    if lines[0].count(delimiter) == 0:
        raise IntakeError(f"{path}, line 1: no separator found: is this a table with a header?")
    if delimiter != ",":
        form["delimiter"] = "tab" if delimiter == "\t" else delimiter
        reasons.append(f"separator: the header has {lines[0].count(delimiter)} of it")
    csv.field_size_limit(sys.maxsize)
    records = list(csv.reader(lines, delimiter=delimiter))
    header = tuple(field.strip() for field in records[0])
    check_header(header, path)
    values = columns_of(header, [record for record in records[1:] if len(record) == len(header)])
    decimal_signs(values, form, reasons)
    return Sample(form, header, values, reasons)


def decode(raw: bytes, form: dict[str, str], reasons: list[str]) -> str:
    cut = raw[: raw.rfind(b"\n") + 1] or raw
    try:
        return cut.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if cut[:2] in (b"\xff\xfe", b"\xfe\xff"):
            form["encoding"] = "utf-16"
            reasons.append("encoding: the file begins with the mark of UTF-16")
            return raw.decode("utf-16", errors="ignore")
        line = cut[: error.start].count(b"\n") + 1
        form["encoding"] = "cp1252"
        reasons.append(f"encoding: line {line} is not UTF-8; cp1252 is the usual of Windows in western Europe")
        return cut.decode("cp1252", errors="replace")


def decimal_signs(values: dict[str, list[str]], form: dict[str, str], reasons: list[str]) -> None:
    with_comma = [value for column in values.values() for value in column if re.fullmatch(r"-?[\d.]*\d,\d{1,2}", value)]
    if with_comma:
        form["decimal"] = ","
        reasons.append(f"decimal comma: values such as {with_comma[0]}")
        if any("." in value for value in with_comma):
            form["thousands"] = "."


def columns_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    return {column: [row[position].strip() for row in rows] for position, column in enumerate(header)}


def scalar(text: str) -> str:
    """A text as it stands in YAML, quoted where it must be."""
    return (
        yaml.safe_dump(text, default_flow_style=True, allow_unicode=True, width=1_000).removesuffix("\n...\n").strip()
    )
