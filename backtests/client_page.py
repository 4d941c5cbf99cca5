"""A client's report as one HTML file."""

from collections.abc import Iterator
from pathlib import Path

from backtests.client_blocks import Page, Part, Rows, Words
from backtests.client_picture import Picture, svg
from backtests.report_file import write_page
from backtests.report_page import heading, keys, page, paragraph, section, table


def write_client_page(file: Path, report: Page) -> Path:
    """Write the report; return its path."""
    return write_page(file, client_html(report))


def client_html(report: Page) -> str:
    """Return the whole page."""
    return page(report.title, _body(report))


def _body(report: Page) -> Iterator[str]:
    yield heading(report.title, report.sub)
    for part in report.first:
        yield _section(part)
    for row in (report.keys[:4], report.keys[4:]):
        yield keys(row)
    for part in report.rest:
        yield _section(part)


def _section(part: Part) -> str:
    return section(part.title, *map(_block, part.blocks), name=part.kind)


def _block(block: Words | Rows | Picture) -> str:
    match block:
        case Words():
            return paragraph(block.text.replace(" %", "\N{NO-BREAK SPACE}%"), "small" if block.small else "")
        case Rows():
            return table(block.columns, block.rows, texts=block.texts, summed=block.summed)
        case Picture():
            return f'<div class="wide">{svg(block)}</div>\n'
