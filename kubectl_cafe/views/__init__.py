"""Renderers: data in, text out. They ask nobody and decide nothing."""
