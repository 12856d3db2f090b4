"""Deletion vectors: which rows of a data file are deleted. Their bytes, and where those are kept."""

from lakehouse.delta_log.deletion_vectors.descriptors import descriptor_of
from lakehouse.delta_log.deletion_vectors.reader import deletion_vector_path, read_deletion_vector
from lakehouse.delta_log.deletion_vectors.roaring import decode_roaring_array
from lakehouse.delta_log.deletion_vectors.roaring_writer import encode_roaring_array
from lakehouse.delta_log.deletion_vectors.writer import WrittenVector, write_deletion_vector
from lakehouse.delta_log.deletion_vectors.z85 import decode_z85, encode_z85

__all__ = [
    "WrittenVector",
    "decode_roaring_array",
    "decode_z85",
    "deletion_vector_path",
    "descriptor_of",
    "encode_roaring_array",
    "encode_z85",
    "read_deletion_vector",
    "write_deletion_vector",
]
