"""The operator's hand: levels, latch and the local control socket."""
