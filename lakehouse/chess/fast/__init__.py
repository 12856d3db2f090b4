"""The rules of the built-in variants compiled by numba (``lakehouse[fast]``); the other variants' in ``variants``.

The strategies specify every rule, and tests prove both equal. What this core can't read for certain, a word or a game,
is handed to them.
"""
