"""What a release is, as pure data: its states and moves, its steps, and its record.

Nothing here knows Kubernetes, a clock, or any input or output (protocol 7 to 9).
"""
