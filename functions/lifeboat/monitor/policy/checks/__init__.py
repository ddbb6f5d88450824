"""What is checked of a backup, a drill or the bucket: one kind of finding each."""
