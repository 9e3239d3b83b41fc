"""One pod: what it shows, its own record, and whether its upgrade is settled, done or stuck."""
