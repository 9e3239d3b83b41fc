"""How a server is reached: flags, kubeconfig, TLS and credentials."""
