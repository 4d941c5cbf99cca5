"""A month of an account as its owner is told it: what it was worth, what was made, and what is owed for that."""
