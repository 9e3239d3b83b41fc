"""One release as a self-contained HTML page, without scripts and references to other files."""
