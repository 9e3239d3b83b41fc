"""What is left of releases: their history, and one release as a report."""
