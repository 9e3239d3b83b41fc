"""The API server: configuration, requests, watches, the lease.

Only this package imports the Kubernetes client library.
"""
