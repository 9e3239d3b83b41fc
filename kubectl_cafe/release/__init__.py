"""A release as it is stored: started, moved by commands, ended, shown in .status."""
