"""Operations on a class, a region or the whole mask: what there is, and how one is previewed and applied."""
