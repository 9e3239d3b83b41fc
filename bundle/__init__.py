"""What users install: an archive that needs no Python, its checksums, its parts, krew's manifest.

Not called `packaging`: that is the name of a package that pip, pytest and PyInstaller import.
"""
