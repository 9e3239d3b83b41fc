"""What status shows of a release, and what is waited for."""
