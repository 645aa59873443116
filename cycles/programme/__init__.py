"""The programme: YAML and CSV files people keep in git, read, checked, compared and synced into the record."""
