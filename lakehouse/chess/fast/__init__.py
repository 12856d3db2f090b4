"""The rules of standard chess and Chess960 once more, compiled by numba (``lakehouse[fast]``).

Nothing here is the word on a rule: the strategies are, and tests prove both equal. A game that this core
can't read for certain is handed back to them.
"""
