"""Pure decisions about pg_restore's messages and restored databases."""
