"""One release driven: leader election, fencing, the loop, the writers; and followed."""
