"""The checks before a release begins, for `plan` and for the commands that start one.

`prepare` makes a release ready in one call. `read` sends all requests to the API server, once and
in parallel. The other modules have pure functions from the answers to findings. A failed request is
a finding, never a passed check.
"""
