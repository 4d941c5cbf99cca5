"""What the market looks like, and whether we may trade in it."""
