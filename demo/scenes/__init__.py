"""The states that sections of docs/ begin with, each made on a cluster by kubectl commands.

`make scene SCENE=NAME` makes one by hand; tests/integration/test_pages.py makes the same ones
before it runs a section's commands.
"""
