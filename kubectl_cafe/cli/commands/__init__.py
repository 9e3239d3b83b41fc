"""The commands: flags, a call, a printer, an exit code. One module per verb."""
