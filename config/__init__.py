"""Every knob of one account: typed, frozen, unknown keys refused."""
