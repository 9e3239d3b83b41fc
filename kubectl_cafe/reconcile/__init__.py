"""From a snapshot to what is to be done now: pure (protocol 7, 10)."""
