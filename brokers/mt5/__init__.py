"""One MetaTrader 5 terminal: its worker process, its frames, its session."""
