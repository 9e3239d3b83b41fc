"""What the cluster keeps of past releases: their history, and one release as a report."""
