"""Fault tests: what the program is put through on purpose, counted."""
