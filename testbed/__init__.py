"""A real Kubernetes control plane with simulated nodes, for tests, demo and benchmark."""
