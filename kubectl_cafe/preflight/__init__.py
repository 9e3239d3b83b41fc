"""What is looked into before a release may begin: `plan` shows all of it, `upgrade` what matters.

`prepare` makes a release ready, in one call; `read` asks the API server once, side by side; every
other module holds rules: pure functions from what was read to findings. What could not be read is
a finding, never a pass.
"""
