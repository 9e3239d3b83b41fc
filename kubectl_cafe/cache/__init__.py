"""What this process knows of the cluster: informers and lists that become one snapshot."""
