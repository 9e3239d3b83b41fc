"""The assessment of pods: where each stands in a release, by one snapshot of the cluster. Pure."""
