"""Writes a release to the cluster: its start, the moves of commands, its end, and `.status`."""
