"""Templates, their differences, and the ControllerRevisions that keep every released one."""
