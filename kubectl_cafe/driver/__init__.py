"""Drives one release (leader election, fencing, the loop, the writers), or follows its driver."""
