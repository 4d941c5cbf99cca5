"""One file for each version of the journal's schema, with the way up to it from the one before, and back down."""
