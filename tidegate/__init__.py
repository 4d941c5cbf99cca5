"""The front doors: the command line. Parses, loads config, calls one room."""
