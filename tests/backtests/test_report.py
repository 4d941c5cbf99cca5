"""The report as a file: whole, alone, unharmed by hostile names, and drawn from the numbers it shows."""

import html
import stat

from pathlib import Path

import msgspec

from hypothesis import given
from hypothesis import strategies as st

from backtests.equity import curve_of
from backtests.record import Record
from backtests.report import report_html, write_report
from backtests.report_figures import MOST_POINTS, equity_figure, thinned
from backtests.summary import summary_of
from runtime.core.decision import Decision
from tests.pages import HOSTILE, Elements
from tests.records import doubtful, played


def page_of(record: Record) -> str:
    """Return the report on a record."""
    return report_html(record, summary_of(record))


def test_a_report_needs_nothing_but_itself() -> None:
    """No element names anything to load, and the page forbids the browser to ask for anything."""
    page = Elements(page_of(played()[0]))

    assert [] == page.loaded
    assert "default-src 'none'" in page.policy
    assert [] == page.open
    assert not {"link", "iframe", "img", "object", "embed", "base"} & set(page.tags)


def test_a_report_holds_the_numbers_of_its_summary() -> None:
    """Title, key numbers, gate sentence, regimes, strategies, trades and notes are all there to be read."""
    record, _ = played()
    summary = summary_of(record)

    text = Elements(report_html(record, summary)).text

    assert f"{summary.data}, {summary.first} to {summary.last}" in text
    assert summary.config[:12] in text
    assert summary.gate_sentence in text
    assert f"{summary.decisions:,}" in text
    assert all(note in text for note in summary.notes)
    assert all(line.strategy in text for line in summary.strategies)
    assert {"calm-or-storm", "The last 20", "The best 20", "The worst 20", "time stop"} <= set(text.splitlines())


def test_hostile_names_are_shown_and_not_obeyed() -> None:
    """Whatever a configuration or a journal says comes out as text: no element, no handler, no script of its own."""
    record, _ = played(60)
    config = record.config
    first, *rest = config.strategies
    config = msgspec.structs.replace(
        config,
        account=msgspec.structs.replace(config.account, user=HOSTILE, name=HOSTILE, currency=HOSTILE),
        strategies=(msgspec.structs.replace(first, name=HOSTILE), *rest),
    )
    hostile = msgspec.structs.replace(
        record,
        config=config,
        decisions=[_renamed(d, first.name) for d in record.decisions],
        trades=[msgspec.structs.replace(t, strategy=HOSTILE, exit_reason=HOSTILE) for t in record.trades],
    )
    harmless = Elements(page_of(record))

    page = Elements(page_of(hostile))

    assert harmless.tags.count("script") == page.tags.count("script")
    assert "img" not in page.tags
    assert [] == page.handlers
    assert HOSTILE in page.text


def _renamed(decision: Decision, name: str) -> Decision:
    return msgspec.structs.replace(decision, strategy=HOSTILE) if decision.strategy == name else decision


def test_a_name_in_a_figure_is_no_markup() -> None:
    """Plotly takes a little HTML in its texts: names reach it escaped."""
    record, _ = played(60)
    account = msgspec.structs.replace(record.config.account, currency="<b>X</b>")
    hostile = msgspec.structs.replace(record, config=msgspec.structs.replace(record.config, account=account))

    figure = equity_figure(hostile)

    assert html.escape("<b>X</b>") == figure.layout.yaxis2.title.text


def test_a_report_without_gate_regimes_or_shadow_is_whole() -> None:
    """Sections that have nothing to say are left out."""
    page = Elements(page_of(doubtful()[0]))

    assert "No strategy has a regime gate." in page.text
    assert "Regimes" not in page.text.splitlines()
    assert [] == page.open


def test_a_record_of_nothing_has_a_report() -> None:
    """Where nothing was decided there are no figures, and the page still opens."""
    record, _ = played(60)

    page = Elements(page_of(msgspec.structs.replace(record, decisions=[], deals=[], trades=[], tapes={})))

    assert "script" not in page.tags
    assert "no bars,  to " in page.text


def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """It appears under its name when it is complete; drafts do not stay, and others may read it."""
    record, _ = played(60)
    file = tmp_path / "new" / "report.html"
    file.parent.mkdir()
    file.write_text("an older one", encoding="utf-8")

    written = write_report(file, record, summary_of(record))

    assert file == written
    assert [file] == list(file.parent.iterdir())
    assert file.read_text(encoding="utf-8").endswith("</html>\n")
    assert 0o644 == stat.S_IMODE(file.stat().st_mode)


@given(st.integers(0, 3 * MOST_POINTS), st.integers(1, 50))
def test_a_thinned_line_keeps_its_corners(points: int, step: int) -> None:
    """First, last, highest and lowest stay; there are few enough points to draw."""
    curve = [(i, float((i * step * 7919) % 10_007)) for i in range(points)]

    kept = thinned(curve_of(curve))

    assert len(kept) <= MOST_POINTS + 4
    assert sorted(kept) == kept
    if curve:
        values = [value for _, value in curve]
        assert (curve[0], curve[-1]) == (kept[0], kept[-1])
        assert {min(values), max(values)} <= {value for _, value in kept}
