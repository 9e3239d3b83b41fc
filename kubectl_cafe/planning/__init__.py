"""What a release or a rollback would be, before anything is written: pure (protocol 3, 7)."""
