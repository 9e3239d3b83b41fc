"""The assessment of pods: the state of each in a release, from one snapshot. Pure."""
