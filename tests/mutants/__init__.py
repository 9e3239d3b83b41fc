"""Mutation testing of the code that decides: `python -m tests.mutants --help`, docs/mutants.md."""
