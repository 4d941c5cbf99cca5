"""A client's report as a PDF, for paper and for archives."""

from pathlib import Path
from typing import Any

from backtests.client_blocks import Page, Part, Rows, Words
from backtests.client_letters import Letters, letters_for
from backtests.client_picture import BOTTOM, FLOW, GRID, HEIGHT, INK, LEFT, LINE, MUTED, RIGHT, TOP, WIDTH, Picture
from backtests.report_file import write_whole

MARGIN, SMALL, USUAL = 15.0, 7.5, 9.5
"""Of the page, mm; and sizes of letters, points."""
CARDS = 4
"""Key numbers beside each other."""
WARNED = "#b03025"


def write_client_pdf(file: Path, report: Page, letters: Letters | None = None) -> Path:
    """Write the report; return its path. letters: another font than the one that would be taken."""
    return write_whole(file, client_pdf(report, letters))


def client_pdf(report: Page, letters: Letters | None = None) -> bytes:
    """Return the whole file."""
    return _Paper(report, letters or letters_for(_texts(report))).bytes()


def _texts(report: Page) -> str:
    parts = [*report.first, *report.rest]
    return " ".join((report.title, report.sub, *(str(block) for part in parts for block in part.blocks)))


class _Paper:
    """One report on its way to paper."""

    def __init__(self, report: Page, letters: Letters) -> None:
        from fpdf import FPDF  # noqa: PLC0415 - of an extra, and slow to import

        self.letters, self.title = letters, letters.told(report.title)
        self.pdf: FPDF = FPDF(format="A4")
        self.pdf.set_margin(MARGIN)
        self.pdf.set_auto_page_break(auto=True, margin=MARGIN)
        self.pdf.set_title(self.title)
        self.pdf.set_creator("tidegate")
        letters.into(self.pdf)
        self.pdf.add_page()
        self._head(report)
        for part in report.first:
            self._part(part)
        self._keys(report.keys)
        for part in report.rest:
            self._part(part)
        if letters.lacking:
            self._words(Words(letters.lacking, small=True))

    def bytes(self) -> bytes:
        return bytes(self.pdf.output())

    def _font(self, size: float, color: str = INK, *, bold: bool = False) -> None:
        self.pdf.set_font(self.letters.family, "B" if bold else "", size)
        self.pdf.set_text_color(color)

    def _say(self, text: str, height: float) -> None:
        self.pdf.multi_cell(0, height, self.letters.told(text), new_x="LMARGIN", new_y="NEXT", align="L")

    def _long(self, text: str) -> float:
        return float(self.pdf.get_string_width(self.letters.told(text)))

    def _head(self, report: Page) -> None:
        self._font(17, bold=True)
        self._say(report.title, 8)
        self._font(8, MUTED)
        self._say(report.sub, 4)
        self.pdf.ln(3)

    def _part(self, part: Part) -> None:
        if self.pdf.will_page_break(26):
            self.pdf.add_page()
        if part.title:
            self._font(11.5, WARNED if part.kind == "warned" else INK, bold=True)
            self._say(part.title, 6)
        for block in part.blocks:
            match block:
                case Words():
                    self._words(block)
                case Rows():
                    self._rows(block)
                case Picture():
                    self._picture(block)
        self.pdf.ln(3)

    def _words(self, words: Words) -> None:
        self._font(SMALL if words.small else USUAL, MUTED if words.small else INK)
        self._say(words.text, 3.6 if words.small else 4.6)
        self.pdf.ln(1)

    def _keys(self, numbers: tuple[tuple[str, str], ...]) -> None:
        """Draw the key numbers, so many beside each other."""
        width = self.pdf.epw / CARDS
        for first in range(0, len(numbers), CARDS):
            if self.pdf.will_page_break(16):
                self.pdf.add_page()
            top = self.pdf.get_y()
            for n, (name, number) in enumerate(numbers[first : first + CARDS]):
                self.pdf.set_draw_color(GRID)
                self.pdf.rect(MARGIN + n * width, top, width - 2, 14, round_corners=True, corner_radius=1.5)
                self.pdf.set_xy(MARGIN + n * width + 1.5, top + 1.5)
                self._font(12, bold=True)
                self.pdf.cell(width - 5, 6, self.letters.told(number))
                self.pdf.set_xy(MARGIN + n * width + 1.5, top + 8)
                self._font(7, MUTED)
                self.pdf.cell(width - 5, 4, self.letters.told(name))
            self.pdf.set_xy(MARGIN, top + 16)
        self.pdf.ln(2)

    def _rows(self, block: Rows) -> None:
        from fpdf.fonts import FontFace  # noqa: PLC0415

        many = len(block.columns)
        size = SMALL - 0.8 if many > 6 else SMALL + 0.7
        widths = self._widths(block, size)
        self._font(size)
        self.pdf.set_draw_color(GRID)
        head = FontFace(emphasis="BOLD", color=MUTED)
        align = tuple("LEFT" if n < block.texts else "RIGHT" for n in range(many))
        with self.pdf.table(
            borders_layout="HORIZONTAL_LINES", headings_style=head, text_align=align, line_height=size * 0.46,
            col_widths=widths, first_row_as_headings=any(block.columns), padding=0.5,
        ) as grid:  # fmt: skip
            if any(block.columns):
                grid.row([self.letters.told(name) for name in block.columns])
            for n, row in enumerate(block.rows):
                last = block.summed and n == len(block.rows) - 1
                grid.row([self.letters.told(cell) for cell in row], style=FontFace(emphasis="BOLD") if last else None)
        self.pdf.ln(1)

    def _widths(self, block: Rows, size: float) -> tuple[float, ...]:
        """Return widths by what stands in the columns, none so wide that the others have no room."""
        self._font(size, bold=True)
        rows = (block.columns, *block.rows)
        wide = [
            max(self.pdf.get_string_width(self.letters.told(row[n])) for row in rows) for n in range(len(block.columns))
        ]
        return tuple(min(w, self.pdf.epw * 0.7) + 4.0 for w in wide)

    def _picture(self, p: Picture) -> None:
        scale = self.pdf.epw / WIDTH
        if self.pdf.will_page_break(HEIGHT * scale):
            self.pdf.add_page()
        top = self.pdf.get_y()

        def place(x: float, y: float) -> tuple[float, float]:
            return MARGIN + x * scale, top + y * scale

        self._grid(p, place)
        for mark in p.flows:
            self._flow(mark.at, mark.text, place)
        self.pdf.set_draw_color(LINE)
        self.pdf.set_line_width(0.35)
        self.pdf.polyline([place(x, y) for x, y in p.line])
        self.pdf.set_line_width(0.2)
        self.pdf.set_xy(MARGIN, top + HEIGHT * scale + 2)

    def _grid(self, p: Picture, place: Any) -> None:  # noqa: ANN401 - a function of two numbers
        self._font(6.5, MUTED)
        self.pdf.set_draw_color(GRID)
        for mark in p.heights:
            self.pdf.line(*place(LEFT, mark.at), *place(WIDTH - RIGHT, mark.at))
            x, y = place(LEFT - 8, mark.at)
            self.pdf.text(
                x - self.pdf.get_string_width(self.letters.told(mark.text)), y + 0.8, self.letters.told(mark.text)
            )
        for mark in p.days:
            x, y = place(mark.at, HEIGHT - BOTTOM + 16)
            self.pdf.text(x - self._long(mark.text) / 2.0, y, mark.text)

    def _flow(self, at: float, text: str, place: Any) -> None:  # noqa: ANN401 - likewise
        self._font(6.5, FLOW)
        self.pdf.set_draw_color(FLOW)
        with self.pdf.local_context(line_width=0.25):
            self.pdf.set_dash_pattern(dash=0.8, gap=0.8)
            self.pdf.line(*place(at, TOP), *place(at, HEIGHT - BOTTOM))
            self.pdf.set_dash_pattern()
        with self.pdf.local_context(line_width=0.7):
            self.pdf.line(*place(at - 9, HEIGHT - BOTTOM + 21), *place(at + 9, HEIGHT - BOTTOM + 21))
        x, y = place(at + 5, TOP + 10)
        self.pdf.text(x if at < WIDTH - 120 else x - self._long(text) - 3, y, self.letters.told(text))
