"""One release as one self-contained HTML page: no network, no script, no font."""
