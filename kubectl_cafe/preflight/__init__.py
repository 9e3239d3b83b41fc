"""The checks before a release begins: `plan` shows all findings, `upgrade` refusals and warnings.

`prepare` makes a release ready in one call. `read` sends all requests to the API server, once and
in parallel. The other modules have pure functions from the answers to findings. A failed request is
a finding, never a passed check.
"""
