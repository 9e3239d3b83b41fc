"""The main job, shown: a cluster, ten pods in two cells, and their release in place."""
