"""Access to a server: flags, kubeconfig, TLS and credentials."""
