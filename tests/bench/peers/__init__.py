"""What a user would take instead, doing the same work: programs of other projects, in an environment of their own."""
