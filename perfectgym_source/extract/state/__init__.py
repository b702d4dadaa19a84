"""What a resource remembers from run to run."""
