"""One pod: its status, its own record, and whether its upgrade is settled, done or stuck."""
