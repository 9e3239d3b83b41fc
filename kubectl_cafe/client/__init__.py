"""The API server: configuration, requests, watches, the lease. Alone imports the client library."""
