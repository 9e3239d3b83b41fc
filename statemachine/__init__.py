"""What a release is, as pure data: its states and moves, its steps, and its record.

This package uses no Kubernetes API, no clock, and no input or output (protocol 7 to 9).
"""
