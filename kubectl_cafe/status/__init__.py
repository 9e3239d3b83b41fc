"""The read model of `status`: what it shows of a release, and what the release waits for."""
