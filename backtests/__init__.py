"""The offline half: recorded bars through the same core, training, reports, replay."""
