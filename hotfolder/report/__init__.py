"""What people see: progress, status, lineage, contact sheets."""
