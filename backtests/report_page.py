"""The page of a report: tables and sections of HTML. Whatever text comes in is escaped here, once."""

from collections.abc import Callable, Iterable, Sequence
from html import escape

STYLE = """
:root { color-scheme: light; --ink: #1f2933; --muted: #6b7785; --line: #e2e7ec; --accent: #1464a5; }
* { box-sizing: border-box; }
body { margin: 0; background: #f4f6f8; color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 48px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 17px; margin: 0 0 12px; }
p { margin: 0 0 8px; }
.sub { color: var(--muted); margin-bottom: 20px; overflow-wrap: anywhere; }
section { background: #fff; border: 1px solid var(--line); border-radius: 8px; padding: 18px 20px;
  margin-bottom: 16px; }
.keys { display: grid; grid-template-columns: repeat(auto-fit, minmax(158px, 1fr)); gap: 10px; margin-bottom: 16px; }
.four { grid-template-columns: repeat(4, 1fr); }
.key { background: #fff; border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; }
.key b { display: block; font-size: 20px; font-variant-numeric: tabular-nums; white-space: nowrap; }
.key span { color: var(--muted); font-size: 13px; }
.said { border-left: 4px solid var(--accent); font-size: 16px; }
.warned { border-left: 4px solid #b03025; }
.wide { overflow-x: auto; }
.wide > svg { min-width: 560px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { padding: 6px 10px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--muted); font-weight: 600; }
th.text, td.text { text-align: left; }
td.text { white-space: normal; }
tr:last-child td { border-bottom: 0; }
.wide + p { margin-top: 10px; }
tr.sum td { font-weight: 600; border-top: 2px solid var(--line); }
.heat td, .heat th { padding: 5px 6px; }
.down { color: #b03025; }
.small { color: var(--muted); font-size: 13px; margin-top: 10px; }
li { margin-bottom: 6px; }
details { margin-top: 6px; }
summary { cursor: pointer; font-weight: 600; padding: 4px 0; }
@media (max-width: 600px) { main { padding: 16px 10px 32px; } h1 { font-size: 21px; } section { padding: 14px 12px; } }
@media (max-width: 720px) { .four { grid-template-columns: repeat(2, 1fr); } }
@media print { .four { grid-template-columns: repeat(4, 1fr); } .key { padding: 8px 10px; } .key b { font-size: 16px; }
  body { background: #fff; } tr, svg, .key { break-inside: avoid; } h2 { break-after: avoid; }
  .sum { break-before: avoid; }
  .wide { overflow: visible; } table { font-size: 12px; } th, td { padding: 4px 5px; } }
"""

SUM = ' class="sum"'
FOUR = 4
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:; font-src data:"
)
"""What a browser may do with the page: nothing that leaves it."""


def page(title: str, body: Iterable[str]) -> str:
    """Return a whole HTML page."""
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style>"
    )
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body><main>\n{"".join(body)}</main></body></html>\n'


def heading(title: str, sub: str) -> str:
    """Return the page's title and what stands below it."""
    return f'<h1>{escape(title)}</h1>\n<p class="sub">{escape(sub)}</p>\n'


def section(title: str, *parts: str, name: str = "") -> str:
    """Return a section; its parts are HTML."""
    kind = f' class="{name}"' if name else ""
    head = f"<h2>{escape(title)}</h2>" if title else ""
    return f"<section{kind}>{head}{''.join(parts)}</section>\n"


def keys(numbers: Iterable[tuple[str, str]]) -> str:
    """Return the key numbers, each with its name below; four stand in one row, or in two of two."""
    cards = [f'<div class="key"><b>{escape(number)}</b><span>{escape(name)}</span></div>' for name, number in numbers]
    return f'<div class="keys{" four" if len(cards) == FOUR else ""}">{"".join(cards)}</div>\n'


def paragraph(text: str, name: str = "") -> str:
    """Return a paragraph."""
    return f'<p class="{name}">{escape(text)}</p>' if name else f"<p>{escape(text)}</p>"


def listed(texts: Iterable[str]) -> str:
    """Return a list of sentences."""
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int = 1, summed: bool = False) -> str:
    """Return a table whose first `texts` columns are texts, and the others numbers; summed: the last row is a sum."""
    head = "".join(f"<th{_kind(i, texts, '')}>{escape(name)}</th>" for i, name in enumerate(columns))
    lines = ["".join(f"<td{_kind(i, texts, cell)}>{escape(cell)}</td>" for i, cell in enumerate(row)) for row in rows]
    last = len(lines) - 1 if summed else len(lines)
    body = "".join(f"<tr{SUM if n == last else ''}>{line}</tr>" for n, line in enumerate(lines))
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def heat(
    columns: Sequence[str],
    rows: Iterable[tuple[str, Sequence[float | None], float]],
    text: Callable[[float | None], str],
) -> str:
    """Return a table of numbers whose colour says how much above or below 0 each is; of each row the last is bold."""
    shown = list(rows)
    most = max((abs(x) for _, cells, _ in shown for x in cells if x is not None), default=0.0) or 1.0
    head = "".join(f"<th{_kind(i, 1, '')}>{escape(name)}</th>" for i, name in enumerate(columns))
    body = "".join(
        f'<tr><td class="text">{escape(name)}</td>{"".join(_shaded(x, most, text) for x in cells)}'
        f"<td><b>{escape(text(whole))}</b></td></tr>"
        for name, cells, whole in shown
    )
    return f'<div class="wide"><table class="heat"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _shaded(x: float | None, most: float, text: Callable[[float | None], str]) -> str:
    if x is None:
        return "<td></td>"
    color = "46,139,87" if x >= 0.0 else "192,57,43"
    return f'<td style="background:rgba({color},{min(1.0, abs(x) / most) * 0.55:.2f})">{escape(text(x))}</td>'


def folded(title: str, inner: str, *, shown: bool = False) -> str:
    """Return HTML that a click unfolds."""
    return f"<details{' open' if shown else ''}><summary>{escape(title)}</summary>{inner}</details>"


def _kind(column: int, texts: int, cell: str) -> str:
    if column < texts:
        return ' class="text"'
    return ' class="down"' if cell.startswith("−") else ""
