"""The rules of the variants other than chess and Chess960, over words. The strategies specify them, as in ``fast``."""
