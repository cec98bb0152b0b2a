"""The Data Docs of Great Expectations as pages that need neither a network nor scripts.

Great Expectations renders what it knows of each suite and validation; the templates in pages/ lay it out and replace
those of its templates that load from other hosts. index.html lists every check in plain words.
"""

from __future__ import annotations

import copy
import html
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from great_expectations.render import (
    RenderedHeaderContent,
    RenderedSectionContent,
    RenderedStringTemplateContent,
    RenderedTableContent,
)
from great_expectations.render.renderer import ValidationResultsPageRenderer
from great_expectations.render.renderer.site_builder import SiteBuilder
from great_expectations.render.view import DefaultJinjaPageView
from jinja2 import ChoiceLoader, FileSystemLoader, pass_context

from orchestration.quality.suites import SUITES

if TYPE_CHECKING:
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.data_context import AbstractDataContext

    from orchestration.quality.gate import Result

TEMPLATES = Path(__file__).with_name("pages")
# What the pages are called, by the name of the section in Great Expectations.
FOLDERS = {"validations": "validations", "expectations": "suites"}
# Of each outcome: its sign, its word, and what it means for the build.
OUTCOMES = {
    "failed": ("✕", "failed", "blocks publishing"),
    "warned": ("!", "warned", "is shown and blocks nothing"),
    "accepted": ("◐", "accepted", "failed, and a person let it pass"),
    "passed": ("✓", "passed", "holds"),
    "no_baseline": ("○", "not compared", "there is no published build before to compare with"),
    "off": ("□", "off", "is switched off in the thresholds"),
}


class DataDocsError(Exception):
    """Great Expectations did not render a page; the text names it. Its log tells why."""


def write_data_docs(context: AbstractDataContext, folder: Path, results: Sequence[Result]) -> None:
    """Replaces the pages in `folder` by those of the validations that ran in `context` and of `results`.

    Raises DataDocsError or OSError, and then leaves the pages that were there.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished, earlier = (folder.with_name(folder.name + suffix) for suffix in (".unfinished", ".earlier"))
    if earlier.exists() and not folder.exists():  # a crash between the two renames below
        earlier.rename(folder)
    for left_over in (unfinished, earlier):
        if left_over.exists():
            shutil.rmtree(left_over)
    unfinished.mkdir()
    write_pages(context, unfinished, results)
    if folder.exists():
        folder.rename(earlier)
    try:
        unfinished.rename(folder)
    except OSError:
        if earlier.exists():
            earlier.rename(folder)
        raise
    shutil.rmtree(earlier, ignore_errors=True)


def write_pages(context: AbstractDataContext, folder: Path, results: Sequence[Result]) -> None:
    """index.html, suites/<suite>.<table>.html and validations/<suite>.<table>.html."""
    tables = judged_tables(context)
    checks: dict[str, list[Result]] = {}
    for result in results:
        if table := tables.get((result.suite, result.check_name)):
            checks.setdefault(table, []).append(result)
    for section, pages in rendered_pages(context, checks).items():
        if missing := set(tables.values()) - pages.keys():
            raise DataDocsError(f"the page of {min(missing)} in {section} could not be rendered")
        (folder / section).mkdir()
        for name, text in pages.items():
            (folder / section / f"{name}.html").write_text(text, encoding="utf-8")
    index = OfflineView().env.get_template("index.html").render(index_content(results, tables))
    (folder / "index.html").write_text(index, encoding="utf-8")


def judged_tables(context: AbstractDataContext) -> dict[tuple[str, str], str]:
    """The table, as <suite>.<table>, in which each check was judged."""
    store = context.validation_results_store
    found = {}
    for key in store.list_keys():
        validation = store.get(key)
        for single in validation.results:
            meta = single.expectation_config.meta
            found[meta["suite"], meta["check"]] = validation.suite_name
    return found


def rendered_pages(context: AbstractDataContext, checks: Mapping[str, Sequence[Result]]) -> dict[str, dict[str, str]]:
    """The pages that Great Expectations makes, by folder and <suite>.<table>."""
    view = {"module_name": __name__, "class_name": OfflineView.__name__, "checks": checks}
    with tempfile.TemporaryDirectory() as scratch:
        builder = SiteBuilder(
            data_context=context,
            store_backend={"class_name": "TupleFilesystemStoreBackend", "base_directory": scratch},
            show_how_to_buttons=False,
            site_section_builders={
                "expectations": {"view": view},
                "validations": {
                    "view": view,
                    "renderer": {"module_name": __name__, "class_name": ValidationPageRenderer.__name__},
                },
                "profiling": "None",
            },
        )
        # Not builder.build(): that adds an index filled by scripts, and half a megabyte of fonts and pictures.
        for section in builder.site_section_builders.values():
            section.build()
        pages: dict[str, dict[str, str]] = {folder: {} for folder in FOLDERS.values()}
        for key in builder.target_store.keys:
            identifier = key.resource_identifier
            suite = getattr(identifier, "expectation_suite_identifier", identifier)
            backend = builder.target_store.store_backends[type(identifier)]
            pages[FOLDERS[key.site_section_name]][suite.name] = backend.get(identifier.to_tuple())
    return pages


def index_content(results: Sequence[Result], tables: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """What the index shows: how often each outcome came, what needs attention, and all checks by suite."""
    counts = Counter(result.outcome for result in results)
    suites: dict[str, list[Result]] = {}
    for result in results:
        suites.setdefault(result.suite, []).append(result)
    return {
        "outcomes": OUTCOMES,
        "counts": [(outcome, counts[outcome]) for outcome in OUTCOMES if counts[outcome] or outcome != "off"],
        "attention": [
            result for outcome in ("failed", "warned", "accepted") for result in results if result.outcome == outcome
        ],
        "suites": suites,
        # The first line of a suite's own description says when it is judged, and what it asks.
        "says": {name: (SUITES[name].__doc__ or "").split("\n")[0] for name in suites if name in SUITES},
        "tables": tables,
        "judged_at": max((result.judged_at for result in results), default=None),
    }


class OfflineView(DefaultJinjaPageView):
    """Great Expectations' view with our templates before its own, which load from other hosts and do not escape cells.

    `checks` are the results that a page shows above what Great Expectations found, by <suite>.<table>.
    """

    _template = "page.html"

    def __init__(self, checks: Mapping[str, Sequence[Result]] | None = None, **directories: Any) -> None:
        super().__init__(**directories)
        self.env.loader = ChoiceLoader([FileSystemLoader(TEMPLATES), self.env.loader])
        self.env.globals.update(outcomes=OUTCOMES, checks=checks or {})

    @pass_context
    def render_content_block(self, jinja_context: Any, content_block: Any, *args: Any, **options: Any) -> Any:
        """Great Expectations escapes the parameters of its sentences, but neither cells nor items of lists."""
        if isinstance(content_block, str):
            return html.escape(content_block)
        if isinstance(content_block, list):
            content_block = [html.escape(part) if isinstance(part, str) else part for part in content_block]
        return super().render_content_block(jinja_context, content_block, *args, **options)


class ValidationPageRenderer(ValidationResultsPageRenderer):
    """Great Expectations' page of a validation, with the keys of the rows that break a check."""

    def render(self, validation_results: ExpectationSuiteValidationResult, suite_parameters: Any = None) -> Any:
        validation = copy.deepcopy(validation_results)
        asset = validation.meta.get("active_batch_definition", {}).get("data_asset_name")
        validation.meta.setdefault("batch_spec", {})["data_asset_name"] = asset  # where the page looks for it
        broken = []
        for single in validation.results:
            without_traceback(single.exception_info)
            if not single.success and single.result.get("partial_unexpected_index_list"):
                broken.append(broken_rows(single))
                # The same rows without their keys.
                single.result.pop("partial_unexpected_list", None)
                single.result.pop("partial_unexpected_counts", None)
        document = super().render(validation, suite_parameters)
        if broken:
            blocks = [block for blocks in broken for block in blocks]
            document.sections.insert(
                0, RenderedSectionContent(section_name="Rows that break it", content_blocks=blocks)
            )
        return document

    @classmethod
    def _render_validation_header(cls, validation_results: ExpectationSuiteValidationResult) -> Any:
        """With the link to where the page of the suite is here."""
        header = super()._render_validation_header(validation_results)
        link = header.subheader.string_template["styling"]["params"]["expectation_suite_name"]["attributes"]
        link["href"] = f"../{FOLDERS['expectations']}/{validation_results.suite_name}.html"
        return header


def without_traceback(exception_info: Any) -> None:
    """A traceback holds paths of the machine; the message beside it says what was wrong."""
    if isinstance(exception_info, dict):
        for name, value in exception_info.items():
            if name == "exception_traceback":
                exception_info[name] = "It is not shown: it holds paths of the machine."
            else:
                without_traceback(value)


def broken_rows(single: ExpectationValidationResult) -> tuple[RenderedHeaderContent, RenderedTableContent]:
    """A heading and a table: keys and values of the first rows that break a check."""
    rows = single.result["partial_unexpected_index_list"]
    keys = single.result.get("unexpected_index_column_names", [])
    judged = single.expectation_config.kwargs
    columns = [*keys, *(judged[name] for name in ("column", "column_A", "column_B") if name in judged)]
    count = single.result["unexpected_count"]
    said = f"{count:,} {'row breaks' if count == 1 else 'rows break'} it" + (
        f", the first {len(rows):,} are" if count > len(rows) else ""
    )
    return (
        RenderedHeaderContent(
            header=sentence("$check: $said", check=single.expectation_config.meta["check"], said=said),
            styling={"classes": ["check"]},
        ),
        RenderedTableContent(
            header_row=columns,
            table=[[shown_key(row[name]) if name in keys else number(row[name]) for name in columns] for row in rows],
            styling={
                "classes": ["broken", "pair"] if "column_A" in judged else ["broken"],
                "body": {"classes": ["table"]},
            },
        ),
    )


def sentence(template: str, **values: object) -> RenderedStringTemplateContent:
    return RenderedStringTemplateContent(
        string_template={
            "template": template,
            "params": {name: str(value) for name, value in values.items()},
            "tag": "h5",
        }
    )


def shown_key(value: object) -> str:
    """Days without a time of day."""
    return str(value).removesuffix("T00:00:00")


def number(value: object) -> RenderedStringTemplateContent:
    if isinstance(value, float):
        shown = f"{value:,.12g}"
    else:
        shown = f"{value:,}" if isinstance(value, int) else "nothing" if value is None else str(value)
    return RenderedStringTemplateContent(
        string_template={"template": "$value", "params": {"value": shown}},
        styling={"parent": {"classes": ["number"]}},
    )
