"""A stored release: its start, the moves of commands, its end, and `.status`."""
