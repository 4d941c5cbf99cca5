"""What things cost in time and memory: scripts that print a table; their results stand in README.md."""
