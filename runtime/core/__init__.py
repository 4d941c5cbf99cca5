"""The pure core: facts in, steps out; no clock, no network, no disk."""
