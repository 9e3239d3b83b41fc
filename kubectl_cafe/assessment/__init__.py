"""Where one pod stands in a release, judged from one snapshot of the cluster: pure."""
