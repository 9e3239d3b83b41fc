"""The checks before a release begins: `plan` shows all findings, `upgrade` those that matter.

`prepare` makes a release ready in one call. `read` sends all requests to the API server, once and
in parallel. Every other module has pure functions from what was read to findings. What could not be
read is a finding, never a pass.
"""
