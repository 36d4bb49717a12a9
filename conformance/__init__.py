"""The suite: the catalogue, the case, the generators, the verdicts, the child process."""
