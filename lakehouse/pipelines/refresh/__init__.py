"""How one table takes what is new: decide a batch, read, transform, judge, publish it as one commit.

Order of work and recovery stand here; what is special to a source, a step or a write mode stands with it, in
``declare``. This room knows nothing of other tables' order, nor of events.
"""
