"""The online half: the core and its shell, one daemon per account."""
