"""The API server: configuration, requests, watches, the lease; alone knows the client library."""
