"""What we would like to do, and how a trade is left again."""
