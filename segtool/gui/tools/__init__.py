"""The tools that a person draws with: each turns presses and moves into calls of the session."""
