"""Printers: read models in, text or documents out. They ask no server and decide nothing."""
