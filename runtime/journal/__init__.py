"""The append-only log of one account, and the projections people read."""
