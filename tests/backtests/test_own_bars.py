"""The demo's configuration for a user's own bars."""

from pathlib import Path

from backtests.demo import demo_config


def test_a_file_named_like_the_demos_symbol_keeps_its_path(tmp_path: Path) -> None:
    """Only the symbol gets another name: a path with SP500 in it still leads to the file."""
    file = tmp_path / "SP500-mine.csv"
    days = (f"2020-{1 + i // 28:02d}-{1 + i % 28:02d}" for i in range(336))
    rows = [f"{day},100,101,99,100.5" for day in days]
    rows += [row.replace("2020-", "2021-") for row in rows]
    file.write_text("\n".join(["Date,Open,High,Low,Close", *rows]), encoding="utf-8")

    config = demo_config(tmp_path / "demo", data=file, symbol="US500")

    assert {"US500": str(file)} == {symbol: section.file for symbol, section in config.data.items()}
    assert {"US500"} == {strategy.symbol for strategy in config.strategies}
