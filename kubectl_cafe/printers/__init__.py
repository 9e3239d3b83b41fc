"""Printers: read models in, text or documents out. They send no requests and decide nothing."""
