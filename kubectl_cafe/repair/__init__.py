"""What is wrong around a release that driving it does not mend: found, and mended."""
