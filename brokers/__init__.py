"""What a terminal says and what it can be told: port, limits, latch, simulated venue, MetaTrader 5."""
