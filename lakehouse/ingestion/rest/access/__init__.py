"""How an API is opened: secrets by name, what they add to a request, and that they stay out of every text."""

from lakehouse.ingestion.rest.access.auth import ApiKey, Auth, Basic, Bearer, Credentials, NoAuth
from lakehouse.ingestion.rest.access.masking import Masking, is_secret_name
from lakehouse.ingestion.rest.access.secret import Secret

__all__ = [
    "ApiKey",
    "Auth",
    "Basic",
    "Bearer",
    "Credentials",
    "Masking",
    "NoAuth",
    "Secret",
    "is_secret_name",
]
