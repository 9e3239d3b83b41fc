"""The record of a release in its CafeDeployment: read, and moved by compare-and-swap."""
