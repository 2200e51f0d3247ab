"""Model folders: their card, where they are found and whether they are whole."""
