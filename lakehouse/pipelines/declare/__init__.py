"""What a user writes: tables, flows, sources, steps, write modes, in Python or YAML. Declares only: nothing runs here.

A behaviour stands where it is declared: a source finds and reads its inputs, a step says what it does with the
table's own rows, a write mode says what becomes of old rows. This room starts no Spark work of its own.
"""
