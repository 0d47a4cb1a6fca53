"""The rows of the fault table, a module for each group."""

KINDS = ("key", "lookup", "blind")
