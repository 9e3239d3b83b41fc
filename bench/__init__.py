"""Figures, printed and never asserted: what a release asks for, and how long it takes."""
